/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Was a device linked to the network while something was not answered (DESIGN 3.5)?  If
 * all that it tried at once stayed silent, the radio or the road was gone, and nobody
 * blocked anything.
 */
#include "audit/judging.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINK_GRACE_S = 1,
    VAIN_S = 30,     /* What began so long before may still be tried. */
    FALL_BACK_S = 3, /* So soon a phone turns to IPv4 from an IPv6 that said no. */
    SCAN_PORTS = 10,
    SCAN_S = 60,
    VAIN_TRIES = 8 /* So many are looked at; more would say the same. */
};

static const int64_t second_ns = 1000000000;

static int by_time(const void *a, const void *b, void *context)
{
    const struct attempt *x = *(const struct attempt *const *)a;
    const struct attempt *y = *(const struct attempt *const *)b;

    (void)context;
    if (x->cell->first_ns != y->cell->first_ns) {
        return x->cell->first_ns < y->cell->first_ns ? -1 : 1;
    }
    return x < y ? -1 : x > y;
}

bool link_is_proxy(const struct judging *j, const struct attempt *attempt)
{
    if (policy_role_has(j->policy, ROLE_HTTP_PROXY, &attempt->peer, NULL, 0)) {
        return true;
    }
    for (size_t i = 0; i < j->n_proxies; i++) {
        if (j->proxies[i]->port == attempt->port &&
            addr_equal(&j->proxies[i]->peer, &attempt->peer)) {
            return true;
        }
    }
    return false;
}

static void proxies_list(struct judging *j)
{
    for (size_t i = 0; i < j->n_attempts && j->n_proxies < JUDGING_PROXIES; i++) {
        const struct attempt *a = &j->attempts[i];

        if (!a->inbound && (a->cell->key.name_flags[0] & FLOW_NAME_PROXIED) &&
            !link_is_proxy(j, a)) {
            j->proxies[j->n_proxies++] = a;
        }
    }
}

bool links_index(struct judging *j)
{
    size_t room = (j->n_attempts + 1) * sizeof(const struct attempt *);

    j->by_time = malloc(room);
    j->stalled = malloc(room);
    if (!j->by_time || !j->stalled) {
        return false;
    }
    for (size_t i = 0; i < j->n_attempts; i++) {
        j->by_time[i] = &j->attempts[i];
        if (j->attempts[i].cell->key.facts & FACT_STALLED) {
            j->stalled[j->n_stalled++] = &j->attempts[i];
        }
    }
    attempts_sort_by(j->by_time, j->n_attempts, by_time, NULL);
    proxies_list(j);
    return true;
}

/* The first attempt of the device that begins at 'ns' or later. */
static size_t from_time(const struct judging *j, uint32_t device, int64_t ns)
{
    size_t low = 0, high = j->n_attempts;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct attempt *a = j->by_time[mid];

        if (a->device < device || (a->device == device && a->cell->first_ns < ns)) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* Attempts of the device that begin in a time. */
static size_t within(const struct judging *j, uint32_t device, int64_t from, int64_t to,
                     const struct attempt *const **first)
{
    size_t at = from_time(j, device, from);

    *first = &j->by_time[at];
    return from_time(j, device, to) - at;
}

/* By a packet that was seen, or one that the device's own packets prove. */
static bool was_answered(const struct attempt *a)
{
    return a->cell->packets[!a->inbound] > 0 || (a->cell->key.facts & FACT_PROVED);
}

/* --- hosts that are down --- */

/* Who said it, of whom. */
struct down {
    struct addr by, peer;
};

static int down_cmp(const void *a, const void *b)
{
    const struct down *x = a, *y = b;
    int order = addr_cmp(&x->by, &y->by);

    return order != 0 ? order : addr_cmp(&x->peer, &y->peer);
}

static bool is_unreachable(const struct cell_key *key, const struct result *result)
{
    return key->sign == ATTEMPT_ICMP && result->has_by &&
           result->cause == CAUSE_ICMP_UNREACHABLE && !outcome_says_port(key);
}

struct result link_result(const struct judging *j, const struct cell *cell,
                          bool inbound, struct result result)
{
    struct down down = {result.by, inbound ? cell->key.client : cell->key.server};

    if (result.outcome != OUTCOME_BLOCKED || !is_unreachable(&cell->key, &result)) {
        return result;
    }
    if (j->n_down > 0 &&
        bsearch(&down, j->down, j->n_down, sizeof *j->down, down_cmp)) {
        result.outcome = OUTCOME_REFUSED;
    } else if (cell->packets[0] == 0) {
        /* How long the router took to say so is not known. */
        result = (struct result){.outcome = OUTCOME_UNKNOWN};
    }
    return result;
}

bool links_settle(struct judging *j)
{
    j->down = malloc((j->n_attempts + 1) * sizeof *j->down);
    if (!j->down) {
        return false;
    }
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];

        if (a->result.outcome == OUTCOME_REFUSED &&
            is_unreachable(&a->cell->key, &a->result)) {
            j->down[j->n_down++] = (struct down){a->result.by, a->peer};
        }
    }
    if (j->n_down > 0) {
        qsort(j->down, j->n_down, sizeof *j->down, down_cmp);
    }
    for (size_t i = 0; i < j->n_attempts; i++) {
        struct attempt *a = &j->attempts[i];

        a->result = link_result(j, a->cell, a->inbound, a->result);
    }
    return true;
}

/* --- what the device heard --- */

bool link_heard(const struct judging *j, uint32_t device, int64_t from, int64_t to)
{
    const struct attempt *const *a;
    size_t n = within(j, device, from, to + 1, &a);

    for (size_t i = 0; i < n; i++) {
        if (was_answered(a[i]) &&
            a[i]->cell->last_ns <= to + LINK_GRACE_S * second_ns) {
            return true;
        }
    }
    return false;
}

bool link_answers(const struct judging *j, uint32_t device, const struct addr *peer,
                  uint8_t proto, uint16_t port)
{
    const struct attempt *const *a;
    size_t n = within(j, device, INT64_MIN, INT64_MAX, &a);

    for (size_t i = 0; i < n; i++) {
        if (a[i]->cell->key.proto == proto && a[i]->port == port &&
            addr_equal(&a[i]->peer, peer) && !outcome_is_bad(a[i]->result.outcome) &&
            was_answered(a[i])) {
            return true;
        }
    }
    return false;
}

bool link_was_in_vain(const struct attempt *a)
{
    return a->cell->key.sign == ATTEMPT_SYN_SILENT ||
           a->cell->key.sign == ATTEMPT_REQUEST_SILENT ||
           a->cell->key.sign == ATTEMPT_HELLO_SILENT;
}

/* Did a connection to somebody else, which had worked, go unheard in this time? */
static bool has_stalled(const struct judging *j, uint32_t device,
                        const struct addr *peer, int64_t from, int64_t to)
{
    for (size_t i = 0; i < j->n_stalled; i++) {
        const struct attempt *a = j->stalled[i];
        int64_t began = a->cell->last_ns - a->cell->key.span_s * second_ns;

        if (a->device == device && !a->inbound && began <= to &&
            a->cell->last_ns >= from && !addr_equal(&a->peer, peer)) {
            return true;
        }
    }
    return false;
}

bool link_gap(const struct judging *j, uint32_t device, const struct addr *peer,
              int64_t from, int64_t to)
{
    const struct attempt *const *a;
    size_t n, tries = 0;

    if (link_heard(j, device, from, to)) {
        return false;
    }
    if (has_stalled(j, device, peer, from, to)) {
        return true;
    }
    n = within(j, device, from - VAIN_S * second_ns, to, &a);
    for (size_t i = n; i-- > 0 && tries < VAIN_TRIES;) {
        if (!link_was_in_vain(a[i]) || a[i]->cell->last_ns < from ||
            addr_equal(&a[i]->peer, peer)) {
            continue;
        }
        tries++;
        if (link_answers(j, device, &a[i]->peer, a[i]->cell->key.proto, a[i]->port)) {
            return true;
        }
    }
    return false;
}

enum outcome link_icmp(const struct judging *j, uint32_t device,
                       const struct addr *peer, uint16_t port)
{
    const struct attempt *const *a;
    size_t n = within(j, device, INT64_MIN, INT64_MAX, &a);

    for (size_t i = 0; i < n; i++) {
        if (a[i]->cell->key.sign == ATTEMPT_ICMP && a[i]->port == port &&
            addr_equal(&a[i]->peer, peer)) {
            return a[i]->result.outcome;
        }
    }
    return OUTCOME_OK;
}

bool link_has_name(const struct judging *j, uint32_t device, const char *name)
{
    const struct attempt *const *a;
    size_t n = within(j, device, INT64_MIN, INT64_MAX, &a);

    for (size_t i = 0; i < n; i++) {
        if (a[i]->peer_name && strcmp(a[i]->peer_name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool link_has_v4(const struct judging *j, const struct attempt *bad)
{
    const struct attempt *const *a;
    size_t n = within(j, bad->device, INT64_MIN, INT64_MAX, &a);

    for (size_t i = 0; i < n; i++) {
        if (a[i]->cell->key.proto == bad->cell->key.proto && a[i]->port == bad->port &&
            addr_is_v4(&a[i]->peer) && !outcome_is_bad(a[i]->result.outcome) &&
            was_answered(a[i])) {
            return true;
        }
    }
    return false;
}

bool link_goes_on(const struct judging *j, uint32_t device, int64_t ns)
{
    const struct attempt *const *a;

    return within(j, device, ns + FALL_BACK_S * second_ns, INT64_MAX, &a) > 0;
}

bool link_is_scan(const struct judging *j, const struct attempt *bad)
{
    int64_t at = bad->cell->first_ns;
    uint16_t ports[SCAN_PORTS];
    size_t n_ports = 0;
    const struct attempt *const *a;
    size_t n =
        within(j, bad->device, at - SCAN_S * second_ns, at + SCAN_S * second_ns, &a);

    for (size_t i = 0; i < n && n_ports < SCAN_PORTS; i++) {
        bool new_port = a[i]->verdict == CLAIM_UNEXPECTED &&
                        a[i]->result.outcome != OUTCOME_OK &&
                        addr_equal(&a[i]->peer, &bad->peer);

        for (size_t p = 0; p < n_ports && new_port; p++) {
            new_port = ports[p] != a[i]->port;
        }
        if (new_port) {
            ports[n_ports++] = a[i]->port;
        }
    }
    return n_ports == SCAN_PORTS;
}
