/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Generic Routing Encapsulation and what rides on it: ERSPAN mirrors, bridged Ethernet
 * (NVGRE), Aruba's access points, PPTP.
 */
#include "decode/walk.h"

enum {
    GRE_HEADER_LEN = 4,
    GRE_WORD = 4,
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACK = 0x0080, /* Version 1 only. */
    GRE_VERSION = 0x0007,
    GRE_ROUTE_HEADER_LEN = 4
};

enum {
    TYPE_ERSPAN_3 = 0x22eb,
    TYPE_ARUBA_FIRST = 0x8200,
    TYPE_ARUBA_LAST = 0x8370,
    TYPE_PPP = 0x880b,
    TYPE_WCCP = 0x883e,
    TYPE_ERSPAN = 0x88be
};

/* ERSPAN, draft-foschiano-erspan: type I is a GRE header without sequence number and
 * nothing else, II and III have headers of their own.
 *
 *      0    4             16             22               32
 *     +----+-------------+--------------+------------------+
 *   0 |ver |  vlan       | cos, en, t   |  session id      |
 *     +----+-------------+--------------+------------------+
 *   4 |  II: reserved, index;  III: timestamp              |
 *     +-----------------------------+-+----+--------+---+-++
 *   8 |  III: security group        |p| ft | hw id  |d,g|o|
 *     +-----------------------------+-+----+--------+---+-++
 *  12 |  III with 'o': 8 bytes of the platform             |
 *     +-----------------------------------------------------+
 *
 * Version 1 is type II, 2 is type III.  Frame type 'ft' 0 is Ethernet, 2 is IP.  The
 * VLAN here is known to be wrong on some switches and is not taken. */
enum { ERSPAN_2_LEN = 8, ERSPAN_3_LEN = 12, ERSPAN_PLATFORM_LEN = 8, ERSPAN_3_IP = 2 };

static enum decode_result decode_erspan(struct walk *w, bool has_header)
{
    const uint8_t *h;

    walk_name(w, ENCAP_ERSPAN);
    if (!has_header) {
        return walk_on(w, LAYER_ETHERNET);
    }
    if (!walk_take(w, ERSPAN_2_LEN, &h)) {
        return walk_short(w, ERSPAN_2_LEN);
    }
    return h[0] >> 4 == 1 ? walk_on(w, LAYER_ETHERNET) : DECODE_BAD_VERSION;
}

static enum decode_result decode_erspan_3(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, ERSPAN_3_LEN, &h)) {
        return walk_short(w, ERSPAN_3_LEN);
    }
    if (h[0] >> 4 != 2) {
        return DECODE_BAD_VERSION;
    }
    if ((h[11] & 1) && !walk_skip(w, ERSPAN_PLATFORM_LEN)) {
        return walk_short(w, ERSPAN_PLATFORM_LEN);
    }
    walk_name(w, ENCAP_ERSPAN);
    switch (h[10] >> 2 & 0x1f) {
    case 0:
        return walk_on(w, LAYER_ETHERNET);
    case ERSPAN_3_IP:
        return walk_on(w, LAYER_IP);
    default:
        return DECODE_UNKNOWN_TYPE;
    }
}

/* A packet that a router hands to a web cache, WCCP 2: IP, behind four bytes of its
 * own if they do not look like IP. */
static enum decode_result decode_wccp(struct walk *w)
{
    if (w->in.left > 0 && w->in.at[0] >> 4 != 4 && !walk_skip(w, GRE_WORD)) {
        return walk_short(w, GRE_WORD);
    }
    return walk_on(w, LAYER_IP);
}

static enum decode_result gre_content(struct walk *w, uint16_t flags, uint16_t type)
{
    w->type = type;
    if (type >= TYPE_ARUBA_FIRST && type <= TYPE_ARUBA_LAST) {
        walk_name(w, ENCAP_ARUBA);
        return walk_on(w, LAYER_WIFI_TUNNELED);
    }
    switch (type) {
    case TYPE_ERSPAN:
        return decode_erspan(w, (flags & GRE_SEQUENCE) != 0);
    case TYPE_ERSPAN_3:
        return decode_erspan_3(w);
    case TYPE_PPP:
        return walk_on(w, LAYER_PPP);
    case TYPE_WCCP:
        return decode_wccp(w);
    default:
        return walk_on(w, LAYER_TYPE);
    }
}

/* Source routes, RFC 1701: family, offset, length and that many bytes; the last is all
 * zero. */
static enum decode_result gre_skip_routes(struct walk *w)
{
    const uint8_t *h;

    /* Ends because every round takes four bytes or more. */
    do {
        if (!walk_take(w, GRE_ROUTE_HEADER_LEN, &h)) {
            return walk_short(w, GRE_ROUTE_HEADER_LEN);
        }
        if (!walk_skip(w, h[3])) {
            return walk_short(w, h[3]);
        }
    } while (load_be32(h) != 0);
    return DECODE_OK;
}

/* GRE, RFC 2784, 2890 and (routes) 1701; version 1 is that of PPTP, RFC 2637 4.1.
 *
 *     0                             2          4
 *    +-----------------------------+----------+---------------------------
 *    | C R K S s | recur | A | ver |   type   | checksum+offset if C or R,
 *    +-----------------------------+----------+ key if K, sequence if S,
 *                                              acknowledgment if A, routes if R
 */
enum decode_result decode_gre(struct walk *w)
{
    const uint8_t *h;
    size_t words = 0;

    if (!walk_take(w, GRE_HEADER_LEN, &h)) {
        return walk_short(w, GRE_HEADER_LEN);
    }

    uint16_t flags = load_be16(h), type = load_be16(h + 2);
    if ((flags & GRE_VERSION) > 1) {
        return DECODE_BAD_VERSION;
    }
    words += (flags & (GRE_CHECKSUM | GRE_ROUTING)) != 0;
    words += (flags & GRE_KEY) != 0;
    words += (flags & GRE_SEQUENCE) != 0;
    words += (flags & GRE_VERSION) == 1 && (flags & GRE_ACK) != 0;
    if (!walk_skip(w, words * GRE_WORD)) {
        return walk_short(w, words * GRE_WORD);
    }
    if (flags & GRE_ROUTING) {
        enum decode_result result = gre_skip_routes(w);

        if (result != DECODE_OK) {
            return result;
        }
    }
    walk_name(w, ENCAP_GRE);
    return gre_content(w, flags, type);
}
