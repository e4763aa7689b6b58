/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Records of calls: what was signalled, what was announced, what flowed.  tally.h says
 * how records combine.
 */
#ifndef AUDIT_TALLY_VOICE_H
#define AUDIT_TALLY_VOICE_H

#include "base/addr.h"

/* A SIP call between two hosts that signalled it; a hash, for Call-IDs hold users. */
struct call_key {
    struct addr a, b; /* a is the lower address. */
    uint32_t call;
    uint32_t zero;
};

struct call {
    struct call_key key;
    int64_t invited_ns, answered_ns, ended_ns; /* The first of each. */
    int64_t last_ns;
    uint32_t frames[4];
};

/* Where an SDP says that media are expected. */
enum expectation_flag {
    EXPECT_SENDRECV = 1, /* 1 << enum sdp_direction */
    EXPECT_SENDONLY = 2,
    EXPECT_RECVONLY = 4,
    EXPECT_INACTIVE = 8,
    EXPECT_RTP = 16
};

struct expectation_key {
    struct addr from, to; /* Whose SIP message told it to whom. */
    struct addr addr;     /* 0.0.0.0: on hold. */
    uint32_t call;
    uint16_t port, rtcp_port;
};

struct expectation {
    struct expectation_key key;
    uint8_t flags; /* enum expectation_flag */
    int64_t first_ns, last_ns;
    uint32_t frame;
};

/* Signs of address translation (A5): an address that a message tells. */
enum nat_kind {
    NAT_VIA,      /* Of a request's Via, other than where it came from. */
    NAT_CONTACT,  /* Of its Contact, likewise. */
    NAT_SDP,      /* Of its SDP, likewise. */
    NAT_RECEIVED, /* received= of an answer: where the server saw the request from. */
    NAT_STUN,     /* A request of STUN. */
    NAT_TURN,
    NAT_ICE,
    NAT_USER, /* A user that registers: a hash of it stands for the address. */
    NAT_KINDS
};

struct nat_sign_key {
    struct addr host, peer;
    struct addr told; /* :: for STUN, TURN and ICE. */
    uint16_t port;    /* The peer's. */
    uint8_t kind;     /* enum nat_kind */
    uint8_t zero;
};

struct nat_sign {
    struct nat_sign_key key;
    uint32_t n;
    int64_t first_ns, last_ns;
    uint32_t frame;
};

/* RTP or RTCP from one end to another. */
struct media_key {
    struct addr from, to;
    uint16_t from_port, to_port;
};

struct media {
    struct media_key key;
    uint32_t packets;             /* Of RTP. */
    uint64_t ssrc_low, ssrc_high; /* Plus one, so that 0 is none. */
    uint32_t seq_low, seq_high;   /* Plus one ... */
    uint32_t far_low, far_high;   /* ... and with the top bit turned: one of the two
                                     ranges does not run over the end. */
    uint32_t reports, deaf; /* RTCP reports, and those that tell of nothing heard. */
    uint32_t losses;        /* Of the latter those that say all was lost. */
    int64_t first_ns, last_ns;
    uint32_t frames[4];
};

#endif
