/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ethernet, VLAN tags, LLC/SNAP and ARP.
 */
#include "decode/walk.h"

enum {
    ETHERNET_HEADER_LEN = 14,
    VLAN_TAG_LEN = 4,
    SERVICE_TAG_LEN = 4,
    TRUSTSEC_LEN = 8,
    SNAP_LEN = 8,
    ARP_HEADER_LEN = 8
};

/* Ends the walk at something that is not IP.  Inside a tunnel that says nothing new:
 * the tunnel's own packet stays. */
enum decode_result walk_end_link(struct walk *w)
{
    struct packet *p;

    w->next = LAYER_END;
    if (w->outer) {
        return DECODE_OK;
    }
    w->out[w->n] = (struct packet){0};
    p = walk_begin(w, PACKET_LINK);
    p->ether_type = w->type;
    return walk_end(w);
}

/* Ethernet, IEEE 802.3 3.1.1.  Preamble and checksum are not captured.
 *
 *     0            6            12     14
 *    +------------+------------+------+---
 *    | destination|   source   | type | content
 *    +------------+------------+------+---
 */
enum decode_result decode_ethernet(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, ETHERNET_HEADER_LEN, &h)) {
        return walk_short(w, ETHERNET_HEADER_LEN);
    }
    w->dst_mac = h;
    w->src_mac = h + MAC_LEN;
    w->vlan = 0;
    w->type = load_be16(h + 12);
    if (w->type == TYPE_IPV4) {
        return walk_on(w, LAYER_IPV4);
    }
    return walk_on(w, LAYER_TYPE);
}

/* A VLAN tag, IEEE 802.1Q 9.6; the type that announced it has been read.
 *
 *     0                 2      4
 *    +-----+---+-------+------+---
 *    | pri |dei|   id  | type | content
 *    +-----+---+-------+------+---
 *      3 bit  1  12 bit
 */
static enum decode_result decode_vlan(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, VLAN_TAG_LEN, &h)) {
        return walk_short(w, VLAN_TAG_LEN);
    }
    w->vlan = load_be16(h) & 0xfff;
    w->type = load_be16(h + 2);
    walk_name(w, ENCAP_VLAN);
    return walk_on(w, LAYER_TYPE);
}

/* An ARP packet inside a tunnel is told beside the tunnel's own: it says which
 * phone has which address. */
static struct packet *begin_arp(struct walk *w)
{
    bool beside = w->outer && w->n + 1 < w->room;

    if (w->outer && !beside) {
        return NULL;
    }
    w->n += beside;
    w->out[w->n] = (struct packet){0};
    return walk_begin(w, PACKET_ARP);
}

/* ARP for IPv4, RFC 826.
 *
 *     0          2          4     5     6        8
 *    +----------+----------+-----+-----+--------+-----------------
 *    | hardware | protocol | hln | pln | opcode | sha spa tha tpa
 *    +----------+----------+-----+-----+--------+-----------------
 *
 * Other protocols than IPv4 are not read. */
static enum decode_result decode_arp(struct walk *w)
{
    const uint8_t *h, *sender, *target;
    struct packet *p;

    if (!walk_take(w, ARP_HEADER_LEN, &h)) {
        return walk_short(w, ARP_HEADER_LEN);
    }
    if (load_be16(h + 2) != TYPE_IPV4 || h[5] != 4) {
        return walk_end_link(w);
    }

    size_t hardware_len = h[4], half = hardware_len + 4;
    if (!walk_take(w, half, &sender)) {
        return walk_short(w, half);
    }
    if (!walk_take(w, half, &target)) {
        return walk_short(w, half);
    }
    w->next = LAYER_END;
    p = begin_arp(w);
    if (!p) {
        return DECODE_OK;
    }
    p->icmp_type = h[7];
    p->src = addr_from_v4(sender + hardware_len);
    p->dst = addr_from_v4(target + hardware_len);
    if (hardware_len == MAC_LEN) {
        p->flags |= PACKET_HAS_MAC;
        memcpy(p->src_mac.b, sender, MAC_LEN);
    }
    return DECODE_OK;
}

/* Provider Backbone Bridge, IEEE 802.1Q 9.7: a service id, then the customer's whole
 * Ethernet frame. */
static enum decode_result decode_pbb(struct walk *w)
{
    if (!walk_skip(w, SERVICE_TAG_LEN)) {
        return walk_short(w, SERVICE_TAG_LEN);
    }
    walk_name(w, ENCAP_PBB);
    return walk_on(w, LAYER_ETHERNET);
}

/* Cisco's metadata tag: version, length, option, security group, then a type.  It is
 * on every frame of a TrustSec network. */
static enum decode_result decode_trustsec(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, TRUSTSEC_LEN, &h)) {
        return walk_short(w, TRUSTSEC_LEN);
    }
    w->type = load_be16(h + 6);
    return walk_on(w, LAYER_TYPE);
}

/* What an EtherType announces.  A number up to 1500 is no type but the length of an
 * LLC frame, IEEE 802.3 3.2.6. */
enum decode_result decode_type(struct walk *w)
{
    switch (w->type) {
    case TYPE_IPV4:
        return walk_on(w, LAYER_IPV4);
    case TYPE_IPV6:
        return walk_on(w, LAYER_IPV6);
    case TYPE_ARP:
        return decode_arp(w);
    case TYPE_VLAN:
    case TYPE_QINQ:
    case TYPE_QINQ_OLD:
        return decode_vlan(w);
    case TYPE_MPLS:
    case TYPE_MPLS_MULTICAST:
        return walk_on(w, LAYER_MPLS);
    case TYPE_PPPOE_SESSION:
        return walk_on(w, LAYER_PPPOE);
    case TYPE_BRIDGED:
        return walk_on(w, LAYER_ETHERNET);
    case TYPE_PBB:
        return decode_pbb(w);
    case TYPE_TRUSTSEC:
        return decode_trustsec(w);
    default:
        break;
    }
    if (w->type <= MAX_8023_LENGTH) {
        if (w->type < w->wire) {
            walk_narrow(w, w->type);
        }
        w->type = 0;
        return walk_on(w, LAYER_LLC);
    }
    return walk_end_link(w);
}

/* Logical link control and the SNAP header, IEEE 802.2, 802-2014 9.2; IP in it:
 * RFC 1042.
 *
 *     0      1      2         3        6        8
 *    +------+------+---------+--------+--------+---
 *    | dsap | ssap | control |  OUI   |  type  | content
 *    +------+------+---------+--------+--------+---
 *      0xaa   0xaa     3      0, or 0000f8 of 802.1H
 *
 * Everything else (spanning tree, CDP, IPX) is not IP. */
enum decode_result decode_llc(struct walk *w)
{
    const uint8_t *h;
    struct walk snap = *w;

    if (!walk_take(&snap, SNAP_LEN, &h) || h[0] != 0xaa || h[1] != 0xaa || h[2] != 3) {
        return walk_end_link(w);
    }
    if (load_be24(h + 3) != 0 && load_be24(h + 3) != 0x0000f8) {
        return walk_end_link(w);
    }
    *w = snap;
    w->type = load_be16(h + 6);
    walk_name(w, ENCAP_LLC);
    return w->type <= MAX_8023_LENGTH ? walk_end_link(w) : walk_on(w, LAYER_TYPE);
}
