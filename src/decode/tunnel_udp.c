/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tunnels in UDP: VXLAN, Geneve, TZSP, Teredo, GTP-U.  L2TP: tunnel_ppp.c; CAPWAP and
 * LWAPP: tunnel_wifi.c.
 */
#include "decode/walk.h"

enum {
    PORT_L2TP = 1701,
    PORT_GTP_U = 2152,
    PORT_TEREDO = 3544,
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_CAPWAP_DATA = 5247,
    PORT_GENEVE = 6081,
    PORT_MPLS = 6635,
    PORT_VXLAN_LINUX = 8472, /* Before VXLAN had a port of its own. */
    PORT_LWAPP_DATA = 12222,
    PORT_TZSP = 37008
};

static enum layer tunnel_of_port(uint16_t port)
{
    switch (port) {
    case PORT_L2TP:
        return LAYER_L2TP;
    case PORT_GTP_U:
        return LAYER_GTP;
    case PORT_TEREDO:
        return LAYER_TEREDO;
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
        return LAYER_VXLAN;
    case PORT_VXLAN_GPE:
        return LAYER_VXLAN_GPE;
    case PORT_CAPWAP_DATA:
        return LAYER_CAPWAP;
    case PORT_GENEVE:
        return LAYER_GENEVE;
    case PORT_MPLS:
        return LAYER_MPLS;
    case PORT_LWAPP_DATA:
        return LAYER_LWAPP;
    case PORT_TZSP:
        return LAYER_TZSP;
    default:
        return LAYER_END;
    }
}

/* The destination's port says more: the source's is often a hash of what is inside. */
enum layer tunnel_of_ports(uint16_t src, uint16_t dst)
{
    enum layer layer = tunnel_of_port(dst);

    return layer != LAYER_END ? layer : tunnel_of_port(src);
}

/* VXLAN, RFC 7348 5, and its generic protocol extension, draft-ietf-nvo3-vxlan-gpe.
 *
 *     0       1             3       4                7
 *    +-------+-------------+-------+----------------+---+
 *    | flags |  reserved   | next  | network id     |   | Ethernet frame, or 'next'
 *    +-------+-------------+-------+----------------+---+
 *      0x08: the id is valid, must be set.  0x04: 'next' is valid (GPE).
 */
enum { VXLAN_HEADER_LEN = 8, VXLAN_HAS_ID = 0x08, VXLAN_HAS_NEXT = 0x04 };

enum decode_result decode_vxlan(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, VXLAN_HEADER_LEN, &h)) {
        return walk_short(w, VXLAN_HEADER_LEN);
    }
    if (!(h[0] & VXLAN_HAS_ID)) {
        return DECODE_BAD_HEADER;
    }
    walk_name(w, ENCAP_VXLAN);
    return walk_on(w, LAYER_ETHERNET);
}

enum decode_result decode_vxlan_gpe(struct walk *w)
{
    const uint8_t *h;

    if (w->in.left > 0 && !(w->in.at[0] & VXLAN_HAS_NEXT)) {
        return decode_vxlan(w);
    }
    if (!walk_take(w, VXLAN_HEADER_LEN, &h)) {
        return walk_short(w, VXLAN_HEADER_LEN);
    }
    walk_name(w, ENCAP_VXLAN);
    switch (h[3]) {
    case 1:
        return walk_on(w, LAYER_IPV4);
    case 2:
        return walk_on(w, LAYER_IPV6);
    case 3:
        return walk_on(w, LAYER_ETHERNET);
    case 5:
        return walk_on(w, LAYER_MPLS);
    default:
        return DECODE_UNKNOWN_TYPE;
    }
}

/* Geneve, RFC 8926 3.4.
 *
 *     0     2         8   10        16         32           56     64 bit
 *    +-----+---------+-----+--------+----------+------------+------+---
 *    |ver 0| opt len | O C |reserved| protocol | network id | res. | options
 *    +-----+---------+-----+--------+----------+------------+------+---
 */
enum { GENEVE_HEADER_LEN = 8, GENEVE_CONTROL = 0x80 };

enum decode_result decode_geneve(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, GENEVE_HEADER_LEN, &h)) {
        return walk_short(w, GENEVE_HEADER_LEN);
    }

    size_t options_len = (size_t)(h[0] & 0x3f) * 4;
    if (h[0] >> 6 != 0 || (h[1] & GENEVE_CONTROL) != 0) {
        return DECODE_BAD_HEADER;
    }
    if (!walk_skip(w, options_len)) {
        return walk_short(w, options_len);
    }
    w->type = load_be16(h + 2);
    walk_name(w, ENCAP_GENEVE);
    return walk_on(w, LAYER_TYPE);
}

/* TZSP, as Wi-Fi sniffers and routers send copies of frames to a collector.
 *
 *     0         1      2          4
 *    +---------+------+----------+-----+-----+-------+--- ... +---+
 *    | version | type | protocol | tag | len | value |        | 1 | frame
 *    +---------+------+----------+-----+-----+-------+--- ... +---+
 *      1                           0 is padding, 1 ends the tags: both without length
 */
enum {
    TZSP_HEADER_LEN = 4,
    TZSP_TAG_PADDING = 0,
    TZSP_TAG_END = 1,
    TZSP_ETHERNET = 1,
    TZSP_80211 = 18,
    TZSP_PRISM = 119,
    TZSP_AVS = 127
};

static enum decode_result tzsp_skip_tags(struct walk *w)
{
    const uint8_t *tag, *len;

    /* Ends because every round takes a byte. */
    for (;;) {
        if (!walk_take(w, 1, &tag)) {
            return walk_short(w, 1);
        }
        if (*tag == TZSP_TAG_END) {
            return DECODE_OK;
        }
        if (*tag == TZSP_TAG_PADDING) {
            continue;
        }
        if (!walk_take(w, 1, &len)) {
            return walk_short(w, 1);
        }
        if (!walk_skip(w, *len)) {
            return walk_short(w, *len);
        }
    }
}

enum decode_result decode_tzsp(struct walk *w)
{
    const uint8_t *h;
    enum decode_result result;

    if (!walk_take(w, TZSP_HEADER_LEN, &h)) {
        return walk_short(w, TZSP_HEADER_LEN);
    }
    if (h[0] != 1) {
        return DECODE_BAD_VERSION;
    }
    result = tzsp_skip_tags(w);
    if (result != DECODE_OK) {
        return result;
    }
    walk_name(w, ENCAP_TZSP);
    switch (load_be16(h + 2)) {
    case TZSP_ETHERNET:
        return walk_on(w, LAYER_ETHERNET);
    case TZSP_80211:
        return walk_on(w, LAYER_WIFI);
    case TZSP_PRISM:
        w->link = LINK_PRISM;
        return walk_on(w, LAYER_LINK);
    case TZSP_AVS:
        w->link = LINK_AVS;
        return walk_on(w, LAYER_LINK);
    default:
        return DECODE_UNKNOWN_TYPE;
    }
}

/* Teredo, RFC 4380 5.1.1: an IPv6 packet, perhaps behind an authentication and an
 * origin indication.
 *
 *     0      2         3         4
 *    +------+---------+---------+----+----+----------+--------------+
 *    | 0 1  | id len  | au len  | id | au | nonce, 8 | confirmation |
 *    +------+---------+---------+----+----+----------+--------------+
 *     0      2      4         8
 *    +------+------+---------+
 *    | 0 0  | port | address |
 *    +------+------+---------+
 */
enum { TEREDO_INDICATION_LEN = 4, TEREDO_ORIGIN_LEN = 8, TEREDO_NONCE_LEN = 9 };

enum decode_result decode_teredo(struct walk *w)
{
    if (w->in.left >= TEREDO_INDICATION_LEN && load_be16(w->in.at) == 1) {
        size_t len = TEREDO_INDICATION_LEN + (size_t)w->in.at[2] + w->in.at[3] +
                     TEREDO_NONCE_LEN;

        if (!walk_skip(w, len)) {
            return walk_short(w, len);
        }
    }
    if (w->in.left >= TEREDO_ORIGIN_LEN && load_be16(w->in.at) == 0 &&
        !walk_skip(w, TEREDO_ORIGIN_LEN)) {
        return walk_short(w, TEREDO_ORIGIN_LEN);
    }
    walk_name(w, ENCAP_TEREDO);
    w->type = TYPE_IPV6;
    return walk_on(w, LAYER_IPV6);
}

/* GTP-U, 3GPP TS 29.281 5.1.
 *
 *     0       1      2        4           8
 *    +-------+------+--------+-----------+----------+-------+-----------+
 *    | flags | type | length | tunnel id | sequence | n-pdu | extension |
 *    +-------+------+--------+-----------+----------+-------+-----------+
 *      version 1,  255      behind 8 bytes `- these four bytes if any of E, S, PN
 *      GTP, E S PN
 *
 *    An extension: length in words of 4 bytes, content, next type (0: the last). */
enum {
    GTP_HEADER_LEN = 8,
    GTP_OPTIONAL_LEN = 4,
    GTP_VERSION_1 = 0x30, /* With the bit that says GTP and not its charging twin. */
    GTP_VERSION_MASK = 0xf0,
    GTP_ANY_OPTIONAL = 0x07,
    GTP_HAS_EXTENSION = 0x04,
    GTP_USER_PACKET = 255
};

static enum decode_result gtp_skip_extensions(struct walk *w)
{
    const uint8_t *h;
    uint8_t next;

    if (!walk_take(w, GTP_OPTIONAL_LEN, &h)) {
        return walk_short(w, GTP_OPTIONAL_LEN);
    }
    next = h[3];
    /* Ends because an extension of no length is refused. */
    while (next != 0) {
        size_t len = w->in.left > 0 ? (size_t)w->in.at[0] * 4 : 1;

        if (len == 0) {
            return DECODE_BAD_HEADER;
        }
        if (!walk_take(w, len, &h)) {
            return walk_short(w, len);
        }
        next = h[len - 1];
    }
    return DECODE_OK;
}

enum decode_result decode_gtp(struct walk *w)
{
    const uint8_t *h;
    enum decode_result result = DECODE_OK;

    if (!walk_take(w, GTP_HEADER_LEN, &h)) {
        return walk_short(w, GTP_HEADER_LEN);
    }
    if ((h[0] & GTP_VERSION_MASK) != GTP_VERSION_1 || h[1] != GTP_USER_PACKET) {
        return DECODE_BAD_HEADER;
    }
    if (load_be16(h + 2) > w->wire && !w->partial) {
        return DECODE_BAD_LENGTH;
    }
    walk_narrow(w, load_be16(h + 2));
    if (h[0] & GTP_HAS_EXTENSION) {
        result = gtp_skip_extensions(w);
    } else if ((h[0] & GTP_ANY_OPTIONAL) && !walk_skip(w, GTP_OPTIONAL_LEN)) {
        result = walk_short(w, GTP_OPTIONAL_LEN);
    }
    walk_name(w, ENCAP_GTP);
    return result == DECODE_OK ? walk_on(w, LAYER_IP) : result;
}
