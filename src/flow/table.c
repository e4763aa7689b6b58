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
 */
#include "flow/flow.h"

#include <stdlib.h>

enum { SWEEP_STEPS = 2, EVICT_SHARE = 16, BLOCK = 16, FIRST_SLOTS = 128 };

struct flow_table {
    struct piece **blocks; /* Of BLOCK pieces each. */
    struct pages *pages;
    uint64_t *slots; /* Half of the hash, then index + 1; 0: empty. */
    uint32_t n, room, mask, max;
    uint32_t hand; /* Where the sweep goes on. */
    piece_sink sink;
    void *context;
};

struct flow_table *flow_table_new(uint32_t max, struct pages *pages, piece_sink sink,
                                  void *context)
{
    struct flow_table *table = calloc(1, sizeof *table);

    if (table) {
        table->max = max;
        table->pages = pages;
        table->sink = sink;
        table->context = context;
    }
    return table;
}

void flow_table_limit(struct flow_table *table, uint32_t max)
{
    table->max = max;
}

void flow_table_free(struct flow_table *table)
{
    if (table) {
        free(table->blocks);
        free(table->slots);
        free(table);
    }
}

static uint64_t slot_value(uint64_t hash, uint32_t i)
{
    return (hash & ~(uint64_t)UINT32_MAX) | (i + 1);
}

static uint32_t home_of(const struct flow_table *table, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & table->mask;
}

static struct piece *piece_at(const struct flow_table *table, uint32_t i)
{
    return &table->blocks[i / BLOCK][i % BLOCK];
}

static struct piece *piece_of(const struct flow_table *table, uint64_t slot)
{
    return piece_at(table, (uint32_t)slot - 1);
}

/* The slot that holds entry 'i', whose hash is 'hash'. */
static uint32_t slot_of_entry(const struct flow_table *table, uint64_t hash, uint32_t i)
{
    uint32_t s = home_of(table, hash);

    while (table->slots[s] != slot_value(hash, i)) {
        s = (s + 1) & table->mask;
    }
    return s;
}

/* The slot of 'key', or 0. */
static inline uint64_t find(const struct flow_table *table, const struct flow_key *key,
                            uint64_t hash)
{
    if (!table->slots) {
        return 0;
    }
    for (uint32_t s = home_of(table, hash); table->slots[s];
         s = (s + 1) & table->mask) {
        if (table->slots[s] >> 32 == hash >> 32 &&
            flow_key_equal(&piece_of(table, table->slots[s])->key, key)) {
            return table->slots[s];
        }
    }
    return 0;
}

void flow_table_prefetch_slot(const struct flow_table *table, uint64_t hash)
{
    if (table->slots) {
        __builtin_prefetch(&table->slots[home_of(table, hash)]);
    }
}

uint32_t flow_table_prefetch(const struct flow_table *table, uint64_t hash,
                             unsigned from)
{
    if (!table->slots) {
        return 0;
    }
    for (uint32_t s = home_of(table, hash); table->slots[s];
         s = (s + 1) & table->mask) {
        if (table->slots[s] >> 32 == hash >> 32) {
            const struct piece *piece = piece_of(table, table->slots[s]);

            __builtin_prefetch(piece, 1);
            __builtin_prefetch(piece->copy_print, 1);
            __builtin_prefetch(&piece->end[from], 1);
            return (uint32_t)table->slots[s];
        }
    }
    return 0;
}

static void slot_insert(struct flow_table *table, uint64_t hash, uint32_t i)
{
    uint32_t s = home_of(table, hash);

    while (table->slots[s]) {
        s = (s + 1) & table->mask;
    }
    table->slots[s] = slot_value(hash, i);
}

static bool grow_slots(struct flow_table *table)
{
    uint32_t n = table->slots ? (table->mask + 1) * 2 : FIRST_SLOTS;
    uint64_t *slots = calloc(n, sizeof *slots);

    if (!slots) {
        return false;
    }
    free(table->slots);
    table->slots = slots;
    table->mask = n - 1;
    for (uint32_t i = 0; i < table->n; i++) {
        slot_insert(table, flow_key_hash(&piece_at(table, i)->key), i);
    }
    return true;
}

static bool grow_pieces(struct flow_table *table)
{
    size_t n = table->room / BLOCK;
    struct piece **grown = realloc(table->blocks, (n + 1) * sizeof *grown);

    if (!grown) {
        return false;
    }
    table->blocks = grown;
    grown[n] = pages_take(table->pages, BLOCK * sizeof *grown[n]);
    table->room += grown[n] ? BLOCK : 0;
    return grown[n];
}

/* Empties slot 's' and moves later entries of its run back, so that no probe that
 * passed over 's' ends too early. */
static void slot_clear(struct flow_table *table, uint32_t s)
{
    uint32_t hole = s;

    table->slots[hole] = 0;
    for (s = (s + 1) & table->mask; table->slots[s]; s = (s + 1) & table->mask) {
        uint32_t home = home_of(table, table->slots[s]);

        if (((s - home) & table->mask) >= ((s - hole) & table->mask)) {
            table->slots[hole] = table->slots[s];
            table->slots[s] = 0;
            hole = s;
        }
    }
}

/* Gives piece 'i' to the sink; the last one moves into its place. */
static void finish(struct flow_table *table, uint32_t i)
{
    uint32_t last = table->n - 1;

    piece_settle(piece_at(table, i));
    table->sink(table->context, piece_at(table, i));
    slot_clear(table, slot_of_entry(table, flow_key_hash(&piece_at(table, i)->key), i));
    if (i != last) {
        uint64_t hash = flow_key_hash(&piece_at(table, last)->key);

        table->slots[slot_of_entry(table, hash, last)] = slot_value(hash, i);
        *piece_at(table, i) = *piece_at(table, last);
    }
    table->n--;
}

/* No flow is over within the shortest limit: that is asked first. */
static bool is_over(const struct piece *piece, int64_t now_ns)
{
    int64_t quiet_ns = now_ns - piece->last_ns;

    return quiet_ns > (int64_t)FLOW_CLOSED_IDLE_S * 1000000000 &&
           quiet_ns > piece_idle_ns(piece);
}

enum flow_class flow_class_of(const struct piece *piece)
{
    if (!piece->end[0].packets || !piece->end[1].packets) {
        return FLOW_UNANSWERED;
    }
    if (piece->key.proto != 6) {
        return FLOW_DATAGRAMS;
    }
    return piece_idle_ns(piece) == (int64_t)FLOW_TCP_IDLE_S * 1000000000
               ? FLOW_ESTABLISHED
               : FLOW_CLOSED;
}

struct victim {
    int64_t last_ns;
    uint32_t i;
    unsigned class;
};

static int victim_cmp(const void *a, const void *b)
{
    const struct victim *x = a, *y = b;

    if (x->class != y->class) {
        return x->class < y->class ? -1 : 1;
    }
    if (x->last_ns != y->last_ns) {
        return x->last_ns < y->last_ns ? -1 : 1;
    }
    return x->i < y->i ? -1 : x->i > y->i;
}

static int index_falls(const void *a, const void *b)
{
    const struct victim *x = a, *y = b;

    return x->i > y->i ? -1 : x->i < y->i;
}

static void drive_out(struct flow_table *table)
{
    uint32_t n = table->n, n_out = n / EVICT_SHARE + 1;
    struct victim *victims = malloc(n * sizeof *victims);

    if (!victims) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct piece *piece = piece_at(table, i);

        victims[i] = (struct victim){piece->last_ns, i, flow_class_of(piece)};
    }
    qsort(victims, n, sizeof *victims, victim_cmp);
    /* From the highest index down: removal moves the last entry, which is no victim
     * that is still to come. */
    qsort(victims, n_out, sizeof *victims, index_falls);
    for (uint32_t v = 0; v < n_out; v++) {
        piece_at(table, victims[v].i)->inexact = 1;
        finish(table, victims[v].i);
    }
    free(victims);
}

/* Makes room in a full table: what is over goes first. */
static void make_room(struct flow_table *table, int64_t now_ns)
{
    for (uint32_t i = table->n; i-- > 0;) {
        if (is_over(piece_at(table, i), now_ns)) {
            finish(table, i);
        }
    }
    if (table->n >= table->max - table->max / EVICT_SHARE) {
        drive_out(table);
    }
}

static struct piece *add(struct flow_table *table, const struct flow_key *key,
                         uint64_t hash)
{
    bool crowded =
        !table->slots || (uint64_t)(table->n + 1) * 3 > (uint64_t)(table->mask + 1) * 2;
    struct piece *piece;

    if ((crowded && !grow_slots(table)) ||
        (table->n == table->room && !grow_pieces(table))) {
        return NULL;
    }
    slot_insert(table, hash, table->n);
    piece = piece_at(table, table->n++);
    memset(piece, 0, sizeof *piece);
    piece->key = *key;
    return piece;
}

/* Gives flows that are over to the sink, a few for each new one: a table in which
 * nothing is new does not grow either. */
static void sweep(struct flow_table *table, int64_t now_ns)
{
    for (unsigned step = 0; step < SWEEP_STEPS && table->n > 0; step++) {
        if (table->hand >= table->n) {
            table->hand = 0;
        }
        if (is_over(piece_at(table, table->hand), now_ns)) {
            finish(table, table->hand);
        } else {
            table->hand++;
        }
    }
}

struct piece *flow_table_get(struct flow_table *table, const struct flow_key *key,
                             uint64_t hash, uint32_t hint, const struct packet *packet,
                             unsigned from)
{
    uint32_t entry = hint - 1; /* Of no flow, where there is no hint. */

    if (entry >= table->n || !flow_key_equal(&piece_at(table, entry)->key, key)) {
        entry = (uint32_t)find(table, key, hash) - 1;
    }
    if (entry < table->n) {
        struct piece *piece = piece_at(table, entry);

        if (!is_over(piece, packet->ns) && (!(packet->tcp_flags & TCP_SYN) ||
                                            !piece_is_reused_by(piece, packet, from))) {
            return piece;
        }
        finish(table, entry);
    }
    sweep(table, packet->ns);
    if (table->n >= table->max) {
        make_room(table, packet->ns);
    }
    return add(table, key, hash);
}

void flow_table_each(const struct flow_table *table, piece_sink each, void *context)
{
    for (uint32_t i = 0; i < table->n; i++) {
        piece_settle(piece_at(table, i));
        each(context, piece_at(table, i));
    }
}
