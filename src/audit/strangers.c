/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Findings of traffic that no row documents, scans, and what is seen but not listed.
 *
 * What happened to such a flow does not matter: it is never blocked in a report.
 */
#include "audit/judging.h"

#include <stdlib.h>
#include <string.h>

enum { PROTO_TCP = 6 };

enum {
    SCAN_TARGETS = 10, /* Ports of one peer, or peers of one port ... */
    SCAN_S = 60,       /* ... within so long, nearly all unanswered or refused: */
    SCAN_FAILED = 8    /* out of ten, so many. */
};

static const int64_t second_ns = 1000000000;

static int peer_cmp(const struct attempt *a, const struct attempt *b)
{
    if (a->peer_name && b->peer_name) {
        return strcmp(a->peer_name, b->peer_name);
    }
    if (a->peer_name || b->peer_name) {
        return a->peer_name ? -1 : 1;
    }
    return addr_cmp(&a->peer, &b->peer);
}

/* By verdict, transport, peer, port, time. */
static int by_peer(const void *a, const void *b, void *context)
{
    const struct attempt *x = *(const struct attempt *const *)a;
    const struct attempt *y = *(const struct attempt *const *)b;
    int order;

    (void)context;
    if (x->verdict != y->verdict) {
        return x->verdict < y->verdict ? -1 : 1;
    }
    if (x->cell->key.proto != y->cell->key.proto) {
        return x->cell->key.proto < y->cell->key.proto ? -1 : 1;
    }
    if ((order = peer_cmp(x, y)) != 0) {
        return order;
    }
    if (x->port != y->port) {
        return x->port < y->port ? -1 : 1;
    }
    if (x->cell->first_ns != y->cell->first_ns) {
        return x->cell->first_ns < y->cell->first_ns ? -1 : 1;
    }
    return x < y ? -1 : x > y;
}

/* By verdict, transport, port, peer, time: sweeps of one port. */
static int by_port(const void *a, const void *b, void *context)
{
    const struct attempt *x = *(const struct attempt *const *)a;
    const struct attempt *y = *(const struct attempt *const *)b;

    if (x->verdict == y->verdict && x->cell->key.proto == y->cell->key.proto &&
        x->port != y->port) {
        return x->port < y->port ? -1 : 1;
    }
    return by_peer(a, b, context);
}

static bool same_peer(const struct attempt *a, const struct attempt *b)
{
    return a->device == b->device && a->verdict == b->verdict &&
           a->cell->key.proto == b->cell->key.proto && peer_cmp(a, b) == 0;
}

static bool same_port(const struct attempt *a, const struct attempt *b)
{
    return a->device == b->device && a->verdict == b->verdict &&
           a->cell->key.proto == b->cell->key.proto && a->port == b->port;
}

static bool same_flow(const struct attempt *a, const struct attempt *b)
{
    return same_peer(a, b) && a->port == b->port;
}

/* Is this run of attempts a scan?  'differ' tells its targets apart. */
static bool is_scan(const struct attempt *const *run, size_t n,
                    bool (*same_target)(const struct attempt *, const struct attempt *))
{
    size_t targets = 0, failed = 0;
    int64_t first = INT64_MAX, last = 0;

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && same_target(run[i - 1], run[i])) {
            continue;
        }
        targets++;
        failed += run[i]->result.outcome != OUTCOME_OK;
        first = run[i]->cell->first_ns < first ? run[i]->cell->first_ns : first;
        last = run[i]->cell->first_ns > last ? run[i]->cell->first_ns : last;
    }
    return targets >= SCAN_TARGETS && last - first <= SCAN_S * second_ns &&
           failed * 10 >= targets * SCAN_FAILED;
}

static void report_run(struct judging *j, const struct attempt *const *run, size_t n,
                       enum cause cause)
{
    enum finding_kind kind = run[0]->verdict == CLAIM_UNEXPECTED_INBOUND
                                 ? KIND_UNEXPECTED_INBOUND
                                 : KIND_UNEXPECTED;
    struct finding *f = finding_new(j, kind, -1, run[0]->device);

    if (!f) {
        return;
    }
    f->cause = cause;
    f->outcome = run[0]->result.outcome;
    f->confidence =
        run[0]->cell->key.basis <= OPENER_SYN_ACK ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    for (size_t i = 0; i < n; i++) {
        finding_add_attempt(j, f, run[i]);
    }
    finding_finish(j, f);
}

typedef bool (*same_fn)(const struct attempt *, const struct attempt *);

/* Takes scans out of the sorted attempts, each as one finding.  Returns what is left.
 */
static size_t take_scans(struct judging *j, const struct attempt **sorted, size_t n,
                         same_fn same_run, same_fn same_target)
{
    size_t left = 0;

    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && same_run(sorted[from], sorted[to]); to++) {
        }
        if (is_scan(sorted + from, to - from, same_target)) {
            report_run(j, sorted + from, to - from, CAUSE_SCAN);
            continue;
        }
        for (size_t i = from; i < to; i++) {
            sorted[left++] = sorted[i];
        }
    }
    return left;
}

static const struct attempt **select_attempts(struct judging *j, size_t *n,
                                              bool (*wanted)(const struct judging *,
                                                             const struct attempt *))
{
    const struct attempt **selected = malloc((j->n_attempts + 1) * sizeof *selected);

    *n = 0;
    if (!selected) {
        j->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < j->n_attempts; i++) {
        if (wanted(j, &j->attempts[i])) {
            selected[(*n)++] = &j->attempts[i];
        }
    }
    attempts_sort_by(selected, *n, by_peer, NULL);
    return selected;
}

static bool is_undocumented(const struct judging *j, const struct attempt *a)
{
    if (a->inbound && a->cell->key.basis == OPENER_FIRST_PACKET &&
        !sight_sees_phones(j, &a->ip, &a->peer)) {
        return false;
    }
    if (a->verdict == CLAIM_UNEXPECTED && a->cell->key.proto == PROTO_TCP &&
        !a->inbound && link_is_proxy(j, a)) {
        return false; /* For whom it asked, the capture does not tell. */
    }
    return a->verdict == CLAIM_UNEXPECTED || a->verdict == CLAIM_UNEXPECTED_INBOUND;
}

static void report_undocumented(struct judging *j)
{
    size_t n;
    const struct attempt **sorted = select_attempts(j, &n, is_undocumented);

    if (!sorted) {
        return;
    }
    n = take_scans(j, sorted, n, same_peer, same_flow);
    attempts_sort_by(sorted, n, by_port, NULL);
    n = take_scans(j, sorted, n, same_port, same_flow);
    attempts_sort_by(sorted, n, by_peer, NULL);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && same_flow(sorted[from], sorted[to]); to++) {
        }
        report_run(j, sorted + from, to - from, CAUSE_NONE);
    }
    free(sorted);
}

static bool is_notice(const struct judging *j, const struct attempt *a)
{
    return a->verdict == CLAIM_DOCUMENTED &&
           policy_row(j->policy, a->rows[0])->need == NEED_NOTICE;
}

static bool is_candidate(const struct judging *j, const struct attempt *a)
{
    return j->options->strict && a->verdict == CLAIM_CANDIDATE;
}

/* One finding for each peer and port of the selected attempts. */
static void report_selected(struct judging *j, enum finding_kind kind,
                            bool (*wanted)(const struct judging *,
                                           const struct attempt *))
{
    size_t n;
    const struct attempt **sorted = select_attempts(j, &n, wanted);

    for (size_t from = 0, to; sorted && from < n; from = to) {
        const struct attempt *a = sorted[from];
        long row = kind == KIND_CANDIDATE && a->n_rows != 1 ? -1 : (long)a->rows[0];
        struct finding *f = finding_new(j, kind, row, a->device);

        for (to = from; to < n && same_flow(a, sorted[to]); to++) {
            if (f) {
                finding_add_attempt(j, f, sorted[to]);
            }
        }
        if (f) {
            for (size_t i = 0; kind == KIND_CANDIDATE && i < a->n_rows; i++) {
                f->candidates[f->n_candidates++] = a->rows[i];
            }
            f->outcome = a->result.outcome;
            f->confidence = CONFIDENCE_LOW;
            finding_finish(j, f);
        }
    }
    free(sorted);
}

static bool is_unlisted(const struct judging *j, const struct attempt *a)
{
    (void)j;
    return a->verdict == CLAIM_UNEXPECTED ||
           (a->verdict == CLAIM_CANDIDATE && a->peer_name && !a->inbound);
}

/* By name or address, transport, port, then device: what was seen, over the fleet. */
static int by_target(const void *a, const void *b)
{
    const struct attempt *x = *(const struct attempt *const *)a;
    const struct attempt *y = *(const struct attempt *const *)b;
    int order = peer_cmp(x, y);

    if (order != 0) {
        return order;
    }
    if (x->cell->key.proto != y->cell->key.proto) {
        return x->cell->key.proto < y->cell->key.proto ? -1 : 1;
    }
    if (x->port != y->port) {
        return x->port < y->port ? -1 : 1;
    }
    return x->device < y->device ? -1 : x->device > y->device;
}

static bool same_target(const struct attempt *a, const struct attempt *b)
{
    return peer_cmp(a, b) == 0 && a->cell->key.proto == b->cell->key.proto &&
           a->port == b->port;
}

static void unlisted_add(struct unlisted *u, const struct attempt *a, bool new_device)
{
    bool known = u->n_ips == FINDING_IPS;

    for (size_t i = 0; i < u->n_ips && !known; i++) {
        known = addr_equal(&u->ips[i], &a->peer);
    }
    if (!known) {
        u->ips[u->n_ips++] = a->peer;
    }
    u->devices += new_device;
    u->flows += a->cell->attempts;
    u->bytes += a->cell->bytes[0] + a->cell->bytes[1];
}

static void list_unlisted(struct judging *j)
{
    size_t n;
    const struct attempt **sorted = select_attempts(j, &n, is_unlisted);

    if (!sorted) {
        return;
    }
    if (n > 0) {
        qsort(sorted, n, sizeof *sorted, by_target);
    }
    j->out->unlisted = calloc(n + 1, sizeof *j->out->unlisted);
    for (size_t i = 0; j->out->unlisted && i < n; i++) {
        const struct attempt *a = sorted[i];
        bool new_target = i == 0 || !same_target(sorted[i - 1], a);

        if (new_target) {
            j->out->unlisted[j->out->n_unlisted++] = (struct unlisted){
                .name = a->peer_name,
                .transport = a->cell->key.proto == 17 ? TRANSPORT_UDP : TRANSPORT_TCP,
                .port = a->port,
            };
        }
        unlisted_add(&j->out->unlisted[j->out->n_unlisted - 1], a,
                     new_target || sorted[i - 1]->device != a->device);
    }
    free(sorted);
}

void strangers_judge(struct judging *j)
{
    report_undocumented(j);
    report_selected(j, KIND_ADVICE, is_notice);
    report_selected(j, KIND_CANDIDATE, is_candidate);
    list_unlisted(j);
}
