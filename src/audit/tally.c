/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Filling, merging and settling a tally.
 */
#include "audit/tally.h"

#include "audit/records.h"

#include <stdlib.h>

enum { MAX_PIECES = 1 << 19, MAX_STAY = 1024, WINDOW_GAP_S = 60 };

static const int64_t second_ns = 1000000000;

const char *background_name(enum background class)
{
    static const char *const names[BACKGROUNDS] = {
        [BACKGROUND_ARP] = "arp",
        [BACKGROUND_EAPOL] = "eapol",
        [BACKGROUND_LINK] = "link",
        [BACKGROUND_IGMP] = "igmp",
        [BACKGROUND_ICMP] = "icmp",
        [BACKGROUND_ND] = "nd",
        [BACKGROUND_OTHER_IP] = "other_ip",
        [BACKGROUND_ORPHAN_FRAGMENT] = "orphan_fragment",
        [BACKGROUND_MDNS] = "mdns",
        [BACKGROUND_SSDP] = "ssdp",
        [BACKGROUND_LLMNR] = "llmnr",
        [BACKGROUND_NETBIOS] = "netbios",
        [BACKGROUND_DHCPV6] = "dhcpv6",
        [BACKGROUND_LINK_LOCAL] = "link_local",
        [BACKGROUND_MULTICAST] = "multicast",
    };

    return names[class];
}

void tally_init(struct tally *tally)
{
    memset(tally, 0, sizeof *tally);
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        const struct record_kind *kind = &record_kinds[k];

        pool_init(record_pool(tally, kind), kind->size, kind->key_size, kind->max);
    }
}

void tally_fini(struct tally *tally)
{
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        pool_fini(record_pool(tally, &record_kinds[k]));
    }
    for (size_t i = 0; i < tally->n_captures; i++) {
        free(tally->captures[i].path);
    }
    free(tally->captures);
    free(tally->runs);
    free(tally->names.bytes);
    free(tally->names.offsets);
    free(tally->names.slots);
    free(tally->pieces);
    free(tally->closed);
    free(tally->spare);
    free(tally->windows);
    free(tally->blinds);
    free(tally->days);
    tally_free_notes(tally);
    pages_fini(&tally->own_pages);
    memset(tally, 0, sizeof *tally);
}

static bool piece_push(struct piece ***pieces, size_t *n, size_t *room,
                       struct piece *piece)
{
    if (*n == *room) {
        size_t more = *room ? *room * 2 : 64;
        struct piece **grown = realloc(*pieces, more * sizeof *grown);

        if (!grown) {
            return false;
        }
        *pieces = grown;
        *room = more;
    }
    (*pieces)[(*n)++] = piece;
    return true;
}

void tally_spare_piece(struct tally *tally, struct piece *piece)
{
    piece_push(&tally->spare, &tally->n_spare, &tally->spare_room, piece);
}

/* A copy of the piece in the tally's pages.  NULL: out of memory. */
static struct piece *piece_copy(struct tally *tally, const struct piece *piece)
{
    struct pages *pages = tally->pages ? tally->pages : &tally->own_pages;
    struct piece *copy = tally->n_spare > 0 ? tally->spare[--tally->n_spare]
                                            : pages_take(pages, sizeof *copy);

    if (copy) {
        *copy = *piece;
    }
    return copy;
}

static bool piece_stay(struct tally *tally, struct piece *piece)
{
    return piece && tally->n_pieces < MAX_PIECES &&
           piece_push(&tally->pieces, &tally->n_pieces, &tally->pieces_room, piece);
}

bool tally_adopt_piece(struct tally *tally, struct piece *piece)
{
    return piece_stay(tally, piece);
}

bool tally_add_piece(struct tally *tally, const struct piece *piece)
{
    return piece_stay(tally, piece_copy(tally, piece));
}

static bool piece_keep_closed(struct tally *tally, struct piece *piece)
{
    return piece &&
           piece_push(&tally->closed, &tally->n_closed, &tally->closed_room, piece);
}

void tally_fold(struct tally *tally, const struct piece *piece)
{
    /* One that was driven out early had no time to be answered in. */
    int64_t end_ns =
        piece->inexact ? piece->last_ns : piece->last_ns + FLOW_TCP_IDLE_S * second_ns;
    const struct record_kind *kind = &record_kinds[0];
    struct cell one = cell_of(piece, end_ns);
    bool is_new;
    struct cell *cell = pool_add(&tally->cells, &one.key, &is_new);

    if (cell && is_new) {
        *cell = one;
    } else if (cell) {
        record_combine(tally, kind, cell, &one);
    }
}

void tally_close_piece(struct tally *tally, const struct piece *piece)
{
    uint32_t max_stay = tally->max_stay ? tally->max_stay : MAX_STAY;

    if (tally->stay && !piece->inexact && tally->n_pieces < max_stay &&
        tally_add_piece(tally, piece)) {
        return;
    }
    /* One that was to stay is told as well: nothing can complete it any more. */
    tally->evicted += piece->inexact || tally->stay;
    tally->driven[flow_class_of(piece)] += piece->inexact;
    if (tally->keep_pieces) {
        piece_keep_closed(tally, piece_copy(tally, piece));
    }
    tally_fold(tally, piece);
}

static int window_cmp(const void *a, const void *b)
{
    const struct window *x = a, *y = b;

    if (x->source != y->source) {
        return x->source < y->source ? -1 : 1;
    }
    return x->first_ns < y->first_ns ? -1 : x->first_ns > y->first_ns;
}

static void windows_join(struct tally *tally)
{
    size_t n = 0;

    qsort(tally->windows, tally->n_windows, sizeof *tally->windows, window_cmp);
    for (size_t i = 0; i < tally->n_windows; i++) {
        const struct window *w = &tally->windows[i];
        struct window *before = n > 0 ? &tally->windows[n - 1] : NULL;

        if (before && before->source == w->source &&
            w->first_ns - before->last_ns <= WINDOW_GAP_S * second_ns) {
            before->last_ns =
                w->last_ns > before->last_ns ? w->last_ns : before->last_ns;
        } else {
            tally->windows[n++] = *w;
        }
    }
    tally->n_windows = n;
}

bool tally_add_window(struct tally *tally, uint16_t source, int64_t first_ns,
                      int64_t last_ns)
{
    struct window *grown =
        realloc(tally->windows, (tally->n_windows + 1) * sizeof *tally->windows);

    if (!grown) {
        return false;
    }
    tally->windows = grown;
    tally->windows[tally->n_windows++] =
        (struct window){.source = source, .first_ns = first_ns, .last_ns = last_ns};
    windows_join(tally);
    return true;
}

int64_t tally_end_ns(const struct tally *tally)
{
    int64_t end = 0;

    for (size_t i = 0; i < tally->n_windows; i++) {
        end = tally->windows[i].last_ns > end ? tally->windows[i].last_ns : end;
    }
    return end;
}

static void move_frame(uint32_t *frame, const struct record_move *move)
{
    *frame = record_move_frame(move, *frame);
}

static void move_piece(struct piece *piece, const struct record_move *move)
{
    for (unsigned e = 0; e < 2; e++) {
        struct flow_end *end = &piece->end[e];

        move_frame(&end->first_frame, move);
        move_frame(&end->last_frame, move);
        move_frame(&end->last_data_frame, move);
        for (unsigned k = 0; k < SIGNS; k++) {
            for (unsigned f = 0; f < 3; f++) {
                move_frame(&end->signs[k].frames[f], move);
            }
        }
    }
    piece->key.source = record_move_source(move, piece->key.source);
    for (unsigned f = 0; f < 3; f++) {
        move_frame(&piece->icmp.frames[f], move);
    }
    for (unsigned n = 0; n < FLOW_NAMES; n++) {
        piece->names[n].name = record_move_name(move, piece->names[n].name);
    }
}

/* The piece as it is to be in 'into'.  NULL: out of memory. */
static struct piece *piece_moved(const struct record_move *move, struct piece *piece)
{
    struct piece *moved = move->adopt ? piece : piece_copy(move->into, piece);

    if (moved) {
        move_piece(moved, move);
    }
    return moved;
}

static bool pieces_merge(const struct record_move *move)
{
    const struct tally *from = move->from;
    struct tally *into = move->into;

    for (size_t i = 0; i < from->n_pieces; i++) {
        struct piece *piece = piece_moved(move, from->pieces[i]);

        if (!piece) {
            return false;
        }
        if (!piece_stay(into, piece)) {
            piece->inexact = 1;
            tally_close_piece(into, piece);
        }
    }
    for (size_t i = 0; i < from->n_closed; i++) {
        if (!piece_keep_closed(into, piece_moved(move, from->closed[i]))) {
            return false;
        }
    }
    return true;
}

/* A record that is on its way into another tally. */
struct moved_record {
    union {
        struct cell cell;
        struct lookup lookup;
        struct lease lease;
        struct dhcp dhcp;
        struct expectation expectation;
        struct media media;
    } record;
    uint32_t hash;
};

enum {
    MERGE_AHEAD = 8 /* Records that are fetched into the cache while others go in. */
};

static void moved_take(struct moved_record *moved, const struct record_kind *kind,
                       const void *record, const struct record_move *move)
{
    record_copy(kind, &moved->record, record, move);
    moved->hash = pool_hash(record_pool(move->into, kind), &moved->record);
}

static void moved_put(const struct moved_record *moved, const struct record_kind *kind,
                      struct tally *into)
{
    bool is_new;
    void *entry =
        pool_add_hashed(record_pool(into, kind), &moved->record, moved->hash, &is_new);

    if (entry && is_new) {
        memcpy(entry, &moved->record, kind->size);
    } else if (entry) {
        record_combine(into, kind, entry, &moved->record);
    }
}

void record_move_one(const struct record_kind *kind, const void *record,
                     const struct record_move *move)
{
    struct moved_record moved;

    moved_take(&moved, kind, record, move);
    moved_put(&moved, kind, move->into);
}

static void records_merge(const struct record_kind *kind,
                          const struct record_move *move)
{
    const struct pool *from = record_pool_of(move->from, kind);
    struct pool *into = record_pool(move->into, kind);
    struct moved_record moved[MERGE_AHEAD * 2];

    for (uint32_t i = 0; i < from->n + MERGE_AHEAD * 2; i++) {
        struct moved_record *one = &moved[i % (MERGE_AHEAD * 2)];

        if (i >= MERGE_AHEAD * 2) {
            moved_put(one, kind, move->into);
        }
        if (i < from->n) {
            moved_take(one, kind, pool_at(from, i), move);
            pool_prefetch_slot(into, one->hash);
        }
        if (i >= MERGE_AHEAD && i < from->n + MERGE_AHEAD) {
            pool_prefetch_entry(into,
                                moved[(i - MERGE_AHEAD) % (MERGE_AHEAD * 2)].hash);
        }
    }
    into->n_refused += from->n_refused;
}

static bool captures_merge(struct tally *into, const struct tally *from,
                           const struct record_move *move)
{
    size_t first = into->n_captures, n = first + from->n_captures;
    struct tally_capture *grown;

    if (from->n_captures == 0) {
        return true;
    }
    if (n > TALLY_MAX_CAPTURES ||
        !(grown = realloc(into->captures, n * sizeof *into->captures))) {
        return false;
    }
    into->captures = grown;
    for (size_t i = 0; i < from->n_captures; i++) {
        struct tally_capture capture = from->captures[i];

        if (!(capture.path = strdup(capture.path))) {
            return false;
        }
        capture.run = 0; /* It gets no more frames. */
        capture.tap = record_move_source(move, (uint16_t)(capture.tap << 8)) >> 8;
        into->captures[into->n_captures++] = capture;
    }
    return record_move_runs(move, first);
}

static bool merge(struct tally *into, const struct tally *from, bool adopt)
{
    struct record_move move = {.into = into,
                               .from = from,
                               .adopt = adopt,
                               .frame_base = tally_last_frame(into)};

    if (!record_move_taps(&move)) {
        return false;
    }
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        records_merge(&record_kinds[k], &move);
    }
    for (size_t i = 0; i < from->n_windows; i++) {
        const struct window *w = &from->windows[i];

        if (!tally_add_window(into, record_move_source(&move, w->source), w->first_ns,
                              w->last_ns)) {
            return false;
        }
    }
    for (size_t i = 0; i < from->n_blinds; i++) {
        struct window blind = from->blinds[i];

        blind.source = record_move_source(&move, blind.source);
        if (!tally_add_blind(into, &blind)) {
            return false;
        }
    }
    for (size_t i = 0; i < from->n_days; i++) {
        if (!tally_add_day(into, &from->days[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < BACKGROUNDS; i++) {
        into->background[i] += from->background[i];
    }
    into->evicted += from->evicted;
    into->early_hours += from->early_hours;
    for (size_t i = 0; i < FLOW_CLASSES; i++) {
        into->driven[i] += from->driven[i];
    }
    into->names.n_refused += from->names.n_refused;
    return pieces_merge(&move) && captures_merge(into, from, &move);
}

bool tally_merge(struct tally *into, const struct tally *from)
{
    return merge(into, from, false);
}

bool tally_absorb(struct tally *into, struct tally *from)
{
    bool ok = merge(into, from, true);

    from->n_pieces = from->n_closed = 0;
    return ok;
}
