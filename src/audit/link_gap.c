/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Times in which a device was cut off (DESIGN 3.5): all that it tried stayed silent,
 * its resolver and somebody else among it, who both answer it at other times.  Nobody
 * blocked anything then; that is one problem of the radio, without findings.
 *
 * A name that was asked once may have been answered in a packet that the capture lost:
 * only a question that was repeated begins a gap.
 */
#include "audit/judging.h"

#include "base/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GAP_S = 3,    /* A shorter one is not told. */
    NEAR = 64,    /* So many attempts before and after are looked at. */
    BUSY_PPS = 1, /* Packets a second that came: the flow was heard all along. */
    PROTO_UDP = 17,
    PORT_DNS = 53
};

static const int64_t second_ns = 1000000000;

/* An attempt that stayed silent from 'from' to 'to'. */
struct vain {
    const struct attempt *attempt;
    int64_t from_ns, to_ns;
};

static int vain_cmp(const void *a, const void *b)
{
    const struct vain *x = a, *y = b;

    if (x->attempt->device != y->attempt->device) {
        return x->attempt->device < y->attempt->device ? -1 : 1;
    }
    if (x->from_ns != y->from_ns) {
        return x->from_ns < y->from_ns ? -1 : 1;
    }
    return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

static struct vain *vain_list(struct judging *j, size_t *n)
{
    struct vain *list = malloc((j->n_attempts + 1) * sizeof *list);

    *n = 0;
    for (size_t i = 0; list && i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];
        bool stalled = (a->cell->key.facts & FACT_STALLED) != 0;

        if (!a->inbound && (stalled || link_was_in_vain(a))) {
            int64_t span_ns = a->cell->key.span_s * second_ns;

            list[(*n)++] = (struct vain){
                a, stalled ? a->cell->last_ns - span_ns : a->cell->first_ns,
                a->cell->last_ns};
        }
    }
    if (list && *n > 0) {
        qsort(list, *n, sizeof *list, vain_cmp);
    }
    return list;
}

static bool is_question(const struct vain *v)
{
    return v->attempt->cell->key.proto == PROTO_UDP && v->attempt->port == PORT_DNS;
}

/* Does who stayed silent answer the device at other times? */
static bool answers_else(const struct judging *j, const struct vain *v)
{
    const struct attempt *a = v->attempt;

    return (a->cell->key.facts & FACT_STALLED) ||
           link_answers(j, a->device, &a->peer, a->cell->key.proto, a->port);
}

/* Did packets of a long flow, as of a call, come all through the time? */
static bool was_busy(const struct judging *j, uint32_t device, int64_t from_ns,
                     int64_t to_ns)
{
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];
        const struct cell *cell = a->cell;
        int64_t s = (cell->last_ns - cell->first_ns) / second_ns;

        if (a->device == device && cell->attempts == 1 && cell->first_ns < from_ns &&
            cell->last_ns > to_ns && !(cell->key.facts & FACT_STALLED) &&
            cell->packets[!a->inbound] > (uint64_t)(s * BUSY_PPS)) {
            return true;
        }
    }
    return false;
}

static void gap_add(struct link_gap *gap, const struct vain *v)
{
    const struct cell *cell = v->attempt->cell;

    gap->attempts += cell->attempts;
    for (size_t i = 0; i < CELL_FRAMES && gap->n_frames < FINDING_FRAMES; i++) {
        if (cell->frames[i]) {
            gap->frames[gap->n_frames++] = cell->frames[i];
        }
    }
}

/* Joins 'v' to the gap where nothing was heard from its first packet to the last. */
static bool gap_join(const struct judging *j, struct link_gap *gap, uint32_t device,
                     const struct vain *v)
{
    int64_t from_ns = v->from_ns < gap->from_ns ? v->from_ns : gap->from_ns;
    int64_t to_ns = v->to_ns > gap->to_ns ? v->to_ns : gap->to_ns;

    if (v->attempt->device != device || v->from_ns > gap->to_ns ||
        v->to_ns < gap->from_ns || !answers_else(j, v) ||
        link_heard(j, device, from_ns, to_ns)) {
        return false;
    }
    gap->from_ns = from_ns;
    gap->to_ns = to_ns;
    gap_add(gap, v);
    return true;
}

/* The gap around the question list[at]; false: there is none. */
static bool gap_find(const struct judging *j, const struct vain *list, size_t n,
                     size_t at, struct link_gap *gap)
{
    const struct vain *question = &list[at];
    uint32_t device = question->attempt->device;
    size_t first = at > NEAR ? at - NEAR : 0, others = 0;

    *gap = (struct link_gap){.device = &j->out->devices[device],
                             .from_ns = question->from_ns,
                             .to_ns = question->to_ns};
    if (!is_question(question) || question->attempt->cell->packets[0] < 2 ||
        !answers_else(j, question) || link_heard(j, device, gap->from_ns, gap->to_ns)) {
        return false;
    }
    gap_add(gap, question);
    for (size_t i = first; i < n && i <= at + NEAR; i++) {
        if (i != at && gap_join(j, gap, device, &list[i])) {
            others += !addr_equal(&list[i].attempt->peer, &question->attempt->peer);
        }
    }
    return others > 0 && gap->to_ns - gap->from_ns >= GAP_S * second_ns &&
           !was_busy(j, device, gap->from_ns, gap->to_ns);
}

/* --- problems --- */

static struct problem *problem_new(struct judging *j, const struct link_gap *gap)
{
    struct judgement *out = j->out;
    struct problem *grown =
        realloc(out->problems, (out->n_problems + 1) * sizeof *out->problems);
    char key[ADDR_TEXT_LEN + 48], sum[SHA256_TEXT_LEN];

    if (!grown) {
        j->failed = true;
        return NULL;
    }
    snprintf(key, sizeof key, "link-gap|%s|%" PRId64, gap->device->key,
             gap->from_ns / 1000);
    digest_sha256_text(key, strlen(key), sum);
    out->problems = grown;
    grown[out->n_problems] = (struct problem){.row = -1, .owner = OWNER_WLAN};
    snprintf(grown[out->n_problems].id, sizeof grown->id, "p-%.12s", sum);
    return &grown[out->n_problems++];
}

static void problem_take(struct judging *j, struct problem *p,
                         const struct link_gap *gap)
{
    struct link_gap *grown = realloc(p->gaps, (p->n_gaps + 1) * sizeof *p->gaps);

    if (!grown) {
        j->failed = true;
        return;
    }
    p->gaps = grown;
    p->gaps[p->n_gaps++] = *gap;
}

/* The problem of a gap: devices that are cut off at once have one in common. */
static struct problem *problem_of(struct judging *j, const struct link_gap *gap)
{
    for (size_t i = 0; i < j->out->n_problems; i++) {
        struct problem *p = &j->out->problems[i];

        for (size_t k = 0; k < p->n_gaps; k++) {
            if (p->gaps[k].from_ns <= gap->to_ns && gap->from_ns <= p->gaps[k].to_ns) {
                return p;
            }
        }
    }
    return problem_new(j, gap);
}

static bool has_gap(const struct problem *p, const struct device *device)
{
    for (size_t i = 0; i < p->n_gaps; i++) {
        if (p->gaps[i].device == device) {
            return true;
        }
    }
    return false;
}

/* Who was cut off, and who heard something meanwhile. */
static void problem_finish(struct judging *j, struct problem *p)
{
    int64_t from_ns = p->gaps[0].from_ns, to_ns = p->gaps[0].to_ns;

    for (size_t i = 1; i < p->n_gaps; i++) {
        from_ns = p->gaps[i].from_ns < from_ns ? p->gaps[i].from_ns : from_ns;
        to_ns = p->gaps[i].to_ns > to_ns ? p->gaps[i].to_ns : to_ns;
    }
    for (size_t d = 0; d < j->out->n_devices; d++) {
        bool hit = has_gap(p, &j->out->devices[d]);

        p->affected += hit;
        p->unaffected += !hit && link_heard(j, (uint32_t)d, from_ns, to_ns);
    }
    p->first_ns = from_ns;
    p->last_ns = to_ns;
    p->scope = p->affected == 1    ? SCOPE_PHONE
               : p->unaffected > 0 ? SCOPE_SUBNET
                                   : SCOPE_FLEET;
}

void gaps_find(struct judging *j)
{
    size_t n, had = j->out->n_problems;
    struct vain *list = vain_list(j, &n);
    struct link_gap gap, last = {.device = NULL};

    if (!list) {
        j->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct device *device = &j->out->devices[list[i].attempt->device];
        struct problem *p;

        if (last.device == device && list[i].from_ns <= last.to_ns) {
            continue; /* Of the gap that was just found. */
        }
        if (gap_find(j, list, n, i, &gap) && (p = problem_of(j, &gap)) != NULL) {
            problem_take(j, p, &gap);
            last = gap;
        }
    }
    for (size_t i = had; i < j->out->n_problems; i++) {
        problem_finish(j, &j->out->problems[i]);
    }
    free(list);
}
