/* SPDX-License-Identifier: BSD-3-Clause
 *
 * IPv4 and IPv6, their fragments and extension headers.
 *
 * Fragments are not put together: the first one has the ports, the later ones are
 * told with identification and offset, so that a flow table can add them up.
 */
#include "decode/walk.h"

enum {
    MAX_DATAGRAM = 65535,
    IPV4_MORE_FRAGMENTS = 0x2000,
    IPV4_OFFSET_MASK = 0x1fff,
    EXTENSION_UNIT = 8,
    AH_UNIT = 4
};

/* By its own nibble. */
enum decode_result decode_ip(struct walk *w)
{
    if (w->in.left == 0) {
        return walk_short(w, 1);
    }
    switch (w->in.at[0] >> 4) {
    case 4:
        w->type = TYPE_IPV4;
        return walk_on(w, LAYER_IPV4);
    case 6:
        w->type = TYPE_IPV6;
        return walk_on(w, LAYER_IPV6);
    default:
        return DECODE_BAD_VERSION;
    }
}

/* Bounds the walk to the 'len' bytes that the IP header names for what follows it.
 * At the outside, more than the frame has is a cut that the file does not own up to;
 * inside a tunnel it shows that this is no IP header. */
static bool bound(struct walk *w, size_t len)
{
    if (len > w->wire && w->outer && !w->partial) {
        return false;
    }
    walk_narrow(w, len);
    return true;
}

enum packet_kind packet_kind_of(uint8_t proto)
{
    switch (proto) {
    case PROTO_TCP:
        return PACKET_TCP;
    case PROTO_UDP:
        return PACKET_UDP;
    case PROTO_ICMP:
    case PROTO_ICMPV6:
        return PACKET_ICMP;
    default:
        return PACKET_OTHER;
    }
}

/* Writes what is known of a fragment.  A later one ends the walk. */
static enum decode_result fragment(struct walk *w, uint32_t id, uint32_t offset,
                                   bool more)
{
    struct packet *p = &w->out[w->n];

    if (offset + w->wire > MAX_DATAGRAM) {
        return DECODE_BAD_LENGTH;
    }
    p->flags |= PACKET_FRAGMENT;
    p->frag_id = id;
    p->frag_offset = offset;
    if (more) {
        p->flags |= PACKET_MORE_FRAGMENTS;
    }
    if (offset == 0) {
        return walk_on(w, LAYER_TRANSPORT);
    }
    p->flags |= PACKET_LATER_FRAGMENT;
    return walk_end(w);
}

/* Internet Protocol version 4, RFC 791.
 *
 *      0      7 8     15 16            31
 *     +---+----+--------+----------------+
 *   0 | 4 | hl |  tos   |  total length  |
 *     +---+----+--------+---+------------+
 *   4 | identification  |flg|  fragment  |
 *     +--------+--------+---+------------+
 *   8 |  ttl   |protocol|    checksum    |
 *     +--------+--------+----------------+
 *  12 |              source              |
 *     +----------------------------------+
 *  16 |           destination            |
 *     +----------------------------------+  options up to 4 * hl
 *
 * Total length 0 is what a sending host shows of a datagram that its network card
 * will cut (segmentation offload): it is as long as the frame says. */
enum decode_result decode_ipv4(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, IPV4_HEADER_LEN, &h)) {
        return walk_short(w, IPV4_HEADER_LEN);
    }
    if (h[0] >> 4 != 4) {
        return DECODE_BAD_VERSION;
    }

    size_t header_len = (size_t)(h[0] & 15) * 4;
    size_t total = load_be16(h + 2);
    if (total == 0) {
        total = w->wire + IPV4_HEADER_LEN;
    }
    if (header_len < IPV4_HEADER_LEN) {
        return DECODE_BAD_HEADER;
    }
    if (total < header_len || !bound(w, total - IPV4_HEADER_LEN)) {
        return DECODE_BAD_LENGTH;
    }
    if (header_len > IPV4_HEADER_LEN && !walk_skip(w, header_len - IPV4_HEADER_LEN)) {
        return walk_short(w, header_len - IPV4_HEADER_LEN);
    }

    uint16_t cut = load_be16(h + 6);
    struct packet *p = walk_begin(w, packet_kind_of(h[9]));
    p->src = addr_from_v4(h + 12);
    p->dst = addr_from_v4(h + 16);
    p->proto = w->proto = h[9];
    p->ttl = h[8];
    p->ip_id = load_be16(h + 4);
    p->ip_len = (uint32_t)total;
    if (cut & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)) {
        return fragment(w, p->ip_id, (uint32_t)(cut & IPV4_OFFSET_MASK) * 8,
                        (cut & IPV4_MORE_FRAGMENTS) != 0);
    }
    return walk_on(w, LAYER_TRANSPORT);
}

static bool is_extension(uint8_t proto)
{
    switch (proto) {
    case PROTO_HOP_BY_HOP:
    case PROTO_ROUTING:
    case PROTO_FRAGMENT:
    case PROTO_AH:
    case PROTO_DESTINATION:
    case PROTO_HIP:
    case PROTO_SHIM6:
        return true;
    default:
        return false;
    }
}

/* IPv6 extension headers, RFC 8200 4, and AH, RFC 4302 2.
 *
 *     0             1             2
 *    +-------------+-------------+----
 *    | next header |   length    | (length + 1) * 8 bytes in all; AH:
 *    +-------------+-------------+----  (length + 2) * 4
 *
 *    Fragment header, always 8 bytes:
 *     0             1          2                 4
 *    +-------------+----------+---------------+--+----------------+
 *    | next header | reserved | offset, units |M | identification |
 *    +-------------+----------+---------------+--+----------------+
 */
enum decode_result extensions_pass(struct walk *w, uint8_t proto,
                                   struct extensions *out)
{
    *out = (struct extensions){.proto = proto};
    for (int depth = 0; is_extension(out->proto); depth++) {
        const uint8_t *h;
        uint8_t type = out->proto;

        if (depth == DECODE_MAX_NESTING) {
            return DECODE_TOO_DEEP;
        }
        if (!walk_take(w, EXTENSION_UNIT, &h)) {
            return walk_short(w, EXTENSION_UNIT);
        }
        out->proto = h[0];
        if (type == PROTO_FRAGMENT) {
            out->is_fragment = true;
            out->more = h[3] & 1;
            out->frag_offset = load_be16(h + 2) & 0xfff8;
            out->frag_id = load_be32(h + 4);
            if (out->frag_offset > 0) {
                return DECODE_OK;
            }
            continue;
        }

        size_t rest =
            type == PROTO_AH ? (size_t)h[1] * AH_UNIT : (size_t)h[1] * EXTENSION_UNIT;
        if (!walk_skip(w, rest)) {
            return walk_short(w, rest);
        }
    }
    return DECODE_OK;
}

/* Internet Protocol version 6, RFC 8200 3.
 *
 *      0      7 8     15 16    23 24    31
 *     +---+---------+--------------------+
 *   0 | 6 | traffic |     flow label     |
 *     +---+---------+--+--------+--------+
 *   4 | payload length |  next  |hop lim.|
 *     +----------------+--------+--------+
 *   8 |         source, 16 bytes         |
 *  24 |      destination, 16 bytes       |
 *     +----------------------------------+
 *
 * Payload length 0 is a jumbogram (RFC 2675) or segmentation offload: as long as the
 * frame says. */
enum decode_result decode_ipv6(struct walk *w)
{
    const uint8_t *h;
    struct extensions ext;

    if (!walk_take(w, IPV6_HEADER_LEN, &h)) {
        return walk_short(w, IPV6_HEADER_LEN);
    }
    if (h[0] >> 4 != 6) {
        return DECODE_BAD_VERSION;
    }

    size_t len = load_be16(h + 4);
    if (len == 0 && h[6] != PROTO_NONE) {
        len = w->wire;
    }
    if (!bound(w, len)) {
        return DECODE_BAD_LENGTH;
    }

    struct packet *p = walk_begin(w, PACKET_OTHER);
    p->src = addr_from_v6(h + 8);
    p->dst = addr_from_v6(h + 24);
    p->ttl = h[7];
    p->ip_id = 0;
    p->ip_len = (uint32_t)len + IPV6_HEADER_LEN;
    enum decode_result result = extensions_pass(w, h[6], &ext);
    if (result != DECODE_OK) {
        return result;
    }
    p->proto = w->proto = ext.proto;
    p->kind = (uint8_t)packet_kind_of(ext.proto);
    if (ext.more || ext.frag_offset > 0) {
        return fragment(w, ext.frag_id, ext.frag_offset, ext.more);
    }
    return walk_on(w, LAYER_TRANSPORT);
}
