/* SPDX-License-Identifier: BSD-3-Clause
 *
 * judge() on flows that are written down: what is accused, of what, and how far a
 * failure reaches.  DESIGN 3.2 to 3.5.
 */
#include "judged.h"
#include "site_policy.h"

enum { MAX_FLOWS = 24 };

#define MTALK "142.250.110.188"
#define MTALK_2 "142.250.110.189"
#define OPEN "S0 h20 A21 L22 a40 d50 A51 D60 d80"
#define GIVEN_UP "S0 h20 A21 L22 a40 v50 A51 Y60 f61 F62"
#define ACCEPTED "S0 h20 A21 L22 a40 v50 A51 D60 d80 F90"
#define DROPPED "S0 S1000 S3000 S7000"
#define DROPPED_LONG "S0 S1000 S3000 S7000 S15000 S31000"

struct row {
    const char *name;
    double end_s; /* When the capture ended. */
    struct flow flows[MAX_FLOWS];
    /* Findings as "kind row cause confidence", problems as
     * "problem scope affected/unaffected", a line each. */
    const char *want;
};

static const struct row rows[] = {
    /* clang-format off */
    {"everything works", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 0, OPEN},
      {"10.20.0.101", "10.50.0.12", 443, NULL, 1, OPEN}}, ""},
    {"certificates of two names given up twice each", 60,
     {{"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, GIVEN_UP},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 1, GIVEN_UP},
      {"10.20.0.101", "142.250.1.2", 443, "accounts.google.com", 2, GIVEN_UP},
      {"10.20.0.101", "142.250.1.2", 443, "accounts.google.com", 3, GIVEN_UP}},
     "intercepted google-hosts tls-abort low\n"
     "intercepted google-hosts tls-abort low\nproblem phone 1/0\n"},
    {"a certificate given up twice by two phones each", 60,
     {{"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, GIVEN_UP},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 1, GIVEN_UP},
      {"10.20.0.102", "142.250.1.1", 443, "play.google.com", 2, GIVEN_UP},
      {"10.20.0.102", "142.250.1.1", 443, "play.google.com", 3, GIVEN_UP}},
     "intercepted google-hosts tls-abort low\n"
     "intercepted google-hosts tls-abort low\nproblem fleet 2/0\n"},
    {"given up once each", 60,
     {{"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, GIVEN_UP},
      {"10.20.0.101", "142.250.1.2", 443, "accounts.google.com", 1, GIVEN_UP},
      {"10.20.0.102", "142.250.1.3", 443, "www.gstatic.com", 2, GIVEN_UP}}, ""},
    {"one name alone may have a bad certificate", 60,
     {{"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, GIVEN_UP},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 1, GIVEN_UP},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 2, GIVEN_UP}}, ""},
    {"given up often, and accepted too", 60,
     {{"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, GIVEN_UP},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 1, GIVEN_UP},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 40, ACCEPTED},
      {"10.20.0.101", "142.250.1.2", 443, "accounts.google.com", 2, GIVEN_UP},
      {"10.20.0.101", "142.250.1.2", 443, "accounts.google.com", 3, GIVEN_UP}}, ""},
    {"the site's own servers may have own certificates", 60,
     {{"10.20.0.101", "10.50.0.12", 443, "sam.corp.example", 0, GIVEN_UP},
      {"10.20.0.101", "10.50.0.12", 443, "sam.corp.example", 1, GIVEN_UP},
      {"10.20.0.102", "10.50.0.12", 443, "sam.corp.example", 2, GIVEN_UP},
      {"10.20.0.102", "10.50.0.12", 443, "sam.corp.example", 3, GIVEN_UP}}, ""},
    {"the name in a stranger's hello names nobody", 60,
     {{"10.20.0.101", "198.18.0.66", 443, "play.google.com", 0, "s0 H1 a2 l3 A4 D5 a6"},
      {"10.20.0.102", "198.18.0.66", 443, NULL, 1, DROPPED},
      {"10.20.0.101", "10.50.0.12", 443, NULL, 1, OPEN}},
     "unexpected-inbound - - high\nproblem peer 1/0\n"},
    {"SYNs dropped", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, DROPPED},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, OPEN}},
     "blocked google-fcm syn-drop medium\nproblem phone 1/0\n"},
    {"more than four SYNs leave no doubt", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, DROPPED_LONG},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, OPEN}},
     "blocked google-fcm syn-drop high\nproblem phone 1/0\n"},
    {"a box has forgotten an idle connection, and resets it", 100,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 0,
       "S0 h20 A21 L22 a40 d50 A51 D40000 x40001"},
      {"10.20.0.101", MTALK, 5228, "mtalk.google.com", 41, OPEN}},
     "blocked google-fcm idle-killed medium\nproblem phone 1/0\n"},
    {"a radio gap: the resolver and others, who answer else, stay silent", 60,
     {{"10.20.0.101", "10.50.0.10", 53, NULL, 0, "U0 u1"},
      {"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, OPEN},
      {"10.20.0.101", "10.50.0.10", 53, NULL, 10, "U0 U5000"},
      {"10.20.0.101", MTALK, 5228, "mtalk.google.com", 10, DROPPED},
      {"10.20.0.102", "142.250.1.1", 443, "play.google.com", 12, OPEN}},
     "problem phone 1/1\n"},
    {"no radio gap: somebody was heard in it", 60,
     {{"10.20.0.101", "10.50.0.10", 53, NULL, 0, "U0 u1"},
      {"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, OPEN},
      {"10.20.0.101", MTALK, 5228, "mtalk.google.com", 40, DROPPED},
      {"10.20.0.101", "10.50.0.10", 53, NULL, 40, "U0 U5000"},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 42, OPEN}},
     "degraded google-fcm syn-drop medium\nproblem phone 1/0\n"},
    {"no radio gap: the resolver is not among it", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, OPEN},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 2, OPEN},
      {"10.20.0.101", MTALK, 5228, "mtalk.google.com", 10, DROPPED},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 10, DROPPED}}, ""},
    {"the capture ended too early", 2,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, "S0 S900"},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, OPEN}}, ""},
    {"a lone SYN proves nothing", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, "S0"},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, OPEN}}, ""},
    {"two SYNs are too few", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, "S0 S3000"},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, OPEN}}, ""},
    {"SIP has longer to answer", 20,
     {{"10.20.0.101", "10.50.0.17", 5060, NULL, 1, DROPPED},
      {"10.20.0.101", "10.50.0.12", 443, NULL, 0, OPEN}}, ""},
    {"SIP has longer, and that is over", 60,
     {{"10.20.0.101", "10.50.0.17", 5060, NULL, 1, DROPPED},
      {"10.20.0.101", "10.50.0.12", 443, NULL, 0, OPEN}},
     "blocked uc-sip syn-drop medium\nproblem phone 1/0\n"},
    {"prohibited by a router", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, "S0 I1"},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, OPEN}},
     "blocked google-fcm icmp-prohibited high\n"
     "problem phone 1/0\n"},
    {"a RST with another TTL than the server's", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 30, "S0 x1"},
      {"10.20.0.101", MTALK, 443, "play.google.com", 0, OPEN}},
     "blocked google-fcm tcp-reset high\n"
     "problem phone 1/0\n"},
    {"a RST with the server's own TTL", 60,
     {{"10.20.0.101", "10.50.0.12", 443, NULL, 30, "S0 r1"},
      {"10.20.0.101", "10.50.0.12", 8443, NULL, 0, OPEN}},
     "unexpected - - high\n"
     "refused sam-heartbeat - high\n"
     "problem phone 1/0\n"
     "problem phone 1/0\n"},
    {"a RST that no router touched, of a server unheard of", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, "S0 x1"},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, OPEN}},
     "blocked google-fcm tcp-reset medium\n"
     "problem phone 1/0\n"},
    {"a RST after the hello", 60,
     {{"10.20.0.101", "142.250.1.1", 443, "play.google.com", 1, "S0 h20 A21 L22 x23"},
      {"10.20.0.101", "142.250.1.2", 443, "accounts.google.com", 0, OPEN}},
     "blocked google-hosts hello-reset high\n"
     "problem phone 1/0\n"},
    {"a hello again and again", 60,
     {{"10.20.0.101", "142.250.1.1", 443, "play.google.com", 1,
       "S0 h20 A21 L22 T230 T630 T1430 T3030 T6230"},
      {"10.20.0.101", "142.250.1.2", 443, "accounts.google.com", 0, OPEN}},
     "blocked google-hosts hello-drop high\n"
     "problem phone 1/0\n"},
    {"saved by a success soon after", 90,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, DROPPED},
      {"10.20.0.101", MTALK, 5228, "mtalk.google.com", 30, OPEN}}, ""},
    {"other ports work: degraded", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, DROPPED},
      {"10.20.0.101", MTALK, 5229, "mtalk.google.com", 10, OPEN}},
     "degraded google-fcm syn-drop medium\n"
     "problem phone 1/0\n"},
    {"one of two addresses works: degraded", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, DROPPED},
      {"10.20.0.101", MTALK_2, 5228, "mtalk.google.com", 10, OPEN}},
     "degraded google-fcm syn-drop medium\n"
     "problem phone 1/0\n"},
    {"IPv6 fails, IPv4 works", 60,
     {{"2001:db8:20::101", "2a00:1450:4001::1", 443, "play.google.com", 1, DROPPED},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 2, OPEN}}, ""},
    {"NTP unanswered", 120,
     {{"10.20.0.101", "10.50.0.11", 123, NULL, 1, "U0 U16000 U32000"},
      {"10.20.0.101", "10.50.0.12", 443, NULL, 0, OPEN},
      {"10.20.0.101", "10.50.0.12", 443, NULL, 20, OPEN}},
     "blocked net-ntp no-reply medium\n"
     "problem phone 1/0\n"},
    {"syslog is never answered", 120,
     {{"10.20.0.101", "10.50.0.13", 514, NULL, 1, "U0 U16000 U32000"},
      {"10.20.0.101", "10.50.0.12", 443, NULL, 0, OPEN}}, ""},
    {"telnet", 60,
     {{"10.20.0.101", "10.60.0.1", 23, NULL, 0, OPEN}},
     "unexpected - - high\n"
     "problem phone 1/0\n"},
    {"what is not documented is never blocked", 60,
     {{"10.20.0.101", "10.60.0.1", 23, NULL, 0, DROPPED_LONG},
      {"10.20.0.101", "10.50.0.12", 443, NULL, 0, OPEN}},
     "unexpected - - high\n"
     "problem phone 1/0\n"},
    {"midstream only", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 0, "D0 d10 D20 d30"}}, ""},
    {"the phone's direction only", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 0, "S0 A20 D21 A40 D60"}}, ""},
    {"two phones, one is stopped", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, DROPPED},
      {"10.20.0.102", MTALK, 5228, "mtalk.google.com", 1, OPEN},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, OPEN}},
     "blocked google-fcm syn-drop medium\n"
     "problem phone 1/1\n"},
    {"all phones are stopped: one problem", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, DROPPED},
      {"10.20.0.102", MTALK, 5228, "mtalk.google.com", 1, DROPPED},
      {"10.20.0.103", MTALK, 5228, "mtalk.google.com", 1, DROPPED},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, OPEN},
      {"10.20.0.102", "142.250.1.1", 443, "play.google.com", 0, OPEN},
      {"10.20.0.103", "142.250.1.1", 443, "play.google.com", 0, OPEN}},
     "blocked google-fcm syn-drop medium\n"
     "blocked google-fcm syn-drop medium\n"
     "blocked google-fcm syn-drop medium\n"
     "problem fleet 3/0\n"},
    {"one subnet of two is stopped", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, DROPPED},
      {"10.20.0.102", MTALK, 5228, "mtalk.google.com", 1, DROPPED},
      {"10.20.1.103", MTALK, 5228, "mtalk.google.com", 1, OPEN},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 0, OPEN},
      {"10.20.0.102", "142.250.1.1", 443, "play.google.com", 0, OPEN}},
     "blocked google-fcm syn-drop medium\n"
     "blocked google-fcm syn-drop medium\n"
     "problem subnet 2/1\n"},
    {"a row each, one cause: a problem each", 60,
     {{"10.20.0.101", MTALK, 5228, "mtalk.google.com", 1, "S0 I1"},
      {"10.20.0.101", "142.250.1.1", 443, "play.google.com", 2, "S0 I1"},
      {"10.20.0.101", "10.50.0.12", 443, NULL, 0, OPEN}},
     "blocked google-fcm icmp-prohibited high\n"
     "blocked google-hosts icmp-prohibited high\n"
     "problem phone 1/0\n"
     "problem phone 1/0\n"},
    /* clang-format on */
};

static const struct judge_options options = {
    .devices = {"10.20.0.0/16", "2001:db8:20::/64"},
    .n_devices = 2,
    .fail_on = (1u << KINDS) - 1,
};

/* Addresses of one phone are one device, as its hardware address says. */
static void join(struct tally *tally)
{
    static const char *const addrs[] = {"10.20.0.101", "2001:db8:20::101"};

    for (size_t i = 0; i < 2; i++) {
        struct host_key key;

        memset(&key, 0, sizeof key);
        key.addr = script_addr(addrs[i]);
        assert_true(mac_parse("00:90:7a:00:00:01", &key.mac));
        struct host *host = pool_add(&tally->hosts, &key, NULL);
        assert_non_null(host);
        host->first_ns = host->last_ns = script_start;
    }
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct policap_error err = {""};
    struct judge_options joined = options;
    struct tally tally;
    char text[TEXT_LEN];
    bool v6 = false;

    tally_init(&tally);
    for (unsigned i = 0; i < MAX_FLOWS && row->flows[i].phone; i++) {
        add_flow(&tally, &row->flows[i], i);
        v6 = v6 || strchr(row->flows[i].phone, ':');
    }
    if (v6) {
        join(&tally);
        joined.devices[joined.n_devices++] = "00:90:7a:00:00:01";
    }
    assert_true(tally_add_window(&tally, 0, script_start,
                                 script_start + (int64_t)(row->end_s * 1e9)));
    assert_true(tally_settle(&tally));

    struct judgement *judgement = judge(&tally, policy, &joined, &err);
    assert_non_null(judgement);
    summary(judgement, policy, text);
    assert_string_equal(text, row->want);
    judgement_free(judgement);
    tally_fini(&tally);
}

/* Ten ports of one peer within a minute, refused: one finding that lists them. */
static void check_scan(void **state)
{
    struct policap_error err;
    struct tally tally;
    char text[TEXT_LEN];

    (void)state;
    tally_init(&tally);
    for (unsigned i = 0; i < 12; i++) {
        struct flow flow = {"10.20.0.101", "10.60.0.9", (uint16_t)(1000 + i),
                            NULL,          i,           "S0 r1"};

        add_flow(&tally, &flow, i);
    }
    assert_true(tally_add_window(&tally, 0, script_start, script_start + 60000000000));
    assert_true(tally_settle(&tally));

    struct judgement *judgement = judge(&tally, policy, &options, &err);
    assert_non_null(judgement);
    summary(judgement, policy, text);
    assert_string_equal(text, "unexpected - scan high\nproblem phone 1/0\n");
    assert_int_equal(judgement->findings[0].n_ports, 12);
    judgement_free(judgement);
    tally_fini(&tally);
}

/* SIP has 32 s to answer, and who knows that nothing came since may judge later. */
static void check_as_of(void **state)
{
    const char *want[] = {"", "blocked uc-sip syn-drop medium\nproblem phone 1/0\n"};
    struct judge_options as_of = options;
    struct policap_error err;
    struct tally tally;
    char text[TEXT_LEN];

    (void)state;
    tally_init(&tally);
    add_flow(&tally,
             &(struct flow){"10.20.0.101", "10.50.0.17", 5060, NULL, 1, DROPPED}, 0);
    add_flow(&tally, &(struct flow){"10.20.0.101", "10.50.0.12", 443, NULL, 0, OPEN},
             1);
    assert_true(tally_add_window(&tally, 0, script_start, script_start + 20000000000) &&
                tally_settle(&tally));
    for (int i = 0; i < 2; i++) {
        as_of.now_ns = i ? script_start + 60000000000 : 0;
        struct judgement *judgement = judge(&tally, policy, &as_of, &err);

        assert_non_null(judgement);
        summary(judgement, policy, text);
        assert_string_equal(text, want[i]);
        judgement_free(judgement);
    }
    tally_fini(&tally);
}

static void check_expect(void **state)
{
    const char *expected[] = {"net-ntp", "sam-heartbeat"};
    const char *unknown[] = {"no-such-row"};
    struct judge_options expecting = options;
    struct policap_error err;
    struct tally tally;
    char text[TEXT_LEN];

    (void)state;
    tally_init(&tally);
    add_flow(&tally, &(struct flow){"10.20.0.101", "10.50.0.12", 443, NULL, 0, OPEN},
             0);
    assert_true(tally_add_window(&tally, 0, script_start, script_start + 60000000000));
    assert_true(tally_settle(&tally));
    expecting.expect = expected;
    expecting.n_expect = 2;

    struct judgement *judgement = judge(&tally, policy, &expecting, &err);
    assert_non_null(judgement);
    summary(judgement, policy, text);
    assert_string_equal(text, "not-seen net-ntp - high\n");
    assert_int_equal(judgement->verdict, VERDICT_FAIL);
    judgement_free(judgement);
    expecting.expect = unknown;
    expecting.n_expect = 1;
    assert_null(judge(&tally, policy, &expecting, &err));
    tally_fini(&tally);
}

/* The same tally, judged twice, and with what is over kept as pieces or in cells. */
static void check_pure(void **state)
{
    const struct row *row = &rows[ARRAY_LEN(rows) - 1];
    struct policap_error err;
    struct tally tallies[2];
    char text[2][TEXT_LEN];

    (void)state;
    for (unsigned t = 0; t < 2; t++) {
        tally_init(&tallies[t]);
        tallies[t].stay = t;
        for (unsigned i = 0; row->flows[i].phone; i++) {
            add_flow(&tallies[t], &row->flows[i], i);
        }
        /* Three hours on all are over. */
        assert_true(tally_add_window(&tallies[t], 0, script_start,
                                     script_start + 10800LL * 1000000000));
        assert_true(tally_settle(&tallies[t]));
        assert_int_equal(tallies[t].n_pieces > 0, t);
        for (unsigned again = 0; again < 2; again++) {
            struct judgement *judgement = judge(&tallies[t], policy, &options, &err);

            assert_non_null(judgement);
            summary(judgement, policy, text[again]);
            assert_string_equal(text[again], row->want);
            judgement_free(judgement);
        }
    }
    tally_fini(&tallies[0]);
    tally_fini(&tallies[1]);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(check_scan),
        cmocka_unit_test(check_as_of),
        cmocka_unit_test(check_expect),
        cmocka_unit_test(check_pure),
    };
    size_t n = 4;

    source_root = argc > 1 ? argv[1] : ".";
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[n++] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                         (void *)(uintptr_t)&rows[i]};
    }
    return _cmocka_run_group_tests("judge", tests, n, site_policy_load,
                                   site_policy_free);
}
