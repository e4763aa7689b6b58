/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A report of what was collected so far, made by a child process.
 *
 * The child of fork() has a copy of all evidence at no cost but for the pages that
 * either changes afterwards.  It ends the captures of its copy, judges, and writes the
 * report into a pipe, which snapshot_read() empties without waiting.
 */
#ifndef MONITOR_SNAPSHOT_H
#define MONITOR_SNAPSHOT_H

#include "audit/collect.h"
#include "audit/judge.h"

#include <sys/types.h>

enum { SNAPSHOT_MAX_LEN = 256 << 20 }; /* A longer report is given up. */

/* All-zero is none. */
struct snapshot {
    pid_t pid; /* 0: none is being made. */
    int fd;    /* Non-blocking; readable when there is something to read. */
    char *text;
    size_t len, room;
};

/* Starts one; none may be running.  'infos' is what collector_end() wants.  False:
 * '*err'. */
bool snapshot_begin(struct snapshot *snapshot, struct collector *collector,
                    const struct capture_info *const *infos,
                    const struct policy *policy, const struct judge_options *options,
                    struct policap_error *err);

enum snapshot_state { SNAPSHOT_RUNNING, SNAPSHOT_READY, SNAPSHOT_FAILED };

/* Reads on.  SNAPSHOT_READY: 'text', 'len' is the report, until the next call. */
enum snapshot_state snapshot_read(struct snapshot *snapshot);

/* Ends a running one, and releases all. */
void snapshot_fini(struct snapshot *snapshot);

#endif
