/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names that a capture itself lists for addresses: pcapng name resolution blocks, which
 * Wireshark writes from a hosts file, from the DNS answers that it saw, or from lookups
 * of its own.  What was listed where is not told, so this is weak evidence.
 */
#ifndef CAPTURE_LISTED_H
#define CAPTURE_LISTED_H

#include "base/addr.h"
#include "base/cursor.h"

#include <stddef.h>

enum {
    LISTED_MAX = 16384,       /* Names of one capture; those beyond are counted. */
    LISTED_MAX_NAME_LEN = 255 /* Longer, it is no host name (RFC 1035 2.3.4). */
};

struct listed_name {
    struct addr addr;
    char *text; /* As written, terminated.  Owned. */
};

/* All-zero is a list without names. */
struct listed_names {
    struct listed_name *at;
    size_t n, room;
    size_t n_left_out; /* For which there was no room. */
};

void listed_fini(struct listed_names *names);

/* Adds a name. */
void listed_add(struct listed_names *names, const struct addr *addr,
                struct cursor text);

#endif
