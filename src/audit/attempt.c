/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From a piece to an attempt: what its signs say, before any row is known.
 *
 * The phone is the witness: silence counts only in repetitions of what it sent.
 * DESIGN 3.0, 3.3.
 */
#include "audit/attempt_parts.h"
#include "audit/records.h"

enum { MEDIA_PACKETS = 50 };

static const int64_t second_ns = 1000000000;

/* Seconds, rounded down to a step: few steps make few cells. */
static uint8_t seconds_step(int64_t ns)
{
    static const uint8_t steps[] = {120, 60, 32, 20, 13, 10, 5, 4, 3, 2, 1};
    /* 2.9 s are 3: the third repetition of a SYN comes at 3 s less the clock's tick. */
    int64_t s = (ns + second_ns / 10) / second_ns;

    for (size_t i = 0; i < sizeof steps; i++) {
        if (s >= steps[i]) {
            return steps[i];
        }
    }
    return 0;
}

/* Is it a prohibition, and not the news that a host or port is not there? */
static bool icmp_forbids(const struct flow_icmp *icmp)
{
    unsigned code = icmp->code;

    if (!attempt_icmp_stops(icmp)) {
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
    if (attempt_icmp_stops(&piece->icmp) && !icmp_passes(piece, o)) {
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
    facts |= tcp && attempt_proves_answer(o) ? FACT_PROVED : 0;
    facts |= tcp && is_unread(o, r) ? FACT_UNREAD : 0;
    facts |= tcp && attempt_is_stalled(o) ? FACT_STALLED : 0;
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

    key->sign = (uint8_t)(key->proto == 6 ? attempt_tcp_sign(piece, o, r, &again)
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
    /* Of repetitions 4 s are as good as 3. */
    key->span_s = key->span_s == 4 ? 3 : key->span_s;
}

/* What stands for nothing but another page accuses only where nothing was empty. */
static enum check_result check_of(const struct piece *piece)
{
    if (piece->check & CHECK_SIGN_CONNECT) {
        return piece->check & CHECK_SIGN_FORBIDDEN ? CHECK_DENIED : CHECK_NONE;
    }
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
        .acked_unseen = attempt_acknowledges_unseen(&piece->end[0], &piece->end[1]) ||
                        attempt_acknowledges_unseen(&piece->end[1], &piece->end[0]),
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
