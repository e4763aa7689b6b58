/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Does a phone register, and what stands between it and its call server?
 *
 * A challenge (401, 407) and then 200 is how it should be.  What the server answers
 * instead is its own affair: advice, and never a block (DESIGN 3.3).  A request that is
 * sent again and again for 32 s (RFC 3261 17.1.2.2, timer F) and is not answered is
 * blocked.  Addresses that are told in messages and are not those on the wire are
 * advice A5: the bulletin calls such a deployment unsupported.
 */
#include "audit/judging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMER_F_S = 32, ASKED_AGAIN = 2, ADVICE_CALL_SERVER = 5, PROTO_TCP = 6 };

static const int64_t second_ns = 1000000000;

/* --- requests without an answer --- */

/* Exchanges of one kind between two hosts, around a flow. */
struct asking {
    uint64_t asked, in_pieces, missing;
    int64_t first_ns, last_ns; /* Of requests since the last answer. */
    int64_t answered_ns;       /* The last answer; 0: none. */
};

static bool is_between(const struct exchange *e, const struct addr *host,
                       const struct addr *peer, const struct cell *cell)
{
    return addr_equal(&e->key.host, host) && addr_equal(&e->key.peer, peer) &&
           e->key.proto == cell->key.proto && e->first_ns <= cell->last_ns &&
           e->last_ns >= cell->first_ns;
}

/* Records that are sorted by host, then peer, with which their keys begin: the first
 * of these two. */
static uint32_t record_first(const struct pool *pool, const struct addr *host,
                             const struct addr *peer)
{
    uint32_t low = 0, high = pool->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct addr *ends = pool_at(pool, middle);
        int order = addr_cmp(&ends[0], host);

        order = order != 0 ? order : addr_cmp(&ends[1], peer);
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_of(const struct exchange *e, const struct addr *host,
                  const struct addr *peer)
{
    return addr_equal(&e->key.host, host) && addr_equal(&e->key.peer, peer);
}

static void request_add(struct asking *asking, const struct exchange *e)
{
    switch (e->key.result) {
    case EXCHANGE_ASKED:
    case EXCHANGE_ASKED_AS_USER:
        asking->asked += e->n;
        asking->first_ns = asking->first_ns == 0 || e->first_ns < asking->first_ns
                               ? e->first_ns
                               : asking->first_ns;
        asking->last_ns = e->last_ns > asking->last_ns ? e->last_ns : asking->last_ns;
        break;
    case EXCHANGE_ASKED_IN_PIECES:
        asking->in_pieces += e->n;
        break;
    case EXCHANGE_FRAGMENTS_MISSING:
        asking->missing += e->n;
        break;
    default:
        break;
    }
}

/* What 'host' asked 'peer' during the flow, since it last got an answer. */
static struct asking asking_of(const struct judging *j, const struct cell *cell,
                               const struct addr *host, const struct addr *peer,
                               enum exchange_kind kind)
{
    const struct pool *pool = &j->tally->exchanges;
    uint32_t first = record_first(pool, host, peer);
    struct asking asking = {0};

    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = first; i < pool->n; i++) {
            const struct exchange *e = pool_at(pool, i);

            if (!is_of(e, host, peer)) {
                break;
            }
            if (e->key.kind != kind || !is_between(e, host, peer, cell)) {
                continue;
            }
            if (pass == 0 && e->key.result >= EXCHANGE_ANSWERS) {
                asking.answered_ns =
                    e->last_ns > asking.answered_ns ? e->last_ns : asking.answered_ns;
            } else if (pass == 1 && e->first_ns > asking.answered_ns) {
                request_add(&asking, e);
            }
        }
    }
    return asking;
}

static struct result unanswered(const struct judging *j, const struct asking *asking,
                                const struct cell *cell, struct result result)
{
    bool waited = j->out->now_ns - asking->first_ns >= TIMER_F_S * second_ns;

    if (!waited) {
        result.outcome = OUTCOME_PENDING;
        result.cause = CAUSE_NONE;
    } else if (cell->key.proto == PROTO_TCP) {
        result.outcome = OUTCOME_NO_ANSWER; /* TCP itself brought it there. */
        result.confidence = CONFIDENCE_MEDIUM;
    } else {
        result.outcome = OUTCOME_BLOCKED;
        result.cause = CAUSE_NO_REPLY;
        result.confidence = asking->answered_ns ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM;
    }
    return result;
}

/* Messages in fragments get lost where small ones pass. */
static struct result fragments_lost(struct result result)
{
    result.outcome = OUTCOME_BLOCKED;
    result.cause = CAUSE_FRAGMENTS_LOST;
    result.confidence = CONFIDENCE_MEDIUM;
    return result;
}

struct result registration_result(const struct judging *j, const struct cell *cell,
                                  bool inbound, struct result result)
{
    const struct cell_key *key = &cell->key;
    const struct addr *phone = inbound ? &key->server : &key->client;
    const struct addr *peer = inbound ? &key->client : &key->server;
    struct asking asking;

    if (!calls_is_signalling(j, key)) {
        return result;
    }
    if (result.outcome != OUTCOME_OK && result.outcome != OUTCOME_UNKNOWN &&
        result.outcome != OUTCOME_PENDING && result.cause != CAUSE_NO_REPLY) {
        return result;
    }
    asking = asking_of(j, cell, phone, peer, EXCHANGE_SIP_REGISTER);
    if (asking.asked >= ASKED_AGAIN) {
        return unanswered(j, &asking, cell, result);
    }
    asking = asking_of(j, cell, phone, peer, EXCHANGE_SIP_INVITE);
    if (asking.in_pieces >= ASKED_AGAIN && result.outcome == OUTCOME_OK &&
        j->out->now_ns - asking.first_ns >= TIMER_F_S * second_ns) {
        return fragments_lost(result);
    }
    asking = asking_of(j, cell, peer, phone, EXCHANGE_SIP_INVITE);
    if (asking.missing >= ASKED_AGAIN && asking.in_pieces == 0) {
        return fragments_lost(result);
    }
    return result;
}

/* --- what the server answers --- */

/* Answers to the registrations of one host at one server. */
struct registration {
    uint64_t as_user, challenges;
    int64_t ok_ns, refused_ns; /* The last 2xx, and the last refusal. */
    uint16_t status;           /* Of the last refusal; 401: it was challenged twice. */
};

static void answer_add(struct registration *r, const struct exchange *e)
{
    uint16_t status = e->key.result;

    if (status == EXCHANGE_ASKED_AS_USER) {
        r->as_user += e->n;
    } else if (status >= 200 && status < 300) {
        r->ok_ns = e->last_ns > r->ok_ns ? e->last_ns : r->ok_ns;
    } else if (status == 401 || status == 407) {
        r->challenges += e->n;
        if (r->status == 0 || r->status == 401 || r->status == 407) {
            r->refused_ns = e->last_ns > r->refused_ns ? e->last_ns : r->refused_ns;
            r->status = status;
        }
    } else if (status >= 400 && e->last_ns >= r->refused_ns) {
        r->refused_ns = e->last_ns;
        r->status = status;
    }
}

/* One challenge is the rule; a second one means that the credentials are wrong. */
static bool is_refused(const struct registration *r)
{
    bool challenged = r->status == 401 || r->status == 407;

    return r->status != 0 && r->refused_ns > r->ok_ns &&
           (!challenged || (r->as_user > 0 && r->challenges > 1 && r->ok_ns == 0));
}

static const char *status_means(uint16_t status)
{
    switch (status) {
    case 401:
    case 407:
        return "the credentials are wrong";
    case 403:
        return "the user may not register";
    case 404:
        return "the user is not known";
    case 408:
    case 504:
        return "a server behind it did not answer in time";
    case 423:
        return "the interval is too short";
    default:
        return status >= 500 ? "the server is not able to"
                             : "the server does not want to";
    }
}

static void refusal_report(struct judging *j, const struct attempt *a,
                           const struct registration *r,
                           const struct exchange *const *run, size_t n)
{
    struct finding *f = finding_new(j, KIND_ADVICE, (long)a->rows[0], a->device);

    if (!f) {
        return;
    }
    f->outcome = OUTCOME_OK; /* Of the network. */
    f->confidence = CONFIDENCE_HIGH;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < 4 && run[i]->key.result >= 300; k++) {
            finding_add_frame(f, run[i]->frames[k]);
        }
    }
    finding_add_attempt(j, f, a);
    finding_finish(j, f);
    snprintf(f->means, sizeof f->means,
             "The phone does not register: the call server answers %u, %s. The network "
             "is not the cause.",
             r->status, status_means(r->status));
    snprintf(f->todo, sizeof f->todo,
             "Look at this phone's user and password, and at the call server.");
}

static void registration_judge(struct judging *j, const struct exchange *const *run,
                               size_t n)
{
    const struct attempt *a;
    struct registration r = {0};

    for (size_t i = 0; i < n; i++) {
        answer_add(&r, run[i]);
    }
    if (is_refused(&r) && (a = exchange_attempt(j, run[0]))) {
        refusal_report(j, a, &r, run, n);
    }
}

/* --- address translation (A5) --- */

enum a5 {
    A5_OUTSIDE = 1,    /* The call server is not of the site. */
    A5_REWRITTEN = 2,  /* An ALG put the private address back into an answer. */
    A5_TRANSLATED = 4, /* The server saw another address than the phone has. */
    A5_TOLD = 8,       /* The phone tells another address than it has. */
    A5_STUN = 16
};

/* What the signs between a phone and a peer say. */
static unsigned signs_between(const struct judging *j, const struct addr *phone,
                              const struct addr *peer, uint32_t *frame)
{
    const struct pool *pool = &j->tally->nat_signs;
    bool outside = !policy_is_inside(j->policy, peer);
    unsigned signs = 0;

    for (uint32_t i = record_first(pool, phone, peer); i < pool->n; i++) {
        const struct nat_sign *s = pool_at(pool, i);
        bool same = addr_equal(&s->key.told, phone);
        unsigned sign = 0;

        if (!addr_equal(&s->key.host, phone) || !addr_equal(&s->key.peer, peer)) {
            break;
        }
        switch ((enum nat_kind)s->key.kind) {
        case NAT_RECEIVED:
            sign = !same                                      ? A5_TRANSLATED
                   : outside && addr_is_private(&s->key.told) ? A5_REWRITTEN
                                                              : 0;
            break;
        case NAT_VIA:
        case NAT_CONTACT:
        case NAT_SDP:
            sign = A5_TOLD;
            break;
        case NAT_STUN:
        case NAT_TURN:
        case NAT_ICE:
            sign = A5_STUN;
            break;
        case NAT_USER: /* Of how many there are: nats.c. */
        case NAT_KINDS:
            break;
        }
        *frame = sign && (*frame == 0 || s->frame < *frame) ? s->frame : *frame;
        signs |= sign;
    }
    return signs;
}

static const char *a5_means(unsigned signs)
{
    if (signs & A5_REWRITTEN) {
        return "A box on the way rewrites SIP (an ALG): answers of the public call "
               "server carry the phone's private address. This deployment is not "
               "supported.";
    }
    if (signs & A5_TRANSLATED) {
        return "The call server sees another address than the phone has: there is NAT "
               "on the way. The phones do not fully support that; audio may fail.";
    }
    if (signs & A5_TOLD) {
        return "The phone tells the call server another address than the one it sends "
               "from: audio that is sent there is lost.";
    }
    if (signs & A5_OUTSIDE) {
        return "The call server is outside the site's networks. The phones do not "
               "fully support NAT traversal: this deployment is not supported.";
    }
    return "The phone looks for a way through NAT (STUN, TURN or ICE), which its own "
           "phone app does not fully support.";
}

static const char *a5_todo(unsigned signs)
{
    if (signs & A5_REWRITTEN) {
        return "Switch the SIP ALG off, and use a call server or a session border "
               "controller inside the site.";
    }
    return "Use a call server or a session border controller inside the site, or list "
           "its network under private_prefixes if it is one of the site's own.";
}

static struct finding *a5_finding(struct judging *j, const struct attempt *a)
{
    struct judgement *out = j->out;
    long row = policy_find(j->policy, "uc-call-server");

    for (size_t i = out->n_findings; i-- > 0;) {
        struct finding *f = &out->findings[i];

        if (f->kind == KIND_ADVICE && f->advice == ADVICE_CALL_SERVER &&
            f->n_peer_ips > 0 && addr_equal(&f->peer_ips[0], &a->peer)) {
            return f;
        }
    }

    struct finding *f = finding_new(j, KIND_ADVICE, row, NO_DEVICE);
    if (f) {
        f->advice = ADVICE_CALL_SERVER;
        f->outcome = OUTCOME_OK;
        f->confidence = CONFIDENCE_HIGH;
    }
    return f;
}

static bool is_answered(const struct attempt *a)
{
    return a->cell->packets[0] > 0 && a->cell->packets[1] > 0;
}

static void a5_judge(struct judging *j)
{
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];
        uint32_t frame = 0;
        unsigned signs = signs_between(j, &a->ip, &a->peer, &frame);
        struct finding *f;

        if (calls_is_signalling(j, &a->cell->key) && is_answered(a) && a->n_rows > 0 &&
            !policy_is_inside(j->policy, &a->peer)) {
            signs |= A5_OUTSIDE;
        }
        if ((signs & ~(unsigned)A5_STUN) && !calls_is_signalling(j, &a->cell->key)) {
            continue;
        }
        if (signs == 0 || !(f = a5_finding(j, a))) {
            continue;
        }
        finding_add_frame(f, frame);
        finding_add_attempt(j, f, a);
        f->a5 |= (uint8_t)signs;
        finding_finish(j, f);
        snprintf(f->means, sizeof f->means, "%s", a5_means(f->a5));
        snprintf(f->todo, sizeof f->todo, "%s", a5_todo(f->a5));
    }
}

void registrations_advise(struct judging *j)
{
    exchanges_each(j, EXCHANGE_SIP_REGISTER, registration_judge);
    a5_judge(j);
}
