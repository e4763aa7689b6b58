/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How an access point hands frames to its controller: CAPWAP and its elder LWAPP.
 * Control channels (ports 5246 and 12223) are ordinary flows.
 */
#include "decode/walk.h"

/* CAPWAP, RFC 5415 4.3.
 *
 *      0   4    8     13    18    23        29    32
 *     +---+----+-----+-----+-----+---------+-----+
 *   0 |ver|type|hlen | rid |wbid |T F L W M|K    |
 *     +---+----+-----+-----+-----+-+-------+-----+
 *   4 |   fragment id    |   offset    |         |
 *     +------------------+-------------+---------+
 *   8 |   radio MAC if M, wireless information if W; hlen words of 4 bytes in all
 *
 * Type 1 is DTLS: encrypted.  T: a frame of the medium 'wbid' (1 is 802.11), else
 * 802.3.  F: a fragment.  These are not put together: of the first, at offset 0, what
 * is inside is told as far as it goes; of the others the tunnel's own packet stays. K:
 * keep-alive. */
enum {
    CAPWAP_HEADER_LEN = 8,
    CAPWAP_TYPE_DTLS = 1,
    CAPWAP_NATIVE = 0x01,    /* T, in byte 2. */
    CAPWAP_FRAGMENT = 0x80,  /* F, in byte 3. */
    CAPWAP_KEEPALIVE = 0x08, /* K, in byte 3. */
    CAPWAP_OFFSET = 0xfff8,  /* In bytes 6 and 7. */
    CAPWAP_80211 = 1
};

enum decode_result decode_capwap(struct walk *w)
{
    const uint8_t *h;

    if (w->in.left == 0) {
        return walk_short(w, 1);
    }
    if (w->in.at[0] >> 4 != 0) {
        return DECODE_BAD_VERSION;
    }
    if ((w->in.at[0] & 15) == CAPWAP_TYPE_DTLS) {
        return DECODE_ENCRYPTED_TUNNEL;
    }
    if (!walk_take(w, CAPWAP_HEADER_LEN, &h)) {
        return walk_short(w, CAPWAP_HEADER_LEN);
    }

    size_t header_len = (size_t)(h[1] >> 3) * 4;
    if (header_len < CAPWAP_HEADER_LEN || (h[0] & 15) != 0) {
        return DECODE_BAD_HEADER;
    }
    if ((h[3] & CAPWAP_KEEPALIVE) ||
        ((h[3] & CAPWAP_FRAGMENT) && (load_be16(h + 6) & CAPWAP_OFFSET) != 0)) {
        return walk_end_link(w);
    }
    w->partial |= (h[3] & CAPWAP_FRAGMENT) != 0;
    if (!walk_skip(w, header_len - CAPWAP_HEADER_LEN)) {
        return walk_short(w, header_len - CAPWAP_HEADER_LEN);
    }
    walk_name(w, ENCAP_CAPWAP);
    if (!(h[2] & CAPWAP_NATIVE)) {
        return walk_on(w, LAYER_ETHERNET);
    }
    return (h[2] >> 1 & 0x1f) == CAPWAP_80211 ? walk_on(w, LAYER_WIFI_TUNNELED)
                                              : DECODE_UNKNOWN_TYPE;
}

/* LWAPP, RFC 5412 3.3.
 *
 *     0               1             2        4      5     6
 *    +---------------+-------------+--------+------+-----+---
 *    |ver rid C F L  | fragment id | length | rssi | snr | 802.11 frame
 *    +---------------+-------------+--------+------+-----+---
 *
 * C: control.  F: a fragment. */
enum { LWAPP_HEADER_LEN = 6, LWAPP_CONTROL = 0x04, LWAPP_FRAGMENT = 0x02 };

enum decode_result decode_lwapp(struct walk *w)
{
    const uint8_t *h;

    if (!walk_take(w, LWAPP_HEADER_LEN, &h)) {
        return walk_short(w, LWAPP_HEADER_LEN);
    }
    if (h[0] >> 6 != 0 || (h[0] & (LWAPP_CONTROL | LWAPP_FRAGMENT))) {
        return DECODE_BAD_HEADER;
    }
    walk_name(w, ENCAP_LWAPP);
    return walk_on(w, LAYER_WIFI_TUNNELED);
}
