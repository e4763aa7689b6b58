/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Addresses behind which several phones are (DESIGN 3.1): a router that translates
 * addresses stands between them and the capture point.  What works for one of them
 * hides what fails for another, so no group of theirs is judged.
 *
 * A phone has one push socket, two with a work profile; and one or two SIP users.  TCP
 * timestamps prove nothing: they differ for each connection.
 */
#include "audit/judging.h"

#include <stdlib.h>

enum {
    SOCKETS = 3,
    SOCKETS_S = 600, /* So long they must have been there together. */
    USERS = 3,
    IDENTITIES = 2,  /* Of DHCP. */
    LOOK_BACK = 256, /* Spans of one address that are looked at. */
    WHO_LEN = 16
};

/* Somebody was at an address in this time. */
struct span {
    struct addr addr;
    uint8_t who[WHO_LEN]; /* Equal for the same user or hardware; else all zero. */
    int64_t first_ns, last_ns;
};

struct spans {
    struct span *at;
    size_t n;
};

static int who_cmp(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    int order = addr_cmp(&x->addr, &y->addr);

    return order != 0 ? order : memcmp(x->who, y->who, WHO_LEN);
}

static int time_cmp(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    int order = addr_cmp(&x->addr, &y->addr);

    if (order != 0) {
        return order;
    }
    return x->first_ns < y->first_ns ? -1 : x->first_ns > y->first_ns;
}

/* Joins the spans of one user, who may be known to two servers. */
static void spans_join(struct spans *spans)
{
    size_t n = 0;

    if (spans->n > 0) {
        qsort(spans->at, spans->n, sizeof *spans->at, who_cmp);
    }
    for (size_t i = 0; i < spans->n; i++) {
        const struct span *s = &spans->at[i];
        struct span *last = n > 0 ? &spans->at[n - 1] : NULL;

        if (last && who_cmp(last, s) == 0) {
            last->first_ns =
                s->first_ns < last->first_ns ? s->first_ns : last->first_ns;
            last->last_ns = s->last_ns > last->last_ns ? s->last_ns : last->last_ns;
        } else {
            spans->at[n++] = *s;
        }
    }
    spans->n = n;
}

/* Everybody who has the address is told apart from the others no more. */
static void address_mark(struct judging *j, const struct addr *addr)
{
    for (size_t i = 0; i < j->n_owners; i++) {
        if (addr_equal(&j->owners[i].addr, addr)) {
            j->out->devices[j->owners[i].device].is_nat = true;
        }
    }
}

/* Were 'need' of them, the one at 'i' the last to come, there together for so long? */
static bool is_crowded(const struct spans *spans, size_t i, size_t need, int64_t ns)
{
    const struct span *last = &spans->at[i];
    size_t together = 0;

    for (size_t k = i + 1, looked = 0; k-- > 0 && looked < LOOK_BACK; looked++) {
        const struct span *s = &spans->at[k];

        if (!addr_equal(&s->addr, &last->addr)) {
            break;
        }
        together += s->last_ns > last->first_ns && s->last_ns - last->first_ns >= ns;
    }
    return together >= need;
}

static void crowds_mark(struct judging *j, struct spans *spans, size_t need, int64_t ns)
{
    const struct span *marked = NULL;

    if (spans->n > 0) {
        qsort(spans->at, spans->n, sizeof *spans->at, time_cmp);
    }
    for (size_t i = 0; i < spans->n; i++) {
        if ((!marked || !addr_equal(&marked->addr, &spans->at[i].addr)) &&
            is_crowded(spans, i, need, ns)) {
            marked = &spans->at[i];
            address_mark(j, &marked->addr);
        }
    }
}

/* Only an attempt that is alone in its cell tells its own time. */
static bool is_push_socket(const struct judging *j, const struct attempt *a)
{
    const struct cell *cell = a->cell;

    return !a->inbound && a->n_rows > 0 && cell->attempts == 1 &&
           cell->key.sign == ATTEMPT_OK && (cell->key.facts & FACT_TWO_WAY) &&
           strcmp(policy_row(j->policy, a->rows[0])->group, "google-push") == 0;
}

static void sockets_mark(struct judging *j, struct spans *spans)
{
    const int64_t second_ns = 1000000000;

    spans->n = 0;
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];

        if (is_push_socket(j, a)) {
            spans->at[spans->n++] = (struct span){.addr = a->ip,
                                                  .first_ns = a->cell->first_ns,
                                                  .last_ns = a->cell->last_ns};
        }
    }
    crowds_mark(j, spans, SOCKETS, SOCKETS_S * second_ns);
}

static void users_mark(struct judging *j, struct spans *spans)
{
    const struct pool *signs = &j->tally->nat_signs;

    spans->n = 0;
    for (uint32_t i = 0; i < signs->n; i++) {
        const struct nat_sign *s = pool_at(signs, i);

        if (s->key.kind == NAT_USER) {
            struct span *span = &spans->at[spans->n++];

            *span = (struct span){
                .addr = s->key.host, .first_ns = s->first_ns, .last_ns = s->last_ns};
            memcpy(span->who, &s->key.told, WHO_LEN);
        }
    }
    spans_join(spans);
    crowds_mark(j, spans, USERS, 0);
}

static void identities_mark(struct judging *j, struct spans *spans)
{
    const struct pool *leases = &j->tally->leases;

    spans->n = 0;
    for (uint32_t i = 0; i < leases->n; i++) {
        const struct lease *lease = pool_at(leases, i);

        if (!addr_is_unspecified(&lease->key.addr)) {
            spans->at[spans->n++] = (struct span){.addr = lease->key.addr,
                                                  .first_ns = lease->first_ns,
                                                  .last_ns = lease->last_ns};
        }
    }
    crowds_mark(j, spans, IDENTITIES, 0);
}

bool nats_find(struct judging *j)
{
    const struct tally *tally = j->tally;
    size_t room = j->n_attempts + tally->nat_signs.n + tally->leases.n + 1;
    struct spans spans = {malloc(room * sizeof *spans.at), 0};

    if (!spans.at) {
        return false;
    }
    sockets_mark(j, &spans);
    users_mark(j, &spans);
    identities_mark(j, &spans);
    free(spans.at);
    return true;
}
