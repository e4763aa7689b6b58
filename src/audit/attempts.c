/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Attempts: what each device tried, or was asked, with its claim and its result.
 *
 * They lie by device.  Most steps of judging want them in an order of their own within
 * each device: to sort a few hundred at a time, which the cache holds, costs a fraction
 * of sorting those of a whole fleet.
 */
#include "audit/judging.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_WAIT_S = 3 };

double attempt_wait_s(const struct judging *j, long row)
{
    return row >= 0 ? policy_row(j->policy, (size_t)row)->wait_s : DEFAULT_WAIT_S;
}

struct result attempt_result(const struct judging *j, const struct cell *cell,
                             const struct claim *claim, bool inbound)
{
    long row = claim->n_rows > 0 ? (long)claim->rows[0].row : -1;
    struct result result = outcome_of(j, &cell->key, attempt_wait_s(j, row), inbound);

    result = calls_result(j, cell, inbound, result);
    result = registration_result(j, cell, inbound, result);
    return outcome_unless_blind(j, cell, result);
}

static void attempt_fill(const struct judging *j, struct attempt *a,
                         const struct cell *cell, uint32_t device, bool inbound)
{
    const struct cell_key *key = &cell->key;
    struct claim claim;

    claim_of(j, cell, device, inbound, &claim);
    memset(a, 0, sizeof *a);
    a->cell = cell;
    a->device = device;
    a->inbound = inbound;
    a->verdict = (uint8_t)claim.verdict;
    a->via = claim.n_rows > 0 ? claim.rows[0].via : MATCH_PORT_ONLY;
    a->peer_name = claim.peer_name;
    a->peer_source = (uint8_t)claim.peer_source;
    a->ip = inbound ? key->server : key->client;
    a->peer = inbound ? key->client : key->server;
    a->port = claim_port(j, &claim, key, inbound);
    for (size_t i = 0; i < claim.n_rows && i < FINDING_CANDIDATES; i++) {
        a->rows[a->n_rows++] = claim.rows[i].row;
    }
    a->result = attempt_result(j, cell, &claim, inbound);
    if (claim.is_doubtful) {
        a->result.confidence = CONFIDENCE_LOW;
    }
}

bool attempt_is_dhcp(const struct cell_key *key)
{
    return key->proto == 17 && (key->server_port == 67 || key->server_port == 68);
}

static void names_count(struct judgement *out, const struct attempt *a)
{
    uint64_t n = a->cell->attempts;

    if (!a->peer_name) {
        out->named_none += n;
    } else if (a->peer_source == NAME_SNI || a->peer_source == NAME_QUIC_SNI) {
        out->named_sni += n;
    } else if (a->peer_source == NAME_HTTP_HOST) {
        out->named_http += n;
    } else {
        out->named_dns += n;
    }
}

static void summary_count(struct judgement *out, const struct attempt *a)
{
    struct judge_summary *s = &out->summary;
    uint64_t n = a->cell->attempts;

    switch ((enum claim_verdict)a->verdict) {
    case CLAIM_DOCUMENTED:
        s->documented += n;
        break;
    case CLAIM_CANDIDATE:
        s->candidate += n;
        break;
    case CLAIM_UNEXPECTED:
    case CLAIM_UNEXPECTED_INBOUND:
        s->unexpected += n;
        break;
    case CLAIM_BACKGROUND:
        s->background += n;
        break;
    case CLAIM_UNJUDGED:
    case CLAIM_NONE:
        s->unjudged += n;
        break;
    }
    if (a->verdict != CLAIM_BACKGROUND) {
        names_count(out, a);
    }
}

/* The devices at the ends of a cell, -1 where there is none. */
struct ends {
    long client, server;
};

static struct ends ends_of(const struct judging *j, const struct cell *cell)
{
    return (struct ends){
        device_at(j, &cell->key.client, cell->first_ns),
        j->any ? -1 : device_at(j, &cell->key.server, cell->first_ns),
    };
}

/* Finds whose attempts each cell is, and counts them: '*ends' has one for each cell,
 * and first[d + 1] is raised by each attempt of device d. */
static void ends_find(struct judging *j, struct ends *ends, size_t *first)
{
    for (size_t i = 0; i < cell_count(j); i++) {
        const struct cell *cell = cell_at(j, i);
        struct ends e = ends_of(j, cell);

        if (e.client < 0 && e.server < 0) {
            j->out->summary.other_flows += cell->attempts;
        } else {
            j->out->summary.flows += cell->attempts;
            if (attempt_is_dhcp(&cell->key)) {
                j->out->summary.documented += cell->attempts;
                j->n_dhcp_flows += cell->attempts;
                e = (struct ends){-1, -1};
            }
        }
        ends[i] = e;
        if (e.client >= 0) {
            first[e.client + 1]++;
        }
        if (e.server >= 0) {
            first[e.server + 1]++;
        }
    }
}

/* The next attempt of 'device', filled. */
static const struct attempt *attempt_put(struct judging *j, size_t *first,
                                         const struct cell *cell, long device,
                                         bool inbound)
{
    struct attempt *a = &j->attempts[first[device]++];

    attempt_fill(j, a, cell, (uint32_t)device, inbound);
    return a;
}

/* Each cell, seen from each of its ends that is a device.  first[d] is where those of
 * device d begin. */
static void attempts_put(struct judging *j, const struct ends *ends, size_t *first)
{
    for (size_t i = 0; i < cell_count(j); i++) {
        const struct cell *cell = cell_at(j, i);
        const struct attempt *a = NULL;

        if (ends[i].client >= 0) {
            a = attempt_put(j, first, cell, ends[i].client, false);
        }
        if (ends[i].server >= 0) {
            a = attempt_put(j, first, cell, ends[i].server, true);
        }
        if (a) {
            summary_count(j->out, a);
        }
    }
}

bool attempts_make(struct judging *j)
{
    size_t n_devices = j->out->n_devices;
    struct ends *ends = malloc((cell_count(j) + 1) * sizeof *ends);
    size_t *first = calloc(n_devices + 1, sizeof *first);
    bool ok = ends && first;

    if (ok) {
        ends_find(j, ends, first);
        for (size_t d = 0; d < n_devices; d++) {
            first[d + 1] += first[d];
        }
        j->n_attempts = first[n_devices];
        j->attempts = malloc((j->n_attempts + 1) * sizeof *j->attempts);
        ok = j->attempts != NULL;
    }
    if (ok) {
        attempts_put(j, ends, first);
    }
    free(ends);
    free(first);
    return ok;
}

void attempts_sort_by(const struct attempt **attempts, size_t n,
                      int (*cmp)(const void *, const void *, void *), void *context)
{
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && attempts[to]->device == attempts[from]->device;
             to++) {
        }
        qsort_r(attempts + from, to - from, sizeof *attempts, cmp, context);
    }
}
