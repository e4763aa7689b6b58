/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/stream.h"

#include <stdlib.h>

void stream_reset(struct stream *stream, unsigned end, uint32_t base)
{
    stream->end = end;
    stream->base = base;
    stream->whole_len = 0;
    stream->n = 0;
}

void stream_fini(struct stream *stream)
{
    free(stream->bytes);
    stream->bytes = NULL;
    stream->room = 0;
}

static bool make_room(struct stream *stream, size_t len)
{
    if (len > stream->room) {
        size_t room = len <= 4096 ? 4096 : HELLO_MAX_LEN;
        uint8_t *bytes = realloc(stream->bytes, room);

        if (!bytes) {
            return false;
        }
        stream->bytes = bytes;
        stream->room = room;
    }
    return true;
}

static bool range_insert(struct stream *stream, uint32_t i, uint32_t from, uint32_t to)
{
    if (stream->n == STREAM_RANGES) {
        return false;
    }
    for (uint32_t k = stream->n; k > i; k--) {
        stream->ranges[k] = stream->ranges[k - 1];
    }
    stream->ranges[i].from = from;
    stream->ranges[i].to = to;
    stream->n++;
    return true;
}

/* Joins ranges that touch. */
static void ranges_join(struct stream *stream)
{
    uint32_t n = 0;

    for (uint32_t i = 1; i < stream->n; i++) {
        if (stream->ranges[i].from == stream->ranges[n].to) {
            stream->ranges[n].to = stream->ranges[i].to;
        } else {
            stream->ranges[++n] = stream->ranges[i];
        }
    }
    stream->n = n + 1;
}

/* Fills the holes between 'from' and 'to' from 'bytes', which begin at 'from'. */
static bool fill(struct stream *stream, uint32_t from, uint32_t to,
                 const uint8_t *bytes)
{
    uint32_t at = from;

    for (uint32_t i = 0; at < to; i++) {
        uint32_t hole_end = i < stream->n ? stream->ranges[i].from : to;
        uint32_t end = hole_end < to ? hole_end : to;

        if (at < end) {
            if (!range_insert(stream, i, at, end)) {
                return false;
            }
            memcpy(stream->bytes + at, bytes + (at - from), end - at);
            i++;
        }
        if (i >= stream->n) {
            break;
        }
        at = stream->ranges[i].to > at ? stream->ranges[i].to : at;
    }
    ranges_join(stream);
    return true;
}

bool stream_add(struct stream *stream, uint32_t seq, struct cursor segment)
{
    uint32_t from = seq - stream->base;

    if (segment.left == 0) {
        return true;
    }
    if (from >= HELLO_MAX_LEN) {
        return false;
    }

    size_t len =
        segment.left < HELLO_MAX_LEN - from ? segment.left : HELLO_MAX_LEN - from;
    return make_room(stream, from + len) &&
           fill(stream, from, from + (uint32_t)len, segment.at);
}

bool stream_is_whole(const struct stream *stream)
{
    return stream->whole_len != 0 && stream_prefix(stream).left >= stream->whole_len;
}

struct cursor stream_prefix(const struct stream *stream)
{
    size_t len =
        stream->n > 0 && stream->ranges[0].from == 0 ? stream->ranges[0].to : 0;

    return (struct cursor){stream->bytes, len};
}
