/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Zeek's conn_state and history letters, who opened a flow, Community ID v1 and what
 * first payloads look like.
 */
#include "script.h"

struct row {
    const char *name, *words, *state, *history;
    unsigned opener; /* 0 is the phone. */
    enum opener_basis basis;
};

/* States as conn_state() of Zeek's base/protocols/conn/main.zeek has them. */
static const struct row rows[] = {
    {"S0: no answer", "S0", "S0", "S", 0, OPENER_SYN},
    {"S0: none to three", "S0 S1000 S3000", "S0", "S", 0, OPENER_SYN},
    {"S1: open", "S0 h1 A2", "S1", "ShA", 0, OPENER_SYN},
    {"S1: data both ways", "S0 h1 A2 D3 a4 d5", "S1", "ShADad", 0, OPENER_SYN},
    {"SF", "S0 h1 A2 D3 d4 F5 f6 A7", "SF", "ShADdFf", 0, OPENER_SYN},
    {"SF, the responder first", "S0 h1 A2 D3 d4 f5 F6", "SF", "ShADdfF", 0, OPENER_SYN},
    {"S2", "S0 h1 A2 D3 d4 F5 a6", "S2", "ShADdFa", 0, OPENER_SYN},
    {"S3", "S0 h1 A2 D3 d4 f5 A6", "S3", "ShADdf", 0, OPENER_SYN},
    {"REJ", "S0 r1", "REJ", "Sr", 0, OPENER_SYN},
    {"REJ after three", "S0 S1000 S3000 r3001", "REJ", "Sr", 0, OPENER_SYN},
    {"RSTO", "S0 h1 A2 D3 R4", "RSTO", "ShADR", 0, OPENER_SYN},
    {"RSTR", "S0 h1 A2 D3 r4", "RSTR", "ShADr", 0, OPENER_SYN},
    {"RSTR, then one back", "S0 h1 A2 D3 r4 R5", "RSTR", "ShADrR", 0, OPENER_SYN},
    {"RSTOS0", "S0 R1", "RSTOS0", "SR", 0, OPENER_SYN},
    {"RSTRH", "h0 r1", "RSTRH", "^hr", 0, OPENER_SYN_ACK},
    {"SH", "S0 F1", "SH", "SF", 0, OPENER_SYN},
    {"SHR", "h0 f1", "SHR", "^hf", 0, OPENER_SYN_ACK},
    {"OTH: midstream", "D0 d1", "OTH", "Dd", 0, OPENER_PORT},
    {"OTH: midstream, the server's first", "d0 D1", "OTH", "^dD", 0, OPENER_PORT},
    {"OTH: one direction of it", "D0 D1", "OTH", "D", 0, OPENER_PORT},
    {"a SYN-ACK tells who opened", "h0 A1 D2", "OTH", "^hAD", 0, OPENER_SYN_ACK},
    {"a server's SYN", "s0 H1 a2 D3", "S1", "ShAd", 1, OPENER_SYN},
    {"UDP: both", "U0 u1", "SF", "Dd", 0, OPENER_PORT},
    {"UDP: no answer", "U0 U5000", "S0", "D", 0, OPENER_PORT},
    {"UDP: only an answer", "u0", "SHR", "^d", 0, OPENER_PORT},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    struct piece piece = script_piece(row->words);
    struct opener opener = piece_opener(&piece);
    char history[HISTORY_LEN];

    assert_int_equal(opener.end, row->opener);
    assert_int_equal(opener.basis, row->basis);
    assert_string_equal(piece_conn_state(&piece), row->state);
    assert_string_equal(piece_history(&piece, history), row->history);
}

/* All letters of both ends, and the mark of a flipped direction, fit. */
static void check_longest_history(void **state)
{
    struct piece piece = script_piece("h0 S1 H2 s3 A4 a5 D6 d7 F8 f9 R10 r11");
    char history[HISTORY_LEN];

    (void)state;
    assert_true(strlen(piece_history(&piece, history)) < HISTORY_LEN);
}

/* --- Community ID --- */

struct vector {
    const char *name, *src, *dst;
    uint16_t src_port, dst_port;
    uint8_t proto;
    const char *id;
};

/* Of the specification's reference implementation, seed 0. */
static const struct vector vectors[] = {
    {"tcp", "128.232.110.120", "66.35.250.204", 34855, 80, 6,
     "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {"tcp, the other way", "66.35.250.204", "128.232.110.120", 80, 34855, 6,
     "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {"udp", "192.168.1.52", "8.8.8.8", 54585, 53, 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {"tcp over IPv6", "fe80::1", "fe80::2", 1, 2, 6, "1:GtbnQoCzGTchjjD5VlnaO1hzzlc="},
    {"tcp over IPv6, the other way", "fe80::2", "fe80::1", 2, 1, 6,
     "1:GtbnQoCzGTchjjD5VlnaO1hzzlc="},
};

static void check_vector(void **state)
{
    const struct vector *v = *state;
    struct packet packet = {.src = script_addr(v->src),
                            .dst = script_addr(v->dst),
                            .src_port = v->src_port,
                            .dst_port = v->dst_port,
                            .proto = v->proto};
    char id[COMMUNITY_ID_LEN];
    struct flow_key key = flow_key_of(&packet, flow_sender(&packet));

    assert_string_equal(flow_community_id(&key, id), v->id);
}

/* --- first payloads --- */

struct look {
    const char *name;
    const uint8_t *bytes;
    size_t len;
    uint8_t proto;
    enum payload_kind kind;
};

static const struct look looks[] = {
    {"ClientHello", WIRE("\x16\x03\x01\x02\x00\x01"), 6, PAYLOAD_TLS_HELLO},
    {"ClientHello, cut behind its version", WIRE("\x16\x03\x03"), 6, PAYLOAD_TLS_HELLO},
    {"ServerHello", WIRE("\x16\x03\x03\x00\x7a\x02"), 6, PAYLOAD_TLS_SERVER},
    {"a version that is none", WIRE("\x16\x03\x05\x00\x7a\x01"), 6, PAYLOAD_OTHER},
    {"alert", WIRE("\x15\x03\x03\x00\x02\x02\x30"), 6, PAYLOAD_TLS_ALERT},
    {"GET", WIRE("GET /generate_204 "), 6, PAYLOAD_HTTP},
    {"a response", WIRE("HTTP/1.1 204"), 6, PAYLOAD_HTTP},
    {"a word that is not all there", WIRE("GET"), 6, PAYLOAD_OTHER},
    {"one byte", WIRE("\x16"), 6, PAYLOAD_OTHER},
    {"RTP of type 0",
     WIRE("\x80\x00"
          "abcdefghij"),
     17, PAYLOAD_RTP},
    {"RTP with the marker, dynamic type",
     WIRE("\x80\xe0"
          "abcdefghij"),
     17, PAYLOAD_RTP},
    {"RTCP sender report",
     WIRE("\x80\xc8"
          "abcdef"),
     17, PAYLOAD_RTP},
    {"RTP, cut",
     WIRE("\x80\x00"
          "abcdefghi"),
     17, PAYLOAD_OTHER},
    {"an unassigned type",
     WIRE("\x80\x32"
          "abcdefghij"),
     17, PAYLOAD_OTHER},
    {"version 1",
     WIRE("\x40\x00"
          "abcdefghij"),
     17, PAYLOAD_OTHER},
    {"a QUIC long header",
     WIRE("\xc3\x00\x00\x00\x01\x08"
          "a"),
     17, PAYLOAD_QUIC},
    {"RTP over TCP is not looked for",
     WIRE("\x80\x00"
          "abcdefghij"),
     6, PAYLOAD_OTHER},
};

static void check_look(void **state)
{
    const struct look *look = *state;
    struct cursor bytes = frame_copy(look->bytes, look->len);

    assert_int_equal(payload_kind_of(look->proto, bytes.at, bytes.left), look->kind);
    frame_free(bytes);
}

int main(void)
{
    struct CMUnitTest tests[96] = {cmocka_unit_test(check_longest_history)};
    size_t n = 1;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[n++] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                         (void *)(uintptr_t)&rows[i]};
    }
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        tests[n++] = (struct CMUnitTest){vectors[i].name, check_vector, NULL, NULL,
                                         (void *)(uintptr_t)&vectors[i]};
    }
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        tests[n++] = (struct CMUnitTest){looks[i].name, check_look, NULL, NULL,
                                         (void *)(uintptr_t)&looks[i]};
    }
    return _cmocka_run_group_tests("state", tests, n, NULL, NULL);
}
