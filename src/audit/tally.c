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

static void note_ttl(struct tally *tally, const struct addr *addr, uint16_t source,
                     const struct flow_end *end)
{
    struct ttl_key key = {*addr, source & 0xff00, 0};
    struct ttl *ttl = end->ttl_low ? pool_add(&tally->ttls, &key, NULL) : NULL;

    if (ttl) {
        ttl->low = ttl->low == 0 || end->ttl_low < ttl->low ? end->ttl_low : ttl->low;
        ttl->high = end->ttl_high > ttl->high ? end->ttl_high : ttl->high;
    }
}

static void note_ttls(struct tally *tally, const struct piece *piece)
{
    note_ttl(tally, &piece->key.a, piece->key.source, &piece->end[0]);
    note_ttl(tally, &piece->key.b, piece->key.source, &piece->end[1]);
}

static bool piece_stay(struct tally *tally, struct piece *piece)
{
    return piece && tally->n_pieces < MAX_PIECES &&
           piece_push(&tally->pieces, &tally->n_pieces, &tally->pieces_room, piece);
}

bool tally_adopt_piece(struct tally *tally, struct piece *piece)
{
    note_ttls(tally, piece);
    return piece_stay(tally, piece);
}

bool tally_add_piece(struct tally *tally, const struct piece *piece)
{
    note_ttls(tally, piece);
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
    note_ttls(tally, piece);
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

void record_move_one(const struct record_kind *kind, const void *record,
                     const struct record_move *move)
{
    struct pool *into = record_pool(move->into, kind);
    union {
        struct cell cell;
        struct lookup lookup;
        struct lease lease;
        struct dhcp dhcp;
        struct expectation expectation;
        struct media media;
    } moved;
    bool is_new;

    record_copy(kind, &moved, record, move);
    void *entry = pool_add(into, &moved, &is_new);
    if (entry && is_new) {
        memcpy(entry, &moved, kind->size);
    } else if (entry) {
        record_combine(move->into, kind, entry, &moved);
    }
}

static void records_merge(const struct record_kind *kind,
                          const struct record_move *move)
{
    const struct pool *from = record_pool_of(move->from, kind);

    for (uint32_t i = 0; i < from->n; i++) {
        record_move_one(kind, pool_at(from, i), move);
    }
    record_pool(move->into, kind)->n_refused += from->n_refused;
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

static int piece_cmp(const void *a, const void *b)
{
    const struct piece *x = *(struct piece *const *)a, *y = *(struct piece *const *)b;
    int order = memcmp(&x->key, &y->key, sizeof x->key);

    if (order != 0) {
        return order;
    }
    return x->first_ns < y->first_ns ? -1 : x->first_ns > y->first_ns;
}

/* Flows of one source whose time is over go into cells.  With several sources they
 * stay, since another's view may still complete them. */
static bool may_close(const struct tally *tally)
{
    return !tally->stay &&
           (tally->n_windows == 0 ||
            tally->windows[0].source == tally->windows[tally->n_windows - 1].source);
}

/* Its time is over, or 'next' shows that another connection has its 5-tuple. */
static bool is_over(const struct tally *tally, const struct piece *piece,
                    const struct piece *next)
{
    return (next && memcmp(&piece->key, &next->key, sizeof piece->key) == 0) ||
           tally_end_ns(tally) - piece->last_ns > piece_idle_ns(piece);
}

/* Do both belong to one connection?  'a' began first. */
static bool is_one_flow(const struct piece *a, const struct piece *b)
{
    return memcmp(&a->key, &b->key, sizeof a->key) == 0 && piece_continues(a, b);
}

bool tally_settle(struct tally *tally)
{
    size_t n = 0;

    taps_sort(tally);
    if (tally->n_pieces > 0) {
        qsort(tally->pieces, tally->n_pieces, sizeof *tally->pieces, piece_cmp);
    }
    for (size_t i = 0; i < tally->n_pieces; i++) {
        if (n > 0 && is_one_flow(tally->pieces[n - 1], tally->pieces[i])) {
            piece_merge(tally->pieces[n - 1], tally->pieces[i]);
        } else {
            tally->pieces[n++] = tally->pieces[i];
        }
    }

    size_t n_live = 0;
    for (size_t i = 0; i < n; i++) {
        struct piece *piece = tally->pieces[i];
        const struct piece *next = i + 1 < n ? tally->pieces[i + 1] : NULL;

        if (may_close(tally) && is_over(tally, piece, next)) {
            tally_close_piece(tally, piece);
        } else {
            tally->pieces[n_live++] = piece;
        }
    }
    tally->n_pieces = n_live;
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        if (!record_sort(tally, &record_kinds[k])) {
            return false;
        }
    }
    return true;
}
