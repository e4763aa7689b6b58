/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/pages.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

static bool add_chunk(struct pages *pages)
{
    void **grown = realloc(pages->chunks, (pages->n + 1) * sizeof *grown);

    if (!grown) {
        return false;
    }
    pages->chunks = grown;
    grown[pages->n] = aligned_alloc(PAGES_CHUNK, PAGES_CHUNK);
    if (!grown[pages->n]) {
        return false;
    }
    if (pages->n > 0) {
        madvise(grown[pages->n], PAGES_CHUNK, MADV_HUGEPAGE); /* Else small ones do. */
    }
    pages->n++;
    pages->used = 0;
    return true;
}

static void *take(struct pages *pages, size_t size)
{
    char *chunk;

    size = (size + 63) / 64 * 64;
    if ((pages->n == 0 || size > PAGES_CHUNK - pages->used) && !add_chunk(pages)) {
        return NULL;
    }
    chunk = pages->chunks[pages->n - 1];
    pages->used += size;
    return chunk + (pages->used - size);
}

void *pages_take(struct pages *pages, size_t size)
{
    void *taken;

    if (!pages->lock) {
        return take(pages, size);
    }
    pthread_mutex_lock(pages->lock);
    taken = take(pages, size);
    pthread_mutex_unlock(pages->lock);
    return taken;
}

void pages_fini(struct pages *pages)
{
    for (size_t i = 0; i < pages->n; i++) {
        free(pages->chunks[i]);
    }
    free(pages->chunks);
    *pages = (struct pages){0};
}
