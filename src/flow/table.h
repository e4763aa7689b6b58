/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The live flows of one shard.
 *
 * Pieces lie in one dense array, in blocks that never move.  A slot of the hash table
 * holds half of a flow's hash beside its place in the array, so that a probe touches no
 * piece but the one it is looking for, and a removal none at all.
 *
 * A flow leaves the table when its packet time says that it is over; when that is
 * noticed does not matter, since nothing can be added to it then.  Only a full table
 * drives flows out early: the least telling first, a sixteenth at once, so that the
 * cost of choosing is shared by the flows that follow.
 *
 * What each packet needs of the table is inline: three calls, of which the first two
 * only fetch into the cache what the third will touch.
 */
#ifndef FLOW_TABLE_H
#define FLOW_TABLE_H

#include "base/pages.h"
#include "flow/flow.h"

enum {
    FLOW_TABLE_MAX = 8192, /* Flows that one table (of 64) holds. */
    FLOW_BLOCK = 16        /* Pieces of a block. */
};

/* Takes a piece that is over: idle, followed by a new connection on its 5-tuple, or
 * driven out. */
typedef void (*piece_sink)(void *context, struct piece *piece);

struct flow_table {
    struct piece **blocks; /* Of FLOW_BLOCK pieces each. */
    struct pages *pages;
    uint64_t *slots; /* Half of the hash, then index + 1; 0: empty.  Never NULL. */
    uint32_t n, room, mask, max;
    uint32_t hand;   /* Where the sweep goes on. */
    uint32_t *spare; /* Flows that a full table may take besides, of those it shares
                        with others; NULL: none. */
    piece_sink sink;
    void *context;
};

/* The pieces lie in 'pages', which outlives the table.  False: out of memory. */
bool flow_table_init(struct flow_table *table, uint32_t max, struct pages *pages,
                     piece_sink sink, void *context);

/* Another number of flows, before the first. */
static inline void flow_table_limit(struct flow_table *table, uint32_t max)
{
    table->max = max;
}

/* Lets a full table take more, while there is something in '*spare', which others share
 * and which outlives it.  Who takes first has it then, so what is driven out hangs on
 * the order of all packets: for one thread alone. */
static inline void flow_table_share(struct flow_table *table, uint32_t *spare)
{
    table->spare = spare;
}

/* Live flows are not given to the sink. */
void flow_table_fini(struct flow_table *table);

/* Gives every live flow to 'each', in no told order; they stay, and lie where they are
 * as long as the pages do. */
void flow_table_each(const struct flow_table *table, piece_sink each, void *context);

static inline struct piece *flow_table_piece(const struct flow_table *table, uint32_t i)
{
    return &table->blocks[i / FLOW_BLOCK][i % FLOW_BLOCK];
}

static inline uint32_t flow_table_home(const struct flow_table *table, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & table->mask;
}

/* Fetches the slot of the flow whose hash is 'hash'. */
static inline void flow_table_prefetch_slot(const struct flow_table *table,
                                            uint64_t hash)
{
    __builtin_prefetch(&table->slots[flow_table_home(table, hash)]);
}

/* Some packets later, fetches its piece.  Returns a hint which that is, or NULL. */
static inline struct piece *flow_table_prefetch(const struct flow_table *table,
                                                uint64_t hash, unsigned from)
{
    uint32_t s = flow_table_home(table, hash);

    while (table->slots[s] && table->slots[s] >> 32 != hash >> 32) {
        s = (s + 1) & table->mask;
    }

    if (!table->slots[s]) {
        return NULL;
    }

    struct piece *piece = flow_table_piece(table, (uint32_t)table->slots[s] - 1);
    __builtin_prefetch(piece, 1);
    __builtin_prefetch(piece->copy_print, 1);
    __builtin_prefetch(&piece->end[from], 1);
    return piece;
}

/* Does the packet belong to this piece of its 5-tuple, not to another connection?  No
 * flow is over within the shortest limit: that is asked first. */
static inline bool piece_takes(const struct piece *piece, const struct packet *packet,
                               unsigned from)
{
    int64_t quiet_ns = packet->ns - piece->last_ns;

    return (quiet_ns <= (int64_t)FLOW_CLOSED_IDLE_S * 1000000000 ||
            quiet_ns <= piece_idle_ns(piece)) &&
           (!(packet->tcp_flags & TCP_SYN) || !piece_is_reused_by(piece, packet, from));
}

/* flow_table_get() where the hint does not help. */
struct piece *flow_table_look_up(struct flow_table *table, const struct packet *packet,
                                 unsigned from, uint64_t hash);

/* The live piece of the flow of 'packet', whose end 'from' sent it and whose hash is
 * 'hash'; made where there is none.  'hint', or NULL, is the one that it was lately; a
 * wrong one does no harm.  NULL: out of memory.  Valid until the next call. */
static inline struct piece *flow_table_get(struct flow_table *table,
                                           const struct packet *packet, unsigned from,
                                           uint64_t hash, struct piece *hint)
{
    if (hint && flow_key_is_of(&hint->key, packet, from) &&
        piece_takes(hint, packet, from)) {
        return hint;
    }
    return flow_table_look_up(table, packet, from, hash);
}

#endif
