/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names, each kept once, known by a number.
 */
#include "audit/tally.h"

#include "base/hash.h"

#include <stdlib.h>

enum { MAX_NAMES = 1 << 18, MAX_NAME_BYTES = 8 << 20, FIRST_SLOTS = 64 };

#define NO_NAME UINT32_MAX /* The offset of an id that is free. */

static const char *text_of(const struct name_table *names, uint32_t id)
{
    return names->bytes + names->offsets[id];
}

/* The slot that holds 'name', or the empty one where it would go. */
static uint32_t slot_of(const struct name_table *names, const char *name, size_t len)
{
    uint32_t s = (uint32_t)hash_bytes(name, len, 0) & names->mask;

    while (names->slots[s] != 0 && strcmp(text_of(names, names->slots[s]), name) != 0) {
        s = (s + 1) & names->mask;
    }
    return s;
}

static bool grow_slots(struct name_table *names)
{
    uint32_t n = names->slots ? (names->mask + 1) * 2 : FIRST_SLOTS;
    uint32_t *slots = calloc(n, sizeof *slots);

    if (!slots) {
        return false;
    }
    free(names->slots);
    names->slots = slots;
    names->mask = n - 1;
    for (uint32_t id = 1; id <= names->n; id++) {
        if (names->offsets[id] != NO_NAME) {
            const char *name = text_of(names, id);

            names->slots[slot_of(names, name, strlen(name))] = id;
        }
    }
    return true;
}

static bool make_room(struct name_table *names, size_t len)
{
    if (names->n + 2 > names->room) {
        uint32_t room = names->room ? names->room * 2 : FIRST_SLOTS;
        uint32_t *offsets = realloc(names->offsets, room * sizeof *offsets);

        if (!offsets) {
            return false;
        }
        names->offsets = offsets;
        names->room = room;
    }
    while (names->used + len > names->capacity) {
        size_t capacity = names->capacity ? names->capacity * 2 : 1024;
        char *bytes = realloc(names->bytes, capacity);

        if (!bytes) {
            return false;
        }
        names->bytes = bytes;
        names->capacity = capacity;
    }
    return (names->slots && names->n * 2 < names->mask) || grow_slots(names);
}

/* An id for a new name: the highest free one, of which none is above the hint, else the
 * next. */
static uint32_t new_id(struct name_table *names)
{
    if (names->n_free == 0) {
        return ++names->n;
    }
    while (names->offsets[names->hint] != NO_NAME) {
        names->hint--;
    }
    names->n_free--;
    return names->hint;
}

uint32_t tally_name(struct tally *tally, const char *name)
{
    struct name_table *names = &tally->names;
    size_t len = strlen(name);
    size_t max_bytes = names->max_bytes ? names->max_bytes : MAX_NAME_BYTES;

    if (len == 0) {
        return 0;
    }
    if (names->slots) {
        uint32_t id = names->slots[slot_of(names, name, len)];

        if (id != 0) {
            return id;
        }
    }
    if (names->n - names->n_free >= MAX_NAMES || names->used + len + 1 > max_bytes ||
        !make_room(names, len + 1)) {
        names->n_refused++;
        return 0;
    }

    uint32_t id = new_id(names);
    names->offsets[id] = (uint32_t)names->used;
    memcpy(names->bytes + names->used, name, len + 1);
    names->used += len + 1;
    names->slots[slot_of(names, name, len)] = id;
    return id;
}

bool tally_keep_names(struct tally *tally, const uint8_t *used)
{
    struct name_table *names = &tally->names, kept = *names;

    kept.bytes = names->capacity ? malloc(names->capacity) : NULL;
    kept.slots =
        names->slots ? calloc((size_t)names->mask + 1, sizeof *kept.slots) : NULL;
    kept.used = kept.n_free = 0;
    kept.hint = names->n;
    if (!kept.bytes || !kept.slots) {
        free(kept.bytes);
        free(kept.slots);
        return names->n == 0;
    }
    for (uint32_t id = 1; id <= names->n; id++) {
        if (!used[id] || names->offsets[id] == NO_NAME) {
            kept.offsets[id] = NO_NAME;
            kept.n_free++;
            continue;
        }

        const char *name = text_of(names, id);
        size_t len = strlen(name);
        memcpy(kept.bytes + kept.used, name, len + 1);
        kept.offsets[id] = (uint32_t)kept.used;
        kept.used += len + 1;
        kept.slots[slot_of(&kept, text_of(&kept, id), len)] = id;
    }
    free(names->bytes);
    free(names->slots);
    *names = kept;
    return true;
}

const char *tally_name_text(const struct tally *tally, uint32_t id)
{
    const struct name_table *names = &tally->names;

    return id == 0 || id > names->n || names->offsets[id] == NO_NAME
               ? ""
               : text_of(names, id);
}
