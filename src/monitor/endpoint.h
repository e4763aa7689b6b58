/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An address and a port of the network: "10.0.0.5:514", "[2001:db8::5]:514", ":9477"
 * for this host alone.
 *
 * Names are not resolved: a resolver that does not answer would stall who asks.
 */
#ifndef MONITOR_ENDPOINT_H
#define MONITOR_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

struct endpoint {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t len;
};

/* 'port' is that of a text without one; 0: it must have one.  False: it is no address,
 * or no port from 1 to 65535. */
bool endpoint_parse(const char *text, uint16_t port, struct endpoint *out);

/* Is it this host, for nobody else to reach? */
bool endpoint_is_loopback(const struct endpoint *endpoint);

#endif
