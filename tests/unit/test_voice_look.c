/* SPDX-License-Identifier: BSD-3-Clause
 *
 * SIP out of segments and fragments: a message counts once, however it came.
 */
#include "exchanges.h"
#include "unit.h"

#include "audit/shard.h"

#define INVITE                                                                         \
    "INVITE sip:b SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.1\r\ni: 7\r\nCSeq: 1 INVITE\r\n"  \
    "c: application/sdp\r\nl: 50\r\n\r\n"                                              \
    "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 2222 RTP/AVP 0\r\n\r\n"
#define BYE "BYE sip:b SIP/2.0\r\ni: 7\r\nCSeq: 2 BYE\r\nl: 0\r\n\r\n"

enum { INVITE_LEN = sizeof INVITE - 1, MAX_PARTS = 8, HOST = 1, PEER = 2 };

struct part {
    unsigned at, len; /* Of the row's bytes; a later fragment's 'at' is its offset. */
};

struct row {
    const char *title;
    const char *bytes;
    struct part parts[MAX_PARTS];
    bool fragments;
    unsigned invites, byes, in_pieces, missing, expected;
};

static const struct row rows[] = {
    {"one segment", INVITE, {{0, INVITE_LEN}}, .invites = 1, .expected = 1},
    {"two messages joined",
     INVITE BYE,
     {{0, sizeof INVITE BYE - 1}},
     .invites = 1,
     .byes = 1,
     .expected = 1},
    {"split in the head",
     INVITE BYE,
     {{0, 40}, {40, 60}, {100, sizeof INVITE BYE - 101}},
     .invites = 1,
     .byes = 1,
     .expected = 1},
    {"split in the body",
     INVITE,
     {{0, INVITE_LEN - 5}, {INVITE_LEN - 5, 5}},
     .invites = 1,
     .expected = 1},
    {"segments in another order",
     INVITE,
     {{0, 40}, {100, INVITE_LEN - 100}, {40, 60}},
     .invites = 1,
     .expected = 1},
    {"one and a half, and the rest",
     BYE INVITE,
     {{0, 80}, {80, sizeof INVITE BYE - 81}},
     .invites = 1,
     .byes = 1,
     .expected = 1},
    {"an ACK asks for nothing",
     "ACK sip:b SIP/2.0\r\ni: 7\r\nCSeq: 1 ACK\r\n\r\n",
     {{0, 40}},
     .byes = 0},
    {"a segment twice", BYE, {{0, sizeof BYE - 1}, {0, sizeof BYE - 1}}, .byes = 1},
    {"the first half twice",
     INVITE,
     {{0, 40}, {0, 40}, {40, INVITE_LEN - 40}},
     .invites = 1,
     .expected = 1},
    {"the second half never comes", INVITE, {{0, INVITE_LEN - 5}}, .invites = 0},
    {"binary", "\x80\x01\x02\x03", {{0, 4}}, .invites = 0},
    {"fragments",
     INVITE,
     {{0, 96}, {96, INVITE_LEN - 96}},
     true,
     .invites = 1,
     .in_pieces = 1,
     .expected = 1},
    {"three fragments, the last two swapped",
     INVITE,
     {{0, 64}, {128, INVITE_LEN - 128}, {64, 64}},
     true,
     .invites = 1,
     .in_pieces = 1,
     .expected = 1},
    {"the second fragment is lost",
     INVITE,
     {{0, 96}},
     true,
     .invites = 1,
     .missing = 1},
    {"a fragment between is lost",
     INVITE,
     {{0, 96}, {128, INVITE_LEN - 128}},
     true,
     .invites = 1,
     .missing = 1},
    {"the second fragment twice",
     INVITE,
     {{0, 96}, {96, INVITE_LEN - 96}, {96, INVITE_LEN - 96}},
     true,
     .invites = 1,
     .in_pieces = 1,
     .expected = 1},
    {"fragments of something else",
     "\x80\x01\x02\x03zzzzzzzz",
     {{0, 8}, {8, 4}},
     true,
     .invites = 0},
};

static struct packet packet_of(const struct row *row, unsigned i)
{
    const struct part *part = &row->parts[i];
    bool last = part->at + part->len == strlen(row->bytes);
    struct packet p = {
        .src = addr_from_v4((const uint8_t[]){10, 0, 0, HOST}),
        .dst = addr_from_v4((const uint8_t[]){10, 0, 0, PEER}),
        .src_port = 40000,
        .dst_port = 5060,
        .proto = row->fragments ? 17 : 6,
        .kind = row->fragments ? PACKET_UDP : PACKET_TCP,
        .tcp_flags = TCP_ACK,
        .tcp_seq = 1000 + part->at,
        .ip_id = (uint16_t)(row->fragments ? 7 : i + 1),
        .frag_id = 7,
        .ns = 1000000000000 + (int64_t)i * 1000000000,
        .frame = i + 1,
        .payload_len = part->len,
        .payload_cap = part->len,
    };

    if (row->fragments) {
        p.flags = PACKET_FRAGMENT | (last ? 0 : PACKET_MORE_FRAGMENTS) |
                  (part->at ? PACKET_LATER_FRAGMENT : 0);
        p.frag_offset = part->at ? part->at + 8 : 0;
    }
    return p;
}

/* A shard that holds no flows: what puts messages together needs none. */
static struct shard *shard_new(void)
{
    struct shard *shard = calloc(1, sizeof *shard);

    assert_non_null(shard);
    tally_init(&shard->tally);
    for (uint16_t i = 0; i < SHARD_STREAMS; i++) {
        shard->free_streams[shard->n_free++] = i;
    }
    return shard;
}

static void shard_free(struct shard *shard)
{
    assert_int_equal(shard->n_free, SHARD_STREAMS);
    for (size_t i = 0; i < SHARD_STREAMS; i++) {
        stream_fini(&shard->streams[i]);
    }
    tally_fini(&shard->tally);
    free(shard);
}

static void segment_apply(struct shard *shard, struct piece *piece,
                          const struct packet *packet)
{
    uint32_t frame = (uint32_t)packet->frame;

    if (piece_add(piece, packet, 0, frame)) {
        voice_tcp_look(shard, piece, packet, 0, frame);
    }
}

/* As shard.c does it. */
static void fragment_apply(struct shard *shard, uint16_t *number,
                           const struct packet *packet)
{
    if (packet->frag_offset == 0) {
        *number = voice_pieces_begin(shard, packet, true, 1);
    } else if (voice_pieces_add(shard, *number, packet)) {
        voice_pieces_end(shard, *number, packet, 1);
        *number = 0;
    }
}

static void parts_apply(struct shard *shard, const struct row *row)
{
    struct piece piece = {.end[0].packets = 0};
    struct packet packet = {.ns = 0};
    uint16_t number = 0;

    for (unsigned i = 0; i < MAX_PARTS && row->parts[i].len; i++) {
        const uint8_t *from = (const uint8_t *)row->bytes + row->parts[i].at;
        struct cursor bytes = frame_copy(from, row->parts[i].len);

        packet = packet_of(row, i);
        packet.payload = bytes.at;
        if (row->fragments) {
            fragment_apply(shard, &number, &packet);
        } else {
            segment_apply(shard, &piece, &packet);
        }
        frame_free(bytes);
    }
    voice_pieces_end(shard, number, &packet, 1);
    payload_forget(shard, &piece);
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct shard *shard = shard_new();
    const struct tally *tally = &shard->tally;

    parts_apply(shard, row);
    assert_int_equal(exchange_count(tally, EXCHANGE_SIP_INVITE, EXCHANGE_ASKED,
                                    EXCHANGE_ASKED_AS_USER),
                     row->invites);
    assert_int_equal(exchange_count(tally, EXCHANGE_SIP_OTHER, EXCHANGE_ASKED,
                                    EXCHANGE_ASKED_AS_USER),
                     row->byes);
    assert_int_equal(exchange_count(tally, EXCHANGE_SIP_INVITE,
                                    EXCHANGE_ASKED_IN_PIECES, EXCHANGE_ASKED_IN_PIECES),
                     row->in_pieces);
    assert_int_equal(exchange_count(tally, EXCHANGE_SIP_INVITE,
                                    EXCHANGE_FRAGMENTS_MISSING,
                                    EXCHANGE_FRAGMENTS_MISSING),
                     row->missing);
    assert_int_equal(tally->expectations.n, row->expected);
    shard_free(shard);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows)];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i] = (struct CMUnitTest){.name = rows[i].title,
                                       .test_func = check_row,
                                       .initial_state = (void *)&rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
