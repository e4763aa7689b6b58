/* SPDX-License-Identifier: BSD-3-Clause
 *
 * QUIC's long headers: RFC 9000 17.2.  QUIC libraries open packets only as one end of a
 * connection, with all of its state; the cryptography is libgcrypt's, in quic_keys.c.
 */
#include "names/quic_packet.h"

enum {
    FORM_LONG = 0x80,
    FIXED_BIT = 0x40,
    /* A packet number, and from its fourth byte on the sample of RFC 9001 5.4.2. */
    BODY_MIN_LEN = 20
};

static const uint32_t version_2 = 0x6b3343cf; /* RFC 9369 3.1 */

bool quic_varint(struct cursor *c, uint64_t *out)
{
    const uint8_t *p;

    if (c->left == 0 || !cursor_take(c, (size_t)1 << (c->at[0] >> 6), &p)) {
        return false;
    }
    uint64_t value = p[0] & 0x3f;
    for (size_t i = 1; i < (size_t)1 << (p[0] >> 6); i++) {
        value = value << 8 | p[i];
    }
    *out = value;
    return true;
}

static bool take_counted(struct cursor *c, uint64_t n, struct cursor *out)
{
    if (n > c->left) {
        return false;
    }
    *out = cursor_first(*c, (size_t)n);
    return cursor_skip(c, (size_t)n);
}

static bool take_cid(struct cursor *c, struct cursor *out)
{
    uint8_t len;

    return cursor_u8(c, &len) && len <= QUIC_CID_MAX && take_counted(c, len, out);
}

/* The two type bits; version 2 moved each on by one (RFC 9369 3.2). */
static enum quic_kind kind_of(uint8_t first, uint32_t version)
{
    static const enum quic_kind kinds[] = {QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE,
                                           QUIC_RETRY};
    unsigned type = first >> 4 & 3u;

    if (version == 0) {
        return QUIC_VERSION_NEGOTIATION;
    }
    if (!quic_version_is_known(version) || !(first & FIXED_BIT)) {
        return QUIC_OTHER_VERSION;
    }
    return kinds[version == version_2 ? (type + 3) % 4 : type];
}

/*      0 1 2 3 4 5 6 7
 *     +-+-+-+-+-+-+-+-+
 *   0 |1|1|typ| ......|  then version (4), length and DCID, length and SCID (RFC 8999)
 *     +-+-+-+-+-+-+-+-+
 */
enum quic_kind quic_long_header(struct cursor *c, struct quic_packet *out)
{
    struct cursor scid;
    uint8_t first;

    *out = (struct quic_packet){.kind = QUIC_NONE, .header = *c};
    if (!cursor_u8(c, &first) || !(first & FORM_LONG) ||
        !cursor_be32(c, &out->version) || !take_cid(c, &out->dcid) ||
        !take_cid(c, &scid)) {
        return QUIC_NONE;
    }
    out->kind = kind_of(first, out->version);
    return out->kind;
}

bool quic_packet_next(struct cursor *datagram, struct quic_packet *out)
{
    struct cursor c = *datagram, token;
    uint64_t len;

    switch (quic_long_header(&c, out)) {
    case QUIC_NONE:
    case QUIC_RETRY:
    case QUIC_VERSION_NEGOTIATION:
    case QUIC_OTHER_VERSION:
        return false; /* These have no length: they fill their datagram. */
    case QUIC_INITIAL:
        if (!quic_varint(&c, &len) || !take_counted(&c, len, &token)) {
            return false;
        }
        break;
    case QUIC_ZERO_RTT:
    case QUIC_HANDSHAKE:
        break;
    }
    if (!quic_varint(&c, &len) || len < BODY_MIN_LEN) {
        return false;
    }
    out->header.left -= c.left;
    if (!take_counted(&c, len, &out->body)) {
        return false;
    }
    *datagram = c;
    return true;
}

enum quic_kind quic_kind(struct cursor datagram)
{
    struct quic_packet packet;

    return quic_long_header(&datagram, &packet);
}

bool quic_is_initial(struct cursor datagram)
{
    struct quic_packet packet;

    return quic_packet_next(&datagram, &packet) && packet.kind == QUIC_INITIAL;
}
