/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Open addressing with linear probing, at most two thirds full, so every probe ends at
 * an empty slot.  A slot holds half of the key's hash beside the entry's number: a
 * probe reads no entry but the one it looks for, and growing reads none.
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

static void pool_clear_slots(struct pool *pool)
{
    if (pool->slots) {
        memset(pool->slots, 0, ((size_t)pool->mask + 1) * sizeof *pool->slots);
    }
}

void pool_clear(struct pool *pool)
{
    pool_clear_slots(pool);
    pool->n = 0;
}

uint32_t pool_hash(const struct pool *pool, const void *key)
{
    return (uint32_t)hash_bytes(key, pool->key_size, 0);
}

static uint64_t slot_value(uint32_t hash, uint32_t i)
{
    return (uint64_t)hash << 32 | (i + 1);
}

static uint32_t home_of(const struct pool *pool, uint64_t slot)
{
    return (uint32_t)(slot >> 32) & pool->mask;
}

static void *entry_of(const struct pool *pool, uint64_t slot)
{
    return pool_at(pool, (uint32_t)slot - 1);
}

static inline bool keys_equal(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a, *y = b;
    uint64_t u, v;

    for (; size >= sizeof u; x += sizeof u, y += sizeof u, size -= sizeof u) {
        memcpy(&u, x, sizeof u);
        memcpy(&v, y, sizeof v);
        if (u != v) {
            return false;
        }
    }
    return memcmp(x, y, size) == 0;
}

/* The slot that holds 'key', or the empty one where it would go. */
static uint32_t slot_of(const struct pool *pool, const void *key, uint32_t hash)
{
    uint32_t s = hash & pool->mask;

    while (pool->slots[s] != 0 &&
           (pool->slots[s] >> 32 != hash ||
            !keys_equal(entry_of(pool, pool->slots[s]), key, pool->key_size))) {
        s = (s + 1) & pool->mask;
    }
    return s;
}

/* The slot of the entry that 'value' is of. */
static uint32_t slot_with(const struct pool *pool, uint64_t value)
{
    uint32_t s = home_of(pool, value);

    while (pool->slots[s] != value && pool->slots[s] != 0) {
        s = (s + 1) & pool->mask;
    }
    return s;
}

void *pool_find(const struct pool *pool, const void *key)
{
    if (!pool->slots) {
        return NULL;
    }

    uint64_t slot = pool->slots[slot_of(pool, key, pool_hash(pool, key))];
    return slot ? entry_of(pool, slot) : NULL;
}

/* Puts a slot that is not empty where it belongs. */
static void slot_put(struct pool *pool, uint64_t slot)
{
    uint32_t to = home_of(pool, slot);

    while (pool->slots[to] != 0) {
        to = (to + 1) & pool->mask;
    }
    pool->slots[to] = slot;
}

/* Has 'n' slots, a power of two. */
static bool grow_slots(struct pool *pool, uint32_t n)
{
    uint32_t n_before = pool->slots ? pool->mask + 1 : 0;
    uint64_t *slots = calloc(n, sizeof *slots), *before = pool->slots;

    if (!slots) {
        return false;
    }
    pool->slots = slots;
    pool->mask = n - 1;
    for (uint32_t s = 0; s < n_before; s++) {
        if (before[s] != 0) {
            slot_put(pool, before[s]);
        }
    }
    free(before);
    return true;
}

static bool grow_entries(struct pool *pool, uint32_t room)
{
    uint8_t *entries;

    room = room < pool->max ? room : pool->max;
    entries = realloc(pool->entries, room * pool->entry_size);

    if (!entries) {
        return false;
    }
    pool->entries = entries;
    pool->room = room;
    return true;
}

/* Are there too few slots for 'n' entries? */
static bool is_crowded(const struct pool *pool, uint32_t n)
{
    return !pool->slots || (uint64_t)n * 3 > (uint64_t)(pool->mask + 1) * 2;
}

void pool_reserve(struct pool *pool, uint32_t n)
{
    uint32_t room = n < pool->max - pool->n ? pool->n + n : pool->max;
    uint32_t slots = pool->slots ? pool->mask + 1 : FIRST_SLOTS;

    while ((uint64_t)room * 3 > (uint64_t)slots * 2) {
        slots *= 2;
    }
    if (is_crowded(pool, room)) {
        grow_slots(pool, slots);
    }
    if (room > pool->room) {
        grow_entries(pool, room);
    }
}

void *pool_add(struct pool *pool, const void *key, bool *is_new)
{
    return pool_add_hashed(pool, key, pool_hash(pool, key), is_new);
}

void pool_prefetch_slot(const struct pool *pool, uint32_t hash)
{
    if (pool->slots) {
        __builtin_prefetch(&pool->slots[hash & pool->mask]);
    }
}

void pool_prefetch_entry(const struct pool *pool, uint32_t hash)
{
    uint64_t slot = pool->slots ? pool->slots[hash & pool->mask] : 0;

    if (slot != 0) {
        __builtin_prefetch(entry_of(pool, slot));
    }
}

void *pool_add_hashed(struct pool *pool, const void *key, uint32_t hash, bool *is_new)
{
    uint64_t slot = pool->slots ? pool->slots[slot_of(pool, key, hash)] : 0;
    void *entry;

    if (is_new) {
        *is_new = slot == 0;
    }
    if (slot != 0) {
        return entry_of(pool, slot);
    }
    if (pool->n >= pool->max ||
        (is_crowded(pool, pool->n + 1) &&
         !grow_slots(pool, pool->slots ? (pool->mask + 1) * 2 : FIRST_SLOTS)) ||
        (pool->n == pool->room &&
         !grow_entries(pool, pool->room ? pool->room * 2 : FIRST_ROOM))) {
        pool->n_refused++;
        return NULL;
    }
    entry = pool_at(pool, pool->n);
    memset(entry, 0, pool->entry_size);
    memcpy(entry, key, pool->key_size);
    pool->slots[slot_with(pool, slot_value(hash, pool->n))] = slot_value(hash, pool->n);
    pool->n++;
    return entry;
}

size_t pool_shrink(struct pool *pool)
{
    uint8_t *entries = pool->n < pool->room && pool->n > 0
                           ? realloc(pool->entries, pool->n * pool->entry_size)
                           : NULL;

    if (entries) {
        pool->entries = entries;
        pool->room = pool->n;
    }
    return pool->room * pool->entry_size +
           (pool->slots ? ((size_t)pool->mask + 1) * sizeof *pool->slots : 0);
}

/* Empties slot 's' and moves later entries of its run back, so that no probe that
 * passed over 's' ends too early. */
static void slot_clear(struct pool *pool, uint32_t s)
{
    uint32_t hole = s;

    pool->slots[hole] = 0;
    for (s = (s + 1) & pool->mask; pool->slots[s] != 0; s = (s + 1) & pool->mask) {
        uint32_t home = home_of(pool, pool->slots[s]);

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

    slot_clear(pool, slot_with(pool, slot_value(pool_hash(pool, pool_at(pool, i)), i)));
    if (i != last) {
        uint32_t hash = pool_hash(pool, pool_at(pool, last));

        pool->slots[slot_with(pool, slot_value(hash, last))] = slot_value(hash, i);
        memcpy(pool_at(pool, i), pool_at(pool, last), pool->entry_size);
    }
    pool->n--;
}

bool pool_reorder(struct pool *pool, const uint32_t *order)
{
    uint8_t *entries = malloc(pool->room * pool->entry_size + 1);

    if (!entries) {
        return false;
    }
    pool_clear_slots(pool);
    for (uint32_t i = 0; i < pool->n; i++) {
        const void *entry = pool_at(pool, order[i]);

        memcpy(entries + i * pool->entry_size, entry, pool->entry_size);
        slot_put(pool, slot_value(pool_hash(pool, entry), i));
    }
    free(pool->entries);
    pool->entries = entries;
    return true;
}
