/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Exchanges of a tally, counted.
 */
#ifndef EXCHANGES_H
#define EXCHANGES_H

#include "audit/tally.h"

/* How many of a kind ended with a result from 'low' to 'high'. */
static inline unsigned exchange_count(const struct tally *tally, unsigned kind,
                                      unsigned low, unsigned high)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < tally->exchanges.n; i++) {
        const struct exchange *e = pool_at(&tally->exchanges, i);

        if (e->key.kind == kind && e->key.result >= low && e->key.result <= high) {
            n += e->n;
        }
    }
    return n;
}

#endif
