/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Parsers of what phones speak to call: SIP, SDP, RTP, RTCP, STUN.
 *
 * Each takes bytes and gives facts; none keeps state, allocates, or knows flows.  All
 * input is hostile.  Cursors in a result are views into the input.
 *
 * Users, display names and other texts that tell who calls whom are not given out: what
 * is never read can not be printed.  Host names in Via, Contact and SDP are not given
 * either, only addresses: nothing here may trust a name that it did not resolve.
 *
 * SIP libraries build a tree of objects for each message and take whole ones only; SDP
 * and RTP libraries come with media stacks.  A dozen fields are wanted here, also from
 * a message that was cut.
 */
#ifndef VOICE_VOICE_H
#define VOICE_VOICE_H

#include "base/addr.h"
#include "base/cursor.h"
#include "names/names.h"

enum {
    SIP_MAX_LINE = 8192, /* Bytes of a start line that may still be one. */
    SIP_MAX_LEN = 65536, /* A message in a stream is believed up to this length. */
    SDP_MAX_MEDIA = 8,   /* m= lines that are kept. */
    RTCP_MAX_REPORTS = 4 /* Report blocks that are kept. */
};

enum sip_method {
    SIP_OTHER,
    SIP_REGISTER,
    SIP_INVITE,
    SIP_ACK,
    SIP_BYE,
    SIP_CANCEL,
    SIP_OPTIONS,
    SIP_PRACK,
    SIP_UPDATE,
    SIP_SUBSCRIBE,
    SIP_NOTIFY,
    SIP_REFER,
    SIP_MESSAGE,
    SIP_METHODS
};

/* An address and port as a message writes them. */
struct sip_host {
    bool written;     /* There was one, be it a name. */
    bool has_addr;    /* It is an address. */
    struct addr addr; /* ::, if it is none. */
    uint16_t port;    /* 0: none is written. */
};

/* One SIP message (RFC 3261). */
struct sip_message {
    bool response;
    uint16_t status;        /* Of a response: 100 to 699; else 0. */
    enum sip_method method; /* Of a response that of its CSeq. */
    uint32_t cseq;
    struct cursor call_id;
    struct sip_host via;      /* sent-by of the topmost Via. */
    struct sip_host received; /* received= of the topmost Via, and rport='s value. */
    struct sip_host contact;  /* Of the first Contact. */
    struct cursor user;       /* To's URI, without parameters.  Never to be shown. */
    bool has_credentials;     /* Authorization or Proxy-Authorization. */
    bool has_expires;
    uint32_t expires; /* Of the Expires line. */
    bool partial;     /* The head or the body does not end here. */
    bool has_sdp;
    struct cursor sdp; /* The body, or its part, that is an SDP. */
    size_t body_len;   /* By Content-Length; else what is there. */
};

/* Reads one message: a datagram, or what sip_stream_next() gave.  PARSE_OK where start
 * line, CSeq and Call-ID are whole, so that a first fragment can be read; 'partial'
 * then says that something is missing.  Never PARSE_MORE. */
enum parse_result sip_parse(struct cursor message, struct sip_message *out);

/* Do these bytes begin with a whole start line of SIP? */
bool sip_begins(struct cursor stream);

/* SIP over TCP (RFC 3261 18.3): takes the next whole message off '*stream', with the
 * empty lines before it, which keep connections open (RFC 5626 3.5.1).  PARSE_MORE: the
 * message is not whole; '*stream' then begins with it, so an empty one had only empty
 * lines.  PARSE_NOT: no message begins here. */
enum parse_result sip_stream_next(struct cursor *stream, struct cursor *message);

enum sdp_kind { SDP_AUDIO, SDP_VIDEO, SDP_OTHER_MEDIA };

/* Who may send, seen from whoever wrote the SDP (RFC 4566 6). */
enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

struct sdp_media {
    enum sdp_kind kind;
    enum sdp_direction direction; /* SDP_INACTIVE also for the address 0.0.0.0. */
    bool rtp;                     /* RTP/AVP and its kin, not UDPTL or TCP. */
    bool secure;                  /* SRTP: SAVP, SAVPF. */
    bool mux;                     /* a=rtcp-mux: RTCP comes to 'port' (RFC 5761). */
    struct addr addr;             /* ::, where a name is written or nothing. */
    uint16_t port;                /* 0: refused (RFC 3264 6). */
    struct addr rtcp_addr;
    uint16_t rtcp_port; /* a=rtcp (RFC 3605), else port + 1; 0 with port 0. */
};

struct sdp {
    struct sdp_media media[SDP_MAX_MEDIA];
    size_t n_media;
    bool ice;     /* a=candidate, a=ice-ufrag (RFC 8839). */
    bool partial; /* Cut, or more m= lines than are kept. */
};

/* Reads a session description (RFC 4566).  'cut' says that bytes are missing behind it:
 * the last line then counts only if its end is there.  Never PARSE_MORE. */
enum parse_result sdp_parse(struct cursor body, bool cut, struct sdp *out);

/* The head of one RTP packet (RFC 3550 5.1). */
struct rtp_packet {
    uint32_t ssrc, timestamp;
    uint16_t seq;
    uint8_t payload_type;
    size_t payload_len;
};

/* RTCP, and types that it could be taken for (RFC 5761 4), are PARSE_NOT. */
enum parse_result rtp_parse(struct cursor datagram, struct rtp_packet *out);

/* What one end says of what it hears (RFC 3550 6.4). */
struct rtcp_report {
    uint32_t ssrc; /* Whom it hears. */
    uint32_t highest_seq;
    int32_t lost;          /* Packets, since the start; negative with copies. */
    uint8_t fraction_lost; /* Of 256, since the last report. */
};

struct rtcp_packet {
    uint32_t ssrc;
    bool reporting; /* A sender or receiver report is in it. */
    bool sending;   /* A sender report with packets sent. */
    bool bye;
    struct rtcp_report reports[RTCP_MAX_REPORTS];
    size_t n_reports; /* Blocks that are kept ... */
    size_t n_blocks;  /* ... and that were there. */
};

/* Reads a compound packet (RFC 3550 6.1).  All lengths must fit, which those of an
 * encrypted one (RFC 3711 3.4) do not. */
enum parse_result rtcp_parse(struct cursor datagram, struct rtcp_packet *out);

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

struct stun_message {
    enum stun_class class;
    uint16_t method;    /* 1 Binding, 3 Allocate, ... */
    bool turn;          /* A method of TURN (RFC 8656). */
    bool ice;           /* Attributes of ICE (RFC 8445 16). */
    bool has_mapped;    /* XOR-MAPPED-ADDRESS, MAPPED-ADDRESS. */
    struct addr mapped; /* How the server sees the client. */
    uint16_t mapped_port;
};

/* Reads a message with the magic cookie (RFC 8489).  Without it (RFC 3489) four bytes
 * of anything could be one: PARSE_NOT. */
enum parse_result stun_parse(struct cursor datagram, struct stun_message *out);

#endif
