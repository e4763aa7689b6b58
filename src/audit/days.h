/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is left in a tally of what is kept no longer, or never was, and the notes of
 * whoever wrote it.
 */
#ifndef AUDIT_DAYS_H
#define AUDIT_DAYS_H

#include "flow/flow.h"

struct tally;

/* Sums of a day, of which nothing else is kept: no host can be told from them. */
enum day_count {
    DAY_HOURS,
    DAY_FLOWS,
    DAY_ANSWERED, /* Of 'flows': data both ways, or an open connection. */
    DAY_SILENT,   /* The opener repeated what nothing answered. */
    DAY_RESET,
    DAY_ICMP, /* Stopped by an ICMP error. */
    DAY_PACKETS,
    DAY_BYTES,
    DAY_LOOKUPS, /* Queries of DNS. */
    DAY_BACKGROUND,
    DAY_COUNTS
};

enum { TALLY_MAX_DAYS = 1024, TALLY_MAX_NOTES = 65536 };

struct day {
    uint32_t day; /* Since 1970, UTC. */
    uint64_t n[DAY_COUNTS];
};

/* Adds sums to those of their day.  The oldest day goes where there are too many.
 * False: out of memory. */
bool tally_add_day(struct tally *tally, const struct day *day);
const char *day_count_name(enum day_count count);

/* What a tally of hours sums up to, added to 'day'. */
void tally_sum_up(const struct tally *tally, struct day *day);

/* Takes a copy of 'text'.  False: out of memory, or there are too many. */
bool tally_add_note(struct tally *tally, const char *text);
void tally_free_notes(struct tally *tally);

/* Records of kind 'kind' for which there was no room, and its name. */
uint64_t tally_refused(const struct tally *tally, size_t kind, const char **name);
const char *flow_class_name(enum flow_class class);

#endif
