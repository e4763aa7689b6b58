/* SPDX-License-Identifier: BSD-3-Clause
 *
 * IEEE 802.11 data frames.  Management and control frames say nothing of IP; a frame
 * with the protected bit is encrypted, and is counted as such.
 *
 * Fragments of a frame are not put together.  The fragment number is not asked: some
 * controllers swap its two bytes.  A later fragment has no LLC header, which tells.
 */
#include "decode/walk.h"

enum {
    WIFI_HEADER_LEN = 24,
    WIFI_QOS_LEN = 2,
    WIFI_HT_LEN = 4,
    SUBFRAME_HEADER_LEN = 14
};

/* First byte of frame control: version, type, subtype; second byte: flags. */
enum {
    WIFI_VERSION_TYPE = 0x0f,
    WIFI_DATA = 0x08,
    WIFI_NO_DATA = 0x40,
    WIFI_QOS = 0x80,
    WIFI_TO_DS = 0x01,
    WIFI_FROM_DS = 0x02,
    WIFI_BOTH_DS = 0x03,
    WIFI_PROTECTED = 0x40,
    WIFI_ORDER = 0x80,
    WIFI_AMSDU = 0x80 /* In the QoS control. */
};

/* Bytes of the MAC header of a data frame. */
static size_t header_len(uint8_t type, uint8_t flags)
{
    size_t len = WIFI_HEADER_LEN;

    if ((flags & WIFI_BOTH_DS) == WIFI_BOTH_DS) {
        len += MAC_LEN;
    }
    if (type & WIFI_QOS) {
        len += WIFI_QOS_LEN + (flags & WIFI_ORDER ? (size_t)WIFI_HT_LEN : 0);
    }
    return len;
}

/* Who sent it and who is to have it, by table 9-30 of IEEE 802.11-2020. */
static void read_addresses(struct walk *w, const uint8_t *h, uint8_t flags)
{
    const uint8_t *addr1 = h + 4, *addr2 = h + 10, *addr3 = h + 16, *addr4 = h + 24;

    w->dst_mac = flags & WIFI_TO_DS ? addr3 : addr1;
    switch (flags & WIFI_BOTH_DS) {
    case WIFI_BOTH_DS:
        w->src_mac = addr4;
        break;
    case WIFI_FROM_DS:
        w->src_mac = addr3;
        break;
    default:
        w->src_mac = addr2;
        break;
    }
}

/* An A-MSDU, IEEE 802.11-2020 9.3.2.2: several frames behind one header, each but the
 * last padded to four bytes.
 *
 *     0            6            12       14
 *    +------------+------------+--------+---------
 *    | destination|   source   | length | LLC ...
 *    +------------+------------+--------+---------
 */
bool wifi_next_subframe(struct walk *w)
{
    const uint8_t *h;
    struct walk sub;

    if (w->subframes.left < SUBFRAME_HEADER_LEN) {
        return false;
    }
    sub = *w;
    sub.in = w->subframes;
    sub.wire = w->subframes_wire;
    if (!walk_take(&sub, SUBFRAME_HEADER_LEN, &h)) {
        return false;
    }

    size_t len = load_be16(h + 12);
    size_t padded = (SUBFRAME_HEADER_LEN + len + 3) / 4 * 4;
    if (len > sub.wire) {
        return false;
    }
    *w = sub;
    w->dst_mac = h;
    w->src_mac = h + MAC_LEN;
    w->n_encap = w->subframes_encap;
    walk_narrow(w, len);
    w->next = LAYER_LLC;
    if (!cursor_skip(&w->subframes, padded)) {
        w->subframes.left = 0;
    }
    w->subframes_wire -= padded < w->subframes_wire ? padded : w->subframes_wire;
    return true;
}

static enum decode_result decode_aggregate(struct walk *w)
{
    w->subframes = w->in;
    w->subframes_wire = w->wire;
    w->subframes_encap = w->n_encap;
    if (w->in.left < SUBFRAME_HEADER_LEN) {
        return walk_short(w, SUBFRAME_HEADER_LEN);
    }
    return wifi_next_subframe(w) ? DECODE_OK : DECODE_BAD_LENGTH;
}

/* An 802.11 frame, IEEE 802.11-2020 9.2.3, with its frame control given.
 *
 *     0    2    4   10   16   22   24   30   32   36
 *    +----+----+----+----+----+----+----+----+----+---
 *    | fc |dur.| a1 | a2 | a3 |seq | a4 |qos |ht  | content
 *    +----+----+----+----+----+----+----+----+----+---
 *                                   `- if both DS bits, QoS subtype, order bit
 */
static enum decode_result wifi(struct walk *w, uint8_t type, uint8_t flags)
{
    const uint8_t *h;

    w->type = 0;
    if ((type & WIFI_VERSION_TYPE) != WIFI_DATA || (type & WIFI_NO_DATA)) {
        return type & 3 ? DECODE_BAD_HEADER : walk_end_link(w);
    }

    size_t len = header_len(type, flags);
    size_t pad = w->wifi_padded ? (4 - len % 4) % 4 : 0;
    if (!walk_take(w, len, &h)) {
        return walk_short(w, len);
    }
    if (!walk_skip(w, pad)) {
        return walk_short(w, pad);
    }
    read_addresses(w, h, flags);
    if (flags & WIFI_PROTECTED) {
        return DECODE_ENCRYPTED_WIFI;
    }
    w->vlan = 0;
    walk_name(w, ENCAP_WIFI);

    const uint8_t *qos = h + ((flags & WIFI_BOTH_DS) == WIFI_BOTH_DS ? 30 : 24);
    if ((type & WIFI_QOS) && (qos[0] & WIFI_AMSDU)) {
        return decode_aggregate(w);
    }
    return walk_on(w, LAYER_LLC);
}

enum decode_result decode_wifi(struct walk *w)
{
    if (w->in.left < 2) {
        return walk_short(w, 2);
    }
    return wifi(w, w->in.at[0], w->in.at[1]);
}

/* Inside a controller's tunnel some access points send the two bytes of frame control
 * swapped.  Of the orders, the one is taken that makes it a data frame. */
enum decode_result decode_wifi_tunneled(struct walk *w)
{
    if (w->in.left < 2) {
        return walk_short(w, 2);
    }

    uint8_t first = w->in.at[0], second = w->in.at[1];
    bool swapped = (first & WIFI_VERSION_TYPE) != WIFI_DATA &&
                   (second & WIFI_VERSION_TYPE) == WIFI_DATA;
    return swapped ? wifi(w, second, first) : wifi(w, first, second);
}
