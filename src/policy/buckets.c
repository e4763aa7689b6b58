/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The items of a large class, filed by transport, opener, end and block of ports.
 *
 * A range of ports is cut into aligned power-of-two blocks, at most 30 of them, and
 * each port lies in one block of each of 17 sizes: so a lookup is a hash probe for each
 * size that the class uses.  Within a bucket rows stand in the order of an answer, so a
 * question reads no further than its answer has room.
 */
#include "policy/internal.h"

#include <stdlib.h>

/* First pass: counts the entries of each bucket.  Second: writes them. */
struct filing {
    struct index *index;
    bool writing;
    size_t n; /* Entries, counted in the first pass. */
};

static bool file_block(struct filing *filing, const struct bucket_key *key,
                       const struct item *item)
{
    struct index *index = filing->index;
    struct bucket *bucket = filing->writing ? pool_find(&index->buckets, key)
                                            : pool_add(&index->buckets, key, NULL);

    if (!bucket || filing->n >= MAX_FILED) {
        return false;
    }
    if (filing->writing) {
        index->filed[bucket->first + bucket->n] =
            (struct filed){item->row, item->width};
    } else {
        filing->n++;
    }
    bucket->n++;
    return true;
}

/* Cuts the range into aligned blocks: each time the largest that begins at 'low'. */
static bool file_range(struct filing *filing, uint32_t class, unsigned arm,
                       const struct item *item)
{
    uint32_t low = item->range.low, end = (uint32_t)item->range.high + 1;

    while (low < end) {
        unsigned level = 0;

        while (level < 16 && (low & (1u << level)) == 0 && low + (2u << level) <= end) {
            level++;
        }

        struct bucket_key key = {class, (uint16_t)(low >> level), (uint8_t)level,
                                 (uint8_t)arm};
        if (!file_block(filing, &key, item)) {
            return false;
        }
        filing->index->large[filing->index->classes[class].large].levels[arm] |=
            1u << level;
        low += 1u << level;
    }
    return true;
}

static bool file_class(struct filing *filing, uint32_t number)
{
    const struct class *class = &filing->index->classes[number];
    const struct item *items = filing->index->items + class->first;

    for (uint32_t i = 0; i < class->n; i++) {
        for (unsigned left = items[i].arms; left != 0; left &= left - 1) {
            if (!file_range(filing, number, (unsigned)__builtin_ctz(left), &items[i])) {
                return false;
            }
        }
    }
    return true;
}

static bool file_large(struct filing *filing)
{
    struct index *index = filing->index;
    uint32_t large = 0;

    for (uint32_t i = 0; i < index->n_classes; i++) {
        if (index->classes[i].n > FEW_ITEMS) {
            index->classes[i].large = large++;
            if (!file_class(filing, i)) {
                return false;
            }
        }
    }
    return true;
}

static void give_places(struct index *index)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < index->buckets.n; i++) {
        struct bucket *bucket = pool_at(&index->buckets, i);

        bucket->first = next;
        next += bucket->n;
        bucket->n = 0;
    }
}

bool buckets_make(struct index *index)
{
    struct filing filing = {.index = index};

    index->large = calloc(index->n_large + (size_t)1, sizeof *index->large);
    if (!index->large || !file_large(&filing)) {
        return false;
    }
    give_places(index);
    index->filed = malloc((filing.n + 1) * sizeof *index->filed);
    filing.writing = true;
    filing.n = 0;
    return index->filed && file_large(&filing);
}
