/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A report of what was collected so far, or the state (state.h), made by a child
 * process.
 *
 * The child of fork() has a copy of all evidence at no cost but for the pages that
 * either changes afterwards.  It ends the captures of its copy, judges, and writes the
 * report into a pipe, which snapshot_read() empties without waiting.
 */
#ifndef MONITOR_SNAPSHOT_H
#define MONITOR_SNAPSHOT_H

#include "audit/hours.h"
#include "audit/judge.h"

#include <sys/types.h>

enum { SNAPSHOT_MAX_LEN = 256 << 20 }; /* A longer report is given up. */

/* All-zero is none. */
struct snapshot {
    pid_t pid; /* 0: none is being made. */
    int fd;    /* Non-blocking; readable when there is something to read. */
    char *text;
    size_t len, room;
    const char *word; /* With a report: what there is to say besides; NULL: nothing. */
    int64_t cpu_ms;   /* Of the processor, that the last one took. */
};

struct snapshot_job {
    struct collector *collector;
    const struct capture_info *const *infos; /* What collector_end() wants. */
    const struct hours *hours;               /* What was cut off before. */
    int64_t since_ns; /* Evidence before that hour is not judged. */
    const struct policy *policy;
    const struct judge_options *options;
    const char *state; /* Not NULL: the file that is written, instead of a report ... */
    char *const *notes; /* ... with these. */
    size_t n_notes;
    const char *evidence; /* Not NULL: the folder that packets of findings go to ... */
    const char *const *names; /* ... which came from these interfaces. */
    size_t n_names;
};

/* All that is known, judged or not; the collector is good for nothing more.  The caller
 * releases with tally_fini() and free().  NULL: out of memory. */
struct tally *snapshot_take(const struct snapshot_job *job);

/* Starts one; none may be running.  False: '*err'. */
bool snapshot_begin(struct snapshot *snapshot, const struct snapshot_job *job,
                    struct policap_error *err);

enum snapshot_state { SNAPSHOT_RUNNING, SNAPSHOT_READY, SNAPSHOT_FAILED };

/* Reads on.  SNAPSHOT_READY: 'text', 'len' is the report, or is of no meaning where it
 * was the state that was wanted, until the next call.  SNAPSHOT_FAILED: it is what
 * there is to say, or nothing where memory ran out. */
enum snapshot_state snapshot_read(struct snapshot *snapshot);

/* Waits for the end of the one that is running. */
enum snapshot_state snapshot_wait(struct snapshot *snapshot);

/* Ends a running one, and releases all. */
void snapshot_fini(struct snapshot *snapshot);

#endif
