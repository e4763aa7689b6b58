/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Adding packets to a piece, and combining pieces.
 *
 * Sequence numbers are compared in serial arithmetic (RFC 1982), so a piece is right
 * for flows of which less than 2 GiB is in flight between two packets of one end.
 */
#include "flow/flow.h"

#include "base/hash.h"

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

static bool was_just_seen(const struct piece *piece, const struct packet *p,
                          uint32_t print, uint32_t ms)
{
    int32_t within = p->ip_id != 0 ? FLOW_COPY_MS : FLOW_COPY_NO_ID_MS;

    for (unsigned i = 0; i < 4; i++) {
        int32_t ago = (int32_t)(ms - piece->copy_ms[i]);

        if (piece->copy_print[i] == print && ago <= within && ago >= -within) {
            return true;
        }
    }
    return false;
}

static bool is_copy(struct piece *piece, const struct packet *p, unsigned from)
{
    uint32_t print = packet_print(p, from), ms = (uint32_t)((uint64_t)p->ns / 1000000);
    const uint32_t *prints = piece->copy_print;

    /* One test for the common case, that it is like none. */
    if (((print == prints[0]) | (print == prints[1]) | (print == prints[2]) |
         (print == prints[3])) &&
        was_just_seen(piece, p, print, ms)) {
        return true;
    }
    piece->copy_ms[piece->copy_at] = ms;
    piece->copy_print[piece->copy_at] = print;
    piece->copy_at = (piece->copy_at + 1) & 3;
    return false;
}

/* Who sent the first packet of an end, and when. */
static void note_first(struct flow_end *end, const struct packet *p, uint32_t frame)
{
    end->first_ns = end->last_ns = p->ns;
    end->first_frame = frame;
    if (p->flags & PACKET_HAS_MAC) {
        end->has_mac = 1;
        end->mac = p->src_mac;
        end->vlan = p->vlan;
    }
}

/* Sums and times that every packet adds to. */
static void count(struct piece *piece, struct flow_end *end, const struct packet *p,
                  uint32_t frame)
{
    if (end->packets++ == 0) {
        note_first(end, p, frame);
    }
    end->last_frame = frame;
    end->bytes += p->wire_len;
    if (p->ns >= end->last_ns) {
        end->last_ns = p->ns;
    } else if (p->ns < end->first_ns) {
        end->first_ns = p->ns;
    }
    if (piece->first_ns == 0 || p->ns < piece->first_ns) {
        piece->first_ns = p->ns;
    }
    piece->last_ns = p->ns > piece->last_ns ? p->ns : piece->last_ns;
}

static inline void note_data(struct flow_end *end, const struct packet *p,
                             uint32_t frame)
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

/* Writes out the tail of a live end. */
static void tail_settle(struct flow_end *end, int64_t sent_ns)
{
    if (end->seen & END_TAIL) {
        end->seen &= (uint8_t)~END_TAIL;
        end->tail_n = 1;
        end->tail_ns = sent_ns;
        end->tail_gap_s = 0;
    }
}

void piece_settle(struct piece *piece)
{
    for (unsigned i = 0; i < 2; i++) {
        tail_settle(&piece->end[i], piece->end[i].last_data_ns);
    }
}

/* A segment behind all others; 'quiet_ns' is how long the flow was silent. */
static void tail_move(struct flow_end *end, const struct packet *p, int64_t quiet_ns)
{
    const int64_t second_ns = 1000000000;

    end->tail_seq = p->tcp_seq;
    if (quiet_ns < second_ns && p->ns == end->last_data_ns) {
        end->seen |= END_TAIL;
        return;
    }
    end->seen &= (uint8_t)~END_TAIL;
    end->tail_n = 1;
    end->tail_ns = p->ns;
    end->tail_gap_s = (uint32_t)(quiet_ns >= second_ns ? quiet_ns / second_ns : 0);
}

/* A segment with payload: is it the first one again, is it the furthest?  The payload
 * before it was at 'before_ns'. */
static void note_segment(struct flow_end *end, const struct packet *p, int64_t quiet_ns,
                         int64_t before_ns, uint32_t frame)
{
    uint32_t seq = p->tcp_seq;

    if (!(end->seen & END_DATA)) {
        end->seen |= END_DATA;
        end->seq_first = seq;
        end->seq_first_n = 1;
        tail_move(end, p, 0);
        return;
    }
    if (seq_after(seq, end->tail_seq)) {
        tail_move(end, p, quiet_ns);
        return;
    }
    tail_settle(end, before_ns);
    if (seq == end->seq_first) {
        end->seq_first_n++;
        sign_note(&end->signs[SIGN_REPEAT], p->ns, frame);
    } else if (seq_after(end->seq_first, seq)) {
        end->seq_first = seq;
        end->seq_first_n = 1;
    }
    if (seq == end->tail_seq) {
        end->tail_n++;
    }
}

/* A fatal alert in clear is a record of its own: type 21, length 2, level 2 (RFC 8446
 * 6, 5.1).  TLS 1.3 encrypts it: two bytes, the true type and 16 of tag (5.2).  Behind
 * the change_cipher_spec that goes before a client's Finished (D.4), what is so short
 * is an alert in its place. */
static void note_alert(struct flow_end *end, const struct packet *p)
{
    static const uint8_t hidden[11] = {20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 19};
    const uint8_t *b = p->payload;

    if (p->payload_cap == 7 && b[0] == 21 && b[1] == 3 && b[3] == 0 && b[4] == 2 &&
        b[5] == 2 && end->alert == 0 && b[6] < FLOW_ALERT_HIDDEN - 1) {
        end->alert = (uint8_t)(b[6] + 1);
    }
    if (p->payload_cap == sizeof hidden + 19 && end->alert == 0 &&
        memcmp(b, hidden, sizeof hidden) == 0) {
        end->alert = FLOW_ALERT_HIDDEN;
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
    if (ttl == end->ttl_low && ttl == end->ttl_high) {
        return; /* As nearly always. */
    }
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
        int64_t before_ns = end->last_data_ns;

        note_data(end, p, frame);
        note_segment(end, p, quiet_ns, before_ns, frame);
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
    /* The other end's counts lie in a line of their own: seldom asked for. */
    if (end->packets == 0 && piece->end[!from].packets == 0) {
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

    flow_icmp_merge(&piece->icmp, &one);
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
