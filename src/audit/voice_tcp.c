/* SPDX-License-Identifier: BSD-3-Clause
 *
 * SIP in TCP connections: messages that are split over segments, or joined in one.
 *
 * A connection lives as long as a registration, so no stream is put together from its
 * beginning: a message is looked for where a segment begins, and what is not whole is
 * kept until the rest is there.
 */
#include "audit/shard.h"
#include "voice/voice.h"

enum { PORT_SIP = 5060, PORT_SIP_ALT = 5070, PORT_SIP_ALT_2 = 5071 };

static bool is_sip_port(uint16_t port)
{
    return port == PORT_SIP || port == PORT_SIP_ALT || port == PORT_SIP_ALT_2;
}

/* Is the segment, or a part of it, there for the second time? */
static bool is_repetition(const struct flow_end *end, const struct packet *packet)
{
    uint32_t next = packet->tcp_seq + packet->payload_len;

    return end->seq_end - next < UINT32_MAX / 2 &&
           (end->seq_end != next ||
            (end->tail_seq == packet->tcp_seq && end->tail_n > 1));
}

/* Takes whole messages off 'bytes'. */
static enum parse_result messages_take(struct shard *shard, const struct packet *packet,
                                       struct cursor *bytes, uint32_t frame)
{
    struct cursor message;
    enum parse_result result;

    while ((result = sip_stream_next(bytes, &message)) == PARSE_OK) {
        voice_sip_look(&shard->tally, packet, message, false, frame);
    }
    return result;
}

/* Keeps the start of a message, which ends a segment that ended at 'end_seq'. */
static void rest_keep(struct shard *shard, struct piece *piece, unsigned from,
                      struct cursor rest, uint32_t end_seq)
{
    uint8_t copy[HELLO_MAX_LEN];
    size_t len = rest.left < sizeof copy ? rest.left : sizeof copy;
    uint32_t base = end_seq - (uint32_t)rest.left;

    memcpy(copy, rest.at, len); /* It may lie in the stream that is to hold it. */
    payload_forget(shard, piece);
    piece->hello = 0;
    if (len < rest.left || !payload_stream_open(shard, piece, from, base)) {
        return;
    }
    if (!stream_add(&shard->streams[piece->hello - 1], base,
                    (struct cursor){copy, len})) {
        payload_forget(shard, piece);
        piece->hello = 0;
    }
}

/* What is longer than a stream holds is read as far as it goes. */
static void overlong_look(struct shard *shard, struct piece *piece,
                          const struct packet *packet, struct cursor prefix,
                          uint32_t frame)
{
    voice_sip_look(&shard->tally, packet, prefix, false, frame);
    payload_forget(shard, piece);
    piece->hello = 0;
}

static void stream_go_on(struct shard *shard, struct piece *piece,
                         const struct packet *packet, unsigned from, uint32_t frame)
{
    struct stream *stream = &shard->streams[piece->hello - 1];
    struct cursor segment = {packet->payload, packet->payload_cap}, prefix, rest;
    bool room = packet->payload_cap == packet->payload_len &&
                stream_add(stream, packet->tcp_seq, segment);
    uint32_t base = stream->base;

    prefix = rest = stream_prefix(stream);
    if (!room || prefix.left == HELLO_MAX_LEN) {
        overlong_look(shard, piece, packet, prefix, frame);
        return;
    }
    if (messages_take(shard, packet, &rest, frame) == PARSE_NOT || rest.left == 0) {
        payload_forget(shard, piece);
        piece->hello = 0;
    } else if (rest.left < prefix.left) {
        rest_keep(shard, piece, from, rest, base + (uint32_t)prefix.left);
    }
}

bool voice_tcp_look(struct shard *shard, struct piece *piece,
                    const struct packet *packet, unsigned from, uint32_t frame)
{
    struct cursor bytes = {packet->payload, packet->payload_cap};
    uint32_t end_seq = packet->tcp_seq + packet->payload_cap;
    enum parse_result result;

    if (!is_sip_port(packet->src_port) && !is_sip_port(packet->dst_port) &&
        !(piece->settled & SETTLED_SIP)) {
        return false;
    }
    if (piece->hello && shard->streams[piece->hello - 1].end == from) {
        stream_go_on(shard, piece, packet, from, frame);
        return true;
    }
    if (is_repetition(&piece->end[from], packet)) {
        return true;
    }
    result = messages_take(shard, packet, &bytes, frame);
    if (result == PARSE_MORE && bytes.left > 0) {
        if (packet->payload_cap < packet->payload_len || piece->hello) {
            voice_sip_look(&shard->tally, packet, bytes, false, frame);
        } else {
            rest_keep(shard, piece, from, bytes, end_seq);
        }
    }
    return result == PARSE_MORE;
}
