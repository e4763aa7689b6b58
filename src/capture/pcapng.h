/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files that read pcapng share.  Private to them.
 */
#ifndef CAPTURE_PCAPNG_H
#define CAPTURE_PCAPNG_H

#include "capture/format.h"

/* A block that lies whole in the buffer. */
struct block {
    uint32_t type;
    uint32_t len;
    bool big;
    struct cursor body;
};

/* Reads the interface description 'b' and adds the interface. */
bool pcapng_read_interface(struct capture *c, struct block *b,
                           struct policap_error *err);

/* Reads the interface statistics 'b'. */
void pcapng_read_statistics(struct capture *c, struct block *b);

/* Reads the options of a packet of interface 'number', which stand at 'at' in the body
 * of 'b'. */
void pcapng_read_packet_options(struct capture *c, const struct block *b, size_t at,
                                size_t number);

/* Adds packets of interface 'number' that were dropped before one that was not. */
void pcapng_note_dropped(struct capture *c, size_t number, uint64_t n);

/* Reads the name resolution block 'b'. */
void pcapng_read_names(struct capture *c, struct block *b);

/* Time of a packet in nanoseconds.  A time that does not fit, which only a hostile
 * resolution or offset can make, becomes the nearest that does. */
static inline int64_t pcapng_time_ns(const struct interface *i, uint64_t ticks)
{
    __extension__ typedef __int128 wide;

    if (i->divide > 1) {
        ticks /= i->divide;
    }

    wide ns = ((wide)ticks * (wide)i->multiply) >> i->shift;
    ns += (wide)i->offset_s * 1000000000;
    if (ns > INT64_MAX) {
        return INT64_MAX;
    }
    return ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

#endif
