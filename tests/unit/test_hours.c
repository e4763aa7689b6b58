/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a sensor keeps of the past: hours, sums of days, and names that are still used.
 */
#include "audit/hours.h"
#include "audit/records.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_HOUR = 495000, A_DAY = 24 };

static const int64_t hour_ns = 3600 * (int64_t)1000000000;

struct sensor {
    struct collector *collector;
    struct hours hours;
};

static void begin(struct sensor *sensor, size_t max_bytes)
{
    const char *name = "pl0";

    sensor->collector = collector_new(false, false);
    assert_non_null(sensor->collector);
    assert_true(collector_begin(sensor->collector, &name, 1));
    hours_init(&sensor->hours, max_bytes);
}

static void end(struct sensor *sensor)
{
    hours_fini(&sensor->hours);
    collector_free(sensor->collector);
}

/* An hour in which each of 'n' hosts told its address. */
static void an_hour(struct sensor *sensor, int64_t hour, unsigned n)
{
    uint8_t bytes[] = "\xff\xff\xff\xff\xff\xff\x00\x90\x7a\x00\x00\x01\x08\x06"
                      "\x00\x01\x08\x00\x06\x04\x00\x01\x00\x90\x7a\x00\x00\x01"
                      "\x0a\x14\x00\x00\x00\x00\x00\x00\x00\x00\x0a\x14\x00\x01";

    for (unsigned i = 0; i < n; i++) {
        struct frame frame = {.bytes = bytes,
                              .ns = hour * hour_ns + i,
                              .number = (uint64_t)hour * n + i + 1,
                              .cap_len = 42,
                              .wire_len = 42,
                              .link = 1};

        bytes[30] = (uint8_t)(i >> 8);
        bytes[31] = (uint8_t)i;
        bytes[40] = bytes[30];
        bytes[41] = bytes[31];
        collector_add(sensor->collector, &frame, 1);
    }
    hours_begin_cut(&sensor->hours, hour * hour_ns + hour_ns - 1);
    while (hours_is_cutting(&sensor->hours)) {
        assert_true(hours_cut(&sensor->hours, sensor->collector));
    }
}

static void test_a_week_is_kept(void **state)
{
    struct sensor sensor;
    const struct tally *sums = &sensor.hours.sums;

    (void)state;
    begin(&sensor, 0);
    for (int i = 0; i < HOURS_KEPT + 2 * A_DAY + 1; i++) {
        an_hour(&sensor, FIRST_HOUR + i, 3);
        assert_int_equal(sensor.hours.n, i < HOURS_KEPT ? i + 1 : HOURS_KEPT);
    }
    assert_int_equal(sensor.hours.at[0].hour, FIRST_HOUR + 2 * A_DAY + 1);
    assert_int_equal(sensor.hours.at[0].tally->hosts.n, 3);
    assert_int_equal(sums->hosts.n, 0);
    assert_int_equal(sums->n_days, 3); /* 495000 is the first hour of a day. */
    assert_int_equal(sums->days[0].day, FIRST_HOUR / A_DAY);
    assert_int_equal(sums->days[0].n[DAY_HOURS], A_DAY);
    assert_int_equal(sums->days[0].n[DAY_BACKGROUND], 3 * A_DAY);
    assert_int_equal(sums->days[2].n[DAY_HOURS], 1);
    end(&sensor);
}

static void test_a_pause_ages_all(void **state)
{
    struct sensor sensor;

    (void)state;
    begin(&sensor, 0);
    an_hour(&sensor, FIRST_HOUR, 3);
    an_hour(&sensor, FIRST_HOUR + 10, 3);
    an_hour(&sensor, FIRST_HOUR + HOURS_KEPT + 5, 3);
    assert_int_equal(sensor.hours.n, 2);
    /* A clock that was set back. */
    an_hour(&sensor, FIRST_HOUR, 3);
    assert_int_equal(sensor.hours.n, 2);
    assert_int_equal(sensor.hours.at[1].tally->background[BACKGROUND_ARP], 6);
    end(&sensor);
}

static void test_memory_is_bounded(void **state)
{
    struct sensor sensor;
    size_t one, bytes;

    (void)state;
    begin(&sensor, 0);
    an_hour(&sensor, FIRST_HOUR, 500);
    one = sensor.hours.bytes;
    end(&sensor);

    begin(&sensor, 5 * one / 2);
    for (int i = 0; i < A_DAY; i++) {
        an_hour(&sensor, FIRST_HOUR + i, 500);
        bytes = 0;
        for (size_t k = 0; k < sensor.hours.n; k++) {
            bytes += sensor.hours.at[k].bytes;
        }
        assert_int_equal(sensor.hours.bytes, bytes);
        assert_true(bytes <= 5 * one / 2);
    }
    assert_int_equal(sensor.hours.n, 2);
    assert_int_equal(sensor.hours.sums.early_hours, A_DAY - 2);
    assert_int_equal(sensor.hours.sums.days[0].n[DAY_BACKGROUND], 500 * (A_DAY - 2));
    end(&sensor);
}

static void test_the_window(void **state)
{
    struct sensor sensor;
    struct past past[HOURS_PAST];

    (void)state;
    begin(&sensor, 0);
    for (int i = 0; i < 5; i++) {
        an_hour(&sensor, FIRST_HOUR + i, 1);
    }
    assert_int_equal(hours_past(&sensor.hours, (FIRST_HOUR + 3) * hour_ns, past), 6);
    for (int i = 0; i < 5; i++) {
        assert_true(past[i + 1].identities_only == (i < 3));
    }
    end(&sensor);
}

static void test_names_that_are_used_stay(void **state)
{
    struct tally tally;
    uint8_t used[101] = {0};
    char name[16];

    (void)state;
    tally_init(&tally);
    for (uint32_t i = 1; i <= 100; i++) {
        snprintf(name, sizeof name, "n%u", i);
        assert_int_equal(tally_name(&tally, name), i);
        used[i] = i % 10 == 0;
    }
    assert_true(tally_keep_names(&tally, used));
    for (uint32_t i = 1; i <= 100; i++) {
        snprintf(name, sizeof name, "n%u", i);
        assert_string_equal(tally_name_text(&tally, i), used[i] ? name : "");
    }
    assert_int_equal(tally_name(&tally, "n50"), 50);
    assert_int_equal(tally_name(&tally, "new"), 99);
    for (uint32_t i = 0; i < 89; i++) { /* The free ids, and no more. */
        snprintf(name, sizeof name, "m%u", i);
        assert_in_range(tally_name(&tally, name), 1, 98);
    }
    assert_int_equal(tally_name(&tally, "next"), 101);
    assert_string_equal(tally_name_text(&tally, 99), "new");
    assert_string_equal(tally_name_text(&tally, 70), "n70");
    tally_fini(&tally);
}

static void test_names_do_not_grow(void **state)
{
    struct tally tally;
    uint8_t used[2000] = {0};
    char name[16];
    size_t capacity = 0;

    (void)state;
    tally_init(&tally);
    for (int round = 0; round < 50; round++) {
        for (uint32_t i = 0; i < 1000; i++) {
            snprintf(name, sizeof name, "r%d-%u", round, i);
            assert_in_range(tally_name(&tally, name), 1, 1999);
        }
        assert_true(tally_keep_names(&tally, used));
        capacity = round == 0 ? tally.names.capacity : capacity;
    }
    assert_int_equal(tally.names.capacity, capacity);
    assert_int_equal(tally.names.n, 1000);
    tally_fini(&tally);
}

static void test_days_and_notes_as_text(void **state)
{
    char path[] = "/tmp/policap-hours-XXXXXX";
    struct policap_error err;
    struct tally tally, *back;
    struct day day = {.day = 20000, .n = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};

    (void)state;
    close(mkstemp(path));
    tally_init(&tally);
    assert_true(tally_add_day(&tally, &day));
    day.day = 19999;
    assert_true(tally_add_day(&tally, &day));
    assert_true(tally_add_day(&tally, &day));
    assert_true(tally_add_note(&tally, "{\"a\": \"\xc3\xa4\\n\"}"));
    assert_true(tally_write(&tally, path, &err));
    back = tally_read(path, &err);
    assert_non_null(back);
    assert_int_equal(back->n_days, 2);
    assert_int_equal(back->days[0].day, 19999);
    assert_int_equal(back->days[0].n[DAY_BACKGROUND], 20);
    assert_int_equal(back->days[1].n[DAY_HOURS], 1);
    assert_int_equal(back->n_notes, 1);
    assert_string_equal(back->notes[0], tally.notes[0]);
    assert_true(tally_merge(&tally, back));
    assert_int_equal(tally.days[1].n[DAY_HOURS], 2);
    assert_int_equal(tally.n_notes, 1);
    tally_fini(back);
    free(back);
    tally_fini(&tally);
    unlink(path);
}

static void test_the_oldest_day_goes(void **state)
{
    struct tally tally;
    struct day day = {.n[DAY_HOURS] = 1};

    (void)state;
    tally_init(&tally);
    for (day.day = 1; day.day <= TALLY_MAX_DAYS + 10; day.day++) {
        assert_true(tally_add_day(&tally, &day));
    }
    assert_int_equal(tally.n_days, TALLY_MAX_DAYS);
    assert_int_equal(tally.days[0].day, 11);
    assert_int_equal(tally.days[TALLY_MAX_DAYS - 1].day, TALLY_MAX_DAYS + 10);
    tally_fini(&tally);
}

/* Two sources' views of one flow, and one source's of another. */
static void test_views_are_joined_when_over(void **state)
{
    struct tally tally;
    struct piece piece = {.key = {.port_a = 40000, .port_b = 443, .proto = 6},
                          .first_ns = 1,
                          .last_ns = 2};

    (void)state;
    tally_init(&tally);
    piece.end[0].packets = piece.end[1].packets = 3;
    for (uint16_t source = 0; source < 2; source++) {
        piece.key.source = source;
        assert_true(tally_add_piece(&tally, &piece));
    }
    piece.key.port_a = 40001;
    piece.last_ns = 3;
    assert_true(tally_add_piece(&tally, &piece));
    live_fold(&tally, 2);
    assert_int_equal(tally.n_pieces, 3);
    live_fold(&tally, 3);
    assert_int_equal(tally.n_pieces, 1);
    assert_int_equal(tally.pieces[0]->key.port_a, 40001);
    assert_int_equal(tally.cells.n, 1);
    assert_int_equal(((struct cell *)pool_at(&tally.cells, 0))->attempts, 1);
    assert_int_equal(((struct cell *)pool_at(&tally.cells, 0))->packets[0], 3);
    /* Their memory serves those that come. */
    assert_int_equal(tally.n_spare, 2);
    assert_true(tally_add_piece(&tally, &piece));
    assert_int_equal(tally.n_spare, 1);
    tally_fini(&tally);
}

static void add_capture(struct tally *tally, int64_t last_ns)
{
    struct tally_capture *capture = &tally->captures[tally->n_captures++];

    *capture = (struct tally_capture){.path = strdup("pl0"), .last_ns = last_ns};
    for (uint64_t i = 1; i <= 10; i++) {
        assert_int_equal(tally_frame(tally, tally->n_captures - 1, i),
                         10 * (tally->n_captures - 1) + i);
    }
}

static void test_old_captures_go(void **state)
{
    struct tally tally;
    uint64_t number;

    (void)state;
    tally_init(&tally);
    tally.captures = calloc(10, sizeof *tally.captures);
    for (int i = 0; i < 10; i++) {
        add_capture(&tally, i);
    }
    tally_forget_captures(&tally, 2, 20);
    assert_int_equal(tally.n_captures, 8);
    assert_null(tally_capture_of(&tally, 20, &number));
    assert_ptr_equal(tally_capture_of(&tally, 21, &number), &tally.captures[0]);
    assert_int_equal(tally.captures[0].last_ns, 2);
    tally_forget_captures(&tally, 2, 3);
    assert_int_equal(tally.n_captures, 3);
    assert_ptr_equal(tally_capture_of(&tally, 95, &number), &tally.captures[2]);
    assert_int_equal(number, 5);
    tally_forget_captures(&tally, 100, 3);
    assert_int_equal(tally.n_captures, 0);
    assert_null(tally_capture_of(&tally, 95, &number));
    tally_fini(&tally);
}

/* Room for fewer entries than come: those that are there stay, and it is told. */
static void test_tables_are_bounded(void **state)
{
    struct sensor sensor;
    const char *name;
    struct hour *hour;

    (void)state;
    begin(&sensor, 0);
    collector_limit(sensor.collector, (size_t)64 << 20);
    an_hour(&sensor, FIRST_HOUR, 60000);
    hour = &sensor.hours.at[0];
    assert_in_range(hour->tally->hosts.n, 10000, 20000);
    assert_int_equal(tally_refused(hour->tally, 5, &name),
                     60000 - hour->tally->hosts.n);
    assert_string_equal(name, "host");
    an_hour(&sensor, FIRST_HOUR + 1, 100);
    assert_int_equal(sensor.hours.at[1].tally->hosts.n, 100);
    end(&sensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_week_is_kept),
        cmocka_unit_test(test_a_pause_ages_all),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_the_window),
        cmocka_unit_test(test_names_that_are_used_stay),
        cmocka_unit_test(test_names_do_not_grow),
        cmocka_unit_test(test_days_and_notes_as_text),
        cmocka_unit_test(test_the_oldest_day_goes),
        cmocka_unit_test(test_views_are_joined_when_over),
        cmocka_unit_test(test_old_captures_go),
        cmocka_unit_test(test_tables_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
