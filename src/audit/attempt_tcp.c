/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the packets of one TCP connection say of what became of it: DESIGN 3.3.
 */
#include "audit/attempt_parts.h"

static const int64_t second_ns = 1000000000;

bool attempt_icmp_stops(const struct flow_icmp *icmp)
{
    return icmp->n && (icmp->v6 ? icmp->type == 1 : icmp->type == 3 && icmp->code != 4);
}

bool attempt_proves_answer(const struct flow_end *opener)
{
    if (opener->payload_packets > 1 && opener->tail_seq != opener->seq_first) {
        return true;
    }
    return opener->signs[SIGN_SYN].n && (opener->seen & END_ACK) &&
           (opener->signs[SIGN_ACK].n || opener->payload_packets);
}

static enum attempt_sign unanswered_tcp(const struct piece *piece,
                                        const struct flow_end *o,
                                        struct repetition *again)
{
    const struct sign *syn = &o->signs[SIGN_SYN];

    if (attempt_icmp_stops(&piece->icmp)) {
        return ATTEMPT_ICMP;
    }
    if (!syn->n || attempt_proves_answer(o)) {
        return ATTEMPT_UNSEEN;
    }
    *again = (struct repetition){syn->n, syn->first_ns, syn->last_ns};
    return ATTEMPT_SYN_SILENT;
}

static bool comes_before(const struct sign *a, const struct sign *b)
{
    return a->n && (!b->n || a->first_ns < b->first_ns);
}

/* Did 'end' reset the connection while nobody had begun to close it? */
static bool resets_first(const struct flow_end *end, const struct flow_end *other)
{
    const struct sign *rst = &end->signs[SIGN_RST];

    return comes_before(rst, &end->signs[SIGN_FIN]) &&
           comes_before(rst, &other->signs[SIGN_FIN]) &&
           comes_before(rst, &other->signs[SIGN_RST]);
}

bool attempt_acknowledges_unseen(const struct flow_end *end,
                                 const struct flow_end *other)
{
    return (end->seen & END_ACK) && (other->seen & END_SEQ) &&
           seq_after(end->ack, other->seq_end);
}

/* Has this end gone on in its numbers, though nothing that it said was seen? */
static bool spoke_unseen(const struct flow_end *end)
{
    return (end->seen & END_ISN) && !end->payload_packets &&
           seq_after(end->seq_end, end->isn + 1 + (end->signs[SIGN_FIN].n > 0));
}

/* Did the opener itself end what was never answered?  Then it waited in vain; else the
 * capture may just have lost the answer, as it has if an acknowledgement of what the
 * opener sent, but for its FIN, is not there either. */
static bool gave_up(const struct flow_end *o, const struct flow_end *r,
                    struct repetition *again)
{
    const struct sign *fin = &o->signs[SIGN_FIN], *rst = &o->signs[SIGN_RST];

    again->last_ns = fin->n ? fin->first_ns : rst->first_ns;
    return (fin->n || rst->n) && !seq_after(o->seq_end, r->ack + (fin->n > 0));
}

/* The opener sent data, the other end has not. */
static enum attempt_sign unanswered_data(const struct flow_end *o,
                                         const struct flow_end *r,
                                         struct repetition *again)
{
    bool hello = o->first_payload == PAYLOAD_TLS_HELLO;

    if (resets_first(r, o)) {
        return hello ? ATTEMPT_HELLO_RESET : ATTEMPT_RESET;
    }
    *again = (struct repetition){o->seq_first_n, o->signs[SIGN_DATA].first_ns,
                                 o->last_data_ns};
    if (attempt_acknowledges_unseen(o, r) || spoke_unseen(r)) {
        return ATTEMPT_OK; /* The answer was there; the capture lost it. */
    }
    if ((r->seen & END_ACK) && seq_after(r->ack, o->seq_first)) {
        if (r->signs[SIGN_FIN].n) {
            return ATTEMPT_OPEN;
        }
        if (o->tail_seq == o->seq_first || o->tail_n < 2 ||
            seq_after(r->ack, o->tail_seq)) {
            return gave_up(o, r, again) ? ATTEMPT_NO_ANSWER : ATTEMPT_OPEN;
        }
        /* A hello in two segments, of which a filter let the first pass. */
        *again = (struct repetition){o->tail_n, o->tail_ns, o->last_data_ns};
    }
    return ATTEMPT_HELLO_SILENT;
}

/* Did the other end answer before it reset? */
static bool answered(const struct flow_end *r)
{
    return r->signs[SIGN_SYN_ACK].n || r->payload_packets;
}

enum { SYN_REPEATS = 3, TAIL_REPEATS = 3, TAIL_SPAN_S = 3, IDLE_S = 30 };

enum {
    ALERT_CERTIFICATE_UNKNOWN = 46, /* "Some other issue" with the certificate. */
    ALERT_UNKNOWN_CA = 48,
    FLIGHT_MIN = 500, /* A server's flight with a certificate is longer. */
    ABORT_S = 1       /* A round trip, and the time to check a certificate. */
};

/* Does the client not know who signed the server's certificate (RFC 8446 6.2)? */
static bool rejects_certificate(const struct flow_end *o)
{
    return o->alert == ALERT_UNKNOWN_CA + 1 && o->first_payload == PAYLOAD_TLS_HELLO;
}

/* Was there a certificate in what the server sent? */
static bool has_flight(const struct flow_end *o, const struct flow_end *r)
{
    return o->first_payload == PAYLOAD_TLS_HELLO &&
           r->first_payload == PAYLOAD_TLS_SERVER && (r->seen & END_ISN) &&
           r->seq_end - r->isn > FLIGHT_MIN;
}

/* Does the client say no to the certificate?  BoringSSL says certificate_unknown where
 * OpenSSL says unknown_ca, and TLS 1.3 hides what is said. */
static bool aborts_handshake(const struct flow_end *o, const struct flow_end *r)
{
    return (o->alert == ALERT_CERTIFICATE_UNKNOWN + 1 ||
            o->alert == FLOW_ALERT_HIDDEN) &&
           o->last_data_ns - r->signs[SIGN_DATA].first_ns <= ABORT_S * second_ns;
}

/* Does it go away in place of answering? */
static bool leaves_handshake(const struct flow_end *o, const struct flow_end *r)
{
    const struct sign *fin = &o->signs[SIGN_FIN], *rst = &o->signs[SIGN_RST];
    int64_t flight_ns = r->signs[SIGN_DATA].first_ns;
    int64_t end_ns = comes_before(rst, fin) ? rst->first_ns : fin->first_ns;

    return o->last_data_ns < flight_ns && end_ns > flight_ns &&
           end_ns - flight_ns <= ABORT_S * second_ns &&
           !comes_before(&r->signs[SIGN_FIN], fin) &&
           !comes_before(&r->signs[SIGN_RST], rst);
}

/* Segments of the answer came, but never its beginning: the client's acknowledgement
 * stands still before it.  Were it only the capture that lost it, the client would have
 * gone on. */
static bool misses_beginning(const struct flow_end *o, const struct flow_end *r)
{
    return (r->seen & END_ISN) && (r->seen & END_DATA) && (o->seen & END_ACK) &&
           o->payload_packets && seq_after(r->seq_first, r->isn + 1) &&
           o->ack == r->isn + 1;
}

bool attempt_is_stalled(const struct flow_end *o)
{
    return (o->seen & END_DATA) && o->tail_n >= TAIL_REPEATS &&
           o->tail_seq != o->seq_first &&
           o->last_data_ns - o->tail_ns >= TAIL_SPAN_S * second_ns - second_ns / 10;
}

/* Did it work, and then the opener only repeated its last segment, unheard? */
static bool is_unheard(const struct flow_end *o, const struct flow_end *r)
{
    return attempt_is_stalled(o) && r->last_ns < o->tail_ns && !r->signs[SIGN_FIN].n &&
           !r->signs[SIGN_RST].n && (r->seen & END_ACK) &&
           !seq_after(r->ack, o->tail_seq);
}

/* Did it work, and a box on the way, whose TTL is not the peer's, reset the first that
 * the opener sent after a silence? */
static bool is_forgotten(const struct flow_end *o, const struct flow_end *r)
{
    const struct sign *rst = &r->signs[SIGN_RST];

    return resets_first(r, o) && o->tail_gap_s >= IDLE_S &&
           o->tail_seq != o->seq_first && rst->first_ns >= o->tail_ns &&
           rst->first_ns - o->tail_ns <= second_ns && r->last_data_ns < o->tail_ns &&
           !seq_after(r->ack, o->tail_seq) && r->ttl_low != 0 &&
           (r->rst_ttl < r->ttl_low || r->rst_ttl > r->ttl_high);
}

/* Data went both ways.  Was that all? */
static enum attempt_sign answered_tcp(const struct flow_end *o,
                                      const struct flow_end *r,
                                      struct repetition *again)
{
    if (rejects_certificate(o)) {
        return ATTEMPT_CERTIFICATE;
    }
    if (has_flight(o, r)) {
        if (aborts_handshake(o, r)) {
            return ATTEMPT_TLS_ABORT;
        }
        if (leaves_handshake(o, r)) {
            return ATTEMPT_TLS_LEFT;
        }
    }
    if (misses_beginning(o, r)) {
        *again = (struct repetition){r->payload_packets, r->signs[SIGN_DATA].first_ns,
                                     o->last_ns > r->last_ns ? o->last_ns : r->last_ns};
        return ATTEMPT_HOLE;
    }
    if (is_forgotten(o, r)) {
        *again = (struct repetition){0, o->tail_ns, r->signs[SIGN_RST].first_ns};
        return ATTEMPT_TAIL_RESET;
    }
    if (is_unheard(o, r)) {
        *again = (struct repetition){o->tail_n, o->tail_ns, o->last_data_ns};
        return ATTEMPT_TAIL_SILENT;
    }
    return ATTEMPT_OK;
}

/* The phone repeats its SYN though a SYN-ACK was captured: that was lost behind the
 * capture point, and the phone is the witness. */
static bool never_acknowledged(const struct flow_end *o)
{
    return o->signs[SIGN_SYN].n >= SYN_REPEATS && !(o->seen & END_ACK) &&
           o->payload_packets == 0;
}

enum attempt_sign attempt_tcp_sign(const struct piece *piece, const struct flow_end *o,
                                   const struct flow_end *r, struct repetition *again)
{
    if (r->packets == 0) {
        return unanswered_tcp(piece, o, again);
    }
    if (o->packets == 0) {
        return ATTEMPT_UNSEEN;
    }
    if (r->payload_packets && (o->payload_packets || answered(r))) {
        return answered_tcp(o, r, again);
    }
    if (o->signs[SIGN_SYN].n && !answered(r) && r->signs[SIGN_RST].n) {
        return ATTEMPT_RESET;
    }
    if (never_acknowledged(o)) {
        *again = (struct repetition){o->signs[SIGN_SYN].n, o->signs[SIGN_SYN].first_ns,
                                     o->signs[SIGN_SYN].last_ns};
        return ATTEMPT_SYN_SILENT;
    }
    if (!r->signs[SIGN_SYN_ACK].n) {
        /* A SYN that only a bare ACK answers says nothing either way. */
        return o->signs[SIGN_SYN].n ? ATTEMPT_SYN_SILENT : ATTEMPT_UNSEEN;
    }
    if (attempt_icmp_stops(&piece->icmp)) {
        return ATTEMPT_ICMP;
    }
    if (o->payload_packets) {
        return unanswered_data(o, r, again);
    }
    return resets_first(r, o) ? ATTEMPT_RESET : ATTEMPT_OPEN;
}
