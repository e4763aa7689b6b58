/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Why a row fits a question or not, in words: for a person who asks why one won.
 *
 * Each part of a row is held against the question in turn: in use, transport, opener,
 * ports, peer.  It is the oracle's way (linear.c), so the answer is the classifier's.
 */
#include "policy/internal.h"

#include <stdio.h>

static const char *const via_words[] = {
    [MATCH_ROLE] = "its role",
    [MATCH_PREFIX] = "a prefix that the row lists",
    [MATCH_NAME] = "a name that the row lists",
    [MATCH_SUFFIX] = "a suffix that the row lists",
    [MATCH_SET] = "a prefix list",
    [MATCH_ANY] = "any peer being allowed",
    [MATCH_PORT_ONLY] = "its port alone",
};

const char *match_via_name(enum match_via via)
{
    static const char *const names[] = {
        [MATCH_ROLE] = "role",      [MATCH_PREFIX] = "prefix", [MATCH_NAME] = "name",
        [MATCH_SUFFIX] = "suffix",  [MATCH_SET] = "set",       [MATCH_ANY] = "any",
        [MATCH_PORT_ONLY] = "port",
    };

    return names[via];
}

static void ports_text(const struct policy_row *row, char *out, size_t room)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < row->n_ports && len < room; i++) {
        const struct port_range *p = &row->ports[i];
        int n = snprintf(out + len, room - len, p->low == p->high ? "%s%u" : "%s%u-%u",
                         i ? "," : "", p->low, p->high);

        len += n > 0 ? (size_t)n : 0;
    }
}

static void peers_text(const struct policy_row *row, char *out, size_t room)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < row->n_peers && len < room; i++) {
        int n = snprintf(out + len, room - len, "%s%s", i ? ", " : "", row->peers[i]);

        len += n > 0 ? (size_t)n : 0;
    }
}

static bool try_use(const struct policy_row *row, struct policy_trial *trial)
{
    const char *why = row->off                   ? "the site file switches it off"
                      : row->need == NEED_ADVICE ? "it is a recommendation, no traffic"
                      : row->n_peers == 0        ? "it has no peers"
                      : row->n_ports == 0        ? "it has no ports"
                                                 : NULL;

    if (why) {
        trial->failed = TRIAL_USE;
        snprintf(trial->why, sizeof trial->why, "%s", why);
    }
    return !why;
}

static bool try_transport(const struct policy_row *row, const struct policy_question *q,
                          struct policy_trial *trial)
{
    if (!(row->transports & q->transport)) {
        trial->failed = TRIAL_TRANSPORT;
        snprintf(trial->why, sizeof trial->why, "it is not of %s",
                 q->transport == TRANSPORT_TCP ? "TCP" : "UDP");
        return false;
    }
    return true;
}

/* At which end the row's ports are, in words. */
static const char *side_text(const struct policy_row *row)
{
    switch (row->port_side) {
    case PORT_SIDE_DEVICE:
        return "at the phone's end";
    case PORT_SIDE_PEER:
        return "at the peer's end";
    case PORT_SIDE_EITHER:
        return "at either end";
    case PORT_SIDE_RESPONDER:
        break;
    }
    return "at the end that did not open the flow";
}

static bool try_ports(const struct policy_row *row, const struct policy_question *q,
                      struct policy_trial *trial)
{
    char ports[96];

    if (linear_ports_fit(row, q, true) > 0) {
        return true;
    }
    ports_text(row, ports, sizeof ports);
    trial->failed = TRIAL_PORTS;
    snprintf(trial->why, sizeof trial->why,
             "its ports are %.90s %s; here the phone's is %u, the peer's %u", ports,
             side_text(row), q->device_port, q->peer_port);
    return false;
}

static bool try_opener(const struct policy_row *row, const struct policy_question *q,
                       struct policy_trial *trial)
{
    if (row->initiator == INITIATOR_ANY || q->initiator == INITIATOR_ANY ||
        row->initiator == q->initiator) {
        return true;
    }
    trial->failed = TRIAL_OPENER;
    snprintf(trial->why, sizeof trial->why, "only the %s opens its flows",
             row->initiator == INITIATOR_DEVICE ? "phone" : "peer");
    return false;
}

static bool try_peer(const struct policy *policy, size_t i,
                     const struct policy_question *q, struct policy_trial *trial)
{
    const struct policy_row *row = &policy->rows[i];
    char peers[120];
    bool known_only = false;

    for (size_t k = 0; k < policy->peers[i].n; k++) {
        struct policy_match m;

        if (!linear_peer_fits(policy, row, &policy->peers[i].at[k], q, &m)) {
            continue;
        }
        m.row = (uint32_t)i;
        m.width = linear_ports_fit(row, q, m.via <= MATCH_SUFFIX);
        known_only |= m.width == 0;
        if (m.width > 0 && (!trial->fits || match_compare(&m, &trial->match) < 0)) {
            trial->fits = true;
            trial->match = m;
            trial->peer = row->peers[k];
        }
    }
    if (trial->fits) {
        return true;
    }
    trial->failed = TRIAL_PEER;
    peers_text(row, peers, sizeof peers);
    if (known_only) {
        snprintf(trial->why, sizeof trial->why,
                 "its fallback port counts only for a peer that is known by role, "
                 "prefix or name");
    } else {
        snprintf(trial->why, sizeof trial->why, "the peer is none of: %.110s", peers);
    }
    return false;
}

static void say_match(const struct policy_question *q, struct policy_trial *trial)
{
    const struct policy_match *m = &trial->match;
    char name[100] = "";

    if (m->via == MATCH_NAME || m->via == MATCH_SUFFIX) {
        snprintf(name, sizeof name, " (%.80s)", q->names[m->name]);
    }
    snprintf(trial->why, sizeof trial->why, "the peer by %s, %.60s%s; %u port%s",
             via_words[m->via], trial->peer, name, m->width, m->width == 1 ? "" : "s");
}

void policy_try(const struct policy *policy, size_t row,
                const struct policy_question *question, struct policy_trial *out)
{
    const struct policy_row *r = &policy->rows[row];
    struct policy_question q = *question;

    q.peer = addr_of_nat64(&q.peer);
    memset(out, 0, sizeof *out);
    out->row = (uint32_t)row;
    if (try_use(r, out) && try_transport(r, &q, out) && try_ports(r, &q, out) &&
        try_opener(r, &q, out) && try_peer(policy, row, &q, out)) {
        out->failed = TRIAL_NONE;
        say_match(&q, out);
    }
}

const char *policy_why_before(const struct policy_match *a,
                              const struct policy_match *b)
{
    bool broad_a = a->width >= WILD_PORTS, broad_b = b->width >= WILD_PORTS;

    if ((a->via == MATCH_PORT_ONLY) != (b->via == MATCH_PORT_ONLY)) {
        return "a peer that is known goes before a port alone";
    }
    if ((a->via == MATCH_SET || a->via == MATCH_ANY || b->via == MATCH_SET ||
         b->via == MATCH_ANY) &&
        broad_a != broad_b) {
        return "a prefix list or any peer on a wide range of ports is the last resort";
    }
    if (a->via != b->via) {
        return "role goes before prefix, prefix before name, name before suffix, "
               "suffix "
               "before prefix list, prefix list before any peer";
    }
    if (a->detail != b->detail) {
        return "the narrower name or prefix goes first";
    }
    if (a->width != b->width) {
        return "the narrower range of ports goes first";
    }
    return "both fit alike, and the one that stands first in the packs goes first";
}
