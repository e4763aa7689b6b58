/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The same answers as the index gives, by looking at every row: the oracle of its
 * tests. It knows the rules of policy.h and nothing of the index.
 */
#include "policy/internal.h"

static bool suffix_fits(const char *name, const char *suffix)
{
    const char *dot = name;

    while (*name != '\0' && (dot = strchr(dot + 1, '.')) != NULL) {
        if (strcmp(dot + 1, suffix) == 0) {
            return true;
        }
    }
    return false;
}

/* Holds a name or a suffix against the names of the question. */
static bool name_fits(const struct peer *peer, const struct policy_question *q,
                      struct policy_match *m)
{
    for (size_t i = 0; i < q->n_names; i++) {
        bool exact = peer->kind == PEER_NAME;

        if (strlen(q->names[i]) > NAME_MAX_LEN) {
            continue;
        }
        if (exact ? strcmp(peer->text, q->names[i]) == 0
                  : suffix_fits(q->names[i], peer->text)) {
            *m = (struct policy_match){.via = exact ? MATCH_NAME : MATCH_SUFFIX,
                                       .name = (uint8_t)i,
                                       .detail = (uint16_t)strlen(peer->text)};
            return true;
        }
    }
    return false;
}

/* The best binding of the role that fits. */
static bool role_known(const struct policy *policy, unsigned role,
                       const struct policy_question *q, struct policy_match *m)
{
    bool found = (q->roles_given >> role & 1) != 0;

    *m = (struct policy_match){.via = MATCH_ROLE, .detail = found ? 128 : 0};
    for (size_t i = 0; i < policy->bindings[role].n; i++) {
        const struct peer *peer = &policy->bindings[role].at[i];
        struct policy_match one = {.via = MATCH_ROLE, .detail = peer->prefix.bits};

        if (peer->kind == PEER_PREFIX) {
            if (!prefix_contains(&peer->prefix, &q->peer)) {
                continue;
            }
        } else if (name_fits(peer, q, &one)) {
            one.detail = one.via == MATCH_NAME ? 128
                         : one.detail < 127    ? one.detail
                                               : 127;
            one.via = MATCH_ROLE;
        } else {
            continue;
        }
        if (!found || match_compare(&one, m) < 0) {
            *m = one;
        }
        found = true;
    }
    return found;
}

static bool role_fits(const struct policy *policy, unsigned role,
                      const struct policy_question *q, struct policy_match *m)
{
    if (role_known(policy, role, q, m)) {
        return true;
    }
    *m = (struct policy_match){.via = MATCH_ANY};
    if (policy->bindings[role].n == 0) {
        if (role != ROLE_DNS_SERVER && role != ROLE_DHCP_SERVER &&
            role != ROLE_NTP_SERVER) {
            m->via = MATCH_PORT_ONLY;
        }
        return true;
    }

    bool group = addr_is_group(&q->peer);
    if ((role == ROLE_DHCP_SERVER && group) ||
        (role == ROLE_NTP_SERVER && !group && !policy_is_inside(policy, &q->peer))) {
        return true;
    }
    m->via = MATCH_PORT_ONLY;
    for (size_t i = 0; i < policy->bindings[role].n; i++) {
        if (policy->bindings[role].at[i].kind == PEER_PREFIX) {
            return false;
        }
    }
    return q->n_names == 0;
}

static bool set_fits(const struct prefix_set *set, const struct policy_question *q,
                     struct policy_match *m)
{
    bool found = false;

    for (size_t i = 0; i < set->peers.n; i++) {
        const struct prefix *prefix = &set->peers.at[i].prefix;

        if (prefix_contains(prefix, &q->peer) && (!found || prefix->bits > m->detail)) {
            *m = (struct policy_match){.via = MATCH_SET, .detail = prefix->bits};
            found = true;
        }
    }
    return found;
}

bool linear_peer_fits(const struct policy *policy, const struct policy_row *row,
                      const struct peer *peer, const struct policy_question *q,
                      struct policy_match *m)
{
    switch (peer->kind) {
    case PEER_ROLE:
        return role_fits(policy, peer->number, q, m);
    case PEER_SET:
        return set_fits(&policy->sets[peer->number], q, m);
    case PEER_PREFIX:
        *m = (struct policy_match){.via = MATCH_PREFIX, .detail = peer->prefix.bits};
        return prefix_contains(&peer->prefix, &q->peer);
    case PEER_NAME:
    case PEER_SUFFIX:
        if (q->n_names > 0) {
            return name_fits(peer, q, m);
        }
        *m = (struct policy_match){.via = MATCH_PORT_ONLY};
        return row->pack >= policy->n_packs || !policy_is_inside(policy, &q->peer);
    case PEER_MEDIA:
        *m = (struct policy_match){.via = MATCH_PORT_ONLY};
        return true;
    case PEER_ANY:
    case PEER_GOOGLE_OUT:
        *m = (struct policy_match){.via = MATCH_ANY};
        return true;
    }
    return false;
}

static bool range_holds(struct port_range range, unsigned port)
{
    return range.low <= port && port <= range.high;
}

/* Does the range lie at the right end, whoever may have opened the flow? */
static bool range_fits(const struct policy_row *row, struct port_range range,
                       const struct policy_question *q)
{
    bool device = range_holds(range, q->device_port);
    bool peer = range_holds(range, q->peer_port);

    if (row->port_side != PORT_SIDE_RESPONDER) {
        return (device && row->port_side != PORT_SIDE_PEER) ||
               (peer && row->port_side != PORT_SIDE_DEVICE);
    }
    return (peer && row->initiator != INITIATOR_PEER &&
            q->initiator != INITIATOR_PEER) ||
           (device && row->initiator != INITIATOR_DEVICE &&
            q->initiator != INITIATOR_DEVICE);
}

uint32_t linear_ports_fit(const struct policy_row *row, const struct policy_question *q,
                          bool known)
{
    size_t n = row->n_ports + (known ? row->n_fallback_ports : 0);
    uint32_t width = 0;

    if (q->transport == TRANSPORT_ICMP) {
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        struct port_range range =
            i < row->n_ports ? row->ports[i] : row->fallback_ports[i - row->n_ports];

        if (range_fits(row, range, q) && (width == 0 || range_width(range) < width)) {
            width = range_width(range);
        }
    }
    return width;
}

static bool row_may_fit(const struct policy_row *row, const struct policy_question *q)
{
    return !row->off && row->need != NEED_ADVICE && (row->transports & q->transport) &&
           (row->initiator == INITIATOR_ANY || q->initiator == INITIATOR_ANY ||
            row->initiator == q->initiator);
}

size_t policy_ask_linear(const struct policy *policy,
                         const struct policy_question *question,
                         struct policy_match out[static POLICY_MAX_ANSWERS])
{
    struct policy_question q = *question;
    struct answer answer = {out, 0};

    q.peer = addr_of_nat64(&q.peer);
    for (size_t i = 0; i < policy->n_rows; i++) {
        if (!row_may_fit(&policy->rows[i], &q)) {
            continue;
        }
        for (size_t j = 0; j < policy->peers[i].n; j++) {
            struct policy_match m;

            if (linear_peer_fits(policy, &policy->rows[i], &policy->peers[i].at[j], &q,
                                 &m)) {
                m.row = (uint32_t)i;
                m.width = linear_ports_fit(&policy->rows[i], &q, m.via <= MATCH_SUFFIX);
                if (m.width > 0) {
                    answer_add(&answer, &m);
                }
            }
        }
    }
    return answer.n;
}
