/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Memory that is released at once, and the growing list of peers.
 */
#include "policy/internal.h"

#include <stdlib.h>

enum { BLOCK = 64 << 10, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *next;
    max_align_t bytes[];
};

void *arena_take(struct arena *arena, size_t size)
{
    size_t rounded = (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT; /* Never 0. */

    if (rounded > arena->left) {
        size_t room = rounded > BLOCK ? rounded : BLOCK;
        struct arena_block *block = malloc(sizeof *block + room);

        if (!block) {
            arena->failed = true;
            return NULL;
        }
        block->next = arena->blocks;
        arena->blocks = block;
        arena->at = (char *)block->bytes;
        arena->left = room;
    }

    void *taken = arena->at;
    arena->at += rounded;
    arena->left -= rounded;
    return taken;
}

const char *arena_text(struct arena *arena, const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = arena_take(arena, len);

    return copy ? memcpy(copy, text, len) : NULL;
}

void arena_fini(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;

        arena->blocks = block->next;
        free(block);
    }
    arena->left = 0;
}

bool peer_push(struct peer_list *list, const struct peer *peer)
{
    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : 8;
        struct peer *at = realloc(list->at, room * sizeof *at);

        if (!at) {
            return false;
        }
        list->at = at;
        list->room = room;
    }
    list->at[list->n++] = *peer;
    return true;
}

bool no_memory(struct policap_error *err)
{
    return fail(err, "no memory for the rules: use fewer rows, or a larger machine");
}
