/* SPDX-License-Identifier: BSD-3-Clause
 *
 * When each row was in which state for each device: what was blocked at 02:00 and
 * works at 09:00 shows both.
 */
#include "audit/judging.h"

#include <stdlib.h>

static enum row_state state_of(const struct attempt *a)
{
    switch (a->result.outcome) {
    case OUTCOME_OK:
        return STATE_OK;
    case OUTCOME_BLOCKED:
    case OUTCOME_IDLE_KILLED:
        return STATE_BLOCKED;
    case OUTCOME_REFUSED:
        return STATE_REFUSED;
    case OUTCOME_NO_ANSWER:
        return STATE_NO_ANSWER;
    case OUTCOME_INTERCEPTED:
        return STATE_INTERCEPTED;
    case OUTCOME_PENDING:
        return STATE_PENDING;
    case OUTCOME_UNSEEN:
    case OUTCOME_UNKNOWN:
    case OUTCOMES:
        break;
    }
    return STATE_UNJUDGED;
}

static int by_row_and_time(const void *a, const void *b, void *context)
{
    const struct attempt *x = *(const struct attempt *const *)a;
    const struct attempt *y = *(const struct attempt *const *)b;

    (void)context;
    if (x->rows[0] != y->rows[0]) {
        return x->rows[0] < y->rows[0] ? -1 : 1;
    }
    if (x->cell->first_ns != y->cell->first_ns) {
        return x->cell->first_ns < y->cell->first_ns ? -1 : 1;
    }
    return x < y ? -1 : x > y;
}

static void stretch_add(struct judging *j, const struct attempt *a)
{
    struct device *device = &j->out->devices[a->device];
    enum row_state state = state_of(a);
    struct stretch *last =
        device->n_timeline ? &device->timeline[device->n_timeline - 1] : NULL;

    if (last && last->row == a->rows[0] && last->state == state) {
        last->to_ns = a->cell->last_ns > last->to_ns ? a->cell->last_ns : last->to_ns;
        return;
    }

    struct stretch *grown =
        realloc(device->timeline, (device->n_timeline + 1) * sizeof *device->timeline);
    if (!grown) {
        j->failed = true;
        return;
    }
    device->timeline = grown;
    grown[device->n_timeline++] =
        (struct stretch){a->rows[0], state, a->cell->first_ns, a->cell->last_ns};
}

/* What can not be told stays out, or it would cut what can be into pieces. */
void timeline_draw(struct judging *j)
{
    const struct attempt **sorted = malloc((j->n_attempts + 1) * sizeof *sorted);
    size_t n = 0;

    if (!sorted) {
        j->failed = true;
        return;
    }
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];

        if (a->verdict == CLAIM_DOCUMENTED && a->n_rows > 0 &&
            state_of(a) != STATE_UNJUDGED) {
            sorted[n++] = a;
        }
    }
    attempts_sort_by(sorted, n, by_row_and_time, NULL);
    for (size_t i = 0; i < n; i++) {
        stretch_add(j, sorted[i]);
    }
    free(sorted);
}
