/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The public calls, as a program that links the library makes them.
 */
#include "unit.h"

#include <policap/policap.h>

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

static const char *root;

static const char *sample(const char *name, char *room, size_t size)
{
    snprintf(room, size, "%s/pcaps/%s", root, name);
    return room;
}

static struct policap_tally *collect(const char *name)
{
    struct policap_error err;
    char path[512];
    const char *captures[] = {sample(name, path, sizeof path)};
    struct policap_tally *tally = policap_tally_collect(captures, 1, &err);

    assert_non_null(tally);
    return tally;
}

static json_t *report(const struct policap_tally *tally, enum policap_verdict *verdict)
{
    struct policap_error err;
    struct policap_policy *policy = policap_policy_load(NULL, NULL, 0, &err);
    char *text;
    json_t *json;

    assert_non_null(policy);
    text = policap_report(tally, policy, verdict, &err);
    policap_policy_free(policy);
    assert_non_null(text);
    json = json_loads(text, 0, NULL);
    free(text);
    assert_non_null(json);
    return json;
}

static void check_report(void **state)
{
    struct policap_tally *tally = collect("02_fcm_dropped.pcap");
    enum policap_verdict verdict;
    json_t *json = report(tally, &verdict);

    (void)state;
    assert_int_equal(verdict, POLICAP_FAIL);
    assert_int_equal(json_array_size(json_object_get(json, "findings")), 3);
    json_decref(json);
    policap_tally_free(tally);
}

static void check_saved_tally(void **state)
{
    struct policap_tally *tally = collect("02_fcm_dropped.pcap"), *again;
    char path[] = "/tmp/test_policap_XXXXXX";
    int fd = mkstemp(path);
    enum policap_verdict verdict;
    struct policap_error err;
    json_t *before, *after;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_true(policap_tally_save(tally, path, &err));
    again = policap_tally_load(path, &err);
    unlink(path);
    assert_non_null(again);
    before = report(tally, &verdict);
    after = report(again, &verdict);
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
    policap_tally_free(tally);
    policap_tally_free(again);
}

static void check_merge(void **state)
{
    struct policap_tally *tally = collect("02_fcm_dropped.pcap");
    struct policap_tally *other = collect("04_fcm_tcp_reset.pcap");
    enum policap_verdict verdict;
    struct policap_error err;
    json_t *json;

    (void)state;
    assert_true(policap_tally_merge(tally, other, &err));
    json = report(tally, &verdict);
    assert_int_equal(json_array_size(json_object_get(json, "captures")), 2);
    json_decref(json);
    policap_tally_free(other);
    policap_tally_free(tally);
}

static void check_errors(void **state)
{
    struct policap_error err;
    const char *missing[] = {"no/such/capture.pcap"};

    (void)state;
    assert_null(policap_tally_collect(missing, 1, &err));
    assert_non_null(strstr(err.text, missing[0]));
    assert_null(policap_tally_load(missing[0], &err));
    assert_non_null(strstr(err.text, missing[0]));
    assert_null(policap_policy_load(missing[0], NULL, 0, &err));
    assert_non_null(strstr(err.text, missing[0]));
    policap_tally_free(NULL);
    policap_policy_free(NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_report),
        cmocka_unit_test(check_saved_tally),
        cmocka_unit_test(check_merge),
        cmocka_unit_test(check_errors),
    };

    root = argc > 1 ? argv[1] : ".";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
