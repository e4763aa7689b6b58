/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sorting records by their keys.
 */
#include "audit/records.h"

#include <stdlib.h>

struct sorting {
    const struct record_kind *kind;
    const struct tally *tally;
};

/* A record, and what orders most of them without a look at it: the ranks of the first
 * two fields of its key. */
struct sort_item {
    uint64_t ranks[2];
    uint32_t i;
};

static int key_cmp(const void *a, const void *b, const struct sorting *s)
{
    for (size_t f = 0; f < s->kind->n_fields; f++) {
        const struct field *field = &s->kind->fields[f];

        for (size_t i = 0; field->rule == RULE_KEY && i < field->count; i++) {
            size_t at = field->offset + i * field_width(field);
            int order;

            if (field->type == FIELD_NAME) {
                order = strcmp(
                    tally_name_text(s->tally, (uint32_t)field_number(field, a, i)),
                    tally_name_text(s->tally, (uint32_t)field_number(field, b, i)));
            } else if (field_is_number(field)) {
                uint64_t x = field_number(field, a, i), y = field_number(field, b, i);

                order = x < y ? -1 : x > y;
            } else {
                order = memcmp((const char *)a + at, (const char *)b + at,
                               field_width(field));
            }
            if (order != 0) {
                return order;
            }
        }
    }
    return 0;
}

static int item_cmp(const void *a, const void *b, void *context)
{
    const struct sorting *s = context;
    const struct sort_item *x = a, *y = b;
    const struct pool *pool = record_pool_of(s->tally, s->kind);

    for (size_t r = 0; r < 2; r++) {
        if (x->ranks[r] != y->ranks[r]) {
            return x->ranks[r] < y->ranks[r] ? -1 : 1;
        }
    }
    return key_cmp(pool_at(pool, x->i), pool_at(pool, y->i), s);
}

/* UINT64_MAX: it does not tell. */
static uint64_t rank_of(const struct field *field, const void *record)
{
    if (field->type == FIELD_ADDR) {
        return addr_rank((const void *)((const char *)record + field->offset));
    }
    return field_is_number(field) && field->type != FIELD_NAME && field->count == 1
               ? field_number(field, record, 0)
               : UINT64_MAX;
}

static struct sort_item sort_item_of(const struct sorting *s, uint32_t i)
{
    const void *record = pool_at(record_pool_of(s->tally, s->kind), i);
    struct sort_item item = {{rank_of(&s->kind->fields[0], record), 0}, i};

    if (item.ranks[0] != UINT64_MAX && s->kind->fields[1].rule == RULE_KEY) {
        item.ranks[1] = rank_of(&s->kind->fields[1], record);
    }
    return item;
}

bool record_sort(struct tally *tally, const struct record_kind *kind)
{
    struct pool *pool = record_pool(tally, kind);
    struct sorting sorting = {kind, tally};
    struct sort_item *items = malloc((pool->n + 1) * sizeof *items);
    uint32_t *order = malloc((pool->n + 1) * sizeof *order);
    bool ok = items && order;

    for (uint32_t i = 0; ok && i < pool->n; i++) {
        items[i] = sort_item_of(&sorting, i);
    }
    if (ok && pool->n > 0) {
        qsort_r(items, pool->n, sizeof *items, item_cmp, &sorting);
    }
    for (uint32_t i = 0; ok && i < pool->n; i++) {
        order[i] = items[i].i;
    }
    ok = ok && pool_reorder(pool, order);
    free(items);
    free(order);
    return ok;
}
