/* SPDX-License-Identifier: BSD-3-Clause */
#include "corpus.h"

#include "names/names.h"

#include <strings.h>

/* Header: id, flags, then how many questions, answers, authorities, additionals. */
#define QUERY                                                                          \
    "\x12\x34"                                                                         \
    "\x01\x00"
#define ANSWER                                                                         \
    "\x12\x34"                                                                         \
    "\x81\x80"
#define ONE "\0\x01"
#define NONE "\0\0"
#define MTALK                                                                          \
    "\x05mtalk\x06google\x03"                                                          \
    "com\0" /* At offset 12. */
#define ASK_A MTALK "\0\x01\0\x01"
#define TO_QUESTION "\xc0\x0c"
#define RR_A                                                                           \
    "\0\x01\0\x01"                                                                     \
    "\0\0\x01\x2c"                                                                     \
    "\0\x04"
#define RR_AAAA                                                                        \
    "\0\x1c\0\x01"                                                                     \
    "\0\0\0\x3c"                                                                       \
    "\0\x10"
#define RR_CNAME                                                                       \
    "\0\x05\0\x01"                                                                     \
    "\0\0\0\x0a"
#define V6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05"
#define LABEL_63                                                                       \
    "\x3f"                                                                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

struct row {
    const char *title;
    const uint8_t *bytes;
    size_t len;
    enum parse_result want;
    const char *name;
    const char *addresses; /* With a blank behind each. */
    unsigned type, rcode, ttl;
    bool response, truncated, partial;
};

/* clang-format off */
static const struct row rows[] = {
    {"a query", WIRE(QUERY ONE NONE NONE NONE ASK_A),
     PARSE_OK, "mtalk.google.com", "", .type = 1},
    {"capitals, 0x20 hardening", WIRE(QUERY ONE NONE NONE NONE "\x05MtAlK\x06gOOgle\x03" "CoM\0" "\0\x1c\0\x01"),
     PARSE_OK, "mtalk.google.com", "", .type = 28},
    {"a query for the root", WIRE(QUERY ONE NONE NONE NONE "\0" "\0\x02\0\x01"),
     PARSE_OK, "", "", .type = 2},
    {"a query with a cookie in OPT", WIRE(QUERY ONE NONE NONE ONE ASK_A "\0" "\0\x29\x04\xd0\0\0\0\0\0\0"),
     PARSE_OK, "mtalk.google.com", "", .type = 1},
    {"a name with a blank is no name", WIRE(QUERY ONE NONE NONE NONE "\x05my pr\x05local\0" "\0\x21\0\x01"),
     PARSE_OK, "", "", .type = 33},
    {"a dot inside a label is no name", WIRE(QUERY ONE NONE NONE NONE "\x0emtalk.google.c\x02om\0" "\0\x01\0\x01"),
     PARSE_OK, "", "", .type = 1},
    {"two questions: the first", WIRE(QUERY "\0\x02" NONE NONE NONE ASK_A "\x01x\0" "\0\x01\0\x01"),
     PARSE_OK, "mtalk.google.com", "", .type = 1},
    {"one address", WIRE(ANSWER ONE ONE NONE NONE ASK_A TO_QUESTION RR_A "\x01\x02\x03\x04"),
     PARSE_OK, "mtalk.google.com", "1.2.3.4 ", .type = 1, .ttl = 300, .response = true},
    {"the same address twice", WIRE(ANSWER ONE "\0\x02" NONE NONE ASK_A TO_QUESTION RR_A "\x01\x02\x03\x04" TO_QUESTION RR_A "\x01\x02\x03\x04"),
     PARSE_OK, "mtalk.google.com", "1.2.3.4 ", .type = 1, .ttl = 300, .response = true},
    {"an IPv6 address", WIRE(ANSWER ONE ONE NONE NONE MTALK "\0\x1c\0\x01" TO_QUESTION RR_AAAA V6),
     PARSE_OK, "mtalk.google.com", "2001:db8::5 ", .type = 28, .ttl = 60, .response = true},
    {"a CNAME, then its address", WIRE(ANSWER ONE "\0\x02" NONE NONE ASK_A TO_QUESTION RR_CNAME "\0\x04" "\x01m\xc0\x12" "\xc0\x2e" RR_A "\x01\x02\x03\x04"),
     PARSE_OK, "mtalk.google.com", "1.2.3.4 ", .type = 1, .ttl = 300, .response = true},
    {"the address before its CNAME", WIRE(ANSWER ONE "\0\x02" NONE NONE ASK_A "\x01m\xc0\x12" RR_A "\x01\x02\x03\x04" TO_QUESTION RR_CNAME "\0\x04" "\x01M\xc0\x12"),
     PARSE_OK, "mtalk.google.com", "1.2.3.4 ", .type = 1, .ttl = 300, .response = true},
    {"three CNAMEs backwards", WIRE(ANSWER ONE "\0\x04" NONE NONE ASK_A
        "\x01" "c\0" RR_A "\x01\x02\x03\x04" "\x01" "b\0" RR_CNAME "\0\x03" "\x01" "c\0"
        "\x01" "a\0" RR_CNAME "\0\x03" "\x01" "b\0" TO_QUESTION RR_CNAME "\0\x03" "\x01" "a\0"),
     PARSE_OK, "mtalk.google.com", "1.2.3.4 ", .type = 1, .ttl = 300, .response = true},
    {"a CNAME to itself", WIRE(ANSWER ONE ONE NONE NONE ASK_A TO_QUESTION RR_CNAME "\0\x02" TO_QUESTION),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .response = true, .partial = true},
    {"two CNAMEs in a ring", WIRE(ANSWER ONE "\0\x03" NONE NONE ASK_A TO_QUESTION RR_CNAME "\0\x03" "\x01" "a\0"
        "\x01" "a\0" RR_CNAME "\0\x02" TO_QUESTION TO_QUESTION RR_A "\x01\x02\x03\x04"),
     PARSE_OK, "mtalk.google.com", "1.2.3.4 ", .type = 1, .ttl = 300, .response = true, .partial = true},
    {"an address of another name", WIRE(ANSWER ONE ONE NONE NONE ASK_A "\x01x\0" RR_A "\x01\x02\x03\x04"),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .response = true},
    {"an address of a longer name", WIRE(ANSWER ONE ONE NONE NONE ASK_A "\x01x\xc0\x0c" RR_A "\x01\x02\x03\x04"),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .response = true},
    {"an address of another class", WIRE(ANSWER ONE ONE NONE NONE ASK_A TO_QUESTION "\0\x01\0\x03" "\0\0\0\0" "\0\x04" "\x01\x02\x03\x04"),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .response = true},
    {"an A of 16 bytes", WIRE(ANSWER ONE ONE NONE NONE ASK_A TO_QUESTION "\0\x01\0\x01" "\0\0\0\x01" "\0\x10" V6),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .response = true},
    {"an address among the additionals", WIRE(ANSWER ONE NONE NONE ONE ASK_A TO_QUESTION RR_A "\x01\x02\x03\x04"),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .response = true},
    {"a TTL with the top bit", WIRE(ANSWER ONE ONE NONE NONE ASK_A TO_QUESTION "\0\x01\0\x01" "\x80\0\0\x01" "\0\x04" "\x01\x02\x03\x04"),
     PARSE_OK, "mtalk.google.com", "1.2.3.4 ", .type = 1, .ttl = 0, .response = true},
    {"NXDOMAIN", WIRE("\x12\x34" "\x81\x83" ONE NONE NONE NONE ASK_A),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .rcode = 3, .response = true},
    {"BADVERS through EDNS", WIRE(ANSWER ONE NONE NONE ONE ASK_A "\0" "\0\x29\x04\xd0\x01\0\0\0\0\0"),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .rcode = 16, .response = true},
    {"truncated by the server", WIRE("\x12\x34" "\x83\x80" ONE NONE NONE NONE ASK_A),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .response = true, .truncated = true},
    {"REFUSED without a question", WIRE("\x12\x34" "\x80\x05" NONE NONE NONE NONE),
     PARSE_OK, "", "", .type = 0, .rcode = 5, .response = true},
    {"the second address cut off", WIRE(ANSWER ONE "\0\x02" NONE NONE ASK_A TO_QUESTION RR_A "\x01\x02\x03\x04" TO_QUESTION RR_A "\x05\x06"),
     PARSE_OK, "mtalk.google.com", "1.2.3.4 ", .type = 1, .ttl = 300, .response = true, .partial = true},
    {"an owner that points forwards", WIRE(ANSWER ONE ONE NONE NONE ASK_A "\xc0\x28" RR_A "\x01\x02\x03\x04"),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .response = true},
    {"a CNAME that points to itself", WIRE(ANSWER ONE ONE NONE NONE ASK_A TO_QUESTION RR_CNAME "\0\x02" "\xc0\x2e"),
     PARSE_OK, "mtalk.google.com", "", .type = 1, .response = true, .partial = true},
    {"the longest name", WIRE(QUERY ONE NONE NONE NONE LABEL_63 LABEL_63 LABEL_63 "\x3d" "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abc" "\0" "\0\x01\0\x01"),
     PARSE_OK, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
     ".0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
     ".0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
     ".0123456789abcdef0123456789abcdef0123456789abcdef0123456789abc", "", .type = 1},
    /* Those that are no message. */
    {"a name too long by one", WIRE(QUERY ONE NONE NONE NONE LABEL_63 LABEL_63 LABEL_63 "\x3e" "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd" "\0" "\0\x01\0\x01"),
     .want = PARSE_NOT},
    {"an UPDATE", WIRE("\x12\x34" "\x28\x00" ONE NONE NONE NONE "\x01x\0" "\0\x06\0\x01"), .want = PARSE_NOT},
    {"an inverse query", WIRE("\x12\x34" "\x08\x00" ONE NONE NONE NONE ASK_A), .want = PARSE_NOT},
    {"a NOTIFY", WIRE("\x12\x34" "\x20\x00" ONE NONE NONE NONE ASK_A), .want = PARSE_NOT},
    {"nothing", WIRE(""), .want = PARSE_NOT},
    {"half a header", WIRE(QUERY ONE NONE), .want = PARSE_NOT},
    {"a header and no question", WIRE(QUERY ONE NONE NONE NONE), .want = PARSE_NOT},
    {"a query that asks nothing", WIRE(QUERY NONE NONE NONE NONE), .want = PARSE_NOT},
    {"a question cut in its name", WIRE(QUERY ONE NONE NONE NONE "\x05mtal"), .want = PARSE_NOT},
    {"a question without class", WIRE(QUERY ONE NONE NONE NONE MTALK "\0\x01"), .want = PARSE_NOT},
    {"a class that nobody uses", WIRE(QUERY ONE NONE NONE NONE MTALK "\0\x01" "\x31\x07"), .want = PARSE_NOT},
    {"a question that points to itself", WIRE(QUERY ONE NONE NONE NONE TO_QUESTION "\0\x01\0\x01"), .want = PARSE_NOT},
    {"a question in a ring of pointers", WIRE(QUERY ONE NONE NONE NONE "\x01" "a\xc0\x0c" "\0\x01\0\x01"), .want = PARSE_NOT},
    {"a question that points into its tail", WIRE(QUERY ONE NONE NONE NONE "\xc0\x0f" "\0\x01\0\x01"), .want = PARSE_NOT},
    {"a label type of old", WIRE(QUERY ONE NONE NONE NONE "\x41" "a\0" "\0\x01\0\x01"), .want = PARSE_NOT},
    {"a label type of none", WIRE(QUERY ONE NONE NONE NONE "\x80" "a\0" "\0\x01\0\x01"), .want = PARSE_NOT},
    {"the second question cut", WIRE(QUERY "\0\x02" NONE NONE NONE ASK_A "\x01x\0" "\0\x01"), .want = PARSE_NOT},
    {"no question, a query, an answer", WIRE(QUERY NONE ONE NONE NONE "\x01x\0" RR_A "\x01\x02\x03\x04"), .want = PARSE_NOT},
    {"no question, a broken answer", WIRE(ANSWER NONE ONE NONE NONE "\x81\xff\xfe\xdc"), .want = PARSE_NOT},
    {"no counts, some bytes", WIRE("\x12\x34" "\x80\x05" NONE NONE NONE NONE "x"), .want = PARSE_NOT},
    {"SIP", WIRE("OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1\r\n"), .want = PARSE_NOT},
    {"RTP", WIRE("\x80\x00\x1a\x2b\0\0\x12\x34\xde\xad\xbe\xef\xff\xff\xff\xff\xff\xff\xff\xff\xff"), .want = PARSE_NOT},
    {"NTP", WIRE("\x23\0\x06\xec\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xe5\x61\x20\x11\x12\x34\x56\x78"), .want = PARSE_NOT},
    {"a TLS hello", WIRE("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" "abcdefghijklmnopqrstuvwxyz"), .want = PARSE_NOT},
};
/* clang-format on */

static void addresses_print(const struct dns_message *message, char *text, size_t room)
{
    char address[ADDR_TEXT_LEN];

    text[0] = '\0';
    for (size_t i = 0; i < message->n_addresses; i++) {
        size_t len = strlen(text);

        snprintf(text + len, room - len, "%s ",
                 addr_format(&message->addresses[i], address));
    }
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);
    struct dns_message got = {.name = "untouched"};
    char addresses[DNS_MAX_ADDRESSES * ADDR_TEXT_LEN];

    assert_int_equal(dns_parse(in, &got), row->want);
    if (row->want != PARSE_OK) {
        assert_string_equal(got.name, "untouched");
    } else {
        addresses_print(&got, addresses, sizeof addresses);
        assert_string_equal(got.name, row->name);
        assert_string_equal(addresses, row->addresses);
        assert_int_equal(got.type, row->type);
        assert_int_equal(got.id, load_be16(row->bytes));
        assert_int_equal(got.rcode, row->rcode);
        assert_int_equal(got.ttl, row->ttl);
        assert_int_equal(got.response, row->response);
        assert_int_equal(got.truncated, row->truncated);
        assert_int_equal(got.partial, row->partial);
    }
    frame_free(in);
}

/* A cut answer tells less, never something else. */
static void check_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dns_message whole = {0}, got;

        if (dns_parse((struct cursor){rows[i].bytes, rows[i].len}, &whole) !=
            PARSE_OK) {
            continue;
        }
        for (size_t len = 0; len < rows[i].len; len++) {
            struct cursor in = frame_copy(rows[i].bytes, len);

            if (dns_parse(in, &got) == PARSE_OK) {
                assert_string_equal(got.name, whole.name);
                assert_true(got.n_addresses <= whole.n_addresses);
                assert_true(got.n_addresses == whole.n_addresses || got.partial);
            }
            frame_free(in);
        }
    }
}

/* 40 addresses: 32 are kept, and it is said. */
static void check_many_addresses(void **state)
{
    static const char head[] = ANSWER ONE "\0\x28" NONE NONE ASK_A;
    static const char record[] = TO_QUESTION RR_A "\x0a\0\0";
    uint8_t bytes[sizeof head - 1 + 40 * sizeof record];
    size_t len = sizeof head - 1;
    struct dns_message got;

    (void)state;
    memcpy(bytes, head, len);
    for (uint8_t i = 0; i < 40; i++) {
        memcpy(bytes + len, record, sizeof record - 1);
        bytes[len + sizeof record - 1] = i;
        len += sizeof record;
    }
    assert_int_equal(dns_parse((struct cursor){bytes, len}, &got), PARSE_OK);
    assert_int_equal(got.n_addresses, DNS_MAX_ADDRESSES);
    assert_true(got.partial);
}

/* A chain of as many CNAMEs as are followed, given backwards, and one more. */
static void check_long_chain(void **state)
{
    (void)state;
    for (unsigned n_links = DNS_MAX_CHAIN; n_links <= DNS_MAX_CHAIN + 1; n_links++) {
        uint8_t bytes[2048];
        size_t len = 12;
        struct dns_message got;

        memcpy(bytes, ANSWER ONE "\0\0" NONE NONE, len);
        bytes[7] = (uint8_t)(n_links + 1);
        memcpy(bytes + len,
               "\x01"
               "a\0"
               "\0\x01\0\x01",
               7);
        len += 7;
        memcpy(bytes + len,
               "\x01"
               "?\0" RR_A "\x01\x02\x03\x04",
               17);
        bytes[len + 1] = (uint8_t)('a' + n_links);
        len += 17;
        for (unsigned i = n_links; i > 0; i--) {
            memcpy(bytes + len,
                   "\x01"
                   "?\0" RR_CNAME "\0\x03"
                   "\x01"
                   "?\0",
                   16);
            bytes[len + 1] = (uint8_t)('a' + i - 1);
            bytes[len + 14] = (uint8_t)('a' + i);
            len += 16;
        }
        assert_int_equal(dns_parse((struct cursor){bytes, len}, &got), PARSE_OK);
        assert_int_equal(got.n_addresses, n_links <= DNS_MAX_CHAIN ? 1 : 0);
        assert_int_equal(got.partial, n_links > DNS_MAX_CHAIN);
    }
}

/* A pointer of more than eight bits: the CNAME's target stands behind a long record. */
static void check_far_pointer(void **state)
{
    static const char head[] = ANSWER ONE "\0\x03" NONE NONE ASK_A;
    static const char filler[] = "\x01x\0"
                                 "\0\x10\0\x01"
                                 "\0\0\0\0"
                                 "\0\xff";
    static const char tail[] = TO_QUESTION RR_CNAME "\0\x03"
                                                    "\x01m\0"
                                                    "\xc1\x3a" RR_A "\x01\x02\x03\x04";
    uint8_t bytes[1024] = {0};
    size_t len = sizeof head - 1;
    struct dns_message got;

    (void)state;
    memcpy(bytes, head, len);
    memcpy(bytes + len, filler, sizeof filler - 1);
    len += sizeof filler - 1 + 255;
    memcpy(bytes + len, tail, sizeof tail - 1);
    assert_int_equal(len + 12, 0x13a);
    len += sizeof tail - 1;
    assert_int_equal(dns_parse((struct cursor){bytes, len}, &got), PARSE_OK);
    assert_int_equal(got.n_addresses, 1);
    assert_false(got.partial);
}

static void check_stream(void **state)
{
    static const char two[] = "\0\x02"
                              "ab"
                              "\0\x01"
                              "c"
                              "\0\x05"
                              "de";
    struct cursor in = frame_copy((const uint8_t *)two, sizeof two - 1), stream = in;
    struct cursor message;

    (void)state;
    assert_true(dns_stream_next(&stream, &message));
    assert_memory_equal(message.at, "ab", message.left);
    assert_true(dns_stream_next(&stream, &message));
    assert_int_equal(message.left, 1);
    assert_false(dns_stream_next(&stream, &message));
    assert_int_equal(stream.left, 4);
    frame_free(in);
}

struct comparison {
    json_t *by_frame;
    size_t n_compared;
};

/* The record of the truth about this frame, by tshark. */
static void compare_datagram(const struct corpus_datagram *datagram, void *context)
{
    struct comparison *comparison = context;
    char key[16], address[ADDR_TEXT_LEN];
    struct dns_message got = {0};

    snprintf(key, sizeof key, "%u", datagram->frame);
    json_t *want = json_object_get(comparison->by_frame, key);
    if (!want) {
        return;
    }
    json_t *question = json_array_get(json_object_get(want, "questions"), 0);
    bool is_query_opcode = !json_object_get(want, "opcode");
    assert_int_equal(dns_parse(datagram->payload, &got) == PARSE_OK, is_query_opcode);
    comparison->n_compared++;
    if (!is_query_opcode || !question) {
        return;
    }
    assert_int_equal(
        strcasecmp(got.name, json_string_value(json_array_get(question, 0))), 0);
    assert_int_equal(got.type, json_integer_value(json_array_get(question, 1)));
    assert_int_equal(got.response, json_is_true(json_object_get(want, "response")));
    assert_int_equal(got.rcode & 0x0f,
                     json_integer_value(json_object_get(want, "rcode")));
    json_t *addresses = json_object_get(want, "addresses");
    assert_int_equal(got.n_addresses, json_array_size(addresses));
    for (size_t i = 0; i < got.n_addresses; i++) {
        assert_string_equal(addr_format(&got.addresses[i], address),
                            json_string_value(json_array_get(addresses, i)));
    }
}

static void check_corpus(void **state)
{
    static const char *const names[] = {
        "mercury__emix.pcap", "mercury__quic_reordered_frames.pcap", "ndpi__ocs.pcap",
        "zeek__dns_extended_rcode.pcap"};
    struct comparison comparison = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        json_t *truth = corpus_truth(names[i]), *record;
        size_t n;

        comparison.by_frame = json_object();
        json_array_foreach(json_object_get(truth, "dns"), n, record)
        {
            char key[16];

            snprintf(key, sizeof key, "%lld",
                     (long long)json_integer_value(json_object_get(record, "frame")));
            json_object_set(comparison.by_frame, key, record);
        }
        corpus_each(names[i], compare_datagram, &comparison);
        json_decref(comparison.by_frame);
        json_decref(truth);
    }
    if (comparison.n_compared == 0) {
        skip();
    }
    print_message("%zu messages as tshark reads them\n", comparison.n_compared);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 6] = {
        cmocka_unit_test(check_prefixes),    cmocka_unit_test(check_many_addresses),
        cmocka_unit_test(check_long_chain),  cmocka_unit_test(check_stream),
        cmocka_unit_test(check_far_pointer), cmocka_unit_test(check_corpus),
    };

    snprintf(corpus_dir, sizeof corpus_dir, "%s", argc > 2 ? argv[2] : ".");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[6 + i] = (struct CMUnitTest){rows[i].title, check_row, NULL, NULL,
                                           (void *)(uintptr_t)&rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
