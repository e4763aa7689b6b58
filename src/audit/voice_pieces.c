/* SPDX-License-Identifier: BSD-3-Clause
 *
 * SIP messages in IP fragments: an INVITE with a long SDP does not fit in one packet,
 * and firewalls drop the rest of it.
 *
 * Fragments are put together in the order of their offsets, the first one first; where
 * another came before it, its own part is read alone.  A copy or an overlap changes
 * nothing: bytes that came first stay.
 */
#include "audit/shard.h"
#include "voice/voice.h"

enum { UDP_HEADER_LEN = 8 };

static struct stream *stream_at(struct shard *shard, uint16_t number)
{
    return &shard->streams[number - 1];
}

static void give_back(struct shard *shard, uint16_t number)
{
    shard->free_streams[shard->n_free++] = (uint16_t)(number - 1);
}

uint16_t voice_pieces_begin(struct shard *shard, const struct packet *packet,
                            bool in_order, uint32_t frame)
{
    struct cursor bytes = {packet->payload, packet->payload_cap}, rest = bytes, message;
    uint16_t number;

    if (packet->kind != PACKET_UDP || sip_stream_next(&rest, &message) == PARSE_NOT) {
        return 0;
    }
    if (!in_order || shard->n_free == 0 || (packet->flags & PACKET_CUT)) {
        voice_sip_look(&shard->tally, packet, bytes, false, frame);
        return 0;
    }
    number = (uint16_t)(shard->free_streams[--shard->n_free] + 1);
    stream_reset(stream_at(shard, number), 0, 0);
    stream_add(stream_at(shard, number), 0, bytes);
    return number;
}

bool voice_pieces_add(struct shard *shard, uint16_t number, const struct packet *packet)
{
    struct cursor bytes = {packet->payload, packet->payload_cap};
    uint32_t at = packet->frag_offset - UDP_HEADER_LEN;

    if (number == 0) {
        return false;
    }
    if (!(packet->flags & PACKET_MORE_FRAGMENTS)) {
        stream_at(shard, number)->whole_len = at + packet->payload_len;
    }
    return stream_add(stream_at(shard, number), at, bytes) &&
           stream_is_whole(stream_at(shard, number));
}

void voice_pieces_end(struct shard *shard, uint16_t number, const struct packet *packet,
                      uint32_t frame)
{
    if (number != 0) {
        struct stream *stream = stream_at(shard, number);

        voice_sip_look(&shard->tally, packet, stream_prefix(stream), true, frame);
        give_back(shard, number);
    }
}
