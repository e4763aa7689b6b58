/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The order of judging, and the sums.
 */
#include "audit/judge.h"

#include "audit/judging.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

void row_state_raise(struct judging *j, uint32_t device, uint32_t row,
                     enum row_state state)
{
    uint8_t *have = &j->out->devices[device].rows[row];

    *have = state > *have ? (uint8_t)state : *have;
}

static void coverage_sum(struct judging *j)
{
    struct judgement *out = j->out;
    size_t n_rows = policy_count(j->policy);

    out->coverage = calloc(n_rows + 1, sizeof *out->coverage);
    if (!out->coverage) {
        j->failed = true;
        return;
    }
    out->n_coverage = n_rows;
    for (size_t r = 0; r < n_rows; r++) {
        struct coverage *c = &out->coverage[r];

        c->row = (uint32_t)r;
        for (size_t d = 0; d < out->n_devices; d++) {
            enum row_state state = (enum row_state)out->devices[d].rows[r];

            c->devices[state]++;
            c->state = state > c->state ? state : c->state;
        }
    }
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];

        if (a->n_rows > 0) {
            out->coverage[a->rows[0]].flows += a->cell->attempts;
        }
    }

    long dhcp = policy_find(j->policy, "net-dhcp-server");
    if (dhcp >= 0) {
        out->coverage[dhcp].flows += j->n_dhcp_flows;
    }
}

static void role_add(struct role_seen *seen, const struct addr *addr)
{
    for (size_t i = 0; i < seen->n_seen; i++) {
        if (addr_equal(&seen->seen[i], addr)) {
            return;
        }
    }
    if (seen->n_seen < FINDING_IPS) {
        seen->seen[seen->n_seen++] = *addr;
    }
}

/* The role that a row names as its peer, or ROLES. */
static enum role role_of_row(const struct policy_row *row)
{
    for (size_t p = 0; p < row->n_peers; p++) {
        for (unsigned r = 0; r < ROLES; r++) {
            if (strncmp(row->peers[p], "role:", 5) == 0 &&
                strcmp(row->peers[p] + 5, role_name((enum role)r)) == 0) {
                return (enum role)r;
            }
        }
    }
    return ROLES;
}

/* The addresses that acted in each role, so that a site file can be written. */
static void roles_list(struct judging *j)
{
    struct judgement *out = j->out;
    size_t n_rows = policy_count(j->policy);
    enum role *roles = malloc((n_rows + 1) * sizeof *roles);

    if (!roles) {
        j->failed = true;
        return;
    }
    for (size_t r = 0; r < n_rows; r++) {
        roles[r] = role_of_row(policy_row(j->policy, (uint32_t)r));
    }
    for (unsigned r = 0; r < ROLES; r++) {
        out->roles[r].role = (enum role)r;
        out->roles[r].bound = policy_role_bound(j->policy, (enum role)r);
    }
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];
        size_t n = a->verdict == CLAIM_DOCUMENTED && a->n_rows > 1 ? 1 : a->n_rows;

        for (size_t k = 0; k < n; k++) {
            if (roles[a->rows[k]] != ROLES) {
                role_add(&out->roles[roles[a->rows[k]]], &a->peer);
            }
        }
    }
    free(roles);
}

/* --expect: a row that was not seen fails. */
static bool expectations_judge(struct judging *j, struct policap_error *err)
{
    for (size_t i = 0; i < j->options->n_expect; i++) {
        long row = policy_find(j->policy, j->options->expect[i]);
        bool seen = false;

        if (row < 0) {
            return fail(err,
                        "--expect %s: no row has this id: see `policap rules list`",
                        j->options->expect[i]);
        }
        for (size_t d = 0; d < j->out->n_devices; d++) {
            seen |= j->out->devices[d].rows[row] != STATE_NOT_SEEN;
        }
        for (size_t d = 0; !seen && d < j->out->n_devices; d++) {
            struct finding *f = finding_new(j, KIND_NOT_SEEN, row, (uint32_t)d);

            if (f) {
                f->outcome = OUTCOME_UNSEEN;
                f->confidence = CONFIDENCE_HIGH;
                finding_finish(j, f);
            }
        }
    }
    return true;
}

static bool fails(const struct judging *j, const struct finding *f)
{
    if (f->kind == KIND_NOT_SEEN) {
        return true; /* There are some only where --expect asked for them. */
    }
    return (j->options->fail_on >> f->kind & 1) ||
           (f->kind == KIND_CANDIDATE && j->options->strict);
}

static enum verdict verdict_of(const struct judging *j)
{
    const struct judgement *out = j->out;
    bool judged = false;

    if (out->n_devices == 0) {
        return VERDICT_INCONCLUSIVE;
    }
    for (size_t i = 0; i < out->n_findings; i++) {
        if (fails(j, &out->findings[i])) {
            return VERDICT_FAIL;
        }
    }
    for (size_t i = 0; i < j->n_attempts && !judged; i++) {
        enum outcome outcome = j->attempts[i].result.outcome;

        judged = outcome != OUTCOME_UNSEEN && outcome != OUTCOME_UNKNOWN &&
                 outcome != OUTCOME_PENDING;
    }
    /* What a firewall stops never comes to its far side: that nothing is there says
     * nothing. */
    if (policy_outside_capture(j->policy)) {
        return VERDICT_INCONCLUSIVE;
    }
    return out->trust == TRUST_BLIND || !judged ? VERDICT_INCONCLUSIVE : VERDICT_PASS;
}

static bool run(struct judging *j, struct policap_error *err)
{
    if (!live_cells(j)) {
        return fail(err, "out of memory while judging");
    }
    if (!devices_join(j, err)) {
        return false;
    }
    if (!asked_init(j) || !bindings_index(j) || !calls_index(j) || !attempts_make(j) ||
        !nats_find(j) || !links_settle(j) || !aborts_settle(j) || !links_index(j)) {
        return fail(err, "out of memory while judging");
    }
    sight_judge(j);
    groups_judge(j);
    lookups_judge(j);
    leases_judge(j);
    strangers_judge(j);
    advise(j);
    registrations_advise(j);
    binds_advise(j);
    if (!expectations_judge(j, err)) {
        return false;
    }
    problems_find(j);
    gaps_find(j);
    taps_locate(j);
    timeline_draw(j);
    coverage_sum(j);
    roles_list(j);
    if (j->out->n_devices == 0) {
        suspects_list(j);
    }
    memcpy(j->out->background, j->tally->background, sizeof j->out->background);
    tally_limits(j->tally, j->out->limits);
    j->out->exact = j->out->limits[0] == NULL;
    j->out->verdict = verdict_of(j);
    return !j->failed || fail(err, "out of memory while judging");
}

struct judgement *judge(const struct tally *tally, const struct policy *policy,
                        const struct judge_options *options, struct policap_error *err)
{
    struct judgement *out = calloc(1, sizeof *out);
    struct judging *j = calloc(1, sizeof *j);

    if (!out || !j) {
        free(out);
        free(j);
        fail(err, "out of memory while judging");
        return NULL;
    }
    out->tally = tally;
    out->policy = policy;
    out->now_ns = tally_end_ns(tally);
    if (out->now_ns > 0 && options->now_ns > out->now_ns) {
        out->now_ns = options->now_ns;
    }
    out->judging = j;
    j->out = out;
    j->tally = tally;
    j->policy = policy;
    j->options = options;
    if (!run(j, err)) {
        judgement_free(out);
        return NULL;
    }
    return out;
}

void judgement_free(struct judgement *out)
{
    if (!out) {
        return;
    }
    for (size_t i = 0; i < out->n_devices; i++) {
        free(out->devices[i].addrs);
        free(out->devices[i].rows);
        free(out->devices[i].timeline);
    }
    for (size_t i = 0; i < out->n_problems; i++) {
        free(out->problems[i].findings);
        free(out->problems[i].gaps);
    }
    free(out->judging->owners);
    free(out->judging->named);
    free(out->judging->attempts);
    free(out->judging->asked);
    free(out->judging->by_time);
    free(out->judging->down);
    free(out->judging->stalled);
    calls_free(out->judging);
    live_free(out->judging);
    free(out->judging);
    free(out->devices);
    free(out->suspects);
    free(out->findings);
    free(out->problems);
    free(out->coverage);
    free(out->unlisted);
    free(out->scopes);
    free(out);
}

void judge_flow(const struct judgement *judgement, const struct piece *piece,
                struct flow_verdict *out)
{
    const struct judging *j = judgement->judging;
    struct cell cell = cell_of(piece, judgement->now_ns);
    long client = device_at(j, &cell.key.client, cell.first_ns);
    long server = j->any ? -1 : device_at(j, &cell.key.server, cell.first_ns);
    bool inbound = client < 0 && server >= 0;
    struct claim claim;

    claim_of(j, &cell, (uint32_t)(inbound ? server : client), inbound, &claim);
    memset(out, 0, sizeof *out);
    out->row = -1;
    struct result result =
        link_result(j, &cell, inbound, attempt_result(j, &cell, &claim, inbound));
    out->outcome = result.outcome;
    out->cause = result.cause;
    out->has_by = result.has_by;
    out->by = result.by;
    for (size_t i = 0; i < claim.n_names; i++) {
        out->names[i] = claim.names[i];
        out->sources[i] = claim.sources[i];
    }
    out->n_names = claim.n_names;
    out->has_ech = claim.has_ech;
    if (client < 0 && server < 0) {
        return;
    }
    out->device = &judgement->devices[inbound ? server : client];
    out->verdict = attempt_is_dhcp(&cell.key) ? CLAIM_DOCUMENTED : claim.verdict;
    out->row = claim.n_rows > 0 ? (long)claim.rows[0].row : -1;
}
