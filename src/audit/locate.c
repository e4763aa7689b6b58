/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where on the way findings are stopped: what their flows say, if they agree.
 */
#include "audit/locate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VOTES = 16 };

/* Does a flow with this sign by itself come to what the finding says?  A tap that saw
 * less of it may tell another tale. */
static bool is_of_cause(enum attempt_sign sign, enum cause cause)
{
    switch (cause) {
    case CAUSE_SYN_DROP:
        return sign == ATTEMPT_SYN_SILENT;
    case CAUSE_TCP_RESET:
        return sign == ATTEMPT_RESET;
    case CAUSE_HELLO_RESET:
        return sign == ATTEMPT_HELLO_RESET;
    case CAUSE_HELLO_DROP:
        return sign == ATTEMPT_HELLO_SILENT;
    case CAUSE_ICMP_PROHIBITED:
    case CAUSE_ICMP_UNREACHABLE:
        return sign == ATTEMPT_ICMP;
    case CAUSE_NO_REPLY:
        return sign == ATTEMPT_REQUEST_SILENT;
    case CAUSE_IDLE_KILLED:
        return sign == ATTEMPT_TAIL_SILENT || sign == ATTEMPT_TAIL_RESET;
    case CAUSE_NONE: /* Refused, or no answer. */
        return sign == ATTEMPT_RESET || sign == ATTEMPT_HELLO_RESET ||
               sign == ATTEMPT_ICMP || sign == ATTEMPT_NO_ANSWER;
    default:
        return false;
    }
}

static bool is_failed(const struct locating *l, const struct finding *f,
                      struct attempt_view *view)
{
    struct cell_key key = attempt_of(view->piece, l->j->out->now_ns);

    view->end = &view->piece->end[view->opener];
    view->sign = (enum attempt_sign)key.sign;
    return is_of_cause(view->sign, f->cause);
}

static bool has_port(const struct finding *f, const struct piece *piece)
{
    for (size_t i = 0; i < f->n_ports; i++) {
        if (piece->key.port_a == f->ports[i] || piece->key.port_b == f->ports[i]) {
            return true;
        }
    }
    return false;
}

/* Takes the vote of one flow.  False: it contradicts those before. */
static bool vote(struct place *all, const struct place *one)
{
    if (one->kind < PLACE_BETWEEN || all->kind < PLACE_BETWEEN) {
        *all = one->kind > all->kind ? *one : *all;
        return true;
    }
    return all->kind == one->kind && all->near == one->near && all->far == one->far;
}

/* What the flows to one peer say.  False: they contradict each other. */
static bool peer_place(const struct locating *l, const struct finding *f,
                       const struct addr *peer, struct place *all)
{
    const size_t len = offsetof(struct flow_key, port_a);
    bool swap = addr_cmp(peer, &f->ip) < 0;
    struct flow_key key = {.a = swap ? *peer : f->ip, .b = swap ? f->ip : *peer};
    unsigned n = 0;

    for (size_t i = locate_lower_bound(l->tally, &key, len);
         i < l->tally->n_pieces && n < MAX_VOTES &&
         memcmp(&l->tally->pieces[i]->key, &key, len) == 0;
         i++) {
        const struct piece *piece = l->tally->pieces[i];
        unsigned opener = f->from_peer != swap; /* End 'swap' is the phone's. */
        struct attempt_view view = {.piece = piece, .opener = opener};

        if (has_port(f, piece) && piece->end[opener].packets > 0 &&
            piece->first_ns <= f->last_ns && piece->last_ns >= f->first_ns &&
            is_failed(l, f, &view)) {
            struct place one = locate_flow(l, f, &view);

            n++;
            if (!vote(all, &one)) {
                return false;
            }
        }
    }
    return true;
}

static void say(const struct locating *l, struct finding *f, const struct place *place)
{
    const char *near = tally_tap_name(l->tally, place->near);
    const char *far = tally_tap_name(l->tally, place->far);
    size_t len = strlen(f->todo);
    char *todo = f->todo + len;
    size_t room = sizeof f->todo - len;

    switch (place->kind) {
    case PLACE_NONE:
        return;
    case PLACE_LATE:
        snprintf(todo, room,
                 " The taps do not tell where: one of them was not capturing then.");
        return;
    case PLACE_UNKNOWN:
        snprintf(todo, room,
                 " The taps do not tell where: one does not see this phone's traffic "
                 "under its own address (NAT?), or its flows disagree.");
        return;
    case PLACE_BETWEEN:
        snprintf(f->located, sizeof f->located, "between %s and %s", near, far);
        snprintf(todo, room,
                 " It is stopped between %s and %s: %s saw it, %s saw other traffic of "
                 "this phone and not this.",
                 near, far, near, far);
        return;
    case PLACE_SENDER:
        snprintf(f->located, sizeof f->located, "between %s and %s", near, far);
        snprintf(todo, room,
                 " It is stopped between %s and %s: both saw it pass, and only %s saw "
                 "the no.",
                 near, far, near);
        return;
    case PLACE_BACK:
        snprintf(f->located, sizeof f->located, "between %s and %s", far, near);
        snprintf(todo, room,
                 " What comes back is stopped between %s and %s: %s saw the answer, %s "
                 "did not.",
                 far, near, far, near);
        return;
    case PLACE_BEYOND:
        snprintf(f->located, sizeof f->located, near ? "beyond %s and %s" : "beyond %s",
                 far, near);
        snprintf(todo, room,
                 " It passes %s: look behind it, at the far side or the server.", far);
        return;
    }
}

static bool is_stopped(const struct finding *f)
{
    return (f->kind == KIND_BLOCKED || f->kind == KIND_DEGRADED ||
            f->kind == KIND_REFUSED || f->kind == KIND_NO_ANSWER) &&
           f->has_ip && f->n_peer_ips > 0;
}

static enum place_kind finding_locate(const struct locating *l, struct finding *f)
{
    struct place place = {.kind = PLACE_NONE};

    for (size_t i = 0; i < f->n_peer_ips; i++) {
        if (!peer_place(l, f, &f->peer_ips[i], &place)) {
            place = (struct place){.kind = PLACE_UNKNOWN};
            break;
        }
    }
    say(l, f, &place);
    if (place.kind >= PLACE_BETWEEN) {
        if (f->n_frames > FINDING_FRAMES - EVIDENCE_ROOM) {
            f->n_frames = FINDING_FRAMES - EVIDENCE_ROOM;
        }
        for (size_t i = 0; i < EVIDENCE_ROOM; i++) {
            finding_add_frame(f, place.frames[i]);
        }
    }
    return place.kind;
}

/* One root cause has one place: what a tap came too late or left too early for is where
 * the same problem's other findings are. */
static void locate_by_problem(const struct judgement *out, struct finding *late)
{
    for (size_t i = 0; late->problem[0] && i < out->n_findings; i++) {
        const struct finding *f = &out->findings[i];

        if (f != late && f->located[0] && f->device == late->device &&
            strcmp(f->problem, late->problem) == 0) {
            size_t len = strlen(late->todo);

            memcpy(late->located, f->located, sizeof late->located);
            snprintf(late->todo + len, sizeof late->todo - len,
                     " F%zu of the same problem tells it: %s.", i + 1, f->located);
            return;
        }
    }
}

static void findings_locate(const struct locating *l)
{
    struct judgement *out = l->j->out;
    bool *late = calloc(out->n_findings + 1, sizeof *late);

    if (!late) {
        l->j->failed = true;
        return;
    }
    for (size_t i = 0; i < out->n_findings; i++) {
        struct finding *f = &out->findings[i];

        late[i] = is_stopped(f) && finding_locate(l, f) == PLACE_LATE;
    }
    for (size_t i = 0; i < out->n_findings; i++) {
        if (late[i]) {
            locate_by_problem(out, &out->findings[i]);
        }
    }
    free(late);
}

void taps_locate(struct judging *j)
{
    struct locating l = {.j = j, .tally = j->out->tally};

    if (l.tally->n_taps < 2) {
        return;
    }
    locate_witnesses(&l);
    findings_locate(&l);
    pool_fini(&l.witnesses);
}
