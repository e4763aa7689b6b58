/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The named capture points of a tally.
 *
 * A source is the number of its tap and that of its interface; a tap is its name, so
 * that tallies of several machines agree on it.
 */
#include "audit/records.h"

#include <string.h>

uint16_t tally_tap(struct tally *tally, const char *name)
{
    size_t i = 0;

    while (i < tally->n_taps && strcmp(tally->taps[i], name) != 0) {
        i++;
    }
    if (i == tally->n_taps) {
        if (i == TALLY_MAX_TAPS || strlen(name) >= TAP_NAME_LEN || !*name) {
            return 0;
        }
        strcpy(tally->taps[tally->n_taps++], name);
    }
    return (uint16_t)(i + 1);
}

const char *tally_tap_name(const struct tally *tally, unsigned tap)
{
    return tap > 0 && tap <= tally->n_taps ? tally->taps[tap - 1] : NULL;
}

bool record_move_taps(struct record_move *move)
{
    for (size_t i = 0; move->from && i < move->from->n_taps; i++) {
        move->taps[i + 1] = tally_tap(move->into, move->from->taps[i]);
        if (move->taps[i + 1] == 0) {
            return false;
        }
    }
    return true;
}

uint16_t record_move_source(const struct record_move *move, uint16_t source)
{
    unsigned tap = source_tap(source);

    if (!move->from || tap == 0 || tap > move->from->n_taps) {
        return source;
    }
    return (uint16_t)(move->taps[tap] << 8 | (source & 0xff));
}

/* Where each tap goes so that they stand in order of their names. */
static bool taps_order(const struct tally *tally,
                       uint16_t to[static TALLY_MAX_TAPS + 1])
{
    bool moved = false;

    for (size_t i = 0; i < tally->n_taps; i++) {
        unsigned before = 0;

        for (size_t k = 0; k < tally->n_taps; k++) {
            before += strcmp(tally->taps[k], tally->taps[i]) < 0;
        }
        to[i + 1] = (uint16_t)(before + 1);
        moved |= before != i;
    }
    return moved;
}

static void source_renumber(uint16_t *source, const uint16_t *to)
{
    *source = (uint16_t)(to[source_tap(*source)] << 8 | (*source & 0xff));
}

void taps_sort(struct tally *tally)
{
    uint16_t to[TALLY_MAX_TAPS + 1] = {0};
    char names[TALLY_MAX_TAPS][TAP_NAME_LEN];

    if (!taps_order(tally, to)) {
        return;
    }
    memcpy(names, tally->taps, sizeof names);
    for (size_t i = 0; i < tally->n_taps; i++) {
        memcpy(tally->taps[to[i + 1] - 1], names[i], TAP_NAME_LEN);
    }
    for (size_t i = 0; i < tally->n_pieces; i++) {
        source_renumber(&tally->pieces[i]->key.source, to);
    }
    for (size_t i = 0; i < tally->n_closed; i++) {
        source_renumber(&tally->closed[i]->key.source, to);
    }
    for (size_t i = 0; i < tally->n_windows; i++) {
        source_renumber(&tally->windows[i].source, to);
    }
    for (size_t i = 0; i < tally->n_blinds; i++) {
        source_renumber(&tally->blinds[i].source, to);
    }
    for (size_t i = 0; i < tally->n_captures; i++) {
        tally->captures[i].tap = to[tally->captures[i].tap];
    }
    /* The pools are sorted, and their keys filed anew, right after this. */
    for (uint32_t i = 0; i < tally->cells.n; i++) {
        source_renumber(&((struct cell *)pool_at(&tally->cells, i))->key.source, to);
    }
    for (uint32_t i = 0; i < tally->hosts.n; i++) {
        source_renumber(&((struct host *)pool_at(&tally->hosts, i))->key.source, to);
    }
}
