/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Calls: whose media a flow is, and does it go both ways (DESIGN 3.2, 3.3).
 *
 * A flow is of a call where SDP announced its ends.  Where SIPS hides the SDP, steady
 * RTP during a live session toward another phone or a private address is as good to
 * say what the flow is, but never to accuse: nobody knows then who was to send.
 */
#include "audit/voice_calls.h"

#include <stdlib.h>
#include <string.h>

enum {
    STEADY_PACKETS = 10, /* RTP that many, nearly all in sequence, is RTP. */
    RINGING_S = 180,     /* RFC 3261 13.3.1.1: how long an INVITE may ring. */
    SESSION_S = 3600     /* A registration is usually renewed within so long. */
};

/* --- the index --- */

int calls_end_cmp(const struct addr *a, uint16_t a_port, const struct addr *b,
                  uint16_t b_port)
{
    int order = addr_cmp(a, b);

    return order != 0 ? order : a_port < b_port ? -1 : a_port > b_port;
}

static int announced_cmp(const void *a, const void *b)
{
    const struct expectation *x = *(const struct expectation *const *)a;
    const struct expectation *y = *(const struct expectation *const *)b;
    int order = calls_end_cmp(&x->key.addr, x->key.port, &y->key.addr, y->key.port);

    if (order != 0) {
        return order;
    }
    return x->first_ns != y->first_ns ? (x->first_ns < y->first_ns ? -1 : 1)
                                      : memcmp(&x->key, &y->key, sizeof x->key);
}

static int heard_cmp(const void *a, const void *b)
{
    const struct media *x = *(const struct media *const *)a;
    const struct media *y = *(const struct media *const *)b;
    int order = calls_end_cmp(&x->key.to, x->key.to_port, &y->key.to, y->key.to_port);

    return order != 0 ? order : memcmp(&x->key, &y->key, sizeof x->key);
}

static int session_cmp(const void *a, const void *b)
{
    const struct session *x = a, *y = b;
    int order = addr_cmp(&x->host, &y->host);

    return order != 0                  ? order
           : x->first_ns < y->first_ns ? -1
                                       : x->first_ns > y->first_ns;
}

static bool is_sip_port(uint16_t port)
{
    return port == 5060 || port == 5061 || port == 5070 || port == 5071;
}

static int end_cmp(const void *a, const void *b)
{
    const struct end *x = a, *y = b;

    return calls_end_cmp(&x->addr, x->port, &y->addr, y->port);
}

/* Who was asked in SIP, at which port. */
static bool servers_index(const struct judging *j, struct calls *calls)
{
    const struct pool *all = &j->tally->exchanges;

    calls->servers = calloc(all->n + 1, sizeof *calls->servers);
    for (uint32_t i = 0; calls->servers && i < all->n; i++) {
        const struct exchange_key *key =
            &((const struct exchange *)pool_at(all, i))->key;

        if (key->kind != EXCHANGE_LDAP_BIND && !is_sip_port(key->port)) {
            calls->servers[calls->n_servers++] = (struct end){key->peer, key->port};
        }
    }
    if (calls->n_servers > 0) {
        qsort(calls->servers, calls->n_servers, sizeof *calls->servers, end_cmp);
    }
    return calls->servers != NULL;
}

static bool is_asked(const struct calls *calls, const struct addr *addr, uint16_t port)
{
    struct end end = {*addr, port};

    return calls->n_servers > 0 && bsearch(&end, calls->servers, calls->n_servers,
                                           sizeof *calls->servers, end_cmp);
}

bool calls_is_signalling(const struct judging *j, const struct cell_key *key)
{
    return is_sip_port(key->server_port) || is_sip_port(key->client_port) ||
           is_asked(j->calls, &key->server, key->server_port) ||
           is_asked(j->calls, &key->client, key->client_port);
}

static void session_add(struct calls *calls, const struct cell *cell)
{
    const struct cell_key *key = &cell->key;
    bool sip = is_sip_port(key->server_port) ||
               is_asked(calls, &key->server, key->server_port);

    if (!sip || !(key->facts & FACT_TWO_WAY)) {
        return;
    }
    calls->sessions[calls->n_sessions++] =
        (struct session){key->client, cell->first_ns, cell->last_ns};
    calls->sessions[calls->n_sessions++] =
        (struct session){key->server, cell->first_ns, cell->last_ns};
}

static bool sessions_index(struct judging *j, struct calls *calls)
{
    const struct pool *cells = &j->tally->cells;

    calls->sessions = calloc(2 * (cells->n + j->n_cells) + 1, sizeof *calls->sessions);
    if (!calls->sessions) {
        return false;
    }
    for (uint32_t i = 0; i < cells->n; i++) {
        session_add(calls, pool_at(cells, i));
    }
    for (size_t i = 0; i < j->n_cells; i++) {
        session_add(calls, &j->cells[i]);
    }
    qsort(calls->sessions, calls->n_sessions, sizeof *calls->sessions, session_cmp);
    return true;
}

int calls_number_cmp(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static bool holds_index(const struct judging *j, struct calls *calls)
{
    const struct pool *all = &j->tally->expectations;

    calls->held = calloc(all->n + 1, sizeof *calls->held);
    for (uint32_t i = 0; calls->held && i < all->n; i++) {
        const struct expectation *e = pool_at(all, i);

        if (e->flags & EXPECT_INACTIVE) {
            calls->held[calls->n_held++] = e->key.call;
        }
    }
    if (calls->held) {
        qsort(calls->held, calls->n_held, sizeof *calls->held, calls_number_cmp);
    }
    return calls->held != NULL;
}

/* Pointers to all entries of a pool, sorted. */
static void *pool_index(const struct pool *pool, int (*cmp)(const void *, const void *))
{
    void **index = calloc(pool->n + 1, sizeof *index);

    for (uint32_t i = 0; index && i < pool->n; i++) {
        index[i] = pool_at(pool, i);
    }
    if (index) {
        qsort(index, pool->n, sizeof *index, cmp);
    }
    return index;
}

bool calls_index(struct judging *j)
{
    struct calls *calls = j->calls = calloc(1, sizeof *calls);

    if (!calls || !servers_index(j, calls) || !sessions_index(j, calls) ||
        !holds_index(j, calls)) {
        return false;
    }
    calls->announced = pool_index(&j->tally->expectations, announced_cmp);
    calls->n_announced = j->tally->expectations.n;
    calls->heard = pool_index(&j->tally->media, heard_cmp);
    calls->n_heard = j->tally->media.n;
    return calls->announced && calls->heard;
}

void calls_free(struct judging *j)
{
    if (j->calls) {
        free(j->calls->announced);
        free(j->calls->heard);
        free(j->calls->held);
        free(j->calls->servers);
        free(j->calls->sessions);
        free(j->calls);
    }
}

/* --- whose media a flow is --- */

static struct call_media stream_of(const struct cell_key *key, bool inbound)
{
    struct end client = {key->client, key->client_port};
    struct end server = {key->server, key->server_port};

    return (struct call_media){.phone = inbound ? server : client,
                               .peer = inbound ? client : server};
}

static const struct call *call_of(const struct judging *j, const struct expectation *e)
{
    bool lower = addr_cmp(&e->key.from, &e->key.to) < 0;
    struct call_key key = {lower ? e->key.from : e->key.to,
                           lower ? e->key.to : e->key.from, e->key.call, 0};

    return pool_find(&j->tally->calls, &key);
}

/* Can media of this announcement flow between the two times? */
static bool is_timely(const struct judging *j, const struct expectation *e,
                      const struct cell *cell)
{
    const struct call *call = call_of(j, e);
    int64_t end = call && call->ended_ns      ? call->ended_ns + HANG_UP_S * second_ns
                  : call && call->answered_ns ? INT64_MAX
                                              : e->last_ns + RINGING_S * second_ns;

    return cell->last_ns >= e->first_ns && cell->first_ns <= end;
}

/* Behind the last announcement of 'end' that was made by 'ns'. */
static size_t announced_by(const struct calls *calls, const struct end *end, int64_t ns)
{
    size_t low = 0, high = calls->n_announced;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct expectation *e = calls->announced[middle];
        int order = calls_end_cmp(&e->key.addr, e->key.port, &end->addr, end->port);

        if (order < 0 || (order == 0 && e->first_ns <= ns)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The latest timely announcement of 'end' that is of the call of 'of' (NULL: any). */
static const struct expectation *announcement_of(const struct judging *j,
                                                 const struct end *end,
                                                 const struct cell *cell,
                                                 const struct expectation *of)
{
    const struct calls *calls = j->calls;
    size_t i = announced_by(calls, end, cell->last_ns);

    for (size_t n = 0; i-- > 0 && n < LOOK_BACK; n++) {
        const struct expectation *e = calls->announced[i];

        if (e->key.port != end->port || !addr_equal(&e->key.addr, &end->addr)) {
            break;
        }
        if (is_timely(j, e, cell) && (!of || e->key.call == of->key.call)) {
            return e;
        }
    }
    return NULL;
}

static void stream_find(const struct judging *j, const struct cell *cell,
                        struct call_media *s)
{
    s->theirs = announcement_of(j, &s->peer, cell, NULL);
    s->mine = announcement_of(j, &s->phone, cell, s->theirs);
    if (s->mine && !s->theirs) {
        s->theirs = announcement_of(j, &s->peer, cell, s->mine);
    }
    s->call = s->mine ? call_of(j, s->mine) : s->theirs ? call_of(j, s->theirs) : NULL;
}

/* RTCP goes to the next port, if SDP does not say otherwise; the ends as of the RTP. */
static struct call_media stream_beside(const struct call_media *s)
{
    struct call_media beside = *s;

    beside.rtcp = true;
    beside.phone.port = (uint16_t)(s->phone.port - 1);
    beside.peer.port = (uint16_t)(s->peer.port - 1);
    return beside;
}

static bool is_announced(const struct call_media *s)
{
    return s->rtcp ? s->mine && s->theirs && s->mine->key.rtcp_port != s->mine->key.port
                   : s->mine || s->theirs;
}

bool calls_stream(const struct judging *j, const struct cell *cell, bool inbound,
                  struct call_media *s)
{
    *s = stream_of(&cell->key, inbound);
    stream_find(j, cell, s);
    if (is_announced(s)) {
        return true;
    }
    *s = stream_of(&cell->key, inbound);
    *s = stream_beside(s);
    stream_find(j, cell, s);
    return is_announced(s);
}

const struct media *calls_media(const struct judging *j, const struct end *from,
                                const struct end *to)
{
    struct media_key key = {from->addr, to->addr, from->port, to->port};

    return pool_find(&j->tally->media, &key);
}

/* One source, and sequence numbers without many gaps (RFC 3550 A.1). */
static bool is_steady(const struct media *media)
{
    uint32_t span, far;

    if (!media || media->packets < STEADY_PACKETS ||
        media->ssrc_low != media->ssrc_high) {
        return false;
    }
    span = media->seq_high - media->seq_low;
    far = media->far_high - media->far_low;
    return (far < span ? far : span) < media->packets + media->packets / 2 ||
           media->packets > UINT16_MAX / 2;
}

static bool speaks_rtp(const struct judging *j, const struct cell_key *key)
{
    struct end a = {key->client, key->client_port}, b = {key->server, key->server_port};
    const struct media *there = calls_media(j, &a, &b);
    const struct media *back = calls_media(j, &b, &a);

    return is_steady(there) || is_steady(back) || (there && there->reports > 1) ||
           (back && back->reports > 1);
}

static bool has_session(const struct judging *j, const struct addr *host,
                        const struct cell *cell)
{
    const struct calls *calls = j->calls;
    struct session key = {.host = *host, .first_ns = cell->last_ns + 1};
    size_t low = 0, high = calls->n_sessions;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (session_cmp(&calls->sessions[middle], &key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t n = 0; low-- > 0 && n < LOOK_BACK; n++) {
        const struct session *s = &calls->sessions[low];

        if (!addr_equal(&s->host, host)) {
            break;
        }
        if (cell->first_ns <= s->last_ns + SESSION_S * second_ns) {
            return true;
        }
    }
    return false;
}

bool calls_have(const struct judging *j, const struct cell *cell, bool inbound)
{
    struct call_media s;

    if (cell->key.proto != PROTO_UDP) {
        return false;
    }
    if (calls_stream(j, cell, inbound, &s)) {
        return true;
    }
    if (!(cell->key.facts & FACT_RTP) || !speaks_rtp(j, &cell->key)) {
        return false;
    }
    return device_at(j, &s.peer.addr, cell->first_ns) >= 0 ||
           (policy_is_inside(j->policy, &s.peer.addr) &&
            has_session(j, &s.phone.addr, cell));
}
