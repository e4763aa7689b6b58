/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ordinals of frames: numbers over all captures of a tally, in 32 bits.
 *
 * A capture whose frames come alone gets ordinals in a row, so it has one run.  Where
 * captures are read in turns, each gets runs of its own, each as long as all before it
 * together: however often they take turns, a capture of n frames has about log2(n) runs
 * and no more than 2 n ordinals.  When no ordinals are left, frames go without: what
 * they prove still counts, only they can not be named.
 */
#include "audit/records.h"

#include <stdlib.h>

enum { RUN_MIN = 1024 }; /* Ordinals of a run, from a capture's second on. */

uint32_t tally_last_frame(const struct tally *tally)
{
    const struct frame_run *last =
        tally->n_runs > 0 ? &tally->runs[tally->n_runs - 1] : NULL;

    return last ? last->first + (last->n - 1) : 0;
}

bool tally_add_run(struct tally *tally, const struct frame_run *run)
{
    uint32_t last = tally_last_frame(tally);

    if (run->capture >= tally->n_captures || run->n == 0 || run->first <= last ||
        run->n > FRAME_UNKNOWN - run->first) {
        return false;
    }
    if (tally->n_runs == tally->runs_room) {
        size_t room = tally->runs_room ? tally->runs_room * 2 : 64;
        struct frame_run *grown = realloc(tally->runs, room * sizeof *grown);

        if (!grown) {
            return false;
        }
        tally->runs = grown;
        tally->runs_room = room;
    }
    tally->runs[tally->n_runs++] = *run;
    return true;
}

/* Makes ordinals for frame 'number', behind those of 'before' where these are the last
 * ones.  NULL: there are none. */
static struct frame_run *run_for(struct tally *tally, struct tally_capture *capture,
                                 struct frame_run *before, uint64_t number)
{
    uint32_t last = tally_last_frame(tally);
    uint64_t n = 1;

    if (before && before == &tally->runs[tally->n_runs - 1]) {
        n = number - before->number + 1;
        if (n > FRAME_UNKNOWN - before->first) {
            return NULL;
        }
        before->n = (uint32_t)n;
        return before;
    }
    if (before) {
        n = number > RUN_MIN ? number : RUN_MIN;
    }

    uint32_t left = FRAME_UNKNOWN - 1 - last;
    struct frame_run run = {.first = last + 1,
                            .n = n < left ? (uint32_t)n : left,
                            .capture = (uint32_t)(capture - tally->captures),
                            .number = number};
    if (!tally_add_run(tally, &run)) {
        return NULL;
    }
    capture->run = tally->n_runs;
    return &tally->runs[capture->run - 1];
}

uint32_t tally_frame(struct tally *tally, size_t capture, uint64_t number)
{
    struct tally_capture *c = &tally->captures[capture];
    struct frame_run *run = c->run > 0 ? &tally->runs[c->run - 1] : NULL;

    if (!run || number - run->number >= run->n) {
        run = run_for(tally, c, run, number);
    }
    return run ? run->first + (uint32_t)(number - run->number) : FRAME_UNKNOWN;
}

uint32_t tally_frames(struct tally *tally, size_t capture, uint64_t number, size_t n)
{
    uint32_t first = tally_frame(tally, capture, number), last;

    if (tally->captures[capture].run != tally->n_runs) {
        return 0; /* The run can not grow. */
    }
    last = tally_frame(tally, capture, number + n - 1);
    return last - first == n - 1 ? first : 0;
}

const struct tally_capture *tally_capture_of(const struct tally *tally, uint32_t frame,
                                             uint64_t *number)
{
    size_t low = 0, high = tally->n_runs;

    /* The run that is looked for is in [low, high). */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (tally->runs[middle].first <= frame) {
            low = middle;
        } else {
            high = middle;
        }
    }
    if (low == high || frame < tally->runs[low].first ||
        frame - tally->runs[low].first >= tally->runs[low].n) {
        return NULL;
    }
    *number = tally->runs[low].number + (frame - tally->runs[low].first);
    return &tally->captures[tally->runs[low].capture];
}

uint32_t record_move_frame(const struct record_move *move, uint32_t frame)
{
    if (frame == 0 || !move->from) {
        return frame;
    }
    return frame < FRAME_UNKNOWN - move->frame_base ? frame + move->frame_base
                                                    : FRAME_UNKNOWN;
}

bool record_move_runs(const struct record_move *move, size_t first_capture)
{
    for (size_t i = 0; i < move->from->n_runs; i++) {
        struct frame_run run = move->from->runs[i];
        uint32_t first = record_move_frame(move, run.first);

        if (first == FRAME_UNKNOWN) {
            return true; /* No ordinals are left for it and those behind it. */
        }
        run.first = first;
        run.n = run.n < FRAME_UNKNOWN - first ? run.n : FRAME_UNKNOWN - first;
        run.capture += (uint32_t)first_capture;
        if (!tally_add_run(move->into, &run)) {
            return false;
        }
    }
    return true;
}
