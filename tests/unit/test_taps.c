/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Taps of a tally: names to numbers, through merging and sorting.
 */
#include "audit/records.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void add_cell(struct tally *tally, uint16_t source, uint16_t port)
{
    struct cell_key key;

    memset(&key, 0, sizeof key);
    key.source = source;
    key.server_port = port;

    struct cell *cell = pool_add(&tally->cells, &key, NULL);
    assert_non_null(cell);
    cell->attempts = 1;
}

/* The name of the tap of the cell with this port, or "none". */
static const char *tap_of_cell(const struct tally *tally, uint16_t port)
{
    for (uint32_t i = 0; i < tally->cells.n; i++) {
        const struct cell *cell = pool_at(&tally->cells, i);

        if (cell->key.server_port == port) {
            const char *name = tally_tap_name(tally, source_tap(cell->key.source));

            return name ? name : "none";
        }
    }
    return "no cell";
}

static void test_names_are_numbered_once(void **state)
{
    struct tally tally;
    char name[TAP_NAME_LEN + 1];

    (void)state;
    tally_init(&tally);
    assert_int_equal(tally_tap(&tally, "outside"), 1);
    assert_int_equal(tally_tap(&tally, "inside"), 2);
    assert_int_equal(tally_tap(&tally, "outside"), 1);
    assert_string_equal(tally_tap_name(&tally, 2), "inside");
    assert_null(tally_tap_name(&tally, 0));
    assert_null(tally_tap_name(&tally, 3));
    assert_int_equal(tally_tap(&tally, ""), 0);
    memset(name, 'x', TAP_NAME_LEN);
    name[TAP_NAME_LEN] = '\0';
    assert_int_equal(tally_tap(&tally, name), 0);
    for (int i = 3; i <= TALLY_MAX_TAPS; i++) {
        snprintf(name, sizeof name, "t%d", i);
        assert_int_equal(tally_tap(&tally, name), i);
    }
    assert_int_equal(tally_tap(&tally, "one more"), 0);
    tally_fini(&tally);
}

/* Two tallies that number their taps differently: cells keep their tap's name, in
 * either order of merging, and equal evidence has equal numbers. */
static void test_merge_goes_by_name(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct tally parts[2], all;

        tally_init(&parts[0]);
        tally_init(&parts[1]);
        tally_init(&all);
        add_cell(&parts[0], (uint16_t)(tally_tap(&parts[0], "outside") << 8 | 3), 1);
        add_cell(&parts[0], 7, 2);
        add_cell(&parts[1], (uint16_t)(tally_tap(&parts[1], "inside") << 8), 3);
        add_cell(&parts[1], (uint16_t)(tally_tap(&parts[1], "outside") << 8 | 3), 1);
        assert_true(tally_merge(&all, &parts[order]));
        assert_true(tally_merge(&all, &parts[!order]));
        assert_true(tally_settle(&all));
        assert_int_equal(all.n_taps, 2);
        assert_string_equal(all.taps[0], "inside");
        assert_int_equal(all.cells.n, 3);
        assert_string_equal(tap_of_cell(&all, 1), "outside");
        assert_string_equal(tap_of_cell(&all, 2), "none");
        assert_string_equal(tap_of_cell(&all, 3), "inside");
        for (uint32_t i = 0; i < all.cells.n; i++) {
            const struct cell *cell = pool_at(&all.cells, i);

            assert_int_equal(cell->attempts, cell->key.server_port == 1 ? 2 : 1);
            assert_ptr_equal(pool_find(&all.cells, &cell->key), cell);
        }
        tally_fini(&parts[0]);
        tally_fini(&parts[1]);
        tally_fini(&all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_numbered_once),
        cmocka_unit_test(test_merge_goes_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
