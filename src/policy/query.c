/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a finished policy says of itself and of the site.
 */
#include "policy/internal.h"

#include <stdlib.h>

size_t policy_count(const struct policy *policy)
{
    return policy->n_rows;
}

const struct policy_row *policy_row(const struct policy *policy, size_t i)
{
    return &policy->rows[i];
}

long policy_find(const struct policy *policy, const char *id)
{
    uint32_t number = intern_find(&policy->ids, id, strlen(id));

    return number == INTERN_NONE ? -1 : (long)policy->id_rows[number];
}

size_t policy_pack_count(const struct policy *policy)
{
    return policy->n_packs;
}

const struct policy_pack *policy_pack(const struct policy *policy, size_t i)
{
    return i < policy->n_packs ? &policy->packs[i] : &policy->site_pack;
}

const char *policy_site_name(const struct policy *policy)
{
    return policy->site_name;
}

const char *policy_site_sha256(const struct policy *policy)
{
    return policy->site_sha256;
}

bool policy_role_bound(const struct policy *policy, enum role role)
{
    return policy->bindings[role].n > 0;
}

/* Does "a.x.y" lie under "x.y"? */
static bool name_under(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);

    return len > suffix_len + 1 && name[len - suffix_len - 1] == '.' &&
           strcmp(name + len - suffix_len, suffix) == 0;
}

static bool peer_has(const struct peer *peer, const struct addr *addr,
                     const char *const *names, size_t n_names)
{
    if (peer->kind == PEER_PREFIX) {
        return addr && prefix_contains(&peer->prefix, addr);
    }
    for (size_t i = 0; i < n_names; i++) {
        if (peer->kind == PEER_NAME ? strcmp(names[i], peer->text) == 0
                                    : name_under(names[i], peer->text)) {
            return true;
        }
    }
    return false;
}

bool policy_role_has(const struct policy *policy, enum role role,
                     const struct addr *addr, const char *const *names, size_t n_names)
{
    const struct peer_list *list = &policy->bindings[role];
    struct addr real = addr ? addr_of_nat64(addr) : (struct addr){0};

    for (size_t i = 0; i < list->n; i++) {
        if (peer_has(&list->at[i], addr ? &real : NULL, names, n_names)) {
            return true;
        }
    }
    return false;
}

bool policy_is_off(const struct policy *policy, const char *group)
{
    for (size_t i = 0; i < policy->n_off; i++) {
        if (strcmp(policy->off[i], group) == 0) {
            return true;
        }
    }
    return false;
}

static bool list_holds(const struct peer_list *list, const struct addr *addr)
{
    for (size_t i = 0; i < list->n; i++) {
        if (prefix_contains(&list->at[i].prefix, addr)) {
            return true;
        }
    }
    return false;
}

struct addr addr_of_nat64(const struct addr *addr)
{
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};

    return memcmp(addr->b, nat64, sizeof nat64) == 0 ? addr_from_v4(addr->b + 12)
                                                     : *addr;
}

bool policy_is_inside(const struct policy *policy, const struct addr *addr)
{
    struct addr real = addr_of_nat64(addr);

    return addr_is_private(&real) || list_holds(&policy->private_prefixes, &real);
}

bool policy_google_out_any(const struct policy *policy)
{
    return policy->google_out_any;
}

bool policy_outside_capture(const struct policy *policy)
{
    return policy->outside_capture;
}

size_t policy_n_subnets(const struct policy *policy)
{
    return policy->subnets.n;
}

const struct prefix *policy_subnet(const struct policy *policy, size_t i)
{
    return &policy->subnets.at[i].prefix;
}

bool policy_lists_macs(const struct policy *policy)
{
    return policy->n_macs + policy->n_ouis > 0;
}

int mac_compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct mac));
}

bool policy_mac_listed(const struct policy *policy, const struct mac *mac)
{
    if (policy->n_macs > 0 &&
        bsearch(mac, policy->macs, policy->n_macs, sizeof *mac, mac_compare)) {
        return true;
    }
    for (size_t i = 0; i < policy->n_ouis; i++) {
        if (memcmp(policy->ouis[i].b, mac->b, 3) == 0) {
            return true;
        }
    }
    return false;
}

bool policy_subnet_listed(const struct policy *policy, const struct addr *addr)
{
    return list_holds(&policy->subnets, addr);
}

bool policy_set_has(const struct policy *policy, const char *set,
                    const struct addr *addr)
{
    const struct prefix_table *table = &policy->index.prefixes;
    long i = set_find(policy, set);
    struct addr real = addr_of_nat64(addr);
    uint32_t node = i < 0 ? NODE_NONE : prefix_table_find(table, &real);

    for (; node != NODE_NONE; node = table->nodes[node].parent) {
        if (table->nodes[node].meaning.sets >> i & 1) {
            return true;
        }
    }
    return false;
}
