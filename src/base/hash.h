/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Hashing for tables in memory: fast, well mixed, not cryptographic.
 *
 * The mixer multiplies two 64-bit words to 128 bits and folds the halves, as
 * wyhash does; it passes its avalanche tests and costs one multiplication.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide m = (wide)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xd6e8feb86659fd93u);

    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Hash of 'len' bytes, started from 'seed'. */
static inline uint64_t hash_bytes(const void *bytes, size_t len, uint64_t seed)
{
    const uint8_t *p = bytes;
    uint64_t h = seed ^ len, word = 0;

    for (; len >= 8; p += 8, len -= 8) {
        memcpy(&word, p, 8);
        h = hash_mix(h, word);
    }
    word = 0;
    if (len > 0) { /* Of nothing, 'bytes' may be NULL. */
        memcpy(&word, p, len);
    }
    return hash_mix(h, word);
}

#endif
