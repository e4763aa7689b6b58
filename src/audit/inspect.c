/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Gathering what an inspection counts, and which rows the capture can judge.
 */
#include "audit/inspect_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double ns_per_s = 1e9;

const char *inspect_kind_name(enum inspect_kind kind)
{
    static const char *const names[INSPECT_KINDS] = {
        [INSPECT_GOOD] = "good",         [INSPECT_LIMITED] = "limited",
        [INSPECT_LOSSY] = "lossy",       [INSPECT_CUT] = "cut",
        [INSPECT_DOUBLED] = "doubled",   [INSPECT_ONE_WAY] = "one-direction",
        [INSPECT_NO_PHONE] = "no-phone", [INSPECT_HIDDEN] = "hidden",
        [INSPECT_EMPTY] = "empty",
    };

    return names[kind];
}

static void count_captures(struct inspection *in)
{
    const struct tally *tally = in->judgement->tally;

    for (size_t i = 0; i < tally->n_captures; i++) {
        const struct tally_capture *c = &tally->captures[i];

        in->packets += c->packets;
        in->bytes += c->bytes;
        in->cut_packets += c->snaplen_cut_packets;
        in->dropped += c->dropped;
        in->copies += c->copies;
        for (size_t k = 0; k < DECODE_RESULTS; k++) {
            in->undecoded[k] += c->undecoded[k];
        }
        for (size_t k = 0; k < ENCAPS; k++) {
            in->encap[k] += c->encap[k];
        }
    }
}

/* Windows are sorted by source, then time; those of one source do not overlap. */
static void find_holes(struct inspection *in)
{
    const struct tally *tally = in->judgement->tally;

    for (size_t i = 0; i < tally->n_windows; i++) {
        const struct window *w = &tally->windows[i];
        const struct window *before = i > 0 ? w - 1 : NULL;

        if (w->last_ns - w->first_ns > in->window_ns) {
            in->window_ns = w->last_ns - w->first_ns;
        }
        if (before && before->source == w->source && in->n_holes < INSPECT_HOLES) {
            in->holes[in->n_holes++] = (struct window){.source = w->source,
                                                       .first_ns = before->last_ns,
                                                       .last_ns = w->first_ns};
        }
    }
}

static void vlan_add(struct inspect_vlans *vlans, uint16_t id)
{
    size_t i = 0;

    while (i < vlans->n && vlans->ids[i] < id) {
        i++;
    }
    if ((i < vlans->n && vlans->ids[i] == id) || vlans->n == INSPECT_VLANS) {
        return;
    }
    memmove(vlans->ids + i + 1, vlans->ids + i, (vlans->n - i) * sizeof *vlans->ids);
    vlans->ids[i] = id;
    vlans->n++;
}

/* Is it the other end of what a phone did? */
static bool is_peer(const struct judging *j, const struct addr *addr)
{
    for (size_t i = 0; i < j->n_attempts; i++) {
        if (addr_equal(&j->attempts[i].peer, addr)) {
            return true;
        }
    }
    return false;
}

/* VLANs of what phones sent, and of what came to them. */
static void find_vlans(struct inspection *in)
{
    const struct judging *j = in->judgement->judging;
    const struct pool *hosts = &in->judgement->tally->hosts;

    for (uint32_t i = 0; i < hosts->n; i++) {
        const struct host *host = pool_at(hosts, i);

        if (mac_is_zero(&host->key.mac)) {
            continue;
        }
        if (device_at(j, &host->key.addr, host->last_ns) >= 0) {
            vlan_add(&in->phone_vlans, host->key.vlan);
        } else if (in->peer_vlans.n < INSPECT_VLANS && is_peer(j, &host->key.addr)) {
            vlan_add(&in->peer_vlans, host->key.vlan);
        }
    }
}

static void find_subnets(struct inspection *in)
{
    for (size_t i = 0; i < in->judgement->n_suspects; i++) {
        struct prefix subnet =
            subnet_of(in->judgement->judging, &in->judgement->suspects[i]);
        size_t k = 0;

        while (k < in->n_subnets &&
               memcmp(&in->subnets[k], &subnet, sizeof subnet) != 0) {
            k++;
        }
        if (k == in->n_subnets && k < FINDING_IPS) {
            in->subnets[in->n_subnets++] = subnet;
        }
    }
}

/* --- rows --- */

/* The role that keeps a row from being more than a candidate, or NULL. */
static const char *unbound_role(const struct policy *policy,
                                const struct policy_row *row)
{
    for (size_t i = 0; i < row->n_peers; i++) {
        for (unsigned r = 0; r < ROLES; r++) {
            const char *name = role_name((enum role)r);
            bool open =
                r == ROLE_DNS_SERVER || r == ROLE_DHCP_SERVER || r == ROLE_NTP_SERVER;

            if (!open && strncmp(row->peers[i], "role:", 5) == 0 &&
                strcmp(row->peers[i] + 5, name) == 0 &&
                !policy_role_bound(policy, (enum role)r)) {
                return name;
            }
        }
    }
    return NULL;
}

size_t inspect_duration(double s, char *out, size_t room)
{
    if (s >= 2 * 3600) {
        return (size_t)snprintf(out, room, "%.0f h", s / 3600);
    }
    return (size_t)snprintf(out, room, s >= 120 ? "%.0f min" : "%.0f s",
                            s >= 120 ? s / 60 : s);
}

static void why_not_seen(const struct inspection *in, const struct policy_row *row,
                         struct inspect_row *out)
{
    const char *role = unbound_role(in->judgement->policy, row);
    double window_s = (double)in->window_ns / ns_per_s;
    char need[32], have[32];

    if (in->judgement->n_devices == 0) {
        snprintf(out->why, sizeof out->why, "no phone was found");
    } else if (row->needs_window_s > window_s) {
        inspect_duration(row->needs_window_s, need, sizeof need);
        inspect_duration(window_s, have, sizeof have);
        snprintf(out->why, sizeof out->why,
                 "not seen, and phones do it only every %s: this window has %s", need,
                 have);
    } else {
        snprintf(out->why, sizeof out->why, "no phone used it%s%s%s",
                 role ? "; besides, the site file binds no " : "", role ? role : "",
                 "");
    }
}

static void row_inspect(const struct inspection *in, const struct coverage *coverage,
                        struct inspect_row *out)
{
    const struct policy *policy = in->judgement->policy;
    const struct policy_row *row = policy_row(policy, coverage->row);
    const char *role = unbound_role(policy, row);

    out->row = coverage->row;
    switch (coverage->state) {
    case STATE_NOT_SEEN:
        why_not_seen(in, row, out);
        break;
    case STATE_HIDDEN:
        snprintf(out->why, sizeof out->why, "a tunnel of the phone hides it");
        break;
    case STATE_UNJUDGED:
        snprintf(out->why, sizeof out->why,
                 "seen, but too little of it: joined in its middle, never answered by "
                 "design, or a mirror that does not carry the answers");
        break;
    case STATE_PENDING:
        snprintf(out->why, sizeof out->why,
                 "the capture ended before the %g s were over in which an answer may "
                 "come",
                 row->wait_s);
        break;
    case STATE_CANDIDATE:
        if (role) {
            snprintf(out->why, sizeof out->why,
                     "the site file binds no %s, so who is asked is not proved", role);
        } else {
            snprintf(out->why, sizeof out->why,
                     "only the port fits: no name or address proves who the peer is");
        }
        break;
    default:
        out->judged = true;
        break;
    }
}

static bool rows_inspect(struct inspection *in)
{
    const struct judgement *judgement = in->judgement;

    in->rows = calloc(judgement->n_coverage + 1, sizeof *in->rows);
    for (size_t i = 0; in->rows && i < judgement->n_coverage; i++) {
        const struct coverage *coverage = &judgement->coverage[i];
        const struct policy_row *row = policy_row(judgement->policy, coverage->row);

        if (!row->off && row->need != NEED_ADVICE && row->n_ports > 0 &&
            strcmp(row->group, "background") != 0) {
            row_inspect(in, coverage, &in->rows[in->n_rows++]);
        }
    }
    return in->rows;
}

struct inspection *inspect(const struct judgement *judgement)
{
    struct inspection *in = calloc(1, sizeof *in);

    if (!in) {
        return NULL;
    }
    in->judgement = judgement;
    for (size_t i = 0; i < judgement->n_scopes; i++) {
        in->heard += judgement->scopes[i].heard;
        in->spoken += judgement->scopes[i].spoken;
    }
    count_captures(in);
    find_holes(in);
    find_vlans(in);
    find_subnets(in);
    inspect_notes(in);
    if (!rows_inspect(in)) {
        inspection_free(in);
        return NULL;
    }
    return in;
}

void inspection_free(struct inspection *in)
{
    if (in) {
        free(in->rows);
        free(in);
    }
}
