/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Flows written down as words, for tests.  "S0 h20 A21 D30" is a SYN of the phone at 0
 * ms, the server's SYN-ACK 20 ms later, and so on: capitals are the phone's packets.
 *
 *   S  SYN                     D  data, 100 bytes further      F  FIN
 *   N  SYN of a new connection T  the last data again          R  RST
 *   H  SYN-ACK                 B  the first data again         U  a datagram
 *   A  bare ACK                L  data, a ClientHello          C  a copy of the last
 *   x  RST of a box on the way, with its own TTL
 *   G  data that the capture lost
 *   I  ICMP 3/13 from a router that quotes the phone
 *   P  ICMP 3/3 from that router, p from the server itself
 *   Q  ICMP 3/1 from that router
 *   V  data, 600 bytes: a ServerHello and more; W 100 bytes of the same
 *   Y  data: a TLS 1.3 client's alert, K alert unknown_ca in clear, Z
 * certificate_unknown
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "unit.h"

#include "flow/flow.h"

#include <ctype.h>

enum { SCRIPT_MAX = 128, SCRIPT_MS = 1000000, SCRIPT_MTU = 100 };

static const int64_t script_start = 1795334400000000000; /* 2026-11-22 08:00:00 UTC */

struct script {
    struct packet packets[SCRIPT_MAX];
    size_t n;
    uint32_t isn[2], seq[2], first[2]; /* Of the phone, of the server. */
    bool has_first[2];
};

static inline struct addr script_addr(const char *text)
{
    struct addr addr;

    assert_true(addr_parse(text, &addr));
    return addr;
}

static inline void script_icmp(struct packet *p, char kind)
{
    p->kind = PACKET_ICMP_ERROR;
    p->icmp_type = 3;
    p->icmp_code = kind == 'I' ? 13 : kind == 'Q' ? 1 : 3;
    p->reporter = script_addr(kind == 'p' ? "142.250.110.188" : "10.20.0.1");
}

static inline void script_payload(struct script *s, struct packet *p, unsigned who,
                                  char kind)
{
    static const uint8_t hello[SCRIPT_MTU] = {22, 3, 1, 0, 95, 1};
    static const uint8_t other[SCRIPT_MTU] = {9};
    static const uint8_t flight[600] = {22, 3, 3, 0, 122, 2};
    static const uint8_t hidden[30] = {20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 19};
    static const uint8_t unknown_ca[7] = {21, 3, 3, 0, 2, 2, 48};
    static const uint8_t unknown[7] = {21, 3, 3, 0, 2, 2, 46};
    bool again = kind == 'T' || kind == 'B';

    p->payload = kind == 'L'                  ? hello
                 : kind == 'V' || kind == 'W' ? flight
                 : kind == 'Y'                ? hidden
                 : kind == 'K'                ? unknown_ca
                 : kind == 'Z'                ? unknown
                                              : other;
    p->payload_len = kind == 'V'                  ? sizeof flight
                     : kind == 'Y'                ? sizeof hidden
                     : kind == 'K' || kind == 'Z' ? sizeof unknown
                                                  : SCRIPT_MTU;
    p->payload_cap = p->payload_len;
    p->tcp_seq = kind == 'T'   ? s->seq[who] - SCRIPT_MTU
                 : kind == 'B' ? s->first[who]
                               : s->seq[who];
    if (!again) {
        s->first[who] = s->has_first[who] ? s->first[who] : p->tcp_seq;
        s->has_first[who] = true;
        s->seq[who] += p->payload_len;
    }
}

static inline void script_tcp(struct script *s, struct packet *p, unsigned who,
                              char kind)
{
    static const struct {
        char kind;
        uint8_t flags;
    } table[] = {
        {'S', TCP_SYN},           {'N', TCP_SYN},           {'H', TCP_SYN | TCP_ACK},
        {'A', TCP_ACK},           {'D', TCP_ACK | TCP_PSH}, {'L', TCP_ACK | TCP_PSH},
        {'T', TCP_ACK | TCP_PSH}, {'B', TCP_ACK | TCP_PSH}, {'F', TCP_ACK | TCP_FIN},
        {'V', TCP_ACK | TCP_PSH}, {'Y', TCP_ACK | TCP_PSH}, {'K', TCP_ACK | TCP_PSH},
        {'Z', TCP_ACK | TCP_PSH}, {'W', TCP_ACK | TCP_PSH}, {'R', TCP_RST},
        {'X', TCP_RST},
    };

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        p->tcp_flags = table[i].kind == kind ? table[i].flags : p->tcp_flags;
    }
    assert_int_not_equal(p->tcp_flags, 0);
    if (kind == 'N') {
        s->isn[who] += 70000;
    }
    if (kind == 'S' || kind == 'N' || kind == 'H') {
        p->tcp_seq = s->isn[who];
        s->seq[who] = s->isn[who] + 1;
        s->has_first[who] = kind == 'N' ? false : s->has_first[who];
    } else if (strchr("DLTBVWYKZ", kind)) {
        script_payload(s, p, who, kind);
    } else {
        p->tcp_seq = s->seq[who];
        s->seq[who] += kind == 'F';
    }
    p->tcp_ack = p->tcp_flags & TCP_ACK ? s->seq[!who] : 0;
    p->tcp_window = p->tcp_flags & TCP_RST ? 0 : 64240;
}

/* Adds one packet; lower case is the server's. */
static inline void script_add(struct script *s, char kind, int64_t ms)
{
    unsigned who = islower((unsigned char)kind) != 0;
    struct packet *p = &s->packets[s->n++];
    char upper = (char)toupper((unsigned char)kind);

    assert_true(s->n <= SCRIPT_MAX);
    if (upper == 'C') {
        assert_true(s->n > 1);
        *p = s->packets[s->n - 2];
        p->ns = script_start + ms * SCRIPT_MS;
        return;
    }

    if (upper == 'G') {
        s->seq[who] += SCRIPT_MTU;
        s->n--;
        return;
    }
    bool icmp = strchr("IPQ", upper) != NULL;
    who = icmp ? 0 : who;
    *p = (struct packet){
        .src = script_addr(who ? "142.250.110.188" : "10.20.0.101"),
        .dst = script_addr(who ? "10.20.0.101" : "142.250.110.188"),
        .src_port = who ? 5228 : 40000,
        .dst_port = who ? 40000 : 5228,
        .proto = upper == 'U' ? 17 : 6,
        .kind = upper == 'U' ? PACKET_UDP : PACKET_TCP,
        .ttl = who && upper != 'X' ? 63 : 64,
        .ip_id = (uint16_t)(s->n * 7),
        .wire_len = 66,
        .ns = script_start + ms * SCRIPT_MS,
    };
    if (icmp) {
        script_icmp(p, kind);
    } else if (upper == 'U') {
        p->payload_len = p->payload_cap = SCRIPT_MTU;
        p->payload =
            (const uint8_t *)"\1________________________________________________"
                             "__________________________________________________";
    } else {
        script_tcp(s, p, who, upper);
    }
}

static inline void script_read(struct script *s, const char *words)
{
    memset(s, 0, sizeof *s);
    s->isn[0] = s->seq[0] = 1000;
    s->isn[1] = s->seq[1] = 0xffffff80; /* It wraps. */
    for (const char *at = words; *at;) {
        char *end;
        char kind = *at++;

        script_add(s, kind, strtol(at, &end, 10));
        at = end + strspn(end, " ");
    }
}

/* Moves all packets to other ends and a later time. */
static inline void script_move(struct script *s, const char *phone, const char *server,
                               uint16_t phone_port, uint16_t port, int64_t ms)
{
    struct addr ends[2] = {script_addr(phone), script_addr(server)};

    for (size_t i = 0; i < s->n; i++) {
        struct packet *p = &s->packets[i];
        bool back = p->src_port == 5228;

        if (p->kind == PACKET_ICMP_ERROR &&
            addr_equal(&p->reporter, back ? &p->src : &p->dst)) {
            p->reporter = ends[1];
        }
        p->src = ends[back];
        p->dst = ends[!back];
        p->src_port = back ? port : phone_port;
        p->dst_port = back ? phone_port : port;
        p->ns += ms * SCRIPT_MS;
    }
}

/* Adds packet 'i' to a piece; its frame is i + 1. */
static inline void script_apply(const struct script *s, size_t i, struct piece *piece)
{
    const struct packet *p = &s->packets[i];
    unsigned from = flow_sender(p);

    piece->key = flow_key_of(p, from);
    if (p->kind == PACKET_ICMP_ERROR) {
        piece_add_icmp(piece, p, from, (uint32_t)i + 1);
    } else {
        piece_add(piece, p, from, (uint32_t)i + 1);
    }
}

static inline struct piece script_sum(struct script *script)
{
    struct piece piece;

    memset(&piece, 0, sizeof piece);
    for (size_t i = 0; i < script->n; i++) {
        /* An ICMP error quotes what came first. */
        script->packets[i].proto = script->packets[0].proto;
        script_apply(script, i, &piece);
    }
    return piece;
}

static inline struct piece script_piece(const char *words)
{
    static struct script script;

    script_read(&script, words);
    return script_sum(&script);
}

#endif
