/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which captures to read, and in which order: that of their first packets.
 */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include <policap/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    char *path; /* Owned. */
    int64_t first_ns;
};

struct inputs {
    struct input *files;
    size_t n;
};

/* Resolves operands: files, "-", and directories, which stand for the files in them.
 * False: '*err' says which can not be read. */
bool inputs_find(struct inputs *inputs, const char *const *operands, size_t n,
                 struct policap_error *err);

void inputs_free(struct inputs *inputs);

#endif
