/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From a link type to the first layer.  Numbers: draft-ietf-opsawg-pcaplinktype.
 * Headers that a capturing system puts before a frame: link_meta.c.
 */
#include "decode/walk.h"

static const uint8_t no_mac[MAC_LEN];

/* The sender's address of a cooked capture, which does not know the receiver's. */
static void cooked_sender(struct walk *w, size_t len, const uint8_t *mac)
{
    if (len == MAC_LEN) {
        w->src_mac = mac;
        w->dst_mac = no_mac;
    }
}

/* What the protocol field of a cooked header announces.  Numbers below the EtherTypes
 * are Linux's own; 4 is LLC. */
static enum decode_result cooked_protocol(struct walk *w, uint16_t type)
{
    w->type = type;
    walk_name(w, ENCAP_SLL);
    if (type >= FIRST_ETHERTYPE) {
        return walk_on(w, LAYER_TYPE);
    }
    w->type = 0;
    return type == 4 ? walk_on(w, LAYER_LLC) : walk_end_link(w);
}

/* Linux cooked capture, LINKTYPE_LINUX_SLL.
 *
 *     0      2          4       6               14         16
 *    +------+----------+-------+---------------+----------+---
 *    | type | hardware | mac n | mac, 8 bytes  | protocol | content
 *    +------+----------+-------+---------------+----------+---
 */
static enum decode_result decode_sll(struct walk *w)
{
    enum { SLL_LEN = 16 };
    const uint8_t *h;

    if (!walk_take(w, SLL_LEN, &h)) {
        return walk_short(w, SLL_LEN);
    }
    cooked_sender(w, load_be16(h + 4), h + 6);
    return cooked_protocol(w, load_be16(h + 14));
}

/* LINKTYPE_LINUX_SLL2.
 *
 *     0          2          4           8          10     11      12       20
 *    +----------+----------+-----------+----------+------+-------+--------+---
 *    | protocol | reserved | interface | hardware | type | mac n |  mac   | content
 *    +----------+----------+-----------+----------+------+-------+--------+---
 */
static enum decode_result decode_sll2(struct walk *w)
{
    enum { SLL2_LEN = 20 };
    const uint8_t *h;

    if (!walk_take(w, SLL2_LEN, &h)) {
        return walk_short(w, SLL2_LEN);
    }
    cooked_sender(w, h[11], h + 12);
    return cooked_protocol(w, load_be16(h));
}

/* LINKTYPE_NULL and LINKTYPE_LOOP: four bytes of address family, in the byte order of
 * the capturing host or of the network.  A family is below 256, so both are tried. */
static enum decode_result decode_loopback(struct walk *w)
{
    enum { LOOPBACK_LEN = 4 };
    const uint8_t *h;

    if (!walk_take(w, LOOPBACK_LEN, &h)) {
        return walk_short(w, LOOPBACK_LEN);
    }
    switch (load_le32(h) < 256 ? load_le32(h) : load_be32(h)) {
    case 2: /* AF_INET, everywhere. */
        w->type = TYPE_IPV4;
        return walk_on(w, LAYER_IPV4);
    case 10: /* AF_INET6 of Linux, ... */
    case 23: /* Windows, ... */
    case 24: /* NetBSD and OpenBSD, ... */
    case 28: /* FreeBSD, ... */
    case 30: /* macOS. */
        w->type = TYPE_IPV6;
        return walk_on(w, LAYER_IPV6);
    default:
        return walk_end_link(w);
    }
}

/* Cisco HDLC: address, control, EtherType. */
static enum decode_result decode_chdlc(struct walk *w)
{
    enum { CHDLC_LEN = 4 };
    const uint8_t *h;

    if (!walk_take(w, CHDLC_LEN, &h)) {
        return walk_short(w, CHDLC_LEN);
    }
    w->type = load_be16(h + 2);
    return w->type < FIRST_ETHERTYPE ? walk_end_link(w) : walk_on(w, LAYER_TYPE);
}

/* LINKTYPE_PPP: some capturers write Cisco HDLC under it, which begins with 0x0f
 * (unicast) or 0x8f (multicast), no protocol of PPP. */
static enum decode_result decode_ppp_link(struct walk *w)
{
    if (w->in.left >= 2 && (w->in.at[0] == 0x0f || w->in.at[0] == 0x8f) &&
        w->in.at[1] == 0) {
        return decode_chdlc(w);
    }
    return walk_on(w, LAYER_PPP);
}

/* Frame Relay: a Q.922 address, whose last byte has bit 0 set, then RFC 2427, or an
 * EtherType at once (Cisco).
 *
 *     0         2                       3
 *    +---------+-----+-----------------+-------+---
 *    | address |  3  | 0 to fill, or not | NLPID | content
 *    +---------+-----+-----------------+-------+---
 */
static enum decode_result decode_frame_relay(struct walk *w)
{
    enum { NLPID_SNAP = 0x80, NLPID_IPV6 = 0x8e, NLPID_IPV4 = 0xcc, SNAP_LEN = 5 };
    const uint8_t *h, *snap;

    do {
        if (!walk_take(w, 1, &h)) {
            return walk_short(w, 1);
        }
    } while (!(*h & 1));
    if (!walk_take(w, 2, &h)) {
        return walk_short(w, 2);
    }
    if (h[0] != 3) {
        w->type = load_be16(h);
        return w->type < FIRST_ETHERTYPE ? walk_end_link(w) : walk_on(w, LAYER_TYPE);
    }

    uint8_t nlpid = h[1];
    if (nlpid == 0 && walk_take(w, 1, &h)) {
        nlpid = h[0];
    }
    switch (nlpid) {
    case NLPID_IPV4:
        return walk_on(w, LAYER_IPV4);
    case NLPID_IPV6:
        return walk_on(w, LAYER_IPV6);
    case NLPID_SNAP:
        if (!walk_take(w, SNAP_LEN, &snap)) {
            return walk_short(w, SNAP_LEN);
        }
        w->type = load_be24(snap) == 0 ? load_be16(snap + 3) : 0;
        return w->type < FIRST_ETHERTYPE ? walk_end_link(w) : walk_on(w, LAYER_TYPE);
    default:
        return walk_end_link(w);
    }
}

static enum decode_result begin_ip(struct walk *w, uint16_t type, enum layer layer)
{
    w->type = type;
    return walk_on(w, layer);
}

enum decode_result decode_link(struct walk *w)
{
    switch (w->link) {
    case LINK_ETHERNET:
        return walk_on(w, LAYER_ETHERNET);
    case LINK_NULL:
    case LINK_LOOP:
        return decode_loopback(w);
    case LINK_PPP:
    case LINK_PPP_SERIAL:
        return decode_ppp_link(w);
    case LINK_PPP_ETHER:
        return walk_on(w, LAYER_PPPOE);
    case LINK_RAW:
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
        return walk_on(w, LAYER_IP);
    case LINK_IPV4:
        return begin_ip(w, TYPE_IPV4, LAYER_IPV4);
    case LINK_IPV6:
        return begin_ip(w, TYPE_IPV6, LAYER_IPV6);
    case LINK_C_HDLC:
        return decode_chdlc(w);
    case LINK_80211:
        return walk_on(w, LAYER_WIFI);
    case LINK_FRELAY:
        return decode_frame_relay(w);
    case LINK_SLL:
        return decode_sll(w);
    case LINK_SLL2:
        return decode_sll2(w);
    default:
        return decode_link_meta(w);
    }
}
