/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Taking what is over away from collecting that goes on for months.
 *
 * A cut is one at a frame: records of equal keys before and after it combine to those
 * that there would be without it.
 */
#include "audit/records.h"
#include "audit/shard.h"

#include <stdlib.h>

void tally_forget_windows(struct tally *tally, int64_t ns)
{
    size_t n = 0;

    for (size_t i = 0; i < tally->n_windows; i++) {
        struct window w = tally->windows[i];

        if (w.last_ns >= ns) {
            w.first_ns = w.first_ns > ns ? w.first_ns : ns;
            tally->windows[n++] = w;
        }
    }
    tally->n_windows = n;
}

void tally_forget_captures(struct tally *tally, int64_t ns, size_t most)
{
    size_t n = 0, n_runs = 0;

    while (n < tally->n_captures &&
           (tally->captures[n].last_ns < ns || tally->n_captures - n > most)) {
        free(tally->captures[n++].path);
    }
    if (n == 0) {
        return;
    }
    tally->n_captures -= n;
    memmove(tally->captures, tally->captures + n,
            tally->n_captures * sizeof *tally->captures);
    for (size_t i = 0; i < tally->n_runs; i++) {
        if (tally->runs[i].capture >= n) {
            tally->runs[n_runs] = tally->runs[i];
            tally->runs[n_runs++].capture -= (uint32_t)n;
        }
    }
    tally->n_runs = n_runs;
}

void tally_move_head(struct tally *into, struct tally *from)
{
    into->captures = from->captures;
    into->n_captures = from->n_captures;
    into->runs = from->runs;
    into->n_runs = from->n_runs;
    into->runs_room = from->runs_room;
    into->windows = from->windows;
    into->n_windows = from->n_windows;
    into->blinds = from->blinds;
    into->n_blinds = from->n_blinds;
    into->days = from->days;
    into->n_days = from->n_days;
    memcpy(into->taps, from->taps, sizeof into->taps);
    into->n_taps = from->n_taps;
    from->captures = NULL;
    from->runs = NULL;
    from->windows = NULL;
    from->blinds = NULL;
    from->days = NULL;
    from->n_captures = from->n_runs = from->runs_room = from->n_windows = 0;
    from->n_days = from->n_blinds = 0;
}

void tally_merge_identities(struct tally *into, const struct tally *from)
{
    const struct record_move move = {.into = into, .from = from};

    for (size_t k = 0; k < RECORD_KINDS; k++) {
        const struct record_kind *kind = &record_kinds[k];
        const struct pool *pool = record_pool_of(from, kind);

        if (pool == &from->leases || pool == &from->hosts) {
            for (uint32_t i = 0; i < pool->n; i++) {
                record_move_one(kind, pool_at(pool, i), &move);
            }
        }
    }
}

bool tally_move_records(struct tally *into, struct tally *from)
{
    struct piece **pieces = from->pieces;
    size_t n_pieces = from->n_pieces;
    bool ok;

    from->pieces = NULL; /* They stay. */
    from->n_pieces = 0;
    ok = tally_merge(into, from);
    from->pieces = pieces;
    from->n_pieces = n_pieces;
    if (!ok) {
        return false;
    }
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        struct pool *pool = record_pool(from, &record_kinds[k]);

        pool_clear(pool);
        pool->n_refused = 0;
    }
    memset(from->background, 0, sizeof from->background);
    memset(from->driven, 0, sizeof from->driven);
    from->evicted = from->names.n_refused = 0;
    return true;
}

struct used_names {
    uint8_t *used;
    uint32_t n;
};

static void names_use(void *context, struct piece *piece)
{
    struct used_names *names = context;

    for (size_t i = 0; i < FLOW_NAMES; i++) {
        if (piece->names[i].name <= names->n) {
            names->used[piece->names[i].name] = 1;
        }
    }
}

/* Names that no flow has any more are forgotten. */
static bool names_forget(struct shard *shard)
{
    struct used_names names = {.n = shard->tally.names.n};
    bool ok;

    names.used = calloc((size_t)names.n + 1, 1);
    if (!names.used) {
        return false;
    }
    flow_table_each(shard->flows, names_use, &names);
    for (size_t i = 0; i < shard->tally.n_pieces; i++) {
        names_use(&names, shard->tally.pieces[i]);
    }
    ok = tally_keep_names(&shard->tally, names.used);
    free(names.used);
    return ok;
}

bool shard_cut(struct shard *shard, struct tally *into, int64_t now_ns)
{
    live_fold(&shard->tally, now_ns - (int64_t)FLOW_TCP_IDLE_S * 1000000000);
    return tally_move_records(into, &shard->tally) && names_forget(shard);
}
