/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How many entries the tables of collecting may have, so that all of them together
 * take no more than so much memory.
 *
 * Flows that are not over get nearly half, records about as much, the rest is for names
 * and for the first bytes of connections.  Each of the SHARDS gets an equal part.  What
 * is left out for want of room is counted (tally.h).
 */
#ifndef AUDIT_LIMITS_H
#define AUDIT_LIMITS_H

#include "audit/shard.h"

/* Less than this holds nothing worth while. */
#define LIMITS_LEAST ((size_t)32 << 20)

/* Of one shard. */
struct limits {
    uint32_t flows, stay;
    uint32_t records[RECORD_KINDS]; /* Of each kind. */
    size_t name_bytes;
    uint32_t streams, hellos;
};

/* The limits of one of 'shards' that have 'bytes' together. */
void limits_of(size_t bytes, size_t shards, struct limits *out);

/* To a shard that holds nothing yet. */
void limits_set(const struct limits *limits, struct shard *shard);

#endif
