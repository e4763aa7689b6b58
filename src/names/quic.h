/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ClientHello inside QUIC Initial packets: RFC 9000 17.2, RFC 9001 5, versions 1
 * and 2 (RFC 9369), drafts 23 to 34.
 *
 * The keys of Initial packets come from the connection id that the client chose for its
 * first one, so whoever sees that packet can read them.  A hello is longer than one
 * datagram where it has post-quantum key shares, and some clients shuffle its pieces:
 * they are put together in storage of the caller.
 *
 * What it leaves out: gQUIC (Q0xx), whose hello is no TLS; the server's packets;
 * datagrams that a snaplen cut, since their authentication tag is gone.
 */
#ifndef NAMES_QUIC_H
#define NAMES_QUIC_H

#include "names/names.h"

enum {
    QUIC_CID_MAX = 20,
    QUIC_MAX_RANGES = 64 /* Pieces of a hello that do not touch each other. */
};

enum quic_kind {
    QUIC_NONE, /* No long header. */
    QUIC_INITIAL,
    QUIC_ZERO_RTT,
    QUIC_HANDSHAKE,
    QUIC_RETRY,
    QUIC_VERSION_NEGOTIATION,
    QUIC_OTHER_VERSION /* A long header that only the version's makers can read. */
};

/* Keys of RFC 9001 5.1 for one direction. */
struct quic_keys {
    uint8_t key[16], iv[12], hp[16];
};

/* What a client sent of its hello so far.  All zero: nothing.  Needs no release. */
struct quic_crypto {
    struct quic_keys keys;
    bool has_keys;
    uint8_t n_ranges;
    struct {
        uint16_t begin, end;
    } ranges[QUIC_MAX_RANGES]; /* Of 'bytes' that are there; in order, apart. */
    uint8_t bytes[HELLO_MAX_LEN];
};

/* What the first packet of a datagram is, by its header alone. */
enum quic_kind quic_kind(struct cursor datagram);

/* Is it worth while to give this datagram to quic_initial_parse()?  Cheap. */
bool quic_is_initial(struct cursor datagram);

/* Reads the Initial packets of one datagram from the client.  PARSE_OK: the hello is
 * whole and in '*out'.  PARSE_MORE: give the client's next datagram with the same
 * 'state'.  PARSE_NOT: no Initial packet here could be opened, or what was in it is no
 * hello; 'state' stays usable. */
enum parse_result quic_initial_parse(struct cursor datagram, struct quic_crypto *state,
                                     struct tls_hello *out);

#endif
