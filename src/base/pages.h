/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Memory that is taken in blocks and given back all at once.
 *
 * For tables that are read in no order: on small pages each access misses the TLB as
 * well as the cache.  So it lies on huge pages where the system has them, but
 * for its first chunk: little is needed for a small capture, and little is taken.
 */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <pthread.h>
#include <stddef.h>

enum { PAGES_CHUNK = 1 << 21 /* A huge page of x86-64 and of arm64. */ };

/* All zero: nothing is taken. */
struct pages {
    void **chunks;
    size_t n;
    size_t used;           /* Bytes of the last chunk. */
    pthread_mutex_t *lock; /* Where several threads take: theirs.  Else NULL. */
};

/* 'size' bytes, at most PAGES_CHUNK, aligned to 64.  NULL: out of memory. */
void *pages_take(struct pages *pages, size_t size);

void pages_fini(struct pages *pages);

#endif
