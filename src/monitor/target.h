/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a sink writes to, and how it is opened.
 *
 *   PATH                     a file that grows
 *   -                        standard output
 *   unix:PATH                a stream socket
 *   syslog:PATH, syslog:     RFC 5424 in datagrams, to a local socket (/dev/log)
 *   syslog:udp:ADDR[:PORT]   RFC 5424 in datagrams (RFC 5426), port 514
 *   syslog:tcp:ADDR[:PORT]   RFC 5424, its length before each message (RFC 6587), port
 * 601
 *
 * Sockets of the network are made before rights are given up and connected anew on the
 * same descriptor when their server was gone, since none may be made later (confine.h).
 * Opening never waits.
 */
#ifndef MONITOR_TARGET_H
#define MONITOR_TARGET_H

#include "monitor/endpoint.h"

#include <policap/error.h>

enum target_kind {
    TARGET_FILE,
    TARGET_OUTPUT,
    TARGET_STREAM,
    TARGET_SYSLOG_LOCAL,
    TARGET_SYSLOG_UDP,
    TARGET_SYSLOG_TCP
};

struct target {
    const char *text; /* As it was given.  Borrowed. */
    const char *path; /* Within 'text'. */
    enum target_kind kind;
    struct endpoint to;
    int socket; /* Of the network; else -1. */
};

/* Reads 'text' and makes a socket of the network, where it is one.  False: '*err'. */
bool target_init(struct target *target, const char *text, struct policap_error *err);
void target_fini(struct target *target);

/* Opens it; what is behind a network may still be on the way.  Returns a descriptor for
 * target_close(), or -1: '*err' says why it can not be opened now. */
int target_open(struct target *target, struct policap_error *err);

/* The socket of the network stays, without its connection. */
void target_close(struct target *target, int fd);

static inline bool target_is_syslog(const struct target *target)
{
    return target->kind >= TARGET_SYSLOG_LOCAL;
}

/* One message a call, whole or not at all? */
static inline bool target_is_datagram(const struct target *target)
{
    return target->kind == TARGET_SYSLOG_LOCAL || target->kind == TARGET_SYSLOG_UDP;
}

static inline bool target_is_socket(const struct target *target)
{
    return target->kind >= TARGET_STREAM;
}

#endif
