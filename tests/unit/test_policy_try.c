/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What policy_try() says of each row, held against the classifier's answer.
 */
#include "policy/policy.h"
#include "unit.h"

enum { QUESTIONS = 4000 };

static const char *const peers[] = {
    "10.50.0.12", "10.50.0.66",  "142.250.110.188", "1.1.1.1",
    "8.8.8.8",    "224.0.1.116", "2001:db8::1",     "64:ff9b::8efa:6ebc"};

static const char *const names[] = {NULL, "mtalk.google.com", "play.google.com",
                                    "as137.airwatchportals.com", "tracker.example.net"};

static const uint16_t ports[] = {0,   23,   53,   67,   68,   80,   123,  389,  443,
                                 636, 2222, 4000, 5060, 5228, 5230, 8883, 9090, 40000};

static const struct policy *policy;

static void question_make(unsigned seed, struct policy_question *q)
{
    *q = (struct policy_question){0};
    q->transport = seed & 1 ? TRANSPORT_TCP : TRANSPORT_UDP;
    q->initiator = (uint8_t)(seed / 2 % 3);
    q->device_port = ports[seed / 6 % (sizeof ports / sizeof *ports)];
    q->peer_port = ports[seed / 11 % (sizeof ports / sizeof *ports)];
    assert_true(addr_parse(peers[seed / 7 % (sizeof peers / sizeof *peers)], &q->peer));
    q->names[0] = names[seed / 5 % (sizeof names / sizeof *names)];
    q->n_names = q->names[0] != NULL;
    q->roles_given = seed % 13 == 0 ? 1u << ROLE_MEDIA_GATEWAY : 0;
}

static const struct policy_match *match_of(const struct policy_match *answer, size_t n,
                                           size_t row)
{
    for (size_t i = 0; i < n; i++) {
        if (answer[i].row == row) {
            return &answer[i];
        }
    }
    return NULL;
}

static void test_fits_as_the_classifier_says(void **state)
{
    size_t n_fit = 0, n_not = 0;

    (void)state;
    for (unsigned seed = 0; seed < QUESTIONS; seed++) {
        struct policy_match answer[POLICY_MAX_ANSWERS];
        struct policy_question q;

        question_make(seed * 2654435761u >> 8, &q);
        size_t n = policy_ask(policy, &q, answer);
        for (size_t r = 0; n < POLICY_MAX_ANSWERS && r < policy_count(policy); r++) {
            const struct policy_match *match = match_of(answer, n, r);
            struct policy_trial trial;

            policy_try(policy, r, &q, &trial);
            assert_int_equal(trial.fits, match != NULL);
            assert_int_equal(trial.fits, trial.failed == TRIAL_NONE);
            assert_true(trial.why[0] != '\0');
            if (match) {
                assert_int_equal(trial.match.via, match->via);
                assert_int_equal(trial.match.width, match->width);
                assert_int_equal(trial.match.detail, match->detail);
            }
            n_fit += trial.fits;
            n_not += !trial.fits;
        }
    }
    assert_true(n_fit > 1000);
    assert_true(n_not > 1000);
}

/* The first part that fails is told. */
static void test_names_what_fails(void **state)
{
    static const struct {
        const char *row;
        uint8_t transport, initiator;
        uint16_t port;
        const char *peer;
        enum trial_part want;
    } cases[] = {
        {"net-ntp", TRANSPORT_TCP, INITIATOR_DEVICE, 123, "142.250.110.188",
         TRIAL_TRANSPORT},
        {"google-fcm", TRANSPORT_TCP, INITIATOR_DEVICE, 5227, "142.250.110.188",
         TRIAL_PORTS},
        {"google-fcm", TRANSPORT_TCP, INITIATOR_DEVICE, 5228, "142.250.110.188",
         TRIAL_NONE},
        {"google-fcm", TRANSPORT_TCP, INITIATOR_DEVICE, 443, "142.250.110.188",
         TRIAL_PEER},
        {"sam-trigger", TRANSPORT_TCP, INITIATOR_DEVICE, 9090, "10.50.0.12",
         TRIAL_PORTS},
        {"emm-airwatch-apac", TRANSPORT_TCP, INITIATOR_DEVICE, 443, "1.1.1.1",
         TRIAL_PEER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy_question q = {.transport = cases[i].transport,
                                    .initiator = cases[i].initiator,
                                    .peer_port = cases[i].port};
        struct policy_trial trial;
        long row = policy_find(policy, cases[i].row);

        assert_true(row >= 0 && addr_parse(cases[i].peer, &q.peer));
        policy_try(policy, (size_t)row, &q, &trial);
        assert_int_equal(trial.failed, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits_as_the_classifier_says),
        cmocka_unit_test(test_names_what_fails),
    };
    struct policap_error err;
    struct policy *loaded = policy_load(NULL, NULL, 0, &err);
    int failed;

    if (!loaded) {
        return 1;
    }
    policy = loaded;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    policy_free(loaded);
    return failed;
}
