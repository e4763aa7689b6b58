/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/windows.h"

static void source_note(struct open_windows *open, uint16_t source)
{
    open->several |= open->has_source && open->source != source;
    open->has_source = true;
    open->source = source;
}

void window_turn(struct open_windows *open, struct tally *tally,
                 const struct frame *frame)
{
    const int64_t gap = (int64_t)WINDOW_GAP_S * 1000000000;
    struct window *w = &open->at[frame->interface % TALLY_MAX_SOURCES];

    if (w->first_ns == 0) {
        source_note(open, frame->interface);
        w->first_ns = w->last_ns = frame->ns;
    } else if (frame->ns - w->last_ns > gap || w->first_ns - frame->ns > gap) {
        open->failed |=
            !tally_add_window(tally, frame->interface, w->first_ns, w->last_ns);
        w->first_ns = w->last_ns = frame->ns;
    }
    w->first_ns = frame->ns < w->first_ns ? frame->ns : w->first_ns;
    w->last_ns = frame->ns > w->last_ns ? frame->ns : w->last_ns;
}

bool windows_close(struct open_windows *open, struct tally *tally, uint16_t tap)
{
    for (uint16_t i = 0; i < TALLY_MAX_SOURCES; i++) {
        struct window *w = &open->at[i];

        if (w->first_ns != 0) {
            uint16_t source = (uint16_t)(tap << 8 | i);

            open->failed |= !tally_add_window(tally, source, w->first_ns, w->last_ns);
        }
        *w = (struct window){0};
    }
    return !open->failed;
}
