/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One frame to the headers of the IP packet inside it, in host order.
 *
 * Decoding never allocates, keeps no state, and looks at no byte outside the frame.
 * Checksums are not verified: a capture taken on the sending host shows them before
 * the network card fills them in, so a mismatch says nothing about the wire.
 *
 * Where packets are nested in tunnels the innermost IP packet is told, and the
 * tunnels in 'encap'.  A tunnel is believed when a sane IP header stands in it;
 * otherwise the packet around it is told, as if the tunnel were payload.
 *
 * Fragments are not put together, neither of IP nor of CAPWAP or 802.11: of a first one
 * is told what it holds.
 */
#ifndef DECODE_DECODE_H
#define DECODE_DECODE_H

#include "base/addr.h"
#include "capture/capture.h"

enum {
    DECODE_MAX_ENCAP = 8,    /* Names of layers that are kept. */
    DECODE_MAX_NESTING = 16, /* Labels of MPLS, extension headers of IPv6 in a row. */
    DECODE_MAX_STEPS = 48    /* From layer to layer; a tunnel takes up to 5. */
};

/* What became of a frame.  All but DECODE_OK name why there is no packet; the two of
 * encryption may come with the packet around it. */
enum decode_result {
    DECODE_OK,               /* A packet of a kind below. */
    DECODE_TRUNCATED,        /* The capture cut it before its ports (snaplen). */
    DECODE_BAD_LENGTH,       /* A length field contradicts the bytes or itself. */
    DECODE_BAD_VERSION,      /* The IP version is not what the layer below says. */
    DECODE_BAD_HEADER,       /* A header that no rule allows (TCP offset, GRE, ...). */
    DECODE_TOO_DEEP,         /* More nested layers than DECODE_MAX_... says. */
    DECODE_UNKNOWN_LINK,     /* A link type that we cannot read. */
    DECODE_UNKNOWN_TYPE,     /* A tunnel's protocol that we cannot read; never told
                                of a frame, whose outer packet is told instead. */
    DECODE_ENCRYPTED_WIFI,   /* 802.11 data that is encrypted. */
    DECODE_ENCRYPTED_TUNNEL, /* CAPWAP data under DTLS, ESP. */
    DECODE_RESULTS           /* How many there are. */
};

/* "truncated", "bad_length", ...: the key under which a report counts it. */
const char *decode_result_name(enum decode_result result);

enum packet_kind {
    PACKET_TCP,
    PACKET_UDP,
    PACKET_ICMP,       /* ICMP or ICMPv6 that quotes nothing. */
    PACKET_ICMP_ERROR, /* One that quotes a packet: src, dst, ports are the quoted's. */
    PACKET_OTHER,      /* IP of another protocol: no ports. */
    PACKET_ARP,        /* src is the sender's protocol address, mac its hardware's. */
    PACKET_LINK        /* Not IP: EAPOL, LLDP, STP, ...; 'ether_type' says what. */
};

enum packet_flag {
    PACKET_FRAGMENT = 1,       /* Part of a fragmented datagram. */
    PACKET_LATER_FRAGMENT = 2, /* One without ports: not the first fragment. */
    PACKET_MORE_FRAGMENTS = 4,
    PACKET_HAS_MAC = 8,        /* src_mac, dst_mac are of the frame around the IP.  Of
                                  a cooked capture (SLL) dst_mac is zero: unknown. */
    PACKET_TCP_OPTIONS = 16,   /* The TCP header has options. */
    PACKET_CUT = 32,           /* The capture holds less payload than the wire did. */
    PACKET_QUOTED_TCP_SEQ = 64 /* An ICMP error that quotes the TCP sequence number. */
};

enum tcp_flag {
    TCP_FIN = 1,
    TCP_SYN = 2,
    TCP_RST = 4,
    TCP_PSH = 8,
    TCP_ACK = 16,
    TCP_URG = 32
};

/* A decoded packet.  Payload is borrowed from the frame.
 *
 * To be quick, decoding writes only what a packet has.  Always valid: kind, flags,
 * ports, tcp_flags, icmp_type, icmp_code, ether_type, vlan, interface, wire_len, frame,
 * ns, payload, payload_len, payload_cap, n_encap.  The rest is valid
 *
 *     src, dst                      for every kind but PACKET_LINK (where they are 0)
 *     proto, ttl, ip_id, ip_len     for IP
 *     tcp_seq, tcp_ack, tcp_window  for PACKET_TCP without PACKET_LATER_FRAGMENT;
 *                                   tcp_seq also with PACKET_QUOTED_TCP_SEQ
 *     frag_id, frag_offset          with PACKET_FRAGMENT
 *     src_mac, dst_mac              with PACKET_HAS_MAC
 *     reporter                      for PACKET_ICMP_ERROR
 *     encap                         its first n_encap
 *
 * Payload is what follows the TCP or UDP header; for ICMP what follows type, code and
 * checksum; for a later fragment and other protocols what follows the IP header; for
 * PACKET_LINK what follows the EtherType.  ttl and ip_len of an ICMP error are of the
 * ICMP packet, proto is of the one it quotes.  The operation of ARP is in icmp_type. */
struct packet {
    struct addr src, dst;
    uint16_t src_port, dst_port; /* 0 where there are none. */
    uint8_t proto;               /* IP protocol: 6, 17, 1, 58, ... */
    uint8_t kind;                /* enum packet_kind */
    uint8_t flags;               /* enum packet_flag */
    uint8_t tcp_flags;           /* enum tcp_flag */
    uint8_t ttl;                 /* Or hop limit. */
    uint8_t icmp_type, icmp_code;
    uint8_t n_encap;
    uint16_t ip_id; /* Of IPv4; 0 for IPv6. */
    uint16_t tcp_window;
    uint16_t ether_type;
    uint16_t vlan;      /* Innermost VLAN id, 0 if none. */
    uint16_t interface; /* Of the frame. */
    uint32_t tcp_seq, tcp_ack;
    uint32_t ip_len;               /* Bytes of the IP packet on the wire. */
    uint32_t wire_len;             /* Bytes of the frame on the wire. */
    uint32_t payload_len;          /* Payload of the transport on the wire, bytes. */
    uint32_t frag_id, frag_offset; /* Identification, and offset in bytes. */
    uint64_t frame;                /* The frame's number. */
    int64_t ns;
    const uint8_t *payload; /* Transport payload as captured ... */
    uint32_t payload_cap;   /* ... and how many bytes of it there are. */
    struct mac src_mac, dst_mac;
    struct addr reporter;            /* Of an ICMP error: who sent it. */
    uint8_t encap[DECODE_MAX_ENCAP]; /* enum encap, outermost first. */
};

/* Layers around the innermost IP packet that a report names.  A plain Ethernet header
 * is not one, nor is the IP header that carries a tunnel named here. */
enum encap {
    ENCAP_VLAN,
    ENCAP_IPV4, /* An IP header with an IP packet right inside: IP-in-IP, 6in4. */
    ENCAP_IPV6,
    ENCAP_GRE,
    ENCAP_ERSPAN,
    ENCAP_VXLAN,
    ENCAP_GENEVE,
    ENCAP_MPLS,
    ENCAP_PPPOE,
    ENCAP_PPP,
    ENCAP_L2TP,
    ENCAP_TEREDO,
    ENCAP_GTP,
    ENCAP_CAPWAP,
    ENCAP_ARUBA,
    ENCAP_TZSP,
    ENCAP_LWAPP,
    ENCAP_PBB,
    ENCAP_WIFI,
    ENCAP_SLL,
    ENCAP_LLC,
    ENCAP_ETHERIP,
    ENCAPS
};

/* "vlan", "gre", ... */
const char *encap_name(enum encap encap);

/* Decodes 'frame'.  Writes at most 'room' packets, at least 1, and their count into
 * '*n': one; several of an 802.11 A-MSDU; and two where a tunnel carries ARP, which is
 * told behind the tunnel's own packet.
 *
 * Returns DECODE_OK if there is a packet, or why there is none, with '*n' 0.  Where the
 * inside of a tunnel is encrypted it returns DECODE_ENCRYPTED_... and the tunnel's own
 * packet, with '*n' 1. */
enum decode_result decode_frame(const struct frame *frame, struct packet *out,
                                size_t room, size_t *n);

#endif
