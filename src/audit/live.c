/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The flows of a tally that are not in cells, as judging takes them.
 *
 * One that is over goes into its cell, as it would have when its capture was read.  One
 * that is not is a cell of its own, since what it says depends on when its source
 * stopped.  The tally itself stays as it is: judging works on a view of it, with cells
 * of its own.
 */
#include "audit/judging.h"

#include "audit/records.h"

#include <stdlib.h>

static bool cells_copy(struct pool *to, const struct pool *from)
{
    pool_init(to, from->entry_size, from->key_size, from->max);
    for (uint32_t i = 0; i < from->n; i++) {
        void *entry = pool_add(to, pool_at(from, i), NULL);

        if (!entry) {
            return false;
        }
        memcpy(entry, pool_at(from, i), from->entry_size);
    }
    to->n_refused = from->n_refused;
    return true;
}

static int piece_cmp(const void *a, const void *b)
{
    const struct piece *x = *(struct piece *const *)a, *y = *(struct piece *const *)b;
    struct flow_key p = x->key, q = y->key;

    p.source = q.source = 0;
    int order = memcmp(&p, &q, sizeof p);
    if (order != 0) {
        return order;
    }
    if (x->first_ns != y->first_ns) {
        return x->first_ns < y->first_ns ? -1 : 1;
    }
    return x->key.source < y->key.source ? -1 : x->key.source > y->key.source;
}

static bool same_ends(const struct piece *a, const struct piece *b)
{
    struct flow_key p = a->key, q = b->key;

    p.source = q.source = 0;
    return memcmp(&p, &q, sizeof p) == 0;
}

/* Will the RST of 'from' be the one that is told, when the views are joined? */
static bool tells_reset(const struct piece *into, const struct piece *from)
{
    bool tells = false;

    for (unsigned e = 0; e < 2; e++) {
        const struct flow_end *mine = &into->end[e], *theirs = &from->end[e];

        tells |= theirs->signs[SIGN_RST].n &&
                 theirs->packets - theirs->copies > mine->packets - mine->copies;
    }
    return tells;
}

/* Makes one of several sources' views of each flow.  Returns how many are left; those
 * that were joined to others stand behind them. */
static size_t views_join(struct piece **pieces, size_t n)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++) {
        struct piece *last = left > 0 ? pieces[left - 1] : NULL;

        if (last && last->key.source != pieces[i]->key.source &&
            same_ends(last, pieces[i]) && piece_continues(last, pieces[i])) {
            /* A TTL is held against others of the same tap. */
            uint16_t source =
                tells_reset(last, pieces[i]) ? pieces[i]->key.source : last->key.source;

            piece_merge_view(last, pieces[i]);
            last->key.source = source;
        } else {
            struct piece *joined = pieces[left];

            pieces[left++] = pieces[i];
            pieces[i] = joined;
        }
    }
    return left;
}

/* How many pieces from the first on are of its 5-tuple; '*last_ns' is the last packet
 * of these. */
static size_t group_at(struct piece *const *pieces, size_t n, int64_t *last_ns)
{
    size_t in_group = 0;

    *last_ns = 0;
    while (in_group < n && same_ends(pieces[0], pieces[in_group])) {
        int64_t ns = pieces[in_group++]->last_ns;

        *last_ns = ns > *last_ns ? ns : *last_ns;
    }
    return in_group;
}

void live_fold(struct tally *tally, int64_t ns)
{
    size_t n = 0, in_group;

    if (tally->n_pieces > 0) {
        qsort(tally->pieces, tally->n_pieces, sizeof *tally->pieces, piece_cmp);
    }
    for (size_t i = 0; i < tally->n_pieces; i += in_group) {
        struct piece **group = &tally->pieces[i];
        int64_t last_ns;

        in_group = group_at(group, tally->n_pieces - i, &last_ns);
        if (last_ns >= ns) {
            memmove(&tally->pieces[n], group, in_group * sizeof *group);
            n += in_group;
            continue;
        }
        for (size_t k = views_join(group, in_group); k-- > 0;) {
            tally_fold(tally, group[k]);
        }
        for (size_t k = 0; k < in_group; k++) {
            tally_spare_piece(tally, group[k]);
        }
    }
    tally->n_pieces = n;
}

/* Pieces are sorted: one that another follows on the same 5-tuple is over. */
static bool is_over(const struct judging *j, struct piece *const *pieces, size_t n,
                    size_t i)
{
    return (i + 1 < n && same_ends(pieces[i], pieces[i + 1])) ||
           j->out->now_ns - pieces[i]->last_ns > piece_idle_ns(pieces[i]);
}

/* Makes a cell of each piece; what is over goes into cells of this judgement's own. */
static bool make_cells(struct judging *j, struct piece *const *pieces, size_t n)
{
    const struct pool *cells = &j->tally->cells;

    for (size_t i = 0; i < n; i++) {
        if (!is_over(j, pieces, n, i)) {
            j->cells[j->n_cells++] = cell_of(pieces[i], j->out->now_ns);
            continue;
        }
        if (j->tally != &j->own) {
            j->own = *j->tally;
            j->tally = &j->own;
            if (!cells_copy(&j->own.cells, cells)) {
                return false;
            }
        }
        tally_fold(&j->own, pieces[i]);
    }
    return j->tally != &j->own || record_sort(&j->own, &record_kinds[0]);
}

/* Of one source, and sorted?  Then there is nothing to join. */
static bool is_ready(struct piece *const *pieces, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (pieces[i]->key.source != pieces[0]->key.source ||
            piece_cmp(&pieces[i - 1], &pieces[i]) > 0) {
            return false;
        }
    }
    return true;
}

/* Pieces are large: they are copied only where several sources saw the flows. */
static bool joined_cells(struct judging *j)
{
    size_t n = j->tally->n_pieces;
    struct piece *room = malloc(n * sizeof *room);
    struct piece **pieces = malloc(n * sizeof *pieces);
    bool ok = room && pieces;

    for (size_t i = 0; ok && i < n; i++) {
        room[i] = *j->tally->pieces[i];
        pieces[i] = &room[i];
    }
    if (ok) {
        qsort(pieces, n, sizeof *pieces, piece_cmp);
        ok = make_cells(j, pieces, views_join(pieces, n));
    }
    free(pieces);
    free(room);
    return ok;
}

bool live_cells(struct judging *j)
{
    const struct tally *tally = j->tally;

    j->cells = calloc(tally->n_pieces + 1, sizeof *j->cells);
    if (!j->cells) {
        return false;
    }
    return is_ready(tally->pieces, tally->n_pieces)
               ? make_cells(j, tally->pieces, tally->n_pieces)
               : joined_cells(j);
}

void live_free(struct judging *j)
{
    if (j->tally == &j->own) {
        pool_fini(&j->own.cells);
    }
    free(j->cells);
}
