/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/listed.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

void listed_fini(struct listed_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        free(names->at[i].text);
    }
    free(names->at);
    *names = (struct listed_names){0};
}

static bool make_room(struct listed_names *names)
{
    size_t room = names->room ? names->room * 2 : FIRST_ROOM;
    struct listed_name *grown;

    if (names->n < names->room) {
        return true;
    }
    if (names->n == LISTED_MAX) {
        return false;
    }
    grown = realloc(names->at, room * sizeof *grown);
    if (grown) {
        names->at = grown;
        names->room = room;
    }
    return grown != NULL;
}

void listed_add(struct listed_names *names, const struct addr *addr, struct cursor text)
{
    char *copy;

    if (text.left == 0 || text.left > LISTED_MAX_NAME_LEN) {
        return;
    }
    copy = make_room(names) ? strndup((const char *)text.at, text.left) : NULL;
    if (!copy) {
        names->n_left_out++;
        return;
    }
    names->at[names->n++] = (struct listed_name){*addr, copy};
}
