/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The live flows of one shard.
 *
 * A flow leaves the table when its packet time says that it is over; when that is
 * noticed does not matter, since nothing can be added to it then.  Only a full table
 * drives flows out early: the least telling first, a sixteenth at once, so that the
 * cost of choosing is shared by the flows that follow.
 */
#include "flow/flow.h"

#include "base/pool.h"

#include <stdlib.h>

enum { SWEEP_STEPS = 4, EVICT_SHARE = 16 };

struct flow_table {
    struct pool live; /* struct piece */
    piece_sink sink;
    void *context;
    uint32_t hand; /* Where the sweep goes on. */
    uint64_t n_evicted;
};

struct flow_table *flow_table_new(uint32_t max, piece_sink sink, void *context)
{
    struct flow_table *table = calloc(1, sizeof *table);

    if (table) {
        pool_init(&table->live, sizeof(struct piece), sizeof(struct flow_key), max);
        table->sink = sink;
        table->context = context;
    }
    return table;
}

void flow_table_free(struct flow_table *table)
{
    if (table) {
        pool_fini(&table->live);
        free(table);
    }
}

static void finish(struct flow_table *table, uint32_t i)
{
    table->sink(table->context, pool_at(&table->live, i));
    pool_remove(&table->live, i);
}

static bool is_over(const struct piece *piece, int64_t now_ns)
{
    return now_ns - piece->last_ns > piece_idle_ns(piece);
}

/* The order in which flows are driven out: unanswered ones and scans, then closed
 * ones, then datagrams, established connections last. */
static unsigned class_of(const struct piece *piece)
{
    if (!piece->end[0].packets || !piece->end[1].packets) {
        return 0;
    }
    if (piece->key.proto != 6) {
        return 2;
    }
    return piece_idle_ns(piece) == (int64_t)FLOW_TCP_IDLE_S * 1000000000 ? 3 : 1;
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
    uint32_t n = table->live.n, n_out = n / EVICT_SHARE + 1;
    struct victim *victims = malloc(n * sizeof *victims);

    if (!victims) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct piece *piece = pool_at(&table->live, i);

        victims[i] = (struct victim){piece->last_ns, i, class_of(piece)};
    }
    qsort(victims, n, sizeof *victims, victim_cmp);
    /* From the highest index down: removal moves the last entry, which is no victim
     * that is still to come. */
    qsort(victims, n_out, sizeof *victims, index_falls);
    for (uint32_t v = 0; v < n_out; v++) {
        struct piece *piece = pool_at(&table->live, victims[v].i);

        piece->inexact = 1;
        finish(table, victims[v].i);
    }
    table->n_evicted += n_out;
    free(victims);
}

/* Makes room in a full table: what is over goes first. */
static void make_room(struct flow_table *table, int64_t now_ns)
{
    for (uint32_t i = table->live.n; i-- > 0;) {
        if (is_over(pool_at(&table->live, i), now_ns)) {
            finish(table, i);
        }
    }
    if (table->live.n >= table->live.max - table->live.max / EVICT_SHARE) {
        drive_out(table);
    }
}

struct piece *flow_table_find(struct flow_table *table, const struct flow_key *key)
{
    return pool_find(&table->live, key);
}

static uint32_t index_of(const struct flow_table *table, const struct piece *piece)
{
    const struct piece *first = pool_at(&table->live, 0);

    return (uint32_t)(piece - first);
}

struct piece *flow_table_get(struct flow_table *table, const struct flow_key *key,
                             const struct packet *packet, unsigned from)
{
    struct piece *piece = pool_find(&table->live, key);

    if (piece &&
        (is_over(piece, packet->ns) || piece_is_reused_by(piece, packet, from))) {
        finish(table, index_of(table, piece));
        piece = NULL;
    }
    if (piece) {
        return piece;
    }
    if (table->live.n >= table->live.max) {
        make_room(table, packet->ns);
    }
    return pool_add(&table->live, key, NULL);
}

void flow_table_sweep(struct flow_table *table, int64_t now_ns)
{
    for (unsigned step = 0; step < SWEEP_STEPS && table->live.n > 0; step++) {
        if (table->hand >= table->live.n) {
            table->hand = 0;
        }
        if (is_over(pool_at(&table->live, table->hand), now_ns)) {
            finish(table, table->hand);
        } else {
            table->hand++;
        }
    }
}

void flow_table_each(const struct flow_table *table, piece_sink each, void *context)
{
    for (uint32_t i = 0; i < table->live.n; i++) {
        each(context, pool_at(&table->live, i));
    }
}

uint64_t flow_table_evicted(const struct flow_table *table)
{
    return table->n_evicted;
}
