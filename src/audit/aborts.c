/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Handshakes that phones end at the server's certificate: is somebody in between?
 *
 * TLS 1.3 hides the reason, and a client may go away for reasons of its own.  So one
 * such end says nothing; a name that never works for a phone, and is given up again and
 * again, does, where it is so for two phones or two names (DESIGN 3.3).  The site's own
 * servers are left out: there a certificate of the site's own is at least as likely.
 */
#include "audit/judging.h"

#include <stdlib.h>

enum { ABORTS = 2, NAMES_OR_PHONES = 2 };

static int pair_cmp(const struct attempt *a, const struct attempt *b)
{
    if (a->device != b->device) {
        return a->device < b->device ? -1 : 1;
    }
    return name_cmp(a->peer_name, b->peer_name);
}

static int attempt_cmp(const void *a, const void *b, void *context)
{
    const struct attempt *x = *(const struct attempt *const *)a;
    const struct attempt *y = *(const struct attempt *const *)b;
    int order = pair_cmp(x, y);

    (void)context;
    return order != 0 ? order : x < y ? -1 : x > y;
}

static bool is_abort(const struct attempt *a)
{
    return a->cell->key.sign == ATTEMPT_TLS_ABORT ||
           a->cell->key.sign == ATTEMPT_TLS_LEFT;
}

/* Did it work, so that the certificate is accepted? */
static bool is_accepted(const struct attempt *a)
{
    return a->cell->key.sign == ATTEMPT_OK && a->cell->key.payload == PAYLOAD_TLS_HELLO;
}

/* Attempts that tell of a name's certificate, and those that were given up before it
 * came; by phone and name. */
static size_t attempts_select(struct judging *j, const struct attempt **sorted)
{
    size_t n = 0;

    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];
        bool tells = is_abort(a) || a->cell->key.sign == ATTEMPT_OPEN || is_accepted(a);

        if (tells && !a->inbound && a->peer_name && a->verdict == CLAIM_DOCUMENTED &&
            !policy_is_inside(j->policy, &a->peer)) {
            sorted[n++] = a;
        }
    }
    attempts_sort_by(sorted, n, attempt_cmp, NULL);
    return n;
}

/* Is the name given up again and again, and never worked with? */
static bool is_given_up(const struct attempt *const *run, size_t n)
{
    uint64_t aborts = 0;

    for (size_t i = 0; i < n; i++) {
        if (is_accepted(run[i])) {
            return false;
        }
        if (is_abort(run[i])) {
            aborts += run[i]->cell->attempts;
        }
    }
    return aborts >= ABORTS;
}

static struct result result_of(const struct attempt *a)
{
    if (a->cell->key.sign == ATTEMPT_OPEN) {
        return (struct result){.outcome = OUTCOME_UNKNOWN}; /* It proves no success. */
    }
    return (struct result){.outcome = OUTCOME_INTERCEPTED,
                           .cause = CAUSE_TLS_ABORT,
                           .confidence = CONFIDENCE_LOW};
}

/* Looks at the pairs of a phone and a name.  'accuse': says of those that are given up
 * that they are intercepted.  Returns how many are. */
static size_t pairs_walk(struct judging *j, const struct attempt **sorted, size_t n,
                         bool accuse)
{
    size_t given_up = 0;

    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && pair_cmp(sorted[from], sorted[to]) == 0; to++) {
        }
        if (!is_given_up(sorted + from, to - from)) {
            continue;
        }
        given_up++;
        for (size_t i = from; accuse && i < to; i++) {
            j->attempts[sorted[i] - j->attempts].result = result_of(sorted[i]);
        }
    }
    return given_up;
}

bool aborts_settle(struct judging *j)
{
    const struct attempt **sorted = malloc((j->n_attempts + 1) * sizeof *sorted);
    size_t n;

    if (!sorted) {
        return false;
    }
    n = attempts_select(j, sorted);
    if (pairs_walk(j, sorted, n, false) >= NAMES_OR_PHONES) {
        pairs_walk(j, sorted, n, true);
    }
    free(sorted);
    return true;
}
