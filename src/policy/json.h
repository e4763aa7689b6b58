/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading JSON that people wrote: each complaint names file, line and JSON pointer
 * (RFC 6901), and says what to do.
 */
#ifndef POLICY_JSON_H
#define POLICY_JSON_H

#include "base/error.h"

#include <jansson.h>

/* A file, held as text and as JSON. */
struct json_file {
    const char *name; /* For complaints. */
    char *owned;      /* The bytes, where json_file_read() made them. */
    const char *bytes;
    size_t len;
    json_t *root;
};

/* Reads a file.  False: '*err' says why. */
bool json_file_read(struct json_file *file, const char *path,
                    struct policap_error *err);
/* Reads bytes that the caller keeps. */
bool json_file_parse(struct json_file *file, const char *name, const void *bytes,
                     size_t len, struct policap_error *err);
void json_file_fini(struct json_file *file);

/* A place in a file: a chain from the value up to the root.  The chain lies on the
 * stack of the readers, and costs nothing until there is a complaint. */
struct json_place {
    const struct json_file *file;
    const struct json_place *up; /* NULL: the root. */
    const char *key;             /* NULL: an element of an array. */
    size_t i;
};

static inline struct json_place json_root(const struct json_file *file)
{
    return (struct json_place){.file = file};
}

static inline struct json_place json_under(const struct json_place *up, const char *key)
{
    return (struct json_place){up->file, up, key, 0};
}

static inline struct json_place json_element(const struct json_place *up, size_t i)
{
    return (struct json_place){up->file, up, NULL, i};
}

/* "FILE: line N: POINTER: " and the complaint.  Returns false. */
__attribute__((format(printf, 3, 4))) bool json_fault(const struct json_place *place,
                                                      struct policap_error *err,
                                                      const char *format, ...);

/* The line of the value at 'place', from 1.  Where the path cannot be followed, that of
 * the last value that could. */
size_t json_line(const struct json_place *place);

/* Typed values.  A text has no control character. */
bool json_want_text(const struct json_place *place, json_t *value, const char **out,
                    struct policap_error *err);
bool json_want_list(const struct json_place *place, json_t *value,
                    struct policap_error *err);
bool json_want_object(const struct json_place *place, json_t *value,
                      struct policap_error *err);
bool json_want_word(const struct json_place *place, json_t *value,
                    const char *const *words, size_t n, unsigned *out,
                    struct policap_error *err);

/* One key that an object may have, and who reads its value into 'into'. */
struct json_key {
    const char *key;
    bool (*read)(const struct json_place *place, json_t *value, void *into,
                 struct policap_error *err);
};

/* Gives each value of the object to its reader; a key that is not listed is an error.
 */
bool json_read_object(const struct json_place *place, json_t *value,
                      const struct json_key *keys, size_t n, void *into,
                      struct policap_error *err);

/* Gives each element of the list to 'read'. */
bool json_read_list(const struct json_place *place, json_t *value,
                    bool (*read)(const struct json_place *place, json_t *value,
                                 void *into, struct policap_error *err),
                    void *into, struct policap_error *err);

/* For keys that are for readers of the file: takes anything. */
bool json_take_any(const struct json_place *place, json_t *value, void *into,
                   struct policap_error *err);

#endif
