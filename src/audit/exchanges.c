/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Requests and answers of one kind, host by host: what judges of them walk over.
 */
#include "audit/judging.h"

#include <stdlib.h>

/* Order of hosts, peers, ports and transports; 0: they are of one run. */
static int run_cmp(const struct exchange_key *x, const struct exchange_key *y)
{
    int order = addr_cmp(&x->host, &y->host);

    order = order != 0 ? order : addr_cmp(&x->peer, &y->peer);
    if (order != 0) {
        return order;
    }
    if (x->port != y->port) {
        return x->port < y->port ? -1 : 1;
    }
    return x->proto != y->proto ? (x->proto < y->proto ? -1 : 1) : 0;
}

static int exchange_cmp(const void *a, const void *b)
{
    const struct exchange_key *x = &(*(const struct exchange *const *)a)->key;
    const struct exchange_key *y = &(*(const struct exchange *const *)b)->key;
    int order = run_cmp(x, y);

    return order != 0 ? order : memcmp(x, y, sizeof *x);
}

void exchanges_each(struct judging *j, enum exchange_kind kind, exchanges_judge each)
{
    const struct pool *pool = &j->tally->exchanges;
    const struct exchange **sorted = malloc((pool->n + 1) * sizeof *sorted);
    size_t n = 0;

    if (!sorted) {
        j->failed = true;
        return;
    }
    for (uint32_t i = 0; i < pool->n; i++) {
        const struct exchange *e = pool_at(pool, i);

        if (e->key.kind == kind) {
            sorted[n++] = e;
        }
    }
    if (n > 0) {
        qsort(sorted, n, sizeof *sorted, exchange_cmp);
    }
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1;
             to < n && run_cmp(&sorted[from]->key, &sorted[to]->key) == 0; to++) {
        }
        each(j, sorted + from, to - from);
    }
    free(sorted);
}

const struct attempt *exchange_attempt(const struct judging *j,
                                       const struct exchange *e)
{
    long device = device_at(j, &e->key.host, e->first_ns);

    for (size_t i = 0; device >= 0 && i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];

        if (a->device == (uint32_t)device && addr_equal(&a->ip, &e->key.host) &&
            addr_equal(&a->peer, &e->key.peer) && a->n_rows > 0 &&
            a->cell->key.proto == e->key.proto &&
            (a->port == e->key.port || a->cell->key.server_port == e->key.port)) {
            return a;
        }
    }
    return NULL;
}
