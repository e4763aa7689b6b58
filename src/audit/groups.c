/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Attempts of one phone that stand for each other (DESIGN 3.4).
 *
 * Attempts are sorted into groups by what their row says (a name, a role, or a group of
 * rows), and within a group into lanes: one transport, port and peer address.  A lane
 * fails for good if no success follows a failure within the group's time.  If all lanes
 * fail the group is blocked; if some do, it is degraded, unless the others are what the
 * phone falls back to by design.
 */
#include "audit/judging.h"

#include <stdlib.h>
#include <string.h>

enum { PROTO_TCP = 6, PROTO_UDP = 17, PORT_DNS = 53, PORT_HTTPS = 443 };

static int group_cmp(const struct judging *j, const struct attempt *a,
                     const struct attempt *b)
{
    const struct policy_row *x = policy_row(j->policy, a->rows[0]);
    const struct policy_row *y = policy_row(j->policy, b->rows[0]);
    int order;

    if (a->device != b->device) {
        return a->device < b->device ? -1 : 1;
    }
    if (a->verdict != b->verdict) {
        return a->verdict < b->verdict ? -1 : 1;
    }
    if ((x->judge_by == JUDGE_BY_GROUP) != (y->judge_by == JUDGE_BY_GROUP)) {
        return x->judge_by == JUDGE_BY_GROUP ? -1 : 1;
    }
    if (x->judge_by == JUDGE_BY_GROUP) {
        return strcmp(x->group, y->group);
    }
    if ((order = strcmp(x->id, y->id)) != 0) {
        return order;
    }
    if (x->judge_by != JUDGE_BY_NAME) {
        return 0;
    }
    if ((order = name_cmp(a->peer_name, b->peer_name)) != 0) {
        return order;
    }
    return a->peer_name ? 0 : addr_cmp(&a->peer, &b->peer);
}

static int lane_cmp(const struct attempt *a, const struct attempt *b)
{
    int order = addr_cmp(&a->peer, &b->peer);

    if (a->cell->key.proto != b->cell->key.proto) {
        return a->cell->key.proto < b->cell->key.proto ? -1 : 1;
    }
    if (a->port != b->port) {
        return a->port < b->port ? -1 : 1;
    }
    return order;
}

static int attempt_cmp(const void *a, const void *b, void *context)
{
    const struct attempt *x = *(const struct attempt *const *)a;
    const struct attempt *y = *(const struct attempt *const *)b;
    int order = group_cmp(context, x, y);

    if (order == 0) {
        order = lane_cmp(x, y);
    }
    if (order == 0 && x->cell->first_ns != y->cell->first_ns) {
        order = x->cell->first_ns < y->cell->first_ns ? -1 : 1;
    }
    return order != 0 ? order : x < y ? -1 : x > y;
}

static bool is_v6(const struct lane *lane)
{
    return !addr_is_v4(&lane->attempts[0]->peer);
}

/* Does 'other' work where the phone falls back to it from 'bad' by design? */
static bool is_fallback(const struct lane *bad, const struct lane *other)
{
    const struct attempt *a = bad->attempts[0], *b = other->attempts[0];
    bool quic = a->cell->key.proto == 17 && a->port == PORT_HTTPS;

    if (!other->ok || other->bad || b->cell->key.proto != 6) {
        return false;
    }
    if (quic) {
        return b->port == PORT_HTTPS;
    }
    return is_v6(bad) && !is_v6(other) && a->port == b->port &&
           name_cmp(a->peer_name, b->peer_name) == 0;
}

static bool has_fallback(const struct lane *lanes, size_t n, const struct lane *bad)
{
    for (size_t i = 0; i < n; i++) {
        if (is_fallback(bad, &lanes[i])) {
            return true;
        }
    }
    return false;
}

static enum finding_kind kind_of(const struct result *result, bool degraded)
{
    if (degraded) {
        return KIND_DEGRADED;
    }
    switch (result->outcome) {
    case OUTCOME_REFUSED:
        return KIND_REFUSED;
    case OUTCOME_NO_ANSWER:
        return KIND_NO_ANSWER;
    case OUTCOME_INTERCEPTED:
        return KIND_INTERCEPTED;
    default:
        return KIND_BLOCKED;
    }
}

static enum row_state state_of(enum finding_kind kind)
{
    switch (kind) {
    case KIND_DEGRADED:
        return STATE_DEGRADED;
    case KIND_REFUSED:
        return STATE_REFUSED;
    case KIND_NO_ANSWER:
        return STATE_NO_ANSWER;
    case KIND_INTERCEPTED:
        return STATE_INTERCEPTED;
    default:
        return STATE_BLOCKED;
    }
}

/* Runs of attempts with one result. */
static void add_episodes(struct finding *finding, const struct lane *lane)
{
    for (size_t i = 0; i < lane->n; i++) {
        const struct attempt *a = lane->attempts[i];
        struct episode *last =
            finding->n_episodes ? &finding->episodes[finding->n_episodes - 1] : NULL;
        enum outcome outcome =
            a == lane->bad ? lane->result.outcome : a->result.outcome;

        if (outcome != OUTCOME_OK && !outcome_is_bad(outcome)) {
            outcome = lane->result.outcome; /* Part of the failure that was called. */
        }
        if (last &&
            (last->outcome == outcome || finding->n_episodes == FINDING_EPISODES)) {
            last->to_ns =
                a->cell->last_ns > last->to_ns ? a->cell->last_ns : last->to_ns;
            last->attempts += a->cell->attempts;
        } else {
            finding->episodes[finding->n_episodes++] = (struct episode){
                a->cell->first_ns, a->cell->last_ns, outcome, a->cell->attempts};
        }
    }
}

static bool same_result(const struct result *a, const struct result *b)
{
    return a->outcome == b->outcome && a->cause == b->cause && a->has_by == b->has_by &&
           addr_equal(&a->by, &b->by);
}

/* Does the attempt belong to the failure that 'result' tells: the same failure, or one
 * that can not be told by itself? */
static bool is_part_of(const struct attempt *a, const struct result *result)
{
    return !outcome_is_bad(a->result.outcome) ? a->result.outcome != OUTCOME_OK
                                              : same_result(&a->result, result);
}

/* The finding of one failure of a lane. */
static void failure_report(struct judging *j, const struct lane *lane,
                           const struct attempt *bad, const struct result *result,
                           bool degraded)
{
    enum finding_kind kind = kind_of(result, degraded);
    bool certain = bad->verdict == CLAIM_DOCUMENTED;
    struct finding *f = finding_new(
        j, kind, certain || bad->n_rows == 1 ? (long)bad->rows[0] : -1, bad->device);

    if (!f) {
        return;
    }
    f->outcome = result->outcome;
    f->cause = result->cause;
    f->missing = result->missing;
    f->confidence = certain ? result->confidence : CONFIDENCE_LOW;
    f->has_by = result->has_by;
    f->by = result->by;
    f->resolved = lane->resolved;
    finding_add_attempt(j, f, bad);
    for (size_t i = 0; i < lane->n; i++) {
        if (lane->attempts[i] != bad && is_part_of(lane->attempts[i], result)) {
            finding_add_attempt(j, f, lane->attempts[i]);
        }
    }
    for (size_t i = certain; i < bad->n_rows; i++) {
        if (certain) {
            f->shared_with[f->n_shared++] = bad->rows[i];
        } else {
            f->candidates[f->n_candidates++] = bad->rows[i];
        }
    }
    add_episodes(f, lane);
    finding_finish(j, f);
}

/* The findings of a lane: one for each way in which it failed.  One address of a name
 * is joined with the others later, when all are in. */
static void lane_report(struct judging *j, const struct lane *lane, bool degraded)
{
    failure_report(j, lane, lane->bad, &lane->result, degraded);
    for (size_t i = 0; i < lane->n; i++) {
        const struct attempt *a = lane->attempts[i];
        bool told = !outcome_is_bad(a->result.outcome) ||
                    same_result(&a->result, &lane->result) || lane_saves(j, lane, a);

        for (size_t k = 0; k < i && !told; k++) {
            told = same_result(&a->result, &lane->attempts[k]->result);
        }
        if (!told) {
            failure_report(j, lane, a, &a->result, degraded);
        }
    }
}

static bool only_v6(const struct judging *j, uint32_t device)
{
    const struct device *d = &j->out->devices[device];

    for (size_t i = 0; i < d->n_addrs; i++) {
        if (addr_is_v4(&d->addrs[i])) {
            return false;
        }
    }
    return true;
}

/* Did the phone turn to IPv4 from there, or may it have done so where the capture does
 * not show it?  Having an IPv4 address of the name it does, sooner or later. */
static bool may_fall_back(const struct judging *j, const struct lane *lanes, size_t n,
                          const struct lane *bad)
{
    const struct attempt *a = bad->bad;

    if (!a->peer_name) {
        return link_has_v4(j, a); /* It can not be told for what IPv4 stood in. */
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_v6(&lanes[i]) && lanes[i].attempts[0]->port == a->port &&
            name_cmp(lanes[i].attempts[0]->peer_name, a->peer_name) == 0) {
            return !lanes[i].bad; /* It did: in vain, or how is not known. */
        }
    }
    return names_have_v4(j, a->device, a->peer_name) &&
           (bad->result.cause == CAUSE_SYN_DROP ||
            !link_goes_on(j, a->device, a->cell->last_ns));
}

/* TCP to port 53 of a host that, for all that is known, is no resolver: nobody misses
 * its answers. */
static bool is_no_resolver(const struct judging *j, const struct attempt *a)
{
    return a->port == PORT_DNS && a->cell->key.proto == PROTO_TCP &&
           a->via == MATCH_ANY &&
           !link_answers(j, a->device, &a->peer, PROTO_UDP, PORT_DNS);
}

/* Were there ICMP errors that were cut before what they quote? */
static bool has_cut_errors(const struct judging *j)
{
    for (size_t i = 0; i < j->tally->n_captures; i++) {
        if (j->tally->captures[i].snaplen_cut_packets > 0) {
            return j->tally->background[BACKGROUND_ICMP] > 0;
        }
    }
    return false;
}

/* What nothing is to be said against, though it failed. */
static bool is_excused(const struct judging *j, const struct lane *lanes, size_t n,
                       const struct lane *bad)
{
    const struct attempt *a = bad->bad;
    const struct policy_row *row = policy_row(j->policy, a->rows[0]);

    if (row->need == NEED_NOTICE || (is_v6(bad) && only_v6(j, a->device))) {
        return true;
    }
    /* A candidate is accused only where the peer is of the site itself, and the
     * network, not the peer, stopped it. */
    if (a->verdict == CLAIM_CANDIDATE && (!policy_is_inside(j->policy, &a->peer) ||
                                          bad->result.outcome != OUTCOME_BLOCKED ||
                                          bad->result.cause == CAUSE_NO_REPLY)) {
        return true;
    }
    /* The host may just be down, and the router have said so, or say so, in packets
     * that can not be read. */
    if (a->verdict == CLAIM_CANDIDATE &&
        (bad->result.cause == CAUSE_SYN_DROP
             ? !sight_hears(j, &a->ip, &a->peer) || has_cut_errors(j)
             : bad->result.cause == CAUSE_ICMP_UNREACHABLE &&
                   !outcome_says_port(&a->cell->key))) {
        return true;
    }
    if (is_no_resolver(j, a)) {
        return true;
    }
    if (is_v6(bad) && may_fall_back(j, lanes, n, bad)) {
        return true;
    }
    return has_fallback(lanes, n, bad) || link_is_scan(j, a);
}

static enum row_state quiet_state(const struct lane *lanes, size_t n, size_t n_ok)
{
    bool pending = false;

    for (size_t i = 0; i < n; i++) {
        pending |= lanes[i].pending;
    }
    if (n_ok > 0) {
        return STATE_OK;
    }
    if (lanes[0].attempts[0]->verdict == CLAIM_CANDIDATE) {
        return STATE_CANDIDATE;
    }
    return pending ? STATE_PENDING : STATE_UNJUDGED;
}

static void raise_rows(struct judging *j, const struct lane *lane, enum row_state state)
{
    const struct attempt *a = lane->attempts[0];

    if (a->verdict == CLAIM_CANDIDATE && state == STATE_OK) {
        state = STATE_CANDIDATE;
    }
    if (a->verdict == CLAIM_DOCUMENTED || a->n_rows == 1) {
        row_state_raise(j, a->device, a->rows[0], state);
    }
}

/* Of several phones behind one address each hides what the others got. */
static void group_pass(struct judging *j, const struct lane *lanes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        raise_rows(j, &lanes[i], STATE_UNJUDGED);
    }
}

static void group_judge(struct judging *j, const struct lane *lanes, size_t n)
{
    size_t n_ok = 0;

    if (j->out->devices[lanes[0].attempts[0]->device].is_nat) {
        group_pass(j, lanes, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        n_ok += lanes[i].ok && !lanes[i].bad;
    }
    for (size_t i = 0; i < n; i++) {
        const struct lane *lane = &lanes[i];
        bool degraded = n_ok > 0 || (lane->ok && !lane->resolved);

        if (!lane->bad) {
            raise_rows(j, lane, quiet_state(lane, 1, lane->ok));
        } else if (has_fallback(lanes, n, lane)) {
            raise_rows(j, lane, STATE_OK_FALLBACK);
        } else if (!is_excused(j, lanes, n, lane)) {
            raise_rows(j, lane, state_of(kind_of(&lane->result, degraded)));
            lane_report(j, lane, degraded);
        } else {
            raise_rows(j, lane, STATE_UNJUDGED);
        }
    }
}

/* Cuts sorted attempts of one group into lanes, and judges them. */
static void group_split(struct judging *j, const struct attempt **attempts, size_t n)
{
    struct lane *lanes = calloc(n, sizeof *lanes);
    size_t n_lanes = 0;

    if (!lanes) {
        j->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || lane_cmp(attempts[i - 1], attempts[i]) != 0) {
            lanes[n_lanes++].attempts = &attempts[i];
        }
        lanes[n_lanes - 1].n++;
    }
    for (size_t i = 0; i < n_lanes; i++) {
        lane_judge(j, &lanes[i]);
    }
    group_judge(j, lanes, n_lanes);
    free(lanes);
}

void groups_judge(struct judging *j)
{
    const struct attempt **sorted = malloc((j->n_attempts + 1) * sizeof *sorted);
    size_t n = 0;

    if (!sorted) {
        j->failed = true;
        return;
    }
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];

        if (a->n_rows > 0 &&
            (a->verdict == CLAIM_DOCUMENTED || a->verdict == CLAIM_CANDIDATE)) {
            sorted[n++] = a;
        }
    }
    attempts_sort_by(sorted, n, attempt_cmp, j);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && group_cmp(j, sorted[from], sorted[to]) == 0;
             to++) {
        }
        group_split(j, sorted + from, to - from);
    }
    free(sorted);
}
