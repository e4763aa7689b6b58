/* SPDX-License-Identifier: BSD-3-Clause */
#include "test_report.h"

#include "report/text_writer.h"

static char *written(const struct fixture *f, bool colour)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    assert_true(report_write_text(out, &f->judgement, &f->options, colour));
    fclose(out);
    assert_int_equal(strlen(text), len);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("no '%s' in:\n%s", part, text ? text : "");
    }
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part)) {
        fail_msg("'%s' in:\n%s", part, text ? text : "");
    }
}

/* No line is longer than 80 characters, or ends in spaces. */
static void assert_lines_fit(const char *text)
{
    unsigned column = 0;
    char before = '\n';

    for (; *text; before = *text++) {
        if (*text == '\n') {
            assert_int_not_equal(before, ' ');
            column = 0;
        } else if ((*text & 0xc0) != 0x80 && ++column > 80) {
            fail_msg("a line of more than 80: %.100s", text - 80);
        }
    }
    assert_int_equal(before, '\n');
}

/* Nothing that a terminal obeys but line feeds. */
static void assert_harmless(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        assert_true(c == '\n' || c >= 0x20);
        assert_int_not_equal(c, 0x7f);
        assert_false(c == 0xc2 && (unsigned char)text[1] < 0xa0);
        assert_int_not_equal(c, 0xff);
    }
}

static void check_fail(void **state)
{
    struct fixture f;
    char *text;

    (void)state;
    fixture_init(&f);
    text = written(&f, false);
    assert_ptr_equal(strstr(text, "FAIL: 1 problem on 2 of 2 phones.\n"), text);
    assert_has(text, "Capture   ward3.pcapng: 100 packets, 81234 bytes\n");
    assert_has(text, "            2026-11-22 07:30:01 to 07:45:00 UTC (14 min 58 s)\n");
    assert_has(text, "limited - 4 of 10 answered flows");
    assert_has(text, "most answers are missing");
    assert_has(text, "  1.  Blocked - google-fcm (");
    assert_has(text, "Stopped by 10.20.0.1.");
    assert_has(text, "TCP 5228\n      to mtalk.google.com\n");
    assert_has(text, "Finding F1.");
    assert_has(text, "F1 high Blocked - google-fcm");
    assert_has(text, "Phone     10.20.0.101 (00:90:7a:12:34:01)\n");
    assert_has(text, "Peer      mtalk.google.com 142.250.110.188 - TCP 5228\n");
    assert_has(
        text,
        "07:31:01 UTC (59.8 s)\n                3 attempts, 2 flows, 9 packets\n");
    assert_has(text, "Means     Push messages and alarms do not arrive.\n");
    assert_has(text, "Do        Allow TCP 10.20.0.0/24");
    assert_has(text, "Evidence  ward3.pcapng frames 96, 97\n");
    assert_has(text, "Filter    tcp.port==5228 && ip.addr==10.20.0.101\n");
    assert_has(text, "May be    google-https\n");
    assert_has(text, "(all ports: 4444, 4445) (the peer\n                opens it)\n");
    assert_has(text, "F3 low Advice A6 - net-ntp");
    assert_has(
        text, "  google-fcm            BLOCKED                 1 blocked + 1 not-seen");
    assert_has(text, "  required, not seen    net-ntp (may need 18 h)\n");
    assert_has(text, "tracker.example.net TCP 443: 2 phones, 9 flows, 51234 bytes\n");
    assert_has(text, "by its hardware address\n");
    free(text);
    fixture_fini(&f);
}

static void check_safety(void **state)
{
    struct fixture f;
    char *text;

    (void)state;
    fixture_init(&f);
    f.options.show_names = true;
    text = written(&f, false);
    assert_lines_fit(text);
    assert_harmless(text);
    assert_has(text, "nurse-joya");
    free(text);
    f.options.show_names = false;
    text = written(&f, false);
    assert_has_not(text, "nurse-joy");
    free(text);
    fixture_fini(&f);
}

/* With colour the text is the same but for colour sequences, and each is ended. */
static void check_colour(void **state)
{
    struct fixture f;
    char *plain, *colour, *to;
    int open = 0;

    (void)state;
    fixture_init(&f);
    plain = written(&f, false);
    colour = written(&f, true);
    assert_ptr_equal(strstr(colour, "\033[1;31mFAIL:\033[0m 1 problem"), colour);
    to = colour;
    for (const char *from = colour; *from;) {
        if (*from == '\033') {
            size_t len = strspn(from + 1, "[0123456789;") + 2;

            assert_int_equal(from[len - 1], 'm');
            open = strncmp(from, "\033[0m", 4) != 0;
            from += len;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    assert_false(open);
    assert_string_equal(colour, plain);
    free(colour);
    free(plain);
    fixture_fini(&f);
}

/* Devices are counted once, and only for findings of a kind that fails. */
static void check_count(void **state)
{
    struct fixture f;
    char *text;

    (void)state;
    fixture_init(&f);
    f.findings[1].device = &f.devices[0];
    f.findings[2].device = &f.devices[1];
    text = written(&f, false);
    assert_has(text, "FAIL: 1 problem on 1 of 2 phones.\n");
    free(text);
    fixture_fini(&f);
}

/* A problem of many phones is told in full a few times only. */
static void check_many(void **state)
{
    struct finding findings[5];
    struct fixture f;
    char *text;
    size_t n = 0;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(findings); i++) {
        findings[i] = f.findings[0];
    }
    f.judgement.findings = findings;
    f.judgement.n_findings = ARRAY_LEN(findings);
    f.judgement.n_problems = 0;
    text = written(&f, false);
    for (const char *at = text; (at = strstr(at, "Means  ")); at++) {
        n++;
    }
    assert_int_equal(n, 3);
    assert_has(text, "  F5 high Blocked");
    free(text);
    fixture_fini(&f);
}

static void check_pass(void **state)
{
    struct fixture f;
    char *text;

    (void)state;
    fixture_init(&f);
    f.judgement.verdict = VERDICT_PASS;
    f.judgement.n_findings = f.judgement.n_problems = 0;
    text = written(&f, false);
    assert_ptr_equal(
        strstr(text, "PASS: nothing blocked and nothing unexpected on 2 phones.\n"),
        text);
    assert_has_not(text, "Problems");
    assert_has_not(text, "Findings");
    free(text);

    f.findings[0] = f.findings[2];
    f.judgement.n_findings = 1;
    text = written(&f, false);
    assert_ptr_equal(strstr(text, "PASS: no finding of a kind that fails on 2 phones; "
                                  "1 other finding below.\n"),
                     text);
    free(text);
    fixture_fini(&f);
}

static void check_no_phone(void **state)
{
    struct addr suspects[] = {address("10.20.0.7"), address("10.20.0.9"),
                              address("10.21.3.1"), address("2001:db8:1:2::5")};
    struct fixture f;
    char *text;

    (void)state;
    fixture_init(&f);
    f.judgement.verdict = VERDICT_INCONCLUSIVE;
    f.judgement.n_findings = f.judgement.n_problems = f.judgement.n_devices = 0;
    f.captures[0].undecoded[DECODE_ENCRYPTED_WIFI] = 55;
    text = written(&f, false);
    assert_ptr_equal(strstr(text, "INCONCLUSIVE: no phone was found.\n"), text);
    assert_has(text, "55 frames are encrypted Wi-Fi");
    assert_has(text, "no host behaves like one");
    assert_lines_fit(text);
    free(text);

    f.judgement.suspects = suspects;
    f.judgement.n_suspects = ARRAY_LEN(suspects);
    text = written(&f, false);
    assert_has(text, "10.20.0.7, 10.20.0.9, 10.21.3.1,\n  2001:db8:1:2::5 - if");
    assert_has(text,
               "\n    \"devices\": {\"subnets\": [\"10.20.0.0/24\", \"10.21.3.0/24\",\n"
               "        \"2001:db8:1:2::/64\"]}\n");
    assert_has(text, "--device 10.20.0.0/24.");
    assert_has_not(text, "no host behaves like one");
    assert_lines_fit(text);
    free(text);
    fixture_fini(&f);
}

static void check_inconclusive(void **state)
{
    struct fixture f;
    char *text;

    (void)state;
    fixture_init(&f);
    f.judgement.verdict = VERDICT_INCONCLUSIVE;
    f.judgement.trust = TRUST_BLIND;
    text = written(&f, false);
    assert_has(text, "INCONCLUSIVE: this capture does not show both directions");
    assert_has(text, "Mirror both directions");
    free(text);
    f.judgement.trust = TRUST_GOOD;
    text = written(&f, false);
    assert_has(text, "INCONCLUSIVE: nothing that the phones did");
    assert_has(text, "Capture for longer");
    free(text);
    f.captures[0].packets = 0;
    text = written(&f, false);
    assert_has(text, "INCONCLUSIVE: there is no packet in what was read.\n");
    free(text);
    fixture_fini(&f);
}

/* Text of every word length around the margin, at every indentation. */
static void check_wrapping(void **state)
{
    (void)state;
    for (unsigned hang = 0; hang < 40; hang++) {
        for (int len = 1; len <= 40; len++) {
            char *out = NULL;
            size_t size;
            FILE *file = open_memstream(&out, &size);
            struct text_writer text;

            assert_non_null(file);
            text_begin(&text, file, false);
            text_label(&text, 0, "x", hang);
            for (int i = 0; i < 20; i++) {
                text_say(&text, "%.*s  %d", len,
                         "\xc3\xa9"
                         "bcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx",
                         i);
            }
            assert_true(text_finish(&text));
            fclose(file);
            assert_lines_fit(out);
            free(out);
        }
    }
}

static void check_long_word(void **state)
{
    char word[200], *out = NULL, want[900];
    size_t size;
    FILE *file = open_memstream(&out, &size);
    struct text_writer text;

    (void)state;
    assert_non_null(file);
    memset(word, 'w', sizeof word);
    word[sizeof word - 1] = '\0';
    text_begin(&text, file, false);
    page_line(&text, 2, 4);
    text_say(&text, "a %s b", word);
    text_label(&text, 0, "x", 4);
    text_say(&text, "%s", word);
    page_line(&text, 9, 9); /* Nothing is said, so it is no line. */
    text_heading(&text, "end");
    assert_true(text_finish(&text));
    fclose(file);
    snprintf(want, sizeof want, "  a\n    %s\n    b\nx   %s\n\nend\n", word, word);
    assert_string_equal(out, want);
    free(out);
}

static void check_full_disk(void **state)
{
    FILE *full = fopen("/dev/full", "w");
    struct fixture f;

    (void)state;
    if (!full) {
        skip();
    }
    fixture_init(&f);
    assert_false(report_write_text(full, &f.judgement, &f.options, false));
    fixture_fini(&f);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_fail),      cmocka_unit_test(check_safety),
        cmocka_unit_test(check_colour),    cmocka_unit_test(check_pass),
        cmocka_unit_test(check_no_phone),  cmocka_unit_test(check_inconclusive),
        cmocka_unit_test(check_wrapping),  cmocka_unit_test(check_long_word),
        cmocka_unit_test(check_full_disk), cmocka_unit_test(check_count),
        cmocka_unit_test(check_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
