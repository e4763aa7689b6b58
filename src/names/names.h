/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Parsers of the messages that tell who a peer is: DNS, the TLS ClientHello, the
 * head of an HTTP request, DHCP.
 *
 * Each takes bytes and gives facts; none keeps state, allocates, or knows flows.
 * Names are given in lower case without a final dot, terminated, at most NAME_MAX_LEN
 * long, and only with bytes that a host name may hold: letters, digits, '-', '_' and
 * single dots between labels; an IPv6 literal keeps its brackets.  A name with another
 * byte is no name, and stands as "".
 *
 * All input is hostile.  No library is used because none of those at hand reads such
 * bytes in place: they copy, allocate for each message, or want a whole connection.
 */
#ifndef NAMES_NAMES_H
#define NAMES_NAMES_H

#include "base/addr.h"
#include "base/cursor.h"

enum {
    NAME_MAX_LEN = 255,
    DNS_MAX_ADDRESSES = 32, /* Addresses of one answer that are kept. */
    DNS_MAX_CHAIN = 16,     /* CNAMEs that are followed. */
    HELLO_MAX_LEN = 16384,  /* A ClientHello of this many bytes is read whole. */
    HTTP_MAX_HEAD = 8192    /* Bytes of a head that are looked at. */
};

enum parse_result {
    PARSE_OK,
    PARSE_MORE, /* So far right, and more bytes are needed. */
    PARSE_NOT   /* Not such a message, or a broken one. */
};

/* One DNS message (RFC 1035, EDNS of RFC 6891): its one question, and the addresses
 * that the question's name leads to through the answer's CNAMEs. */
struct dns_message {
    char name[NAME_MAX_LEN + 1]; /* The question's name: the name of a policy. */
    uint16_t id;
    uint16_t type; /* 1 A, 28 AAAA, 65 HTTPS, ... */
    bool response;
    bool truncated;
    uint16_t rcode; /* With the upper bits of EDNS (RFC 6891 6.1.3). */
    bool partial; /* The capture or a fault cut the answer: addresses may be missing. */
    struct addr addresses[DNS_MAX_ADDRESSES];
    size_t n_addresses;
    uint32_t ttl; /* Smallest of the answer's address records, seconds. */
};

/* Reads one message: a UDP payload, or what dns_stream_next() gave.  PARSE_NOT where
 * the question is not whole, for other opcodes than QUERY, and for what is no DNS; the
 * first tests are cheap, so that any datagram may be tried.  Never PARSE_MORE.  Of
 * several questions the first counts; without one the name is "". */
enum parse_result dns_parse(struct cursor message, struct dns_message *out);

/* DNS over TCP (RFC 1035 4.2.2): takes the next whole message off '*stream'.  False:
 * more bytes are needed, and nothing is taken. */
bool dns_stream_next(struct cursor *stream, struct cursor *message);

/* What is in a ClientHello (RFC 8446 4.1.2). */
struct tls_hello {
    char sni[NAME_MAX_LEN + 1]; /* "" without the extension. */
    bool ech; /* encrypted_client_hello (65037) is there, or GREASE. */
};

/* Reads a ClientHello from the first bytes that a client sent, records (RFC 8446 5.1)
 * and their joints included.  PARSE_MORE: give again with more bytes.  PARSE_OK comes
 * with the last byte of the hello.  An SSLv2-compatible hello is PARSE_NOT: it cannot
 * carry a name. */
enum parse_result tls_hello_parse(struct cursor stream, struct tls_hello *out);

/* Reads the handshake message itself, without records: what QUIC's CRYPTO frames
 * carry. */
enum parse_result tls_hello_message_parse(struct cursor message, struct tls_hello *out);

/* Reads the ClientHello that a datagram begins with, records included: DTLS 1.0 to 1.3.
 * PARSE_NOT also for one in several fragments, which only post-quantum keys need. Never
 * PARSE_MORE. */
enum parse_result dtls_hello_parse(struct cursor datagram, struct tls_hello *out);

/* An alert that was sent in the clear (RFC 8446 6, RFC 5246 7.2). */
struct tls_alert {
    bool fatal;
    uint8_t description; /* 40 handshake_failure, 48 unknown_ca, ... */
};

/* Reads an unencrypted alert record that 'stream' begins with.  Encrypted ones are
 * longer, or of another type, and PARSE_NOT. */
enum parse_result tls_alert_parse(struct cursor stream, struct tls_alert *out);

struct http_request {
    char method[16];
    char host[NAME_MAX_LEN + 1]; /* Host header or authority of the target; no port. */
    bool connect;                /* CONNECT: the target lies behind a proxy. */
    bool absolute;               /* An absolute URI: likewise. */
    uint16_t port;               /* Of the target where it is written, else 0. */
    bool generate_204;           /* /generate_204 or /gen_204: Android's probe. */
};

/* Reads the head of an HTTP/1 request (RFC 9112).  PARSE_OK as soon as all members are
 * known: with the Host line, with the request line where that names the host, at the
 * end of the head, or after HTTP_MAX_HEAD bytes of it. */
enum parse_result http_request_parse(struct cursor stream, struct http_request *out);

struct http_response {
    uint16_t status;
    bool has_body; /* Content-Length above 0, or a transfer coding. */
};

/* PARSE_OK at the end of the head, or after HTTP_MAX_HEAD bytes of it. */
enum parse_result http_response_parse(struct cursor stream, struct http_response *out);

enum { DHCP_MAX_SERVERS = 4, DHCP_PARAMETERS = 64 };

/* A DHCP message (RFC 2131, 2132).  Addresses are unspecified (::) where absent. */
struct dhcp_message {
    uint8_t type;     /* Option 53: 1 DISCOVER, 2 OFFER, 3 REQUEST, 5 ACK, 6 NAK, ... */
    bool from_server; /* op 2. */
    struct mac chaddr;
    struct addr client;                      /* ciaddr */
    struct addr your;                        /* yiaddr */
    struct addr relay;                       /* giaddr */
    struct addr requested;                   /* Option 50. */
    struct addr server_id;                   /* Option 54. */
    uint8_t mask_bits;                       /* Option 1 as a length; 0 where absent. */
    struct addr routers[DHCP_MAX_SERVERS];   /* Option 3. */
    struct addr resolvers[DHCP_MAX_SERVERS]; /* Option 6. */
    struct addr ntp[DHCP_MAX_SERVERS];       /* Option 42. */
    uint8_t n_routers, n_resolvers, n_ntp;
    char host_name[64];                  /* Option 12, printable bytes only. */
    char vendor_class[64];               /* Option 60. */
    uint8_t parameters[DHCP_PARAMETERS]; /* Option 55. */
    uint8_t n_parameters;
};

/* Option 52 (overload) is followed.  A message that was cut is read up to there, if its
 * type (option 53) stands before the cut; BOOTP without a type is PARSE_NOT. */
enum parse_result dhcp_parse(struct cursor message, struct dhcp_message *out);

#endif
