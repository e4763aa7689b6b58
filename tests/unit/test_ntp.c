/* SPDX-License-Identifier: BSD-3-Clause */
#include "corpus.h"

#include "names/ntp.h"

/* Leap, version and mode; stratum; then poll to dispersion; the rest is times. */
#define HEAD "\x06\xec\0\0\0\0\0\0\0\0"
#define TIMES "0123456789abcdef0123456789abcdef"

/* clang-format off */
static const struct row {
    const char *title;
    const uint8_t *bytes; size_t len;
    enum parse_result want;
    uint8_t version, mode, stratum; bool synchronised; const char *kiss;
} rows[] = {
    {"a client", WIRE("\x23\0" HEAD "\0\0\0\0" TIMES), PARSE_OK, 4, NTP_CLIENT, 0, true, ""},
    {"a client without time", WIRE("\xdb\0" HEAD "\0\0\0\0" TIMES), PARSE_OK, 3, NTP_CLIENT, 0, false, ""},
    {"a server", WIRE("\x24\x02" HEAD "\x0a\0\0\x01" TIMES), PARSE_OK, 4, NTP_SERVER, 2, true, ""},
    {"a server with a MAC behind", WIRE("\x24\x01" HEAD "GPS\0" TIMES "\0\0\0\x01" TIMES), PARSE_OK, 4, NTP_SERVER, 1, true, ""},
    {"a kiss of RATE", WIRE("\xe4\0" HEAD "RATE" TIMES), PARSE_OK, 4, NTP_SERVER, 0, false, "RATE"},
    {"a kiss of three letters", WIRE("\xe4\0" HEAD "NKE\0" TIMES), PARSE_OK, 4, NTP_SERVER, 0, false, "NKE"},
    {"stratum 0, no kiss", WIRE("\xe4\0" HEAD "\0\0\0\0" TIMES), PARSE_OK, 4, NTP_SERVER, 0, false, ""},
    {"stratum 0, no letters", WIRE("\xe4\0" HEAD "RA\x01\x02" TIMES), PARSE_OK, 4, NTP_SERVER, 0, false, ""},
    {"a broadcast", WIRE("\x1d\x03" HEAD "\0\0\0\0" TIMES), PARSE_OK, 3, NTP_BROADCAST, 3, true, ""},
    {"cut by one", WIRE("\x23\0" HEAD "\0\0\0" TIMES), .want = PARSE_NOT},
    {"nothing", WIRE(""), .want = PARSE_NOT},
    {"version 0", WIRE("\x03\0" HEAD "\0\0\0\0" TIMES), .want = PARSE_NOT},
    {"version 5", WIRE("\x2b\0" HEAD "\0\0\0\0" TIMES), .want = PARSE_NOT},
    {"mode 0", WIRE("\x20\0" HEAD "\0\0\0\0" TIMES), .want = PARSE_NOT},
    {"a control message", WIRE("\x26\0" HEAD "\0\0\0\0" TIMES), .want = PARSE_NOT},
    {"a private message", WIRE("\x27\0" HEAD "\0\0\0\0" TIMES), .want = PARSE_NOT},
    {"stratum 17", WIRE("\x24\x11" HEAD "\0\0\0\0" TIMES), .want = PARSE_NOT},
    {"RTP", WIRE("\x80\0" HEAD "\0\0\0\0" TIMES), .want = PARSE_NOT},
    {"SIP", WIRE("OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP"), .want = PARSE_NOT},
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);
    struct ntp_message got = {0};

    assert_int_equal(ntp_parse(in, &got), row->want);
    assert_int_equal(got.version, row->version);
    assert_int_equal(got.mode, row->mode);
    assert_int_equal(got.stratum, row->stratum);
    assert_int_equal(got.synchronised, row->synchronised);
    assert_string_equal(got.kiss, row->kiss ? row->kiss : "");
    frame_free(in);
}

static void count_datagram(const struct corpus_datagram *datagram, void *context)
{
    const uint8_t *ports = datagram->flow.at + datagram->flow.left - 4;
    struct ntp_message got;

    if (load_be16(ports) == 123 || load_be16(ports + 2) == 123) {
        assert_int_equal(ntp_parse(datagram->payload, &got), PARSE_OK);
        ++*(size_t *)context;
    }
}

static void check_corpus(void **state)
{
    size_t n = 0;

    (void)state;
    if (!corpus_each("zeek__NTP_sync.pcap", count_datagram, &n)) {
        skip();
    }
    assert_int_equal(n, 30);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = {cmocka_unit_test(check_corpus)};

    snprintf(corpus_dir, sizeof corpus_dir, "%s", argc > 2 ? argv[2] : ".");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[1 + i] = (struct CMUnitTest){rows[i].title, check_row, NULL, NULL,
                                           (void *)(uintptr_t)&rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
