/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Texts to numbers: open addressing, at most half full, so every probe ends.
 */
#include "base/hash.h"
#include "policy/internal.h"

#include <stdlib.h>

static uint32_t slot_of(const struct intern *table, const char *text, size_t len)
{
    uint32_t s = (uint32_t)hash_bytes(text, len, 0) & table->mask;

    while (table->slots[s] != 0) {
        const char *there = table->texts[table->slots[s] - 1];

        if (strncmp(there, text, len) == 0 && there[len] == '\0') {
            break;
        }
        s = (s + 1) & table->mask;
    }
    return s;
}

static bool grow(struct intern *table)
{
    uint32_t room = table->room ? table->room * 2 : 64;
    const char **texts = realloc(table->texts, room * sizeof *texts);

    if (!texts) {
        return false;
    }
    table->texts = texts;
    table->room = room;

    uint32_t *slots = calloc((size_t)room * 2, sizeof *slots);
    if (!slots) {
        return false;
    }
    free(table->slots);
    table->slots = slots;
    table->mask = room * 2 - 1;
    for (uint32_t i = 0; i < table->n; i++) {
        table->slots[slot_of(table, texts[i], strlen(texts[i]))] = i + 1;
    }
    return true;
}

bool intern_add(struct intern *table, const char *text, size_t len, struct arena *arena,
                uint32_t *out)
{
    if (table->n == table->room && !grow(table)) {
        return false;
    }

    uint32_t s = slot_of(table, text, len);
    if (table->slots[s] == 0) {
        char *copy = arena_take(arena, len + 1);

        if (!copy) {
            return false;
        }
        memcpy(copy, text, len);
        copy[len] = '\0';
        table->texts[table->n] = copy;
        table->slots[s] = ++table->n;
    }
    *out = table->slots[s] - 1;
    return true;
}

uint32_t intern_find(const struct intern *table, const char *text, size_t len)
{
    if (table->n == 0) {
        return INTERN_NONE;
    }

    uint32_t slot = table->slots[slot_of(table, text, len)];
    return slot ? slot - 1 : INTERN_NONE;
}

void intern_fini(struct intern *table)
{
    free(table->texts);
    free(table->slots);
    *table = (struct intern){0};
}
