/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "base/moment.h"

static const struct row {
    const char *text;
    int64_t ns; /* -1: this is no time. */
} rows[] = {
    {"2026-11-22T07:30:01Z", INT64_C(1795332601000000000)},
    {"2026-11-22 07:30", INT64_C(1795332600000000000)},
    {"2026-11-22t07:30:01.5z", INT64_C(1795332601500000000)},
    {"2026-11-22T07:30:01.123456789123", INT64_C(1795332601123456789)},
    {"2026-11-22", INT64_C(1795305600000000000)},
    {"1970-01-01 00:00", 0},
    {"2024-02-29", INT64_C(1709164800000000000)},
    {"2261-12-31T23:59:60Z", INT64_C(9214646400000000000)},
    {"", -1},
    {"yesterday", -1},
    {"1969-12-31", -1},
    {"2262-01-01", -1},
    {"2026-13-01", -1},
    {"2026-00-01", -1},
    {"2026-04-31", -1},
    {"2026-02-29", -1},
    {"2026-11-00", -1},
    {"2026-1-2", -1},
    {"2026-11-22T", -1},
    {"2026-11-22T24:00", -1},
    {"2026-11-22T07:60", -1},
    {"2026-11-22T07:30:61Z", -1},
    {"2026-11-22T07:30:01.Z", -1},
    {"2026-11-22T07:30:01+01:00", -1},
    {"2026-11-22T07:30Z ", -1},
    {"2026-11-22Z", -1},
    {"-026-11-22", -1},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    int64_t ns = -1;

    assert_int_equal(moment_parse(row->text, &ns), row->ns >= 0);
    assert_int_equal(ns, row->ns);
}

static void check_durations(void **state)
{
    static const struct {
        const char *text;
        unsigned seconds; /* 0: this is none. */
    } durations[] = {
        {"1s", 1},
        {"90s", 90},
        {"5m", 300},
        {"1h", 3600},
        {"366d", 366 * 86400},
        {"", 0},
        {"5", 0},
        {"m", 0},
        {"5M", 0},
        {"5m ", 0},
        {"0s", 0},
        {"-5s", 0},
        {" 5s", 0},
        {"5 s", 0},
        {"1.5h", 0},
        {"367d", 0},
        {"8785h", 0},
        {"99999999999999999999s", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        unsigned seconds = 0;

        assert_int_equal(duration_parse(durations[i].text, &seconds),
                         durations[i].seconds > 0);
        assert_int_equal(seconds, durations[i].seconds);
    }
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = {cmocka_unit_test(check_durations)};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i + 1] = (struct CMUnitTest){rows[i].text, check_row, NULL, NULL,
                                           (void *)(uintptr_t)&rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
