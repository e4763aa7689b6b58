/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Siblings and root causes (DESIGN 3.0): what the other devices got at the same peer
 * and port tells how far a failure reaches, and findings of one row, cause and blocker
 * are one problem.
 */
#include "audit/judging.h"

#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_accusation(const struct finding *f)
{
    return f->kind <= KIND_UNEXPECTED_INBOUND;
}

/* --- equal findings are one --- */

static int by_id(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int order = strcmp(x->id, y->id);

    return order != 0                  ? order
           : x->first_ns < y->first_ns ? -1
                                       : x->first_ns > y->first_ns;
}

static void absorb(struct finding *into, const struct finding *from)
{
    for (size_t i = 0; i < from->n_peer_ips; i++) {
        finding_add_ip(into, &from->peer_ips[i]);
    }
    for (size_t i = 0; i < from->n_ports; i++) {
        finding_add_port(into, from->ports[i]);
    }
    for (size_t i = 0; i < from->n_frames; i++) {
        finding_add_frame(into, from->frames[i]);
    }
    for (size_t i = 0;
         i < from->n_community_ids && into->n_community_ids < FINDING_COMMUNITY_IDS;
         i++) {
        memcpy(into->community_ids[into->n_community_ids++], from->community_ids[i],
               COMMUNITY_ID_LEN);
    }
    for (size_t i = 0; i < from->n_episodes && into->n_episodes < FINDING_EPISODES;
         i++) {
        into->episodes[into->n_episodes++] = from->episodes[i];
    }
    into->attempts += from->attempts;
    into->flows += from->flows;
    into->packets += from->packets;
    into->bytes += from->bytes;
    into->last_ns = from->last_ns > into->last_ns ? from->last_ns : into->last_ns;
    into->confidence =
        from->confidence > into->confidence ? from->confidence : into->confidence;
    into->resolved = into->resolved && from->resolved;
}

static void merge_equal(struct judging *j)
{
    struct judgement *out = j->out;
    size_t n = 0;

    if (out->n_findings) {
        qsort(out->findings, out->n_findings, sizeof *out->findings, by_id);
    }
    for (size_t i = 0; i < out->n_findings; i++) {
        if (n > 0 && strcmp(out->findings[n - 1].id, out->findings[i].id) == 0) {
            absorb(&out->findings[n - 1], &out->findings[i]);
            finding_words(j, &out->findings[n - 1]);
        } else {
            out->findings[n++] = out->findings[i];
        }
    }
    out->n_findings = n;
}

static int by_severity(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int order;

    if (x->severity != y->severity) {
        return x->severity < y->severity ? -1 : 1;
    }
    if ((order = name_cmp(x->device ? x->device->key : NULL,
                          y->device ? y->device->key : NULL)) != 0) {
        return order;
    }
    if (x->first_ns != y->first_ns) {
        return x->first_ns < y->first_ns ? -1 : 1;
    }
    return strcmp(x->id, y->id);
}

/* --- siblings --- */

enum { MARK_UNAFFECTED = 1, MARK_AFFECTED };

/* Attempts that worked, by what a finding may be about. */
struct siblings {
    const struct attempt **ok;
    size_t n;
};

static int target_cmp(uint32_t row, uint16_t port, const char *name,
                      const struct attempt *a)
{
    if (row != a->rows[0]) {
        return row < a->rows[0] ? -1 : 1;
    }
    if (port != a->port) {
        return port < a->port ? -1 : 1;
    }
    return name_cmp(name, a->peer_name);
}

static int sibling_cmp(const void *a, const void *b)
{
    const struct attempt *x = *(const struct attempt *const *)a;
    const struct attempt *y = *(const struct attempt *const *)b;

    return target_cmp(x->rows[0], x->port, x->peer_name, y);
}

static bool siblings_index(const struct judging *j, struct siblings *siblings)
{
    siblings->n = 0;
    siblings->ok = malloc((j->n_attempts + 1) * sizeof *siblings->ok);
    for (size_t i = 0; siblings->ok && i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];

        if (a->result.outcome == OUTCOME_OK && a->n_rows > 0) {
            siblings->ok[siblings->n++] = a;
        }
    }
    if (siblings->ok && siblings->n > 0) {
        qsort(siblings->ok, siblings->n, sizeof *siblings->ok, sibling_cmp);
    }
    return siblings->ok != NULL;
}

/* Marks the devices whose attempts at this finding's target worked. */
static void mark_unaffected(const struct siblings *siblings, const struct finding *f,
                            uint8_t *marks)
{
    size_t low = 0, high = siblings->n;
    uint32_t row = (uint32_t)f->row;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (target_cmp(row, f->port, f->peer_name, siblings->ok[mid]) > 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (; f->row >= 0 && low < siblings->n &&
           target_cmp(row, f->port, f->peer_name, siblings->ok[low]) == 0;
         low++) {
        marks[siblings->ok[low]->device] = MARK_UNAFFECTED;
    }
}

/* --- problems --- */

/* Which problem a finding is part of. */
static void problem_key(const struct judging *j, const struct finding *f, char out[256])
{
    char by[ADDR_TEXT_LEN] = "", peer[ADDR_TEXT_LEN] = "";
    const char *row = f->row >= 0 ? policy_row(j->policy, (size_t)f->row)->group : "";
    const char *cause = cause_name(f->cause);
    const char *who = "";

    if (f->has_by) {
        addr_format(&f->by, by);
    }
    if (f->row < 0) { /* Without a row, the target tells problems apart. */
        who = f->peer_name    ? f->peer_name
              : f->n_peer_ips ? addr_format(&f->peer_ips[0], peer)
                              : "";
    }
    snprintf(out, 256, "%s|%s|%s|%s|%.100s|%u", finding_kind_name(f->kind), row,
             cause ? cause : "", by, who,
             f->row < 0 && f->cause != CAUSE_SCAN ? f->port : 0u);
}

static struct problem *problem_of(struct judging *j, struct finding *f)
{
    struct judgement *out = j->out;
    char key[256], sum[SHA256_TEXT_LEN];

    problem_key(j, f, key);
    digest_sha256_text(key, strlen(key), sum);
    snprintf(f->problem, sizeof f->problem, "p-%.12s", sum);
    for (size_t i = 0; i < out->n_problems; i++) {
        if (strcmp(out->problems[i].id, f->problem) == 0) {
            return &out->problems[i];
        }
    }

    struct problem *grown =
        realloc(out->problems, (out->n_problems + 1) * sizeof *out->problems);
    if (!grown) {
        j->failed = true;
        return NULL;
    }
    out->problems = grown;
    grown[out->n_problems] = (struct problem){
        .kind = f->kind,
        .row = f->row,
        .cause = f->cause,
        .has_by = f->has_by,
        .by = f->by,
        .owner = f->owner,
    };
    memcpy(grown[out->n_problems].id, f->problem, sizeof f->problem);
    return &grown[out->n_problems++];
}

static void problem_add(struct judging *j, struct problem *p, const struct finding *f)
{
    const struct finding **grown =
        realloc(p->findings, (p->n_findings + 1) * sizeof *p->findings);

    if (!grown) {
        j->failed = true;
        return;
    }
    p->findings = grown;
    p->findings[p->n_findings++] = f;
}

/* How far a failure reaches: one phone while others get through, a subnet, or all who
 * tried.  With a single phone there is no control group. */
static enum scope reach_of(const struct judging *j, const struct problem *p)
{
    struct prefix first = {{{0}}, 0};
    bool one_subnet = true;

    if (p->affected == 1) {
        return p->unaffected > 0 || j->out->n_devices == 1 ? SCOPE_PHONE : SCOPE_PEER;
    }
    for (size_t i = 0; i < p->n_findings && one_subnet; i++) {
        struct prefix subnet = subnet_of(j, &p->findings[i]->ip);

        first = i == 0 ? subnet : first;
        one_subnet = memcmp(&first, &subnet, sizeof first) == 0;
    }
    if (p->unaffected > 0) {
        return one_subnet ? SCOPE_SUBNET : SCOPE_PEER;
    }
    return SCOPE_FLEET;
}

/* Who else got through: devices that did, and that no finding of the problem names. */
static void problem_finish(struct judging *j, struct problem *p,
                           const struct siblings *siblings, uint8_t *marks)
{
    memset(marks, 0, j->out->n_devices);
    for (size_t i = 0; i < p->n_findings; i++) {
        mark_unaffected(siblings, p->findings[i], marks);
    }
    for (size_t i = 0; i < p->n_findings; i++) {
        if (p->findings[i]->device) {
            marks[p->findings[i]->device - j->out->devices] = MARK_AFFECTED;
        }
    }
    for (size_t d = 0; d < j->out->n_devices; d++) {
        p->unaffected += marks[d] == MARK_UNAFFECTED;
        p->affected += marks[d] == MARK_AFFECTED;
    }
    p->scope = reach_of(j, p);
}

void problems_find(struct judging *j)
{
    struct judgement *out = j->out;
    uint8_t *marks = malloc(out->n_devices + 1);
    struct siblings siblings;

    if (!siblings_index(j, &siblings) || !marks) {
        j->failed = true;
        free(siblings.ok);
        free(marks);
        return;
    }
    merge_equal(j);
    if (out->n_findings) {
        qsort(out->findings, out->n_findings, sizeof *out->findings, by_severity);
    }
    for (size_t i = 0; i < out->n_findings; i++) {
        struct problem *p =
            is_accusation(&out->findings[i]) ? problem_of(j, &out->findings[i]) : NULL;

        if (p) {
            problem_add(j, p, &out->findings[i]);
        }
    }
    for (size_t i = 0; i < out->n_problems; i++) {
        struct problem *p = &out->problems[i];

        problem_finish(j, p, &siblings, marks);
        for (size_t k = 0; k < p->n_findings; k++) {
            out->findings[p->findings[k] - out->findings].scope = p->scope;
        }
    }
    free(siblings.ok);
    free(marks);
}
