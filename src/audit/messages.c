/* SPDX-License-Identifier: BSD-3-Clause
 *
 * SIP and DNS in TCP connections: messages that are split over segments, or joined in
 * one.
 *
 * A connection may live as long as a registration, so no stream is put together from
 * its beginning: a message is looked for where a segment begins, and what is not whole
 * is kept until the rest is there.
 */
#include "audit/shard.h"
#include "voice/voice.h"

enum { PORT_SIP = 5060, PORT_SIP_ALT = 5070, PORT_SIP_ALT_2 = 5071 };

enum { DNS_HEADER_LEN = 12, DNS_LENGTH_LEN = 2 };

/* How messages of a protocol are told apart and noted. */
struct protocol {
    /* Takes whole messages off 'bytes'.  PARSE_MORE: what is left may become one. */
    enum parse_result (*take)(struct tally *tally, const struct packet *packet,
                              struct cursor *bytes, uint32_t frame);
    /* Notes what there is of one that will not become whole. */
    void (*note_cut)(struct tally *tally, const struct packet *packet,
                     struct cursor bytes, uint32_t frame);
};

/* --- SIP --- */

static bool is_sip_port(uint16_t port)
{
    return port == PORT_SIP || port == PORT_SIP_ALT || port == PORT_SIP_ALT_2;
}

static enum parse_result sip_take(struct tally *tally, const struct packet *packet,
                                  struct cursor *bytes, uint32_t frame)
{
    struct cursor message;
    enum parse_result result;

    while ((result = sip_stream_next(bytes, &message)) == PARSE_OK) {
        voice_sip_look(tally, packet, message, false, frame);
    }
    return result;
}

static void sip_note_cut(struct tally *tally, const struct packet *packet,
                         struct cursor bytes, uint32_t frame)
{
    voice_sip_look(tally, packet, bytes, false, frame);
}

static const struct protocol sip = {sip_take, sip_note_cut};

/* --- DNS: messages behind their lengths (RFC 1035 4.2.2) --- */

static enum parse_result dns_take(struct tally *tally, const struct packet *packet,
                                  struct cursor *bytes, uint32_t frame)
{
    struct cursor message;

    while (dns_stream_next(bytes, &message)) {
        payload_dns(tally, packet, message, frame);
    }
    return bytes->left >= DNS_LENGTH_LEN && load_be16(bytes->at) < DNS_HEADER_LEN
               ? PARSE_NOT
               : PARSE_MORE;
}

static void dns_note_cut(struct tally *tally, const struct packet *packet,
                         struct cursor bytes, uint32_t frame)
{
    if (cursor_skip(&bytes, DNS_LENGTH_LEN)) {
        payload_dns(tally, packet, bytes, frame);
    }
}

static const struct protocol dns = {dns_take, dns_note_cut};

/* --- either --- */

/* Is the segment, or a part of it, there for the second time? */
static bool is_repetition(const struct flow_end *end, const struct packet *packet)
{
    uint32_t next = packet->tcp_seq + packet->payload_len;

    return end->seq_end - next < UINT32_MAX / 2 &&
           (end->seq_end != next ||
            (end->tail_seq == packet->tcp_seq && end->tail_n > 1));
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
                          const struct packet *packet, const struct protocol *protocol,
                          struct cursor prefix, uint32_t frame)
{
    protocol->note_cut(&shard->tally, packet, prefix, frame);
    payload_forget(shard, piece);
    piece->hello = 0;
}

static void stream_go_on(struct shard *shard, struct piece *piece,
                         const struct packet *packet, unsigned from,
                         const struct protocol *protocol, uint32_t frame)
{
    struct stream *stream = &shard->streams[piece->hello - 1];
    struct cursor segment = {packet->payload, packet->payload_cap}, prefix, rest;
    bool room = packet->payload_cap == packet->payload_len &&
                stream_add(stream, packet->tcp_seq, segment);
    uint32_t base = stream->base;

    prefix = rest = stream_prefix(stream);
    if (!room || prefix.left == HELLO_MAX_LEN) {
        overlong_look(shard, piece, packet, protocol, prefix, frame);
        return;
    }
    if (protocol->take(&shard->tally, packet, &rest, frame) == PARSE_NOT ||
        rest.left == 0) {
        payload_forget(shard, piece);
        piece->hello = 0;
    } else if (rest.left < prefix.left) {
        rest_keep(shard, piece, from, rest, base + (uint32_t)prefix.left);
    }
}

/* True: the segment is of the protocol. */
static bool segment_take(struct shard *shard, struct piece *piece,
                         const struct packet *packet, unsigned from,
                         const struct protocol *protocol, uint32_t frame)
{
    struct cursor bytes = {packet->payload, packet->payload_cap};
    uint32_t end_seq = packet->tcp_seq + packet->payload_cap;
    enum parse_result result;

    if (piece->hello && shard->streams[piece->hello - 1].end == from) {
        stream_go_on(shard, piece, packet, from, protocol, frame);
        return true;
    }
    if (is_repetition(&piece->end[from], packet)) {
        return true;
    }
    result = protocol->take(&shard->tally, packet, &bytes, frame);
    if (result == PARSE_MORE && bytes.left > 0) {
        if (packet->payload_cap < packet->payload_len || piece->hello) {
            protocol->note_cut(&shard->tally, packet, bytes, frame);
        } else {
            rest_keep(shard, piece, from, bytes, end_seq);
        }
    }
    return result == PARSE_MORE;
}

bool voice_tcp_look(struct shard *shard, struct piece *piece,
                    const struct packet *packet, unsigned from, uint32_t frame)
{
    bool is_sip = is_sip_port(packet->src_port) || is_sip_port(packet->dst_port) ||
                  (piece->settled & SETTLED_SIP);

    return is_sip && segment_take(shard, piece, packet, from, &sip, frame);
}

void payload_dns_stream(struct shard *shard, struct piece *piece,
                        const struct packet *packet, unsigned from, uint32_t frame)
{
    segment_take(shard, piece, packet, from, &dns, frame);
}
