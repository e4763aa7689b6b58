/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The order of matches, and the gathering of the best of them.
 */
#include "policy/internal.h"

/* Candidates come last; before them what is documented only because a prefix list or
 * "any" meets a wide range of ports: the last resort. */
static int rank_of(const struct policy_match *match)
{
    if (match->via == MATCH_PORT_ONLY) {
        return MATCH_PORT_ONLY + 2;
    }
    bool broad = match->via == MATCH_SET || match->via == MATCH_ANY;
    return match->via + (broad && match->width >= WILD_PORTS ? 2 : 0);
}

int match_compare(const struct policy_match *a, const struct policy_match *b)
{
    int rank = rank_of(a) - rank_of(b);

    if (rank != 0) {
        return rank;
    }
    if (a->detail != b->detail) {
        return a->detail > b->detail ? -1 : 1;
    }
    if (a->width != b->width) {
        return a->width < b->width ? -1 : 1;
    }
    if (a->row != b->row) {
        return a->row < b->row ? -1 : 1;
    }
    return a->name - b->name;
}

/* Each row once, with its best match.  A row that was pushed out is worse than as many
 * others as there is room for, and these only get better: so nothing is lost. */
bool answer_add(struct answer *answer, const struct policy_match *match)
{
    size_t n = answer->n, at;

    if (n == POLICY_MAX_ANSWERS && match_compare(match, &answer->out[n - 1]) >= 0) {
        return false;
    }
    for (at = 0; at < n && answer->out[at].row != match->row; at++) {
    }
    if (at < n && match_compare(match, &answer->out[at]) >= 0) {
        return true; /* The row is there, and better. */
    }
    if (at == n && n < POLICY_MAX_ANSWERS) {
        answer->n++;
    } else if (at == n) {
        at = n - 1;
    }
    for (; at > 0 && match_compare(match, &answer->out[at - 1]) < 0; at--) {
        answer->out[at] = answer->out[at - 1];
    }
    answer->out[at] = *match;
    return true;
}
