/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The walk through the layers of one frame: what the decoders of this folder share.
 *
 * Each decoder reads one layer from the walk's cursor, narrows it to that layer's
 * content and names the next layer; decode_frame() loops until LAYER_END.  There is
 * no recursion, so the stack does not depend on the frame.
 *
 * Two lengths go along: what the capture holds ('in') and what the wire carried
 * ('wire', never less).  So a header that the snaplen cut is told from one that the
 * sender made too short.
 *
 * Tunnels.  A decoder that meets a tunnel first writes the packet it stands in, whole,
 * and sets 'outer'; then the walk goes on inside.  The packet is overwritten, and
 * 'outer' dropped, by the first IP header inside that is sane.  Whatever fails before
 * that leaves the outer packet as the answer: a tunnel is believed by its content,
 * never by its port.
 */
#ifndef DECODE_WALK_H
#define DECODE_WALK_H

#include "base/cursor.h"
#include "decode/decode.h"

#include <string.h>

enum layer {
    LAYER_END,  /* The packet is written. */
    LAYER_LINK, /* What 'link' says, a LINKTYPE_ number. */
    LAYER_ETHERNET,
    LAYER_TYPE, /* What 'type' says, an EtherType or an 802.3 length. */
    LAYER_LLC,
    LAYER_IP, /* Either version: its own nibble decides. */
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_TRANSPORT, /* What 'proto' says, an IP protocol. */
    LAYER_WIFI,
    LAYER_WIFI_TUNNELED, /* With its frame control in either byte order. */
    LAYER_MPLS,
    LAYER_PPP,
    LAYER_PPPOE,
    LAYER_GRE,
    LAYER_ETHERIP,
    LAYER_VXLAN,
    LAYER_VXLAN_GPE,
    LAYER_GENEVE,
    LAYER_L2TP,
    LAYER_TEREDO,
    LAYER_GTP,
    LAYER_CAPWAP,
    LAYER_LWAPP,
    LAYER_TZSP,
    LAYERS
};

struct walk {
    struct cursor in; /* What the capture holds of the next layer ... */
    size_t wire;      /* ... and how many bytes of it the wire carried. */
    enum layer next;
    uint16_t link;
    uint16_t type;
    uint16_t vlan;
    uint8_t proto;
    uint8_t n_encap;
    uint8_t encap[DECODE_MAX_ENCAP];
    bool outer;       /* out[n] is whole: the packet of a tunnel not believed yet. */
    bool wifi_padded; /* 802.11 headers are filled up to a multiple of 4. */
    bool partial;     /* Inside a fragment: lengths may go past its end. */
    const uint8_t *src_mac, *dst_mac; /* Six bytes, or NULL. */
    struct packet *out;
    size_t room, n; /* 'n' packets are finished; out[n] is being written. */
    const struct frame *frame;
    struct cursor subframes; /* Of an A-MSDU, those not looked at yet ... */
    size_t subframes_wire;   /* ... on the wire ... */
    uint8_t subframes_encap; /* ... and 'n_encap' around them. */
};

enum {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_RAW_BSD = 12,
    LINK_RAW_OPENBSD = 14,
    LINK_PPP_SERIAL = 50,
    LINK_PPP_ETHER = 51,
    LINK_RAW = 101,
    LINK_C_HDLC = 104,
    LINK_80211 = 105,
    LINK_FRELAY = 107,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_PRISM = 119,
    LINK_RADIOTAP = 127,
    LINK_AVS = 163,
    LINK_PPI = 192,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_NFLOG = 239,
    LINK_PKTAP = 258,
    LINK_SLL2 = 276
};

enum {
    MAC_LEN = 6,
    IPV4_HEADER_LEN = 20,
    IPV6_HEADER_LEN = 40,
    TCP_HEADER_LEN = 20,
    UDP_HEADER_LEN = 8,
    TCP_FLAGS = TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG
};

/* IANA protocol numbers that are looked into. */
enum {
    PROTO_HOP_BY_HOP = 0,
    PROTO_ICMP = 1,
    PROTO_IPV4 = 4,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    PROTO_IPV6 = 41,
    PROTO_ROUTING = 43,
    PROTO_FRAGMENT = 44,
    PROTO_GRE = 47,
    PROTO_ESP = 50,
    PROTO_AH = 51,
    PROTO_ICMPV6 = 58,
    PROTO_NONE = 59,
    PROTO_DESTINATION = 60,
    PROTO_ETHERIP = 97,
    PROTO_MPLS = 137,
    PROTO_HIP = 139,
    PROTO_SHIM6 = 140
};

enum {
    MAX_8023_LENGTH = 1500, /* Up to here it is a length, IEEE 802.3 3.2.6. */
    FIRST_ETHERTYPE = 0x0600,
    TYPE_IPV4 = 0x0800,
    TYPE_ARP = 0x0806,
    TYPE_BRIDGED = 0x6558, /* Ethernet in something else. */
    TYPE_VLAN = 0x8100,
    TYPE_IPV6 = 0x86dd,
    TYPE_MPLS = 0x8847,
    TYPE_MPLS_MULTICAST = 0x8848,
    TYPE_PPPOE_SESSION = 0x8864,
    TYPE_QINQ = 0x88a8,
    TYPE_TRUSTSEC = 0x8909,
    TYPE_PBB = 0x88e7,
    TYPE_QINQ_OLD = 0x9100
};

/* Takes a header of 'n' bytes. */
static inline bool walk_take(struct walk *w, size_t n, const uint8_t **out)
{
    if (!cursor_take(&w->in, n, out)) {
        return false;
    }
    w->wire -= n;
    return true;
}

static inline bool walk_skip(struct walk *w, size_t n)
{
    const uint8_t *passed;

    return walk_take(w, n, &passed);
}

/* Why 'n' bytes could not be taken: the capture was cut, or they were never sent. */
static inline enum decode_result walk_short(const struct walk *w, size_t n)
{
    return n > w->wire ? DECODE_BAD_LENGTH : DECODE_TRUNCATED;
}

/* Bounds what is left to the 'n' bytes that a length field names.  More than the
 * frame has is taken for a cut that the capture file does not own up to. */
static inline void walk_narrow(struct walk *w, size_t n)
{
    w->in = cursor_first(w->in, n);
    w->wire = n;
}

/* Goes on with 'layer'. */
static inline enum decode_result walk_on(struct walk *w, enum layer layer)
{
    w->next = layer;
    return DECODE_OK;
}

static inline void walk_name(struct walk *w, enum encap encap)
{
    if (w->n_encap < DECODE_MAX_ENCAP) {
        w->encap[w->n_encap++] = (uint8_t)encap;
    }
}

/* Begins the packet at hand with what is known from the frame and the layers around
 * it, no ports, and the rest of the walk as its payload. */
static inline struct packet *walk_begin(struct walk *w, enum packet_kind kind)
{
    struct packet *p = &w->out[w->n];

    w->outer = false;
    p->kind = (uint8_t)kind;
    p->flags = 0;
    p->src_port = p->dst_port = 0;
    p->tcp_flags = p->icmp_type = p->icmp_code = 0;
    p->n_encap = w->n_encap;
    p->ether_type = w->type;
    p->vlan = w->vlan;
    p->interface = w->frame->interface;
    p->wire_len = w->frame->wire_len;
    p->frame = w->frame->number;
    p->ns = w->frame->ns;
    memcpy(p->encap, w->encap, sizeof p->encap);
    if (w->src_mac) {
        p->flags = PACKET_HAS_MAC;
        memcpy(p->src_mac.b, w->src_mac, MAC_LEN);
        memcpy(p->dst_mac.b, w->dst_mac, MAC_LEN);
    }
    return p;
}

/* Ends a packet: what is left of the walk is its payload. */
static inline enum decode_result walk_end(struct walk *w)
{
    struct packet *p = &w->out[w->n];

    p->payload = w->in.at;
    p->payload_cap = (uint32_t)w->in.left;
    p->payload_len = (uint32_t)w->wire;
    if (w->in.left < w->wire) {
        p->flags |= PACKET_CUT;
    }
    w->next = LAYER_END;
    return DECODE_OK;
}

/* Goes on with the tunnel 'layer' inside the packet at hand, which walk_end() has
 * just made whole: it stays the answer unless an IP header inside holds. */
static inline enum decode_result walk_into(struct walk *w, enum layer layer)
{
    w->outer = true;
    w->partial |= (w->out[w->n].flags & PACKET_MORE_FRAGMENTS) != 0;
    return walk_on(w, layer);
}

/* Ends the walk at something that is not IP. */
enum decode_result walk_end_link(struct walk *w);

/* Where extension headers of IPv6 and AH lead. */
struct extensions {
    uint8_t proto;        /* The first header that is none of them. */
    bool is_fragment;     /* A fragment header was among them ... */
    bool more;            /* ... with these values. */
    uint32_t frag_offset; /* Bytes. */
    uint32_t frag_id;
};

/* Passes over the extension headers that begin with one of type 'proto'.  A later
 * fragment ends it: what follows is no header. */
enum decode_result extensions_pass(struct walk *w, uint8_t proto,
                                   struct extensions *out);

/* One decoder a layer, each named as its layer.  They return DECODE_OK with 'next'
 * set, or why the walk ends. */
enum decode_result decode_link(struct walk *w);
enum decode_result decode_ethernet(struct walk *w);
enum decode_result decode_type(struct walk *w);
enum decode_result decode_llc(struct walk *w);
enum decode_result decode_ip(struct walk *w);
enum decode_result decode_ipv4(struct walk *w);
enum decode_result decode_ipv6(struct walk *w);
enum decode_result decode_transport(struct walk *w);
enum decode_result decode_wifi(struct walk *w);
enum decode_result decode_wifi_tunneled(struct walk *w);
enum decode_result decode_mpls(struct walk *w);
enum decode_result decode_ppp(struct walk *w);
enum decode_result decode_pppoe(struct walk *w);
enum decode_result decode_gre(struct walk *w);
enum decode_result decode_etherip(struct walk *w);
enum decode_result decode_vxlan(struct walk *w);
enum decode_result decode_vxlan_gpe(struct walk *w);
enum decode_result decode_geneve(struct walk *w);
enum decode_result decode_l2tp(struct walk *w);
enum decode_result decode_teredo(struct walk *w);
enum decode_result decode_gtp(struct walk *w);
enum decode_result decode_capwap(struct walk *w);
enum decode_result decode_lwapp(struct walk *w);
enum decode_result decode_tzsp(struct walk *w);

/* Link types that put a header of their own before another link type. */
enum decode_result decode_link_meta(struct walk *w);

/* ICMP of either version. */
enum decode_result decode_icmp(struct walk *w);

/* The kind of a packet of IP protocol 'proto'. */
enum packet_kind packet_kind_of(uint8_t proto);

/* Turns the walk to the next frame of an A-MSDU.  False: there is none. */
bool wifi_next_subframe(struct walk *w);

/* The tunnel that UDP between these ports may be, or LAYER_END. */
enum layer tunnel_of_ports(uint16_t src, uint16_t dst);

/* The straight path for the most frequent frames.  True: '*p' is written.  False: the
 * frame is none of the plain ones. */
bool decode_plain(const struct frame *frame, struct packet *p);

/* decode_frame() without the straight path: what the tests hold that against. */
enum decode_result decode_walk(const struct frame *frame, struct packet *out,
                               size_t room, size_t *n);

#endif
