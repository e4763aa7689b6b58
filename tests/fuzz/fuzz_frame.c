/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any bytes as a frame of any link type: the first two are the link type, the next is
 * how many bytes more than captured the wire carried.  What comes out lies within what
 * went in, and the straight path tells what the walk tells.
 */
#include "decode/walk.h"

#include <stdlib.h>

enum { ROOM = 4, HEAD = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert() would be gone with NDEBUG. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_packet(const struct frame *frame, const struct packet *p)
{
    must(p->payload_cap <= p->payload_len);
    must(p->n_encap <= DECODE_MAX_ENCAP);
    must(p->kind <= PACKET_LINK);
    if (p->payload_cap > 0) {
        size_t at = (size_t)(p->payload - frame->bytes);

        must(p->payload >= frame->bytes && at + p->payload_cap <= frame->cap_len);
    }
}

static void check_plain(const struct frame *frame, const struct packet *walked)
{
    struct packet fast;

    if (!decode_plain(frame, &fast)) {
        return;
    }
    must(fast.kind == walked->kind && fast.flags == walked->flags);
    must(fast.payload_len == walked->payload_len);
    must(fast.payload_cap == walked->payload_cap);
    must(fast.src_port == walked->src_port && fast.dst_port == walked->dst_port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet packets[ROOM];
    size_t n;

    if (size < HEAD || size > UINT16_MAX) {
        return 0;
    }

    struct frame frame = {
        .bytes = data + HEAD,
        .cap_len = (uint32_t)(size - HEAD),
        .wire_len = (uint32_t)(size - HEAD) + data[2],
        .link = load_be16(data),
    };
    enum decode_result result = decode_walk(&frame, packets, ROOM, &n);
    must(n <= ROOM && (n > 0 || result != DECODE_OK) && result < DECODE_RESULTS);
    for (size_t i = 0; i < n; i++) {
        check_packet(&frame, &packets[i]);
    }
    if (frame.link == LINK_ETHERNET && n > 0) {
        check_plain(&frame, &packets[0]);
    }
    return 0;
}
