/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A keyed pool: a dense array of entries of one size, found by the key that each
 * entry begins with.
 *
 * Entries stay in the order in which they were added, so walking the array is
 * walking in that order.  Keys are compared as bytes: padding inside a key must be
 * zero.  An entry's address is valid until the next pool_add().  A pool has a cap;
 * what was refused at the cap is counted, so that a report can say so.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
    uint8_t *entries;
    uint64_t *slots; /* Half of the hash, then entry index + 1; 0: empty. */
    size_t entry_size, key_size;
    uint32_t n, room, mask, max;
    uint64_t n_refused;
};

/* Makes an empty pool of at most 'max' entries.  Allocates nothing yet. */
void pool_init(struct pool *pool, size_t entry_size, size_t key_size, uint32_t max);

void pool_fini(struct pool *pool);

/* Forgets all entries and keeps the memory. */
void pool_clear(struct pool *pool);

/* The entry with this key, or NULL. */
void *pool_find(const struct pool *pool, const void *key);

/* The entry with this key; a new one is zero but for its key, and '*is_new' (which
 * may be NULL) is set.  NULL: the cap is reached, or memory is. */
void *pool_add(struct pool *pool, const void *key, bool *is_new);

/* In steps, for those who add many entries and know the next ones: fetches what
 * pool_add_hashed() will touch into the cache, first the slot, some entries later the
 * entry.  'hash' is pool_hash() of the key. */
uint32_t pool_hash(const struct pool *pool, const void *key);
void pool_prefetch_slot(const struct pool *pool, uint32_t hash);
void pool_prefetch_entry(const struct pool *pool, uint32_t hash);
void *pool_add_hashed(struct pool *pool, const void *key, uint32_t hash, bool *is_new);

static inline void *pool_at(const struct pool *pool, uint32_t i)
{
    return pool->entries + (size_t)i * pool->entry_size;
}

/* Gives back memory for entries that are not there.  Returns how many bytes stay. */
size_t pool_shrink(struct pool *pool);

/* Takes entry 'i' out; the last entry moves into its place. */
void pool_remove(struct pool *pool, uint32_t i);

/* Makes room for 'n' entries more, as far as there is memory and the cap allows. */
void pool_reserve(struct pool *pool, uint32_t n);

/* Puts the entries into another order, order[i] being where entry i lies now, and files
 * them by their keys, which may have been changed.  False: out of memory, and nothing
 * is changed. */
bool pool_reorder(struct pool *pool, const uint32_t *order);

#endif
