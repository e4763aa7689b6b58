/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The narrowest prefix that holds an address.
 *
 * Prefixes are nested or apart, never crossed.  So the address space is cut where a
 * prefix begins and behind where one ends, and each piece has one narrowest prefix; a
 * binary search over the cuts finds it, and its parents are all the others that hold
 * the address.
 */
#include "policy/internal.h"

#include <stdlib.h>

static int node_compare(const void *a, const void *b)
{
    const struct prefix_node *x = a, *y = b;
    int order = addr_cmp(&x->prefix.addr, &y->prefix.addr);

    return order != 0 ? order : (int)x->prefix.bits - (int)y->prefix.bits;
}

/* Joins equal neighbours of the sorted nodes. */
static size_t join_equal(struct prefix_node *nodes, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && node_compare(&nodes[kept - 1], &nodes[i]) == 0) {
            struct meaning *into = &nodes[kept - 1].meaning;

            into->roles |= nodes[i].meaning.roles;
            into->sets |= nodes[i].meaning.sets;
            if (nodes[i].meaning.class != CLASS_NONE) {
                into->class = nodes[i].meaning.class;
            }
        } else {
            nodes[kept++] = nodes[i];
        }
    }
    return kept;
}

/* The address behind the last one of 'prefix'.  False: there is none. */
static bool address_behind(const struct prefix *prefix, struct addr *out)
{
    *out = prefix->addr;
    for (unsigned bit = prefix->bits; bit-- > 0;) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);

        out->b[bit / 8] ^= mask;
        if (out->b[bit / 8] & mask) {
            return true;
        }
    }
    return false;
}

/* A later cut at the same address replaces the one before it: there, a prefix has ended
 * and another begun, or a narrower one begins where its parent does. */
static void cut(struct prefix_table *table, const struct addr *from, uint32_t node)
{
    if (table->n_boundaries == 0 ||
        !addr_equal(&table->boundaries[table->n_boundaries - 1].from, from)) {
        table->n_boundaries++;
    }
    table->boundaries[table->n_boundaries - 1] =
        (struct boundary){.from = *from, .node = node};
}

/* Ends 'node' and its parents up to the one that holds 'next' (NULL: all). */
static uint32_t end_until(struct prefix_table *table, uint32_t node,
                          const struct addr *next)
{
    while (node != NODE_NONE &&
           !(next && prefix_contains(&table->nodes[node].prefix, next))) {
        struct addr behind;
        uint32_t parent = table->nodes[node].parent;

        if (address_behind(&table->nodes[node].prefix, &behind)) {
            cut(table, &behind, parent);
        }
        node = parent;
    }
    return node;
}

bool prefix_table_make(struct prefix_table *table, struct prefix_node *nodes, size_t n)
{
    uint32_t open = NODE_NONE;

    if (n > 0) {
        qsort(nodes, n, sizeof *nodes, node_compare);
    }
    table->nodes = nodes;
    table->n_nodes = join_equal(nodes, n);
    table->n_boundaries = 0;
    table->boundaries = malloc((2 * n + 1) * sizeof *table->boundaries);
    if (!table->boundaries) {
        return false;
    }
    for (uint32_t i = 0; i < table->n_nodes; i++) {
        open = end_until(table, open, &nodes[i].prefix.addr);
        nodes[i].parent = open;
        cut(table, &nodes[i].prefix.addr, i);
        open = i;
    }
    end_until(table, open, NULL);
    return true;
}

uint32_t prefix_table_find(const struct prefix_table *table, const struct addr *addr)
{
    size_t low = 0, high = table->n_boundaries;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (addr_cmp(&table->boundaries[middle].from, addr) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 ? table->boundaries[low - 1].node : NODE_NONE;
}

void prefix_table_fini(struct prefix_table *table)
{
    free(table->nodes);
    free(table->boundaries);
    *table = (struct prefix_table){0};
}
