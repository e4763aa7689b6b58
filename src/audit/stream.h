/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first bytes of one direction of a TCP connection, put in order: a ClientHello or
 * an HTTP head may lie in several segments that come in any order.
 *
 * Bytes that came first stay; a retransmission changes nothing.  What lies more than
 * HELLO_MAX_LEN bytes in is not kept.
 */
#ifndef AUDIT_STREAM_H
#define AUDIT_STREAM_H

#include "names/names.h"

enum { STREAM_RANGES = 12 };

struct stream {
    uint32_t base;      /* Sequence number of bytes[0]. */
    unsigned end;       /* Whose bytes they are: index into piece.end. */
    uint32_t whole_len; /* Of a datagram in fragments, once it is known; else 0. */
    uint32_t n;         /* Ranges in use. */
    struct {
        uint32_t from, to;
    } ranges[STREAM_RANGES]; /* Sorted, apart. */
    uint8_t *bytes;
    size_t room;
};

void stream_reset(struct stream *stream, unsigned end, uint32_t base);
void stream_fini(struct stream *stream);

/* Adds a segment.  False: it lies outside, there are too many holes, or memory is
 * out: the stream will not become whole. */
bool stream_add(struct stream *stream, uint32_t seq, struct cursor segment);

/* Is all of it there, and is it known how much that is? */
bool stream_is_whole(const struct stream *stream);

/* The bytes from the start to the first hole. */
struct cursor stream_prefix(const struct stream *stream);

#endif
