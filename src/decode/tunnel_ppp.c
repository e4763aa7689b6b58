/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PPP, and what carries it: PPPoE sessions and L2TP.  PPTP: tunnel_gre.c.
 */
#include "decode/walk.h"

enum {
    PPP_ALL_STATIONS = 0xff,
    PPP_UNNUMBERED = 0x03,
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
    PPP_MPLS = 0x0281,
    PPP_MPLS_MULTICAST = 0x0283
};

/* Passes over the protocol number, one byte if that is odd (RFC 1661 6.5). */
static bool ppp_protocol(struct walk *w, uint16_t *protocol)
{
    const uint8_t *h;
    size_t len = w->in.left > 0 && (w->in.at[0] & 1) ? 1 : 2;

    if (!walk_take(w, len, &h)) {
        return false;
    }
    *protocol = len == 1 ? h[0] : load_be16(h);
    return true;
}

/* Point-to-Point Protocol, RFC 1661 2 in the framing of RFC 1662 3.1.
 *
 *     0      1      2
 *    +------+------+----------+---
 *    | 0xff | 0x03 | protocol | content
 *    +------+------+----------+---
 *     may be left out, one byte if compressed
 *
 * Negotiation, compressed headers and multilink are not read. */
enum decode_result decode_ppp(struct walk *w)
{
    uint16_t protocol;

    if (w->in.left >= 2 && w->in.at[0] == PPP_ALL_STATIONS &&
        w->in.at[1] == PPP_UNNUMBERED) {
        walk_skip(w, 2);
    }
    if (!ppp_protocol(w, &protocol)) {
        return walk_short(w, 2);
    }
    walk_name(w, ENCAP_PPP);
    switch (protocol) {
    case PPP_IPV4:
        return walk_on(w, LAYER_IPV4);
    case PPP_IPV6:
        return walk_on(w, LAYER_IPV6);
    case PPP_MPLS:
    case PPP_MPLS_MULTICAST:
        return walk_on(w, LAYER_MPLS);
    default:
        return walk_end_link(w);
    }
}

/* PPP over Ethernet in its session stage, RFC 2516 4.
 *
 *     0     1      2         4        6
 *    +-----+------+---------+--------+-----
 *    | 1 1 |   0  | session | length | PPP without framing
 *    +-----+------+---------+--------+-----
 */
enum { PPPOE_HEADER_LEN = 6, PPPOE_VERSION_TYPE = 0x11 };

enum decode_result decode_pppoe(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, PPPOE_HEADER_LEN, &h)) {
        return walk_short(w, PPPOE_HEADER_LEN);
    }
    if (h[0] != PPPOE_VERSION_TYPE || h[1] != 0) {
        return DECODE_BAD_HEADER;
    }
    walk_narrow(w, load_be16(h + 4));
    walk_name(w, ENCAP_PPPOE);
    return walk_on(w, LAYER_PPP);
}

/* L2TP version 2, RFC 2661 3.1.
 *
 *     0         2        4        6         8       12
 *    +---------+--------+--------+---------+-------+-------------+-----
 *    | T L S O | length | tunnel | session | ns nr | offset, pad | PPP
 *    |   ... 2 |  if L  |        |         | if S  |    if O     |
 *    +---------+--------+--------+---------+-------+-------------+-----
 *
 * T is control and says nothing of a phone. */
enum {
    L2TP_CONTROL = 0x8000,
    L2TP_LENGTH = 0x4000,
    L2TP_SEQUENCE = 0x0800,
    L2TP_OFFSET = 0x0200,
    L2TP_VERSION = 0x000f
};

enum decode_result decode_l2tp(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, 2, &h)) {
        return walk_short(w, 2);
    }

    uint16_t flags = load_be16(h);
    if ((flags & L2TP_VERSION) != 2 || (flags & L2TP_CONTROL)) {
        return DECODE_BAD_HEADER;
    }

    size_t len = 4 + (flags & L2TP_LENGTH ? 2u : 0u) +
                 (flags & L2TP_SEQUENCE ? 4u : 0u) + (flags & L2TP_OFFSET ? 2u : 0u);
    if (!walk_take(w, len, &h)) {
        return walk_short(w, len);
    }
    if (flags & L2TP_OFFSET) {
        size_t pad = load_be16(h + len - 2);

        if (!walk_skip(w, pad)) {
            return walk_short(w, pad);
        }
    }
    walk_name(w, ENCAP_L2TP);
    return walk_on(w, LAYER_PPP);
}
