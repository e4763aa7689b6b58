/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "voice/voice.h"

#define SEQ "\x12\x34"
#define TIME "\0\0\0\xa0"
#define SSRC "\xde\xad\xbe\xef"
#define SENDER "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x64\0\0\x3e\x80"
#define SILENT_SENDER "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define REPORT                                                                         \
    "\xca\xfe\xba\xbe"                                                                 \
    "\x80"                                                                             \
    "\0\0\x0a"                                                                         \
    "\0\x01\0\x64"                                                                     \
    "\0\0\0\x07"                                                                       \
    "\0\0\0\0"                                                                         \
    "\0\0\0\0"
#define CNAME                                                                          \
    "\x81\xca\0\x03" SSRC "\x01\x01"                                                   \
    "a\0\0\0\0\0"

enum reader { RTP, RTCP };

struct row {
    const char *title;
    const uint8_t *bytes;
    size_t len;
    enum reader reader;
    enum parse_result want;
    unsigned type, payload;   /* RTP */
    unsigned reports, blocks; /* RTCP */
    bool reporting, sending, bye;
};

/* clang-format off */
static const struct row rows[] = {
    {"G.711", WIRE("\x80\x00" SEQ TIME SSRC "abcd"), RTP, .want = PARSE_OK, .type = 0, .payload = 4},
    {"with a marker", WIRE("\x80\x80" SEQ TIME SSRC "abcd"), RTP, .want = PARSE_OK, .type = 0, .payload = 4},
    {"telephone events", WIRE("\x80\x65" SEQ TIME SSRC "abcd"), RTP, .want = PARSE_OK, .type = 101, .payload = 4},
    {"no payload", WIRE("\x80\x00" SEQ TIME SSRC), RTP, .want = PARSE_OK},
    {"two sources", WIRE("\x82\x00" SEQ TIME SSRC SSRC SSRC "x"), RTP, .want = PARSE_OK, .payload = 1},
    {"an extension", WIRE("\x90\x00" SEQ TIME SSRC "\xbe\xde\0\x01" "0000" "xy"), RTP, .want = PARSE_OK, .payload = 2},
    {"padding", WIRE("\xa0\x00" SEQ TIME SSRC "xy\0\0\x03"), RTP, .want = PARSE_OK, .payload = 2},
    {"all of it padding", WIRE("\xa0\x00" SEQ TIME SSRC "\0\x02"), RTP, .want = PARSE_OK},
    {"type 95, which a marker makes 223", WIRE("\x80\x5f" SEQ TIME SSRC), RTP, .want = PARSE_OK, .type = 95},
    {"type 63 with a marker", WIRE("\x80\xbf" SEQ TIME SSRC), RTP, .want = PARSE_OK, .type = 63},
    {"type 96 with a marker", WIRE("\x80\xe0" SEQ TIME SSRC), RTP, .want = PARSE_OK, .type = 96},
    {"a byte short", WIRE("\x80\x00" SEQ TIME "\xde\xad\xbe"), RTP, .want = PARSE_NOT},
    {"nothing", WIRE(""), RTP, .want = PARSE_NOT},
    {"version 1", WIRE("\x40\x00" SEQ TIME SSRC), RTP, .want = PARSE_NOT},
    {"version 3", WIRE("\xc0\x00" SEQ TIME SSRC), RTP, .want = PARSE_NOT},
    {"a sender report", WIRE("\x80\xc8\0\x06" SSRC SENDER), RTP, .want = PARSE_NOT},
    {"the lowest type of RTCP", WIRE("\x80\xc0" SEQ TIME SSRC), RTP, .want = PARSE_NOT},
    {"the highest type of RTCP", WIRE("\x80\xdf" SEQ TIME SSRC), RTP, .want = PARSE_NOT},
    {"sources that are not there", WIRE("\x83\x00" SEQ TIME SSRC SSRC SSRC "xyz"), RTP, .want = PARSE_NOT},
    {"an extension cut in its head", WIRE("\x90\x00" SEQ TIME SSRC "\xbe\xde\0"), RTP, .want = PARSE_NOT},
    {"an extension longer than all", WIRE("\x90\x00" SEQ TIME SSRC "\xbe\xde\0\x02" "0000" "xy"), RTP, .want = PARSE_NOT},
    {"padding longer than all", WIRE("\xa0\x00" SEQ TIME SSRC "x\x03"), RTP, .want = PARSE_NOT},
    {"padding of none", WIRE("\xa0\x00" SEQ TIME SSRC "xy\0"), RTP, .want = PARSE_NOT},
    {"padding without a byte", WIRE("\xa0\x00" SEQ TIME SSRC), RTP, .want = PARSE_NOT},
    {"a sender report without blocks", WIRE("\x80\xc8\0\x06" SSRC SENDER CNAME), RTCP, .want = PARSE_OK,
     .reporting = true, .sending = true},
    {"a sender that sent nothing", WIRE("\x80\xc8\0\x06" SSRC SILENT_SENDER), RTCP, .want = PARSE_OK, .reporting = true},
    {"a sender report with a block", WIRE("\x81\xc8\0\x0c" SSRC SENDER REPORT CNAME), RTCP, .want = PARSE_OK,
     .reports = 1, .blocks = 1, .reporting = true, .sending = true},
    {"a receiver report", WIRE("\x81\xc9\0\x07" SSRC REPORT), RTCP, .want = PARSE_OK,
     .reports = 1, .blocks = 1, .reporting = true},
    {"an empty receiver report", WIRE("\x80\xc9\0\x01" SSRC), RTCP, .want = PARSE_OK, .reporting = true},
    {"five blocks: four are kept", WIRE("\x85\xc9\0\x1f" SSRC REPORT REPORT REPORT REPORT REPORT), RTCP, .want = PARSE_OK,
     .reports = 4, .blocks = 5, .reporting = true},
    {"with what a profile adds", WIRE("\x80\xc9\0\x02" SSRC "abcd"), RTCP, .want = PARSE_OK, .reporting = true},
    {"the end", WIRE("\x80\xc9\0\x01" SSRC "\x81\xcb\0\x01" SSRC), RTCP, .want = PARSE_OK, .reporting = true, .bye = true},
    {"a short form", WIRE("\x81\xcd\0\x02" SSRC "abcd"), RTCP, .want = PARSE_OK},
    {"a BYE of nobody last", WIRE("\x80\xc9\0\x01" SSRC "\x80\xcb\0\0"), RTCP, .want = PARSE_OK, .reporting = true},
    {"nothing", WIRE(""), RTCP, .want = PARSE_NOT},
    {"a BYE of nobody alone", WIRE("\x80\xcb\0\0"), RTCP, .want = PARSE_NOT},
    {"RTP", WIRE("\x80\x00" SEQ TIME SSRC), RTCP, .want = PARSE_NOT},
    {"version 1", WIRE("\x40\xc9\0\x01" SSRC), RTCP, .want = PARSE_NOT},
    {"a type below", WIRE("\x80\xc7\0\x01" SSRC), RTCP, .want = PARSE_NOT},
    {"a type above", WIRE("\x80\xd0\0\x01" SSRC), RTCP, .want = PARSE_NOT},
    {"a length beyond the end", WIRE("\x80\xc9\0\x02" SSRC), RTCP, .want = PARSE_NOT},
    {"a length that leaves a byte", WIRE("\x80\xc9\0\x01" SSRC "x"), RTCP, .want = PARSE_NOT},
    {"a block that is not there", WIRE("\x81\xc9\0\x01" SSRC), RTCP, .want = PARSE_NOT},
    {"a block that lies in the next packet", WIRE("\x81\xc9\0\x01" SSRC "\x81\xca\0\x05" REPORT), RTCP, .want = PARSE_NOT},
    {"a sender report cut in its times", WIRE("\x80\xc8\0\x05" SSRC "0000000000000000"), RTCP, .want = PARSE_NOT},
    {"something encrypted behind the head", WIRE("\x81\xc8\0\x0c" SSRC SENDER REPORT "\x80\0\0\x01" "0123456789"), RTCP, .want = PARSE_NOT},
    {"a second packet of another version", WIRE("\x80\xc9\0\x01" SSRC "\x01\xcb\0\x01" SSRC), RTCP, .want = PARSE_NOT},
};
/* clang-format on */

static void check_rtp(const struct row *row, struct cursor in)
{
    struct rtp_packet got = {.payload_len = 99};

    assert_int_equal(rtp_parse(in, &got), row->want);
    if (row->want != PARSE_OK) {
        assert_int_equal(got.payload_len, 99);
        return;
    }
    assert_int_equal(got.payload_type, row->type);
    assert_int_equal(got.payload_len, row->payload);
    assert_int_equal(got.seq, 0x1234);
    assert_int_equal(got.timestamp, 0xa0);
    assert_true(got.ssrc == 0xdeadbeef);
}

static void check_rtcp(const struct row *row, struct cursor in)
{
    struct rtcp_packet got = {.n_blocks = 99};

    assert_int_equal(rtcp_parse(in, &got), row->want);
    if (row->want != PARSE_OK) {
        assert_int_equal(got.n_blocks, 99);
        return;
    }
    assert_int_equal(got.n_reports, row->reports);
    assert_int_equal(got.n_blocks, row->blocks);
    assert_int_equal(got.reporting, row->reporting);
    assert_int_equal(got.sending, row->sending);
    assert_int_equal(got.bye, row->bye);
    assert_true(got.ssrc == 0xdeadbeef);
    for (size_t i = 0; i < got.n_reports; i++) {
        assert_true(got.reports[i].ssrc == 0xcafebabe);
        assert_int_equal(got.reports[i].fraction_lost, 128);
        assert_int_equal(got.reports[i].lost, 10);
        assert_int_equal(got.reports[i].highest_seq, 0x10064);
    }
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);

    if (row->reader == RTP) {
        check_rtp(row, in);
    } else {
        check_rtcp(row, in);
    }
    frame_free(in);
}

static void check_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t len = 0; len < rows[i].len; len++) {
            struct cursor in = frame_copy(rows[i].bytes, len);
            struct rtp_packet rtp;
            struct rtcp_packet rtcp;

            if (rtp_parse(in, &rtp) == PARSE_OK) {
                assert_true(rtp.payload_len + 12 <= len);
                assert_int_equal(rtcp_parse(in, &rtcp), PARSE_NOT);
            } else if (rtcp_parse(in, &rtcp) == PARSE_OK) {
                assert_true(8 + 24 * rtcp.n_blocks <= len);
            }
            frame_free(in);
        }
    }
}

/* More copies than losses: a number below zero. */
static void check_negative_loss(void **state)
{
    static const char bytes[] = "\x81\xc9\0\x07" SSRC "\0\0\0\x01"
                                "\0"
                                "\xff\xff\xfe"
                                "\0\0\0\0"
                                "\0\0\0\0"
                                "\0\0\0\0"
                                "\0\0\0\0";
    struct rtcp_packet got;

    (void)state;
    assert_int_equal(rtcp_parse((struct cursor){WIRE(bytes)}, &got), PARSE_OK);
    assert_int_equal(got.reports[0].lost, -2);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 2];
    size_t n = 0;

    for (; n < ARRAY_LEN(rows); n++) {
        tests[n] = (struct CMUnitTest){.name = rows[n].title,
                                       .test_func = check_row,
                                       .initial_state = (void *)&rows[n]};
    }
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(check_prefixes);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(check_negative_loss);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
