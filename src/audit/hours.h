/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The evidence of a sensor that runs for months, by the hour.
 *
 * Once an hour what is over leaves the collector for the tally of that hour.  A week of
 * hours is kept, or as many as the memory that is given them holds; of an hour that
 * leaves, only the sums of its day stay, from which no host can be told.  Memory is
 * therefore bounded whatever the traffic, and records of the same time lie together.
 */
#ifndef AUDIT_HOURS_H
#define AUDIT_HOURS_H

#include "audit/collect.h"

enum { HOURS_KEPT = 168 };

struct hour {
    int64_t hour; /* Since 1970, UTC. */
    struct tally *tally;
    size_t bytes; /* That it takes. */
};

struct hours {
    struct hour at[HOURS_KEPT]; /* The oldest first. */
    size_t n;
    size_t bytes, max_bytes; /* Of all; 0: no limit. */
    struct tally sums;       /* Days of the hours that left, and how many left before
                                their time, for want of memory. */
    int64_t cut_ns;          /* As of when shards are being cut ... */
    size_t n_cut;            /* ... and how many are; SHARDS: none is being cut. */
};

void hours_init(struct hours *hours, size_t max_bytes);
void hours_fini(struct hours *hours);

static inline int64_t hour_of(int64_t ns)
{
    return ns / (3600 * (int64_t)1000000000);
}

/* Begins to take what is over out of the collector, into the hour of 'now_ns'. */
void hours_begin_cut(struct hours *hours, int64_t now_ns);

static inline bool hours_is_cutting(const struct hours *hours)
{
    return hours->n_cut < SHARDS;
}

/* Takes what is over in the next shard; packets may come in between.  False: memory ran
 * out, and neither is good for anything more. */
bool hours_cut(struct hours *hours, struct collector *collector);

enum { HOURS_PAST = HOURS_KEPT + 1 };

/* Fills 'out' with the sums, and the hours: from that of 'ns' on with all they hold.
 * Returns how many these are. */
size_t hours_past(const struct hours *hours, int64_t ns,
                  struct past out[static HOURS_PAST]);

/* Goes on from what an earlier run left: the collector, which has not begun, with its
 * captures and windows, 'hours' with each record in its hour.  Flows that were not over
 * stay with the last one: what of them comes now is stitched to them.  'state' is used
 * up.  False: out of memory. */
bool hours_resume(struct hours *hours, struct collector *collector,
                  struct tally *state);

#endif
