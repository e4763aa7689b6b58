/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Calls: whose media a flow is, and does it go both ways (DESIGN 3.2, 3.3).
 *
 * A flow is of a call where SDP announced its ends.  Where SIPS hides the SDP, steady
 * RTP during a live session toward another phone or a private address is as good to
 * say what the flow is, but never to accuse: nobody knows then who was to send.
 */
#include "audit/judging.h"

#include <stdlib.h>
#include <string.h>

enum {
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    STEADY_PACKETS = 10, /* RTP that many, nearly all in sequence, is RTP. */
    CALL_PACKETS = 50,   /* In a call that is up, so many ... */
    CALL_S = 3,          /* ... over so long are a direction that works. */
    LONG_CALL_S = 10,    /* From here on there is no doubt. */
    DEAF_REPORTS = 3,    /* So many reports of the far end, and all hear nothing. */
    RINGING_S = 180,     /* RFC 3261 13.3.1.1: how long an INVITE may ring. */
    HANG_UP_S = 1,       /* What still comes after BYE. */
    SESSION_S = 3600     /* A registration is usually renewed within so long. */
};

static const int64_t second_ns = 1000000000;

/* A host took part in SIP signalling that was answered. */
struct session {
    struct addr host;
    int64_t first_ns, last_ns;
};

struct calls {
    const struct expectation **announced; /* By address, port. */
    size_t n_announced;
    const struct media **heard; /* By the end it went to. */
    size_t n_heard;
    struct session *sessions; /* By host. */
    size_t n_sessions;
};

/* --- the index --- */

static int end_cmp(const struct addr *a, uint16_t a_port, const struct addr *b,
                   uint16_t b_port)
{
    int order = addr_cmp(a, b);

    return order != 0 ? order : a_port < b_port ? -1 : a_port > b_port;
}

static int announced_cmp(const void *a, const void *b)
{
    const struct expectation *x = *(const struct expectation *const *)a;
    const struct expectation *y = *(const struct expectation *const *)b;
    int order = end_cmp(&x->key.addr, x->key.port, &y->key.addr, y->key.port);

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
    int order = end_cmp(&x->key.to, x->key.to_port, &y->key.to, y->key.to_port);

    return order != 0 ? order : memcmp(&x->key, &y->key, sizeof x->key);
}

static int session_cmp(const void *a, const void *b)
{
    const struct session *x = a, *y = b;
    int order = addr_cmp(&x->host, &y->host);

    return order != 0                   ? order
           : x->first_ns < y->first_ns ? -1
                                        : x->first_ns > y->first_ns;
}

bool calls_is_sip_port(uint16_t port)
{
    return port == 5060 || port == 5061 || port == 5070 || port == 5071;
}

static void session_add(struct calls *calls, const struct cell *cell)
{
    const struct cell_key *key = &cell->key;

    if (!calls_is_sip_port(key->server_port) || !(key->facts & FACT_TWO_WAY)) {
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

/* Pointers to all entries of a pool, sorted. */
static void *pool_index(const struct pool *pool,
                        int (*cmp)(const void *, const void *))
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

    if (!calls || !sessions_index(j, calls)) {
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
        free(j->calls->sessions);
        free(j->calls);
    }
}

/* --- whose media a flow is --- */

struct end {
    struct addr addr;
    uint16_t port;
};

/* A flow, and the SDPs that announced its ends. */
struct stream {
    struct end phone, peer;
    const struct expectation *mine, *theirs; /* Of one call; NULL: not announced. */
    const struct call *call;                 /* NULL: not seen. */
    bool rtcp;
};

static struct stream stream_of(const struct cell_key *key, bool inbound)
{
    struct end client = {key->client, key->client_port};
    struct end server = {key->server, key->server_port};

    return (struct stream){.phone = inbound ? server : client,
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
    int64_t end = call && call->ended_ns ? call->ended_ns + HANG_UP_S * second_ns
                  : call && call->answered_ns
                      ? INT64_MAX
                      : e->last_ns + RINGING_S * second_ns;

    return cell->last_ns >= e->first_ns && cell->first_ns <= end;
}

/* The first announcement of 'end' itself, or of the RTP beside which 'end' is RTCP. */
static size_t announced_at(const struct calls *calls, const struct end *end)
{
    size_t low = 0, high = calls->n_announced;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct expectation_key *key = &calls->announced[middle]->key;

        if (end_cmp(&key->addr, key->port, &end->addr, end->port) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The latest timely announcement of 'end' that is of 'call' (NULL: of any). */
static const struct expectation *announcement_of(const struct judging *j,
                                                 const struct end *end,
                                                 const struct cell *cell,
                                                 const struct expectation *of)
{
    const struct calls *calls = j->calls;
    const struct expectation *found = NULL;

    for (size_t i = announced_at(calls, end); i < calls->n_announced; i++) {
        const struct expectation *e = calls->announced[i];

        if (e->key.port != end->port || !addr_equal(&e->key.addr, &end->addr)) {
            break;
        }
        if (is_timely(j, e, cell) && (!of || e->key.call == of->key.call)) {
            found = e;
        }
    }
    return found;
}

static void stream_find(const struct judging *j, const struct cell *cell,
                        struct stream *s)
{
    s->theirs = announcement_of(j, &s->peer, cell, NULL);
    s->mine = announcement_of(j, &s->phone, cell, s->theirs);
    if (s->mine && !s->theirs) {
        s->theirs = announcement_of(j, &s->peer, cell, s->mine);
    }
    s->call = s->mine ? call_of(j, s->mine) : s->theirs ? call_of(j, s->theirs) : NULL;
}

/* RTCP goes to the next port, if SDP does not say otherwise; the ends as of the RTP. */
static struct stream stream_beside(const struct stream *s)
{
    struct stream beside = *s;

    beside.rtcp = true;
    beside.phone.port = (uint16_t)(s->phone.port - 1);
    beside.peer.port = (uint16_t)(s->peer.port - 1);
    return beside;
}

static bool is_announced(const struct stream *s)
{
    return s->rtcp ? s->mine && s->theirs && s->mine->key.rtcp_port != s->mine->key.port
                   : s->mine || s->theirs;
}

/* The media that the flow is, as its RTP: 'rtcp' tells that it is the RTCP beside. */
static bool stream_known(const struct judging *j, const struct cell *cell, bool inbound,
                         struct stream *s)
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

static const struct media *media_between(const struct judging *j,
                                         const struct end *from, const struct end *to)
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
    const struct media *there = media_between(j, &a, &b);
    const struct media *back = media_between(j, &b, &a);

    return is_steady(there) || is_steady(back) || (there && there->reports > 1) ||
           (back && back->reports > 1);
}

static bool has_session(const struct judging *j, const struct addr *host,
                        const struct cell *cell)
{
    const struct calls *calls = j->calls;
    struct session key = {.host = *host};
    size_t low = 0, high = calls->n_sessions;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (session_cmp(&calls->sessions[middle], &key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < calls->n_sessions && addr_equal(&calls->sessions[low].host, host);
         low++) {
        if (calls->sessions[low].first_ns <= cell->last_ns &&
            cell->first_ns <= calls->sessions[low].last_ns + SESSION_S * second_ns) {
            return true;
        }
    }
    return false;
}

bool calls_have(const struct judging *j, const struct cell *cell, bool inbound)
{
    struct stream s;

    if (cell->key.proto != PROTO_UDP) {
        return false;
    }
    if (stream_known(j, cell, inbound, &s)) {
        return true;
    }
    if (!(cell->key.facts & FACT_RTP) || !speaks_rtp(j, &cell->key)) {
        return false;
    }
    return device_at(j, &s.peer.addr, cell->first_ns) >= 0 ||
           (policy_is_inside(j->policy, &s.peer.addr) &&
            has_session(j, &s.phone.addr, cell));
}

/* --- does it go both ways --- */

/* When both may send: from the answer to the end of the call. */
static int64_t live_ns(const struct stream *s, const struct media *media)
{
    int64_t from = media->first_ns > s->call->answered_ns ? media->first_ns
                                                           : s->call->answered_ns;
    int64_t to = s->call->ended_ns && s->call->ended_ns < media->last_ns
                     ? s->call->ended_ns
                     : media->last_ns;

    return to - from;
}

/* Does this direction work while the call is up? */
static bool is_flowing(const struct stream *s, const struct media *media)
{
    int64_t all, live;

    if (!media) {
        return false;
    }
    all = media->last_ns - media->first_ns;
    live = live_ns(s, media);
    return live >= CALL_S * second_ns - second_ns / 10 &&
           (double)media->packets * (double)live > (double)CALL_PACKETS * (double)all;
}

/* Does anything come to 'end' during the call, be it from elsewhere?  A far end behind
 * NAT sends from another port than it announced (symmetric RTP, RFC 4961). */
static bool hears(const struct judging *j, const struct stream *s,
                  const struct end *end)
{
    const struct calls *calls = j->calls;
    size_t low = 0, high = calls->n_heard;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct media_key *key = &calls->heard[middle]->key;

        if (end_cmp(&key->to, key->to_port, &end->addr, end->port) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < calls->n_heard; low++) {
        const struct media *media = calls->heard[low];

        if (media->key.to_port != end->port || !addr_equal(&media->key.to, &end->addr)) {
            break;
        }
        if (media->packets > 0 && media->last_ns >= s->call->answered_ns &&
            (!s->call->ended_ns || media->first_ns <= s->call->ended_ns)) {
            return true;
        }
    }
    return false;
}

/* May both ends send?  Not while one put the other on hold, at any time of the call. */
static bool is_two_way_wanted(const struct judging *j, const struct stream *s)
{
    const uint8_t wanted = EXPECT_SENDRECV | EXPECT_RTP;
    const struct pool *all = &j->tally->expectations;

    if (s->mine->flags != wanted || s->theirs->flags != wanted) {
        return false;
    }
    for (uint32_t i = 0; i < all->n; i++) {
        const struct expectation *e = pool_at(all, i);

        if (e->key.call == s->mine->key.call && (e->flags & EXPECT_INACTIVE)) {
            return false;
        }
    }
    return true;
}

/* Does the far end report, again and again, that it hears nothing? */
static const struct media *deaf_far_end(const struct judging *j, const struct stream *s)
{
    struct end from = {s->theirs->key.addr, s->theirs->key.rtcp_port};
    struct end to = {s->mine->key.addr, s->mine->key.rtcp_port};
    const struct media *rtcp = media_between(j, &from, &to);

    return rtcp && rtcp->reports >= DEAF_REPORTS && rtcp->deaf == rtcp->reports &&
                   live_ns(s, rtcp) >= CALL_S * second_ns - second_ns / 2
               ? rtcp
               : NULL;
}

static enum missing_way missing_of(const struct judging *j, const struct stream *s,
                                   struct result *result)
{
    const struct media *out = media_between(j, &s->phone, &s->peer);
    const struct media *in = media_between(j, &s->peer, &s->phone);
    const struct media *flowing = is_flowing(s, out) ? out : in, *deaf;

    result->confidence = flowing && live_ns(s, flowing) >= LONG_CALL_S * second_ns
                             ? CONFIDENCE_HIGH
                             : CONFIDENCE_MEDIUM;
    if (is_flowing(s, out) && !hears(j, s, &s->phone)) {
        return MISSING_TO_PHONE;
    }
    if (is_flowing(s, in) && !hears(j, s, &s->peer)) {
        return MISSING_FROM_PHONE;
    }
    if (is_flowing(s, out) && (deaf = deaf_far_end(j, s))) {
        result->confidence = deaf->losses ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW;
        return MISSING_BEHIND;
    }
    return MISSING_NONE;
}

/* The flow's own direction that is there, where the other is not. */
static bool is_this_missing(const struct stream *s, const struct cell *cell,
                            bool inbound, enum missing_way missing)
{
    bool out = cell->packets[inbound] > 0, in = cell->packets[!inbound] > 0;

    switch (missing) {
    case MISSING_TO_PHONE:
        return out && !in;
    case MISSING_FROM_PHONE:
        return in && !out;
    case MISSING_BEHIND:
        return !s->rtcp;
    case MISSING_NONE:
        break;
    }
    return false;
}

/* An ICMP error at the end of a call is how a closed port says good-bye. */
static bool is_hang_up(const struct stream *s, const struct cell *cell)
{
    int64_t icmp_ns = cell->first_ns + cell->key.span_s * second_ns;

    return s->call && s->call->ended_ns &&
           (icmp_ns >= s->call->ended_ns - 2 * HANG_UP_S * second_ns ||
            cell->first_ns >= s->call->ended_ns);
}

struct result calls_result(const struct judging *j, const struct cell *cell,
                           bool inbound, struct result result)
{
    struct stream s;
    enum missing_way missing;

    if (cell->key.proto != PROTO_UDP || !stream_known(j, cell, inbound, &s)) {
        return result;
    }
    if (cell->key.sign == ATTEMPT_ICMP && result.outcome == OUTCOME_REFUSED &&
        is_hang_up(&s, cell)) {
        result.outcome = OUTCOME_UNKNOWN;
        return result;
    }
    if (cell->key.sign == ATTEMPT_ICMP || !s.mine || !s.theirs || !s.call ||
        s.call->answered_ns == 0 || !is_two_way_wanted(j, &s)) {
        return result;
    }
    missing = missing_of(j, &s, &result);
    if (missing != MISSING_NONE && is_this_missing(&s, cell, inbound, missing)) {
        result.outcome = OUTCOME_BLOCKED;
        result.cause = CAUSE_ONE_WAY_MEDIA;
        result.missing = (uint8_t)missing;
    }
    return result;
}
