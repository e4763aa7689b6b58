/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Records by their tables of fields: combining is a union that knows no order, and what
 * is written as JSON is read again as the same.
 */
#include "unit.h"

#include "audit/records.h"

enum { RUNS = 200, THREE = 3 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static size_t width_of(const struct field *field)
{
    static const uint8_t widths[] = {
        [FIELD_U8] = 1,    [FIELD_U16] = 2,    [FIELD_U32] = 4,   [FIELD_U64] = 8,
        [FIELD_TIME] = 8,  [FIELD_MAC] = 6,    [FIELD_ADDR] = 16, [FIELD_NAME] = 4,
        [FIELD_FRAME] = 4, [FIELD_SOURCE] = 2,
    };

    return widths[field->type];
}

/* Small numbers, so that equal ones and zeros are frequent. */
static void fill_field(struct tally *tally, const struct field *field, void *record,
                       uint32_t *random)
{
    for (size_t i = 0; i < field->count; i++) {
        char *at = (char *)record + field->offset + i * width_of(field);
        uint64_t v = next_random(random) % 5;
        char name[8];

        if (field->type == FIELD_NAME && v > 0) {
            snprintf(name, sizeof name, "n%u", (unsigned)v);
            v = tally_name(tally, name);
        }
        memset(at, 0, width_of(field));
        memcpy(at, &v, width_of(field) < sizeof v ? width_of(field) : sizeof v);
    }
    if (field->rule == RULE_LOWEST) { /* Sorted, and each value once. */
        memset((char *)record + field->offset, 0, field->count * width_of(field));
        *((char *)record + field->offset) = (char)(next_random(random) % 9);
    }
}

static void fill(struct tally *tally, const struct record_kind *kind, void *record,
                 uint32_t *random)
{
    memset(record, 0, kind->size);
    for (size_t f = 0; f < kind->n_fields; f++) {
        if (kind->fields[f].rule != RULE_KEY) {
            fill_field(tally, &kind->fields[f], record, random);
        }
    }
}

union record {
    struct cell cell;
    struct lookup lookup;
    struct binding binding;
    struct lease lease;
    struct dhcp dhcp;
    struct host host;
    uint8_t bytes[1024];
};

/* Combining in any order and grouping gives the same. */
static void check_combine(void **state)
{
    uint32_t random = 5;
    struct tally tally;

    (void)state;
    tally_init(&tally);
    for (unsigned run = 0; run < RUNS; run++) {
        const struct record_kind *kind = &record_kinds[run % RECORD_KINDS];
        union record in[THREE], forth, back, right;

        assert_true(kind->size <= sizeof forth);
        for (unsigned i = 0; i < THREE; i++) {
            fill(&tally, kind, &in[i], &random);
        }
        forth = in[0];
        record_combine(&tally, kind, &forth, &in[1]);
        record_combine(&tally, kind, &forth, &in[2]);
        back = in[2];
        record_combine(&tally, kind, &back, &in[1]);
        record_combine(&tally, kind, &back, &in[0]);
        right = in[1];
        record_combine(&tally, kind, &right, &in[2]);
        record_combine(&tally, kind, &right, &in[0]);
        assert_memory_equal(&forth, &back, kind->size);
        assert_memory_equal(&forth, &right, kind->size);
    }
    tally_fini(&tally);
}

static const struct record_kind *kind_of(const char *name)
{
    size_t k = 0;

    while (strcmp(record_kinds[k].name, name) != 0) {
        k++;
    }
    return &record_kinds[k];
}

/* 0 is no time: it is not the smallest. */
static void check_no_time(void **state)
{
    struct lookup one = {.queries = 2, .first_query_ns = 7, .last_query_ns = 9};
    struct lookup other = {.queries = 1, .first_answer_ns = 8, .last_answer_ns = 8};
    struct tally tally;

    (void)state;
    tally_init(&tally);
    record_combine(&tally, kind_of("lookup"), &one, &other);
    assert_int_equal(one.queries, 3);
    assert_int_equal(one.first_query_ns, 7);
    assert_int_equal(one.last_query_ns, 9);
    assert_int_equal(one.first_answer_ns, 8);
    assert_int_equal(one.last_answer_ns, 8);
    tally_fini(&tally);
}

static void check_json(void **state)
{
    uint32_t random = 6;
    struct tally tally;

    (void)state;
    tally_init(&tally);
    for (unsigned run = 0; run < RUNS; run++) {
        const struct record_kind *kind = &record_kinds[run % RECORD_KINDS];
        union record record, again;
        const char *field;

        fill(&tally, kind, &record, &random);
        json_t *json = record_to_json(kind, &record, &tally);
        assert_non_null(json);
        assert_true(record_from_json(kind, json, &tally, &again, &field));
        assert_memory_equal(&record, &again, kind->size);
        json_decref(json);
    }
    tally_fini(&tally);
}

/* Each field that is taken away, or is of another type, is named. */
static void check_json_refused(void **state)
{
    struct tally tally;

    (void)state;
    tally_init(&tally);
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        const struct record_kind *kind = &record_kinds[k];
        union record record, again;

        memset(&record, 0, sizeof record);
        for (size_t f = 0; f < kind->n_fields; f++) {
            json_t *json = record_to_json(kind, &record, &tally);
            const char *wrong = NULL;

            json_object_del(json, kind->fields[f].name);
            assert_false(record_from_json(kind, json, &tally, &again, &wrong));
            assert_string_equal(wrong, kind->fields[f].name);
            json_object_set_new(json, kind->fields[f].name, json_true());
            assert_false(record_from_json(kind, json, &tally, &again, &wrong));
            json_object_set_new(json, kind->fields[f].name, json_integer(-1));
            assert_false(record_from_json(kind, json, &tally, &again, &wrong));
            json_decref(json);
        }
    }
    tally_fini(&tally);
}

/* The table covers every byte of a record but padding: what it forgot would be lost
 * when a tally is written. */
static void check_table(void **state)
{
    (void)state;
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        const struct record_kind *kind = &record_kinds[k];
        uint8_t covered[sizeof(union record)] = {0};
        size_t n = 0;

        for (size_t f = 0; f < kind->n_fields; f++) {
            const struct field *field = &kind->fields[f];
            size_t len = field->count * width_of(field);

            assert_int_equal(field->rule == RULE_KEY, field->offset < kind->key_size);
            for (size_t i = 0; i < len; i++) {
                assert_int_equal(covered[field->offset + i], 0);
                covered[field->offset + i] = 1;
            }
            n += len;
        }
        assert_true(n <= kind->size && kind->size - n < 16);
    }
}

static void check_lowest(void **state)
{
    uint32_t random = 7;

    (void)state;
    for (unsigned run = 0; run < RUNS; run++) {
        bool seen[20] = {false};
        uint32_t values[4] = {0}, want[4] = {0};
        unsigned n = 0;

        for (unsigned i = 0; i < run % 10; i++) {
            uint32_t v = next_random(&random) % 20;

            lowest_u32(values, 4, v);
            seen[v] = true;
        }
        for (uint32_t v = 1; v < 20 && n < 4; v++) {
            if (seen[v]) {
                want[n++] = v;
            }
        }
        assert_memory_equal(values, want, sizeof want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_combine), cmocka_unit_test(check_no_time),
        cmocka_unit_test(check_json),    cmocka_unit_test(check_json_refused),
        cmocka_unit_test(check_table),   cmocka_unit_test(check_lowest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
