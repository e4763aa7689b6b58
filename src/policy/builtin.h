/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The rule packs that are compiled in (made by rules/embed.py), so that the program
 * runs from any folder with no file at all.
 */
#ifndef POLICY_BUILTIN_H
#define POLICY_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>

struct builtin_pack {
    const char *name; /* As a site file names it: "emm/airwatch". */
    const unsigned char *bytes;
    size_t len;
    bool is_default; /* Used where no site file names packs. */
};

extern const struct builtin_pack builtin_packs[];
extern const size_t n_builtin_packs;

#endif
