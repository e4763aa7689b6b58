/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Captures to a tally.
 *
 * Work is split by host address into 64 fixed logical shards, each with its own flow
 * table, streams and tally, so that which thread runs a shard can not change what it
 * finds.  A batch of frames is decoded into packets in the order of their shards
 * (decode_batch), then each shard takes its own (shard_apply, shard.c).
 */
#ifndef AUDIT_COLLECT_H
#define AUDIT_COLLECT_H

#include "audit/tally.h"
#include "capture/group.h"

enum { SHARDS = 64 };

struct collector; /* opaque */

/* 'keep_pieces': every flow is kept as it is besides, for `flows`; memory then grows
 * with their number.  'for_merge': the tally will be merged with others, so flows that
 * one of these may complete are kept as they are, while there is room.  NULL: out of
 * memory. */
struct collector *collector_new(bool keep_pieces, bool for_merge);

void collector_free(struct collector *collector);

/* Captures read from now on are of the tap 'name': flows seen by several taps are
 * views of one.  False: there are too many taps, or no tap can be named so. */
bool collector_tap(struct collector *collector, const char *name);

/* Reads all captures of the group, for which group_begin() was called.  False: '*err'
 * says what is wrong with one of them, and the collector is good for nothing more. */
bool collector_read_group(struct collector *collector, struct capture_group *group,
                          struct policap_error *err);

/* Reads one capture alone. */
bool collector_read(struct collector *collector, const char *path,
                    struct policap_error *err);

/* Everything that was read, settled.  The caller releases with tally_fini() and
 * free().  The collector is empty afterwards.  NULL: out of memory. */
struct tally *collector_take(struct collector *collector);

#endif
