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

#include "audit/shard.h"
#include "capture/group.h"

struct collector; /* opaque */
struct keep;      /* keep.h */

/* 'keep_pieces': every flow is kept as it is besides, for `flows`; memory then grows
 * with their number.  'for_merge': the tally will be merged with others, so flows that
 * one of these may complete are kept as they are, while there is room.  NULL: out of
 * memory. */
struct collector *collector_new(bool keep_pieces, bool for_merge);

/* All its tables together take at most about 'bytes', at least LIMITS_LEAST: before
 * anything is read. */
void collector_limit(struct collector *collector, size_t bytes);

/* The same, where one thread adds frames: a quarter of the flows is for the shards that
 * need more than others, such as that of a host with very many. */
void collector_limit_shared(struct collector *collector, size_t bytes);

/* Keeps the first packets of flows, in 'bytes'.  False: out of
 * memory. */
bool collector_keep(struct collector *collector, size_t bytes);
/* Them; NULL: none are kept.  They stay when everything else is taken. */
const struct keep *collector_kept(const struct collector *collector);

void collector_free(struct collector *collector);

/* Reads captures of files with so many threads, at most CREW_MAX: what is found is the
 * same.  At first it is one. */
void collector_threads(struct collector *collector, unsigned threads);

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

/* --- captures that come in by and by: interfaces --- */

/* Begins captures named 'names', whose frames collector_add() gives.  False: out of
 * memory, or too many captures. */
bool collector_begin(struct collector *collector, const char *const *names, size_t n);

/* Adds frames of the captures begun last; 'capture' of each says which, 'interface'
 * which source.  Their bytes are borrowed for the call; what they say of themselves is
 * changed. */
void collector_add(struct collector *collector, struct frame *frames, size_t n);

/* From now on shows every flow that is over to 'over'; NULL: nobody.  It must leave the
 * flow as it is. */
void collector_watch(struct collector *collector, piece_sink over, void *context);

/* Shows every flow that is not over to 'each', in no told order. */
void collector_each(const struct collector *collector, piece_sink each, void *context);

/* How many those are. */
size_t collector_flows(const struct collector *collector);

/* Ends these captures: what each said of itself, in their order.  False: memory ran
 * out, and the collector is good for nothing more. */
bool collector_end(struct collector *collector,
                   const struct capture_info *const *infos);

/* Everything that was read, settled.  The caller releases with tally_fini() and
 * free().  The collector is empty afterwards.  NULL: out of memory. */
struct tally *collector_take(struct collector *collector);

/* --- captures that do not end --- */

/* The captures, windows and days; not the records.  Before collector_begin() it may be
 * given those of an earlier run (tally_move_head()), whose records can then be 'past'
 * below.  Borrowed until collector_take(). */
struct tally *collector_head(struct collector *collector);

/* Moves what is over from shard 'shard', of SHARDS, into 'into'; frames keep their
 * ordinals, which only this collector can tell.  'now_ns': no packet of before that
 * time will come.  False: memory ran out, and the collector is good for nothing more.
 */
bool collector_cut(struct collector *collector, size_t shard, struct tally *into,
                   int64_t now_ns);

/* Evidence that was cut, or resumed from. */
struct past {
    const struct tally *tally;
    bool identities_only; /* Of it only who has which address. */
};

/* collector_take(), and 'past' besides, the oldest first. */
struct tally *collector_take_with(struct collector *collector, const struct past *past,
                                  size_t n);

#endif
