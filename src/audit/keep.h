/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first packets of flows: the evidence of what will be found.
 *
 * A sensor has no file to read frames from again.  So of each flow the first packets
 * are kept, cut short, in a ring of fixed size; what is found is found within seconds,
 * and takes its packets out of the ring before newer ones are written over them.
 */
#ifndef AUDIT_KEEP_H
#define AUDIT_KEEP_H

#include "capture/capture.h"
#include "flow/flow.h"

enum {
    KEEP_PACKETS = 8, /* Of a flow. */
    KEEP_BYTES = 128  /* Of a packet. */
};

struct kept {
    int64_t ns;
    uint64_t flow;  /* Hash of its flow. */
    uint32_t frame; /* Its ordinal; 0: nothing is here yet. */
    uint32_t wire_len;
    uint16_t len, link, interface;
    uint8_t bytes[KEEP_BYTES];
};

struct keep {
    struct kept *ring;
    uint32_t room, next;
    const struct frame *frames; /* Those that packets are being made of. */
    size_t n_frames;
};

/* A ring of at most 'bytes'.  NULL: out of memory. */
struct keep *keep_new(size_t bytes);
void keep_free(struct keep *keep);

/* Packets that come now are of these frames, whose numbers are ordinals. */
void keep_frames(struct keep *keep, const struct frame *frames, size_t n);

/* Keeps the frame of a packet. */
void keep_packet(struct keep *keep, const struct packet *packet, uint64_t flow);

/* Is 'piece', to which a packet was just added, one whose packets are kept? */
static inline bool keep_wants(const struct piece *piece)
{
    const struct flow_end *end = piece->end;

    return end[0].packets + end[1].packets <= KEEP_PACKETS;
}

/* The kept packets of the flows that these frames are of, in order of their frames: a
 * new array of '*n', which the caller releases with free().  NULL: there are none, or
 * memory is out. */
struct kept *keep_flows_of(const struct keep *keep, const uint32_t *frames,
                           size_t n_frames, size_t *n);

#endif
