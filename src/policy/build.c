/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Building a policy: rows, bindings and sets are added, then everything is resolved.
 */
#include "policy/internal.h"

#include <stdio.h>
#include <stdlib.h>

struct policy *policy_new(void)
{
    struct policy *policy = calloc(1, sizeof *policy);

    if (policy) {
        policy->site_pack = (struct policy_pack){"site", "", "", "", NULL};
    }
    return policy;
}

void policy_free(struct policy *policy)
{
    if (!policy) {
        return;
    }
    index_fini(&policy->index);
    for (size_t i = 0; i < policy->n_sets; i++) {
        free(policy->sets[i].peers.at);
    }
    for (int role = 0; role < ROLES; role++) {
        free(policy->bindings[role].at);
    }
    intern_fini(&policy->ids);
    free(policy->id_rows);
    free(policy->rows);
    free(policy->peers);
    free(policy->packs);
    free(policy->subnets.at);
    free(policy->private_prefixes.at);
    free(policy->off);
    arena_fini(&policy->arena);
    free(policy);
}

static bool grow_rows(struct policy *policy)
{
    size_t room = policy->rows_room ? policy->rows_room * 2 : 64;
    struct policy_row *rows = realloc(policy->rows, room * sizeof *rows);

    if (!rows) {
        return false;
    }
    policy->rows = rows;

    struct row_peers *peers = realloc(policy->peers, room * sizeof *peers);
    if (!peers) {
        return false;
    }
    policy->peers = peers;
    policy->rows_room = room;
    return true;
}

/* 'field' is the pointer of the id or alias within its row. */
static bool add_id(struct policy *policy, const char *id, const char *field,
                   struct policap_error *err)
{
    uint32_t before = policy->ids.n, number;

    if (!intern_add(&policy->ids, id, strlen(id), &policy->arena, &number)) {
        return no_memory(err);
    }
    if (number < before) {
        return fail(err,
                    "%s: '%s' is already the id or an alias of row %s: choose "
                    "another",
                    field, id, policy->rows[policy->id_rows[number]].id);
    }
    if (number == policy->id_room) {
        size_t room = policy->id_room ? policy->id_room * 2 : 64;
        uint32_t *rows = realloc(policy->id_rows, room * sizeof *rows);

        if (!rows) {
            return no_memory(err);
        }
        policy->id_rows = rows;
        policy->id_room = room;
    }
    policy->id_rows[number] = (uint32_t)policy->n_rows;
    return true;
}

static const char *const *copy_texts(struct arena *arena, const char *const *texts,
                                     size_t n)
{
    const char **copy = arena_take(arena, n * sizeof *copy);

    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = arena_text(arena, texts[i]);
    }
    return copy;
}

static const struct port_range *copy_ranges(struct arena *arena,
                                            const struct port_range *ranges, size_t n)
{
    struct port_range *copy = arena_take(arena, n * sizeof *copy);

    if (copy && n > 0) {
        memcpy(copy, ranges, n * sizeof *copy);
    }
    return copy;
}

static void copy_row(struct arena *arena, struct policy_row *row)
{
    const char **texts[] = {&row->id,
                            &row->group,
                            &row->section,
                            &row->title,
                            &row->app,
                            &row->direction_printed,
                            &row->blocked_means,
                            &row->reference};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = arena_text(arena, *texts[i] ? *texts[i] : "");
    }
    row->ports = copy_ranges(arena, row->ports, row->n_ports);
    row->fallback_ports =
        copy_ranges(arena, row->fallback_ports, row->n_fallback_ports);
    row->peers = copy_texts(arena, row->peers, row->n_peers);
    row->aliases = copy_texts(arena, row->aliases, row->n_aliases);
}

static bool parse_peers(struct policy *policy, const struct policy_row *row,
                        struct row_peers *out, struct policap_error *err)
{
    struct peer *at = arena_take(&policy->arena, row->n_peers * sizeof *at);
    struct policap_error why;

    if (!at) {
        return no_memory(err);
    }
    for (size_t i = 0; i < row->n_peers; i++) {
        if (!peer_parse(row->peers[i], &policy->arena, &at[i], &why)) {
            return fail(err, "/peers/%zu: %s", i, why.text);
        }
    }
    *out = (struct row_peers){at, row->n_peers};
    return true;
}

bool policy_add_row(struct policy *policy, const struct policy_row *row,
                    struct policap_error *err)
{
    struct policy_row copy = *row;

    if (policy->n_rows >= POLICY_MAX_ROWS) {
        return fail(err, "/id: there are more than %d rows: use fewer",
                    POLICY_MAX_ROWS);
    }
    if (policy->n_rows == policy->rows_room && !grow_rows(policy)) {
        return no_memory(err);
    }
    copy_row(&policy->arena, &copy);
    if (policy->arena.failed) {
        return no_memory(err);
    }
    if (!parse_peers(policy, &copy, &policy->peers[policy->n_rows], err)) {
        return false;
    }
    policy->rows[policy->n_rows] = copy;
    if (!add_id(policy, copy.id, "/id", err)) {
        return false;
    }
    for (size_t i = 0; i < copy.n_aliases; i++) {
        char field[32];

        snprintf(field, sizeof field, "/aliases/%zu", i);
        if (!add_id(policy, copy.aliases[i], field, err)) {
            return false;
        }
    }
    policy->n_rows++;
    return true;
}

bool policy_add_binding(struct policy *policy, enum role role, const char *text,
                        struct policap_error *err)
{
    struct peer peer;

    if (!peer_parse(text, &policy->arena, &peer, err)) {
        return false;
    }
    if (peer.kind != PEER_PREFIX && peer.kind != PEER_NAME &&
        peer.kind != PEER_SUFFIX) {
        return fail(err,
                    "'%.64s' cannot be bound to a role: write addresses, prefixes, "
                    "names or suffixes",
                    text);
    }
    if (peer.kind == PEER_PREFIX) {
        policy->has_address[role] = true;
    }
    return peer_push(&policy->bindings[role], &peer) ? true : no_memory(err);
}

long set_find(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->n_sets; i++) {
        if (strcmp(policy->sets[i].name, name) == 0) {
            return (long)i;
        }
    }
    return -1;
}

bool policy_add_to_set(struct policy *policy, const char *set, const char *prefix,
                       struct policap_error *err)
{
    struct peer peer;
    long i = set_find(policy, set);

    if (!peer_parse_prefix(prefix, &peer, err)) {
        return false;
    }
    if (i < 0) {
        if (policy->n_sets == MAX_SETS) {
            return fail(err, "there are more than %d sets: use fewer", MAX_SETS);
        }
        i = (long)policy->n_sets;
        policy->sets[i].name = arena_text(&policy->arena, set);
        if (!policy->sets[i].name) {
            return no_memory(err);
        }
        policy->n_sets++;
    }
    return peer_push(&policy->sets[i].peers, &peer) ? true : no_memory(err);
}

bool policy_add_off(struct policy *policy, const char *group)
{
    const char **off = realloc(policy->off, (policy->n_off + 1) * sizeof *off);

    if (!off) {
        return false;
    }
    policy->off = off;
    off[policy->n_off] = arena_text(&policy->arena, group);
    return off[policy->n_off++] != NULL;
}

/* Replaces a reference by what it means, now that everything is known. */
static bool resolve(struct policy *policy, const struct policy_row *row,
                    struct peer *peer, struct policap_error *err)
{
    if (peer->kind == PEER_GOOGLE_OUT) {
        *peer = policy->google_out_any
                    ? (struct peer){.kind = PEER_ANY}
                    : (struct peer){.kind = PEER_SET, .text = "as15169"};
    }
    if (peer->kind == PEER_SET) {
        long set = set_find(policy, peer->text);

        if (set < 0) {
            return fail(err,
                        "row %s: no pack has the set '%.64s': name the pack that "
                        "has it, too",
                        row->id, peer->text);
        }
        peer->number = (unsigned)set;
    }
    return true;
}

static bool is_broad(const struct peer *peer)
{
    return peer->kind == PEER_ANY || peer->kind == PEER_MEDIA || peer->kind == PEER_SET;
}

static bool finish_row(struct policy *policy, size_t i, struct policap_error *err)
{
    struct policy_row *row = &policy->rows[i];
    bool broad = false, wide = false;

    for (size_t j = 0; j < policy->peers[i].n; j++) {
        struct peer *peer = &policy->peers[i].at[j];

        if (!resolve(policy, row, peer, err)) {
            return false;
        }
        broad = broad || is_broad(peer);
    }
    for (size_t j = 0; j < row->n_ports; j++) {
        wide = wide || range_width(row->ports[j]) >= WILD_PORTS;
    }
    row->wild = broad && wide;
    row->off = policy_is_off(policy, row->group);
    return true;
}

bool policy_finish(struct policy *policy, struct policap_error *err)
{
    for (size_t i = 0; i < policy->n_rows; i++) {
        if (!finish_row(policy, i, err)) {
            return false;
        }
    }
    return index_make(policy, err);
}

bool row_is_live(const struct policy_row *row)
{
    bool has_ports = row->n_ports > 0 || (row->transports & TRANSPORT_ICMP);

    return !row->off && row->need != NEED_ADVICE && row->n_peers > 0 && has_ports;
}

size_t row_arms(const struct policy_row *row, struct row_arm out[static 4])
{
    size_t n = 0;

    for (enum initiator opener = INITIATOR_DEVICE; opener <= INITIATOR_PEER; opener++) {
        unsigned responder = opener == INITIATOR_DEVICE ? END_PEER : END_DEVICE;

        if (row->initiator != INITIATOR_ANY && row->initiator != opener) {
            continue;
        }
        for (unsigned end = END_DEVICE; end <= END_PEER; end++) {
            if (row->port_side == PORT_SIDE_EITHER ||
                (row->port_side == PORT_SIDE_DEVICE && end == END_DEVICE) ||
                (row->port_side == PORT_SIDE_PEER && end == END_PEER) ||
                (row->port_side == PORT_SIDE_RESPONDER && end == responder)) {
                out[n++] = (struct row_arm){opener, end};
            }
        }
    }
    return n;
}
