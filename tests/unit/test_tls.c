/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "names/names.h"

#include <stdio.h>

#define RANDOM "0123456789abcdefghijklmnopqrstuv"
/* Session id, suites, compression. */
#define MIDDLE                                                                         \
    "\0"                                                                               \
    "\0\x02\x13\x01"                                                                   \
    "\x01\0"
#define SNI_MTALK                                                                      \
    "\0\0\0\x15"                                                                       \
    "\0\x13\0\0\x10"                                                                   \
    "mtalk.google.com"
#define GROUPS                                                                         \
    "\0\x0a\0\x04"                                                                     \
    "\0\x02\0\x1d"
#define ECH                                                                            \
    "\xfe\x0d\0\x02"                                                                   \
    "\0\0"

enum { BUILT_MAX = 6 * HELLO_MAX_LEN };

/* clang-format off */
/* Hellos by what stands behind their random. */
static const struct row {
    const char *title;
    const uint8_t *middle; size_t middle_len;
    const uint8_t *extensions; size_t extensions_len; /* NULL: no such field. */
    enum parse_result want;
    const char *sni;
    bool ech;
} rows[] = {
    {"a name", WIRE(MIDDLE), WIRE(GROUPS SNI_MTALK), PARSE_OK, "mtalk.google.com", false},
    {"capitals and a final dot", WIRE(MIDDLE), WIRE("\0\0\0\x16" "\0\x14\0\0\x11" "MTALK.Google.com."), PARSE_OK, "mtalk.google.com", false},
    {"no name", WIRE(MIDDLE), WIRE(GROUPS), PARSE_OK, "", false},
    {"ECH and an outer name", WIRE(MIDDLE), WIRE(SNI_MTALK ECH), PARSE_OK, "mtalk.google.com", true},
    {"ECH before the name", WIRE(MIDDLE), WIRE(ECH SNI_MTALK), PARSE_OK, "mtalk.google.com", true},
    {"ECH and no name", WIRE(MIDDLE), WIRE(ECH), PARSE_OK, "", true},
    {"no extensions at all", WIRE(MIDDLE), NULL, 0, PARSE_OK, "", false},
    {"an empty list of extensions", WIRE(MIDDLE), WIRE(""), PARSE_OK, "", false},
    {"a session id of 32 bytes", WIRE("\x20" RANDOM "\0\x04\x13\x01\x13\x02" "\x02\0\x01"), WIRE(SNI_MTALK), PARSE_OK, "mtalk.google.com", false},
    {"two names: the first", WIRE(MIDDLE), WIRE("\0\0\0\x0a" "\0\x08" "\0\0\x01" "a" "\0\0\x01" "b"), PARSE_OK, "a", false},
    {"a name of a type to come", WIRE(MIDDLE), WIRE("\0\0\0\x0a" "\0\x08" "\x01\0\x01" "a" "\0\0\x01" "b"), PARSE_OK, "b", false},
    {"an empty name", WIRE(MIDDLE), WIRE("\0\0\0\x05" "\0\x03\0\0\0"), PARSE_OK, "", false},
    {"a name with a NUL", WIRE(MIDDLE), WIRE("\0\0\0\x0a" "\0\x08\0\0\x05" "a\0.bc"), PARSE_OK, "", false},
    {"a name with two dots", WIRE(MIDDLE), WIRE("\0\0\0\x0a" "\0\x08\0\0\x05" "a..bc"), PARSE_OK, "", false},
    {"a name with a port", WIRE(MIDDLE), WIRE("\0\0\0\x0a" "\0\x08\0\0\x05" "a:443"), PARSE_OK, "", false},
    {"an address as a name", WIRE(MIDDLE), WIRE("\0\0\0\x0d" "\0\x0b\0\0\x08" "10.0.0.1"), PARSE_OK, "10.0.0.1", false},
    /* Those that are broken. */
    {"a session id of 33 bytes", WIRE("\x21" RANDOM "x" "\0\x02\x13\x01" "\x01\0"), WIRE(SNI_MTALK), PARSE_NOT, NULL, false},
    {"no suites", WIRE("\0" "\0\0" "\x01\0"), WIRE(SNI_MTALK), PARSE_NOT, NULL, false},
    {"a suite and a half", WIRE("\0" "\0\x03\x13\x01\x13" "\x01\0"), WIRE(SNI_MTALK), PARSE_NOT, NULL, false},
    {"no compression", WIRE("\0" "\0\x02\x13\x01" "\0"), WIRE(SNI_MTALK), PARSE_NOT, NULL, false},
    {"suites that run out", WIRE("\0" "\0\xf2\x13\x01" "\x01\0"), WIRE(SNI_MTALK), PARSE_NOT, NULL, false},
    {"half an extension header", WIRE(MIDDLE), WIRE(GROUPS "\0\x0a\0"), PARSE_NOT, NULL, false},
    {"an extension that runs out", WIRE(MIDDLE), WIRE("\0\x0a\0\x05" "\0\x02\0\x1d"), PARSE_NOT, NULL, false},
    {"a name that runs out", WIRE(MIDDLE), WIRE("\0\0\0\x06" "\0\x04\0\0\x02" "a"), PARSE_NOT, NULL, false},
    {"a list of names that runs out", WIRE(MIDDLE), WIRE("\0\0\0\x06" "\0\x05\0\0\x01" "a"), PARSE_NOT, NULL, false},
    {"bytes behind the list of names", WIRE(MIDDLE), WIRE("\0\0\0\x07" "\0\x04\0\0\x01" "ab"), PARSE_NOT, NULL, false},
    {"bytes behind the extensions", WIRE(MIDDLE "\0\0" "x"), NULL, 0, PARSE_NOT, NULL, false},
    {"one byte of extensions", WIRE(MIDDLE), WIRE("\0"), PARSE_NOT, NULL, false},
};

static const struct raw_row {
    const char *title;
    const uint8_t *bytes; size_t len;
    enum parse_result want;
} raw_rows[] = {
    {"nothing yet", WIRE(""), PARSE_MORE},
    {"a record type", WIRE("\x16"), PARSE_MORE},
    {"half a version", WIRE("\x16\x03"), PARSE_MORE},
    {"a version", WIRE("\x16\x03\x01"), PARSE_MORE},
    {"a record header", WIRE("\x16\x03\x01\x02\0"), PARSE_MORE},
    {"a message type", WIRE("\x16\x03\x01\x02\0" "\x01"), PARSE_MORE},
    {"a message header", WIRE("\x16\x03\x01\x02\0" "\x01\0\x01\xfc"), PARSE_MORE},
    {"a hello's version", WIRE("\x16\x03\x01\x02\0" "\x01\0\x01\xfc" "\x03"), PARSE_MORE},
    {"a record of one byte", WIRE("\x16\x03\x01\0\x01" "\x01" "\x16\x03\x01\0\x05" "\0\x01"), PARSE_MORE},
    {"the longest hello", WIRE("\x16\x03\x01\x40\0" "\x01\0\x3f\xfc" "\x03"), PARSE_MORE},
    {"a hello too long by one", WIRE("\x16\x03\x01\x40\0" "\x01\0\x3f\xfd" "\x03"), PARSE_NOT},
    {"a hello too short", WIRE("\x16\x03\x01\x40\0" "\x01\0\0\x28" "\x03"), PARSE_NOT},
    {"a ServerHello", WIRE("\x16\x03\x03\0\x7a" "\x02\0\0\x76"), PARSE_NOT},
    {"application data", WIRE("\x17\x03\x03\0\x7a" "\x01"), PARSE_NOT},
    {"an alert", WIRE("\x15\x03\x03\0\x02\x02\x28"), PARSE_NOT},
    {"TLS 5.0", WIRE("\x16\x05"), PARSE_NOT},
    {"TLS 3.5", WIRE("\x16\x03\x05"), PARSE_NOT},
    {"a hello of SSL 2", WIRE("\x16\x03\x01\x02\0" "\x01\0\x01\xfc" "\x02"), PARSE_NOT},
    {"an SSLv2-compatible hello", WIRE("\x80\x2e\x01\x03\x01\0\x15\0\0\0\x10"), PARSE_NOT},
    {"an empty record", WIRE("\x16\x03\x01\0\0"), PARSE_NOT},
    {"a record too long", WIRE("\x16\x03\x01\x40\x01" "\x01"), PARSE_NOT},
    {"another record inside the hello", WIRE("\x16\x03\x01\0\x04" "\x01\0\x01\xfc" "\x17\x03\x01\0\x04"), PARSE_NOT},
    {"HTTP", WIRE("GET / HTTP/1.1\r\n"), PARSE_NOT},
    {"SSH", WIRE("SSH-2.0-OpenSSH_9.6\r\n"), PARSE_NOT},
};

/* Record, message, version, random and an empty session id; then the cookie. */
#define DTLS_HEAD(record_len, message_len) \
    "\x16\xfe\xff\0\0\0\0\0\0\0\0\0" record_len "\x01\0\0" message_len "\0\0\0\0\0\0\0" message_len "\xfe\xfd" RANDOM "\0"
#define DTLS_TAIL "\0\x02\x13\x01" "\x01\0" "\0\x19" SNI_MTALK

static const struct dtls_row {
    const char *title;
    const uint8_t *bytes; size_t len;
    enum parse_result want;
} dtls_rows[] = {
    {"DTLS, no cookie", WIRE(DTLS_HEAD("\x51", "\x45") "\0" DTLS_TAIL), PARSE_OK},
    {"DTLS, a cookie", WIRE(DTLS_HEAD("\x55", "\x49") "\x04" "cook" DTLS_TAIL), PARSE_OK},
    {"DTLS, another record behind", WIRE(DTLS_HEAD("\x51", "\x45") "\0" DTLS_TAIL "\x16\xfe"), PARSE_OK},
    {"DTLS, a cookie that runs out", WIRE(DTLS_HEAD("\x51", "\x45") "\xff" DTLS_TAIL), PARSE_NOT},
    {"DTLS, the record runs out", WIRE(DTLS_HEAD("\x52", "\x45") "\0" DTLS_TAIL), PARSE_NOT},
    {"DTLS, a message shorter than the record", WIRE(DTLS_HEAD("\x51", "\x44") "\0" DTLS_TAIL), PARSE_NOT},
    {"DTLS, a fragment", WIRE("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x10" "\x01\0\0\x45" "\0\0\0\0\0\0\0\x04" "\xfe\xfd" "01"), PARSE_NOT},
    {"DTLS, of a later epoch", WIRE("\x16\xfe\xfd\0\x01\0\0\0\0\0\0\0\x51"), PARSE_NOT},
    {"DTLS, a ServerHello", WIRE("\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x0c" "\x02\0\0\0" "\0\0\0\0\0\0\0\0"), PARSE_NOT},
    {"TLS is no DTLS", WIRE("\x16\x03\x01\x02\0" "\x01\0\x01\xfc" "\x03\x03" "0123456789abcdef"), PARSE_NOT},
};

static const struct alert_row {
    const char *title;
    const uint8_t *bytes; size_t len;
    enum parse_result want;
    bool fatal; uint8_t description;
} alert_rows[] = {
    {"unknown_ca", WIRE("\x15\x03\x03\0\x02\x02\x30"), PARSE_OK, true, 48},
    {"close_notify, and more behind", WIRE("\x15\x03\x01\0\x02\x01\0" "\x15"), PARSE_OK, false, 0},
    {"no level yet", WIRE("\x15\x03\x03\0\x02"), PARSE_MORE, false, 0},
    {"no description yet", WIRE("\x15\x03\x03\0\x02\x02"), PARSE_MORE, false, 0},
    {"nothing yet", WIRE(""), PARSE_MORE, false, 0},
    {"a level of none", WIRE("\x15\x03\x03\0\x02\x03"), PARSE_NOT, false, 0},
    {"encrypted, TLS 1.2", WIRE("\x15\x03\x03\0\x1a\0\0\0\0\0\0\0\x01"), PARSE_NOT, false, 0},
    {"a level that is encrypted", WIRE("\x15\x03\x03\0\x12\x02\x30"), PARSE_NOT, false, 0},
    {"a hello", WIRE("\x16\x03\x01\x02\0"), PARSE_NOT, false, 0},
};
/* clang-format on */

static void put(uint8_t *to, size_t *len, const void *bytes, size_t n)
{
    if (n > 0) {
        memcpy(to + *len, bytes, n);
        *len += n;
    }
}

static void put_be(uint8_t *to, size_t *len, size_t n_bytes, size_t value)
{
    while (n_bytes-- > 0) {
        to[(*len)++] = (uint8_t)(value >> (8 * n_bytes));
    }
}

/* Builds the handshake message of a row. */
static size_t message_build(const struct row *row, uint8_t *out)
{
    size_t body = 34 + row->middle_len, len = 0;

    body += row->extensions ? 2 + row->extensions_len : 0;
    put_be(out, &len, 1, 1);
    put_be(out, &len, 3, body);
    put(out, &len, "\x03\x03" RANDOM, 34);
    put(out, &len, row->middle, row->middle_len);
    if (row->extensions) {
        put_be(out, &len, 2, row->extensions_len);
        put(out, &len, row->extensions, row->extensions_len);
    }
    return len;
}

/* Packs a message into records of at most 'piece' bytes, the first of 'first'. */
static size_t records_build(const uint8_t *message, size_t len, size_t first,
                            size_t piece, uint8_t *out)
{
    size_t out_len = 0;

    for (size_t at = 0, n = first; at < len; at += n, n = piece) {
        n = n < len - at ? n : len - at;
        put(out, &out_len, "\x16\x03\x01", 3);
        put_be(out, &out_len, 2, n);
        put(out, &out_len, message + at, n);
    }
    return out_len;
}

/* Parses from an exact block and holds the outcome against the row. */
static void expect(const struct row *row, const uint8_t *bytes, size_t len)
{
    struct cursor in = frame_copy(bytes, len);
    struct tls_hello got = {.sni = "untouched"};

    assert_int_equal(tls_hello_parse(in, &got), row->want);
    assert_string_equal(got.sni, row->want == PARSE_OK ? row->sni : "untouched");
    assert_int_equal(got.ech, row->ech);
    frame_free(in);
}

static void check_row(void **state)
{
    const struct row *row = *state;
    uint8_t message[BUILT_MAX], records[BUILT_MAX] = {0};
    size_t len = message_build(row, message);

    expect(row, records, records_build(message, len, len, len, records));
    /* The joint of two records at every byte, and a record for each byte. */
    for (size_t joint = 1; joint < len; joint++) {
        expect(row, records, records_build(message, len, joint, len, records));
    }
    expect(row, records, records_build(message, len, 1, 1, records));
}

/* Every prefix of a hello that is right asks for more; what stands behind it is of no
 * matter. */
static void check_prefixes(void **state)
{
    static const size_t pieces[] = {1, 7, 50, 16384};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows) && rows[i].want == PARSE_OK; i++) {
        uint8_t message[BUILT_MAX], records[BUILT_MAX] = {0};
        size_t len = message_build(&rows[i], message);
        struct tls_hello got;

        for (size_t p = 0; p < ARRAY_LEN(pieces); p++) {
            size_t n = records_build(message, len, pieces[p], pieces[p], records);

            for (size_t cut = 0; cut < n; cut++) {
                struct cursor in = frame_copy(records, cut);

                assert_int_equal(tls_hello_parse(in, &got), PARSE_MORE);
                frame_free(in);
            }
            memcpy(records + n, "noise", 5);
            expect(&rows[i], records, n + 5);
        }
    }
}

/* The name behind key shares, in a hello of the greatest length. */
static void check_longest(void **state)
{
    static uint8_t extensions[HELLO_MAX_LEN], message[BUILT_MAX], records[BUILT_MAX];
    const size_t sni_len = sizeof SNI_MTALK - 1;
    const size_t room = HELLO_MAX_LEN - 4 - 34 - (sizeof MIDDLE - 1) - 2;
    size_t at = 0;

    (void)state;
    put_be(extensions, &at, 2, 51);
    put_be(extensions, &at, 2, room - 4 - sni_len);
    memcpy(extensions + room - sni_len, SNI_MTALK, sni_len);

    struct row row = {"",       WIRE(MIDDLE),       extensions, room,
                      PARSE_OK, "mtalk.google.com", false};
    size_t len = message_build(&row, message);
    assert_int_equal(len, HELLO_MAX_LEN);
    expect(&row, records, records_build(message, len, len, len, records));
    expect(&row, records, records_build(message, len, 1400, 1400, records));
    expect(&row, records, records_build(message, len, 1, 2, records));
    /* The last record carries more than the hello. */
    expect(&row, records, records_build(message, len + 1, 1, len, records));
}

static void check_raw_row(void **state)
{
    const struct raw_row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);
    struct tls_hello got;

    assert_int_equal(tls_hello_parse(in, &got), row->want);
    frame_free(in);
}

static void check_alert_row(void **state)
{
    const struct alert_row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);
    struct tls_alert got = {false, 0};

    assert_int_equal(tls_alert_parse(in, &got), row->want);
    assert_int_equal(got.fatal, row->fatal);
    assert_int_equal(got.description, row->description);
    frame_free(in);
}

/* Every prefix is none: a datagram is whole or cut. */
static void check_dtls_row(void **state)
{
    const struct dtls_row *row = *state;

    for (size_t len = 0; len <= row->len; len++) {
        struct cursor in = frame_copy(row->bytes, len);
        struct tls_hello got = {.sni = ""};
        size_t behind = strstr(row->title, "behind") ? 2 : 0;
        bool ok = row->want == PARSE_OK && len + behind >= row->len;

        assert_int_equal(dtls_hello_parse(in, &got), ok ? PARSE_OK : PARSE_NOT);
        assert_string_equal(got.sni, ok ? "mtalk.google.com" : "");
        frame_free(in);
    }
}

/* A table of rows as tests.  cmocka's pointer to the row is not const. */
#define ADD_ROWS(table, check)                                                         \
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {                                    \
        tests[n++] = (struct CMUnitTest){table[i].title, check, NULL, NULL,            \
                                         (void *)(uintptr_t)&table[i]};                \
    }

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(raw_rows) +
                            ARRAY_LEN(alert_rows) + ARRAY_LEN(dtls_rows) + 2] = {
        cmocka_unit_test(check_prefixes),
        cmocka_unit_test(check_longest),
    };
    size_t n = 2;

    ADD_ROWS(rows, check_row)
    ADD_ROWS(raw_rows, check_raw_row)
    ADD_ROWS(alert_rows, check_alert_row)
    ADD_ROWS(dtls_rows, check_dtls_row)
    return cmocka_run_group_tests(tests, NULL, NULL);
}
