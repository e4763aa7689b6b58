/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/keep.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FLOWS = 16 };

struct keep *keep_new(size_t bytes)
{
    struct keep *keep = calloc(1, sizeof *keep);

    if (!keep) {
        return NULL;
    }
    keep->room = (uint32_t)(bytes / sizeof *keep->ring) + 1;
    keep->ring = calloc(keep->room, sizeof *keep->ring);
    if (!keep->ring) {
        free(keep);
        return NULL;
    }
    return keep;
}

void keep_free(struct keep *keep)
{
    if (keep) {
        free(keep->ring);
        free(keep);
    }
}

void keep_frames(struct keep *keep, const struct frame *frames, size_t n)
{
    keep->frames = frames;
    keep->n_frames = n;
}

/* Frames of one capture are numbered in a row; where several take turns they are not.
 */
static const struct frame *frame_of(const struct keep *keep, uint64_t number)
{
    uint64_t i = keep->n_frames > 0 ? number - keep->frames[0].number : 0;

    if (i < keep->n_frames && keep->frames[i].number == number) {
        return &keep->frames[i];
    }
    for (i = 0; i < keep->n_frames; i++) {
        if (keep->frames[i].number == number) {
            return &keep->frames[i];
        }
    }
    return NULL;
}

void keep_packet(struct keep *keep, const struct packet *packet, uint64_t flow)
{
    const struct frame *frame = frame_of(keep, packet->frame);
    struct kept *kept = &keep->ring[keep->next];

    if (!frame) {
        return;
    }
    *kept = (struct kept){
        .ns = frame->ns,
        .flow = flow,
        .frame = (uint32_t)frame->number,
        .wire_len = frame->wire_len,
        .len = (uint16_t)(frame->cap_len < KEEP_BYTES ? frame->cap_len : KEEP_BYTES),
        .link = frame->link,
        .interface = frame->interface,
    };
    memcpy(kept->bytes, frame->bytes, kept->len);
    keep->next = (keep->next + 1) % keep->room;
}

static bool is_one_of(const uint32_t *frames, size_t n, uint32_t frame)
{
    for (size_t i = 0; i < n; i++) {
        if (frames[i] == frame) {
            return true;
        }
    }
    return false;
}

static bool has_flow(const uint64_t *flows, size_t n, uint64_t flow)
{
    for (size_t i = 0; i < n; i++) {
        if (flows[i] == flow) {
            return true;
        }
    }
    return false;
}

/* The flows that the frames are of. */
static size_t flows_of(const struct keep *keep, const uint32_t *frames, size_t n_frames,
                       uint64_t flows[static MAX_FLOWS])
{
    size_t n = 0;

    for (uint32_t i = 0; i < keep->room && n < MAX_FLOWS; i++) {
        const struct kept *kept = &keep->ring[i];

        if (kept->frame != 0 && is_one_of(frames, n_frames, kept->frame) &&
            !has_flow(flows, n, kept->flow)) {
            flows[n++] = kept->flow;
        }
    }
    return n;
}

static int by_frame(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;

    return x->frame < y->frame ? -1 : x->frame > y->frame;
}

struct kept *keep_flows_of(const struct keep *keep, const uint32_t *frames,
                           size_t n_frames, size_t *n)
{
    uint64_t flows[MAX_FLOWS];
    size_t n_flows = flows_of(keep, frames, n_frames, flows), max;
    struct kept *found;

    /* A 5-tuple may be that of several connections: of each KEEP_PACKETS. */
    max = n_flows * KEEP_PACKETS * 2;
    found = max > 0 ? malloc(max * sizeof *found) : NULL;
    *n = 0;
    for (uint32_t i = 0; found && i < keep->room && *n < max; i++) {
        if (keep->ring[i].frame != 0 && has_flow(flows, n_flows, keep->ring[i].flow)) {
            found[(*n)++] = keep->ring[i];
        }
    }
    if (found) {
        qsort(found, *n, sizeof *found, by_frame);
    }
    return found;
}
