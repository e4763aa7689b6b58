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

/* Adds the packets of a frame, and counts in 'capture' what became of it.  The batch is
 * not full. */
void batch_decode(struct batch *batch, const struct frame *frame,
                  struct tally_capture *capture);

static inline bool batch_is_full(const struct batch *batch)
{
    return batch->n >= BATCH_FRAMES;
}

/* Gives the packets to their shards; the batch is empty then. */
void batch_apply(struct batch *batch, struct shards *shards);

#endif
