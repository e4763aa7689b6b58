/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What payloads tell beside names: binds, Android's check, SIP on ports of its own, DNS
 * over TCP; in segments of both ends.
 */
#include "exchanges.h"
#include "unit.h"

#include "audit/shard.h"

#define ASK(path) "GET " path " HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n\r\n"
#define EMPTY "HTTP/1.1 204 No Content\r\n\r\n"
#define PAGE "HTTP/1.1 302 Found\r\nContent-Length: 6\r\n\r\nlog in"
#define INVITE "INVITE sip:b SIP/2.0\r\ni: 7\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n"
#define BYE "BYE sip:b SIP/2.0\r\ni: 7\r\nCSeq: 2 BYE\r\nl: 0\r\n\r\n"
#define TRYING "SIP/2.0 100 Trying\r\ni: 7\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n"
#define BIND "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"
#define BOUND(code) "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01" code "\x04\x00\x04\x00"
#define SEARCH "\x30\x05\x02\x01\x03\x63\x00"
#define FOUND "\x30\x05\x02\x01\x03\x65\x00"

/* Questions for "a." and "b.", and the answer to the first: 10.0.0.9. */
#define QUERY(id, name)                                                                \
    "\0\x13"                                                                           \
    "\0" id "\x01\0\0\x01\0\0\0\0\0\0"                                                 \
    "\x01" name "\0\0\x01\0\x01"
#define REPLY_HEAD                                                                     \
    "\0\x23"                                                                           \
    "\0\x01"                                                                           \
    "\x81\x80\0\x01\0\x01\0\0\0\0"                                                     \
    "\x01"                                                                             \
    "a\0\0\x01\0\x01"
#define REPLY_TAIL "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x09"

enum { MAX_PARTS = 6, CLIENT = 0, SERVER = 1 };

struct part {
    unsigned who;
    const uint8_t *bytes;
    size_t len;
};

#define FROM(who, bytes)                                                               \
    {                                                                                  \
        who, WIRE(bytes)                                                               \
    }

static const struct row {
    const char *title;
    struct part parts[MAX_PARTS];
    unsigned invites, others, answers; /* Of SIP. */
    unsigned binds;
    uint16_t bound;      /* Result of the answer; 0: none. */
    unsigned check_sign; /* enum check_sign */
    uint16_t port;       /* The server's; 0: 7777. */
    unsigned queries, replies;
} rows[] = {
    /* clang-format off */
    {"the check is answered", {FROM(CLIENT, ASK("/generate_204")), FROM(SERVER, EMPTY)},
     .check_sign = CHECK_SIGN_ASKED | CHECK_SIGN_EMPTY},
    {"the check meets a portal", {FROM(CLIENT, ASK("/generate_204")), FROM(SERVER, PAGE)},
     .check_sign = CHECK_SIGN_ASKED | CHECK_SIGN_OTHER},
    {"the answer's head comes in two", {FROM(CLIENT, ASK("/gen_204")), FROM(SERVER, "HTTP/1.1 302 Fou"), FROM(SERVER, "nd\r\nContent-Length: 6\r\n\r\n")},
     .check_sign = CHECK_SIGN_ASKED | CHECK_SIGN_OTHER},
    {"the question is in another part", {FROM(SERVER, PAGE)}, .check_sign = CHECK_SIGN_OTHER},
    {"the answer is in another part", {FROM(CLIENT, ASK("/generate_204"))}, .check_sign = CHECK_SIGN_ASKED},
    {"another page is no check", {FROM(CLIENT, ASK("/")), FROM(SERVER, PAGE)}, .check_sign = 0},
    {"a page, and then the check", {FROM(CLIENT, ASK("/")), FROM(SERVER, PAGE), FROM(CLIENT, ASK("/generate_204")), FROM(SERVER, EMPTY)},
     .check_sign = CHECK_SIGN_ASKED},
    {"a bind is refused", {FROM(CLIENT, BIND), FROM(SERVER, BOUND("\x31"))}, .binds = 1, .bound = 149},
    {"a bind works", {FROM(CLIENT, BIND), FROM(SERVER, BOUND("\0"))}, .binds = 1, .bound = 100},
    {"a search before, and one behind", {FROM(CLIENT, SEARCH), FROM(SERVER, FOUND), FROM(CLIENT, BIND SEARCH), FROM(SERVER, BOUND("\0") FOUND)},
     .binds = 1, .bound = 100},
    {"an answer in two segments", {FROM(CLIENT, BIND), FROM(SERVER, "\x30\x0c\x02\x01\x01\x61\x07"), FROM(SERVER, "\x0a\x01\x31\x04\x00\x04\x00")},
     .binds = 1, .bound = 149},
    {"SASL goes on, and then it is done", {FROM(CLIENT, BIND), FROM(SERVER, BOUND("\x0e")), FROM(SERVER, BOUND("\0"))},
     .binds = 1, .bound = 100},
    {"SIP", {FROM(CLIENT, INVITE), FROM(SERVER, TRYING), FROM(CLIENT, BYE)}, .invites = 1, .others = 1, .answers = 1},
    {"SIP, two messages joined", {FROM(CLIENT, INVITE BYE)}, .invites = 1, .others = 1},
    {"SIP, cut in its first line", {FROM(CLIENT, "INVITE sip:b SI"), FROM(CLIENT, "P/2.0\r\ni: 7\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n" BYE)},
     .invites = 1, .others = 1},
    {"SIP, cut in the head", {FROM(CLIENT, "INVITE sip:b SIP/2.0\r\ni: 7\r\n"), FROM(CLIENT, "CSeq: 1 INVITE\r\nl: 0\r\n\r\n")},
     .invites = 1},
    {"DNS", {FROM(CLIENT, QUERY("\x01", "a")), FROM(SERVER, REPLY_HEAD REPLY_TAIL)}, .port = 53, .queries = 1, .replies = 1},
    {"DNS, the length in a segment of its own", {FROM(CLIENT, "\0\x13"), FROM(CLIENT, "\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01" "a\0\0\x01\0\x01")}, .port = 53, .queries = 1},
    {"DNS, one byte of the length", {FROM(CLIENT, "\0"), FROM(CLIENT, "\x13\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01" "a\0\0\x01\0\x01")}, .port = 53, .queries = 1},
    {"DNS, two questions joined", {FROM(CLIENT, QUERY("\x01", "a") QUERY("\x02", "b"))}, .port = 53, .queries = 2},
    {"DNS, one and a half, and the rest", {FROM(CLIENT, QUERY("\x01", "a") "\0\x13\0\x02\x01\0"), FROM(CLIENT, "\0\x01\0\0\0\0\0\0\x01" "b\0\0\x01\0\x01")}, .port = 53, .queries = 2},
    {"DNS, an answer in two", {FROM(CLIENT, QUERY("\x01", "a")), FROM(SERVER, REPLY_HEAD), FROM(SERVER, REPLY_TAIL)}, .port = 53, .queries = 1, .replies = 1},
    {"DNS, nonsense first", {FROM(CLIENT, "\0\x03xyz"), FROM(CLIENT, QUERY("\x01", "a"))}, .port = 53, .queries = 1},
    {"text that looks like nothing", {FROM(CLIENT, "HELO mail.example\r\n"), FROM(CLIENT, INVITE)}, .invites = 0},
    /* clang-format on */
};

static struct packet packet_of(const struct row *row, unsigned i, uint32_t seq)
{
    const struct part *part = &row->parts[i];
    uint16_t port = row->port ? row->port : 7777;
    bool client = part->who == CLIENT;

    return (struct packet){
        .src = addr_from_v4((const uint8_t[]){10, 0, 0, client ? 1 : 2}),
        .dst = addr_from_v4((const uint8_t[]){10, 0, 0, client ? 2 : 1}),
        .src_port = client ? 40000 : port,
        .dst_port = client ? port : 40000,
        .proto = 6,
        .kind = PACKET_TCP,
        .tcp_flags = TCP_ACK,
        .tcp_seq = seq,
        .ip_id = (uint16_t)(i + 1),
        .ns = 1000000000000 + (int64_t)i * 1000000000,
        .payload_len = (uint32_t)part->len,
        .payload_cap = (uint32_t)part->len,
    };
}

/* Both ends' segments, as shard.c gives them. */
static struct piece parts_apply(struct shard *shard, const struct row *row)
{
    uint32_t seq[2] = {1000, 5000};
    struct piece piece;

    memset(&piece, 0, sizeof piece);
    for (unsigned i = 0; i < MAX_PARTS && row->parts[i].len; i++) {
        const struct part *part = &row->parts[i];
        struct packet packet = packet_of(row, i, seq[part->who]);
        struct cursor bytes = frame_copy(part->bytes, part->len);

        seq[part->who] += (uint32_t)part->len;
        packet.payload = bytes.at;
        piece.key.proto = 6;
        if (piece_add(&piece, &packet, part->who, i + 1) &&
            !payload_is_settled(&piece, &packet, part->who)) {
            payload_look(shard, &piece, &packet, part->who, i + 1);
        }
        frame_free(bytes);
    }
    payload_forget(shard, &piece);
    return piece;
}

/* Each is of the port that the segments went to. */
static unsigned count(const struct tally *tally, unsigned kind, unsigned low,
                      unsigned high)
{
    for (uint32_t i = 0; i < tally->exchanges.n; i++) {
        const struct exchange *e = pool_at(&tally->exchanges, i);

        if (e->key.kind == kind) {
            assert_int_equal(e->key.port, 7777);
        }
    }
    return exchange_count(tally, kind, low, high);
}

static void check_lookups(const struct tally *tally, const struct row *row)
{
    unsigned queries = 0, replies = 0;

    for (uint32_t i = 0; i < tally->lookups.n; i++) {
        const struct lookup *l = pool_at(&tally->lookups, i);

        queries += l->queries;
        replies += l->answers[LOOKUP_PRIVATE];
    }
    assert_int_equal(queries, row->queries);
    assert_int_equal(replies, row->replies);
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct shard *shard = calloc(1, sizeof *shard);

    assert_non_null(shard);
    tally_init(&shard->tally);
    for (uint16_t i = 0; i < SHARD_STREAMS; i++) {
        shard->free_streams[shard->n_free++] = i;
    }

    struct piece piece = parts_apply(shard, row);
    const struct tally *tally = &shard->tally;

    assert_int_equal(piece.check, row->check_sign);
    check_lookups(tally, row);
    assert_int_equal(count(tally, EXCHANGE_SIP_INVITE, 0, 99), row->invites);
    assert_int_equal(count(tally, EXCHANGE_SIP_OTHER, 0, 99), row->others);
    assert_int_equal(count(tally, EXCHANGE_SIP_INVITE, 100, 699), row->answers);
    assert_int_equal(count(tally, EXCHANGE_LDAP_BIND, 0, 99), row->binds);
    assert_int_equal(count(tally, EXCHANGE_LDAP_BIND, row->bound, row->bound),
                     row->bound ? 1 : 0);
    assert_int_equal(shard->n_free, SHARD_STREAMS);
    for (size_t i = 0; i < SHARD_STREAMS; i++) {
        stream_fini(&shard->streams[i]);
    }
    tally_fini(&shard->tally);
    free(shard);
}

/* Question and answer in parts of a capture, in any order. */
static void check_parts(void **state)
{
    static const struct {
        unsigned signs[3];
        enum check_result want;
    } merges[] = {
        {{CHECK_SIGN_ASKED, CHECK_SIGN_OTHER}, CHECK_PORTAL},
        {{CHECK_SIGN_OTHER, CHECK_SIGN_ASKED}, CHECK_PORTAL},
        {{CHECK_SIGN_ASKED, CHECK_SIGN_EMPTY}, CHECK_OK},
        {{CHECK_SIGN_ASKED | CHECK_SIGN_EMPTY, CHECK_SIGN_OTHER}, CHECK_OK},
        {{CHECK_SIGN_OTHER, CHECK_SIGN_EMPTY}, CHECK_NONE},
        {{CHECK_SIGN_ASKED, 0}, CHECK_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(merges); i++) {
        struct piece parts[2];

        memset(parts, 0, sizeof parts);
        for (size_t k = 0; k < 2; k++) {
            parts[k].check = (uint8_t)merges[i].signs[k];
        }
        piece_merge(&parts[0], &parts[1]);
        assert_int_equal(attempt_of(&parts[0], 0).check, merges[i].want);
    }
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = {cmocka_unit_test(check_parts)};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i + 1] = (struct CMUnitTest){rows[i].title, check_row, NULL, NULL,
                                           (void *)(uintptr_t)&rows[i]};
    }
    return _cmocka_run_group_tests("payload", tests, ARRAY_LEN(tests), NULL, NULL);
}
