/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Adding packets to a piece, and combining pieces.
 *
 * Sequence numbers are compared in serial arithmetic (RFC 1982), so a piece is right
 * for flows of which less than 2 GiB is in flight between two packets of one end.
 */
#include "flow/flow.h"

#include "base/hash.h"

static bool seq_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* Notes one packet in a row of first, second and last. */
static void frames_note(uint32_t frames[static 3], uint32_t n_before, uint32_t frame)
{
    frames[n_before < 2 ? n_before : 2] = frame;
    if (n_before < 2) {
        frames[2] = frame;
    }
}

static void sign_note(struct sign *sign, int64_t ns, uint32_t frame)
{
    if (sign->n == 0 || ns < sign->first_ns) {
        sign->first_ns = ns;
    }
    if (ns > sign->last_ns) {
        sign->last_ns = ns;
    }
    frames_note(sign->frames, sign->n, frame);
    sign->n++;
}

/* Identifies a packet among the flow's own.  TTL, VLAN and MACs may differ between
 * copies; the first bytes of UDP payload are in, or RTP would be taken for copies of
 * itself. */
static uint32_t packet_print(const struct packet *p, unsigned from)
{
    uint64_t head = 0;

    if (p->kind == PACKET_TCP) {
        head = (uint64_t)p->tcp_seq << 32 | p->tcp_ack;
    } else if (p->payload_cap >= 16) {
        uint64_t first[2];

        memcpy(first, p->payload, sizeof first);
        head = first[0] ^ (first[1] << 29 | first[1] >> 35);
    } else if (p->payload_cap > 0) {
        head = hash_bytes(p->payload, p->payload_cap, 0);
    }
    return (uint32_t)(hash_mix(head, (uint64_t)p->ip_id << 48 | (uint64_t)from << 40 |
                                         (uint64_t)p->tcp_flags << 32 |
                                         p->payload_len) >>
                      32) |
           1;
}

static bool is_copy(struct piece *piece, const struct packet *p, unsigned from)
{
    uint32_t print = packet_print(p, from), ms = (uint32_t)(p->ns / 1000000);
    int32_t within = p->ip_id != 0 ? FLOW_COPY_MS : FLOW_COPY_NO_ID_MS;

    for (unsigned i = 0; i < 4; i++) {
        int32_t ago = (int32_t)(ms - piece->copy[i].ms);

        if (piece->copy[i].print == print && ago <= within && ago >= -within) {
            return true;
        }
    }
    piece->copy[piece->copy_at].ms = ms;
    piece->copy[piece->copy_at].print = print;
    piece->copy_at = (piece->copy_at + 1) & 3;
    return false;
}

/* Sums and times that every packet adds to. */
static void count(struct piece *piece, struct flow_end *end, const struct packet *p,
                  uint32_t frame)
{
    if (end->packets == 0) {
        end->first_ns = end->last_ns = p->ns;
        end->first_frame = frame;
    }
    end->first_ns = p->ns < end->first_ns ? p->ns : end->first_ns;
    end->last_ns = p->ns > end->last_ns ? p->ns : end->last_ns;
    end->last_frame = frame;
    end->packets++;
    end->bytes += p->wire_len;
    if (piece->first_ns == 0 || p->ns < piece->first_ns) {
        piece->first_ns = p->ns;
    }
    piece->last_ns = p->ns > piece->last_ns ? p->ns : piece->last_ns;
}

static void note_data(struct flow_end *end, const struct packet *p, uint32_t frame)
{
    if (end->payload_packets++ == 0) {
        end->first_payload =
            (uint8_t)payload_kind_of(p->proto, p->payload, p->payload_cap);
    }
    end->last_data_ns = p->ns > end->last_data_ns ? p->ns : end->last_data_ns;
    end->last_data_frame = frame;
    if (end->n_data < 2) {
        sign_note(&end->signs[SIGN_DATA], p->ns, frame);
        end->n_data++;
    }
}

/* A segment with payload: is it the first one again, is it the furthest? */
static void note_segment(struct flow_end *end, const struct packet *p, int64_t quiet_ns,
                         uint32_t frame)
{
    uint32_t seq = p->tcp_seq;

    if (!(end->seen & END_DATA)) {
        end->seen |= END_DATA;
        end->seq_first = end->tail_seq = seq;
        end->seq_first_n = end->tail_n = 1;
        end->tail_ns = p->ns;
        return;
    }
    if (seq == end->seq_first) {
        end->seq_first_n++;
        sign_note(&end->signs[SIGN_REPEAT], p->ns, frame);
    } else if (seq_after(end->seq_first, seq)) {
        end->seq_first = seq;
        end->seq_first_n = 1;
    }
    if (seq == end->tail_seq) {
        end->tail_n++;
    } else if (seq_after(seq, end->tail_seq)) {
        end->tail_seq = seq;
        end->tail_n = 1;
        end->tail_ns = p->ns;
        end->tail_gap_s = (uint32_t)(quiet_ns > 0 ? quiet_ns / 1000000000 : 0);
    }
}

/* A fatal alert in clear is a record of its own: type 21, length 2, level 2 (RFC 8446
 * 6, 5.1). */
static void note_alert(struct flow_end *end, const struct packet *p)
{
    const uint8_t *b = p->payload;

    if (p->payload_cap == 7 && b[0] == 21 && b[1] == 3 && b[3] == 0 && b[4] == 2 &&
        b[5] == 2 && end->alert == 0 && b[6] < UINT8_MAX) {
        end->alert = (uint8_t)(b[6] + 1);
    }
}

static void note_rst(struct flow_end *end, const struct packet *p, uint32_t frame)
{
    if (end->signs[SIGN_RST].n == 0) {
        end->rst_ttl = p->ttl;
        end->rst_flags = p->tcp_flags;
        end->rst_bare = p->tcp_window == 0 && !(p->flags & PACKET_TCP_OPTIONS);
    }
    sign_note(&end->signs[SIGN_RST], p->ns, frame);
}

static void note_numbers(struct flow_end *end, const struct packet *p)
{
    uint32_t behind = p->tcp_seq + p->payload_len + ((p->tcp_flags & TCP_SYN) != 0) +
                      ((p->tcp_flags & TCP_FIN) != 0);

    if (!(end->seen & END_SEQ) || seq_after(behind, end->seq_end)) {
        end->seen |= END_SEQ;
        end->seq_end = behind;
    }
    if ((p->tcp_flags & TCP_ACK) &&
        (!(end->seen & END_ACK) || seq_after(p->tcp_ack, end->ack))) {
        end->seen |= END_ACK;
        end->ack = p->tcp_ack;
    }
}

static void note_ttl(struct flow_end *end, uint8_t ttl)
{
    if (end->ttl_low == 0 || ttl < end->ttl_low) {
        end->ttl_low = ttl;
    }
    end->ttl_high = ttl > end->ttl_high ? ttl : end->ttl_high;
}

/* SYN, FIN and RST: the packets that a connection has few of. */
static void note_control(struct flow_end *end, const struct packet *p, uint32_t frame)
{
    if (p->tcp_flags & TCP_SYN) {
        end->seen |= END_ISN;
        end->isn = p->tcp_seq;
        sign_note(&end->signs[p->tcp_flags & TCP_ACK ? SIGN_SYN_ACK : SIGN_SYN], p->ns,
                  frame);
    }
    if (p->tcp_flags & TCP_FIN) {
        sign_note(&end->signs[SIGN_FIN], p->ns, frame);
    }
}

static void add_tcp(struct piece *piece, unsigned from, const struct packet *p,
                    int64_t quiet_ns, uint32_t frame)
{
    struct flow_end *end = &piece->end[from];

    end->tcp_flags |= p->tcp_flags;
    if (p->tcp_flags & TCP_FIN) {
        piece->closing |= from ? CLOSING_FIN_1 : CLOSING_FIN_0;
    }
    if (p->tcp_flags & TCP_RST) {
        piece->closing |= CLOSING_RST;
        note_rst(end, p, frame);
        return;
    }
    note_ttl(end, p->ttl);
    note_numbers(end, p);
    if (p->tcp_flags & (TCP_SYN | TCP_FIN)) {
        note_control(end, p, frame);
    }
    if (p->payload_len > 0) {
        note_data(end, p, frame);
        note_segment(end, p, quiet_ns, frame);
        note_alert(end, p);
    } else if (!(p->tcp_flags & (TCP_SYN | TCP_FIN)) && end->n_acks < 2) {
        sign_note(&end->signs[SIGN_ACK], p->ns, frame);
        end->n_acks++;
    }
}

bool piece_add(struct piece *piece, const struct packet *packet, unsigned from,
               uint32_t frame)
{
    struct flow_end *end = &piece->end[from];
    int64_t quiet_ns = packet->ns - piece->last_ns;

    if (is_copy(piece, packet, from)) {
        count(piece, end, packet, frame);
        end->copies++;
        return false;
    }
    if (piece->end[0].packets + piece->end[1].packets == 0) {
        piece->n_encap = packet->n_encap;
        memcpy(piece->encap, packet->encap, packet->n_encap);
    }
    count(piece, end, packet, frame);
    if (packet->kind == PACKET_TCP) {
        add_tcp(piece, from, packet, quiet_ns, frame);
    } else {
        note_ttl(end, packet->ttl);
        if (packet->payload_len > 0) {
            note_data(end, packet, frame);
        }
    }
    return true;
}

void piece_add_fragment(struct piece *piece, const struct packet *packet, unsigned from,
                        uint32_t frame)
{
    count(piece, &piece->end[from], packet, frame);
    piece->end[from].later_fragments++;
}

/* How telling an ICMP error is, the most telling highest: a prohibition, then any
 * other unreachable, then the rest (path MTU, time exceeded). */
static int icmp_rank(bool v6, uint8_t type, uint8_t code)
{
    if (v6) {
        return type != 1 ? 1 : code == 1 || code == 5 || code == 6 ? 3 : 2;
    }
    if (type != 3 || code == 4) {
        return 1;
    }
    return code == 9 || code == 10 || code == 13 ? 3 : 2;
}

static void icmp_merge(struct flow_icmp *into, const struct flow_icmp *from)
{
    int have = into->n ? icmp_rank(into->v6, into->type, into->code) : 0;
    int come = from->n ? icmp_rank(from->v6, from->type, from->code) : 0;

    if (come == 0 || have > come) {
        return;
    }
    if (come > have) {
        *into = *from;
        return;
    }

    struct flow_icmp merged = from->first_ns < into->first_ns ? *from : *into;
    const struct flow_icmp *late = from->first_ns < into->first_ns ? into : from;
    merged.n = into->n + from->n;
    merged.last_ns = into->last_ns > from->last_ns ? into->last_ns : from->last_ns;
    if (merged.n == 2) {
        merged.frames[1] = late->frames[0];
    }
    merged.frames[2] = late->frames[2];
    *into = merged;
}

void piece_add_icmp(struct piece *piece, const struct packet *error, unsigned quoted,
                    uint32_t frame)
{
    struct flow_icmp one = {
        .reporter = error->reporter,
        .first_ns = error->ns,
        .last_ns = error->ns,
        .n = 1,
        .frames = {frame, frame, frame},
        .type = error->icmp_type,
        .code = error->icmp_code,
        .v6 = !addr_is_v4(&error->src),
        .quoted_end = (uint8_t)quoted,
    };

    icmp_merge(&piece->icmp, &one);
    if (piece->first_ns == 0 || error->ns < piece->first_ns) {
        piece->first_ns = error->ns;
    }
    piece->last_ns = error->ns > piece->last_ns ? error->ns : piece->last_ns;
}

bool piece_is_reused_by(const struct piece *piece, const struct packet *packet,
                        unsigned from)
{
    const struct flow_end *end = &piece->end[from];

    if (packet->kind != PACKET_TCP || !(packet->tcp_flags & TCP_SYN) ||
        (packet->tcp_flags & TCP_RST)) {
        return false;
    }
    if (end->seen & END_ISN) {
        return end->isn != packet->tcp_seq;
    }
    return !(packet->tcp_flags & TCP_ACK) && (end->seen & END_SEQ) &&
           end->seq_end != packet->tcp_seq;
}

/* Do both know where an end began, and differ? */
static bool isn_differs(const struct piece *a, const struct piece *b, unsigned end)
{
    return (a->end[end].seen & b->end[end].seen & END_ISN) &&
           a->end[end].isn != b->end[end].isn;
}

bool piece_continues(const struct piece *piece, const struct piece *later)
{
    if (later->first_ns - piece->last_ns > piece_idle_ns(piece)) {
        return false;
    }
    return piece->key.proto != 6 ||
           !(isn_differs(piece, later, 0) || isn_differs(piece, later, 1));
}

static void sign_merge(struct sign *into, const struct sign *from)
{
    if (from->n == 0) {
        return;
    }
    if (into->n == 0) {
        *into = *from;
        return;
    }

    const struct sign *early = from->first_ns < into->first_ns ? from : into;
    const struct sign *late = early == into ? from : into;
    struct sign merged = *early;
    if (early->n == 1) {
        merged.frames[1] = late->frames[0];
    }
    if (late->last_ns >= early->last_ns) {
        merged.frames[2] = late->frames[2];
        merged.last_ns = late->last_ns;
    }
    merged.n = into->n + from->n;
    *into = merged;
}

static void segments_merge(struct flow_end *into, const struct flow_end *from)
{
    if (!(from->seen & END_DATA)) {
        return;
    }
    if (!(into->seen & END_DATA)) {
        into->seq_first = from->seq_first;
        into->seq_first_n = from->seq_first_n;
        into->tail_seq = from->tail_seq;
        into->tail_n = from->tail_n;
        into->tail_ns = from->tail_ns;
        into->tail_gap_s = from->tail_gap_s;
        return;
    }
    if (from->seq_first == into->seq_first) {
        into->seq_first_n += from->seq_first_n;
    } else if (seq_after(into->seq_first, from->seq_first)) {
        into->seq_first = from->seq_first;
        into->seq_first_n = from->seq_first_n;
    }
    if (from->tail_seq == into->tail_seq) {
        into->tail_n += from->tail_n;
        if (from->tail_ns < into->tail_ns) {
            into->tail_ns = from->tail_ns;
            into->tail_gap_s = from->tail_gap_s;
        }
    } else if (seq_after(from->tail_seq, into->tail_seq)) {
        into->tail_seq = from->tail_seq;
        into->tail_n = from->tail_n;
        into->tail_ns = from->tail_ns;
        into->tail_gap_s = from->tail_gap_s;
    }
}

static void numbers_merge(struct flow_end *into, const struct flow_end *from)
{
    if ((from->seen & END_SEQ) &&
        (!(into->seen & END_SEQ) || seq_after(from->seq_end, into->seq_end))) {
        into->seq_end = from->seq_end;
    }
    if ((from->seen & END_ACK) &&
        (!(into->seen & END_ACK) || seq_after(from->ack, into->ack))) {
        into->ack = from->ack;
    }
    if (from->seen & END_ISN) {
        into->isn = from->isn;
    }
    segments_merge(into, from);
    into->seen |= from->seen;
}

/* What only the earliest packet tells, taken from whoever saw it. */
static void firsts_merge(struct flow_end *into, const struct flow_end *from)
{
    const struct sign *mine = &into->signs[SIGN_RST], *theirs = &from->signs[SIGN_RST];
    const struct sign *data = &into->signs[SIGN_DATA];
    const struct sign *their_data = &from->signs[SIGN_DATA];

    if (theirs->n && (!mine->n || theirs->first_ns < mine->first_ns)) {
        into->rst_ttl = from->rst_ttl;
        into->rst_flags = from->rst_flags;
        into->rst_bare = from->rst_bare;
    }
    if (their_data->n && (!data->n || their_data->first_ns < data->first_ns)) {
        into->first_payload = from->first_payload;
    }
    into->alert = into->alert ? into->alert : from->alert;
    if (into->packets == 0 || (from->packets && from->first_ns < into->first_ns)) {
        into->first_ns = from->first_ns;
        into->first_frame = from->first_frame;
    }
    if (from->last_ns >= into->last_ns) {
        into->last_ns = from->last_ns;
        into->last_frame = from->last_frame;
    }
    if (from->last_data_ns >= into->last_data_ns) {
        into->last_data_ns = from->last_data_ns;
        into->last_data_frame = from->last_data_frame;
    }
}

static void end_merge(struct flow_end *into, const struct flow_end *from)
{
    if (from->packets == 0) {
        return;
    }
    firsts_merge(into, from);
    numbers_merge(into, from);
    into->bytes += from->bytes;
    into->packets += from->packets;
    into->payload_packets += from->payload_packets;
    into->copies += from->copies;
    into->later_fragments += from->later_fragments;
    into->tcp_flags |= from->tcp_flags;
    if (from->ttl_low && (into->ttl_low == 0 || from->ttl_low < into->ttl_low)) {
        into->ttl_low = from->ttl_low;
    }
    into->ttl_high = from->ttl_high > into->ttl_high ? from->ttl_high : into->ttl_high;
    for (unsigned i = 0; i < SIGNS; i++) {
        sign_merge(&into->signs[i], &from->signs[i]);
    }
    /* Of data and bare ACKs only the first two are noted: no part may have more. */
    for (unsigned i = SIGN_ACK; i <= SIGN_DATA; i++) {
        into->signs[i].n = into->signs[i].n > 2 ? 2 : into->signs[i].n;
    }
    into->n_acks = (uint8_t)into->signs[SIGN_ACK].n;
    into->n_data = (uint8_t)into->signs[SIGN_DATA].n;
}

/* What the flow as a whole tells: times, tunnels, names. */
static void facts_merge(struct piece *into, const struct piece *from)
{
    if (into->first_ns == 0 || (from->first_ns && from->first_ns < into->first_ns)) {
        into->n_encap = from->n_encap;
        memcpy(into->encap, from->encap, sizeof into->encap);
        into->first_ns = from->first_ns;
    }
    into->last_ns = from->last_ns > into->last_ns ? from->last_ns : into->last_ns;
    into->inexact |= from->inexact;
    into->closing |= from->closing;
    into->check = from->check > into->check ? from->check : into->check;
    icmp_merge(&into->icmp, &from->icmp);
    for (unsigned i = 0; i < FLOW_NAMES && from->names[i].name; i++) {
        piece_add_name(into, from->names[i]);
    }
}

void piece_merge(struct piece *into, const struct piece *from)
{
    facts_merge(into, from);
    end_merge(&into->end[0], &from->end[0]);
    end_merge(&into->end[1], &from->end[1]);
}

void piece_merge_view(struct piece *into, const struct piece *from)
{
    facts_merge(into, from);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t mine = into->end[i].packets - into->end[i].copies;
        uint32_t theirs = from->end[i].packets - from->end[i].copies;

        if (theirs > mine) {
            into->end[i] = from->end[i];
        }
    }
}

void piece_add_name(struct piece *piece, struct flow_name name)
{
    for (unsigned i = 0; i < FLOW_NAMES; i++) {
        if (piece->names[i].name == 0) {
            piece->names[i] = name;
            return;
        }
        if (piece->names[i].name == name.name &&
            piece->names[i].source == name.source) {
            piece->names[i].flags |= name.flags;
            return;
        }
    }
}
