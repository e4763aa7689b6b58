/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/crew.h"

#include "base/digest.h"
#include "base/error.h"
#include "capture/capture.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    LANES = 4, /* Of SHARDS / LANES shards each. */
    CHUNK_FRAMES = 768,
    CHUNK_BUFFERS = 2, /* Of a reader: what it reads at once lies in one or two. */
    CHUNK_ROOM = CHUNK_FRAMES + CAPTURE_BATCH,
    CHUNKS_A_THREAD = 3
};

_Static_assert(CHUNK_ROOM *BATCH_A_FRAME <= UINT16_MAX, "order holds any item");

enum chunk_state { CHUNK_FREE, CHUNK_TAKEN, CHUNK_READY };

struct chunk {
    enum chunk_state state;
    unsigned lanes_left; /* That are not applied. */
    struct frame frames[CHUNK_ROOM];
    bool stay[CHUNK_ROOM];
    size_t n;
    struct reader_buffer buffers[CHUNK_BUFFERS]; /* In which the frames may lie, ... */
    uint8_t *copies;                             /* ... or here. */
    size_t used, room;
    struct packet *packets;
    struct shard_packet *items;
    uint16_t *order;            /* Indices of items, by lane. */
    size_t n_items, items_room; /* Of packets, items and order. */
    size_t lane_first[LANES + 1];
};

struct lane {
    uint64_t next; /* Number of the chunk that it is to be given next. */
    bool busy;
};

struct crew {
    const struct crew_source *source;
    struct shards *shards;
    pthread_mutex_t lock; /* Of all below, but for what is in a chunk that is taken. */
    pthread_cond_t changed;
    struct chunk *chunks; /* Chunk number c is in chunks[c % n_chunks]. */
    size_t n_chunks;
    uint64_t next; /* Number of the chunk that is read next. */
    bool reading;  /* A thread is at it. */
    bool ended;    /* There is nothing more to read. */
    bool failed;
    unsigned waiting; /* Threads that nobody has told of a change. */
    struct policap_error *err;
    struct lane lanes[LANES];
    pthread_mutex_t pages_lock;
};

/* --- one chunk --- */

/* Room for copies of so many bytes more.  The frames before them lie in it. */
static bool copies_reserve(struct chunk *chunk, size_t more)
{
    size_t room = chunk->room ? chunk->room : READER_CHUNK;
    uint8_t *copies;

    while (room - chunk->used < more) {
        room *= 2;
    }
    if (room == chunk->room) {
        return true;
    }
    copies = malloc(room);
    if (!copies) {
        return false;
    }
    if (chunk->used > 0) {
        memcpy(copies, chunk->copies, chunk->used);
    }
    for (size_t i = 0; i < chunk->n; i++) {
        chunk->frames[i].bytes = copies + (chunk->frames[i].bytes - chunk->copies);
    }
    free(chunk->copies);
    chunk->copies = copies;
    chunk->room = room;
    return true;
}

/* Copies what the last 'n' frames hold, which the reader's next bytes will replace. */
static bool frames_copy(struct chunk *chunk, size_t n)
{
    size_t sum = 0;

    for (size_t i = chunk->n; i < chunk->n + n; i++) {
        sum += chunk->frames[i].cap_len;
    }
    if (!copies_reserve(chunk, sum)) {
        return false;
    }
    for (size_t i = chunk->n; i < chunk->n + n; i++) {
        struct frame *frame = &chunk->frames[i];

        memcpy(chunk->copies + chunk->used, frame->bytes, frame->cap_len);
        frame->bytes = chunk->copies + chunk->used;
        chunk->used += frame->cap_len;
    }
    return true;
}

/* Reads the next frames, so that their bytes stay.  '*b' is the buffer that is lent. */
static bool frames_read(struct chunk *chunk, const struct crew_source *source,
                        size_t *n, size_t *b, struct policap_error *err)
{
    struct reader_buffer *buffer = &chunk->buffers[*b];
    const uint8_t *before = buffer->bytes;
    bool lent = source->lend(source->context, buffer);
    bool ok = source->read(source->context, chunk->frames + chunk->n,
                           chunk->stay + chunk->n, n, err);

    if (lent) {
        source->lend(source->context, NULL);
        *b += buffer->bytes != before;
    } else if (ok && !frames_copy(chunk, *n)) {
        ok = fail(err, "out of memory");
    }
    chunk->n += ok ? *n : 0;
    return ok;
}

/* Reads until the chunk is full, or the end. */
static bool chunk_read(struct chunk *chunk, const struct crew_source *source,
                       struct policap_error *err)
{
    size_t n = 1, b = 0;

    chunk->n = chunk->used = 0;
    while (n > 0 && chunk->n < CHUNK_FRAMES && chunk->used < READER_CHUNK &&
           b < CHUNK_BUFFERS) {
        if (!frames_read(chunk, source, &n, &b, err)) {
            return false;
        }
    }
    return true;
}

static bool items_reserve(struct chunk *chunk, size_t n)
{
    size_t room = chunk->items_room ? chunk->items_room : CHUNK_ROOM;

    while (room < n) {
        room *= 2;
    }
    if (room == chunk->items_room) {
        return true;
    }

    struct packet *packets = realloc(chunk->packets, room * sizeof *packets);
    chunk->packets = packets ? packets : chunk->packets;
    struct shard_packet *items = realloc(chunk->items, room * sizeof *items);
    chunk->items = items ? items : chunk->items;
    uint16_t *order = realloc(chunk->order, room * sizeof *order);
    chunk->order = order ? order : chunk->order;
    if (!packets || !items || !order) {
        return false;
    }
    chunk->items_room = room;
    return true;
}

static size_t lane_of(const struct shards *shards, const struct shard_packet *item)
{
    return (size_t)(item->shard - shards->at) / (SHARDS / LANES);
}

/* Sorts the items by lane, those of each in their order. */
static void items_order(struct chunk *chunk, const struct shards *shards)
{
    size_t at[LANES + 1] = {0};

    for (size_t i = 0; i < chunk->n_items; i++) {
        at[lane_of(shards, &chunk->items[i]) + 1]++;
    }
    for (size_t l = 0; l < LANES; l++) {
        at[l + 1] += at[l];
    }
    memcpy(chunk->lane_first, at, sizeof at);
    for (size_t i = 0; i < chunk->n_items; i++) {
        chunk->order[at[lane_of(shards, &chunk->items[i])]++] = (uint16_t)i;
    }
}

/* What became of the frames of one capture, until it is added to what others counted.
 */
struct counts {
    uint32_t capture;
    struct tally_capture of;
};

static void counts_add(struct crew *crew, struct counts *counts)
{
    struct tally_capture *to = &crew->source->captures[counts->capture];

    pthread_mutex_lock(&crew->lock);
    for (size_t i = 0; i < DECODE_RESULTS; i++) {
        to->undecoded[i] += counts->of.undecoded[i];
    }
    for (size_t i = 0; i < ENCAPS; i++) {
        to->encap[i] += counts->of.encap[i];
    }
    pthread_mutex_unlock(&crew->lock);
    counts->of = (struct tally_capture){0};
}

/* False: out of memory. */
static bool chunk_decode(struct chunk *chunk, struct crew *crew)
{
    struct counts counts = {.capture = chunk->frames[0].capture};

    chunk->n_items = 0;
    for (size_t i = 0; i < chunk->n; i++) {
        const struct frame *frame = &chunk->frames[i];

        if (!items_reserve(chunk, chunk->n_items + BATCH_A_FRAME)) {
            return false;
        }
        if (frame->capture != counts.capture) {
            counts_add(crew, &counts);
            counts.capture = frame->capture;
        }

        size_t n = frame_decode(frame, chunk->packets + chunk->n_items, &counts.of);
        for (size_t end = chunk->n_items + n; chunk->n_items < end; chunk->n_items++) {
            chunk->items[chunk->n_items].capture = frame->capture;
            chunk->items[chunk->n_items].stay = chunk->stay[i];
        }
    }
    counts_add(crew, &counts);
    for (size_t i = 0; i < chunk->n_items; i++) {
        chunk->items[i].packet = &chunk->packets[i];
        item_prepare(&chunk->items[i], crew->shards);
    }
    items_order(chunk, crew->shards);
    return true;
}

static void chunk_fini(struct chunk *chunk)
{
    for (size_t b = 0; b < CHUNK_BUFFERS; b++) {
        free(chunk->buffers[b].bytes);
    }
    free(chunk->copies);
    free(chunk->packets);
    free(chunk->items);
    free(chunk->order);
}

/* --- who does what: all under the lock --- */

/* Wakes those that wait for something to do. */
static void tell(struct crew *crew)
{
    if (crew->waiting > 0) {
        crew->waiting = 0;
        pthread_cond_broadcast(&crew->changed);
    }
}

static struct chunk *chunk_at(const struct crew *crew, uint64_t number)
{
    return &crew->chunks[number % crew->n_chunks];
}

/* A lane that nobody is at and whose next chunk is ready, or NULL. */
static struct lane *lane_ready(struct crew *crew)
{
    for (size_t l = 0; l < LANES; l++) {
        struct lane *lane = &crew->lanes[l];

        if (!lane->busy && lane->next < crew->next &&
            chunk_at(crew, lane->next)->state == CHUNK_READY) {
            return lane;
        }
    }
    return NULL;
}

static void lane_apply(struct crew *crew, struct lane *lane)
{
    struct chunk *chunk = chunk_at(crew, lane->next);
    size_t l = (size_t)(lane - crew->lanes), first = chunk->lane_first[l];

    lane->busy = true;
    pthread_mutex_unlock(&crew->lock);
    items_apply(chunk->items, chunk->order + first, chunk->lane_first[l + 1] - first);
    pthread_mutex_lock(&crew->lock);
    lane->busy = false;
    lane->next++;
    if (--chunk->lanes_left == 0) {
        chunk->state = CHUNK_FREE;
    }
    tell(crew);
}

static bool may_read(const struct crew *crew)
{
    return !crew->reading && !crew->ended &&
           chunk_at(crew, crew->next)->state == CHUNK_FREE;
}

/* Reads the next chunk and decodes it. */
static void chunk_bring(struct crew *crew)
{
    struct chunk *chunk = chunk_at(crew, crew->next++);
    struct policap_error err;
    bool ok;

    chunk->state = CHUNK_TAKEN;
    crew->reading = true;
    pthread_mutex_unlock(&crew->lock);
    ok = chunk_read(chunk, crew->source, &err);
    pthread_mutex_lock(&crew->lock);
    crew->reading = false;
    crew->ended |= !ok || chunk->n == 0;
    tell(crew);
    if (ok && chunk->n > 0) {
        pthread_mutex_unlock(&crew->lock);
        ok = chunk_decode(chunk, crew) || fail(&err, "out of memory");
        pthread_mutex_lock(&crew->lock);
    }
    if (!ok) {
        crew->ended = crew->failed = true;
        *crew->err = err;
    }
    if (ok && chunk->n > 0) {
        chunk->state = CHUNK_READY;
        chunk->lanes_left = LANES;
    } else {
        chunk->state = CHUNK_FREE;
        crew->next--; /* It was none. */
    }
    tell(crew);
}

/* Is all that was read applied? */
static bool is_done(const struct crew *crew)
{
    bool done = crew->ended;

    for (size_t l = 0; l < LANES; l++) {
        done &= crew->lanes[l].next == crew->next && !crew->lanes[l].busy;
    }
    return done || crew->failed;
}

static void *work(void *context)
{
    struct crew *crew = context;

    pthread_mutex_lock(&crew->lock);
    while (!is_done(crew)) {
        struct lane *lane = lane_ready(crew);

        if (lane) {
            lane_apply(crew, lane);
        } else if (may_read(crew)) {
            chunk_bring(crew);
        } else {
            crew->waiting++;
            pthread_cond_wait(&crew->changed, &crew->lock);
        }
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

bool crew_run(const struct crew_source *source, struct shards *shards, unsigned threads,
              struct policap_error *err)
{
    struct crew crew = {.source = source,
                        .shards = shards,
                        .n_chunks = (size_t)threads * CHUNKS_A_THREAD,
                        .err = err};
    pthread_t others[CREW_MAX];
    unsigned n_others = 0;

    digest_ready();
    crew.chunks = calloc(crew.n_chunks, sizeof *crew.chunks);
    if (!crew.chunks) {
        return fail(err, "out of memory");
    }
    pthread_mutex_init(&crew.lock, NULL);
    pthread_mutex_init(&crew.pages_lock, NULL);
    shards->pages.lock = &crew.pages_lock;
    pthread_cond_init(&crew.changed, NULL);
    /* Fewer threads than were asked for do the same. */
    while (n_others + 1 < threads && n_others < CREW_MAX - 1 &&
           pthread_create(&others[n_others], NULL, work, &crew) == 0) {
        n_others++;
    }
    work(&crew);
    for (unsigned i = 0; i < n_others; i++) {
        pthread_join(others[i], NULL);
    }
    for (size_t i = 0; i < crew.n_chunks; i++) {
        chunk_fini(&crew.chunks[i]);
    }
    free(crew.chunks);
    shards->pages.lock = NULL;
    pthread_mutex_destroy(&crew.pages_lock);
    pthread_cond_destroy(&crew.changed);
    pthread_mutex_destroy(&crew.lock);
    return !crew.failed;
}
