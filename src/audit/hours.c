/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/hours.h"

#include "audit/records.h"

#include <stdlib.h>

enum { HOURS_A_DAY = 24, PIECE_WAIT_S = 60, CAPTURES_KEPT = 64 };

static const int64_t second_ns = 1000000000;

void hours_init(struct hours *hours, size_t max_bytes)
{
    *hours = (struct hours){.max_bytes = max_bytes, .n_cut = SHARDS};
    tally_init(&hours->sums);
}

static void tally_release(struct tally *tally)
{
    if (tally) {
        tally_fini(tally);
        free(tally);
    }
}

void hours_fini(struct hours *hours)
{
    for (size_t i = 0; i < hours->n; i++) {
        tally_release(hours->at[i].tally);
    }
    tally_fini(&hours->sums);
    hours->n = 0;
}

/* Pools grow by doubling: what is not used is given back, since nothing more comes. */
static size_t tally_shrink(struct tally *tally)
{
    const struct name_table *names = &tally->names;
    size_t bytes = sizeof *tally + names->capacity +
                   names->room * sizeof *names->offsets +
                   (names->slots ? (names->mask + 1) * sizeof *names->slots : 0) +
                   tally->n_pieces * sizeof *tally->pieces[0];

    for (size_t k = 0; k < RECORD_KINDS; k++) {
        bytes += pool_shrink(record_pool(tally, &record_kinds[k]));
    }
    return bytes;
}

/* The oldest hour leaves; its sums stay. */
static bool hour_leave(struct hours *hours)
{
    struct hour *oldest = &hours->at[0];
    struct day day = {.day = (uint32_t)(oldest->hour / HOURS_A_DAY), .n[DAY_HOURS] = 1};
    bool ok;

    tally_sum_up(oldest->tally, &day);
    ok = tally_add_day(&hours->sums, &day);
    hours->bytes -= oldest->bytes;
    tally_release(oldest->tally);
    hours->n--;
    memmove(hours->at, hours->at + 1, hours->n * sizeof *hours->at);
    return ok;
}

static bool hours_make_room(struct hours *hours)
{
    bool ok = true;

    while (hours->n > 1 && hours->max_bytes > 0 && hours->bytes > hours->max_bytes) {
        hours->sums.early_hours++;
        ok = hour_leave(hours) && ok;
    }
    return ok;
}

/* The tally of 'hour', made where there is none.  NULL: out of memory. */
static struct tally *tally_of(struct hours *hours, int64_t hour)
{
    struct tally *tally;

    /* A clock that was set back finds its evidence in the hour that was last. */
    if (hours->n > 0 && hours->at[hours->n - 1].hour >= hour) {
        return hours->at[hours->n - 1].tally;
    }
    while (hours->n > 0 &&
           (hours->n == HOURS_KEPT || hours->at[0].hour <= hour - HOURS_KEPT)) {
        hour_leave(hours);
    }
    tally = calloc(1, sizeof *tally);
    if (tally) {
        tally_init(tally);
        hours->at[hours->n++] = (struct hour){.hour = hour, .tally = tally};
    }
    return tally;
}

/* Weighs the last hour, which was added to. */
static bool last_weigh(struct hours *hours)
{
    struct hour *last = &hours->at[hours->n - 1];

    hours->bytes -= last->bytes;
    last->bytes = tally_shrink(last->tally);
    hours->bytes += last->bytes;
    return hours_make_room(hours);
}

/* What an earlier run left open is over once nothing can be stitched to it. */
static void pieces_age(struct hours *hours, int64_t now_ns)
{
    for (size_t i = 0; i < hours->n; i++) {
        live_fold(hours->at[i].tally, now_ns - FLOW_TCP_IDLE_S * second_ns);
    }
}

void hours_begin_cut(struct hours *hours, int64_t now_ns)
{
    hours->cut_ns = now_ns;
    hours->n_cut = 0;
}

bool hours_cut(struct hours *hours, struct collector *collector)
{
    struct tally *tally = tally_of(hours, hour_of(hours->cut_ns));

    if (!tally || !collector_cut(collector, hours->n_cut, tally, hours->cut_ns)) {
        return false;
    }
    if (++hours->n_cut < SHARDS) {
        return true;
    }
    pieces_age(hours, hours->cut_ns);
    tally_forget_windows(collector_head(collector),
                         hours->cut_ns - HOURS_KEPT * 3600 * second_ns);
    return last_weigh(hours);
}

size_t hours_past(const struct hours *hours, int64_t ns,
                  struct past out[static HOURS_PAST])
{
    size_t n = 0;

    out[n++] = (struct past){.tally = &hours->sums};
    for (size_t i = 0; i < hours->n; i++) {
        out[n++] = (struct past){.tally = hours->at[i].tally,
                                 .identities_only = hours->at[i].hour < hour_of(ns)};
    }
    return n;
}

/* --- going on --- */

/* The latest time of a record but for the end of a TTL; 0: it tells none. */
static int64_t record_last_ns(const struct record_kind *kind, const void *record,
                              int64_t end_ns)
{
    int64_t last = 0;

    for (size_t f = 0; f < kind->n_fields; f++) {
        const struct field *field = &kind->fields[f];

        for (size_t i = 0; field->type == FIELD_TIME && i < field->count; i++) {
            int64_t ns;

            memcpy(&ns, (const char *)record + field->offset + i * sizeof ns,
                   sizeof ns);
            last = ns > last && ns <= end_ns ? ns : last;
        }
    }
    return last;
}

/* Tallies of the hours up to the last one. */
static bool hours_open(struct hours *hours, int64_t last)
{
    for (int64_t hour = last - HOURS_KEPT + 1; hour <= last; hour++) {
        if (!tally_of(hours, hour)) {
            return false;
        }
    }
    return true;
}

/* Each record goes into its hour; what is older than all is not kept. */
static void records_resume(struct hours *hours, const struct tally *state,
                           int64_t end_ns)
{
    int64_t first = hours->at[0].hour;

    for (size_t k = 0; k < RECORD_KINDS; k++) {
        const struct record_kind *kind = &record_kinds[k];
        const struct pool *pool = record_pool_of(state, kind);

        for (uint32_t i = 0; i < pool->n; i++) {
            int64_t last = record_last_ns(kind, pool_at(pool, i), end_ns);
            int64_t hour = hour_of(last ? last : end_ns);

            if (hour >= first) {
                const struct record_move move = {.into = hours->at[hour - first].tally,
                                                 .from = state};

                record_move_one(kind, pool_at(pool, i), &move);
            }
        }
    }
}

/* Weighs the hours; those without evidence are none. */
static bool hours_close(struct hours *hours)
{
    size_t n = 0;

    for (size_t i = 0; i < hours->n; i++) {
        struct hour *hour = &hours->at[i];

        hour->bytes = tally_shrink(hour->tally);
        if (i + 1 < hours->n && hour->bytes <= sizeof *hour->tally) {
            tally_release(hour->tally);
            continue;
        }
        hours->bytes += hour->bytes;
        hours->at[n++] = *hour;
    }
    hours->n = n;
    return hours_make_room(hours);
}

/* A flow that was not yet waited for long enough must not be taken for one that was. */
static bool pieces_resume(struct tally *into, const struct tally *state, int64_t end_ns)
{
    for (size_t i = 0; i < state->n_pieces; i++) {
        struct piece piece = *state->pieces[i];

        if (end_ns - piece.last_ns < PIECE_WAIT_S * second_ns) {
            piece.inexact = 1;
        }
        for (size_t n = 0; n < FLOW_NAMES; n++) {
            piece.names[n].name =
                tally_name(into, tally_name_text(state, piece.names[n].name));
        }
        if (!tally_add_piece(into, &piece)) {
            return false;
        }
    }
    return true;
}

bool hours_resume(struct hours *hours, struct collector *collector, struct tally *state)
{
    int64_t end_ns = tally_end_ns(state);
    struct tally *last;

    if (!hours_open(hours, hour_of(end_ns))) {
        return false;
    }
    records_resume(hours, state, end_ns);
    last = hours->at[hours->n - 1].tally;
    memcpy(last->background, state->background, sizeof last->background);
    last->evicted = state->evicted;
    memcpy(last->driven, state->driven, sizeof last->driven);
    if (!pieces_resume(last, state, end_ns)) {
        return false;
    }
    tally_forget_captures(state, end_ns - HOURS_KEPT * 3600 * second_ns, CAPTURES_KEPT);
    tally_move_head(collector_head(collector), state);
    return hours_close(hours);
}
