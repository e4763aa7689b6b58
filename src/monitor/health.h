/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Does the mirror still show what it did?
 *
 * An interface is silent when no unicast IP packet came for a while: what the switch
 * itself sends (STP, LLDP) goes on when a mirror session ends.  It has lost a direction
 * when packets of one go on and those of the other, which it had, do not.
 *
 * Which direction a packet goes is told by its private end, and between two private
 * ones by the port that servers are known by.  A part of the packets is looked at: some
 * of each batch, so all of them where they are few.
 */
#ifndef MONITOR_HEALTH_H
#define MONITOR_HEALTH_H

#include "capture/capture.h"

#include <stdbool.h>

enum {
    HEALTH_SILENT_S = 60, /* Windows of a source join over as much. */
    HEALTH_LOST_S = 20,
    HEALTH_LOST_PACKETS = 100 /* Of the other direction, that were looked at. */
};

enum health_state {
    HEALTH_GOOD,
    HEALTH_SILENT,
    HEALTH_NO_ANSWERS,  /* Nothing comes toward the inside any more. */
    HEALTH_NO_REQUESTS, /* Nothing comes from the inside any more. */
    HEALTH_DOWN,        /* The interface is: there is nothing to be seen. */
    HEALTH_STATES
};

/* The word of an event for it. */
const char *health_name(enum health_state state);
/* What a person reads. */
const char *health_words(enum health_state state);

/* Of one interface. */
struct health {
    enum health_state state;
    bool is_down;       /* As whoever asks the system says. */
    int64_t since_ns;   /* Of the state: when the last packet of what is missing was. */
    int64_t last_ns;    /* Any packet of IP. */
    int64_t seen_ns[2]; /* From the inside, toward it; 0: never. */
    uint32_t n_since[2]; /* Packets of this direction since one of the other. */
};

/* Begins at 'now_ns', time of day. */
void health_init(struct health *health, int64_t now_ns);

/* Notes frames that came. */
void health_note(struct health *health, const struct frame *frames, size_t n);

/* True: the state is another one as of 'now_ns'. */
bool health_look(struct health *health, int64_t now_ns);

/* Is it a direction that is missing? */
static inline bool health_is_one_way(const struct health *health)
{
    return health->state == HEALTH_NO_ANSWERS || health->state == HEALTH_NO_REQUESTS;
}

#endif
