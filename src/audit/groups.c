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

enum { FCM_GROUP_S = 60, WAITS_OF_A_GROUP = 3, REQUESTS = 3, IDLE_PROOF_S = 30 };

enum { PORT_DNS = 53, PORT_HTTPS = 443 };

static const int64_t second_ns = 1000000000;

/* One transport, port and peer of a group. */
struct lane {
    const struct attempt **attempts; /* By time. */
    size_t n;
    bool ok;                   /* Something worked. */
    bool pending;              /* Something may still be answered. */
    const struct attempt *bad; /* The worst failure that nothing saved. */
    struct result result;      /* Its result; of datagrams that of all together. */
    bool resolved;             /* The last attempt worked. */
};

static double wait_of(const struct judging *j, const struct attempt *a)
{
    return a->n_rows > 0 ? policy_row(j->policy, a->rows[0])->wait_s : 3;
}

/* Syslog is never answered (RFC 5426), so its silence says nothing. */
static bool is_one_way(const struct policy_row *row)
{
    return row->app &&
           (strcmp(row->app, "Syslog") == 0 || strcmp(row->app, "syslog") == 0);
}

static int64_t group_time_ns(const struct judging *j, const struct attempt *a)
{
    const struct policy_row *row = policy_row(j->policy, a->rows[0]);

    if (strcmp(row->group, "google-push") == 0) {
        return FCM_GROUP_S * second_ns;
    }
    return (int64_t)(WAITS_OF_A_GROUP * row->wait_s * (double)second_ns);
}

static int text_cmp(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

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
    if ((order = text_cmp(a->peer_name, b->peer_name)) != 0) {
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

static bool is_bad(enum outcome outcome)
{
    return outcome == OUTCOME_BLOCKED || outcome == OUTCOME_REFUSED ||
           outcome == OUTCOME_NO_ANSWER || outcome == OUTCOME_INTERCEPTED ||
           outcome == OUTCOME_IDLE_KILLED;
}

/* Did the device hear from anybody else while it repeated itself?  If not, the radio
 * may have been gone. */
static bool was_linked(const struct judging *j, const struct attempt *bad)
{
    const struct cell *cell = bad->cell;
    int64_t from = cell->last_ns - cell->key.span_s * second_ns;

    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];

        if (a->device == bad->device && a->cell != cell && a->cell->packets[1] > 0 &&
            a->result.outcome == OUTCOME_OK && a->cell->first_ns <= cell->last_ns &&
            a->cell->last_ns >= from + second_ns) {
            return true;
        }
    }
    return false;
}

/* A connection that went silent was killed by the network if it had been idle, or if
 * the device was reached by others meanwhile. */
static bool is_proved(const struct judging *j, const struct attempt *bad)
{
    return bad->result.outcome != OUTCOME_IDLE_KILLED ||
           bad->cell->idle_s >= IDLE_PROOF_S || was_linked(j, bad);
}

/* Does a later success in the lane make up for this failure?  Not for a connection
 * that was killed: what was to come through it did not. */
static bool is_saved(const struct judging *j, const struct lane *lane,
                     const struct attempt *bad)
{
    int64_t within = group_time_ns(j, bad);

    if (!is_proved(j, bad)) {
        return true;
    }
    if (bad->result.outcome == OUTCOME_IDLE_KILLED) {
        return false;
    }

    for (size_t i = 0; i < lane->n; i++) {
        const struct cell *cell = lane->attempts[i]->cell;

        if (lane->attempts[i]->result.outcome == OUTCOME_OK &&
            cell->last_ns >= bad->cell->first_ns &&
            cell->first_ns <= bad->cell->last_ns + within) {
            return true;
        }
    }
    return false;
}

/* Datagrams that each were sent once, from a new port each time: together they are
 * repetitions of one request.  DNS is judged by its questions instead. */
static void judge_requests(const struct judging *j, struct lane *lane)
{
    const struct attempt *first = NULL, *last = NULL;
    uint64_t requests = 0;
    double wait_s = wait_of(j, lane->attempts[0]);
    int64_t wait_ns = (int64_t)(wait_s * (double)second_ns);

    for (size_t i = 0; i < lane->n; i++) {
        const struct attempt *a = lane->attempts[i];

        if (a->port == PORT_DNS || a->port != a->cell->key.server_port ||
            !outcome_expects_answer(&a->cell->key)) {
            return;
        }
        if (a->cell->key.sign == ATTEMPT_REQUEST_SILENT &&
            !(a->cell->key.facts & FACT_GROUP)) {
            first = first ? first : a;
            last = a;
            requests += a->cell->packets[0];
        } else if (a->cell->packets[1] > 0) {
            return;
        }
    }
    if (!first || lane->bad || requests < REQUESTS ||
        last->cell->last_ns - first->cell->first_ns < wait_ns ||
        j->out->now_ns - first->cell->first_ns < wait_ns) {
        return;
    }
    lane->bad = first;
    lane->result = (struct result){.outcome = OUTCOME_BLOCKED,
                                   .cause = CAUSE_NO_REPLY,
                                   .confidence = CONFIDENCE_MEDIUM};
}

/* Is a missing answer no reason to accuse?  The lane was answered, the mirror may not
 * carry what comes back, none is ever sent, or it is judged by its questions. */
static bool is_unheard(const struct judging *j, const struct lane *lane)
{
    const struct attempt *a = lane->bad;

    if (lane->result.cause != CAUSE_NO_REPLY &&
        lane->result.cause != CAUSE_DNS_NO_REPLY) {
        return false;
    }
    return lane->ok || a->port == PORT_DNS || !sight_hears(j, &a->ip, &a->peer) ||
           is_one_way(policy_row(j->policy, a->rows[0]));
}

static void lane_judge(const struct judging *j, struct lane *lane)
{
    for (size_t i = 0; i < lane->n; i++) {
        const struct attempt *a = lane->attempts[i];
        enum outcome outcome = a->result.outcome;

        lane->ok |= outcome == OUTCOME_OK;
        lane->pending |= outcome == OUTCOME_PENDING;
        lane->resolved = outcome == OUTCOME_OK || (lane->resolved && !is_bad(outcome));
        if (is_bad(outcome) && !is_saved(j, lane, a) &&
            (!lane->bad || outcome < lane->result.outcome)) {
            lane->bad = a;
            lane->result = a->result;
        }
    }
    judge_requests(j, lane);

    if (lane->bad && is_unheard(j, lane)) {
        lane->bad = NULL;
    }
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
           text_cmp(a->peer_name, b->peer_name) == 0;
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

        if (outcome != OUTCOME_OK && !is_bad(outcome)) {
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
    return !is_bad(a->result.outcome) ? a->result.outcome != OUTCOME_OK
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
        bool told = !is_bad(a->result.outcome) ||
                    same_result(&a->result, &lane->result) || is_saved(j, lane, a);

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
    return has_fallback(lanes, n, bad);
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

static void group_judge(struct judging *j, const struct lane *lanes, size_t n)
{
    size_t n_ok = 0;

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
    if (n > 0) {
        qsort_r(sorted, n, sizeof *sorted, attempt_cmp, j);
    }
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && group_cmp(j, sorted[from], sorted[to]) == 0;
             to++) {
        }
        group_split(j, sorted + from, to - from);
    }
    free(sorted);
}
