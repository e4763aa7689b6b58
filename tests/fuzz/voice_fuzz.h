/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What every fuzz target of src/voice asserts: what is given lies in what was read.
 */
#ifndef VOICE_FUZZ_H
#define VOICE_FUZZ_H

#include "voice/voice.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* abort(), not assert(): it must hold with NDEBUG too. */
static inline void require(bool held)
{
    if (!held) {
        abort();
    }
}

static inline void require_inside(struct cursor part, struct cursor whole)
{
    size_t from = part.left ? (size_t)(part.at - whole.at) : 0;

    require(from <= whole.left && part.left <= whole.left - from);
}

#endif
