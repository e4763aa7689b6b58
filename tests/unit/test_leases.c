/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DHCP, judged by its messages: DOMAIN's "DISCOVER repeated; NAK".
 */
#include "script.h"
#include "site_policy.h"

#include "audit/judge.h"

#include <stdio.h>

#define PHONE "00:90:7a:00:00:01"

enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6, MAX_MESSAGES = 6 };

struct message {
    uint8_t type;
    double at_s;
};

struct row {
    const char *name;
    double end_s;
    struct message messages[MAX_MESSAGES];
    bool blocked;
};

static const struct row rows[] = {
    {"asked again and again, in vain",
     30,
     {{DISCOVER, 1}, {DISCOVER, 4}, {DISCOVER, 11}},
     true},
    {"asked once", 30, {{DISCOVER, 1}}, false},
    {"asked twice at once", 30, {{DISCOVER, 1}, {DISCOVER, 2}}, false},
    {"the capture ended too early", 7, {{DISCOVER, 1}, {DISCOVER, 6.5}}, false},
    {"a lease", 30, {{DISCOVER, 1}, {OFFER, 1.1}, {REQUEST, 1.2}, {ACK, 1.3}}, false},
    {"an offer, late",
     30,
     {{DISCOVER, 1}, {DISCOVER, 4}, {DISCOVER, 11}, {OFFER, 12}},
     false},
    {"NAK is an answer",
     30,
     {{REQUEST, 1}, {REQUEST, 4}, {REQUEST, 11}, {NAK, 11.1}},
     false},
};

static int64_t at(double s)
{
    return script_start + (int64_t)(s * 1e9);
}

static void add_message(struct tally *tally, const struct message *m)
{
    struct dhcp_key key;
    struct dhcp *dhcp;
    struct lease_key lease_key;
    struct lease *lease;

    memset(&key, 0, sizeof key);
    memset(&lease_key, 0, sizeof lease_key);
    assert_true(mac_parse(PHONE, &key.mac));
    key.slot = (uint32_t)(at(m->at_s) / 1000000000 / SLOT_SECONDS);
    lease_key.mac = key.mac;
    dhcp = pool_add(&tally->dhcp, &key, NULL);
    lease = pool_add(&tally->leases, &lease_key, NULL);
    assert_true(dhcp && lease);
    dhcp->n[m->type]++;
    dhcp->first_ns[m->type] =
        dhcp->first_ns[m->type] ? dhcp->first_ns[m->type] : at(m->at_s);
    dhcp->last_ns[m->type] = at(m->at_s);
    lease->first_ns = lease->first_ns ? lease->first_ns : at(m->at_s);
    lease->last_ns = at(m->at_s);
}

static void check_row(void **state)
{
    static const struct judge_options options = {.devices = {PHONE}, .n_devices = 1};
    const struct row *row = *state;
    struct policap_error err = {""};
    struct tally tally;
    size_t n = 0;

    tally_init(&tally);
    for (size_t i = 0; i < MAX_MESSAGES && row->messages[i].type; i++) {
        add_message(&tally, &row->messages[i]);
    }
    assert_true(tally_add_window(&tally, 0, script_start, at(row->end_s)));
    assert_true(tally_settle(&tally));

    struct judgement *judgement = judge(&tally, policy, &options, &err);
    assert_non_null(judgement);
    assert_int_equal(judgement->n_devices, 1);
    for (size_t i = 0; i < judgement->n_findings; i++) {
        const struct finding *f = &judgement->findings[i];

        n += f->kind == KIND_BLOCKED && f->cause == CAUSE_NO_REPLY && f->port == 67;
    }
    assert_int_equal(n, row->blocked);
    judgement_free(judgement);
    tally_fini(&tally);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ARRAY_LEN(rows)];

    source_root = argc > 1 ? argv[1] : ".";
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                       (void *)(uintptr_t)&rows[i]};
    }
    return _cmocka_run_group_tests("leases", tests, ARRAY_LEN(rows), site_policy_load,
                                   site_policy_free);
}
