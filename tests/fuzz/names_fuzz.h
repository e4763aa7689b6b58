/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What every fuzz target of src/names asserts: a name is what names.h promises.
 */
#ifndef NAMES_FUZZ_H
#define NAMES_FUZZ_H

#include "names/names.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* abort(), not assert(): it must hold with NDEBUG too. */
static inline void require(bool held)
{
    if (!held) {
        abort();
    }
}

static inline void require_name(const char *name)
{
    size_t len = strlen(name);
    bool literal = name[0] == '[';

    require(len <= NAME_MAX_LEN);
    require(len == 0 || (name[0] != '.' && name[len - 1] != '.'));
    require(!strstr(name, ".."));
    require(strspn(name, literal ? "[0123456789abcdef:.]"
                                 : "0123456789abcdefghijklmnopqrstuvwxyz-_.") == len);
}

#endif
