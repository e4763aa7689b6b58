/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tables of frames: each row has a frame and, as text, what decoding it gives, so that
 * a row can be read, and a row that must fail looks like one that must not.
 *
 *     udp 10.0.0.1 5060 > 10.0.0.2 5061 +2 via vlan/gre
 *
 * is a packet of two bytes of payload; other words follow where they apply: "cut 1"
 * (bytes of payload that the capture holds), "frag 7 at 8 more", "type 3/1 from A",
 * "vlan 5", "flags SA seq 1 ack 2".  Several packets are joined by "; ".  A frame
 * without a packet gives the name of its result.
 */
#ifndef TEST_DECODE_H
#define TEST_DECODE_H

#include "unit.h"

#include "decode/decode.h"

#include <stdio.h>

enum { DECODE_ROOM = 4, DECODE_TEXT_LEN = 1024 };

struct decode_row {
    const char *name;
    uint16_t link;
    const uint8_t *bytes;
    size_t len, wire_len;
    const char *want;
};

/* A frame captured whole, and one of which the wire carried 'wire' bytes. */
#define WHOLE(literal) WIRE(literal), sizeof(literal) - 1
#define CUT(wire, literal) WIRE(literal), (wire)

/* The pieces most frames are made of: 10.0.0.1 to 10.0.0.2. */
#define MACS                                                                           \
    "\0\x90\x7a\x12\x34\x02"                                                           \
    "\0\x90\x7a\x12\x34\x01"
#define IPV4_FRAG(len, proto, id, cut)                                                 \
    "\x45\0" len id cut "\x40" proto "\0\0"                                            \
    "\x0a\0\0\1"                                                                       \
    "\x0a\0\0\2"
#define IPV4(len, proto) IPV4_FRAG(len, proto, "\0\7", "\0\0")
#define IPV6(len, next)                                                                \
    "\x60\0\0\0" len next "\x40"                                                       \
    "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"                                               \
    "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
#define SIP                                                                            \
    "\x13\xc4"                                                                         \
    "\x13\xc5"                                                                         \
    "\0\x0a"                                                                           \
    "\0\0"                                                                             \
    "OK"                                    /* UDP, 10 bytes. */
#define IPV4_SIP IPV4("\0\x1e", "\x11") SIP /* 30 bytes. */
#define IPV6_SIP IPV6("\0\x0a", "\x11") SIP /* 50 bytes. */
#define ETHER_SIP MACS "\x08\0" IPV4_SIP    /* 44 bytes. */
#define SEEN "udp 10.0.0.1 5060 > 10.0.0.2 5061 +2"
#define SEEN6 "udp fd00::1 5060 > fd00::2 5061 +2"

__attribute__((format(printf, 2, 3))) static inline void
decode_add(char *text, const char *format, ...)
{
    size_t len = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + len, DECODE_TEXT_LEN - len, format, args);
    va_end(args);
}

static inline void describe_tcp(char *text, const struct packet *p)
{
    static const char letters[] = "FSRPAU";

    decode_add(text, " flags ");
    for (unsigned bit = 0; bit < 6; bit++) {
        if (p->tcp_flags & 1u << bit) {
            decode_add(text, "%c", letters[bit]);
        }
    }
    decode_add(text, " seq %u ack %u", p->tcp_seq, p->tcp_ack);
    if (p->flags & PACKET_TCP_OPTIONS) {
        decode_add(text, " options");
    }
}

static inline void describe_more(char *text, const struct packet *p)
{
    char addr[ADDR_TEXT_LEN];

    if (p->flags & PACKET_FRAGMENT) {
        decode_add(text, " frag %u at %u", p->frag_id, p->frag_offset);
        decode_add(text, p->flags & PACKET_MORE_FRAGMENTS ? " more" : "");
    }
    if (p->kind == PACKET_ICMP || p->kind == PACKET_ICMP_ERROR) {
        decode_add(text, " type %u/%u", p->icmp_type, p->icmp_code);
    }
    if (p->kind == PACKET_ICMP_ERROR) {
        decode_add(text, " from %s", addr_format(&p->reporter, addr));
    }
    if (p->flags & PACKET_QUOTED_TCP_SEQ) {
        decode_add(text, " seq %u", p->tcp_seq);
    }
    if (p->vlan) {
        decode_add(text, " vlan %u", p->vlan);
    }
    for (size_t i = 0; i < p->n_encap; i++) {
        decode_add(text, "%s%s", i ? "/" : " via ", encap_name(p->encap[i]));
    }
}

static inline void describe_packet(char *text, const struct packet *p)
{
    static const char *const kinds[] = {"tcp",   "udp", "icmp", "icmp-error",
                                        "other", "arp", "link"};
    char src[ADDR_TEXT_LEN], dst[ADDR_TEXT_LEN];

    decode_add(text, "%s ", kinds[p->kind]);
    if (p->kind == PACKET_LINK) {
        decode_add(text, "%04x", p->ether_type);
    } else if (p->kind == PACKET_OTHER || p->kind == PACKET_ICMP_ERROR) {
        decode_add(text, "%u ", p->proto);
    }
    if (p->kind != PACKET_LINK) {
        addr_format(&p->src, src);
        addr_format(&p->dst, dst);
        decode_add(text, p->src_port ? "%s %u > " : "%s > ", src, p->src_port);
        decode_add(text, p->dst_port ? "%s %u" : "%s", dst, p->dst_port);
    }
    if (p->kind == PACKET_TCP && !(p->flags & PACKET_LATER_FRAGMENT)) {
        describe_tcp(text, p);
    }
    decode_add(text, " +%u", p->payload_len);
    if (p->flags & PACKET_CUT) {
        decode_add(text, " cut %u", p->payload_cap);
    }
    describe_more(text, p);
}

static inline void check_decode_row(void **state)
{
    const struct decode_row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);
    struct frame frame = {.bytes = in.at,
                          .cap_len = (uint32_t)row->len,
                          .wire_len = (uint32_t)row->wire_len,
                          .link = row->link};
    struct packet packets[DECODE_ROOM];
    char text[DECODE_TEXT_LEN] = "";
    size_t n;
    enum decode_result result = decode_frame(&frame, packets, DECODE_ROOM, &n);

    for (size_t i = 0; i < n; i++) {
        decode_add(text, i ? "; " : "");
        describe_packet(text, &packets[i]);
    }
    if (n == 0 || result != DECODE_OK) {
        decode_add(text, n ? "; %s" : "%s", decode_result_name(result));
    }
    assert_string_equal(text, row->want);
    frame_free(in);
}

/* Runs the rows as tests of their own names. */
static inline int run_decode_rows(const struct decode_row *rows, size_t n)
{
    struct CMUnitTest tests[128] = {{0}};

    assert_true(n <= ARRAY_LEN(tests));
    for (size_t i = 0; i < n; i++) {
        tests[i] = (struct CMUnitTest){rows[i].name, check_decode_row, NULL, NULL,
                                       (void *)(uintptr_t)&rows[i]};
    }
    return _cmocka_run_group_tests("decode", tests, n, NULL, NULL);
}

#endif
