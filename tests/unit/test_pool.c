/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The pool against an array that is searched from end to end.
 */
#include "unit.h"

#include "base/pool.h"

struct entry {
    uint32_t key;
    uint32_t value;
};

enum { KEYS = 300, STEPS = 200000 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void check_against_array(void **state)
{
    struct pool pool;
    uint32_t model[KEYS] = {0}; /* Value of each key, 0: not there. */
    uint32_t n = 0, seed = 7;

    (void)state;
    pool_init(&pool, sizeof(struct entry), sizeof(uint32_t), KEYS);
    for (uint32_t step = 1; step <= STEPS; step++) {
        uint32_t key = next_random(&seed) % KEYS;
        struct entry *e = pool_find(&pool, &key);

        assert_int_equal(e ? e->value : 0, model[key]);
        if (next_random(&seed) % 2 == 0) {
            bool is_new;

            e = pool_add(&pool, &key, &is_new);
            assert_non_null(e);
            assert_int_equal(is_new, model[key] == 0);
            e->value = model[key] = step;
            n += is_new;
        } else if (e) {
            pool_remove(&pool, (uint32_t)(e - (struct entry *)pool_at(&pool, 0)));
            model[key] = 0;
            n--;
        }
        assert_int_equal(pool.n, n);
    }
    pool_fini(&pool);
}

static void check_cap(void **state)
{
    struct pool pool;

    (void)state;
    pool_init(&pool, sizeof(struct entry), sizeof(uint32_t), 2);
    for (uint32_t key = 0; key < 2; key++) {
        assert_non_null(pool_add(&pool, &key, NULL));
    }
    assert_null(pool_add(&pool, &(uint32_t){9}, NULL));
    assert_int_equal(pool.n_refused, 1);
    assert_non_null(pool_add(&pool, &(uint32_t){1}, NULL));
    pool_clear(&pool);
    assert_null(pool_find(&pool, &(uint32_t){1}));
    pool_fini(&pool);
}

/* Entries in another order, one with another key, are all found. */
static void check_reorder(void **state)
{
    struct pool pool;
    uint32_t order[KEYS];

    (void)state;
    pool_init(&pool, sizeof(struct entry), sizeof(uint32_t), KEYS + 1);
    pool_reserve(&pool, KEYS);
    assert_true(pool.room >= KEYS && pool.n == 0);
    assert_true(pool_reorder(&pool, order));
    for (uint32_t key = 0; key < KEYS; key++) {
        struct entry *e = pool_add(&pool, &key, NULL);

        e->value = key + 1;
        order[key] = KEYS - 1 - key;
    }
    ((struct entry *)pool_at(&pool, 3))->key = KEYS;
    assert_true(pool_reorder(&pool, order));
    assert_int_equal(pool.n, KEYS);
    assert_null(pool_find(&pool, &(uint32_t){3}));
    for (uint32_t key = 0; key < KEYS; key++) {
        uint32_t now = key == 3 ? KEYS : key;
        const struct entry *e = pool_find(&pool, &now);

        assert_ptr_equal(e, pool_at(&pool, KEYS - 1 - key));
        assert_int_equal(e->value, key + 1);
    }
    assert_null(pool_find(&pool, &(uint32_t){KEYS + 1}));
    pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_against_array),
        cmocka_unit_test(check_reorder),
        cmocka_unit_test(check_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
