/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where on the way one flow is stopped, as several taps show it.
 *
 * A flow that one tap saw its opener send and another did not was stopped between them,
 * if the other captured at that time and sees this phone's traffic to that side at all.
 * Behind a NAT it does not: addresses differ, so nothing can be told.  A flow that all
 * of them saw is stopped beyond the farthest, where the packets have the lowest TTL.
 */
#include "audit/locate.h"

#include <string.h>

enum { TAPS = TALLY_MAX_TAPS + 1 };

/* So much may the clocks of two taps differ. */
static const int64_t clocks_ns = 2000000000;

/* One flow at one tap: its opener is that of the view which was judged. */
struct view {
    const struct piece *piece; /* NULL: the tap did not see the flow. */
    unsigned opener;
};

static void witness_add(struct locating *l, const struct piece *piece, unsigned end)
{
    const struct addr *host = end ? &piece->key.b : &piece->key.a;
    const struct addr *other = end ? &piece->key.a : &piece->key.b;
    struct witness_key key = {.host = *host,
                              .tap = (uint16_t)source_tap(piece->key.source),
                              .inside = policy_is_inside(l->j->policy, other)};
    struct witness *witness;

    if (device_at(l->j, host, piece->last_ns) < 0) {
        return;
    }
    witness = pool_add(&l->witnesses, &key, NULL);
    if (witness && witness->frame == 0) {
        witness->frame = piece->end[end].first_frame;
    }
}

static const struct witness *witness_of(const struct locating *l,
                                        const struct finding *f,
                                        const struct addr *peer, unsigned tap)
{
    struct witness_key key = {.host = f->ip,
                              .tap = (uint16_t)tap,
                              .inside = policy_is_inside(l->j->policy, peer)};

    return pool_find(&l->witnesses, &key);
}

/* Did the tap capture while the flow was tried? */
static bool covers(const struct tally *tally, unsigned tap, const struct piece *piece)
{
    for (size_t i = 0; i < tally->n_windows; i++) {
        const struct window *w = &tally->windows[i];

        if (source_tap(w->source) == tap && w->first_ns <= piece->first_ns &&
            w->last_ns >= piece->first_ns) {
            return true;
        }
    }
    return false;
}

/* Pieces are sorted by their keys as bytes. */
size_t locate_lower_bound(const struct tally *tally, const struct flow_key *key,
                          size_t len)
{
    size_t low = 0, high = tally->n_pieces;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(&tally->pieces[middle]->key, key, len) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The views of one flow, by tap. */
static void views_find(const struct locating *l, const struct piece *piece,
                       unsigned opener, struct view views[static TAPS])
{
    const size_t len = offsetof(struct flow_key, source);
    const struct tally *tally = l->tally;

    for (unsigned t = 0; t < TAPS; t++) {
        views[t] = (struct view){.opener = opener};
    }
    for (size_t i = locate_lower_bound(tally, &piece->key, len);
         i < tally->n_pieces && memcmp(&tally->pieces[i]->key, &piece->key, len) == 0;
         i++) {
        const struct piece *other = tally->pieces[i];

        if (other->key.proto == piece->key.proto &&
            piece_continues(piece->first_ns < other->first_ns ? piece : other,
                            piece->first_ns < other->first_ns ? other : piece)) {
            views[source_tap(other->key.source)].piece = other;
        }
    }
}

/* Did the tap see what was not answered?  'failed' is the view that failed. */
static bool sent(const struct view *view, const struct attempt_view *failed)
{
    const struct flow_end *o = view->piece ? &view->piece->end[view->opener] : NULL;

    if (!o || o->packets == 0) {
        return false;
    }
    switch (failed->sign) {
    case ATTEMPT_HELLO_SILENT:
    case ATTEMPT_HELLO_RESET:
    case ATTEMPT_NO_ANSWER:
        return o->payload_packets > 0;
    case ATTEMPT_TAIL_SILENT:
    case ATTEMPT_TAIL_RESET:
        return o->last_data_ns >= failed->end->tail_ns - clocks_ns;
    default:
        return true;
    }
}

static bool answered(const struct view *view)
{
    return view->piece && view->piece->end[!view->opener].packets > 0;
}

static uint8_t ttl_of(const struct view *view)
{
    return view->piece->end[view->opener].ttl_high;
}

/* Of the taps that saw it, the one farthest from the opener. */
static unsigned farthest(const struct locating *l, const struct view views[static TAPS],
                         const struct attempt_view *failed, bool *is_sure)
{
    unsigned best = 0;

    *is_sure = false;
    for (unsigned t = 1; t <= l->tally->n_taps; t++) {
        if (!sent(&views[t], failed)) {
            continue;
        }
        if (best == 0 || ttl_of(&views[t]) < ttl_of(&views[best])) {
            *is_sure = best != 0;
            best = t;
        } else if (ttl_of(&views[t]) > ttl_of(&views[best])) {
            *is_sure = true;
        }
    }
    return best;
}

static uint32_t first_frame(const struct view *view)
{
    return view->piece ? view->piece->end[view->opener].first_frame : 0;
}

/* Who said no, seen at one tap and not at the farther one: it stands between them. */
static bool says_no(const struct view *view, const struct attempt_view *failed)
{
    if (failed->sign == ATTEMPT_ICMP) {
        return view->piece->icmp.n > 0;
    }
    return view->piece->end[!view->opener].signs[SIGN_RST].n > 0;
}

/* All taps saw it: is what came back seen at one alone? */
static struct place place_beyond(const struct locating *l,
                                 const struct view views[static TAPS],
                                 const struct attempt_view *failed, unsigned far,
                                 bool is_sure)
{
    struct place place = {PLACE_BEYOND, 0, far, {first_frame(&views[far]), 0}};
    bool is_no = failed->sign == ATTEMPT_ICMP || failed->sign == ATTEMPT_RESET ||
                 failed->sign == ATTEMPT_HELLO_RESET;

    for (unsigned t = 1; t <= l->tally->n_taps; t++) {
        if (t == far || !sent(&views[t], failed)) {
            continue;
        }
        place.near = is_sure ? 0 : t;
        place.frames[1] = first_frame(&views[t]);
        if (is_no && says_no(&views[t], failed) != says_no(&views[far], failed)) {
            bool here = says_no(&views[t], failed);

            place.kind = PLACE_SENDER;
            place.near = here ? t : far;
            place.far = here ? far : t;
            return place;
        }
        if (!is_no && is_sure && answered(&views[far]) && !answered(&views[t])) {
            place.kind = PLACE_BACK;
            place.near = t;
            return place;
        }
    }
    return place;
}

struct place locate_flow(const struct locating *l, const struct finding *f,
                         const struct attempt_view *failed)
{
    const struct piece *piece = failed->piece;
    const struct addr *peer =
        addr_equal(&piece->key.a, &f->ip) ? &piece->key.b : &piece->key.a;
    struct view views[TAPS];
    struct place place = {.kind = PLACE_NONE};
    unsigned far, n_sent = 0;
    bool is_sure;

    views_find(l, piece, failed->opener, views);
    far = farthest(l, views, failed, &is_sure);
    for (unsigned t = 1; t <= l->tally->n_taps; t++) {
        const struct witness *witness = witness_of(l, f, peer, t);

        if (sent(&views[t], failed)) {
            n_sent++;
        } else if (!covers(l->tally, t, piece)) {
            place.kind = place.kind ? place.kind : PLACE_LATE;
        } else if (!witness) {
            place.kind = PLACE_UNKNOWN;
        } else if (far) {
            uint32_t frame = first_frame(&views[far]);

            return (struct place){PLACE_BETWEEN, far, t, {frame, witness->frame}};
        }
    }
    return n_sent < 2 ? place : place_beyond(l, views, failed, far, is_sure);
}

void locate_witnesses(struct locating *l)
{
    pool_init(&l->witnesses, sizeof(struct witness), sizeof(struct witness_key),
              1 << 18);
    for (size_t i = 0; i < l->tally->n_pieces; i++) {
        witness_add(l, l->tally->pieces[i], 0);
        witness_add(l, l->tally->pieces[i], 1);
    }
}
