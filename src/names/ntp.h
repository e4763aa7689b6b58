/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The head of NTP messages: RFC 5905 7.3; SNTP (RFC 4330) has the same.
 *
 * What it leaves out: times, extension fields, control and private messages (modes 6
 * and 7).
 */
#ifndef NAMES_NTP_H
#define NAMES_NTP_H

#include "names/names.h"

enum ntp_mode {
    NTP_SYMMETRIC_ACTIVE = 1,
    NTP_SYMMETRIC_PASSIVE = 2,
    NTP_CLIENT = 3,
    NTP_SERVER = 4,
    NTP_BROADCAST = 5
};

struct ntp_message {
    uint8_t version;   /* 1 to 4. */
    uint8_t mode;      /* One of enum ntp_mode. */
    uint8_t stratum;   /* 0: unspecified, or a kiss-o'-death. */
    bool synchronised; /* By the leap indicator: the server has a time to give. */
    char kiss[5];      /* "RATE", "DENY", ... from a server of stratum 0; else "". */
};

/* Reads the first 4 bytes and asks for 48 to be there; never PARSE_MORE. */
enum parse_result ntp_parse(struct cursor message, struct ntp_message *out);

#endif
