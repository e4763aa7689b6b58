/* SPDX-License-Identifier: BSD-3-Clause */
#include "corpus.h"

#include "../fuzz/quic_seal.h"

#include <strings.h>

#define CID "\x83\x94\xc8\xf0\x3e\x51\x57\x08" /* Of RFC 9001 appendix A. */
#define OTHER_CID "\x01\x02\x03\x04"

enum { PACKET_MAX = 4096, V1 = 1, V2 = SEAL_V2 };

/* RFC 9001 A.2: the hello of the client's first packet, as a CRYPTO frame. */
static const char rfc_frame[] =
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b6948"
    "4c"
    "00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a000800"
    "06"
    "001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9ca"
    "a4"
    "7fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403"
    "05"
    "0306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000"
    "ff"
    "ff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff";

static size_t unhex(const char *text, uint8_t *out)
{
    size_t n = strlen(text) / 2;

    for (size_t i = 0; i < n; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};

        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return n;
}

static void assert_hex(const uint8_t *bytes, const char *want)
{
    uint8_t wanted[64];
    size_t n = unhex(want, wanted);

    assert_memory_equal(bytes, wanted, n);
}

static void put(uint8_t *out, size_t *len, const void *bytes, size_t n)
{
    memcpy(out + *len, bytes, n);
    *len += n;
}

/* RFC 9001 A.1 and RFC 9369 A.1. */
static void check_keys(void **state)
{
    struct cursor cid = {(const uint8_t *)CID, 8};
    struct quic_keys keys;

    (void)state;
    assert_true(quic_keys_derive(V1, 0, cid, &keys));
    assert_hex(keys.key, "1f369613dd76d5467730efcbe3b1a22d");
    assert_hex(keys.iv, "fa044b2f42a3fd3b46fb255c");
    assert_hex(keys.hp, "9f50449e04a0e810283a1e9933adedd2");
    assert_true(quic_keys_derive(V2, 0, cid, &keys));
    assert_hex(keys.key, "8b1a0bc121284290a29e0971b5cd045d");
    assert_hex(keys.iv, "91f73e2351d8fa91660e909f");
    assert_hex(keys.hp, "45b95e15235d6f45a6b19cbcb0294ba9");
    assert_false(quic_keys_derive(2, 0, cid, &keys));
    assert_false(quic_keys_derive(V1, 1, cid, &keys));
}

/* RFC 9001 A.2: the packet as it goes over the wire, by its ends. */
static void check_rfc_packet(void **state)
{
    uint8_t payload[PACKET_MAX] = {0}, packet[PACKET_MAX];
    struct quic_sealer s = {V1, NULL, CID, "", 0, 2};
    struct quic_crypto crypto = {.has_keys = false};
    struct tls_hello hello;

    (void)state;
    unhex(rfc_frame, payload);
    size_t len = quic_seal(&s, payload, 1162, packet);
    assert_int_equal(len, 1200);
    assert_hex(packet, "c000000001088394c8f03e5157080000449e7b9aec34");
    assert_hex(packet + len - 16, "e221af44860018ab0856972e194cd934");

    for (size_t cut = 0; cut < len; cut++) {
        struct cursor in = frame_copy(packet, cut);

        assert_int_equal(quic_initial_parse(in, &crypto, &hello), PARSE_NOT);
        assert_false(quic_is_initial(in));
        frame_free(in);
    }
    struct cursor in = frame_copy(packet, len);
    assert_true(quic_is_initial(in));
    assert_int_equal(quic_initial_parse(in, &crypto, &hello), PARSE_OK);
    assert_string_equal(hello.sni, "example.com");
    frame_free(in);
}

/* The hello of the RFC in pieces of 'piece' bytes, the last first. */
static size_t shuffled_frames(size_t piece, uint8_t *out)
{
    uint8_t frame[512];
    size_t hello_len = unhex(rfc_frame, frame) - 4, len = 0;

    for (size_t n = (hello_len + piece - 1) / piece; n-- > 0;) {
        size_t at = n * piece, part = at + piece < hello_len ? piece : hello_len - at;

        out[len++] = 6;
        out[len++] = 0x40;
        out[len++] = (uint8_t)at;
        out[len++] = (uint8_t)(0x40 | part >> 8);
        out[len++] = (uint8_t)part;
        put(out, &len, frame + 4 + at, part);
        out[len++] = 1;                    /* PING */
        put(out, &len, "\x02\0\0\0\0", 5); /* ACK */
        put(out, &len, "\x03\x09\0\x01\x02\0\x03\x3f\x3f\x3f",
            10);                     /* With a gap, and ECN. */
        put(out, &len, "\0\0\0", 3); /* PADDING */
    }
    return len;
}

static void check_shuffled(void **state)
{
    struct quic_sealer s = {V1, NULL, CID, "token", 0, 0};

    (void)state;
    for (size_t piece = 4; piece <= 241; piece++) {
        uint8_t payload[2 * PACKET_MAX], packet[3 * PACKET_MAX];
        struct quic_crypto crypto = {.has_keys = false};
        struct tls_hello hello;
        size_t len = quic_seal(&s, payload, shuffled_frames(piece, payload), packet);

        assert_int_equal(
            quic_initial_parse((struct cursor){packet, len}, &crypto, &hello),
            PARSE_OK);
        assert_string_equal(hello.sni, "example.com");
        assert_int_equal(crypto.n_ranges, 1);
    }
}

/* One datagram after the other: what each brings, and what is told then. */
struct step {
    struct quic_sealer sealer;
    size_t begin, end; /* Of the hello; both 0: a PING. */
    enum parse_result want;
};

static const struct row {
    const char *title;
    struct step steps[4];
} rows[] = {
    {"two datagrams",
     {{{V1, NULL, CID, "", 0, 0}, 0, 100, PARSE_MORE},
      {{V1, NULL, CID, "", 0, 1}, 100, 241, PARSE_OK}}},
    {"the second first",
     {{{V1, NULL, CID, "", 0, 1}, 100, 241, PARSE_MORE},
      {{V1, NULL, CID, "", 0, 0}, 0, 100, PARSE_OK}}},
    {"overlapping",
     {{{V1, NULL, CID, "", 0, 1}, 90, 241, PARSE_MORE},
      {{V1, NULL, CID, "", 0, 0}, 0, 150, PARSE_OK}}},
    {"a gap that is filled",
     {{{V1, NULL, CID, "", 0, 1}, 0, 90, PARSE_MORE},
      {{V1, NULL, CID, "", 0, 2}, 91, 241, PARSE_MORE},
      {{V1, NULL, CID, "", 0, 3}, 90, 91, PARSE_OK}}},
    {"to the server's connection id, with the first keys",
     {{{V1, NULL, CID, "", 0, 0}, 0, 100, PARSE_MORE},
      {{V1, CID, OTHER_CID, "", 0, 1}, 100, 241, PARSE_OK}}},
    {"after a Retry, with new keys and from the start",
     {{{V1, NULL, CID, "", 0, 0}, 0, 100, PARSE_MORE},
      {{V1, NULL, OTHER_CID, "token", 0, 1}, 100, 241, PARSE_MORE},
      {{V1, NULL, OTHER_CID, "token", 0, 2}, 0, 100, PARSE_OK}}},
    {"version 2",
     {{{V2, NULL, CID, "", 1, 0}, 0, 100, PARSE_MORE},
      {{V2, NULL, CID, "", 1, 1}, 100, 241, PARSE_OK}}},
    {"another version begins anew",
     {{{V2, NULL, CID, "", 1, 0}, 0, 100, PARSE_MORE},
      {{V1, NULL, CID, "", 0, 1}, 100, 241, PARSE_MORE},
      {{V1, NULL, CID, "", 0, 1}, 0, 100, PARSE_OK}}},
    {"draft 29", {{{0xff00001d, NULL, CID, "", 0, 0}, 0, 241, PARSE_OK}}},
    {"draft 27", {{{0xff00001b, NULL, CID, "", 0, 0}, 0, 241, PARSE_OK}}},
    {"a reserved version", {{{0x1a2a3a4a, NULL, CID, "", 0, 0}, 0, 241, PARSE_OK}}},
    {"a great packet number", {{{V1, NULL, CID, "", 0, 0x12345678}, 0, 241, PARSE_OK}}},
    /* Those that tell nothing. */
    {"a PING", {{{V1, NULL, CID, "", 0, 0}, 0, 0, PARSE_MORE}}},
    {"from the middle of a connection",
     {{{V1, CID, OTHER_CID, "", 0, 1}, 0, 241, PARSE_NOT}}},
    {"a stranger's packet between",
     {{{V1, NULL, CID, "", 0, 0}, 0, 100, PARSE_MORE},
      {{V1, "stranger", OTHER_CID, "", 0, 1}, 100, 241, PARSE_NOT},
      {{V1, NULL, CID, "", 0, 1}, 100, 241, PARSE_OK}}},
    {"0-RTT", {{{V1, NULL, CID, "", 1, 0}, 0, 241, PARSE_NOT}}},
    {"a Handshake packet", {{{V1, NULL, CID, "", 2, 0}, 0, 241, PARSE_NOT}}},
    {"a Retry", {{{V1, NULL, CID, "", 3, 0}, 0, 241, PARSE_NOT}}},
};

static size_t step_build(const struct step *step, uint8_t *packet)
{
    uint8_t frame[512], payload[512] = {6, 0x40, 0, 0x40, 0};
    size_t n = step->end - step->begin, len = 5;

    unhex(rfc_frame, frame);
    payload[2] = (uint8_t)step->begin;
    payload[4] = (uint8_t)n;
    put(payload, &len, frame + 4 + step->begin, n);
    if (n == 0) {
        payload[0] = 1;
        memset(payload + 1, 0, 20);
        len = 20;
    }
    return quic_seal(&step->sealer, payload, len, packet);
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct quic_crypto crypto = {.has_keys = false};

    for (size_t i = 0; i < 4 && row->steps[i].sealer.dcid; i++) {
        uint8_t packet[PACKET_MAX];
        struct cursor in = frame_copy(packet, step_build(&row->steps[i], packet));
        struct tls_hello hello = {.sni = ""};

        memcpy((void *)(uintptr_t)in.at, packet, in.left);
        assert_int_equal(quic_initial_parse(in, &crypto, &hello), row->steps[i].want);
        assert_string_equal(hello.sni,
                            row->steps[i].want == PARSE_OK ? "example.com" : "");
        frame_free(in);
    }
}

/* Two Initial packets and a 0-RTT one in one datagram, and noise behind. */
static void check_coalesced(void **state)
{
    static const struct step steps[] = {
        {{V1, NULL, CID, "", 0, 0}, 100, 241, PARSE_MORE},
        {{V1, NULL, CID, "", 1, 0}, 0, 241, PARSE_MORE},
        {{V1, NULL, CID, "", 0, 1}, 0, 100, PARSE_OK},
    };
    uint8_t datagram[3 * PACKET_MAX];
    struct quic_crypto crypto = {.has_keys = false};
    struct tls_hello hello;
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        len += step_build(&steps[i], datagram + len);
    }
    put(datagram, &len, "\x40noise", 6);
    assert_int_equal(
        quic_initial_parse((struct cursor){datagram, len}, &crypto, &hello), PARSE_OK);
    assert_string_equal(hello.sni, "example.com");
}

/* More pieces than are kept, beyond the room, and frames that run out. */
static void check_hostile_frames(void **state)
{
    struct quic_sealer s = {V1, NULL, CID, "", 0, 0};
    uint8_t payload[PACKET_MAX], packet[PACKET_MAX];
    struct quic_crypto crypto = {.has_keys = false};
    struct tls_hello hello;
    size_t len = 0;

    (void)state;
    put(payload, &len, "\x06\x7f\xff\x01x", 5);     /* 16383, the last byte */
    put(payload, &len, "\x06\x80\0\x40\0\x01x", 7); /* 16384 */
    put(payload, &len, "\x06\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 11);
    for (unsigned i = 1; i <= 200; i++) {
        put(payload, &len,
            (uint8_t[]){6, (uint8_t)(0x40 | i >> 5), (uint8_t)(i << 3), 1, 0}, 5);
    }
    put(payload, &len, "\x06\0\xff\xff\xff\xff\xff\xff\xff\xff", 10); /* Runs out. */
    len = quic_seal(&s, payload, len, packet);
    assert_int_equal(quic_initial_parse((struct cursor){packet, len}, &crypto, &hello),
                     PARSE_MORE);
    assert_int_equal(crypto.n_ranges, QUIC_MAX_RANGES);

    len = quic_seal(&s, (const uint8_t *)"\x02\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0",
                    12, packet);
    assert_int_equal(quic_initial_parse((struct cursor){packet, len}, &crypto, &hello),
                     PARSE_MORE);
}

static void check_kinds(void **state)
{
    static const struct {
        const uint8_t *bytes;
        size_t len;
        enum quic_kind want;
    } table[] = {
        {WIRE("\xc0\0\0\0\x01\0\0"), QUIC_INITIAL},
        {WIRE("\xd0\0\0\0\x01\0\0"), QUIC_ZERO_RTT},
        {WIRE("\xe0\0\0\0\x01\0\0"), QUIC_HANDSHAKE},
        {WIRE("\xf0\0\0\0\x01\0\0"), QUIC_RETRY},
        {WIRE("\xd0\x6b\x33\x43\xcf\0\0"), QUIC_INITIAL},
        {WIRE("\xc0\x6b\x33\x43\xcf\0\0"), QUIC_RETRY},
        {WIRE("\x80\0\0\0\0\x01x\x01y"), QUIC_VERSION_NEGOTIATION},
        {WIRE("\xc0Q046\0\0"), QUIC_OTHER_VERSION},
        {WIRE("\x80\0\0\0\x01\0\0"), QUIC_OTHER_VERSION},
        {WIRE("\x40\0\0\0\x01\0\0"), QUIC_NONE},
        {WIRE("\xc0\0\0\0\x01\x15"
              "0123456789abcdef01234\0"),
         QUIC_NONE},
        {WIRE("\xc0\0\0\0\x01\x02x"), QUIC_NONE},
        {WIRE("\xc0\0\0\0\x01\0"), QUIC_NONE},
        {WIRE("\xc0\0\0"), QUIC_NONE},
        {WIRE(""), QUIC_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct cursor in = frame_copy(table[i].bytes, table[i].len);

        assert_int_equal(quic_kind(in), table[i].want);
        assert_false(quic_is_initial(in));
        frame_free(in);
    }
}

enum { MAX_FLOWS = 1024 };

/* A packet too short for its number and a sample of its payload. */
static void check_short_body(void **state)
{
    static const char packet[] = "\xc0\0\0\0\x01\0\0\0"
                                 "\x14"
                                 "0123456789abcdefghij";
    uint8_t bytes[sizeof packet];

    (void)state;
    memcpy(bytes, packet, sizeof packet);
    assert_true(quic_is_initial((struct cursor){bytes, sizeof packet - 1}));
    assert_false(quic_is_initial((struct cursor){bytes, sizeof packet - 2}));
    bytes[8]--;
    assert_false(quic_is_initial((struct cursor){bytes, sizeof packet - 2}));
}

/* A packet that would not fit is not opened, not even in part: libgcrypt writes before
 * it knows that the tag is wrong, and AddressSanitizer does not see into it. */
static void check_long_body(void **state)
{
    static uint8_t body[QUIC_PAYLOAD_MAX + 64], room[2 * QUIC_PAYLOAD_MAX];
    const struct quic_packet packet = {.header = {(const uint8_t *)"\xc0", 1},
                                       .body = {body, sizeof body}};
    const struct quic_keys keys = {{0}, {0}, {0}};
    struct cursor payload;

    (void)state;
    memset(room, 0x5a, sizeof room);
    assert_false(quic_packet_open(&packet, &keys, room, &payload));
    for (size_t i = QUIC_PAYLOAD_MAX; i < sizeof room; i++) {
        assert_int_equal(room[i], 0x5a);
    }
}

/* The names that were found, as tshark's truth counts them: one for each flow. */
struct harvest {
    struct {
        uint8_t key[36];
        size_t key_len;
        struct quic_crypto crypto;
        char name[NAME_MAX_LEN + 1];
    } * flows;
    size_t n_flows;
};

static void harvest_datagram(const struct corpus_datagram *datagram, void *context)
{
    struct harvest *harvest = context;
    struct tls_hello hello;
    size_t i = 0;

    if (!quic_is_initial(datagram->payload)) {
        return;
    }
    while (i < harvest->n_flows &&
           memcmp(harvest->flows[i].key, datagram->flow.at, datagram->flow.left) != 0) {
        i++;
    }
    assert_true(i < MAX_FLOWS);
    if (i == harvest->n_flows) {
        memcpy(harvest->flows[i].key, datagram->flow.at, datagram->flow.left);
        harvest->n_flows++;
    }
    if (harvest->flows[i].name[0] == '\0' &&
        quic_initial_parse(datagram->payload, &harvest->flows[i].crypto, &hello) ==
            PARSE_OK) {
        memcpy(harvest->flows[i].name, hello.sni, sizeof hello.sni);
    }
}

/* Takes one such name out of the harvest. */
static bool harvest_take(struct harvest *harvest, const char *name)
{
    for (size_t i = 0; i < harvest->n_flows; i++) {
        if (strcasecmp(harvest->flows[i].name, name) == 0) {
            harvest->flows[i].name[0] = '\0';
            return true;
        }
    }
    return false;
}

/* Holds the harvest of a capture against the truth; returns how many names agree. */
static size_t compare_names(const char *file, struct harvest *harvest,
                            const json_t *truth)
{
    size_t f, n, n_same = 0;
    json_t *flow, *name;

    json_array_foreach(json_object_get(truth, "flows"), f, flow)
    {
        json_array_foreach(json_object_get(flow, "names"), n, name)
        {
            const char *kind = json_string_value(json_object_get(name, "kind"));
            const char *value = json_string_value(json_object_get(name, "value"));

            if (strcmp(kind, "quic_sni") != 0) {
                continue;
            }
            if (!harvest_take(harvest, value)) {
                print_message("%s: %s is missing\n", file, value);
                fail();
            }
            n_same++;
        }
    }
    for (size_t i = 0; i < harvest->n_flows; i++) {
        if (harvest->flows[i].name[0] != '\0') {
            print_message("%s: %s is too much\n", file, harvest->flows[i].name);
            fail();
        }
    }
    return n_same;
}

static void check_corpus(void **state)
{
    static const char *const files[] = {
        "mercury__quic_reordered_frames.pcap",
        "ndpi__quic-v2.pcapng",
        "ndpi__quic_frags_ch_out_of_order_same_packet_craziness.pcapng",
        "ndpi__quic_interop_V.pcapng",
        "ndpi__youtube_quic.pcap",
        "ndpi__quic-fuzz-overflow.pcapng",
        "ndpi__snapchat_call_v1.pcapng",
        "suricata-verify__quic-frag-middle-gap--input.pcap"};
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct harvest harvest = {calloc(MAX_FLOWS, sizeof *harvest.flows), 0};
        json_t *truth = corpus_truth(files[i]);

        assert_non_null(harvest.flows);
        if (corpus_each(files[i], harvest_datagram, &harvest)) {
            n += compare_names(files[i], &harvest, truth);
        }
        json_decref(truth);
        free(harvest.flows);
    }
    if (n == 0) {
        skip();
    }
    print_message("%zu names as tshark reads them\n", n);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 9] = {
        cmocka_unit_test(check_keys),           cmocka_unit_test(check_rfc_packet),
        cmocka_unit_test(check_shuffled),       cmocka_unit_test(check_coalesced),
        cmocka_unit_test(check_hostile_frames), cmocka_unit_test(check_kinds),
        cmocka_unit_test(check_short_body),     cmocka_unit_test(check_long_body),
        cmocka_unit_test(check_corpus),
    };

    snprintf(corpus_dir, sizeof corpus_dir, "%s", argc > 2 ? argv[2] : ".");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[9 + i] = (struct CMUnitTest){rows[i].title, check_row, NULL, NULL,
                                           (void *)(uintptr_t)&rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
