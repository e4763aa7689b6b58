/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Times in which a source saw one direction alone.
 *
 * What was silent then may have been answered, whatever the phone did.
 */
#include "audit/tally.h"

#include <stdlib.h>

bool tally_add_blind(struct tally *tally, const struct window *blind)
{
    struct window *grown;

    for (size_t i = 0; i < tally->n_blinds; i++) {
        struct window *b = &tally->blinds[i];

        if (b->source == blind->source && b->first_ns <= blind->last_ns &&
            blind->first_ns <= b->last_ns) {
            b->first_ns = blind->first_ns < b->first_ns ? blind->first_ns : b->first_ns;
            b->last_ns = blind->last_ns > b->last_ns ? blind->last_ns : b->last_ns;
            return true;
        }
    }
    if (tally->n_blinds == TALLY_MAX_BLINDS) {
        tally->n_blinds--;
        memmove(tally->blinds, tally->blinds + 1,
                tally->n_blinds * sizeof *tally->blinds);
    }
    grown = realloc(tally->blinds, (tally->n_blinds + 1) * sizeof *grown);
    if (!grown) {
        return false;
    }
    tally->blinds = grown;
    grown[tally->n_blinds++] = *blind;
    return true;
}

bool tally_is_blind(const struct tally *tally, uint16_t source, int64_t first_ns,
                    int64_t last_ns)
{
    for (size_t i = 0; i < tally->n_blinds; i++) {
        const struct window *b = &tally->blinds[i];

        if (b->source == source && b->first_ns <= last_ns && first_ns <= b->last_ns) {
            return true;
        }
    }
    return false;
}
