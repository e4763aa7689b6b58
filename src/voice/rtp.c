/* SPDX-License-Identifier: BSD-3-Clause
 *
 * RTP and RTCP: RFC 3550; which is which on one port: RFC 5761 4.
 *
 * What it leaves out: contents, header extensions, and all of RTCP but reports and
 * BYE.
 */
#include "voice/voice.h"

enum {
    VERSION = 2,
    RTP_HEADER_LEN = 12,
    RTCP_HEADER_LEN = 8,
    RTCP_LOWEST = 192, /* Second byte of an RTCP packet. */
    RTCP_HIGHEST = 223,
    SENDER_REPORT = 200,
    RECEIVER_REPORT = 201,
    BYE = 203,
    RTCP_FIRST = 200,
    RTCP_LAST = 207,
    SENDER_INFO_LEN = 20,
    AT_SENT_PACKETS = 12,
    REPORT_LEN = 24
};

/* Passes over the header extension (RFC 3550 5.3.1). */
static bool skip_extension(struct cursor *c)
{
    const uint8_t *p;

    return cursor_take(c, 4, &p) && cursor_skip(c, 4u * load_be16(p + 2));
}

/* The last byte of padding says how much there is, itself included. */
static bool drop_padding(struct cursor *c)
{
    size_t n = c->left > 0 ? c->at[c->left - 1] : 0;

    if (n == 0 || n > c->left) {
        return false;
    }
    c->left -= n;
    return true;
}

/*      0                   1                   2                   3
 *     +---+-+-+-------+-+-------------+-------------------------------+
 *   0 | 2 |P|X|   CC  |M|     PT      |            sequence           |
 *   4 |                           timestamp                           |
 *   8 |                             SSRC                              |
 *     +---------------------------------------------------------------+
 */
enum parse_result rtp_parse(struct cursor datagram, struct rtp_packet *out)
{
    const uint8_t *p;

    if (!cursor_take(&datagram, RTP_HEADER_LEN, &p) || p[0] >> 6 != VERSION ||
        (p[1] >= RTCP_LOWEST && p[1] <= RTCP_HIGHEST)) {
        return PARSE_NOT;
    }
    if (!cursor_skip(&datagram, 4u * (p[0] & 15)) ||
        ((p[0] & 0x10) && !skip_extension(&datagram)) ||
        ((p[0] & 0x20) && !drop_padding(&datagram))) {
        return PARSE_NOT;
    }
    *out = (struct rtp_packet){
        .payload_type = p[1] & 0x7f,
        .seq = load_be16(p + 2),
        .timestamp = load_be32(p + 4),
        .ssrc = load_be32(p + 8),
        .payload_len = datagram.left,
    };
    return PARSE_OK;
}

/* 24 bits with sign. */
static int32_t lost_of(uint32_t bits)
{
    return (bits & 0x800000) != 0 ? (int32_t)bits - 0x1000000 : (int32_t)bits;
}

static bool reports_read(struct cursor c, unsigned n, struct rtcp_packet *out)
{
    const uint8_t *p;

    for (unsigned i = 0; i < n; i++) {
        if (!cursor_take(&c, REPORT_LEN, &p)) {
            return false;
        }
        if (out->n_reports < RTCP_MAX_REPORTS) {
            out->reports[out->n_reports++] = (struct rtcp_report){
                .ssrc = load_be32(p),
                .fraction_lost = p[4],
                .lost = lost_of(load_be24(p + 5)),
                .highest_seq = load_be32(p + 8),
            };
        }
        out->n_blocks++;
    }
    return true;
}

/* 'c' is behind the header of a sender or receiver report. */
static bool report_read(struct cursor c, uint8_t type, unsigned n,
                        struct rtcp_packet *out)
{
    const uint8_t *p;

    if (type == SENDER_REPORT) {
        if (!cursor_take(&c, SENDER_INFO_LEN, &p)) {
            return false;
        }
        out->sending |= load_be32(p + AT_SENT_PACKETS) != 0;
    }
    out->reporting = true;
    return reports_read(c, n, out);
}

/*      0                   1                   2                   3
 *     +---+-+---------+---------------+-------------------------------+
 *   0 | 2 |P|  count  |      type     |   length, words less one      |
 *   4 |                        SSRC of the sender                     |
 *     +---------------------------------------------------------------+
 */
static bool packet_read(struct cursor *c, bool first, struct rtcp_packet *out)
{
    const uint8_t *p;
    struct cursor body;

    if (c->left < 4 || c->at[0] >> 6 != VERSION || c->at[1] < RTCP_FIRST ||
        c->at[1] > RTCP_LAST) {
        return false;
    }

    size_t len = 4u * (load_be16(c->at + 2) + 1u);
    if (len > c->left || (first && len < RTCP_HEADER_LEN)) {
        return false;
    }
    body = cursor_first(*c, len);
    cursor_skip(c, len);
    if (!cursor_take(&body, RTCP_HEADER_LEN, &p)) {
        return true; /* A BYE of nobody. */
    }
    out->ssrc = first ? load_be32(p + 4) : out->ssrc;
    out->bye |= p[1] == BYE;
    if (p[1] != SENDER_REPORT && p[1] != RECEIVER_REPORT) {
        return true;
    }
    return report_read(body, p[1], p[0] & 31, out);
}

enum parse_result rtcp_parse(struct cursor datagram, struct rtcp_packet *out)
{
    struct rtcp_packet got = {0};

    for (bool first = true; first || datagram.left > 0; first = false) {
        if (!packet_read(&datagram, first, &got)) {
            return PARSE_NOT;
        }
    }
    *out = got;
    return PARSE_OK;
}
