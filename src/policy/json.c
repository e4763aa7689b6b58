/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Files to JSON, and typed access with complaints.
 */
#include "policy/json.h"

#include "policy/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool syntax_fault(const struct json_file *file, const json_error_t *e,
                         struct policap_error *err)
{
    const char *todo = "mend the syntax there";
    char what[JSON_ERROR_TEXT_LENGTH];

    switch (json_error_code(e)) {
    case json_error_premature_end_of_input:
        todo = "the file is cut: take a whole copy";
        break;
    case json_error_duplicate_key:
        todo = "keep one of them";
        break;
    case json_error_stack_overflow:
        todo = "nest less deeply";
        break;
    case json_error_invalid_utf8:
        todo = "save the file as UTF-8";
        break;
    default:
        break;
    }
    snprintf(what, sizeof what, "%s", e->text);
    for (char *c = what; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
    }
    return fail(err, "%s: line %d: no JSON: %s: %s", file->name, e->line, what, todo);
}

bool json_file_parse(struct json_file *file, const char *name, const void *bytes,
                     size_t len, struct policap_error *err)
{
    json_error_t e;

    file->name = name;
    file->bytes = bytes;
    file->len = len;
    file->root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &e);
    if (!file->root) {
        return syntax_fault(file, &e, err);
    }

    struct json_place root = json_root(file);
    if (!json_is_object(file->root)) {
        return json_fault(&root, err, "is %s: write an object, {...}",
                          json_is_array(file->root) ? "a list" : "no object");
    }
    return true;
}

/* Doubles the room until all is read or the file is too large. */
static bool read_all(FILE *stream, struct json_file *file)
{
    size_t room = 0;

    do {
        char *grown = file->len < MAX_FILE
                          ? realloc(file->owned, room = room ? room * 2 : 64 << 10)
                          : NULL;

        if (!grown) {
            return false;
        }
        file->owned = grown;
        file->len += fread(grown + file->len, 1, room - file->len, stream);
    } while (file->len == room);
    return !ferror(stream);
}

bool json_file_read(struct json_file *file, const char *path, struct policap_error *err)
{
    FILE *stream = fopen(path, "rbe");

    *file = (struct json_file){.name = path};
    if (!stream) {
        return fail(err, "%s: %s: give the path of a rule file", path, strerror(errno));
    }
    errno = 0;

    bool ok = read_all(stream, file);
    int why = errno;

    fclose(stream);
    if (!ok) {
        const char *text = file->len >= MAX_FILE ? "is larger than 256 MiB"
                                                 : strerror(why ? why : ENOMEM);

        return fail(err, "%s: %s: give the path of a rule file", path, text);
    }
    return json_file_parse(file, path, file->owned, file->len, err);
}

void json_file_fini(struct json_file *file)
{
    json_decref(file->root);
    free(file->owned);
    *file = (struct json_file){0};
}

/* Writes the pointer, cut where it is longer than its room; "" is the root. */
static size_t pointer_of(const struct json_place *place, char *out, size_t room)
{
    size_t len = place->up ? pointer_of(place->up, out, room) : 0;
    int more = 0;

    if (!place->up) {
        out[0] = '\0';
    } else if (place->key) {
        more = snprintf(out + len, room - len, "/%s", place->key);
    } else {
        more = snprintf(out + len, room - len, "/%zu", place->i);
    }
    len += more > 0 ? (size_t)more : 0;
    return len < room ? len : room - 1;
}

bool json_fault(const struct json_place *place, struct policap_error *err,
                const char *format, ...)
{
    char pointer[160], what[400];
    va_list args;

    pointer_of(place, pointer, sizeof pointer);
    for (char *c = pointer; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
    }
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return fail(err, "%s: line %zu: %s%s%s", place->file->name, json_line(place),
                pointer, pointer[0] != '\0' ? ": " : "", what);
}

bool json_want_text(const struct json_place *place, json_t *value, const char **out,
                    struct policap_error *err)
{
    if (!json_is_string(value)) {
        return json_fault(place, err, "is no text: write it in quotes");
    }
    *out = json_string_value(value);
    for (const char *c = *out; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return json_fault(place, err, "has a control character: remove it");
        }
    }
    return true;
}

bool json_want_list(const struct json_place *place, json_t *value,
                    struct policap_error *err)
{
    if (!json_is_array(value)) {
        return json_fault(place, err, "is no list: write [...]");
    }
    if (json_array_size(value) > MAX_LIST) {
        return json_fault(place, err, "has more than %d entries: use fewer", MAX_LIST);
    }
    return true;
}

bool json_want_object(const struct json_place *place, json_t *value,
                      struct policap_error *err)
{
    return json_is_object(value) ? true
                                 : json_fault(place, err, "is no object: write {...}");
}

/* "a, b, c" into 'out'. */
static const char *list_words(const char *const *words, size_t n, size_t stride,
                              char *out, size_t room)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < n && len < room; i++) {
        const char *const *word =
            (const char *const *)((const char *)words + i * stride);
        int more = snprintf(out + len, room - len, "%s%s", i > 0 ? ", " : "", *word);

        len += more > 0 ? (size_t)more : 0;
    }
    return out;
}

bool json_want_word(const struct json_place *place, json_t *value,
                    const char *const *words, size_t n, unsigned *out,
                    struct policap_error *err)
{
    const char *text = ""; /* Not every compiler sees that it is set below. */
    char list[256];

    if (!json_want_text(place, value, &text, err)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return json_fault(place, err, "unknown word '%.64s': write one of %s", text,
                      list_words(words, n, sizeof *words, list, sizeof list));
}

static const struct json_key *key_find(const struct json_key *keys, size_t n,
                                       const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(keys[i].key, key) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

bool json_read_object(const struct json_place *place, json_t *value,
                      const struct json_key *keys, size_t n, void *into,
                      struct policap_error *err)
{
    const char *key;
    json_t *member;

    if (!json_want_object(place, value, err)) {
        return false;
    }
    json_object_foreach(value, key, member)
    {
        const struct json_key *known = key_find(keys, n, key);
        struct json_place inner = json_under(place, key);
        char list[320];

        if (!known) {
            return json_fault(
                &inner, err, "unknown key: the keys here are %s",
                list_words(&keys->key, n, sizeof *keys, list, sizeof list));
        }
        if (!known->read(&inner, member, into, err)) {
            return false;
        }
    }
    return true;
}

bool json_read_list(const struct json_place *place, json_t *value,
                    bool (*read)(const struct json_place *place, json_t *value,
                                 void *into, struct policap_error *err),
                    void *into, struct policap_error *err)
{
    size_t i;
    json_t *element;

    if (!json_want_list(place, value, err)) {
        return false;
    }
    json_array_foreach(value, i, element)
    {
        struct json_place inner = json_element(place, i);

        if (!read(&inner, element, into, err)) {
            return false;
        }
    }
    return true;
}

bool json_take_any(const struct json_place *place, json_t *value, void *into,
                   struct policap_error *err)
{
    (void)place, (void)value, (void)into, (void)err;
    return true;
}
