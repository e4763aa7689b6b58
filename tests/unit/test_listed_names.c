/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What names that a capture lists are worth: they may say which row a flow fits, they
 * give way to what a phone asked itself, and they accuse nothing.  DESIGN 3.2.
 */
#include "script.h"
#include "site_policy.h"

#include "audit/judge.h"
#include "audit/listed_names.h"

#include <stdio.h>

enum { MAX_NAMES = 4, TEXT_LEN = 512 };

#define PEER "203.0.113.9"
#define PHONE "10.20.0.101"

struct row {
    const char *name;
    uint16_t port;
    const char *listed[MAX_NAMES]; /* Of PEER. */
    const char *asked;             /* By the phone, of DNS; NULL: nothing. */
    const char *asked_by_other;    /* By another phone. */
    /* "verdict row names", the latter with their sources. */
    const char *want;
};

/* clang-format off */
static const struct row rows[] = {
    {"no name: it could still be saved by one", 5228, {NULL}, NULL, NULL,
     "candidate google-fcm"},
    {"a listed name says which row it is", 5228, {"mtalk.google.com"}, NULL, NULL,
     "documented google-fcm mtalk.google.com/list"},
    {"written otherwise", 5228, {"MTALK.Google.com."}, NULL, NULL,
     "documented google-fcm mtalk.google.com/list"},
    {"no host name", 5228, {"mtalk google"}, NULL, NULL, "candidate google-fcm"},
    {"two names of one row agree", 5228, {"mtalk.google.com", "alt1-mtalk.google.com"}, NULL, NULL,
     "documented google-fcm alt1-mtalk.google.com/list mtalk.google.com/list"},
    {"two names, one of no row: unsure which was meant", 5228, {"mtalk.google.com", "www.example.net"},
     NULL, NULL, "candidate google-fcm mtalk.google.com/list www.example.net/list"},
    {"what the phone asked stands before", 5228, {"www.example.net"}, "mtalk.google.com", NULL,
     "documented google-fcm mtalk.google.com/dns"},
    {"what another phone asked stands before", 5228, {"www.example.net"}, NULL, "mtalk.google.com",
     "documented google-fcm mtalk.google.com/dns-other-device"},
    {"a name in no row accuses when the phone asked it", 443, {NULL}, "www.example.net", NULL,
     "unexpected - www.example.net/dns"},
    {"a listed name in no row accuses nothing", 443, {"www.example.net"}, NULL, NULL,
     "candidate google-connectivity www.example.net/list"},
    {"no name saves telnet", 23, {"mtalk.google.com"}, NULL, NULL,
     "unexpected - mtalk.google.com/list"},
};
/* clang-format on */

static void list(struct tally *tally, const struct row *row, int64_t until_ns)
{
    struct listed_names names = {0};
    struct addr peer = script_addr(PEER);

    for (size_t i = 0; i < MAX_NAMES && row->listed[i]; i++) {
        struct cursor text = {(const uint8_t *)row->listed[i], strlen(row->listed[i])};

        listed_add(&names, &peer, text);
    }
    tally_add_listed(tally, &names, script_start, until_ns);
    listed_fini(&names);
}

static void ask(struct tally *tally, const char *host, const char *name)
{
    struct binding_key key;
    struct binding *b;

    memset(&key, 0, sizeof key);
    key.host = script_addr(host);
    key.addr = script_addr(PEER);
    key.name = tally_name(tally, name);
    b = pool_add(&tally->bindings, &key, NULL);
    assert_non_null(b);
    b->first_ns = b->last_ns = script_start;
    b->until_ns = script_start + 300000000000;
}

static void put_verdict(const struct flow_verdict *v, char text[static TEXT_LEN])
{
    int len = snprintf(text, TEXT_LEN, "%s %s", claim_verdict_name(v->verdict),
                       v->row < 0 ? "-" : policy_row(policy, (size_t)v->row)->id);

    for (size_t i = 0; i < v->n_names; i++) {
        len += snprintf(text + len, (size_t)(TEXT_LEN - len), " %s/%s", v->names[i],
                        name_source_name(v->sources[i]));
    }
}

static const struct judge_options options = {
    .devices = {"10.20.0.0/16"},
    .n_devices = 1,
};

static void check_row(void **state)
{
    const struct row *row = *state;
    int64_t until_ns = script_start + 60000000000;
    static struct script script;
    struct policap_error err = {""};
    struct flow_verdict verdict;
    struct tally tally;
    char text[TEXT_LEN];

    tally_init(&tally);
    script_read(&script, "S0 h20 A21 L22 a40 d50 A51");
    script_move(&script, PHONE, PEER, 40000, row->port, 1000);
    struct piece piece = script_sum(&script);
    assert_true(tally_add_piece(&tally, &piece));
    list(&tally, row, until_ns);
    if (row->asked) {
        ask(&tally, PHONE, row->asked);
    }
    if (row->asked_by_other) {
        ask(&tally, "10.20.0.102", row->asked_by_other);
    }
    assert_true(tally_add_window(&tally, 0, script_start, until_ns));
    assert_true(tally_settle(&tally));

    struct judgement *judgement = judge(&tally, policy, &options, &err);
    assert_non_null(judgement);
    judge_flow(judgement, tally.pieces[0], &verdict);
    put_verdict(&verdict, text);
    assert_string_equal(text, row->want);
    judgement_free(judgement);
    tally_fini(&tally);
}

/* A list is good for the capture that it stands in, and survives being written. */
static void check_other_time(void **state)
{
    static const struct row row = {.port = 5228, .listed = {"mtalk.google.com"}};
    struct tally tally;

    (void)state;
    tally_init(&tally);
    list(&tally, &row, script_start + 60000000000);
    list(&tally, &row, script_start + 90000000000);
    assert_int_equal(tally.bindings.n, 1);

    const struct binding *b = pool_at(&tally.bindings, 0);
    assert_true(addr_is_unspecified(&b->key.host));
    assert_int_equal(b->first_ns, script_start);
    assert_int_equal(b->until_ns, script_start + 90000000000);
    tally_fini(&tally);
}

static void check_too_many(void **state)
{
    struct listed_names names = {0};
    struct addr peer = script_addr(PEER);
    struct tally tally;

    (void)state;
    for (size_t i = 0; i < LISTED_MAX + 3; i++) {
        listed_add(&names, &peer, (struct cursor){(const uint8_t *)"a.example", 9});
    }
    assert_int_equal(names.n, LISTED_MAX);
    assert_int_equal(names.n_left_out, 3);
    tally_init(&tally);
    tally_add_listed(&tally, &names, 1, 2);
    assert_int_equal(tally.bindings.n, 1);
    assert_int_equal(tally.bindings.n_refused, 3); /* So that a report says so. */
    tally_fini(&tally);
    listed_fini(&names);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 2] = {
        cmocka_unit_test(check_other_time),
        cmocka_unit_test(check_too_many),
    };

    source_root = argc > 1 ? argv[1] : ".";
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i + 2] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                           (void *)(uintptr_t)&rows[i]};
    }
    return cmocka_run_group_tests(tests, site_policy_load, site_policy_free);
}
