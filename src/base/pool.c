/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Open addressing with linear probing over 32-bit entry numbers, at most two thirds
 * full, so every probe ends at an empty slot.
 */
#include "base/pool.h"

#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_ROOM = 16, FIRST_SLOTS = 32 };

void pool_init(struct pool *pool, size_t entry_size, size_t key_size, uint32_t max)
{
    assert(key_size <= entry_size);
    *pool = (struct pool){.entry_size = entry_size, .key_size = key_size, .max = max};
}

void pool_fini(struct pool *pool)
{
    free(pool->entries);
    free(pool->slots);
    pool->entries = NULL;
    pool->slots = NULL;
    pool->n = pool->room = pool->mask = 0;
}

void pool_clear(struct pool *pool)
{
    if (pool->slots) {
        memset(pool->slots, 0, ((size_t)pool->mask + 1) * sizeof *pool->slots);
    }
    pool->n = 0;
}

static uint32_t home_of(const struct pool *pool, const void *key)
{
    return (uint32_t)hash_bytes(key, pool->key_size, 0) & pool->mask;
}

/* The slot that holds 'key', or the empty one where it would go. */
static uint32_t slot_of(const struct pool *pool, const void *key)
{
    uint32_t s = home_of(pool, key);

    while (pool->slots[s] != 0 &&
           memcmp(pool_at(pool, pool->slots[s] - 1), key, pool->key_size) != 0) {
        s = (s + 1) & pool->mask;
    }
    return s;
}

void *pool_find(const struct pool *pool, const void *key)
{
    if (!pool->slots) {
        return NULL;
    }

    uint32_t slot = pool->slots[slot_of(pool, key)];
    return slot ? pool_at(pool, slot - 1) : NULL;
}

static bool grow_slots(struct pool *pool)
{
    uint32_t n = pool->slots ? (pool->mask + 1) * 2 : FIRST_SLOTS;
    uint32_t *slots = calloc(n, sizeof *slots);

    if (!slots) {
        return false;
    }
    free(pool->slots);
    pool->slots = slots;
    pool->mask = n - 1;
    for (uint32_t i = 0; i < pool->n; i++) {
        pool->slots[slot_of(pool, pool_at(pool, i))] = i + 1;
    }
    return true;
}

static bool grow_entries(struct pool *pool)
{
    uint32_t room = pool->room ? pool->room * 2 : FIRST_ROOM;
    uint8_t *entries = realloc(pool->entries, room * pool->entry_size);

    if (!entries) {
        return false;
    }
    pool->entries = entries;
    pool->room = room;
    return true;
}

void *pool_add(struct pool *pool, const void *key, bool *is_new)
{
    void *entry = pool_find(pool, key);

    if (is_new) {
        *is_new = !entry;
    }
    if (entry) {
        return entry;
    }
    if (pool->n >= pool->max ||
        ((!pool->slots ||
          (uint64_t)(pool->n + 1) * 3 > (uint64_t)(pool->mask + 1) * 2) &&
         !grow_slots(pool)) ||
        (pool->n == pool->room && !grow_entries(pool))) {
        pool->n_refused++;
        return NULL;
    }
    entry = pool_at(pool, pool->n);
    memset(entry, 0, pool->entry_size);
    memcpy(entry, key, pool->key_size);
    pool->slots[slot_of(pool, key)] = ++pool->n;
    return entry;
}

/* Empties slot 's' and moves later entries of its run back, so that no probe that
 * passed over 's' ends too early. */
static void slot_clear(struct pool *pool, uint32_t s)
{
    uint32_t hole = s;

    pool->slots[hole] = 0;
    for (s = (s + 1) & pool->mask; pool->slots[s] != 0; s = (s + 1) & pool->mask) {
        uint32_t home = home_of(pool, pool_at(pool, pool->slots[s] - 1));

        if (((s - home) & pool->mask) >= ((s - hole) & pool->mask)) {
            pool->slots[hole] = pool->slots[s];
            pool->slots[s] = 0;
            hole = s;
        }
    }
}

void pool_remove(struct pool *pool, uint32_t i)
{
    uint32_t last = pool->n - 1;

    slot_clear(pool, slot_of(pool, pool_at(pool, i)));
    if (i != last) {
        pool->slots[slot_of(pool, pool_at(pool, last))] = i + 1;
        memcpy(pool_at(pool, i), pool_at(pool, last), pool->entry_size);
    }
    pool->n--;
}
