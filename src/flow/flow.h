/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What was seen of one flow: the piece.
 *
 * A piece is evidence, never a verdict.  It holds only sums, smallest and largest
 * values, ORs of flags, and of each kind of sign (SYN, answer, data, RST, ...) its
 * first two frames and its last.  So two pieces of one flow, taken at different times
 * or from different directions, combine field by field into the piece that one
 * observer of both would have made: piece_merge().  The initiator, Zeek's conn_state
 * and history are functions of a piece (state.c).
 *
 * Both ends of a flow are kept apart as end[0] and end[1] in the order of the key, not
 * as client and server: who opened the flow is known only from the evidence.
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "base/hash.h"
#include "decode/decode.h"

enum {
    FLOW_NAMES = 3,          /* Names that a piece keeps: the first seen. */
    FLOW_TCP_IDLE_S = 7440,  /* 2 h 4 min, RFC 5382 REQ-5. */
    FLOW_CLOSED_IDLE_S = 60, /* After a RST, or FINs from both ends. */
    FLOW_UDP_IDLE_S = 300,   /* RFC 4787 REQ-5. */
    FLOW_COPY_MS = 500,      /* A copy with the same IP identification. */
    FLOW_COPY_NO_ID_MS = 5,  /* A copy where there is no identification. */
    HISTORY_LEN = 16,        /* History letters and the terminator. */
    COMMUNITY_ID_LEN = 33,   /* "1:", 28 of base64, terminator, rounded up. */
    FLOW_ALERT_HIDDEN = 255  /* TLS 1.3: an encrypted alert in place of Finished. */
};

/* The 5-tuple without direction, and who saw it.  No VLAN: the two directions of a
 * flow may carry different ones.  'a' is the lower end by address, then port.  No
 * padding: keys are compared and hashed as bytes. */
struct flow_key {
    struct addr a, b;
    uint16_t port_a, port_b;
    uint16_t source; /* The capture point. */
    uint8_t proto;
    uint8_t zero;
};

/* A kind of packet that judging looks at. */
enum sign_kind {
    SIGN_SYN,     /* SYN without ACK */
    SIGN_SYN_ACK, /* SYN with ACK */
    SIGN_ACK,     /* ACK that carries nothing */
    SIGN_DATA,    /* Payload */
    SIGN_REPEAT,  /* The first segment with payload again */
    SIGN_FIN,
    SIGN_RST,
    SIGNS
};

/* Packets of one kind from one end.  Frames are numbered over all captures. */
struct sign {
    int64_t first_ns, last_ns; /* 0: none was seen. */
    uint32_t n;
    uint32_t frames[3]; /* The first, the second, the last. */
};

/* What a first payload looks like. */
enum payload_kind {
    PAYLOAD_NONE,
    PAYLOAD_OTHER,
    PAYLOAD_TLS_HELLO,  /* A handshake record that begins a ClientHello. */
    PAYLOAD_TLS_SERVER, /* A handshake record that begins a ServerHello. */
    PAYLOAD_TLS_ALERT,
    PAYLOAD_HTTP,
    PAYLOAD_RTP,  /* RTP or RTCP version 2. */
    PAYLOAD_QUIC, /* A QUIC long header. */
    PAYLOAD_KINDS
};

/* What one end sent.  A table of flows spends its time waiting for memory: what nearly
 * every packet adds to is the first cache line, the rest is touched seldom. */
struct flow_end {
    uint64_t bytes; /* Of the frames on the wire. */
    int64_t last_ns, last_data_ns;
    uint32_t packets, payload_packets;
    uint32_t last_frame, last_data_frame;
    uint32_t seq_end;  /* Highest sequence number behind payload, SYN and FIN. */
    uint32_t ack;      /* Highest acknowledgement. */
    uint32_t media;    /* While it is live: index + 1 of the record of its RTP. */
    uint32_t tail_seq; /* Highest start of a segment with payload. */
    uint8_t seen;      /* enum end_seen */
    uint8_t tcp_flags; /* OR of all. */
    uint8_t ttl_low, ttl_high; /* Of all packets but RSTs; 0: there are none. */
    uint8_t n_acks;            /* Of SIGN_ACK: at most 2. */
    uint8_t n_data;            /* Of SIGN_DATA: at most 2. */
    uint8_t first_payload;     /* enum payload_kind */
    uint8_t alert; /* Fatal TLS alert that it sent in clear, plus 1; 0: none; or
                      FLOW_ALERT_HIDDEN. */

    int64_t first_ns;
    int64_t tail_ns;      /* When the segment at tail_seq was first sent ... */
    uint32_t tail_n;      /* ... how often ... */
    uint32_t tail_gap_s;  /* ... and the flow's silence before that, seconds. */
    uint32_t seq_first;   /* Lowest sequence number of a segment with payload. */
    uint32_t seq_first_n; /* Segments that began at seq_first. */
    uint32_t first_frame;
    uint32_t copies, later_fragments;
    uint32_t isn;      /* Of the SYN or SYN-ACK, where seen has END_ISN. */
    uint8_t rst_ttl;   /* Of the first RST. */
    uint8_t rst_flags; /* TCP flags of the first RST. */
    uint8_t rst_bare;  /* It has no window and no options. */
    uint8_t has_mac;   /* The first packet came in a frame with hardware addresses: */
    struct mac mac;    /* who sent it, ... */
    uint16_t vlan;     /* ... and in which VLAN. */
    uint8_t zero[36];  /* Up to a whole number of cache lines. */
    struct sign signs[SIGNS];
};

enum end_seen {
    END_SEQ = 1,  /* seq_end is set. */
    END_DATA = 2, /* seq_first, tail_seq are set. */
    END_ACK = 4,  /* ack is set. */
    END_ISN = 8,
    END_TAIL = 16 /* While it is live: the segment at tail_seq was sent once, at
                     last_data_ns, without silence before; piece_settle() notes it. */
};

/* ICMP errors that quote packets of the flow; kept are those of the most telling kind
 * (icmp_rank), then of the first. */
struct flow_icmp {
    struct addr reporter;
    int64_t first_ns, last_ns;
    uint32_t n;
    uint32_t frames[3];
    uint8_t type, code;
    uint8_t v6;
    uint8_t quoted_end; /* Whose packet is quoted: 0 or 1. */
};

/* Where a name was read. */
enum name_source {
    NAME_SNI,
    NAME_QUIC_SNI,
    NAME_HTTP_HOST,
    NAME_DNS,
    NAME_DNS_OTHER_DEVICE,
    NAME_LIST,
    NAME_SOURCES
};

/* A name is an index into the name table of whoever collects pieces; 0 is none. */
struct flow_name {
    uint32_t name;
    uint8_t source; /* enum name_source */
    uint8_t flags;  /* enum flow_name_flag */
    uint16_t port;  /* The target's port behind a proxy, else 0. */
};

enum flow_name_flag { FLOW_NAME_ECH = 1, FLOW_NAME_PROXIED = 2 };

/* In the order of use, by cache lines: what finds it, what tells copies, the ends. */
struct piece {
    struct flow_key key;
    int64_t first_ns, last_ns;
    uint32_t hello;  /* Index + 1 of a stream under reassembly, 0: none. */
    uint8_t closing; /* enum closing */
    uint8_t settled; /* No more payload is looked at. */
    uint8_t inexact; /* Driven out early, or a part is missing. */
    uint8_t check;   /* Of Android's connectivity check: enum check_sign. */

    uint32_t copy_print[4]; /* The last packets, to know copies of them ... */
    uint32_t copy_ms[4];    /* ... and when they were. */
    uint8_t copy_at;        /* Which of them is overwritten next. */
    uint8_t n_encap;
    struct flow_name names[FLOW_NAMES];
    uint32_t zero;

    struct flow_end end[2];
    struct flow_icmp icmp;
    uint8_t encap[DECODE_MAX_ENCAP]; /* Of the first packet. */
};

_Static_assert(offsetof(struct piece, copy_print) == 64 &&
                   offsetof(struct piece, end) == 128 &&
                   sizeof(struct flow_end) % 64 == 0 && sizeof(struct piece) % 64 == 0,
               "a piece is made of whole cache lines");

/* What ends a TCP connection, as bits. */
enum closing { CLOSING_FIN_0 = 1, CLOSING_FIN_1 = 2, CLOSING_RST = 4 };

/* What Android's connectivity check got, or a proxy said to a CONNECT. */
enum check_result { CHECK_NONE, CHECK_OK, CHECK_PORTAL, CHECK_DENIED };

/* What was seen of it: bits, since question and answer may lie in different parts of a
 * capture. */
enum check_sign {
    CHECK_SIGN_ASKED = 1,     /* The request is Android's check. */
    CHECK_SIGN_EMPTY = 2,     /* The first answer is 204, or empty. */
    CHECK_SIGN_OTHER = 4,     /* It is something else. */
    CHECK_SIGN_CONNECT = 8,   /* The request asks a proxy for a tunnel. */
    CHECK_SIGN_FORBIDDEN = 16 /* The first answer is 403. */
};

/* Hash of a host: of one address, whatever end of a flow it is. */
static inline uint64_t flow_host_hash(const struct addr *host)
{
    return hash_mix(addr_word(host, 0), addr_word(host, 1));
}

/* Hash of a flow from those of its hosts: the same for both directions, so that packets
 * need not be put in order for it.  Unseeded, the same on each machine. */
static inline uint64_t flow_hash(uint64_t host, uint16_t port, uint64_t other_host,
                                 uint16_t other_port, uint8_t proto, uint16_t source)
{
    const uint64_t odd = 0x9fb21c651e98df25u;
    uint64_t end = host + port * odd, other = other_host + other_port * odd;

    return hash_mix(end + other, (end ^ other) + ((uint64_t)proto << 16 | source));
}

static inline uint64_t flow_key_hash(const struct flow_key *key)
{
    return flow_hash(flow_host_hash(&key->a), key->port_a, flow_host_hash(&key->b),
                     key->port_b, key->proto, key->source);
}

/* Is sequence number 'a' behind 'b' (RFC 1982)? */
static inline bool seq_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* The index of the sender's end.  Both directions come in turns, so it is told without
 * a branch. */
static inline unsigned flow_sender(const struct packet *packet)
{
    const struct addr *src = &packet->src, *dst = &packet->dst;

    unsigned below = addr_below(dst, src), same = addr_equal(src, dst);

    return below | (same & (packet->src_port > packet->dst_port));
}

/* The key of the packet's flow, whose end 'from' sent it. */
static inline struct flow_key flow_key_of(const struct packet *packet, unsigned from)
{
    return (struct flow_key){
        .a = from ? packet->dst : packet->src,
        .b = from ? packet->src : packet->dst,
        .port_a = from ? packet->dst_port : packet->src_port,
        .port_b = from ? packet->src_port : packet->dst_port,
        .source = packet->interface,
        .proto = packet->proto,
    };
}

/* Is it the key of the packet's flow, whose end 'from' sent it? */
static inline bool flow_key_is_of(const struct flow_key *key,
                                  const struct packet *packet, unsigned from)
{
    const struct addr *src = from ? &key->b : &key->a, *dst = from ? &key->a : &key->b;
    uint16_t src_port = from ? key->port_b : key->port_a;
    uint16_t dst_port = from ? key->port_a : key->port_b;

    return ((addr_word(src, 0) ^ addr_word(&packet->src, 0)) |
            (addr_word(src, 1) ^ addr_word(&packet->src, 1)) |
            (addr_word(dst, 0) ^ addr_word(&packet->dst, 0)) |
            (addr_word(dst, 1) ^ addr_word(&packet->dst, 1)) |
            (uint64_t)(src_port ^ packet->src_port) |
            (uint64_t)(dst_port ^ packet->dst_port) |
            (uint64_t)(key->source ^ packet->interface) |
            (uint64_t)(key->proto ^ packet->proto)) == 0;
}

/* Adds a packet to a piece.  False: it is a copy of a packet that was added just
 * before, counted as such, and nothing else of it was noted. */
bool piece_add(struct piece *piece, const struct packet *packet, unsigned from,
               uint32_t frame);

/* Writes out what a live piece holds in short.  Whoever takes a piece out of its table
 * gets it so. */
void piece_settle(struct piece *piece);

/* Notes an ICMP error that quotes a packet from end 'quoted'. */
void piece_add_icmp(struct piece *piece, const struct packet *error, unsigned quoted,
                    uint32_t frame);

/* Counts a later fragment of a datagram from end 'from'. */
void piece_add_fragment(struct piece *piece, const struct packet *packet, unsigned from,
                        uint32_t frame);

/* Does a SYN of this packet open another connection than the piece is of? */
bool piece_is_reused_by(const struct piece *piece, const struct packet *packet,
                        unsigned from);

/* Nanoseconds after its last packet from which nothing can belong to the piece. */
static inline int64_t piece_idle_ns(const struct piece *piece)
{
    const int64_t second_ns = 1000000000;
    unsigned fins = CLOSING_FIN_0 | CLOSING_FIN_1;

    if (piece->key.proto != 6) {
        return FLOW_UDP_IDLE_S * second_ns;
    }
    if ((piece->closing & CLOSING_RST) || (piece->closing & fins) == fins) {
        return FLOW_CLOSED_IDLE_S * second_ns;
    }
    return FLOW_TCP_IDLE_S * second_ns;
}

/* Can 'later' go on with the connection that 'piece' is of? */
bool piece_continues(const struct piece *piece, const struct piece *later);

/* Of two rows of ICMP errors, keeps the more telling; equal ones are summed up. */
void flow_icmp_merge(struct flow_icmp *into, const struct flow_icmp *from);

/* Combines what two observers, or one at two times, saw of one flow. */
void piece_merge(struct piece *into, const struct piece *from);

/* Combines two views of the same packets from different sources: of each direction,
 * the one that saw more speaks. */
void piece_merge_view(struct piece *into, const struct piece *from);

/* Adds a name, once, while there is room. */
void piece_add_name(struct piece *piece, struct flow_name name);

/* --- functions of a piece (state.c) --- */

/* Who opened the flow. */
enum opener_basis { OPENER_SYN, OPENER_SYN_ACK, OPENER_PORT, OPENER_FIRST_PACKET };

struct opener {
    unsigned end; /* 0 or 1 */
    enum opener_basis basis;
};

struct opener piece_opener(const struct piece *piece);

/* Zeek's conn_state ("S0", "SF", ...) and history letters. */
const char *piece_conn_state(const struct piece *piece);
const char *piece_history(const struct piece *piece, char out[static HISTORY_LEN]);

/* The order in which a full table drives flows out. */
enum flow_class {
    FLOW_UNANSWERED, /* Only one end was seen: scans, too. */
    FLOW_CLOSED,
    FLOW_DATAGRAMS,
    FLOW_ESTABLISHED,
    FLOW_CLASSES
};

enum flow_class flow_class_of(const struct piece *piece);

/* Is this a port that servers are known by?  A fixed table: evidence knows no rules. */
bool flow_is_server_port(uint8_t proto, uint16_t port);

/* Community ID v1, seed 0.  ICMP: ports are type and code. */
const char *flow_community_id(const struct flow_key *key,
                              char out[static COMMUNITY_ID_LEN]);

/* What the first bytes of a payload look like. */
enum payload_kind payload_kind_of(uint8_t proto, const uint8_t *bytes, size_t len);

#endif
