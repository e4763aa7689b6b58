/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Attempts, and cells of attempts that are alike: what a flow's evidence says before
 * any row is known.
 *
 * The key of a cell is evidence, never a verdict, and coarse: few steps of time and
 * count make few cells.
 */
#ifndef AUDIT_ATTEMPT_H
#define AUDIT_ATTEMPT_H

#include "flow/flow.h"

enum {
    CELL_FRAMES = 6,
    SLOT_SECONDS = 60 /* Slots are UTC-aligned minutes. */
};

/* What the signs of one attempt say, before any row is known. */
enum attempt_sign {
    ATTEMPT_UNSEEN,         /* Began before the window, or one direction only. */
    ATTEMPT_OK,             /* Data both ways; a datagram was answered. */
    ATTEMPT_OPEN,           /* A handshake, and then nothing to judge by. */
    ATTEMPT_SYN_SILENT,     /* SYNs, and no packet back. */
    ATTEMPT_RESET,          /* A RST before any answer or data. */
    ATTEMPT_HELLO_RESET,    /* A RST after the ClientHello. */
    ATTEMPT_HELLO_SILENT,   /* The first data again and again, never acknowledged. */
    ATTEMPT_NO_ANSWER,      /* The first data acknowledged, and then silence. */
    ATTEMPT_TAIL_SILENT,    /* Worked, then only repetitions. */
    ATTEMPT_REQUEST_SILENT, /* Datagrams without an answer. */
    ATTEMPT_ICMP,           /* Stopped by an ICMP error. */
    ATTEMPT_HOLE,        /* The answer's first segments never arrive, later ones do. */
    ATTEMPT_CERTIFICATE, /* The client does not know who signed the certificate. */
    ATTEMPT_TLS_ABORT,   /* Once it has seen the certificate it ends the handshake. */
    ATTEMPT_TLS_LEFT,    /* The same, without a word. */
    ATTEMPT_TAIL_RESET,  /* Worked, was idle, and a box reset what came next. */
    ATTEMPT_SIGNS
};

/* Facts that hold for every attempt of a cell. */
enum attempt_fact {
    FACT_TWO_WAY = 1,        /* Packets of both ends were seen. */
    FACT_PROVED = 2,         /* The opener's own packets prove that it was answered. */
    FACT_INEXACT = 4,        /* Driven out early. */
    FACT_RTP = 8,            /* The first payloads look like RTP. */
    FACT_TTL_UNTOUCHED = 16, /* The opener's own TTL is 64, 128 or 255. */
    FACT_RST_BARE = 32,      /* The RST has no window and no options. */
    FACT_GROUP = 64,         /* The other end is a multicast or broadcast address. */
    FACT_CLOSED = 128,       /* Nothing can be added: it waited as long as it could. */
    FACT_UNREAD = 256,       /* How a TCP opener began to speak was not read: it was not
                                captured, or is still to come. */
    FACT_STALLED = 512 /* A connection that worked, then the opener repeated its last
                          segment again and again. */
};

/* One cell: attempts that are alike in all of the key. */
struct cell_key {
    struct addr client, server; /* The opener, and the other end. */
    struct addr by;             /* Who sent the ICMP error, else ::. */
    uint32_t names[2];          /* Read in the flow itself; 0: none. */
    uint32_t slot;              /* Of the first packet: minutes since 1970. */
    uint16_t client_port;       /* 0 where it is an ephemeral one. */
    uint16_t server_port;
    uint16_t name_port;    /* Of the target behind a proxy, else 0. */
    uint16_t facts;        /* enum attempt_fact */
    uint8_t sources[2];    /* enum name_source */
    uint8_t name_flags[2]; /* enum flow_name_flag */
    uint8_t proto;
    uint8_t basis;    /* enum opener_basis */
    uint8_t sign;     /* enum attempt_sign */
    uint8_t repeats;  /* Times the same was sent, at most 5. */
    uint8_t span_s;   /* Seconds from first to last repetition: 0, 1, 2, 3, 5, 10, 32 */
    uint8_t waited_s; /* Seconds from first of them to the end: 4, 60, 120, too */
    uint8_t icmp_type, icmp_code;
    uint8_t rst_ttl;
    uint8_t payload; /* enum payload_kind of the opener's first payload. */
    uint8_t check;   /* enum check_result */
    uint8_t zero;
    uint16_t source; /* The capture point: number of the tap << 8 | interface. */
};

struct cell {
    struct cell_key key;
    uint64_t attempts;
    uint64_t packets[2], bytes[2]; /* From the client, from the server. */
    uint64_t copies;
    uint64_t acked_unseen; /* Attempts of which a packet that came was not captured. */
    uint32_t idle_s; /* Longest silence before repetitions that nothing answered. */
    int64_t first_ns, last_ns;
    uint32_t frames[CELL_FRAMES]; /* Lowest first; 0 where there are fewer. */
    uint16_t ports[4];            /* Some of the ephemeral client ports. */
};

/* The key that the attempt of 'piece' has, had its source captured until 'end_ns'. */
struct cell_key attempt_of(const struct piece *piece, int64_t end_ns);

/* The cell of one piece alone. */
struct cell cell_of(const struct piece *piece, int64_t end_ns);

#endif
