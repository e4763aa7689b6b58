/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parts of the sensor share: what it captures (monitor.c), and what is made of
 * it on the way (jobs.c).
 */
#ifndef MONITOR_MONITOR_PARTS_H
#define MONITOR_MONITOR_PARTS_H

#include "audit/hours.h"
#include "monitor/health.h"
#include "monitor/monitor.h"
#include "monitor/notify.h"
#include "monitor/outlets.h"
#include "monitor/snapshot.h"

enum {
    LOOK_MS = 1000,   /* Between judgings for events, ... */
    STATE_MS = 300000 /* ... and between writings of the state. */
};

/* What a snapshot is made for. */
enum making { MAKING_LOOK, MAKING_REPORT, MAKING_STATE };

struct monitor {
    const struct monitor_options *options;
    const struct policy *policy;
    const struct judge_options *judge_options;
    char *narrow; /* The expression of --filter auto; NULL: none. */
    struct collector *collector;
    struct hours hours;
    int64_t hour; /* That evidence is cut off for next. */
    struct live *lives[MONITOR_MAX_INTERFACES];
    bool gone[MONITOR_MAX_INTERFACES];
    bool behind[MONITOR_MAX_INTERFACES]; /* There was more than a turn takes. */
    struct health health[MONITOR_MAX_INTERFACES];
    size_t n_sources, n_lost;
    bool *lost; /* Of the caller: is one of them? */
    struct snapshot snapshot;
    int signals;     /* signalfd */
    int64_t due_ms;  /* When the next report is; INT64_MAX: never. */
    int64_t look_ms; /* When to judge for events; INT64_MAX: never. */
    int64_t stats_ms, health_ms;
    int64_t state_ms;    /* When to write the state; INT64_MAX: never. */
    int64_t snapshot_ms; /* When the last snapshot began. */
    int64_t since_ns;    /* It is of evidence from then on. */
    bool wanted;         /* A report was asked for, and is not being made yet. */
    enum making making;
    bool evidence_failed; /* That was said. */
    struct outlets outlets;
    struct notify notify;
    int64_t stop_ms; /* Until when to read on, once told to end; INT64_MAX: not yet. */
    struct frame frames[CAPTURE_BATCH];
};

int64_t monitor_clock_ms(void);

/* Time of day, in nanoseconds. */
int64_t monitor_now_ns(void);

/* Until when all packets were seen, so that silence since is silence: an interface on
 * which nothing is sent ages what waits for an answer.  A packet may wait in the kernel
 * for its block to be full; how long, where more have come than were read, nobody
 * knows: 0.  Where the mirror itself is silent, time stands still. */
int64_t monitor_seen_until_ns(const struct monitor *m);

void monitor_say(const struct monitor *m, const char *line);

/* What was captured, for collector_end(). */
void monitor_infos(struct monitor *m, const struct capture_info **infos);

/* --- flows.c --- */

/* From now on flows that are over are counted and told, where somebody asks. */
void flows_begin(struct monitor *m);
/* Those that are not over are told as they stand. */
void flows_end(struct monitor *m);

/* --- jobs.c --- */

/* Starts what is wanted, or what it is time for, when nothing is being made. */
void jobs_start(struct monitor *m);
/* Goes on with what is being made. */
void jobs_go_on(struct monitor *m);

/* Goes on from what an earlier run left.  False: '*err', and the sensor must not run.
 */
bool jobs_recall(struct monitor *m, struct policap_error *err);

/* Ends what is being made, writes the state once more, and takes everything that was
 * seen.  NULL: '*err'. */
struct tally *jobs_end(struct monitor *m, struct policap_error *err);

#endif
