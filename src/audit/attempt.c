/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From a piece to an attempt: what its signs say, before any row is known.
 *
 * The phone is the witness: silence counts only in repetitions of what it sent.
 * DESIGN 3.0, 3.3.
 */
#include "audit/records.h"

static const int64_t second_ns = 1000000000;

/* Seconds, rounded down to a step: few steps make few cells. */
static uint8_t seconds_step(int64_t ns)
{
    static const uint8_t steps[] = {120, 60, 32, 20, 13, 10, 5, 3, 2, 1};
    /* 2.9 s are 3: the third repetition of a SYN comes at 3 s less the clock's tick. */
    int64_t s = (ns + second_ns / 10) / second_ns;

    for (size_t i = 0; i < sizeof steps; i++) {
        if (s >= steps[i]) {
            return steps[i];
        }
    }
    return 0;
}

/* ICMP that speaks of the path to the peer, and not of path MTU or a loop. */
static bool icmp_stops(const struct flow_icmp *icmp)
{
    return icmp->n && (icmp->v6 ? icmp->type == 1 : icmp->type == 3 && icmp->code != 4);
}

/* Does what the opener sent prove that it was answered, though no answer was seen? */
static bool proves_answer(const struct flow_end *opener)
{
    if (opener->payload_packets > 1 && opener->tail_seq != opener->seq_first) {
        return true;
    }
    return opener->signs[SIGN_SYN].n && (opener->seen & END_ACK) &&
           (opener->signs[SIGN_ACK].n || opener->payload_packets);
}

struct repetition {
    uint32_t n;
    int64_t first_ns, last_ns;
};

static enum attempt_sign unanswered_tcp(const struct piece *piece,
                                        const struct flow_end *o,
                                        struct repetition *again)
{
    const struct sign *syn = &o->signs[SIGN_SYN];

    if (icmp_stops(&piece->icmp)) {
        return ATTEMPT_ICMP;
    }
    if (!syn->n || proves_answer(o)) {
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

/* Does an end acknowledge what the other was never seen to send? */
static bool acknowledges_unseen(const struct flow_end *end,
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
 * capture may just have lost the answer. */
static bool gave_up(const struct flow_end *o, struct repetition *again)
{
    const struct sign *fin = &o->signs[SIGN_FIN], *rst = &o->signs[SIGN_RST];

    again->last_ns = fin->n ? fin->first_ns : rst->first_ns;
    return fin->n || rst->n;
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
    if (acknowledges_unseen(o, r) || spoke_unseen(r)) {
        return ATTEMPT_OK; /* The answer was there; the capture lost it. */
    }
    if ((r->seen & END_ACK) && seq_after(r->ack, o->seq_first)) {
        if (r->signs[SIGN_FIN].n) {
            return ATTEMPT_OPEN;
        }
        if (o->tail_seq == o->seq_first || o->tail_n < 2 ||
            seq_after(r->ack, o->tail_seq)) {
            return gave_up(o, again) ? ATTEMPT_NO_ANSWER : ATTEMPT_OPEN;
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

enum { SYN_REPEATS = 3, TAIL_REPEATS = 3, TAIL_SPAN_S = 3, MEDIA_PACKETS = 50 };

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

/* Did the opener go on with its last segment, and only with it? */
static bool is_stalled(const struct flow_end *o)
{
    return (o->seen & END_DATA) && o->tail_n >= TAIL_REPEATS &&
           o->tail_seq != o->seq_first &&
           o->last_data_ns - o->tail_ns >= TAIL_SPAN_S * second_ns - second_ns / 10;
}

/* Did it work, and then the opener only repeated its last segment, unheard? */
static bool is_unheard(const struct flow_end *o, const struct flow_end *r)
{
    return is_stalled(o) && r->last_ns < o->tail_ns && !r->signs[SIGN_FIN].n &&
           !r->signs[SIGN_RST].n && (r->seen & END_ACK) &&
           !seq_after(r->ack, o->tail_seq);
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

static enum attempt_sign tcp_sign(const struct piece *piece, const struct flow_end *o,
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
    if (icmp_stops(&piece->icmp)) {
        return ATTEMPT_ICMP;
    }
    if (o->payload_packets) {
        return unanswered_data(o, r, again);
    }
    return resets_first(r, o) ? ATTEMPT_RESET : ATTEMPT_OPEN;
}

/* Is it a prohibition, and not the news that a host or port is not there? */
static bool icmp_forbids(const struct flow_icmp *icmp)
{
    unsigned code = icmp->code;

    if (!icmp_stops(icmp)) {
        return false;
    }
    return icmp->v6 ? code == 1 || code == 5 || code == 6
                    : code == 9 || code == 10 || code == 13;
}

/* Media begin before the other end has opened its port, and go on until it has closed
 * it: an error then says nothing of the call between, nor does it where only the first
 * second of a call was seen. */
static bool icmp_passes(const struct piece *piece, const struct flow_end *o)
{
    const struct flow_icmp *icmp = &piece->icmp;

    return o->first_payload == PAYLOAD_RTP && !icmp_forbids(icmp) &&
           (o->packets < MEDIA_PACKETS ||
            icmp->last_ns - icmp->first_ns < (o->last_ns - o->first_ns) / 2);
}

/* Each way of media stands for itself: what comes in does not answer what goes out. */
static bool is_media(const struct flow_end *o, const struct flow_end *r)
{
    return o->first_payload == PAYLOAD_RTP && r->first_payload == PAYLOAD_RTP;
}

static enum attempt_sign udp_sign(const struct piece *piece, const struct flow_end *o,
                                  const struct flow_end *r, struct repetition *again)
{
    if (r->packets && o->packets) {
        return is_media(o, r) && icmp_forbids(&piece->icmp) ? ATTEMPT_ICMP : ATTEMPT_OK;
    }
    if (icmp_stops(&piece->icmp) && !icmp_passes(piece, o)) {
        return ATTEMPT_ICMP;
    }
    if (!o->packets) {
        return ATTEMPT_UNSEEN;
    }
    *again = (struct repetition){o->packets - o->copies - o->later_fragments,
                                 o->first_ns, o->last_ns};
    return ATTEMPT_REQUEST_SILENT;
}

static bool ttl_untouched(const struct flow_end *end)
{
    return end->ttl_high == 64 || end->ttl_high == 128 || end->ttl_high == 255;
}

/* Was what the opener said first not read?  Its first segment was not captured, or not
 * so far as its payload, or it may still come. */
static bool is_unread(const struct flow_end *o, const struct flow_end *r)
{
    uint32_t begin = o->isn + 1;

    if (!(o->seen & END_ISN)) {
        return true;
    }
    if (o->payload_packets) {
        return o->seq_first != begin || o->first_payload == PAYLOAD_NONE;
    }
    if ((r->seen & END_ACK) && seq_after(r->ack, begin + (o->signs[SIGN_FIN].n > 0))) {
        return true;
    }
    return r->signs[SIGN_SYN_ACK].n && !o->signs[SIGN_FIN].n && !o->signs[SIGN_RST].n &&
           !r->signs[SIGN_FIN].n && !r->signs[SIGN_RST].n;
}

static uint16_t facts_of(const struct piece *piece, const struct flow_end *o,
                         const struct flow_end *r, const struct addr *server)
{
    bool tcp = piece->key.proto == 6;
    unsigned facts = 0;

    facts |= o->packets && r->packets ? FACT_TWO_WAY : 0;
    facts |= tcp && proves_answer(o) ? FACT_PROVED : 0;
    facts |= tcp && is_unread(o, r) ? FACT_UNREAD : 0;
    facts |= tcp && is_stalled(o) ? FACT_STALLED : 0;
    facts |= piece->inexact ? FACT_INEXACT : 0;
    facts |= o->first_payload == PAYLOAD_RTP || r->first_payload == PAYLOAD_RTP
                 ? FACT_RTP
                 : 0;
    facts |= ttl_untouched(o) ? FACT_TTL_UNTOUCHED : 0;
    facts |= r->signs[SIGN_RST].n && r->rst_bare ? FACT_RST_BARE : 0;
    facts |= addr_is_group(server) ? FACT_GROUP : 0;
    return (uint16_t)facts;
}

/* A client's port that says something by itself: a service's own, or one that the
 * bulletin names on the phone's side. */
static uint16_t telling_port(uint8_t proto, uint16_t port, uint16_t facts)
{
    bool media = proto == 17 && (port == 2222 || port == 2223 || (facts & FACT_RTP));

    return port < 1024 || media || flow_is_server_port(proto, port) ? port : 0;
}

static void key_names(struct cell_key *key, const struct piece *piece)
{
    for (unsigned i = 0; i < 2; i++) {
        key->names[i] = piece->names[i].name;
        key->sources[i] = piece->names[i].source;
        key->name_flags[i] = piece->names[i].flags;
    }
    key->name_port = piece->names[0].port;
}

static void key_signs(struct cell_key *key, const struct piece *piece, unsigned opener,
                      int64_t end_ns)
{
    const struct flow_end *o = &piece->end[opener], *r = &piece->end[!opener];
    struct repetition again = {0, piece->first_ns, piece->last_ns};

    key->sign = (uint8_t)(key->proto == 6 ? tcp_sign(piece, o, r, &again)
                                          : udp_sign(piece, o, r, &again));
    if (key->sign == ATTEMPT_ICMP) {
        key->by = piece->icmp.reporter;
        key->icmp_type = piece->icmp.type;
        key->icmp_code = piece->icmp.code;
        again = (struct repetition){0, piece->first_ns, piece->icmp.first_ns};
    }
    if (key->sign == ATTEMPT_RESET || key->sign == ATTEMPT_HELLO_RESET) {
        key->rst_ttl = r->rst_ttl;
    }
    if (key->sign == ATTEMPT_OK || key->sign == ATTEMPT_UNSEEN) {
        if (!(key->facts & FACT_STALLED)) {
            return;
        }
        again = (struct repetition){o->tail_n, o->tail_ns, o->last_data_ns};
    }
    key->repeats = (uint8_t)(again.n > 5 ? 5 : again.n);
    key->span_s = seconds_step(again.last_ns - again.first_ns);
    if (again.n) {
        key->waited_s = seconds_step(end_ns - again.first_ns);
    }
}

/* What stands for nothing but another page accuses only where nothing was empty. */
static enum check_result check_of(const struct piece *piece)
{
    if (!(piece->check & CHECK_SIGN_ASKED)) {
        return CHECK_NONE;
    }
    return piece->check & CHECK_SIGN_EMPTY   ? CHECK_OK
           : piece->check & CHECK_SIGN_OTHER ? CHECK_PORTAL
                                             : CHECK_NONE;
}

struct cell_key attempt_of(const struct piece *piece, int64_t end_ns)
{
    struct opener opener = piece_opener(piece);
    const struct flow_end *o = &piece->end[opener.end], *r = &piece->end[!opener.end];
    uint16_t ports[2] = {piece->key.port_a, piece->key.port_b};
    struct cell_key key;

    memset(&key, 0, sizeof key);
    key.client = opener.end ? piece->key.b : piece->key.a;
    key.server = opener.end ? piece->key.a : piece->key.b;
    key.proto = piece->key.proto;
    key.facts = facts_of(piece, o, r, &key.server);
    key.client_port = telling_port(key.proto, ports[opener.end], key.facts);
    key.server_port = ports[!opener.end];
    key.slot = (uint32_t)(piece->first_ns / second_ns / SLOT_SECONDS);
    key.basis = (uint8_t)opener.basis;
    key.payload = o->first_payload;
    key.check = (uint8_t)check_of(piece);
    key.source = piece->key.source;
    key_names(&key, piece);
    key_signs(&key, piece, opener.end, end_ns);
    return key;
}

/* The frames that prove the sign, the deciding ones among the first. */
static void cell_add_frames(struct cell *cell, const struct piece *piece,
                            unsigned opener)
{
    const struct flow_end *o = &piece->end[opener], *r = &piece->end[!opener];
    const struct sign *repeat = &o->signs[SIGN_REPEAT];
    uint32_t frames[] = {
        o->first_frame ? o->first_frame : r->first_frame,
        piece->icmp.n ? piece->icmp.frames[0] : 0,
        r->signs[SIGN_RST].n ? r->signs[SIGN_RST].frames[0] : 0,
        o->signs[SIGN_SYN].n > 1 ? o->signs[SIGN_SYN].frames[1] : 0,
        o->signs[SIGN_SYN].n > 2 ? o->signs[SIGN_SYN].frames[2] : 0,
        o->signs[SIGN_DATA].n ? o->signs[SIGN_DATA].frames[0] : 0,
        repeat->n ? repeat->frames[2] : 0,
        r->first_frame,
        o->last_frame,
    };

    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        lowest_u32(cell->frames, CELL_FRAMES, frames[i]);
    }
}

struct cell cell_of(const struct piece *piece, int64_t end_ns)
{
    struct opener opener = piece_opener(piece);
    unsigned o = opener.end;
    struct cell cell = {
        .key = attempt_of(piece, end_ns),
        .attempts = 1,
        .packets = {piece->end[o].packets, piece->end[!o].packets},
        .bytes = {piece->end[o].bytes, piece->end[!o].bytes},
        .copies = (uint64_t)piece->end[0].copies + piece->end[1].copies,
        .acked_unseen = acknowledges_unseen(&piece->end[0], &piece->end[1]) ||
                        acknowledges_unseen(&piece->end[1], &piece->end[0]),
        .idle_s = piece->end[o].tail_gap_s,
        .first_ns = piece->first_ns,
        .last_ns = piece->last_ns,
    };

    if (cell.key.client_port == 0) {
        cell.ports[0] = o ? piece->key.port_b : piece->key.port_a;
    }
    cell_add_frames(&cell, piece, o);
    return cell;
}
