/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which names a device had for an address (DESIGN 3.2): per device and bound to time.
 * What only another device was told is weaker, and what a list in the capture says is
 * weaker still; both say so.
 */
#include "audit/judging.h"

#include <stdlib.h>
#include <string.h>

enum {
    TTL_FLOOR_S = 60, /* A shorter TTL does not end a connection's name sooner. */
    GRACE_S = 600,    /* Applications keep addresses beyond their TTL. */
    EARLY_S = 1       /* Frames of two ports of a mirror may come in wrong order. */
};

static const int64_t second_ns = 1000000000;

static int named_cmp(const void *a, const void *b)
{
    const struct named_addr *x = a, *y = b;
    int order = addr_cmp(&x->addr, &y->addr);

    if (order != 0) {
        return order;
    }
    if (x->device != y->device) {
        return x->device < y->device ? -1 : 1;
    }
    if (x->first_ns != y->first_ns) {
        return x->first_ns < y->first_ns ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

bool bindings_index(struct judging *j)
{
    const struct pool *bindings = &j->tally->bindings;

    j->named = malloc((bindings->n + 1) * sizeof *j->named);
    if (!j->named) {
        return false;
    }
    for (uint32_t i = 0; i < bindings->n; i++) {
        const struct binding *b = pool_at(bindings, i);
        int64_t floor = b->last_ns + TTL_FLOOR_S * second_ns;

        j->named[j->n_named++] = (struct named_addr){
            .addr = b->key.addr,
            .first_ns = b->first_ns - EARLY_S * second_ns,
            .until_ns =
                (b->until_ns > floor ? b->until_ns : floor) + GRACE_S * second_ns,
            .name = tally_name_text(j->tally, b->key.name),
            .device = device_at(j, &b->key.host, b->first_ns),
            .listed = addr_is_unspecified(&b->key.host),
        };
    }
    if (j->n_named) {
        qsort(j->named, j->n_named, sizeof *j->named, named_cmp);
    }
    return true;
}

static size_t first_named(const struct judging *j, const struct addr *addr)
{
    size_t low = 0, high = j->n_named;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (addr_cmp(&j->named[mid].addr, addr) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static void add_name(struct claim *claim, const char *name, enum name_source source)
{
    for (size_t i = 0; i < claim->n_names; i++) {
        if (strcmp(claim->names[i], name) == 0) {
            return;
        }
    }
    if (claim->n_names < POLICY_MAX_NAMES) {
        claim->names[claim->n_names] = name;
        claim->sources[claim->n_names++] = source;
    }
}

static bool is_of(const struct named_addr *n, long device, enum name_source source)
{
    if (n->listed || source == NAME_LIST) {
        return n->listed && source == NAME_LIST;
    }
    return (n->device == device) == (source == NAME_DNS);
}

static void add_bound(const struct judging *j, const struct addr *addr, int64_t ns,
                      long device, enum name_source source, struct claim *claim)
{
    for (size_t i = first_named(j, addr);
         i < j->n_named && addr_equal(&j->named[i].addr, addr); i++) {
        const struct named_addr *n = &j->named[i];

        if (is_of(n, device, source) && n->first_ns <= ns && ns <= n->until_ns) {
            add_name(claim, n->name, source);
        }
    }
}

void names_add_bound(const struct judging *j, uint32_t device, const struct addr *addr,
                     int64_t ns, struct claim *claim)
{
    static const enum name_source sources[] = {NAME_DNS, NAME_DNS_OTHER_DEVICE,
                                               NAME_LIST};
    size_t before = claim->n_names;

    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (claim->n_names == before) {
            add_bound(j, addr, ns, device, sources[i], claim);
        }
    }
}

bool names_have_v4(const struct judging *j, uint32_t device, const char *name)
{
    for (size_t i = 0; i < j->n_named; i++) {
        const struct named_addr *n = &j->named[i];

        if (n->device == (long)device && addr_is_v4(&n->addr) &&
            strcmp(n->name, name) == 0) {
            return true;
        }
    }
    return false;
}
