/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The line of a JSON value.  jansson keeps no lines, so the text is walked once more,
 * when there is a complaint.  The text is known to be JSON by then; every step is
 * bounded all the same.
 */
#include "base/cursor.h"
#include "policy/json.h"

#include <string.h>

static void skip_space(struct cursor *c)
{
    while (c->left > 0 && memchr(" \t\r\n", *c->at, 4)) {
        cursor_skip(c, 1);
    }
}

static bool next_is(const struct cursor *c, char what)
{
    return c->left > 0 && *c->at == (uint8_t)what;
}

/* Takes a string; '*out' is what stands between the quotes, escapes as written. */
static bool take_string(struct cursor *c, struct cursor *out)
{
    if (!next_is(c, '"') || !cursor_skip(c, 1)) {
        return false;
    }
    *out = *c;
    while (c->left > 0 && !next_is(c, '"')) {
        cursor_skip(c, next_is(c, '\\') && c->left > 1 ? 2 : 1);
    }
    out->left -= c->left;
    return cursor_skip(c, 1);
}

/* Passes over a value: to the end of a string or a bracket, or up to a delimiter. */
static void skip_value(struct cursor *c)
{
    size_t depth = 0;

    while (c->left > 0) {
        struct cursor inside;

        if (next_is(c, '"')) {
            take_string(c, &inside);
        } else if (depth == 0 && memchr(",]} \t\r\n", *c->at, 7)) {
            return;
        } else {
            depth += next_is(c, '{') || next_is(c, '[');
            depth -= next_is(c, '}') || next_is(c, ']');
            cursor_skip(c, 1);
            if (depth > 0) {
                continue;
            }
        }
        if (depth == 0 && (c->left == 0 || memchr(",]} \t\r\n", *c->at, 7))) {
            return;
        }
    }
}

static bool is_key(struct cursor name, const char *key)
{
    return name.left == strlen(key) && memcmp(name.at, key, name.left) == 0;
}

/* Moves from an object to the value of 'key', or from an array to element 'i'. */
static bool step_into(struct cursor *c, const char *key, size_t i)
{
    bool object = next_is(c, '{');

    if (!(object || next_is(c, '[')) || (key != NULL) != object) {
        return false;
    }
    for (size_t n = 0;; n++) {
        struct cursor name = {0};

        cursor_skip(c, 1); /* The bracket, or the comma. */
        skip_space(c);
        if (object) {
            if (!take_string(c, &name)) {
                return false;
            }
            skip_space(c);
            cursor_skip(c, 1); /* The colon. */
            skip_space(c);
        }
        if (object ? is_key(name, key) : n == i) {
            return c->left > 0;
        }
        skip_value(c);
        skip_space(c);
        if (!next_is(c, ',')) {
            return false;
        }
    }
}

static bool walk(const struct json_place *place, struct cursor *c)
{
    if (!place->up) {
        skip_space(c);
        return true;
    }
    if (!walk(place->up, c)) {
        return false;
    }

    struct cursor inner = *c;
    if (!step_into(&inner, place->key, place->i)) {
        return false;
    }
    *c = inner;
    return true;
}

size_t json_line(const struct json_place *place)
{
    const uint8_t *start = (const uint8_t *)place->file->bytes;
    struct cursor c = {start, place->file->len};
    size_t line = 1;

    walk(place, &c);
    for (const uint8_t *p = start; p < c.at; p++) {
        line += *p == '\n';
    }
    return line;
}
