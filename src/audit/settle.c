/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Settling: the form in which equal evidence is equal bytes.
 */
#include "audit/records.h"

#include <stdlib.h>

/* A piece, and what orders most of them without a look at it. */
struct piece_item {
    uint64_t rank_a, rank_b;
    struct piece *piece;
};

static int piece_cmp(const void *a, const void *b)
{
    const struct piece_item *p = a, *q = b;
    const struct piece *x = p->piece, *y = q->piece;
    int order;

    if (p->rank_a != q->rank_a) {
        return p->rank_a < q->rank_a ? -1 : 1;
    }
    if (p->rank_b != q->rank_b) {
        return p->rank_b < q->rank_b ? -1 : 1;
    }
    order = memcmp(&x->key, &y->key, sizeof x->key);
    if (order != 0) {
        return order;
    }
    return x->first_ns < y->first_ns ? -1 : x->first_ns > y->first_ns;
}

/* By key, then time. */
static bool pieces_sort(struct piece **pieces, size_t n)
{
    struct piece_item *items = malloc((n + 1) * sizeof *items);

    if (!items) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t rank_a = addr_rank(&pieces[i]->key.a);
        uint64_t rank_b = rank_a != UINT64_MAX ? addr_rank(&pieces[i]->key.b) : 0;

        items[i] = (struct piece_item){rank_a, rank_b, pieces[i]};
    }
    if (n > 0) {
        qsort(items, n, sizeof *items, piece_cmp);
    }
    for (size_t i = 0; i < n; i++) {
        pieces[i] = items[i].piece;
    }
    free(items);
    return true;
}

/* Flows of one source whose time is over go into cells.  With several sources they
 * stay, since another's view may still complete them. */
static bool may_close(const struct tally *tally)
{
    return !tally->stay &&
           (tally->n_windows == 0 ||
            tally->windows[0].source == tally->windows[tally->n_windows - 1].source);
}

/* Its time is over, or 'next' shows that another connection has its 5-tuple. */
static bool is_over(const struct tally *tally, const struct piece *piece,
                    const struct piece *next)
{
    return (next && memcmp(&piece->key, &next->key, sizeof piece->key) == 0) ||
           tally_end_ns(tally) - piece->last_ns > piece_idle_ns(piece);
}

/* Do both belong to one connection?  'a' began first. */
static bool is_one_flow(const struct piece *a, const struct piece *b)
{
    return memcmp(&a->key, &b->key, sizeof a->key) == 0 && piece_continues(a, b);
}

bool tally_settle(struct tally *tally)
{
    size_t n = 0;

    taps_sort(tally);
    if (!pieces_sort(tally->pieces, tally->n_pieces)) {
        return false;
    }
    for (size_t i = 0; i < tally->n_pieces; i++) {
        if (n > 0 && is_one_flow(tally->pieces[n - 1], tally->pieces[i])) {
            piece_merge(tally->pieces[n - 1], tally->pieces[i]);
        } else {
            tally->pieces[n++] = tally->pieces[i];
        }
    }

    size_t n_live = 0;
    for (size_t i = 0; i < n; i++) {
        struct piece *piece = tally->pieces[i];
        const struct piece *next = i + 1 < n ? tally->pieces[i + 1] : NULL;

        if (may_close(tally) && is_over(tally, piece, next)) {
            tally_close_piece(tally, piece);
        } else {
            tally->pieces[n_live++] = piece;
        }
    }
    tally->n_pieces = n_live;
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        if (!record_sort(tally, &record_kinds[k])) {
            return false;
        }
    }
    return true;
}
