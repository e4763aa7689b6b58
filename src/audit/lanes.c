/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A lane: the attempts of one device over one transport and port to one address.  Did
 * it fail for good (DESIGN 3.4)?
 */
#include "audit/judging.h"

#include <string.h>

enum { FCM_GROUP_S = 60, WAITS_OF_A_GROUP = 3, REQUESTS = 3, IDLE_PROOF_S = 30 };

enum { PORT_DNS = 53 };

static const int64_t second_ns = 1000000000;

static double wait_of(const struct judging *j, const struct attempt *a)
{
    return attempt_wait_s(j, a->n_rows > 0 ? (long)a->rows[0] : -1);
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

bool outcome_is_bad(enum outcome outcome)
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

    return link_heard(j, bad->device, from, cell->last_ns);
}

/* Was the device cut off while this was silent? */
static bool was_cut_off(const struct judging *j, const struct attempt *bad)
{
    const struct cell *cell = bad->cell;
    enum cause cause = bad->result.cause;

    return (cause == CAUSE_SYN_DROP || cause == CAUSE_HELLO_DROP ||
            cause == CAUSE_NO_REPLY) &&
           link_gap(j, bad->device, &bad->peer,
                    cell->last_ns - cell->key.span_s * second_ns, cell->last_ns);
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
bool lane_saves(const struct judging *j, const struct lane *lane,
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
        j->out->now_ns - first->cell->first_ns < wait_ns ||
        link_gap(j, first->device, &first->peer, first->cell->first_ns,
                 last->cell->last_ns)) {
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

    if (lane->result.missing == MISSING_TO_PHONE) {
        return !sight_hears(j, &a->ip, &a->peer);
    }
    if (lane->result.missing == MISSING_FROM_PHONE) {
        return !sight_sees_phones(j, &a->ip, &a->peer);
    }
    if (lane->result.cause != CAUSE_NO_REPLY &&
        lane->result.cause != CAUSE_DNS_NO_REPLY) {
        return false;
    }
    return lane->ok || a->port == PORT_DNS || !sight_hears(j, &a->ip, &a->peer) ||
           is_one_way(policy_row(j->policy, a->rows[0]));
}

void lane_judge(const struct judging *j, struct lane *lane)
{
    for (size_t i = 0; i < lane->n; i++) {
        const struct attempt *a = lane->attempts[i];
        enum outcome outcome = a->result.outcome;

        lane->ok |= outcome == OUTCOME_OK;
        lane->pending |= outcome == OUTCOME_PENDING;
        lane->resolved =
            outcome == OUTCOME_OK || (lane->resolved && !outcome_is_bad(outcome));
        if (outcome_is_bad(outcome) && !lane_saves(j, lane, a) && !was_cut_off(j, a) &&
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
