/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Can this capture be trusted (DESIGN 3.5)?
 *
 * Of the flows in which the phone's own packets prove that the other side answered:
 * how many were seen in both directions?  Counted from a phone's subnet to the
 * Internet, to the site, and to the same subnet.
 */
#include "audit/judging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *target_of(const struct judging *j, const struct prefix *subnet,
                             const struct addr *peer)
{
    if (prefix_contains(subnet, peer)) {
        return "subnet";
    }
    return policy_is_inside(j->policy, peer) ? "site" : "internet";
}

static struct sight_scope *scope_of(struct judging *j, const struct prefix *subnet,
                                    const char *to)
{
    struct judgement *out = j->out;

    for (size_t i = 0; i < out->n_scopes; i++) {
        struct sight_scope *scope = &out->scopes[i];

        if (memcmp(&scope->from, subnet, sizeof *subnet) == 0 &&
            strcmp(scope->to, to) == 0) {
            return scope;
        }
    }

    struct sight_scope *grown =
        realloc(out->scopes, (out->n_scopes + 1) * sizeof *out->scopes);
    if (!grown) {
        j->failed = true;
        return NULL;
    }
    out->scopes = grown;
    grown[out->n_scopes] = (struct sight_scope){.from = *subnet, .to = to};
    return &grown[out->n_scopes++];
}

static const struct sight_scope *
scope_find(const struct judging *j, const struct addr *ip, const struct addr *peer)
{
    struct prefix subnet = subnet_of(j, ip);
    const char *to = target_of(j, &subnet, peer);

    for (size_t i = 0; i < j->out->n_scopes; i++) {
        const struct sight_scope *scope = &j->out->scopes[i];

        if (memcmp(&scope->from, &subnet, sizeof subnet) == 0 &&
            strcmp(scope->to, to) == 0) {
            return scope;
        }
    }
    return NULL;
}

bool sight_hears(const struct judging *j, const struct addr *ip,
                 const struct addr *peer)
{
    const struct sight_scope *scope = scope_find(j, ip, peer);

    return scope && scope->heard > 0;
}

bool sight_sees_phones(const struct judging *j, const struct addr *ip,
                       const struct addr *peer)
{
    const struct sight_scope *scope = scope_find(j, ip, peer);

    return scope && scope->spoken > 0;
}

static enum trust trust_of(uint64_t flows, uint64_t two_way, uint64_t acked_unseen)
{
    if (flows == 0) {
        return TRUST_LIMITED;
    }
    if (two_way * 10 < flows) {
        return TRUST_BLIND;
    }
    return two_way * 10 >= flows * 9 && acked_unseen * 100 < flows ? TRUST_GOOD
                                                                   : TRUST_LIMITED;
}

static void scope_reason(struct sight_scope *scope)
{
    if (scope->flows == 0) {
        snprintf(scope->reason, sizeof scope->reason,
                 "no flow here proves that its answers should have been seen");
    } else if (scope->trust == TRUST_LIMITED &&
               scope->two_way * 10 >= scope->flows * 9) {
        snprintf(scope->reason, sizeof scope->reason,
                 "in %llu of %llu answered flows packets were acknowledged that this "
                 "capture does not hold: it lost some",
                 (unsigned long long)scope->acked_unseen,
                 (unsigned long long)scope->flows);
    } else if (scope->trust != TRUST_GOOD) {
        snprintf(
            scope->reason, sizeof scope->reason,
            "only %llu of %llu answered flows were seen in both directions: does the "
            "mirror carry both?",
            (unsigned long long)scope->two_way, (unsigned long long)scope->flows);
    }
}

static int scope_cmp(const void *a, const void *b)
{
    const struct sight_scope *x = a, *y = b;
    int order = memcmp(&x->from, &y->from, sizeof x->from);

    return order != 0 ? order : strcmp(x->to, y->to);
}

void sight_judge(struct judging *j)
{
    struct judgement *out = j->out;

    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];
        struct prefix subnet = subnet_of(j, &a->ip);
        struct sight_scope *scope =
            scope_of(j, &subnet, target_of(j, &subnet, &a->peer));
        uint16_t facts = a->cell->key.facts;

        if (scope) {
            scope->heard += a->cell->packets[!a->inbound];
            scope->spoken += a->cell->packets[a->inbound];
        }
        if (scope && !a->inbound && (facts & FACT_PROVED)) {
            scope->flows += a->cell->attempts;
            scope->two_way += facts & FACT_TWO_WAY ? a->cell->attempts : 0;
            scope->acked_unseen += a->cell->acked_unseen;
        }
    }
    if (out->n_scopes) {
        qsort(out->scopes, out->n_scopes, sizeof *out->scopes, scope_cmp);
    }
    for (size_t i = 0; i < out->n_scopes; i++) {
        struct sight_scope *scope = &out->scopes[i];

        scope->trust = trust_of(scope->flows, scope->two_way, scope->acked_unseen);
        scope_reason(scope);
        out->sight_flows += scope->flows;
        out->sight_two_way += scope->two_way;
        out->sight_acked_unseen += scope->acked_unseen;
    }
    out->trust = j->n_attempts == 0 ? TRUST_BLIND
                                    : trust_of(out->sight_flows, out->sight_two_way,
                                               out->sight_acked_unseen);
}
