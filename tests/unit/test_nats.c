/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Several phones behind one address, and what only looks like them: DESIGN 3.1.
 */
#include "script.h"

#include "audit/judge.h"

#define PHONE "10.20.0.101"
#define PUSH "S0 h20 A21 L22 a40 d50 A51 D700000 d700020"
#define SHORT_PUSH "S0 h20 A21 L22 a40 d50 A51 D500000 d500020"
#define DROPPED "S0 S1000 S3000 S7000 S15000 S31000"

enum { MAX_GUESTS = 4 };

/* Who is there, and from when to when. */
struct guest {
    const char *words;  /* Of a push socket; else: */
    const char *server; /* of a user; else it is hardware. */
    unsigned who;       /* Which user, or which hardware. */
    int64_t from_s, to_s;
};

static const struct row {
    const char *name;
    struct guest guests[MAX_GUESTS];
    bool is_nat;
} rows[] = {
    /* clang-format off */
    {"nobody else", {{.words = NULL}}, false},
    {"three push sockets", {{.words = PUSH}, {.words = PUSH, .from_s = 1}, {.words = PUSH, .from_s = 90}}, true},
    {"two: a work profile", {{.words = PUSH}, {.words = PUSH, .from_s = 1}}, false},
    {"three, together for less than ten minutes", {{.words = PUSH}, {.words = PUSH, .from_s = 1}, {.words = PUSH, .from_s = 200}}, false},
    {"three short ones", {{.words = SHORT_PUSH}, {.words = SHORT_PUSH, .from_s = 1}, {.words = SHORT_PUSH, .from_s = 2}}, false},
    {"three one after the other", {{.words = PUSH}, {.words = PUSH, .from_s = 800}, {.words = PUSH, .from_s = 1600}}, false},
    {"three users", {{.server = "10.50.0.17", .who = 1, .from_s = 1, .to_s = 100}, {.server = "10.50.0.17", .who = 2, .from_s = 10, .to_s = 90}, {.server = "10.50.0.17", .who = 3, .from_s = 80, .to_s = 200}}, true},
    {"two users: two lines", {{.server = "10.50.0.17", .who = 1, .from_s = 1, .to_s = 100}, {.server = "10.50.0.17", .who = 2, .from_s = 10, .to_s = 90}}, false},
    {"one user at three servers", {{.server = "10.50.0.17", .who = 1, .from_s = 1, .to_s = 100}, {.server = "10.50.0.18", .who = 1, .from_s = 1, .to_s = 100}, {.server = "10.50.0.19", .who = 1, .from_s = 1, .to_s = 100}}, false},
    {"three users in three shifts", {{.server = "10.50.0.17", .who = 1, .from_s = 1, .to_s = 100}, {.server = "10.50.0.17", .who = 2, .from_s = 110, .to_s = 190}, {.server = "10.50.0.17", .who = 3, .from_s = 200, .to_s = 300}}, false},
    {"two leases at once", {{.who = 1, .from_s = 1, .to_s = 100}, {.who = 2, .from_s = 50, .to_s = 150}}, true},
    {"two leases, one after the other", {{.who = 1, .from_s = 1, .to_s = 100}, {.who = 2, .from_s = 150, .to_s = 250}}, false},
    /* clang-format on */
};

static const char *source_root; /* argv[1] of the test. */

static int64_t at(int64_t s)
{
    return script_start + s * 1000000000;
}

static void add_flow(struct tally *tally, const char *words, const char *server,
                     uint16_t port, const char *name, int64_t from_s)
{
    static struct script script;
    static uint16_t next_port = 40000;
    struct piece piece;

    script_read(&script, words);
    script_move(&script, PHONE, server, next_port++, port, from_s * 1000);
    piece = script_sum(&script);
    if (name) {
        piece_add_name(&piece, (struct flow_name){.name = tally_name(tally, name),
                                                  .source = NAME_SNI});
    }
    assert_true(tally_add_piece(tally, &piece));
}

static void add_user(struct tally *tally, const struct guest *guest)
{
    struct nat_sign_key key = {.host = script_addr(PHONE),
                               .peer = script_addr(guest->server),
                               .told = {{1, [15] = (uint8_t)guest->who}},
                               .port = 5060,
                               .kind = NAT_USER};
    struct nat_sign *sign = pool_add(&tally->nat_signs, &key, NULL);

    assert_non_null(sign);
    sign->n = 2;
    sign->first_ns = at(guest->from_s);
    sign->last_ns = at(guest->to_s);
}

static void add_lease(struct tally *tally, const struct guest *guest)
{
    struct lease_key key = {.mac = {{0, 0x90, 0x7a, 0, 0, (uint8_t)guest->who}},
                            .addr = script_addr(PHONE)};
    struct lease *lease = pool_add(&tally->leases, &key, NULL);

    assert_non_null(lease);
    lease->first_ns = at(guest->from_s);
    lease->last_ns = at(guest->to_s);
}

static void guests_add(struct tally *tally, const struct row *row)
{
    for (unsigned i = 0; i < MAX_GUESTS; i++) {
        const struct guest *guest = &row->guests[i];

        if (guest->words) {
            add_flow(tally, guest->words, "142.250.110.188", 5228, "mtalk.google.com",
                     guest->from_s);
        } else if (guest->server) {
            add_user(tally, guest);
        } else if (guest->who) {
            add_lease(tally, guest);
        }
    }
}

/* What is blocked accuses where one phone is there, and nobody where several are. */
static void check_row(void **state)
{
    static const struct judge_options options = {
        .fail_on = (1u << KINDS) - 1,
        .devices = {PHONE, "00:90:7a:00:00:01", "00:90:7a:00:00:02"},
        .n_devices = 3};
    const struct row *row = *state;
    struct policap_error err = {""};
    char site[4096];
    struct tally tally;

    snprintf(site, sizeof site, "%s/pcaps/site.json", source_root);
    struct policy *policy = policy_load(site, NULL, 0, &err);
    assert_non_null(policy);
    tally_init(&tally);
    add_flow(&tally, DROPPED, "10.50.0.12", 443, "sam.corp.example", 5);
    add_flow(&tally, PUSH, "10.50.0.14", 443, "update.corp.example", 5);
    guests_add(&tally, row);
    assert_true(tally_add_window(&tally, 0, script_start, at(2500)));
    assert_true(tally_settle(&tally));

    struct judgement *judgement = judge(&tally, policy, &options, &err);
    assert_non_null(judgement);
    assert_true(judgement->n_devices > 0);
    for (size_t i = 0; i < judgement->n_devices; i++) {
        assert_int_equal(judgement->devices[i].is_nat, row->is_nat);
    }

    size_t blocked = 0;
    for (size_t i = 0; i < judgement->n_findings; i++) {
        blocked += judgement->findings[i].kind == KIND_BLOCKED;
    }
    assert_int_equal(blocked, row->is_nat ? 0 : 1);
    judgement_free(judgement);
    tally_fini(&tally);
    policy_free(policy);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ARRAY_LEN(rows)];

    source_root = argc > 1 ? argv[1] : ".";
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                       (void *)(uintptr_t)&rows[i]};
    }
    return _cmocka_run_group_tests("nats", tests, ARRAY_LEN(tests), NULL, NULL);
}
