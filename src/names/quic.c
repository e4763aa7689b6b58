/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From opened Initial packets to a ClientHello: RFC 9000 19, of which few frames may
 * stand in an Initial packet (12.4), and 7.5 for hellos in pieces.
 */
#include "names/quic.h"

#include "names/quic_packet.h"

enum {
    FRAME_PADDING = 0x00,
    FRAME_PING = 0x01,
    FRAME_ACK = 0x02,
    FRAME_ACK_ECN = 0x03,
    FRAME_CRYPTO = 0x06
};

/* Notes that [begin, end) is there, and joins it with the ranges it touches.  False:
 * there are too many pieces already. */
static bool range_add(struct quic_crypto *state, uint16_t begin, uint16_t end)
{
    uint8_t first = 0, last;

    while (first < state->n_ranges && state->ranges[first].end < begin) {
        first++;
    }
    for (last = first; last < state->n_ranges && state->ranges[last].begin <= end;
         last++) {
        begin = begin < state->ranges[last].begin ? begin : state->ranges[last].begin;
        end = end > state->ranges[last].end ? end : state->ranges[last].end;
    }
    if (first == last && state->n_ranges == QUIC_MAX_RANGES) {
        return false;
    }
    /* The ranges from 'first' to before 'last' become one. */
    memmove(&state->ranges[first + 1], &state->ranges[last],
            (size_t)(state->n_ranges - last) * sizeof state->ranges[0]);
    state->n_ranges = (uint8_t)(state->n_ranges - (last - first) + 1);
    state->ranges[first].begin = begin;
    state->ranges[first].end = end;
    return true;
}

/* RFC 9000 19.6: offset, length, data.  What lies beyond the longest hello that is read
 * is left out; the hello's own length will tell. */
static bool crypto_frame(struct cursor *c, struct quic_crypto *state)
{
    uint64_t offset, len;
    const uint8_t *data;

    if (!quic_varint(c, &offset) || !quic_varint(c, &len) || len > c->left ||
        !cursor_take(c, (size_t)len, &data)) {
        return false;
    }
    if (len == 0 || offset > HELLO_MAX_LEN || len > HELLO_MAX_LEN - offset) {
        return true;
    }
    if (range_add(state, (uint16_t)offset, (uint16_t)(offset + len))) {
        memcpy(state->bytes + offset, data, (size_t)len);
    }
    return true;
}

/* RFC 9000 19.3: largest, delay, count, first range; then 'count' gaps and ranges, and
 * with ECN three sums.  However high 'count' is, the loop ends with the payload. */
static bool ack_frame(struct cursor *c, bool ecn)
{
    uint64_t largest, delay, count, skipped;

    if (!quic_varint(c, &largest) || !quic_varint(c, &delay) ||
        !quic_varint(c, &count) || !quic_varint(c, &skipped)) {
        return false;
    }
    for (uint64_t n = 2 * count + (ecn ? 3 : 0); n > 0; n--) {
        if (!quic_varint(c, &skipped)) {
            return false;
        }
    }
    return true;
}

/* Ends at the first frame that it does not know: the rest cannot be told apart. */
static void frames_read(struct cursor payload, struct quic_crypto *state)
{
    uint8_t type;
    bool ok = true;

    while (ok && cursor_u8(&payload, &type)) {
        switch (type) {
        case FRAME_PADDING:
        case FRAME_PING:
            break;
        case FRAME_ACK:
        case FRAME_ACK_ECN:
            ok = ack_frame(&payload, type == FRAME_ACK_ECN);
            break;
        case FRAME_CRYPTO:
            ok = crypto_frame(&payload, state);
            break;
        default:
            ok = false;
        }
    }
}

/* Makes 'keys' those of the connection.  It begins anew: after a
 * Retry the client sends its hello once more, after another version another hello. */
static void state_start(const struct quic_keys *keys, struct quic_crypto *state)
{
    state->keys = *keys;
    state->has_keys = true;
    state->n_ranges = 0;
}

/* Opens a packet with the connection's keys, or with those of its own connection id: it
 * is the client's first, or the first after a Retry (RFC 9001 5.2). */
static bool packet_open(const struct quic_packet *packet, struct quic_crypto *state,
                        uint8_t room[static QUIC_PAYLOAD_MAX], struct cursor *payload)
{
    struct quic_keys keys;

    if (state->has_keys && quic_packet_open(packet, &state->keys, room, payload)) {
        return true;
    }
    for (unsigned way = 0; quic_keys_derive(packet->version, way, packet->dcid, &keys);
         way++) {
        if (quic_packet_open(packet, &keys, room, payload)) {
            state_start(&keys, state);
            return true;
        }
    }
    return false;
}

enum parse_result quic_initial_parse(struct cursor datagram, struct quic_crypto *state,
                                     struct tls_hello *out)
{
    uint8_t room[QUIC_PAYLOAD_MAX];
    struct quic_packet packet;
    struct cursor payload;
    bool opened = false;

    while (quic_packet_next(&datagram, &packet)) {
        if (packet.kind == QUIC_INITIAL &&
            packet_open(&packet, state, room, &payload)) {
            frames_read(payload, state);
            opened = true;
        }
    }
    if (!opened) {
        return PARSE_NOT;
    }
    struct cursor hello = {state->bytes, 0};
    if (state->n_ranges > 0 && state->ranges[0].begin == 0) {
        hello.left = state->ranges[0].end;
    }
    return tls_hello_message_parse(hello, out);
}
