/* SPDX-License-Identifier: BSD-3-Clause
 *
 * STUN: RFC 8489; the methods of TURN: RFC 8656; the attributes of ICE: RFC 8445.
 *
 * What it leaves out: integrity, credentials, addresses that a relay gives, and STUN
 * without the magic cookie (RFC 3489).
 */
#include "voice/voice.h"

enum {
    HEADER_LEN = 20,
    COOKIE = 0x2112A442,
    ATTRIBUTE_MAPPED = 0x0001,
    ATTRIBUTE_XOR_MAPPED = 0x0020,
    ATTRIBUTE_PRIORITY = 0x0024,
    ATTRIBUTE_USE_CANDIDATE = 0x0025,
    ATTRIBUTE_ICE_CONTROLLED = 0x8029,
    ATTRIBUTE_ICE_CONTROLLING = 0x802A,
    METHOD_ALLOCATE = 3,
    METHOD_CHANNEL_BIND = 9,
    METHOD_SHARED_SECRET = 5, /* Was never of TURN. */
    FAMILY_V4 = 1,
    FAMILY_V6 = 2
};

/* 'mask' is the cookie and the transaction id, or NULL: XOR with them hides the address
 * from NATs that rewrite addresses in payloads (RFC 8489 14.2). */
static void mapped_read(struct cursor value, const uint8_t *mask,
                        struct stun_message *out)
{
    const uint8_t *p, *a;
    uint8_t bytes[16];
    size_t len;

    if (!cursor_take(&value, 4, &p) || (p[1] != FAMILY_V4 && p[1] != FAMILY_V6)) {
        return;
    }
    len = p[1] == FAMILY_V4 ? 4 : 16;
    if (!cursor_take(&value, len, &a)) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        bytes[i] = mask ? a[i] ^ mask[i] : a[i];
    }
    out->has_mapped = true;
    out->mapped = len == 4 ? addr_from_v4(bytes) : addr_from_v6(bytes);
    out->mapped_port = load_be16(p + 2);
    if (mask) {
        out->mapped_port ^= load_be16(mask);
    }
}

static bool attribute_read(struct cursor *c, const uint8_t *mask,
                           struct stun_message *out)
{
    const uint8_t *p;
    size_t len;

    if (!cursor_take(c, 4, &p)) {
        return false;
    }
    len = load_be16(p + 2);
    if (len > c->left) {
        return false;
    }
    switch (load_be16(p)) {
    case ATTRIBUTE_XOR_MAPPED:
        mapped_read(cursor_first(*c, len), mask, out);
        break;
    case ATTRIBUTE_MAPPED:
        if (!out->has_mapped) {
            mapped_read(cursor_first(*c, len), NULL, out);
        }
        break;
    case ATTRIBUTE_PRIORITY:
    case ATTRIBUTE_USE_CANDIDATE:
    case ATTRIBUTE_ICE_CONTROLLED:
    case ATTRIBUTE_ICE_CONTROLLING:
        out->ice = true;
        break;
    default:
        break;
    }
    return cursor_skip(c, (len + 3) & ~(size_t)3);
}

/* The class has two bits among those of the method (RFC 8489 5). */
static void type_read(unsigned type, struct stun_message *out)
{
    out->class = (enum stun_class)((type >> 4 & 1) | (type >> 7 & 2));
    out->method = (uint16_t)((type & 0x0f) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
    out->turn = out->method >= METHOD_ALLOCATE && out->method <= METHOD_CHANNEL_BIND &&
                out->method != METHOD_SHARED_SECRET;
}

/*      0                   1                   2                   3
 *     +---+---------------------------+-------------------------------+
 *   0 |0 0|     type                  |   length behind the header    |
 *   4 |                         magic cookie                          |
 *   8 |                 transaction id (96 bits)                      |
 *     +---------------------------------------------------------------+
 */
enum parse_result stun_parse(struct cursor datagram, struct stun_message *out)
{
    struct stun_message m = {0};
    const uint8_t *p;

    if (!cursor_take(&datagram, HEADER_LEN, &p) || p[0] >> 6 != 0 ||
        load_be32(p + 4) != COOKIE || load_be16(p + 2) != datagram.left ||
        datagram.left % 4 != 0) {
        return PARSE_NOT;
    }
    type_read(load_be16(p), &m);
    while (datagram.left > 0) {
        if (!attribute_read(&datagram, p + 4, &m)) {
            return PARSE_NOT;
        }
    }
    *out = m;
    return PARSE_OK;
}
