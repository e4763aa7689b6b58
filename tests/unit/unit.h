/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What every unit test includes: cmocka, with the headers it wants first.
 */
#ifndef UNIT_H
#define UNIT_H

#include "base/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

/* A string literal as bytes and their count, so that no row counts by hand. */
#define WIRE(literal) (const uint8_t *)(literal), sizeof(literal) - 1

/* A heap copy of exactly 'len' bytes: AddressSanitizer then sees a read of one
 * byte too many, which it cannot see inside a larger table. */
static inline struct cursor frame_copy(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len);

    assert_true(copy != NULL || len == 0);
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    return (struct cursor){copy, len};
}

static inline void frame_free(struct cursor frame)
{
    free((void *)frame.at);
}

#endif
