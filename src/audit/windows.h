/* SPDX-License-Identifier: BSD-3-Clause
 *
 * When each source captures, followed frame by frame.
 */
#ifndef AUDIT_WINDOWS_H
#define AUDIT_WINDOWS_H

#include "audit/tally.h"

enum { WINDOW_GAP_S = 60 /* A longer pause ends a window. */ };

/* Windows that may go on, of the interfaces of one tap.  All zero at first. */
struct open_windows {
    struct window at[TALLY_MAX_SOURCES];
    uint16_t source; /* The last new one. */
    bool has_source;
    bool several; /* Sources: another view may complete a flow that seems to be over. */
    bool failed;  /* Memory ran out. */
};

/* A frame that does not just carry on its source's window. */
void window_turn(struct open_windows *open, struct tally *tally,
                 const struct frame *frame);

static inline void window_note(struct open_windows *open, struct tally *tally,
                               const struct frame *frame)
{
    const uint64_t gap = (uint64_t)WINDOW_GAP_S * 1000000000;
    struct window *w = &open->at[frame->interface % TALLY_MAX_SOURCES];

    if ((uint64_t)frame->ns - (uint64_t)w->last_ns <= gap && w->first_ns != 0) {
        w->last_ns = frame->ns;
    } else {
        window_turn(open, tally, frame);
    }
}

/* Ends all windows, which are of tap 'tap'.  False: memory ran out, now or before. */
bool windows_close(struct open_windows *open, struct tally *tally, uint16_t tap);

#endif
