/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reassembly against a plain array of bytes: segments of any length that come in any
 * order, again and overlapping.
 */
#include "unit.h"

#include "audit/stream.h"

enum { RUNS = 3000, SEGMENTS = 40, SPAN = 3000 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* What stands where: 'bytes' where 'have' is set.  The first byte for a place stays. */
struct model {
    uint8_t bytes[HELLO_MAX_LEN];
    bool have[HELLO_MAX_LEN];
};

static void model_add(struct model *model, uint32_t from, const uint8_t *bytes,
                      size_t len)
{
    for (size_t i = 0; i < len && from + i < HELLO_MAX_LEN; i++) {
        if (!model->have[from + i]) {
            model->have[from + i] = true;
            model->bytes[from + i] = bytes[i];
        }
    }
}

static size_t model_prefix(const struct model *model)
{
    size_t len = 0;

    while (len < HELLO_MAX_LEN && model->have[len]) {
        len++;
    }
    return len;
}

static void run(uint32_t *random, struct stream *stream)
{
    static struct model model;
    uint32_t base = next_random(random) << 8; /* Often close to where it wraps. */

    memset(&model, 0, sizeof model);
    base = next_random(random) % 2 ? 0u - next_random(random) % SPAN : base;
    stream_reset(stream, next_random(random) % 2, base);
    for (unsigned i = 0; i < SEGMENTS; i++) {
        uint8_t bytes[700];
        uint32_t from = next_random(random) % SPAN;
        size_t len = next_random(random) % (next_random(random) % 2 ? 9 : sizeof bytes);

        for (size_t k = 0; k < len; k++) {
            bytes[k] = (uint8_t)next_random(random);
        }

        struct cursor segment = frame_copy(bytes, len);
        bool ok = stream_add(stream, base + from, segment);
        frame_free(segment);
        if (!ok) {
            return; /* Too many holes: nobody asks this stream again. */
        }
        model_add(&model, from, bytes, len);

        struct cursor prefix = stream_prefix(stream);
        assert_int_equal(prefix.left, model_prefix(&model));
        if (prefix.left > 0) {
            assert_memory_equal(prefix.at, model.bytes, prefix.left);
        }
    }
}

static void check_against_array(void **state)
{
    struct stream stream = {0};
    uint32_t random = 11;

    (void)state;
    print_message("seed %u\n", random);
    for (unsigned i = 0; i < RUNS; i++) {
        run(&random, &stream);
    }
    stream_fini(&stream);
}

static bool add(struct stream *stream, uint32_t seq, const char *text)
{
    struct cursor segment = frame_copy((const uint8_t *)text, strlen(text));
    bool ok = stream_add(stream, seq, segment);

    frame_free(segment);
    return ok;
}

static void check_holes(void **state)
{
    struct stream stream = {0};

    (void)state;
    stream_reset(&stream, 0, 100);
    for (uint32_t i = 0; i < STREAM_RANGES; i++) {
        assert_true(add(&stream, 102 + 2 * i, "x"));
    }
    assert_false(add(&stream, 102 + 2 * STREAM_RANGES, "x"));
    assert_int_equal(stream_prefix(&stream).left, 0);
    stream_fini(&stream);
}

static void check_bounds(void **state)
{
    struct stream stream = {0};

    (void)state;
    stream_reset(&stream, 1, 100);
    assert_false(add(&stream, 99, "before the start"));
    assert_false(add(&stream, 100 + HELLO_MAX_LEN, "behind the end"));
    assert_true(add(&stream, 100 + HELLO_MAX_LEN - 2, "over the end"));
    assert_true(add(&stream, 100, ""));
    assert_int_equal(stream_prefix(&stream).left, 0);
    assert_true(add(&stream, 100, "ab"));
    assert_int_equal(stream_prefix(&stream).left, 2);
    stream_reset(&stream, 0, 7);
    assert_int_equal(stream_prefix(&stream).left, 0);
    stream_fini(&stream);
}

/* What came first stays. */
static void check_overlap(void **state)
{
    struct stream stream = {0};

    (void)state;
    stream_reset(&stream, 0, 0xfffffffe);
    assert_true(add(&stream, 0xffffffff, "bc"));
    assert_true(add(&stream, 0xfffffffe, "AXXD"));
    assert_int_equal(stream_prefix(&stream).left, 4);
    assert_memory_equal(stream_prefix(&stream).at, "AbcD", 4);
    stream_fini(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_against_array),
        cmocka_unit_test(check_holes),
        cmocka_unit_test(check_bounds),
        cmocka_unit_test(check_overlap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
