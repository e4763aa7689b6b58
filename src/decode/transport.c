/* SPDX-License-Identifier: BSD-3-Clause
 *
 * TCP, UDP, and what else stands behind an IP header.
 */
#include "decode/walk.h"

enum {
    TCP_NEEDED_LEN = 14, /* Ports, numbers and flags: less is no use. */
    TCP_WINDOW_END = 16,
    PORTS_LEN = 4,
    UDP_LENGTH_END = 6
};

/* Passes over a header of which the capture may hold only a part. */
static void pass(struct walk *w, size_t n)
{
    size_t held = n < w->in.left ? n : w->in.left;

    w->in.at += held;
    w->in.left -= held;
    w->wire -= n;
}

/* Transmission Control Protocol, RFC 9293 3.1.
 *
 *      0             15 16            31
 *     +----------------+----------------+
 *   0 |  source port   |destination port|
 *     +----------------+----------------+
 *   4 |         sequence number         |
 *     +---------------------------------+
 *   8 |      acknowledgment number      |
 *     +----+------+----+----------------+
 *  12 |off |      |flag|     window     |
 *     +----+------+----+----------------+
 *  16 |    checksum    | urgent pointer |
 *     +----------------+----------------+  options up to 4 * off
 *
 * A header cut by the snaplen behind its flags still counts. */
static enum decode_result decode_tcp(struct walk *w)
{
    const uint8_t *h = w->in.at;
    struct packet *p = &w->out[w->n];

    if (w->wire < TCP_HEADER_LEN) {
        return DECODE_BAD_LENGTH;
    }
    if (w->in.left < TCP_NEEDED_LEN) {
        return DECODE_TRUNCATED;
    }

    size_t header_len = (size_t)(h[12] >> 4) * 4;
    if (header_len < TCP_HEADER_LEN || header_len > w->wire) {
        return DECODE_BAD_HEADER;
    }
    p->src_port = load_be16(h);
    p->dst_port = load_be16(h + 2);
    p->tcp_seq = load_be32(h + 4);
    p->tcp_ack = load_be32(h + 8);
    p->tcp_flags = h[13] & TCP_FLAGS;
    p->tcp_window = w->in.left < TCP_WINDOW_END ? 0 : load_be16(h + 14);
    if (header_len > TCP_HEADER_LEN) {
        p->flags |= PACKET_TCP_OPTIONS;
    }
    pass(w, header_len);
    return walk_end(w);
}

/* User Datagram Protocol, RFC 768.
 *
 *      0             15 16            31
 *     +----------------+----------------+
 *   0 |  source port   |destination port|
 *     +----------------+----------------+
 *   4 |     length     |    checksum    |
 *     +----------------+----------------+
 *
 * Length 0 is segmentation offload or a jumbogram (RFC 2675 4).  The length of a first
 * fragment is that of the whole datagram. */
static enum decode_result decode_udp(struct walk *w)
{
    const uint8_t *h = w->in.at;
    struct packet *p = &w->out[w->n];

    if (w->wire < UDP_HEADER_LEN) {
        return DECODE_BAD_LENGTH;
    }
    if (w->in.left < PORTS_LEN) {
        return DECODE_TRUNCATED;
    }
    if (w->in.left >= UDP_LENGTH_END && !(p->flags & PACKET_FRAGMENT)) {
        size_t len = load_be16(h + 4);

        if (len != 0 && (len < UDP_HEADER_LEN || len > w->wire)) {
            return DECODE_BAD_LENGTH;
        }
        if (len != 0) {
            walk_narrow(w, len);
        }
    }
    p->src_port = load_be16(h);
    p->dst_port = load_be16(h + 2);
    pass(w, UDP_HEADER_LEN);
    walk_end(w);

    enum layer tunnel = tunnel_of_ports(p->src_port, p->dst_port);
    return tunnel == LAYER_END ? DECODE_OK : walk_into(w, tunnel);
}

/* Authentication without encryption, RFC 4302, in IPv4; in IPv6 it is an extension
 * header. */
static enum decode_result decode_ah(struct walk *w)
{
    struct packet *p = &w->out[w->n];
    struct extensions ext;
    enum decode_result result = extensions_pass(w, PROTO_AH, &ext);

    if (result != DECODE_OK) {
        return result;
    }
    p->proto = w->proto = ext.proto;
    p->kind = (uint8_t)packet_kind_of(ext.proto);
    return walk_on(w, LAYER_TRANSPORT);
}

/* IP in IP, RFC 2003, 2473 and 4213. */
static enum decode_result decode_ip_in_ip(struct walk *w, enum layer layer)
{
    walk_end(w);
    walk_name(w, addr_is_v4(&w->out[w->n].src) ? ENCAP_IPV4 : ENCAP_IPV6);
    w->type = layer == LAYER_IPV4 ? TYPE_IPV4 : TYPE_IPV6;
    return walk_into(w, layer);
}

/* Ends the packet and goes on with the tunnel in it. */
static enum decode_result end_and_enter(struct walk *w, enum layer layer)
{
    walk_end(w);
    return walk_into(w, layer);
}

/* Ethernet in IP, RFC 3378: version 3 in four bits, twelve of 0. */
enum decode_result decode_etherip(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, 2, &h)) {
        return walk_short(w, 2);
    }
    if (load_be16(h) != 0x3000) {
        return DECODE_BAD_VERSION;
    }
    walk_name(w, ENCAP_ETHERIP);
    return walk_on(w, LAYER_ETHERNET);
}

enum decode_result decode_transport(struct walk *w)
{
    switch (w->proto) {
    case PROTO_TCP:
        return decode_tcp(w);
    case PROTO_UDP:
        return decode_udp(w);
    case PROTO_ICMP:
    case PROTO_ICMPV6:
        return decode_icmp(w);
    case PROTO_IPV4:
        return decode_ip_in_ip(w, LAYER_IPV4);
    case PROTO_IPV6:
        return decode_ip_in_ip(w, LAYER_IPV6);
    case PROTO_GRE:
        return end_and_enter(w, LAYER_GRE);
    case PROTO_ETHERIP:
        return end_and_enter(w, LAYER_ETHERIP);
    case PROTO_MPLS:
        return end_and_enter(w, LAYER_MPLS);
    case PROTO_AH:
        return decode_ah(w);
    case PROTO_ESP:
        end_and_enter(w, LAYER_END);
        return DECODE_ENCRYPTED_TUNNEL;
    default:
        return walk_end(w);
    }
}
