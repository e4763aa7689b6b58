/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who may ask the sensor's HTTP server what.
 *
 * On loopback everybody may.  On another address whoever knows the token may, and sends
 * it as "Authorization: Bearer TOKEN" (RFC 6750).  No cookie says who is asking, so no
 * page from elsewhere can ask in a browser's name.  Besides, a request must name an
 * address, this host or its name: a name of elsewhere that leads here (DNS rebinding)
 * is refused.
 */
#ifndef MONITOR_GATE_H
#define MONITOR_GATE_H

#include "monitor/endpoint.h"

#include <policap/error.h>
#include <stddef.h>

enum { GATE_TOKEN_MIN = 16, GATE_TOKEN_MAX = 256 };

struct gate {
    struct endpoint at;
    char token[GATE_TOKEN_MAX + 1]; /* "": none is asked for. */
    char host[256];                 /* This host's name. */
};

/* Reads where to listen, and the token from the first line of 'token_file' (NULL: there
 * is none).  False: '*err' says what is wrong with them. */
bool gate_init(struct gate *gate, const char *address, const char *token_file,
               struct policap_error *err);

/* Is this a name of this host?  'host' is the header, NULL without one. */
bool gate_knows_host(const struct gate *gate, const char *host);

/* Is the request of a page of this server, or of none?  'origin' may be NULL. */
bool gate_knows_origin(const char *origin, const char *host);

/* Does the header tell the token?  Takes the same time for each wrong one. */
bool gate_opens(const struct gate *gate, const char *authorization);

#endif
