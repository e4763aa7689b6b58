/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The sensor's state: what it saw, in the format of a tally, so that `policap merge`
 * reads it, and in its notes what it told of it.
 */
#ifndef MONITOR_STATE_H
#define MONITOR_STATE_H

#include "audit/tally.h"

/* Writes it aside, to the disk, then gives it its name: whoever reads 'path' finds all
 * of the state before or all of this one.  False: '*err', and the one before stays. */
bool state_write(const struct tally *tally, const char *path,
                 struct policap_error *err);

enum state_result {
    STATE_READ,
    STATE_NONE,   /* There is no such file, or nothing in it. */
    STATE_BROKEN, /* It began as a state: it has been put aside as PATH.broken. */
    STATE_FOREIGN /* It is something else, and stays as it is. */
};

/* STATE_READ: '*out' is released with tally_fini() and free().  STATE_BROKEN,
 * STATE_FOREIGN: '*err'. */
enum state_result state_read(const char *path, struct tally **out,
                             struct policap_error *err);

#endif
