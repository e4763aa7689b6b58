/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names that did not resolve (DESIGN 3.3): judged per name, for the row whose name it
 * is.  A name that got an address at any time is not accused; nor is one for which only
 * AAAA or HTTPS was refused.
 */
#include "audit/judging.h"

#include <stdlib.h>
#include <string.h>

enum {
    TYPE_A = 1,
    TYPE_AAAA = 28,
    NO_REPLY_QUERIES = 2,
    NO_REPLY_S = 5,
    DNS_PORT = 53,
    PROTO_UDP = 17
};

static const int64_t second_ns = 1000000000;

struct question {
    const struct lookup *lookup;
    const char *name;
    uint32_t device;
};

struct questions {
    const struct question *of; /* By device, name and time. */
    size_t n;
};

/* All lookups of one name by one device. */
struct failure {
    const struct question *first;
    uint64_t answers[LOOKUP_ANSWERS]; /* To questions for A. */
    uint64_t answers_any, queries, addresses;
    int64_t first_ns, last_ns; /* Of queries. */
};

static int question_cmp(const void *a, const void *b)
{
    const struct question *x = a, *y = b;
    int order;

    if (x->device != y->device) {
        return x->device < y->device ? -1 : 1;
    }
    if ((order = strcmp(x->name, y->name)) != 0) {
        return order;
    }
    if (x->lookup->first_query_ns != y->lookup->first_query_ns) {
        return x->lookup->first_query_ns < y->lookup->first_query_ns ? -1 : 1;
    }
    return x->lookup->key.type < y->lookup->key.type
               ? -1
               : x->lookup->key.type > y->lookup->key.type;
}

static struct failure sum_up(const struct question *q, size_t n)
{
    struct failure sum = {.first = q, .first_ns = INT64_MAX};

    for (size_t i = 0; i < n; i++) {
        const struct lookup *l = q[i].lookup;

        if (l->key.type != TYPE_A && l->key.type != TYPE_AAAA) {
            continue;
        }
        for (size_t a = 0; a < LOOKUP_ANSWERS; a++) {
            sum.answers[a] += l->key.type == TYPE_A ? l->answers[a] : 0;
            sum.answers_any += l->answers[a];
        }
        sum.addresses += l->answers[LOOKUP_ADDRESS];
        sum.queries += l->queries;
        if (l->queries) {
            sum.first_ns =
                l->first_query_ns < sum.first_ns ? l->first_query_ns : sum.first_ns;
            sum.last_ns =
                l->last_query_ns > sum.last_ns ? l->last_query_ns : sum.last_ns;
        }
    }
    return sum;
}

static bool was_ignored(const struct judging *j, const struct failure *sum)
{
    return sum->answers_any == 0 && sum->queries >= NO_REPLY_QUERIES &&
           sum->last_ns - sum->first_ns >= NO_REPLY_S * second_ns &&
           j->out->now_ns - sum->first_ns >= NO_REPLY_S * second_ns;
}

static enum cause cause_of(const struct judging *j, const struct failure *sum,
                           bool role)
{
    if (sum->addresses) {
        return CAUSE_NONE;
    }
    if (sum->answers[LOOKUP_PRIVATE]) {
        return role ? CAUSE_NONE
                    : CAUSE_DNS_SINKHOLE; /* A site's servers are private. */
    }
    if (sum->answers[LOOKUP_EMPTY]) {
        return CAUSE_NONE;
    }
    if (sum->answers[LOOKUP_NXDOMAIN]) {
        return CAUSE_DNS_NXDOMAIN;
    }
    if (sum->answers[LOOKUP_REFUSED]) {
        return CAUSE_DNS_REFUSED;
    }
    if (sum->answers[LOOKUP_SERVFAIL]) {
        return CAUSE_DNS_SERVFAIL;
    }
    return was_ignored(j, sum) && sight_hears(j, &sum->first->lookup->key.host,
                                              &sum->first->lookup->key.resolver)
               ? CAUSE_DNS_NO_REPLY
               : CAUSE_NONE;
}

static enum confidence confidence_of(const struct policy_match *match, enum cause cause)
{
    if (match->via == MATCH_SUFFIX) {
        return CONFIDENCE_LOW;
    }
    return cause == CAUSE_DNS_NO_REPLY ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
}

/* The row's own transport and ports: the traffic that can not even begin. */
static void add_row_ports(struct finding *f, const struct policy_row *row)
{
    f->transport = row->transports & TRANSPORT_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
    for (size_t i = 0; i < row->n_ports; i++) {
        unsigned high = row->ports[i].high;

        if (high - row->ports[i].low > 4) {
            high = row->ports[i].low;
        }
        for (unsigned port = row->ports[i].low; port <= high; port++) {
            finding_add_port(f, (uint16_t)port);
        }
    }
    f->port = f->n_ports ? f->ports[0] : 0;
}

static void add_lookup(struct finding *f, const struct lookup *l)
{
    int64_t last =
        l->last_answer_ns > l->last_query_ns ? l->last_answer_ns : l->last_query_ns;
    int64_t first = l->first_query_ns ? l->first_query_ns : l->first_answer_ns;

    for (size_t i = 0; i < 4; i++) {
        finding_add_frame(f, l->frames[i]);
    }
    f->attempts += l->queries;
    f->packets += l->queries;
    for (size_t a = 0; a < LOOKUP_ANSWERS; a++) {
        f->packets += l->answers[a];
    }
    f->first_ns = f->first_ns == 0 || first < f->first_ns ? first : f->first_ns;
    f->last_ns = last > f->last_ns ? last : f->last_ns;
}

static void report(struct judging *j, const struct question *q, size_t n,
                   const struct policy_match *match, enum cause cause)
{
    const struct lookup *l = q->lookup;
    struct finding *f = finding_new(j, KIND_BLOCKED, match->row, q->device);

    if (!f) {
        return;
    }
    f->outcome = OUTCOME_BLOCKED;
    f->cause = cause;
    f->confidence = confidence_of(match, cause);
    f->peer_name = q->name;
    f->name_source = NAME_DNS;
    f->has_ip = true;
    f->ip = l->key.host;
    f->has_by = true;
    f->by = l->key.resolver;
    add_row_ports(f, policy_row(j->policy, match->row));
    for (size_t i = 0; i < n; i++) {
        add_lookup(f, q[i].lookup);
    }
    f->episodes[f->n_episodes++] =
        (struct episode){f->first_ns, f->last_ns, OUTCOME_BLOCKED, f->attempts};
    finding_finish(j, f);
    row_state_raise(j, q->device, match->row, STATE_BLOCKED);
}

/* --- the resolver itself --- */

static int resolver_cmp(const void *a, const void *b)
{
    const struct question *x = a, *y = b;
    int order;

    if (x->device != y->device) {
        return x->device < y->device ? -1 : 1;
    }
    order = addr_cmp(&x->lookup->key.resolver, &y->lookup->key.resolver);
    return order != 0 ? order : question_cmp(a, b);
}

static bool same_resolver(const struct question *a, const struct question *b)
{
    return a->device == b->device &&
           addr_equal(&a->lookup->key.resolver, &b->lookup->key.resolver);
}

static bool same_name(const struct question *a, const struct question *b)
{
    return a->device == b->device && strcmp(a->name, b->name) == 0;
}

/* Did the device repeat a question that this resolver never answered, while it
 * answered no other one?  An answer of any kind clears the way to it. */
static bool is_deaf(const struct judging *j, const struct question *q, size_t n)
{
    bool ignored = false;

    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && same_name(&q[from], &q[to]); to++) {
        }

        struct failure sum = sum_up(q + from, to - from);
        if (sum.answers_any) {
            return false;
        }
        ignored |= was_ignored(j, &sum);
    }
    return ignored && sight_hears(j, &q->lookup->key.host, &q->lookup->key.resolver);
}

static void resolver_judge(struct judging *j, const struct question *q, size_t n)
{
    long row = policy_find(j->policy, "net-dns");
    struct finding *f;

    if (row < 0 || !is_deaf(j, q, n) ||
        link_icmp(j, q->device, &q->lookup->key.resolver, DNS_PORT) != OUTCOME_OK ||
        !(f = finding_new(j, KIND_BLOCKED, row, q->device))) {
        return;
    }
    f->outcome = OUTCOME_BLOCKED;
    f->cause = CAUSE_NO_REPLY;
    f->confidence = CONFIDENCE_MEDIUM;
    f->has_ip = true;
    f->ip = q->lookup->key.host;
    f->transport = TRANSPORT_UDP;
    f->port = DNS_PORT;
    finding_add_port(f, DNS_PORT);
    finding_add_ip(f, &q->lookup->key.resolver);
    for (size_t i = 0; i < n; i++) {
        add_lookup(f, q[i].lookup);
    }
    finding_finish(j, f);
    row_state_raise(j, q->device, (uint32_t)row, STATE_BLOCKED);
}

static void resolvers_judge(struct judging *j, struct question *questions, size_t n)
{
    if (n > 0) {
        qsort(questions, n, sizeof *questions, resolver_cmp);
    }
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && same_resolver(&questions[from], &questions[to]);
             to++) {
        }
        resolver_judge(j, questions + from, to - from);
    }
}

/* Of the rows that list the name, the one that needs it most. */
static const struct policy_match *row_of(const struct judging *j,
                                         const struct policy_match *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (policy_row(j->policy, rows[i].row)->need == NEED_REQUIRED) {
            return &rows[i];
        }
    }
    return rows;
}

/* Was another name ignored by the same resolver at another time?  A radio gap stops all
 * names at once. */
static bool ignores_more(const struct question *all, size_t n, const struct question *q,
                         const struct failure *sum)
{
    for (size_t i = 0; i < n; i++) {
        const struct lookup *l = all[i].lookup;
        bool silent = l->queries >= NO_REPLY_QUERIES && l->first_answer_ns == 0;

        if (silent && same_resolver(&all[i], q) && !same_name(&all[i], q) &&
            (l->last_query_ns < sum->first_ns || l->first_query_ns > sum->last_ns)) {
            return true;
        }
    }
    return false;
}

/* Did not the name, but the resolver or the road to it stay silent?  The resolver said
 * so itself, the device was cut off, or it did get an answer that was not captured. */
static bool is_silence_of_all(const struct judging *j, const struct questions *all,
                              const struct question *q, const struct failure *sum)
{
    const struct addr *resolver = &q->lookup->key.resolver;

    if (link_has_name(j, q->device, q->name) ||
        link_icmp(j, q->device, resolver, DNS_PORT) == OUTCOME_REFUSED ||
        link_gap(j, q->device, resolver, sum->first_ns, sum->last_ns)) {
        return true;
    }
    return link_answers(j, q->device, resolver, PROTO_UDP, DNS_PORT) &&
           !link_heard(j, q->device, sum->first_ns, sum->last_ns) &&
           !ignores_more(all->of, all->n, q, sum);
}

static void name_judge(struct judging *j, const struct questions *all,
                       const struct question *q, size_t n)
{
    struct policy_match rows[POLICY_MAX_ANSWERS];
    size_t n_rows = policy_rows_of_name(j->policy, q->name, rows);

    if (n_rows == 0 || policy_row(j->policy, rows[0].row)->need == NEED_NOTICE) {
        return;
    }

    struct failure sum = sum_up(q, n);
    enum cause cause = cause_of(j, &sum, rows[0].via == MATCH_ROLE);
    if (cause == CAUSE_NONE ||
        (cause == CAUSE_DNS_NO_REPLY && is_silence_of_all(j, all, q, &sum))) {
        return;
    }
    report(j, q, n, row_of(j, rows, n_rows), cause);
}

void lookups_judge(struct judging *j)
{
    const struct pool *lookups = &j->tally->lookups;
    struct question *questions = malloc((lookups->n + 1) * sizeof *questions);
    size_t n = 0;

    if (!questions) {
        j->failed = true;
        return;
    }
    for (uint32_t i = 0; i < lookups->n; i++) {
        const struct lookup *l = pool_at(lookups, i);
        int64_t ns = l->first_query_ns ? l->first_query_ns : l->first_answer_ns;
        long device = device_at(j, &l->key.host, ns);

        if (device >= 0) {
            questions[n++] = (struct question){
                l, tally_name_text(j->tally, l->key.name), (uint32_t)device};
        }
    }
    if (n > 0) {
        qsort(questions, n, sizeof *questions, question_cmp);
    }

    struct questions all = {questions, n};
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && same_name(&questions[from], &questions[to]);
             to++) {
        }
        name_judge(j, &all, questions + from, to - from);
    }
    resolvers_judge(j, questions, n);
    free(questions);
}
