/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ordinals of frames: every one must lead back to its capture and number, however
 * captures take turns, through merging, and when no ordinals are left.
 */
#include "unit.h"

#include "audit/tally.h"

static struct tally *new_tally(size_t n_captures)
{
    struct tally *tally = malloc(sizeof *tally);

    assert_non_null(tally);
    tally_init(tally);
    tally->captures = calloc(n_captures, sizeof *tally->captures);
    assert_non_null(tally->captures);
    for (size_t i = 0; i < n_captures; i++) {
        tally->captures[i].path = strdup("x");
    }
    tally->n_captures = n_captures;
    return tally;
}

static void free_tally(struct tally *tally)
{
    tally_fini(tally);
    free(tally);
}

static void check_frame(const struct tally *tally, uint32_t frame, size_t capture,
                        uint64_t number)
{
    uint64_t got = 0;
    const struct tally_capture *of = tally_capture_of(tally, frame, &got);

    assert_ptr_equal(of, &tally->captures[capture]);
    assert_int_equal(got, number);
}

static void check_one_after_another(void **state)
{
    struct tally *tally = new_tally(3);

    (void)state;
    for (uint32_t i = 1; i <= 3000; i++) {
        assert_int_equal(tally_frame(tally, (i - 1) / 1000, (i - 1) % 1000 + 1), i);
    }
    assert_int_equal(tally->n_runs, 3);
    for (uint32_t i = 1; i <= 3000; i++) {
        check_frame(tally, i, (i - 1) / 1000, (i - 1) % 1000 + 1);
    }
    assert_null(tally_capture_of(tally, 0, &(uint64_t){0}));
    assert_null(tally_capture_of(tally, 3001, &(uint64_t){0}));
    free_tally(tally);
}

static void check_gaps(void **state)
{
    struct tally *tally = new_tally(1);

    (void)state;
    assert_int_equal(tally_frame(tally, 0, 7), 1);
    assert_int_equal(tally_frame(tally, 0, 100), 94);
    check_frame(tally, 94, 0, 100);
    assert_int_equal(tally->n_runs, 1);
    free_tally(tally);
}

/* Captures take turns at random; the runs stay few and the ordinals distinct. */
static void check_turns(void **state)
{
    enum { CAPTURES = 5, FRAMES = 200000 };
    static uint32_t ordinals[FRAMES];
    static uint8_t captures[FRAMES];
    static uint64_t numbers[FRAMES];
    struct tally *tally = new_tally(CAPTURES), *into = new_tally(2);
    uint64_t next[CAPTURES] = {0};

    (void)state;
    srand(1);
    for (size_t i = 0; i < FRAMES; i++) {
        captures[i] = (uint8_t)(rand() % CAPTURES);
        numbers[i] = ++next[captures[i]];
        ordinals[i] = tally_frame(tally, captures[i], numbers[i]);
    }
    assert_true(tally->n_runs <= CAPTURES * 18);
    assert_true(tally_last_frame(tally) <= 2 * FRAMES + CAPTURES * 1024);
    for (size_t i = 0; i < FRAMES; i++) {
        check_frame(tally, ordinals[i], captures[i], numbers[i]);
    }

    for (uint64_t i = 1; i <= 10; i++) {
        tally_frame(into, 1, i);
    }
    assert_true(tally_merge(into, tally));
    for (size_t i = 0; i < FRAMES; i++) {
        check_frame(into, ordinals[i] + 10, captures[i] + 2, numbers[i]);
    }
    check_frame(into, 10, 1, 10);
    free_tally(tally);
    free_tally(into);
}

static void check_full(void **state)
{
    struct tally *tally = new_tally(2), *more = new_tally(1);

    (void)state;
    assert_int_equal(tally_frame(tally, 0, 1), 1);
    assert_int_equal(tally_frame(tally, 0, UINT32_MAX - 10), UINT32_MAX - 10);
    assert_int_equal(tally_frame(tally, 1, 1), UINT32_MAX - 9);
    assert_int_equal(tally_frame(tally, 1, 9), UINT32_MAX - 1);
    assert_int_equal(tally_frame(tally, 1, 10), FRAME_UNKNOWN);
    assert_int_equal(tally_frame(tally, 0, UINT32_MAX), FRAME_UNKNOWN);
    assert_int_equal(tally_frame(tally, 1, UINT64_MAX), FRAME_UNKNOWN);
    check_frame(tally, UINT32_MAX - 1, 1, 9);
    assert_null(tally_capture_of(tally, FRAME_UNKNOWN, &(uint64_t){0}));

    assert_int_equal(tally_frame(more, 0, 1), 1);
    assert_true(tally_merge(tally, more));
    assert_int_equal(tally->n_captures, 3);
    assert_int_equal(tally->n_runs, 2);
    free_tally(tally);
    free_tally(more);
}

static void check_bad_runs(void **state)
{
    struct tally *tally = new_tally(1);

    (void)state;
    assert_true(tally_add_run(tally, &(struct frame_run){5, 5, 0, 1}));
    assert_false(tally_add_run(tally, &(struct frame_run){9, 1, 0, 1}));
    assert_false(tally_add_run(tally, &(struct frame_run){10, 0, 0, 1}));
    assert_false(tally_add_run(tally, &(struct frame_run){10, 1, 1, 1}));
    assert_false(tally_add_run(tally, &(struct frame_run){10, UINT32_MAX - 9, 0, 1}));
    assert_false(tally_add_run(tally, &(struct frame_run){UINT32_MAX, 1, 0, 1}));
    assert_true(tally_add_run(tally, &(struct frame_run){10, UINT32_MAX - 10, 0, 1}));
    assert_null(tally_capture_of(tally, 4, &(uint64_t){0}));
    free_tally(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_one_after_another),
        cmocka_unit_test(check_gaps),
        cmocka_unit_test(check_turns),
        cmocka_unit_test(check_full),
        cmocka_unit_test(check_bad_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
