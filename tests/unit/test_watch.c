/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who watches a collector is shown each flow once, when it is over.
 */
#include "unit.h"

#include "audit/collect.h"

#include <stdio.h>

enum { MAX_FLOWS = 4096, LATER_H = 4 };

struct shown {
    struct flow_key keys[MAX_FLOWS];
    int64_t first_ns[MAX_FLOWS];
    size_t n;
};

static struct shown over, live;

static void show(void *context, struct piece *piece)
{
    struct shown *shown = context;

    assert_true(shown->n < MAX_FLOWS);
    shown->first_ns[shown->n] = piece->first_ns;
    shown->keys[shown->n++] = piece->key;
}

static bool has(const struct shown *shown, const struct flow_key *key)
{
    size_t n = 0;

    for (size_t i = 0; i < shown->n; i++) {
        n += memcmp(&shown->keys[i], key, sizeof *key) == 0;
    }
    return n == 1;
}

static void add(struct collector *collector, const char *path, int64_t later_ns)
{
    static struct frame frames[CAPTURE_BATCH];
    struct policap_error err;
    struct capture *capture = capture_open(path, &err);
    size_t n = 1;

    assert_non_null(capture);
    while (n > 0) {
        assert_true(capture_read(capture, frames, &n, &err));
        for (size_t i = 0; i < n; i++) {
            frames[i].ns += later_ns;
        }
        collector_add(collector, frames, n);
    }
    capture_close(capture);
}

/* The same packets again four hours later: every flow of before is over then. */
static void check_over(void **state)
{
    const int64_t later_ns = (int64_t)LATER_H * 3600 * 1000000000;
    const char *const names[] = {"wire"};
    struct collector *collector = collector_new(false, false);
    char path[4096];

    snprintf(path, sizeof path, "%s/pcaps/15_unexpected.pcap", (const char *)*state);
    assert_non_null(collector);
    assert_true(collector_begin(collector, names, 1));
    collector_watch(collector, show, &over);
    add(collector, path, 0);
    assert_int_equal(over.n, 0);
    collector_each(collector, show, &live);
    assert_true(live.n > 10);
    add(collector, path, later_ns);
    assert_int_equal(over.n, live.n);
    for (size_t i = 0; i < live.n; i++) {
        assert_true(has(&over, &live.keys[i]));
    }
    live.n = 0;
    collector_each(collector, show, &live);
    assert_int_equal(over.n, live.n);
    for (size_t i = 0; i < live.n; i++) {
        assert_true(has(&over, &live.keys[i]));
        assert_true(live.first_ns[i] > over.first_ns[0] + later_ns / 2);
    }
    collector_watch(collector, NULL, NULL);
    add(collector, path, 2 * later_ns);
    assert_int_equal(over.n, live.n);
    collector_free(collector);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(check_over, argc > 1 ? argv[1] : NULL),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
