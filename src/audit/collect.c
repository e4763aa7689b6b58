/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/collect.h"

#include "audit/shard.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdlib.h>

enum {
    BATCH_PACKETS = CAPTURE_BATCH + 64, /* An A-MSDU holds several. */
    PACKETS_A_FRAME = 64,
    WINDOW_GAP_S = 60,
    AHEAD_SLOT = 24, /* Packets between asking for a slot and using its flow ... */
    AHEAD_PIECE = 12 /* ... and between asking for the piece and using it. */
};

/* Packets of one batch of frames, and their order by shard. */
struct batch {
    struct packet packets[BATCH_PACKETS];
    uint8_t shards[BATCH_PACKETS];
    struct shard_packet order[BATCH_PACKETS];
    size_t n;
};

struct collector {
    struct shard shards[SHARDS];
    struct batch batch;
    struct tally tally; /* Captures and windows. */
    uint32_t base;      /* Frames of the captures before. */
    struct window open[TALLY_MAX_SOURCES];
    uint64_t undecoded[DECODE_RESULTS];
    uint64_t encap[ENCAPS];
    uint16_t tap;
    bool for_merge;
    bool has_source;
    uint16_t source; /* The last new one. */
    bool failed;     /* Memory ran out. */
};

struct collector *collector_new(bool keep_pieces, bool for_merge)
{
    struct collector *c = calloc(1, sizeof *c);
    bool ready = c != NULL;

    if (!c) {
        return NULL;
    }
    tally_init(&c->tally);
    c->for_merge = for_merge;
    for (size_t i = 0; i < SHARDS; i++) {
        ready = shard_init(&c->shards[i], keep_pieces, for_merge) && ready;
    }
    if (!ready) {
        collector_free(c);
        return NULL;
    }
    return c;
}

void collector_free(struct collector *c)
{
    if (c) {
        for (size_t i = 0; i < SHARDS; i++) {
            shard_fini(&c->shards[i]);
        }
        tally_fini(&c->tally);
        free(c);
    }
}

/* The inside address, or the lower one if both or neither are inside, decides.  The
 * choice knows no site: what it chooses must not change with a site file. */
static uint8_t shard_of(const struct packet *packet)
{
    const struct addr *host = &packet->src;
    bool src_inside = addr_is_private(&packet->src);
    uint64_t half[2];

    if (src_inside == addr_is_private(&packet->dst)) {
        host = addr_cmp(&packet->src, &packet->dst) <= 0 ? &packet->src : &packet->dst;
    } else if (!src_inside) {
        host = &packet->dst;
    }
    memcpy(half, host->b, sizeof half);
    return hash_mix(half[0], half[1]) % SHARDS;
}

/* Orders packets by shard, keeping the order of those of one shard. */
static void batch_sort(struct batch *batch, uint32_t base)
{
    uint16_t starts[SHARDS + 1] = {0};

    for (size_t i = 0; i < batch->n; i++) {
        batch->shards[i] = shard_of(&batch->packets[i]);
        starts[batch->shards[i] + 1]++;
    }
    for (size_t s = 0; s < SHARDS; s++) {
        starts[s + 1] = (uint16_t)(starts[s + 1] + starts[s]);
    }
    for (size_t i = 0; i < batch->n; i++) {
        const struct packet *packet = &batch->packets[i];
        struct shard_packet *item = &batch->order[starts[batch->shards[i]]++];

        shard_prepare(item, packet, base + (uint32_t)packet->frame);
        item->shard = batch->shards[i];
    }
}

/* A flow's state lies in no cache: its slot is asked for well before its piece, and
 * its piece well before it is used. */
static void batch_apply(struct collector *c)
{
    struct batch *batch = &c->batch;
    const struct shard_packet *items = batch->order;

    batch_sort(batch, c->base);
    for (size_t i = 0; i < batch->n + AHEAD_SLOT; i++) {
        if (i < batch->n) {
            flow_table_prefetch_slot(c->shards[items[i].shard].flows, items[i].hash);
        }
        if (i >= AHEAD_SLOT - AHEAD_PIECE && i < batch->n + AHEAD_SLOT - AHEAD_PIECE) {
            const struct shard_packet *item = &items[i - (AHEAD_SLOT - AHEAD_PIECE)];

            flow_table_prefetch(c->shards[item->shard].flows, item->hash, item->from);
        }
        if (i >= AHEAD_SLOT) {
            shard_apply(&c->shards[items[i - AHEAD_SLOT].shard],
                        &items[i - AHEAD_SLOT]);
        }
    }
    batch->n = 0;
}

/* With a second source, another view may complete a flow that seems to be over. */
static void source_note(struct collector *c, uint16_t source)
{
    bool another = c->has_source && c->source != source;

    c->has_source = true;
    c->source = source;
    for (size_t i = 0; another && i < SHARDS; i++) {
        c->shards[i].tally.stay = true;
    }
}

/* Follows when each source captured. */
static void window_note(struct collector *c, const struct frame *frame)
{
    struct window *w = &c->open[frame->interface % TALLY_MAX_SOURCES];
    int64_t gap = (int64_t)WINDOW_GAP_S * 1000000000;

    if (w->first_ns == 0) {
        source_note(c, frame->interface);
        w->first_ns = w->last_ns = frame->ns;
    } else if (frame->ns - w->last_ns > gap || w->first_ns - frame->ns > gap) {
        c->failed |=
            !tally_add_window(&c->tally, frame->interface, w->first_ns, w->last_ns);
        w->first_ns = w->last_ns = frame->ns;
    }
    w->first_ns = frame->ns < w->first_ns ? frame->ns : w->first_ns;
    w->last_ns = frame->ns > w->last_ns ? frame->ns : w->last_ns;
}

static void windows_close(struct collector *c)
{
    for (uint16_t i = 0; i < TALLY_MAX_SOURCES; i++) {
        struct window *w = &c->open[i];

        if (w->first_ns != 0) {
            uint16_t source = (uint16_t)(c->tap << 8 | i);

            c->failed |= !tally_add_window(&c->tally, source, w->first_ns, w->last_ns);
        }
        *w = (struct window){0};
    }
}

static void tunnels_count(struct collector *c, const struct packet *packets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < packets[i].n_encap; k++) {
            c->encap[packets[i].encap[k]]++;
        }
    }
}

static void decode_batch(struct collector *c, const struct frame *frames, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct batch *batch = &c->batch;
        size_t n_packets;

        window_note(c, &frames[i]);
        if (BATCH_PACKETS - batch->n < PACKETS_A_FRAME) {
            batch_apply(c);
        }

        enum decode_result result = decode_frame(&frames[i], batch->packets + batch->n,
                                                 PACKETS_A_FRAME, &n_packets);
        c->undecoded[result]++;
        tunnels_count(c, batch->packets + batch->n, n_packets);
        batch->n += n_packets;
    }
    batch_apply(c);
}

static bool capture_note(struct collector *c, const struct capture_info *info)
{
    struct tally_capture *grown = realloc(
        c->tally.captures, (c->tally.n_captures + 1) * sizeof *c->tally.captures);

    if (!grown) {
        return false;
    }
    c->tally.captures = grown;

    struct tally_capture *capture = &grown[c->tally.n_captures];
    *capture = (struct tally_capture){
        .path = strdup(info->path),
        .packets = info->packets,
        .bytes = info->bytes,
        .snaplen_cut_packets = info->snaplen_cut_packets,
        .dropped = info->dropped,
        .first_ns = info->first_ns,
        .last_ns = info->last_ns,
        .cut = info->cut,
        .base = c->base,
    };
    if (!capture->path) {
        return false;
    }
    strncpy(capture->format, info->format, sizeof capture->format - 1);
    for (size_t i = 0; i < info->n_links && i < 8; i++) {
        capture->links[capture->n_links++] = info->links[i];
    }
    memcpy(capture->undecoded, c->undecoded, sizeof capture->undecoded);
    capture->undecoded[DECODE_OK] = 0;
    memset(c->undecoded, 0, sizeof c->undecoded);
    memcpy(capture->encap, c->encap, sizeof capture->encap);
    memset(c->encap, 0, sizeof c->encap);
    for (size_t i = 0; i < SHARDS; i++) {
        capture->copies += c->shards[i].copies;
        c->shards[i].copies = 0;
    }
    capture->tap = c->tap;
    c->base += (uint32_t)info->packets;
    c->tally.n_captures++;
    return true;
}

bool collector_tap(struct collector *c, const char *name)
{
    c->tap = tally_tap(&c->tally, name);
    /* Another tap may complete any flow of this one. */
    for (size_t i = 0; i < SHARDS; i++) {
        c->shards[i].tally.stay = true;
    }
    return c->tap != 0;
}

bool collector_read(struct collector *c, const char *path, struct policap_error *err)
{
    struct capture *capture = capture_open(path, err);
    struct frame frames[CAPTURE_BATCH];
    size_t n;
    bool ok;

    if (!capture) {
        return false;
    }
    while ((ok = capture_read(capture, frames, &n, err)) && n > 0) {
        for (size_t i = 0; i < n; i++) {
            frames[i].interface = (uint16_t)(c->tap << 8 | frames[i].interface);
        }
        decode_batch(c, frames, n);
    }
    windows_close(c);
    if (ok && (!capture_note(c, capture_info(capture)) || c->failed)) {
        ok = fail(err, "%s: out of memory", path);
    }
    capture_close(capture);
    return ok;
}

struct tally *collector_take(struct collector *c)
{
    struct tally *tally = calloc(1, sizeof *tally);
    bool ok = true;

    if (!tally) {
        return NULL;
    }
    tally_init(tally);
    tally->keep_pieces = c->shards[0].tally.keep_pieces;
    tally->stay = c->shards[0].tally.stay;
    for (size_t i = 0; ok && i < SHARDS; i++) {
        shard_finish(&c->shards[i]);
        ok = tally_merge(tally, &c->shards[i].tally);
        shard_fini(&c->shards[i]);
        ok = shard_init(&c->shards[i], tally->keep_pieces, c->for_merge) && ok;
    }
    ok = ok && tally_merge(tally, &c->tally) && tally_settle(tally);
    tally_fini(&c->tally);
    tally_init(&c->tally);
    c->base = 0;
    c->tap = 0;
    c->has_source = false;
    if (!ok) {
        tally_fini(tally);
        free(tally);
        return NULL;
    }
    return tally;
}
