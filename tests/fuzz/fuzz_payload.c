/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Segments and datagrams of one flow, as they come: what puts messages together.
 *
 * The input is packets: which end and how the sequence number moves on (a byte), how
 * many bytes follow (a byte), and these.  The first byte of all chooses the ports.
 */
#include "audit/shard.h"
#include "names_fuzz.h"

enum { MOST_PACKETS = 64, SKIP = 100 };

static const uint16_t ports[] = {53, 389, 443, 5060, 7777, 67};

static struct packet packet_of(struct cursor *in, uint16_t port, unsigned who,
                               uint32_t n)
{
    uint8_t len = 0;
    struct packet packet = {
        .src = addr_from_v4((const uint8_t[]){10, 0, 0, who ? 2 : 1}),
        .dst = addr_from_v4((const uint8_t[]){10, 0, 0, who ? 1 : 2}),
        .src_port = who ? port : 40000,
        .dst_port = who ? 40000 : port,
        .tcp_flags = TCP_ACK,
        .ip_id = (uint16_t)(n + 1),
        .frame = n + 1,
        .ns = 1000000000 + (int64_t)n * 1000000,
    };

    cursor_u8(in, &len);
    packet.payload = in->at;
    packet.payload_cap = (uint32_t)cursor_first(*in, len).left;
    packet.payload_len = len;
    cursor_skip(in, packet.payload_cap);
    return packet;
}

static void packets_apply(struct shard *shard, struct piece *piece, struct cursor in,
                          uint8_t proto, uint16_t port)
{
    uint32_t seq[2] = {1000, 0xffffff00};
    uint8_t step;

    for (uint32_t n = 0; n < MOST_PACKETS && cursor_u8(&in, &step); n++) {
        unsigned who = step & 1;
        struct packet packet = packet_of(&in, port, who, n);

        packet.proto = proto;
        packet.kind = proto == 6 ? PACKET_TCP : PACKET_UDP;
        /* Once more, as it should be, or behind a hole. */
        packet.tcp_seq =
            step & 2 ? seq[who] - packet.payload_len : seq[who] + (step & 4 ? SKIP : 0);
        seq[who] = packet.tcp_seq + packet.payload_len;
        if (piece_add(piece, &packet, who, n + 1) && packet.payload_len > 0 &&
            !payload_is_settled(piece, &packet, who)) {
            payload_look(shard, piece, &packet, who, n + 1);
        }
    }
}

/* Whatever was under reassembly is given back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = {data, size};
    struct shard *shard = calloc(1, sizeof *shard);
    uint8_t choice = 0;
    struct piece piece;

    require(shard != NULL);
    tally_init(&shard->tally);
    for (uint16_t i = 0; i < SHARD_STREAMS; i++) {
        shard->free_streams[shard->n_free++] = i;
    }
    for (uint8_t i = 0; i < SHARD_HELLOS; i++) {
        shard->free_hellos[shard->n_free_hellos++] = i;
    }
    cursor_u8(&in, &choice);
    memset(&piece, 0, sizeof piece);
    piece.key.proto = choice & 1 ? 17 : 6;
    packets_apply(shard, &piece, in, piece.key.proto,
                  ports[(choice >> 1) % (sizeof ports / sizeof *ports)]);
    payload_forget(shard, &piece);
    require(shard->n_free == SHARD_STREAMS && shard->n_free_hellos == SHARD_HELLOS);
    for (size_t i = 0; i < SHARD_STREAMS; i++) {
        stream_fini(&shard->streams[i]);
    }
    for (size_t i = 0; i < SHARD_HELLOS; i++) {
        free(shard->hellos[i]);
    }
    tally_fini(&shard->tally);
    free(shard);
    return 0;
}
