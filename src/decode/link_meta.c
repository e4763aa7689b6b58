/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Headers that a capturing system puts before a frame: of radios (radiotap, PPI,
 * Prism, AVS), of macOS (PKTAP) and of the Linux packet filter (NFLOG).
 */
#include "decode/walk.h"

/* Radiotap, radiotap.org: little-endian.
 *
 *     0         1     2        4
 *    +---------+-----+--------+------------------+--------
 *    | 0       | pad | length | presence, words  | fields by presence, each aligned
 *    +---------+-----+--------+------------------+--------
 *                               bit 31: another word follows
 *
 * Of the fields only the flags count, which say that the frame's header is padded. */
enum {
    RADIOTAP_HEADER_LEN = 8,
    RADIOTAP_WORD = 4,
    RADIOTAP_HAS_TIME = 1,
    RADIOTAP_HAS_FLAGS = 2,
    RADIOTAP_TIME_LEN = 8,
    RADIOTAP_PADDED = 0x20
};

/* The flags field of the radiotap header 'h' of 'len' bytes, 0 if it has none. */
static uint8_t radiotap_flags(const uint8_t *h, size_t len)
{
    uint32_t present = load_le32(h + 4);
    size_t at = RADIOTAP_WORD;

    if (!(present & RADIOTAP_HAS_FLAGS)) {
        return 0;
    }
    while (at + RADIOTAP_WORD <= len && (load_le32(h + at) & 0x80000000u)) {
        at += RADIOTAP_WORD;
    }
    at += RADIOTAP_WORD;
    if (present & RADIOTAP_HAS_TIME) {
        at = (at + RADIOTAP_TIME_LEN - 1) / RADIOTAP_TIME_LEN * RADIOTAP_TIME_LEN +
             RADIOTAP_TIME_LEN;
    }
    return at < len ? h[at] : 0;
}

static enum decode_result decode_radiotap(struct walk *w)
{
    const uint8_t *h;

    if (w->in.left < RADIOTAP_HEADER_LEN) {
        return walk_short(w, RADIOTAP_HEADER_LEN);
    }

    size_t len = load_le16(w->in.at + 2);
    if (w->in.at[0] != 0) {
        return DECODE_BAD_VERSION;
    }
    if (len < RADIOTAP_HEADER_LEN) {
        return DECODE_BAD_LENGTH;
    }
    if (!walk_take(w, len, &h)) {
        return walk_short(w, len);
    }
    w->wifi_padded = (radiotap_flags(h, len) & RADIOTAP_PADDED) != 0;
    return walk_on(w, LAYER_WIFI);
}

/* Per-Packet Information: version, flags, length (16 bit), link type (32 bit), all
 * little-endian. */
static enum decode_result decode_ppi(struct walk *w)
{
    enum { PPI_LEN = 8 };
    const uint8_t *h;

    if (w->in.left < PPI_LEN) {
        return walk_short(w, PPI_LEN);
    }

    size_t len = load_le16(w->in.at + 2);
    if (w->in.at[0] != 0) {
        return DECODE_BAD_VERSION;
    }
    if (len < PPI_LEN || load_le32(w->in.at + 4) > UINT16_MAX) {
        return DECODE_BAD_HEADER;
    }
    if (!walk_take(w, len, &h)) {
        return walk_short(w, len);
    }
    w->link = (uint16_t)load_le32(h + 4);
    return walk_on(w, LAYER_LINK);
}

/* AVS: version 0x8021100x and length, both 32 bit in network order. */
enum { AVS_LEN = 8, AVS_LONGEST = 1024 };

static bool is_avs(const uint8_t *h)
{
    return (load_be32(h) & 0xfffff000u) == 0x80211000u;
}

static enum decode_result decode_avs(struct walk *w)
{
    if (w->in.left < AVS_LEN) {
        return walk_short(w, AVS_LEN);
    }

    size_t len = load_be32(w->in.at + 4);
    if (!is_avs(w->in.at) || len < AVS_LEN || len > AVS_LONGEST) {
        return DECODE_BAD_HEADER;
    }
    return walk_skip(w, len) ? walk_on(w, LAYER_WIFI) : walk_short(w, len);
}

/* Prism: message code 0x44 in the capturing host's order, then 140 bytes of numbers.
 * Some drivers write an AVS header under its link type. */
static enum decode_result decode_prism(struct walk *w)
{
    enum { PRISM_LEN = 144, PRISM_CODE = 0x44 };
    const uint8_t *h = w->in.at;

    if (w->in.left >= AVS_LEN && is_avs(h)) {
        return decode_avs(w);
    }
    if (!walk_take(w, PRISM_LEN, &h)) {
        return walk_short(w, PRISM_LEN);
    }
    if (load_le32(h) != PRISM_CODE && load_be32(h) != PRISM_CODE) {
        return DECODE_BAD_HEADER;
    }
    return walk_on(w, LAYER_WIFI);
}

/* PKTAP of macOS: length, kind of record, link type, each 32 bit little-endian, then
 * process names and the like. */
static enum decode_result decode_pktap(struct walk *w)
{
    enum { PKTAP_LEN = 12 };
    const uint8_t *h;

    if (w->in.left < PKTAP_LEN) {
        return walk_short(w, PKTAP_LEN);
    }

    size_t len = load_le32(w->in.at);
    if (len < PKTAP_LEN || load_le32(w->in.at + 8) > UINT16_MAX) {
        return DECODE_BAD_HEADER;
    }
    if (!walk_take(w, len, &h)) {
        return walk_short(w, len);
    }
    w->link = (uint16_t)load_le32(h + 8);
    return walk_on(w, LAYER_LINK);
}

/* NFLOG of Linux: family, version 0, id; then attributes of length and type in the
 * capturing host's order, each padded to four bytes; attribute 9 is the packet.
 *
 *     0        1   2         4        6      8
 *    +--------+---+---------+--------+------+--- ...
 *    | family | 0 |   id    | length | type | value
 *    +--------+---+---------+--------+------+--- ...
 */
enum {
    NFLOG_HEADER_LEN = 4,
    NFLOG_ATTRIBUTE_LEN = 4,
    NFLOG_PACKET = 9,
    NFLOG_TYPES = 256,
    NFLOG_INET = 2,
    NFLOG_INET6 = 10
};

/* Narrows the walk to the attribute that is the packet. */
static enum decode_result nflog_find_packet(struct walk *w)
{
    const uint8_t *h;

    /* Ends because every round takes four bytes or more. */
    while (walk_take(w, NFLOG_ATTRIBUTE_LEN, &h)) {
        bool little = load_le16(h + 2) < NFLOG_TYPES;
        size_t len = little ? load_le16(h) : load_be16(h);
        uint16_t type = little ? load_le16(h + 2) : load_be16(h + 2);

        if (len < NFLOG_ATTRIBUTE_LEN) {
            return DECODE_BAD_LENGTH;
        }
        if (type == NFLOG_PACKET) {
            walk_narrow(w, len - NFLOG_ATTRIBUTE_LEN);
            return DECODE_OK;
        }

        size_t rest = (len + 3) / 4 * 4 - NFLOG_ATTRIBUTE_LEN;
        if (!walk_skip(w, rest)) {
            return walk_short(w, rest);
        }
    }
    return walk_short(w, NFLOG_ATTRIBUTE_LEN);
}

static enum decode_result decode_nflog(struct walk *w)
{
    const uint8_t *h;
    enum decode_result result;

    if (!walk_take(w, NFLOG_HEADER_LEN, &h)) {
        return walk_short(w, NFLOG_HEADER_LEN);
    }
    if (h[1] != 0) {
        return DECODE_BAD_VERSION;
    }
    if (h[0] != NFLOG_INET && h[0] != NFLOG_INET6) {
        return walk_end_link(w);
    }
    result = nflog_find_packet(w);
    return result == DECODE_OK ? walk_on(w, LAYER_IP) : result;
}

enum decode_result decode_link_meta(struct walk *w)
{
    switch (w->link) {
    case LINK_PRISM:
        return decode_prism(w);
    case LINK_RADIOTAP:
        return decode_radiotap(w);
    case LINK_AVS:
        return decode_avs(w);
    case LINK_PPI:
        return decode_ppi(w);
    case LINK_NFLOG:
        return decode_nflog(w);
    case LINK_PKTAP:
        return decode_pktap(w);
    default:
        return DECODE_UNKNOWN_LINK;
    }
}
