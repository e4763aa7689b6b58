/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A batch of frames: decoded into packets, which then go to their shards.
 *
 * A flow's state lies in no cache.  So the packets of a batch, which do, take each step
 * together: the table's slots of all are asked for, then the pieces, and then they are
 * used.
 */
#ifndef AUDIT_BATCH_H
#define AUDIT_BATCH_H

#include "audit/shard.h"

enum {
    BATCH_FRAMES = 32, /* Their packets lie in the L1 cache until they are applied. */
    BATCH_A_FRAME = 64 /* An A-MSDU holds several. */
};

struct batch {
    struct packet packets[BATCH_FRAMES - 1 + BATCH_A_FRAME];
    struct shard_packet items[BATCH_FRAMES - 1 + BATCH_A_FRAME];
    size_t n;
};

/* All shards; what each packet asks for lies together. */
struct shards {
    struct flow_table flows[SHARDS];
    struct shard at[SHARDS];
    struct pages pages; /* Of the flows of all. */
};

/* Adds the packets of a frame, and counts in 'capture', which has this number, what
 * became of it.  'stay': from it on, flows that are over stay.  The batch is not full.
 */
void batch_decode(struct batch *batch, const struct frame *frame,
                  struct tally_capture *capture, uint32_t number, bool stay);

static inline bool batch_is_full(const struct batch *batch)
{
    return batch->n >= BATCH_FRAMES;
}

/* Gives the packets to their shards; the batch is empty then. */
void batch_apply(struct batch *batch, struct shards *shards);

/* --- in parts, for several threads (crew.c) --- */

/* Decodes a frame into at most BATCH_A_FRAME packets, and counts.  Returns how many. */
size_t frame_decode(const struct frame *frame, struct packet *packets,
                    struct tally_capture *capture);

/* Finds the shard of item's packet, and what else can be told of it beforehand. */
void item_prepare(struct shard_packet *item, struct shards *shards);

/* Gives items[order[0]] and on to their shards, in this order. */
void items_apply(struct shard_packet *items, const uint16_t *order, size_t n);

#endif
