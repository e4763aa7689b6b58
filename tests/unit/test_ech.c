/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names in the clear beside Encrypted Client Hello: RFC 9849.
 */
#include "script.h"
#include "site_policy.h"

#include "audit/judging.h"

static const struct judge_options options = {
    .devices = {"10.20.0.0/16"}, .n_devices = 1, .fail_on = (1u << KINDS) - 1};

/* A hello with ECH, and what the phone's resolver said of its peer. */
static const struct ech_row {
    const char *sni, *told; /* NULL: nobody was told a name. */
    uint8_t flags;
    const char *want; /* "verdict name confidence" */
} ech_rows[] = {
    {"play.google.com", "play.google.com", FLOW_NAME_ECH,
     "documented play.google.com medium"},
    {"play.google.com", NULL, FLOW_NAME_ECH, "documented play.google.com medium"},
    {"play.google.com", "www.gstatic.com", FLOW_NAME_ECH,
     "documented play.google.com low"},
    {"play.google.com", "www.gstatic.com", 0, "documented play.google.com medium"},
    {"cloudflare-ech.com", "play.google.com", FLOW_NAME_ECH,
     "documented play.google.com medium"},
    {"cloudflare-ech.com", NULL, FLOW_NAME_ECH, "candidate cloudflare-ech.com medium"},
    {"cloudflare-ech.com", NULL, 0, "unexpected cloudflare-ech.com medium"},
};

static void tell(struct tally *tally, const char *name)
{
    struct binding_key key;

    memset(&key, 0, sizeof key);
    key.host = script_addr("10.20.0.101");
    key.addr = script_addr("104.18.10.118");
    key.name = tally_name(tally, name);
    struct binding *binding = pool_add(&tally->bindings, &key, NULL);
    assert_non_null(binding);
    binding->first_ns = binding->last_ns = script_start - 1;
    binding->until_ns = script_start + 60LL * 1000000000;
}

/* A hello that nobody answers: so what is said of it has a confidence. */
static void add_hello(struct tally *tally, const struct ech_row *row)
{
    static struct script script;
    struct piece piece;

    script_read(&script, "S0 h20 A21 L22 T230 T630 T1430");
    script_move(&script, "10.20.0.101", "104.18.10.118", 40000, 443, 0);
    piece = script_sum(&script);
    piece_add_name(&piece, (struct flow_name){.name = tally_name(tally, row->sni),
                                              .source = NAME_SNI,
                                              .flags = row->flags});
    assert_true(tally_add_piece(tally, &piece));
}

static void check_ech(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ech_rows); i++) {
        const struct ech_row *row = &ech_rows[i];
        struct policap_error err;
        struct tally tally;
        char got[128];

        tally_init(&tally);
        add_hello(&tally, row);
        if (row->told) {
            tell(&tally, row->told);
        }
        assert_true(tally_add_window(&tally, 0, script_start,
                                     script_start + 60LL * 1000000000));
        assert_true(tally_settle(&tally));

        struct judgement *judgement = judge(&tally, policy, &options, &err);
        assert_non_null(judgement);
        const struct attempt *a = &judgement->judging->attempts[0];
        snprintf(got, sizeof got, "%s %s %s",
                 claim_verdict_name((enum claim_verdict)a->verdict), a->peer_name,
                 confidence_name(a->result.confidence));
        assert_string_equal(got, row->want);
        judgement_free(judgement);
        tally_fini(&tally);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(check_ech)};

    source_root = argc > 1 ? argv[1] : ".";
    return cmocka_run_group_tests(tests, site_policy_load, site_policy_free);
}
