/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "voice/voice.h"

#include <stdio.h>

#define COOKIE "\x21\x12\xa4\x42"
#define ID "0123456789ab"

struct row {
    const char *title;
    const uint8_t *bytes;
    size_t len;
    enum parse_result want;
    unsigned class, method;
    bool turn, ice;
    const char *mapped; /* NULL: none. */
};

/* clang-format off */
static const struct row rows[] = {
    {"a binding request", WIRE("\0\x01" "\0\0" COOKIE ID), PARSE_OK, .class = STUN_REQUEST, .method = 1},
    {"an indication", WIRE("\0\x11" "\0\0" COOKIE ID), PARSE_OK, .class = STUN_INDICATION, .method = 1},
    {"an error", WIRE("\x01\x11" "\0\0" COOKIE ID), PARSE_OK, .class = STUN_ERROR, .method = 1},
    {"how the server sees it", WIRE("\x01\x01" "\0\x0c" COOKIE ID "\0\x20\0\x08" "\0\x01\x32\xfd" "\xe7\x21\xc0\x40"),
     PARSE_OK, .class = STUN_SUCCESS, .method = 1, .mapped = "198.51.100.2:5103"},
    {"IPv6", WIRE("\x01\x01" "\0\x18" COOKIE ID "\0\x20\0\x14" "\0\x02\x21\x13" "\x01\x13\xa9\xfa" "0123456789a\x63"),
     PARSE_OK, .class = STUN_SUCCESS, .method = 1, .mapped = "2001:db8::1:1"},
    {"in the clear", WIRE("\x01\x01" "\0\x0c" COOKIE ID "\0\x01\0\x08" "\0\x01\x13\xc4" "\x0a\0\0\x07"),
     PARSE_OK, .class = STUN_SUCCESS, .method = 1, .mapped = "10.0.0.7:5060"},
    {"both: the hidden one counts", WIRE("\x01\x01" "\0\x18" COOKIE ID "\0\x20\0\x08" "\0\x01\x32\xfd" "\xe7\x21\xc0\x40" "\0\x01\0\x08" "\0\x01\x13\xc4" "\x0a\0\0\x07"),
     PARSE_OK, .class = STUN_SUCCESS, .method = 1, .mapped = "198.51.100.2:5103"},
    {"TURN", WIRE("\0\x03" "\0\x08" COOKIE ID "\0\x19\0\x04" "\x11\0\0\0"), PARSE_OK, .class = STUN_REQUEST, .method = 3, .turn = true},
    {"a channel", WIRE("\0\x09" "\0\0" COOKIE ID), PARSE_OK, .class = STUN_REQUEST, .method = 9, .turn = true},
    {"ICE", WIRE("\0\x01" "\0\x08" COOKIE ID "\0\x24\0\x04" "\x6e\0\x01\xff"), PARSE_OK, .class = STUN_REQUEST, .method = 1, .ice = true},
    {"ICE, controlled", WIRE("\0\x01" "\0\x0c" COOKIE ID "\x80\x29\0\x08" "01234567"), PARSE_OK, .class = STUN_REQUEST, .method = 1, .ice = true},
    {"padding behind a text", WIRE("\0\x01" "\0\x08" COOKIE ID "\x80\x22\0\x01" "x\0\0\0"), PARSE_OK, .class = STUN_REQUEST, .method = 1},
    {"a high method", WIRE("\x3e\xef" "\0\0" COOKIE ID), PARSE_OK, .class = STUN_REQUEST, .method = 0xfff},
    {"an address of no family", WIRE("\x01\x01" "\0\x0c" COOKIE ID "\0\x20\0\x08" "\0\x03\x32\xfd" "\xe7\x21\xc0\x40"),
     PARSE_OK, .class = STUN_SUCCESS, .method = 1},
    {"an address that is too short", WIRE("\x01\x01" "\0\x08" COOKIE ID "\0\x20\0\x04" "\0\x01\x32\xfd"),
     PARSE_OK, .class = STUN_SUCCESS, .method = 1},
    {"nothing", WIRE(""), .want = PARSE_NOT},
    {"a byte short", WIRE("\0\x01" "\0\0" COOKIE "0123456789a"), .want = PARSE_NOT},
    {"no cookie", WIRE("\0\x01" "\0\0" "\x21\x12\xa4\x43" ID), .want = PARSE_NOT},
    {"RTP", WIRE("\x80\x01" "\0\0" COOKIE ID), .want = PARSE_NOT},
    {"the highest type and a bit", WIRE("\x40\x01" "\0\0" COOKIE ID), .want = PARSE_NOT},
    {"longer than it says", WIRE("\0\x01" "\0\0" COOKIE ID "\x80\x22\0\0"), .want = PARSE_NOT},
    {"shorter than it says", WIRE("\0\x01" "\0\x08" COOKIE ID "\x80\x22\0\0"), .want = PARSE_NOT},
    {"no multiple of four", WIRE("\0\x01" "\0\x05" COOKIE ID "\x80\x22\0\x01" "x"), .want = PARSE_NOT},
    {"an attribute beyond the end", WIRE("\0\x01" "\0\x08" COOKIE ID "\x80\x22\0\x05" "abcd"), .want = PARSE_NOT},
    {"DTLS", WIRE("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"), .want = PARSE_NOT},
    {"DNS", WIRE("\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x05mtalk\0\0\x01\0\x01"), .want = PARSE_NOT},
    {"SIP", WIRE("OPTIONS sip:a@b SIP/2.0\r\n"), .want = PARSE_NOT},
    {"zeros", WIRE("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), .want = PARSE_NOT},
    {"the cookie too late", WIRE("\0\x01" "\0\0" "\0" COOKIE "0123456789a"), .want = PARSE_NOT},
    {"half an attribute", WIRE("\0\x01" "\0\x04" COOKIE ID "\x80\x22\0\x04"), .want = PARSE_NOT},
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);
    struct stun_message got = {.method = 9999};
    char addr[ADDR_TEXT_LEN], mapped[ADDR_TEXT_LEN + 8];

    assert_int_equal(stun_parse(in, &got), row->want);
    if (row->want != PARSE_OK) {
        assert_int_equal(got.method, 9999);
    } else {
        assert_int_equal(got.class, row->class);
        assert_int_equal(got.method, row->method);
        assert_int_equal(got.turn, row->turn);
        assert_int_equal(got.ice, row->ice);
        assert_int_equal(got.has_mapped, row->mapped != NULL);
        if (row->mapped) {
            snprintf(mapped, sizeof mapped, "%s:%u", addr_format(&got.mapped, addr),
                     got.mapped_port);
            assert_string_equal(mapped, row->mapped);
        }
    }
    frame_free(in);
}

/* A length is told, so no part of a message is one. */
static void check_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t len = 0; len < rows[i].len; len++) {
            struct cursor in = frame_copy(rows[i].bytes, len);
            struct stun_message got;

            assert_true(stun_parse(in, &got) == PARSE_NOT || rows[i].want == PARSE_NOT);
            frame_free(in);
        }
    }
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1];
    size_t n = 0;

    for (; n < ARRAY_LEN(rows); n++) {
        tests[n] = (struct CMUnitTest){.name = rows[n].title,
                                       .test_func = check_row,
                                       .initial_state = (void *)&rows[n]};
    }
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(check_prefixes);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
