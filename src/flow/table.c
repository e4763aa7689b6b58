/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/table.h"

#include <stdlib.h>

enum {
    SWEEP_STEPS = 2,
    EVICT_SHARE = 16,
    FIRST_SLOTS = 128,
    NO_PROTO = 255,
    CLASS_SHIFT = 62, /* Of a victim's rank; below it is time. */
    MOST_TURNS = 64   /* Of choosing, before it is given up for a sort. */
};

static const uint64_t rank_time = (UINT64_C(1) << CLASS_SHIFT) - 1;

bool flow_table_init(struct flow_table *table, uint32_t max, struct pages *pages,
                     piece_sink sink, void *context)
{
    *table = (struct flow_table){
        .slots = calloc(FIRST_SLOTS, sizeof *table->slots),
        .mask = FIRST_SLOTS - 1,
        .max = max,
        .pages = pages,
        .sink = sink,
        .context = context,
    };
    return table->slots != NULL;
}

void flow_table_fini(struct flow_table *table)
{
    free(table->blocks);
    free(table->slots);
    *table = (struct flow_table){0};
}

static uint64_t slot_value(uint64_t hash, uint32_t i)
{
    return (hash & ~(uint64_t)UINT32_MAX) | (i + 1);
}

static struct piece *piece_of(const struct flow_table *table, uint64_t slot)
{
    return flow_table_piece(table, (uint32_t)slot - 1);
}

/* The slot that holds entry 'i', whose hash is 'hash'. */
static uint32_t slot_of_entry(const struct flow_table *table, uint64_t hash, uint32_t i)
{
    uint32_t s = flow_table_home(table, hash);

    while (table->slots[s] != slot_value(hash, i)) {
        s = (s + 1) & table->mask;
    }
    return s;
}

/* The slot of the packet's flow, or 0. */
static uint64_t find(const struct flow_table *table, const struct packet *packet,
                     unsigned from, uint64_t hash)
{
    for (uint32_t s = flow_table_home(table, hash); table->slots[s];
         s = (s + 1) & table->mask) {
        if (table->slots[s] >> 32 == hash >> 32 &&
            flow_key_is_of(&piece_of(table, table->slots[s])->key, packet, from)) {
            return table->slots[s];
        }
    }
    return 0;
}

static void slot_insert(struct flow_table *table, uint64_t hash, uint32_t i)
{
    uint32_t s = flow_table_home(table, hash);

    while (table->slots[s]) {
        s = (s + 1) & table->mask;
    }
    table->slots[s] = slot_value(hash, i);
}

static bool grow_slots(struct flow_table *table)
{
    uint32_t n = (table->mask + 1) * 2;
    uint64_t *slots = calloc(n, sizeof *slots);

    if (!slots) {
        return false;
    }
    free(table->slots);
    table->slots = slots;
    table->mask = n - 1;
    for (uint32_t i = 0; i < table->n; i++) {
        slot_insert(table, flow_key_hash(&flow_table_piece(table, i)->key), i);
    }
    return true;
}

static bool grow_pieces(struct flow_table *table)
{
    size_t n = table->room / FLOW_BLOCK;
    struct piece **grown = realloc(table->blocks, (n + 1) * sizeof *grown);

    if (!grown) {
        return false;
    }
    table->blocks = grown;
    grown[n] = pages_take(table->pages, FLOW_BLOCK * sizeof *grown[n]);
    table->room += grown[n] ? FLOW_BLOCK : 0;
    return grown[n];
}

/* Empties slot 's' and moves later entries of its run back, so that no probe that
 * passed over 's' ends too early. */
static void slot_clear(struct flow_table *table, uint32_t s)
{
    uint32_t hole = s;

    table->slots[hole] = 0;
    for (s = (s + 1) & table->mask; table->slots[s]; s = (s + 1) & table->mask) {
        uint32_t home = flow_table_home(table, table->slots[s]);

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

    piece_settle(flow_table_piece(table, i));
    table->sink(table->context, flow_table_piece(table, i));
    slot_clear(table, slot_of_entry(
                          table, flow_key_hash(&flow_table_piece(table, i)->key), i));
    if (i != last) {
        uint64_t hash = flow_key_hash(&flow_table_piece(table, last)->key);

        table->slots[slot_of_entry(table, hash, last)] = slot_value(hash, i);
        *flow_table_piece(table, i) = *flow_table_piece(table, last);
    }
    flow_table_piece(table, last)->key.proto = NO_PROTO; /* No hint leads to it. */
    table->n--;
}

static bool is_over(const struct piece *piece, int64_t now_ns)
{
    return now_ns - piece->last_ns > piece_idle_ns(piece);
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
    uint64_t rank; /* Class, then nanoseconds since the oldest. */
    uint32_t i;
};

static inline bool goes_before(struct victim a, struct victim b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.i < b.i;
}

static int victim_cmp(const void *a, const void *b)
{
    const struct victim *x = a, *y = b;

    return goes_before(*x, *y) ? -1 : goes_before(*y, *x);
}

static struct victim middle_of(struct victim a, struct victim b, struct victim c)
{
    if (goes_before(b, a)) {
        struct victim t = a;

        a = b;
        b = t;
    }
    return goes_before(c, a) ? a : goes_before(c, b) ? c : b;
}

/* Puts those that go before 'pivot', which is one of them, in front.  Returns where the
 * others begin: behind at least one, and before at least one (Hoare 1961). */
static uint32_t part(struct victim *v, uint32_t n, struct victim pivot)
{
    uint32_t i = 0, j = n - 1;

    for (;; i++, j--) {
        while (goes_before(v[i], pivot)) {
            i++;
        }
        while (goes_before(pivot, v[j])) {
            j--;
        }
        if (i >= j) {
            return j + 1;
        }
        struct victim t = v[i];

        v[i] = v[j];
        v[j] = t;
    }
}

/* Puts the first 'k' of the order in front, themselves in no order.  Who chooses times
 * so that the pivots are bad gets a sort, which takes no more than n log n. */
static void choose(struct victim *v, uint32_t n, uint32_t k)
{
    unsigned turns = 0;

    while (k > 0 && k < n) {
        uint32_t at;

        if (++turns > MOST_TURNS || n < 8) {
            qsort(v, n, sizeof *v, victim_cmp);
            return;
        }
        at = part(v, n, middle_of(v[0], v[n / 2], v[n - 1]));
        if (k <= at) {
            n = at;
        } else {
            v += at;
            n -= at;
            k -= at;
        }
    }
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
    int64_t oldest_ns = INT64_MAX;

    if (!victims) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        int64_t ns = flow_table_piece(table, i)->last_ns;

        oldest_ns = ns < oldest_ns ? ns : oldest_ns;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct piece *piece = flow_table_piece(table, i);
        uint64_t age = (uint64_t)piece->last_ns - (uint64_t)oldest_ns;

        age = age > rank_time ? rank_time : age;
        victims[i] =
            (struct victim){(uint64_t)flow_class_of(piece) << CLASS_SHIFT | age, i};
    }
    choose(victims, n, n_out);
    /* From the highest index down: removal moves the last entry, which is no victim
     * that is still to come. */
    qsort(victims, n_out, sizeof *victims, index_falls);
    for (uint32_t v = 0; v < n_out; v++) {
        flow_table_piece(table, victims[v].i)->inexact = 1;
        finish(table, victims[v].i);
    }
    free(victims);
}

/* Twice as many flows from now on, where others do not need the room. */
static bool take_spare(struct flow_table *table)
{
    if (!table->spare || *table->spare < table->max) {
        return false;
    }
    *table->spare -= table->max;
    table->max *= 2;
    return true;
}

/* Makes room in a full table: what is over goes first. */
static void make_room(struct flow_table *table, int64_t now_ns)
{
    for (uint32_t i = table->n; i-- > 0;) {
        if (is_over(flow_table_piece(table, i), now_ns)) {
            finish(table, i);
        }
    }
    if (table->n >= table->max - table->max / EVICT_SHARE) {
        drive_out(table);
    }
}

static struct piece *add(struct flow_table *table, const struct packet *packet,
                         unsigned from, uint64_t hash)
{
    bool crowded = (uint64_t)(table->n + 1) * 3 > (uint64_t)(table->mask + 1) * 2;
    struct piece *piece;

    if ((crowded && !grow_slots(table)) ||
        (table->n == table->room && !grow_pieces(table))) {
        return NULL;
    }
    slot_insert(table, hash, table->n);
    piece = flow_table_piece(table, table->n++);
    memset(piece, 0, sizeof *piece);
    piece->key = flow_key_of(packet, from);
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
        if (is_over(flow_table_piece(table, table->hand), now_ns)) {
            finish(table, table->hand);
        } else {
            table->hand++;
        }
    }
}

struct piece *flow_table_look_up(struct flow_table *table, const struct packet *packet,
                                 unsigned from, uint64_t hash)
{
    uint32_t entry = (uint32_t)find(table, packet, from, hash) - 1;

    if (entry < table->n) {
        if (piece_takes(flow_table_piece(table, entry), packet, from)) {
            return flow_table_piece(table, entry);
        }
        finish(table, entry);
    }
    sweep(table, packet->ns);
    if (table->n >= table->max && !take_spare(table)) {
        make_room(table, packet->ns);
    }
    return add(table, packet, from, hash);
}

void flow_table_each(const struct flow_table *table, piece_sink each, void *context)
{
    for (uint32_t i = 0; i < table->n; i++) {
        piece_settle(flow_table_piece(table, i));
        each(context, flow_table_piece(table, i));
    }
}
