/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The packets of QUIC datagrams, and their protection: what quic.c builds on.
 */
#ifndef NAMES_QUIC_PACKET_H
#define NAMES_QUIC_PACKET_H

#include "names/quic.h"

enum { QUIC_PAYLOAD_MAX = 16384 };

/* One packet with a long header. */
struct quic_packet {
    enum quic_kind kind;
    uint32_t version;
    struct cursor dcid;
    struct cursor header; /* From the first byte to before the packet number. */
    struct cursor body;   /* Protected packet number, payload and tag. */
};

/* Reads a variable-length integer (RFC 9000 16). */
bool quic_varint(struct cursor *c, uint64_t *out);

/* Reads the header up to the connection ids.  QUIC_NONE: it is no long header. */
enum quic_kind quic_long_header(struct cursor *c, struct quic_packet *out);

/* Takes the next packet off a datagram (RFC 9000 12.2).  False: no further packet can
 * be told from what is left. */
bool quic_packet_next(struct cursor *datagram, struct quic_packet *out);

/* Is it known how the Initial keys of this version are made? */
bool quic_version_is_known(uint32_t version);

/* Makes the client's Initial keys from a connection id.  A version that exists to be
 * refused (RFC 9000 15) may use the salt of any other, so there are several ways,
 * counted from 0.  False: there is no such way. */
bool quic_keys_derive(uint32_t version, unsigned way, struct cursor cid,
                      struct quic_keys *out);

/* Takes the protection off.  '*payload' points into 'room'.  False: the keys do not
 * fit, or the packet is too long. */
bool quic_packet_open(const struct quic_packet *packet, const struct quic_keys *keys,
                      uint8_t room[static QUIC_PAYLOAD_MAX], struct cursor *payload);

#endif
