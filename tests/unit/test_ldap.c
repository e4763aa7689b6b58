/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Binds of LDAP: RFC 4511 4.2.
 */
#include "unit.h"

#include "names/ldap.h"

static const struct row {
    const char *name;
    const uint8_t *bytes;
    size_t len;
    enum parse_result want;
    enum ldap_kind kind;
    unsigned result;
    size_t left;
} rows[] = {
    /* clang-format off */
    {"an anonymous bind",
     WIRE("\x30\x0c" "\x02\x01\x01" "\x60\x07" "\x02\x01\x03" "\x04\x00" "\x80\x00"),
     PARSE_OK, LDAP_BIND, 0, 0},
    {"success",
     WIRE("\x30\x0c" "\x02\x01\x01" "\x61\x07" "\x0a\x01\x00" "\x04\x00" "\x04\x00"),
     PARSE_OK, LDAP_BIND_ANSWER, 0, 0},
    {"invalid credentials",
     WIRE("\x30\x0c" "\x02\x01\x02" "\x61\x07" "\x0a\x01\x31" "\x04\x00" "\x04\x00"),
     PARSE_OK, LDAP_BIND_ANSWER, 49, 0},
    {"lengths of four bytes, as Active Directory writes them",
     WIRE("\x30\x84\0\0\0\x10" "\x02\x01\x02" "\x61\x84\0\0\0\x07" "\x0a\x01\x31" "\x04\x00" "\x04\x00"),
     PARSE_OK, LDAP_BIND_ANSWER, 49, 0},
    {"two messages: the first is taken",
     WIRE("\x30\x05" "\x02\x01\x03" "\x42\x00" "\x30\x05"),
     PARSE_OK, LDAP_OTHER, 0, 2},
    {"an id of four bytes", WIRE("\x30\x08" "\x02\x04\x7f\xff\xff\xff" "\x42\x00"),
     PARSE_OK, LDAP_OTHER, 0, 0},
    {"empty", WIRE(""), PARSE_MORE, LDAP_OTHER, 0, 0},
    {"cut in the length", WIRE("\x30\x84\0\0"), PARSE_MORE, LDAP_OTHER, 0, 0},
    {"cut behind the result", WIRE("\x30\x0c" "\x02\x01\x02" "\x61\x07" "\x0a\x01\x31"),
     PARSE_MORE, LDAP_OTHER, 0, 0},
    {"another protocol", WIRE("\x16\x03\x01"), PARSE_NOT, LDAP_OTHER, 0, 0},
    {"text", WIRE("0ABC"), PARSE_NOT, LDAP_OTHER, 0, 0},
    {"SNMP has no operation there", WIRE("\x30\x0c" "\x02\x01\x01" "\x04\x06" "public"),
     PARSE_NOT, LDAP_OTHER, 0, 0},
    {"SNMP, cut", WIRE("\x30\x40" "\x02\x01\x01" "\x04\x06" "pub"),
     PARSE_NOT, LDAP_OTHER, 0, 0},
    {"a bind of version 4", WIRE("\x30\x0c" "\x02\x01\x01" "\x60\x07" "\x02\x01\x04" "\x04\x00" "\x80\x00"),
     PARSE_NOT, LDAP_OTHER, 0, 0},
    {"a result of two bytes", WIRE("\x30\x0d" "\x02\x01\x02" "\x61\x08" "\x0a\x02\x00\x31" "\x04\x00" "\x04\x00"),
     PARSE_NOT, LDAP_OTHER, 0, 0},
    {"an indefinite length", WIRE("\x30\x80" "\x02\x01\x02" "\x42\x00\x00\x00"),
     PARSE_NOT, LDAP_OTHER, 0, 0},
    {"a length of five bytes", WIRE("\x30\x85\0\0\0\0\x05" "\x02\x01\x03" "\x42\x00"),
     PARSE_NOT, LDAP_OTHER, 0, 0},
    {"the operation reaches out of the message", WIRE("\x30\x05" "\x02\x01\x03" "\x61\x07" "\x0a\x01\x00"),
     PARSE_NOT, LDAP_OTHER, 0, 0},
    {"too short to be a message", WIRE("\x30\x00"), PARSE_NOT, LDAP_OTHER, 0, 0},
    /* clang-format on */
};

static void check_row(void **state)
{
    const struct row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len), rest = in;
    struct ldap_message got = {LDAP_OTHER, 0};

    assert_int_equal(ldap_next(&rest, &got), row->want);
    assert_int_equal(got.kind, row->kind);
    assert_int_equal(got.result, row->result);
    assert_int_equal(rest.left, row->want == PARSE_OK ? row->left : row->len);
    frame_free(in);
}

/* Every prefix of a message asks for more. */
static void check_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t len = 0; len < rows[i].len; len++) {
            struct cursor in = frame_copy(rows[i].bytes, len), rest = in;
            struct ldap_message got;

            assert_int_equal(ldap_next(&rest, &got), PARSE_MORE);
            frame_free(in);
        }
    }
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = {cmocka_unit_test(check_prefixes)};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i + 1] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                           (void *)(uintptr_t)&rows[i]};
    }
    return _cmocka_run_group_tests("ldap", tests, ARRAY_LEN(tests), NULL, NULL);
}
