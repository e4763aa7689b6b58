/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The index: which rows each class of peers has.
 *
 * A class is a list of items, in the order of an answer.  One with many items has them
 * filed by their ports, too: buckets.c.
 */
#include "policy/internal.h"

#include <stdlib.h>

void index_fini(struct index *index)
{
    prefix_table_fini(&index->prefixes);
    intern_fini(&index->names);
    free(index->exact);
    free(index->suffix);
    free(index->classes);
    free(index->items);
    free(index->large);
    free(index->filed);
    pool_fini(&index->buckets);
}

static bool class_add(struct index *index, uint32_t *out)
{
    if (index->n_classes == index->room) {
        uint32_t room = index->room ? index->room * 2 : 64;
        struct class *classes = realloc(index->classes, room * sizeof *classes);

        if (!classes) {
            return false;
        }
        index->classes = classes;
        index->room = room;
    }
    index->classes[index->n_classes] = (struct class){0};
    *out = index->n_classes++;
    return true;
}

static bool fixed_classes(struct index *index)
{
    uint32_t unused;

    for (int i = 0; i < CLASS_FIXED; i++) {
        if (!class_add(index, &unused)) {
            return false;
        }
    }
    for (int role = 0; role < ROLES; role++) {
        if (!class_add(index, &index->role_class[role]) ||
            !class_add(index, &index->role_loose[role])) {
            return false;
        }
    }
    for (int set = 0; set < MAX_SETS; set++) {
        if (!class_add(index, &index->set_class[set])) {
            return false;
        }
    }
    return true;
}

/* Calls 'use' for each peer of a live row, each binding and each entry of a set. */
typedef bool peer_use(struct policy *policy, struct peer *peer,
                      const struct meaning *meaning, void *context);

static bool each_peer(struct policy *policy, peer_use *use, void *context)
{
    bool ok = true;

    for (size_t i = 0; ok && i < policy->n_rows; i++) {
        struct meaning listed = {.class = 0};
        size_t n = row_is_live(&policy->rows[i]) ? policy->peers[i].n : 0;

        for (size_t j = 0; ok && j < n; j++) {
            ok = use(policy, &policy->peers[i].at[j], &listed, context);
        }
    }
    for (unsigned role = 0; ok && role < ROLES; role++) {
        struct meaning bound = {.class = CLASS_NONE, .roles = 1u << role};

        for (size_t j = 0; ok && j < policy->bindings[role].n; j++) {
            ok = use(policy, &policy->bindings[role].at[j], &bound, context);
        }
    }
    for (size_t set = 0; ok && set < policy->n_sets; set++) {
        struct meaning held = {.class = CLASS_NONE, .sets = 1u << set};

        for (size_t j = 0; ok && j < policy->sets[set].peers.n; j++) {
            ok = use(policy, &policy->sets[set].peers.at[j], &held, context);
        }
    }
    return ok;
}

struct node_list {
    struct prefix_node *at;
    size_t n;
};

static bool count_prefix(struct policy *policy, struct peer *peer,
                         const struct meaning *meaning, void *context)
{
    struct node_list *list = context;

    (void)policy, (void)meaning;
    list->n += peer->kind == PEER_PREFIX;
    return true;
}

static bool collect_prefix(struct policy *policy, struct peer *peer,
                           const struct meaning *meaning, void *context)
{
    struct node_list *list = context;

    (void)policy;
    if (peer->kind == PEER_PREFIX) {
        list->at[list->n++] =
            (struct prefix_node){.prefix = peer->prefix, .meaning = *meaning};
    }
    return true;
}

/* The node of exactly this prefix, which is in the table. */
static uint32_t node_of(const struct prefix_table *table, const struct prefix *prefix)
{
    uint32_t node = prefix_table_find(table, &prefix->addr);

    while (table->nodes[node].prefix.bits != prefix->bits) {
        node = table->nodes[node].parent;
    }
    return node;
}

static bool number_prefix(struct policy *policy, struct peer *peer,
                          const struct meaning *meaning, void *context)
{
    (void)meaning, (void)context;
    if (peer->kind == PEER_PREFIX) {
        peer->number = node_of(&policy->index.prefixes, &peer->prefix);
    }
    return true;
}

static bool make_prefixes(struct policy *policy)
{
    struct prefix_table *table = &policy->index.prefixes;
    struct node_list list = {0};

    each_peer(policy, count_prefix, &list);
    list.at = malloc((list.n + 1) * sizeof *list.at);
    if (!list.at) {
        return false;
    }
    list.n = 0;
    each_peer(policy, collect_prefix, &list);
    if (!prefix_table_make(table, list.at, list.n)) {
        return false;
    }
    each_peer(policy, number_prefix, NULL);
    for (size_t i = 0; i < table->n_nodes; i++) {
        if (table->nodes[i].meaning.class != CLASS_NONE &&
            !class_add(&policy->index, &table->nodes[i].meaning.class)) {
            return false;
        }
    }
    return true;
}

static bool intern_name(struct policy *policy, struct peer *peer,
                        const struct meaning *meaning, void *context)
{
    (void)meaning, (void)context;
    if (peer->kind != PEER_NAME && peer->kind != PEER_SUFFIX) {
        return true;
    }
    return intern_add(&policy->index.names, peer->text, strlen(peer->text),
                      &policy->arena, &peer->number);
}

static struct meaning *meaning_of_name(struct index *index, const struct peer *peer)
{
    return peer->kind == PEER_NAME ? &index->exact[peer->number]
                                   : &index->suffix[peer->number];
}

static bool fill_name(struct policy *policy, struct peer *peer,
                      const struct meaning *meaning, void *context)
{
    (void)context;
    if (peer->kind != PEER_NAME && peer->kind != PEER_SUFFIX) {
        return true;
    }

    struct meaning *into = meaning_of_name(&policy->index, peer);
    into->roles |= meaning->roles;
    if (meaning->class != CLASS_NONE && into->class == CLASS_NONE) {
        return class_add(&policy->index, &into->class);
    }
    return true;
}

static bool make_names(struct policy *policy)
{
    struct index *index = &policy->index;

    if (!each_peer(policy, intern_name, NULL)) {
        return false;
    }
    index->exact = malloc((index->names.n + (size_t)1) * sizeof *index->exact);
    index->suffix = malloc((index->names.n + (size_t)1) * sizeof *index->suffix);
    if (!index->exact || !index->suffix) {
        return false;
    }
    for (uint32_t i = 0; i < index->names.n; i++) {
        index->exact[i] = index->suffix[i] = (struct meaning){.class = CLASS_NONE};
    }
    return each_peer(policy, fill_name, NULL);
}

/* The classes under which a peer of a row is filed: the first for those known by name,
 * prefix or role, the second for the rest.  CLASS_NONE: there is none. */
struct class_pair {
    uint32_t known, loose;
};

static struct class_pair classes_of(struct policy *policy, const struct peer *peer,
                                    bool of_site)
{
    struct index *index = &policy->index;

    switch (peer->kind) {
    case PEER_ANY:
        return (struct class_pair){CLASS_NONE, CLASS_ANY};
    case PEER_MEDIA:
        return (struct class_pair){CLASS_NONE, CLASS_MEDIA};
    case PEER_SET:
        return (struct class_pair){CLASS_NONE, index->set_class[peer->number]};
    case PEER_ROLE:
        return (struct class_pair){index->role_class[peer->number],
                                   index->role_loose[peer->number]};
    case PEER_NAME:
    case PEER_SUFFIX:
        return (struct class_pair){meaning_of_name(index, peer)->class,
                                   of_site ? CLASS_NAMELESS_SITE : CLASS_NAMELESS};
    case PEER_PREFIX:
        return (struct class_pair){index->prefixes.nodes[peer->number].meaning.class,
                                   CLASS_NONE};
    case PEER_GOOGLE_OUT: /* Resolved before. */
        break;
    }
    return (struct class_pair){CLASS_NONE, CLASS_NONE};
}

/* One range of a row, in the order of filing. */
struct to_file {
    uint32_t width, row;
    struct port_range range;
    uint8_t transports;
    bool fallback;
};

static int to_file_compare(const void *a, const void *b)
{
    const struct to_file *x = a, *y = b;

    if (x->width != y->width) {
        return x->width < y->width ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

static size_t ranges_of(const struct policy_row *row, uint32_t i, struct to_file *out)
{
    uint8_t with_ports = (uint8_t)(row->transports & (TRANSPORT_TCP | TRANSPORT_UDP));
    size_t n = 0;

    for (size_t j = 0; j < row->n_ports + row->n_fallback_ports; j++) {
        bool fallback = j >= row->n_ports;
        struct port_range range =
            fallback ? row->fallback_ports[j - row->n_ports] : row->ports[j];

        out[n++] = (struct to_file){range_width(range), i, range, with_ports, fallback};
    }
    if (row->transports & TRANSPORT_ICMP) {
        out[n++] = (struct to_file){1, i, {0, 0}, TRANSPORT_ICMP, false};
    }
    return n;
}

/* All ranges of all live rows, the narrowest first. */
static struct to_file *ranges_by_width(const struct policy *policy, size_t *n)
{
    size_t room = 1;

    for (size_t i = 0; i < policy->n_rows; i++) {
        const struct policy_row *row = &policy->rows[i];

        room += row->n_ports + row->n_fallback_ports + 1;
    }

    struct to_file *list = malloc(room * sizeof *list);
    *n = 0;
    for (size_t i = 0; list && i < policy->n_rows; i++) {
        if (row_is_live(&policy->rows[i])) {
            *n += ranges_of(&policy->rows[i], (uint32_t)i, list + *n);
        }
    }
    if (list) {
        qsort(list, *n, sizeof *list, to_file_compare);
    }
    return list;
}

/* In which ways the row can be hit. */
static uint16_t arms_of(const struct policy_row *row, unsigned transports)
{
    struct row_arm arms[4];
    size_t n = row_arms(row, arms);
    unsigned mask = 0;

    for (size_t i = 0; i < n; i++) {
        for (unsigned t = 0; t < TRANSPORTS; t++) {
            mask |= (transports >> t & 1) << arm_of(t, arms[i].opener, arms[i].end);
        }
    }
    return (uint16_t)mask;
}

/* First pass: counts the items of each class.  Second: writes them. */
static void list_item(struct index *index, uint32_t number, const struct item *item)
{
    struct class *class = &index->classes[number];

    if (index->items) {
        index->items[class->first + class->n] = *item;
    }
    class->n++;
}

static void list_range(struct policy *policy, const struct to_file *what)
{
    const struct policy_row *row = &policy->rows[what->row];
    const struct row_peers *peers = &policy->peers[what->row];
    struct item item = {what->row, what->width, what->range,
                        arms_of(row, what->transports)};
    bool of_site = row->pack >= policy->n_packs, nameless = false;

    for (size_t i = 0; i < peers->n; i++) {
        struct class_pair pair = classes_of(policy, &peers->at[i], of_site);
        bool named = peers->at[i].kind == PEER_NAME || peers->at[i].kind == PEER_SUFFIX;

        if (pair.known != CLASS_NONE) {
            list_item(&policy->index, pair.known, &item);
        }
        if (pair.loose == CLASS_NONE || what->fallback || (named && nameless)) {
            continue; /* One of a row's names stands for all, where none is known. */
        }
        nameless = nameless || named;
        list_item(&policy->index, pair.loose, &item);
    }
}

static bool make_items(struct policy *policy, const struct to_file *list, size_t n)
{
    struct index *index = &policy->index;
    size_t total = 0;

    for (size_t i = 0; i < n; i++) {
        list_range(policy, &list[i]);
    }
    for (uint32_t i = 0; i < index->n_classes; i++) {
        index->classes[i].first = (uint32_t)total;
        total += index->classes[i].n;
        index->n_large += index->classes[i].n > FEW_ITEMS;
        index->classes[i].n = 0;
    }
    if (total > MAX_FILED) {
        return false;
    }
    index->items = malloc((total + 1) * sizeof *index->items);
    for (size_t i = 0; index->items && i < n; i++) {
        list_range(policy, &list[i]);
    }
    return index->items != NULL;
}

bool index_make(struct policy *policy, struct policap_error *err)
{
    struct index *index = &policy->index;
    size_t n;

    pool_init(&index->buckets, sizeof(struct bucket), sizeof(struct bucket_key),
              MAX_FILED);
    if (!fixed_classes(index) || !make_prefixes(policy) || !make_names(policy)) {
        return no_memory(err);
    }

    struct to_file *list = ranges_by_width(policy, &n);
    bool ok = list && make_items(policy, list, n) && buckets_make(index);

    free(list);
    return ok ? true : no_memory(err);
}
