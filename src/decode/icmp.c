/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ICMP and ICMPv6.  An error quotes the head of the packet that it is about, and that
 * packet is what a flow table wants: it is told in its own direction, with the sender
 * of the error as 'reporter'.
 */
#include "decode/walk.h"

enum {
    ICMP_HEADER_LEN = 4,
    ICMP_UNUSED_LEN = 4, /* Between the header of an error and what it quotes. */
    PORTS_LEN = 4,
    TCP_SEQ_END = 8
};

/* RFC 792: destination unreachable, source quench, redirect, time exceeded, parameter
 * problem.  RFC 4443 2.1: the first four error types. */
static bool is_error(uint8_t proto, uint8_t type)
{
    if (proto == PROTO_ICMP) {
        return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
    }
    return type >= 1 && type <= 4;
}

/* What a quotation holds. */
struct quote {
    struct addr src, dst;
    uint16_t src_port, dst_port;
    uint8_t proto;
    bool has_seq;
    uint32_t seq;
};

/* Its length fields are those of the whole packet and bound nothing here. */
static bool quote_ipv4(struct walk *w, struct quote *q)
{
    const uint8_t *h;

    if (!walk_take(w, IPV4_HEADER_LEN, &h) || h[0] >> 4 != 4) {
        return false;
    }

    size_t header_len = (size_t)(h[0] & 15) * 4;
    bool later_fragment = (load_be16(h + 6) & 0x1fff) != 0;
    if (header_len < IPV4_HEADER_LEN || later_fragment ||
        !walk_skip(w, header_len - IPV4_HEADER_LEN)) {
        return false;
    }
    q->src = addr_from_v4(h + 12);
    q->dst = addr_from_v4(h + 16);
    q->proto = h[9];
    return true;
}

static bool quote_ipv6(struct walk *w, struct quote *q)
{
    const uint8_t *h;
    struct extensions ext;

    if (!walk_take(w, IPV6_HEADER_LEN, &h) || h[0] >> 4 != 6) {
        return false;
    }
    if (extensions_pass(w, h[6], &ext) != DECODE_OK || ext.frag_offset > 0) {
        return false;
    }
    q->src = addr_from_v6(h + 8);
    q->dst = addr_from_v6(h + 24);
    q->proto = ext.proto;
    return true;
}

/* Reads the quoted packet.  False: it is cut before its ports, a later fragment, or
 * no IP. */
static bool quote_read(struct walk w, bool is_v4, struct quote *q)
{
    const uint8_t *h;

    if (!walk_skip(&w, ICMP_UNUSED_LEN) ||
        !(is_v4 ? quote_ipv4(&w, q) : quote_ipv6(&w, q))) {
        return false;
    }
    if (q->proto != PROTO_TCP && q->proto != PROTO_UDP) {
        return true;
    }

    struct cursor rest = w.in;
    if (!cursor_take(&rest, PORTS_LEN, &h)) {
        return false;
    }
    q->src_port = load_be16(h);
    q->dst_port = load_be16(h + 2);
    q->has_seq = q->proto == PROTO_TCP && w.in.left >= TCP_SEQ_END;
    q->seq = q->has_seq ? load_be32(w.in.at + PORTS_LEN) : 0;
    return true;
}

/* ICMP, RFC 792, and ICMPv6, RFC 4443.
 *
 *     0      1      2          4          8
 *    +------+------+----------+----------+------------------------
 *    | type | code | checksum |  unused  | IP header + 8 bytes ...
 *    +------+------+----------+----------+------------------------
 *                             `- of an error; else the body
 */
enum decode_result decode_icmp(struct walk *w)
{
    const uint8_t *h;
    struct packet *p = &w->out[w->n];
    struct quote quote = {0};

    if (!walk_take(w, ICMP_HEADER_LEN, &h)) {
        return walk_short(w, ICMP_HEADER_LEN);
    }
    p->icmp_type = h[0];
    p->icmp_code = h[1];
    if (is_error(w->proto, h[0]) && quote_read(*w, w->proto == PROTO_ICMP, &quote)) {
        p->kind = PACKET_ICMP_ERROR;
        p->reporter = p->src;
        p->src = quote.src;
        p->dst = quote.dst;
        p->src_port = quote.src_port;
        p->dst_port = quote.dst_port;
        p->proto = quote.proto;
        p->tcp_seq = quote.seq;
        p->flags |= quote.has_seq ? PACKET_QUOTED_TCP_SEQ : 0;
    }
    return walk_end(w);
}
