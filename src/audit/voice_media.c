/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Do the media of a call go both ways (DESIGN 3.3)?
 *
 * Asked only where offer and answer announced both ends, nobody put the other on hold,
 * and from the answer on: before it only the far end sends, if any.
 */
#include "audit/voice_calls.h"

#include <stdlib.h>

enum {
    CALL_PACKETS = 50, /* In a call that is up, so many ... */
    CALL_S = 3,        /* ... over so long are a direction that works. */
    LONG_CALL_S = 10,  /* From here on there is no doubt. */
    DEAF_REPORTS = 3   /* So many reports of the far end, and all hear nothing. */
};

/* When both may send: from the answer to the end of the call. */
static int64_t live_ns(const struct call_media *s, const struct media *media)
{
    int64_t from =
        media->first_ns > s->call->answered_ns ? media->first_ns : s->call->answered_ns;
    int64_t to = s->call->ended_ns && s->call->ended_ns < media->last_ns
                     ? s->call->ended_ns
                     : media->last_ns;

    return to - from;
}

/* Does this direction work while the call is up? */
static bool is_flowing(const struct call_media *s, const struct media *media)
{
    int64_t all, live;

    if (!media) {
        return false;
    }
    all = media->last_ns - media->first_ns;
    live = live_ns(s, media);
    return live >= CALL_S * second_ns - second_ns / 10 &&
           (double)media->packets * (double)live > (double)CALL_PACKETS * (double)all;
}

/* Does anything come to 'end' during the call, be it from elsewhere?  A far end behind
 * NAT sends from another port than it announced (symmetric RTP, RFC 4961). */
static bool hears(const struct judging *j, const struct call_media *s,
                  const struct end *end)
{
    const struct calls *calls = j->calls;
    size_t low = 0, high = calls->n_heard;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct media_key *key = &calls->heard[middle]->key;

        if (calls_end_cmp(&key->to, key->to_port, &end->addr, end->port) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t n = 0; low < calls->n_heard && n < LOOK_BACK; low++, n++) {
        const struct media *media = calls->heard[low];

        if (media->key.to_port != end->port ||
            !addr_equal(&media->key.to, &end->addr)) {
            break;
        }
        if (media->packets > 0 && media->last_ns >= s->call->answered_ns &&
            (!s->call->ended_ns || media->first_ns <= s->call->ended_ns)) {
            return true;
        }
    }
    return false;
}

/* May both ends send?  Not while one put the other on hold, at any time of the call. */
static bool is_two_way_wanted(const struct judging *j, const struct call_media *s)
{
    const uint8_t wanted = EXPECT_SENDRECV | EXPECT_RTP;

    return s->mine->flags == wanted && s->theirs->flags == wanted &&
           !bsearch(&s->mine->key.call, j->calls->held, j->calls->n_held,
                    sizeof *j->calls->held, calls_number_cmp);
}

/* Does the far end report, again and again, that it hears nothing? */
static const struct media *deaf_far_end(const struct judging *j,
                                        const struct call_media *s)
{
    struct end from = {s->theirs->key.addr, s->theirs->key.rtcp_port};
    struct end to = {s->mine->key.addr, s->mine->key.rtcp_port};
    const struct media *rtcp = calls_media(j, &from, &to);

    return rtcp && rtcp->reports >= DEAF_REPORTS && rtcp->deaf == rtcp->reports &&
                   live_ns(s, rtcp) >= CALL_S * second_ns - second_ns / 2
               ? rtcp
               : NULL;
}

static enum missing_way missing_of(const struct judging *j, const struct call_media *s,
                                   struct result *result)
{
    const struct media *out = calls_media(j, &s->phone, &s->peer);
    const struct media *in = calls_media(j, &s->peer, &s->phone);
    const struct media *flowing = is_flowing(s, out) ? out : in, *deaf;

    result->confidence = flowing && live_ns(s, flowing) >= LONG_CALL_S * second_ns
                             ? CONFIDENCE_HIGH
                             : CONFIDENCE_MEDIUM;
    if (is_flowing(s, out) && !hears(j, s, &s->phone)) {
        return MISSING_TO_PHONE;
    }
    if (is_flowing(s, in) && !hears(j, s, &s->peer)) {
        return MISSING_FROM_PHONE;
    }
    if (is_flowing(s, out) && (deaf = deaf_far_end(j, s))) {
        result->confidence = deaf->losses ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW;
        return MISSING_BEHIND;
    }
    return MISSING_NONE;
}

/* The flow's own direction that is there, where the other is not. */
static bool is_this_missing(const struct call_media *s, const struct cell *cell,
                            bool inbound, enum missing_way missing)
{
    bool out = cell->packets[inbound] > 0, in = cell->packets[!inbound] > 0;

    switch (missing) {
    case MISSING_TO_PHONE:
        return out && !in;
    case MISSING_FROM_PHONE:
        return in && !out;
    case MISSING_BEHIND:
        return !s->rtcp;
    case MISSING_NONE:
        break;
    }
    return false;
}

/* An ICMP error at the end of a call is how a closed port says good-bye. */
static bool is_hang_up(const struct call_media *s, const struct cell *cell)
{
    int64_t icmp_ns = cell->first_ns + cell->key.span_s * second_ns;

    return s->call && s->call->ended_ns &&
           (icmp_ns >= s->call->ended_ns - 2 * HANG_UP_S * second_ns ||
            cell->first_ns >= s->call->ended_ns);
}

struct result calls_result(const struct judging *j, const struct cell *cell,
                           bool inbound, struct result result)
{
    struct call_media s;
    enum missing_way missing;

    if (cell->key.proto != PROTO_UDP || !calls_stream(j, cell, inbound, &s)) {
        return result;
    }
    if (cell->key.sign == ATTEMPT_ICMP && result.outcome == OUTCOME_REFUSED &&
        is_hang_up(&s, cell)) {
        result.outcome = OUTCOME_UNKNOWN;
        return result;
    }
    if (cell->key.sign == ATTEMPT_ICMP || !s.mine || !s.theirs || !s.call ||
        s.call->answered_ns == 0 || !is_two_way_wanted(j, &s)) {
        return result;
    }
    missing = missing_of(j, &s, &result);
    if (missing != MISSING_NONE && is_this_missing(&s, cell, inbound, missing)) {
        result.outcome = OUTCOME_BLOCKED;
        result.cause = CAUSE_ONE_WAY_MEDIA;
        result.missing = (uint8_t)missing;
    }
    return result;
}
