/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Rows that are of no use, or that say two things.
 *
 * A row that covers another answers every question that the other one answers.  So it
 * is enough to ask one of them, and to compare with the rows that come back: the cost
 * is a question a row, not a comparison of all pairs.
 */
#include "policy/internal.h"

#include <stdio.h>
#include <stdlib.h>

struct linting {
    const struct policy *policy;
    json_t *out;
    bool failed;
};

static void say(struct linting *linting, const char *severity, const char *kind,
                size_t row, long other, const char *text)
{
    const struct policy *policy = linting->policy;
    json_t *o = json_pack("{ss ss ss ss? ss}", "severity", severity, "kind", kind,
                          "row", policy->rows[row].id, "other",
                          other < 0 ? NULL : policy->rows[other].id, "text", text);

    if (!o || json_array_append_new(linting->out, o) != 0) {
        linting->failed = true;
    }
}

static bool same_peer(const struct peer *a, const struct peer *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case PEER_ROLE:
    case PEER_SET:
        return a->number == b->number;
    case PEER_NAME:
    case PEER_SUFFIX:
        return strcmp(a->text, b->text) == 0;
    case PEER_PREFIX:
        return a->prefix.bits == b->prefix.bits &&
               addr_equal(&a->prefix.addr, &b->prefix.addr);
    case PEER_ANY:
    case PEER_MEDIA:
    case PEER_GOOGLE_OUT:
        break;
    }
    return true;
}

static bool has_peers_of(const struct row_peers *whole, const struct row_peers *part)
{
    for (size_t i = 0; i < part->n; i++) {
        size_t j = 0;

        while (j < whole->n && !same_peer(&whole->at[j], &part->at[i])) {
            j++;
        }
        if (j == whole->n) {
            return false;
        }
    }
    return true;
}

/* Each range of 'part' within one of 'whole' that is no wider than it: so an equal one.
 */
static bool has_ranges_of(const struct port_range *whole, size_t n_whole,
                          const struct port_range *part, size_t n_part)
{
    for (size_t i = 0; i < n_part; i++) {
        size_t j = 0;

        while (j < n_whole &&
               (whole[j].low != part[i].low || whole[j].high != part[i].high)) {
            j++;
        }
        if (j == n_whole) {
            return false;
        }
    }
    return true;
}

static bool covers(const struct policy *policy, size_t whole, size_t part)
{
    const struct policy_row *a = &policy->rows[whole], *b = &policy->rows[part];

    return (b->transports & ~a->transports) == 0 && a->port_side == b->port_side &&
           (a->initiator == INITIATOR_ANY || a->initiator == b->initiator) &&
           has_peers_of(&policy->peers[whole], &policy->peers[part]) &&
           has_ranges_of(a->ports, a->n_ports, b->ports, b->n_ports) &&
           has_ranges_of(a->fallback_ports, a->n_fallback_ports, b->fallback_ports,
                         b->n_fallback_ports);
}

/* A question that a peer of the row should answer. */
static bool question_of(const struct policy *policy, const struct peer *peer,
                        char *name, size_t room, struct policy_question *q)
{
    static const uint8_t elsewhere[4] = {192, 0, 2, 1}; /* RFC 5737. */

    q->peer = addr_from_v4(elsewhere);
    q->names[0] = name;
    switch (peer->kind) {
    case PEER_NAME:
    case PEER_SUFFIX:
        snprintf(name, room, "%s%s", peer->kind == PEER_SUFFIX ? "a." : "", peer->text);
        q->n_names = 1;
        return true;
    case PEER_PREFIX:
        q->peer = peer->prefix.addr;
        return true;
    case PEER_ROLE:
        q->roles_given = 1u << peer->number;
        return true;
    case PEER_SET:
        if (policy->sets[peer->number].peers.n == 0) {
            return false;
        }
        q->peer = policy->sets[peer->number].peers.at[0].prefix.addr;
        return true;
    case PEER_ANY:
    case PEER_MEDIA:
    case PEER_GOOGLE_OUT:
        break;
    }
    return true;
}

/* The first row that answers a question of row 'self', too, and covers it; -1: none. */
static long rival_of(const struct policy *policy, size_t self)
{
    const struct policy_row *row = &policy->rows[self];
    struct row_arm arms[4];
    struct policy_match out[POLICY_MAX_ANSWERS];
    char name[NAME_MAX_LEN + 3];
    unsigned lowest = row->transports & (~row->transports + 1);
    struct policy_question q = {.transport = (uint8_t)lowest};

    row_arms(row, arms);
    if (!question_of(policy, &policy->peers[self].at[0], name, sizeof name, &q)) {
        return -1;
    }
    q.initiator = (uint8_t)arms[0].opener;
    q.device_port = q.peer_port = row->n_ports > 0 ? row->ports[0].low : 0;

    size_t n = policy_ask(policy, &q, out);
    for (size_t i = 0; i < n; i++) {
        if (out[i].row != self && covers(policy, out[i].row, self)) {
            return out[i].row;
        }
    }
    return -1;
}

static void lint_overlap(struct linting *linting, size_t i)
{
    const struct policy *policy = linting->policy;
    const struct policy_row *row = &policy->rows[i];
    long other = rival_of(policy, i);

    if (other < 0) {
        return;
    }

    const struct policy_row *rival = &policy->rows[other];
    if (!covers(policy, i, (size_t)other)) {
        if ((size_t)other < i) {
            say(linting, "note", "shadowed", i, other,
                "the other row matches all that this one does, and comes first");
        }
    } else if ((size_t)other < i &&
               (rival->need != row->need || rival->judge_by != row->judge_by)) {
        say(linting, "note", "conflicting", i, other,
            "both rows match the same, and differ in need or judge_by");
    } else if ((size_t)other < i) {
        say(linting, "note", "redundant", i, other, "both rows match the same");
    }
}

/* Rows that their authors meant to match, and that cannot. */
static void lint_reach(struct linting *linting, size_t i)
{
    const struct policy_row *row = &linting->policy->rows[i];
    const struct row_peers *peers = &linting->policy->peers[i];
    size_t empty = 0;

    if (row->need == NEED_ADVICE || (row->n_ports == 0 && row->n_peers == 0)) {
        return; /* It says something, and matches nothing. */
    }
    if (row->n_peers == 0) {
        say(linting, "warning", "unreachable", i, -1, "it has ports and no peers");
    } else if (row->n_ports == 0 && !(row->transports & TRANSPORT_ICMP)) {
        say(linting, "warning", "unreachable", i, -1, "it has peers and no ports");
    }
    for (size_t j = 0; j < peers->n; j++) {
        const struct peer *peer = &peers->at[j];

        empty +=
            peer->kind == PEER_SET && linting->policy->sets[peer->number].peers.n == 0;
    }
    if (peers->n > 0 && empty == peers->n) {
        say(linting, "warning", "unreachable", i, -1, "its sets hold no prefix");
    }
}

json_t *policy_lint(const struct policy *policy)
{
    struct linting linting = {.policy = policy, .out = json_array()};

    for (size_t i = 0; linting.out && i < policy->n_rows; i++) {
        lint_reach(&linting, i);
        if (row_is_live(&policy->rows[i])) {
            lint_overlap(&linting, i);
        }
    }
    if (linting.failed) {
        json_decref(linting.out);
        linting.out = NULL;
    }
    return linting.out;
}
