/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Label stacks: MPLS.  They do not say what they carry, so the content is looked at.
 */
#include "decode/walk.h"

enum {
    MPLS_LABEL_LEN = 4,
    MPLS_BOTTOM = 1,
    CONTROL_WORD_LEN = 4,
    ETHERNET_TYPE_AT = 12,
    ETHERNET_HEADER_LEN = 14
};

/* Whether an IP header of version 'version' stands here, by its lengths. */
static bool holds_ip(const struct walk *w, unsigned version)
{
    const uint8_t *h = w->in.at;

    if (w->in.left < IPV4_HEADER_LEN) {
        return true; /* Cut: nothing contradicts the nibble. */
    }
    if (version == 6) {
        return (size_t)load_be16(h + 4) + IPV6_HEADER_LEN <= w->wire;
    }
    return (h[0] & 15) >= 5 && load_be16(h + 2) <= w->wire;
}

/* Whether an Ethernet header with a type that we follow stands at 'in'. */
static bool holds_ethernet(struct cursor in)
{
    if (in.left <= ETHERNET_HEADER_LEN) {
        return false;
    }
    switch (load_be16(in.at + ETHERNET_TYPE_AT)) {
    case TYPE_IPV4:
        return in.at[ETHERNET_HEADER_LEN] >> 4 == 4;
    case TYPE_IPV6:
        return in.at[ETHERNET_HEADER_LEN] >> 4 == 6;
    case TYPE_ARP:
    case TYPE_VLAN:
    case TYPE_QINQ:
    case TYPE_PPPOE_SESSION:
    case TYPE_MPLS:
        return true;
    default:
        return false;
    }
}

/* A pseudo-wire, RFC 4448: Ethernet with or without the control word of RFC 4385,
 * whose first four bits are 0. */
static enum decode_result decode_pseudo_wire(struct walk *w)
{
    struct cursor behind = w->in;

    if (w->in.at[0] >> 4 == 0 && cursor_skip(&behind, CONTROL_WORD_LEN) &&
        holds_ethernet(behind)) {
        walk_skip(w, CONTROL_WORD_LEN);
        return walk_on(w, LAYER_ETHERNET);
    }
    if (holds_ethernet(w->in)) {
        return walk_on(w, LAYER_ETHERNET);
    }
    return walk_end_link(w);
}

/* MPLS, RFC 3032 2.1.
 *
 *     0          20  23   24     32 bit
 *    +----------+-----+---+-----+---
 *    |  label   | tc  | S | ttl | more labels until S, then content
 *    +----------+-----+---+-----+---
 *
 * Content is told by its first four bits, RFC 4928 3: 4 and 6 are IP. */
enum decode_result decode_mpls(struct walk *w)
{
    const uint8_t *h;
    int depth = 0;

    do {
        if (depth++ == DECODE_MAX_NESTING) {
            return DECODE_TOO_DEEP;
        }
        if (!walk_take(w, MPLS_LABEL_LEN, &h)) {
            return walk_short(w, MPLS_LABEL_LEN);
        }
    } while (!(h[2] & MPLS_BOTTOM));
    if (w->in.left == 0) {
        return walk_short(w, 1);
    }

    unsigned nibble = w->in.at[0] >> 4;
    walk_name(w, ENCAP_MPLS);
    if ((nibble == 4 || nibble == 6) && holds_ip(w, nibble)) {
        return walk_on(w, LAYER_IP);
    }
    return decode_pseudo_wire(w);
}
