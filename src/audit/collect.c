/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/collect.h"

#include "audit/crew.h"
#include "audit/limits.h"
#include "audit/listed_names.h"
#include "audit/records.h"
#include "audit/windows.h"
#include "base/error.h"

#include <stdlib.h>

enum { SPARE_SHARE = 4 };

struct collector {
    struct shards shards;
    struct batch batch;
    struct tally tally;   /* Captures and windows. */
    size_t first_capture; /* Of the group that is read, in the tally. */
    struct open_windows windows;
    uint16_t tap;
    bool for_merge;
    bool stay;         /* Flows that are over stay, from now on. */
    bool failed;       /* Memory ran out. */
    struct keep *keep; /* Owned; NULL: no packets are kept. */
    unsigned threads;
    uint32_t spare;   /* Flows of which full tables may take. */
    size_t max_bytes; /* 0: as much as there are entries in full tables. */
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
    c->threads = 1;
    for (size_t i = 0; i < SHARDS; i++) {
        ready = shard_init(&c->shards.at[i], &c->shards.flows[i], &c->shards.pages,
                           keep_pieces, for_merge) &&
                ready;
    }
    if (!ready) {
        collector_free(c);
        return NULL;
    }
    return c;
}

static void limits_apply(struct collector *c)
{
    struct limits limits;

    for (size_t i = 0; i < SHARDS; i++) {
        c->shards.at[i].keep = c->keep;
    }
    if (c->max_bytes > 0) {
        limits_of(c->max_bytes, SHARDS, &limits);
        for (size_t i = 0; i < SHARDS; i++) {
            limits_set(&limits, &c->shards.at[i]);
        }
    }
}

void collector_limit_shared(struct collector *c, size_t bytes)
{
    collector_limit(c, bytes);
    c->spare = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        struct flow_table *table = &c->shards.flows[i];
        uint32_t share = table->max / SPARE_SHARE;

        flow_table_limit(table, table->max - share);
        flow_table_share(table, &c->spare);
        c->spare += share;
    }
}

void collector_limit(struct collector *c, size_t bytes)
{
    c->max_bytes = bytes;
    limits_apply(c);
}

bool collector_keep(struct collector *c, size_t bytes)
{
    c->keep = keep_new(bytes);
    limits_apply(c);
    return c->keep != NULL;
}

const struct keep *collector_kept(const struct collector *c)
{
    return c->keep;
}

void collector_threads(struct collector *c, unsigned threads)
{
    c->threads = threads < CREW_MAX ? threads : CREW_MAX;
}

void collector_free(struct collector *c)
{
    if (c) {
        keep_free(c->keep);
        for (size_t i = 0; i < SHARDS; i++) {
            shard_fini(&c->shards.at[i]);
        }
        pages_fini(&c->shards.pages);
        tally_fini(&c->tally);
        free(c);
    }
}

/* The ordinal of the first frame, where those of the others follow; else 0. */
static uint32_t row_of(struct collector *c, const struct frame *frames, size_t n)
{
    if (frames[n - 1].number - frames[0].number != n - 1) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if (frames[i].capture != frames[0].capture) {
            return 0;
        }
    }
    return tally_frames(&c->tally, c->first_capture + frames[0].capture,
                        frames[0].number, n);
}

/* Frames get their ordinals, and the interface's number that of the tap. */
static void frames_prepare(struct collector *c, struct frame *frames, size_t n)
{
    uint32_t row = row_of(c, frames, n);

    for (size_t i = 0; i < n; i++) {
        size_t capture = c->first_capture + frames[i].capture;

        frames[i].number =
            row ? row + i : tally_frame(&c->tally, capture, frames[i].number);
        frames[i].interface = (uint16_t)(c->tap << 8 | frames[i].interface);
    }
}

/* Copies are noticed by the shards. */
static void copies_sum(struct collector *c)
{
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &c->shards.at[i];

        for (size_t k = 0; k < shard->n_copies; k++) {
            c->tally.captures[k].copies += shard->copies[k];
            shard->copies[k] = 0;
        }
    }
}

static void take_frames(struct collector *c, struct frame *frames, size_t n)
{
    frames_prepare(c, frames, n);
    if (c->keep) {
        keep_frames(c->keep, frames, n);
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t capture = (uint32_t)c->first_capture + frames[i].capture;

        window_note(&c->windows, &c->tally, &frames[i]);
        batch_decode(&c->batch, &frames[i], &c->tally.captures[capture], capture,
                     c->stay || c->windows.several);
        if (batch_is_full(&c->batch)) {
            batch_apply(&c->batch, &c->shards);
        }
    }
    batch_apply(&c->batch, &c->shards);
}

/* An entry for each of 'n' captures more, filled at the end. */
static bool captures_begin(struct collector *c, size_t n)
{
    size_t room = c->tally.n_captures + n;
    struct tally_capture *grown = NULL;

    if (room <= TALLY_MAX_CAPTURES) {
        grown = realloc(c->tally.captures, (room + 1) * sizeof *grown);
    }
    if (!grown) {
        return false;
    }
    c->tally.captures = grown;
    c->first_capture = c->tally.n_captures;
    return true;
}

static bool capture_begin(struct collector *c, const char *path)
{
    struct tally_capture *capture = &c->tally.captures[c->tally.n_captures];

    *capture = (struct tally_capture){.path = strdup(path), .tap = c->tap};
    c->tally.n_captures += capture->path != NULL;
    return capture->path != NULL;
}

static bool group_captures_begin(struct collector *c, const struct capture_group *group)
{
    bool ok = captures_begin(c, group_count(group));

    for (size_t i = 0; ok && i < group_count(group); i++) {
        ok = capture_begin(c, group_path(group, i));
    }
    return ok;
}

static void capture_end(struct tally_capture *capture, const struct capture_info *info)
{
    capture->packets = info->packets;
    capture->bytes = info->bytes;
    capture->snaplen_cut_packets = info->snaplen_cut_packets;
    capture->dropped = info->dropped;
    capture->is_live = info->is_live;
    capture->dropped_kernel = info->dropped_kernel;
    capture->dropped_interface = info->dropped_interface;
    capture->first_ns = info->first_ns;
    capture->last_ns = info->last_ns;
    capture->cut = info->cut;
    strncpy(capture->format, info->format, sizeof capture->format - 1);
    for (size_t i = 0; i < info->n_links && i < 8; i++) {
        capture->links[capture->n_links++] = info->links[i];
    }
    capture->undecoded[DECODE_OK] = 0;
}

/* Captures of which every frame is of a link type that can not be read are refused by
 * its name: a report would only say that no phone was found. */
static bool links_check(const struct collector *c, struct policap_error *err)
{
    uint64_t packets = 0, unknown = 0;
    const struct tally_capture *named = NULL;
    char room[8];

    for (size_t i = c->first_capture; i < c->tally.n_captures; i++) {
        const struct tally_capture *capture = &c->tally.captures[i];

        packets += capture->packets;
        unknown += capture->undecoded[DECODE_UNKNOWN_LINK];
        named = !named && capture->packets > 0 ? capture : named;
    }
    return !named || unknown < packets ||
           fail(err,
                "%s: frames of link type %s, in which no IP is looked for: capture on "
                "the network interface (Ethernet, Wi-Fi, or any)",
                named->path, capture_link_name(named->links[0], room));
}

bool collector_tap(struct collector *c, const char *name)
{
    c->tap = tally_tap(&c->tally, name);
    c->stay = true; /* Another tap may complete any flow of this one. */
    return c->tap != 0;
}

static bool read_alone(struct collector *c, struct capture_group *group,
                       struct policap_error *err)
{
    struct frame frames[CAPTURE_BATCH];
    size_t n;
    bool ok;

    while ((ok = group_read(group, frames, &n, err)) && n > 0) {
        take_frames(c, frames, n);
    }
    return ok;
}

struct reading {
    struct collector *collector;
    struct capture_group *group;
};

/* Of a crew's source: what depends on the order of the frames is done here. */
static bool read_next(void *context, struct frame *frames, bool *stay, size_t *n,
                      struct policap_error *err)
{
    const struct reading *reading = context;
    struct collector *c = reading->collector;

    if (!group_read(reading->group, frames, n, err)) {
        return false;
    }
    if (*n > 0) {
        frames_prepare(c, frames, *n);
    }
    for (size_t i = 0; i < *n; i++) {
        window_note(&c->windows, &c->tally, &frames[i]);
        stay[i] = c->stay || c->windows.several;
        frames[i].capture += (uint32_t)c->first_capture;
    }
    return true;
}

static bool lend_next(void *context, struct reader_buffer *buffer)
{
    const struct reading *reading = context;

    return group_lend(reading->group, buffer);
}

static bool read_with_others(struct collector *c, struct capture_group *group,
                             struct policap_error *err)
{
    struct reading reading = {c, group};
    const struct crew_source source = {read_next, lend_next, &reading,
                                       c->tally.captures};

    return crew_run(&source, &c->shards, c->threads, err);
}

bool collector_read_group(struct collector *c, struct capture_group *group,
                          struct policap_error *err)
{
    bool ok;

    if (!group_captures_begin(c, group)) {
        return fail(err, "out of memory, or more than %d captures", TALLY_MAX_CAPTURES);
    }
    ok = c->threads > 1 ? read_with_others(c, group, err) : read_alone(c, group, err);
    c->failed |= !windows_close(&c->windows, &c->tally, c->tap);
    if (!ok || group_count(group) == 0) {
        return ok;
    }
    copies_sum(c);
    for (size_t i = 0; i < group_count(group); i++) {
        const struct capture_info *info = group_info(group, i);

        capture_end(&c->tally.captures[c->first_capture + i], info);
        tally_add_listed(&c->tally, group_names(group, i), info->first_ns,
                         info->last_ns);
    }
    return (!c->failed || fail(err, "out of memory")) && links_check(c, err);
}

bool collector_read(struct collector *c, const char *path, struct policap_error *err)
{
    struct capture_group *group = group_new();
    bool ok = group || fail(err, "%s: out of memory", path);

    ok = ok && group_add(group, path, false, err) && group_begin(group, NULL, 0, err) &&
         collector_read_group(c, group, err);
    group_free(group);
    return ok;
}

bool collector_begin(struct collector *c, const char *const *names, size_t n)
{
    bool ok = captures_begin(c, n);

    for (size_t i = 0; ok && i < n; i++) {
        ok = capture_begin(c, names[i]);
    }
    return ok;
}

void collector_add(struct collector *c, struct frame *frames, size_t n)
{
    if (n > 0) {
        take_frames(c, frames, n);
    }
}

void collector_watch(struct collector *c, piece_sink over, void *context)
{
    for (size_t i = 0; i < SHARDS; i++) {
        c->shards.at[i].over = over;
        c->shards.at[i].over_context = context;
    }
}

size_t collector_flows(const struct collector *c)
{
    size_t n = 0;

    for (size_t i = 0; i < SHARDS; i++) {
        n += c->shards.flows[i].n;
    }
    return n;
}

void collector_each(const struct collector *c, piece_sink each, void *context)
{
    for (size_t i = 0; i < SHARDS; i++) {
        flow_table_each(&c->shards.flows[i], each, context);
    }
}

bool collector_end(struct collector *c, const struct capture_info *const *infos)
{
    c->failed |= !windows_close(&c->windows, &c->tally, c->tap);
    copies_sum(c);
    for (size_t i = c->first_capture; i < c->tally.n_captures; i++) {
        capture_end(&c->tally.captures[i], infos[i - c->first_capture]);
    }
    return !c->failed;
}

bool collector_cut(struct collector *c, size_t shard, struct tally *into,
                   int64_t now_ns)
{
    c->failed = !shard_cut(&c->shards.at[shard], into, now_ns) || c->failed;
    return !c->failed;
}

struct tally *collector_head(struct collector *c)
{
    return &c->tally;
}

/* Makes room for the records of all shards. */
static void tally_reserve(struct tally *tally, const struct collector *c)
{
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        const struct record_kind *kind = &record_kinds[k];
        uint32_t n = 0;

        for (size_t i = 0; i < SHARDS; i++) {
            n += record_pool_of(&c->shards.at[i].tally, kind)->n;
        }
        pool_reserve(record_pool(tally, kind), n);
    }
}

struct tally *collector_take(struct collector *c)
{
    return collector_take_with(c, NULL, 0);
}

/* Where there is no room for all, the oldest is left out. */
static bool past_merge(struct tally *tally, const struct past *past, size_t n)
{
    bool ok = true;

    while (ok && n-- > 0) {
        if (past[n].identities_only) {
            tally_merge_identities(tally, past[n].tally);
        } else {
            ok = tally_merge(tally, past[n].tally);
        }
    }
    return ok;
}

struct tally *collector_take_with(struct collector *c, const struct past *past,
                                  size_t n)
{
    struct tally *tally = calloc(1, sizeof *tally);
    bool ok = true;

    if (!tally) {
        return NULL;
    }
    tally_init(tally);
    tally->keep_pieces = c->shards.at[0].tally.keep_pieces;
    tally->stay = c->for_merge || c->stay || c->windows.several;
    tally->pages = &c->shards.pages;
    tally_reserve(tally, c);
    for (size_t i = 0; ok && i < SHARDS; i++) {
        shard_finish(&c->shards.at[i], tally);
        ok = tally_absorb(tally, &c->shards.at[i].tally);
        shard_fini(&c->shards.at[i]);
        ok = shard_init(&c->shards.at[i], &c->shards.flows[i], &c->shards.pages,
                        tally->keep_pieces, c->for_merge) &&
             ok;
    }
    limits_apply(c);
    tally->own_pages = c->shards.pages;
    tally->pages = NULL;
    c->shards.pages = (struct pages){0};
    ok = ok && past_merge(tally, past, n);
    ok = ok && tally_merge(tally, &c->tally) && tally_settle(tally);
    tally_fini(&c->tally);
    tally_init(&c->tally);
    c->tap = 0;
    c->stay = false;
    c->windows = (struct open_windows){0};
    if (!ok) {
        tally_fini(tally);
        free(tally);
        return NULL;
    }
    return tally;
}
