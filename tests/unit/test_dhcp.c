/* SPDX-License-Identifier: BSD-3-Clause */
#include "corpus.h"

#include "names/names.h"

#define MAGIC "\x63\x82\x53\x63"
#define DISCOVER "\x35\x01\x01"
#define END "\xff"

/* clang-format off */
/* Messages by op, the fields that differ, and what stands behind the magic. */
static const struct row {
    const char *title;
    uint8_t op, hlen;
    const char *sname, *file; /* 8 bytes each, or NULL. */
    const uint8_t *tail; size_t tail_len;
    enum parse_result want;
    const char *told; /* As told_print() tells it. */
} rows[] = {
    {"DISCOVER of a phone", 1, 6, NULL, NULL,
     WIRE(MAGIC DISCOVER "\x0c\x05phone" "\x3c\x0f" "android-dhcp-13" "\x37\x03\x01\x03\x06" END), PARSE_OK,
     "type 1 host phone vendor android-dhcp-13 parameters 1 3 6"},
    {"ACK with all that is read", 2, 6, NULL, NULL,
     WIRE(MAGIC "\x35\x01\x05" "\x36\x04\x0a\0\0\x01" "\x01\x04\xff\xff\xfe\0" "\x03\x04\x0a\0\0\x01"
          "\x06\x08\x0a\0\0\x35\x08\x08\x08\x08" "\x2a\x04\x0a\0\0\x7b" "\x32\x04\x0a\0\0\x65" "\x52\x04\x01\x02xy" END), PARSE_OK,
     "type 5 server mask 23 id 10.0.0.1 asked 10.0.0.101 router 10.0.0.1 dns 10.0.0.53 dns 8.8.8.8 ntp 10.0.0.123"},
    {"pads between", 1, 6, NULL, NULL, WIRE(MAGIC "\0\0" DISCOVER "\0" "\x0c\x01p" "\0" END "\0\0"), PARSE_OK, "type 1 host p"},
    {"nothing is read behind END", 1, 6, NULL, NULL, WIRE(MAGIC DISCOVER END "\x0c\x01p"), PARSE_OK, "type 1"},
    {"options in 'file'", 1, 6, NULL, "\x0c\x01p\xff\xff\xff\xff\xff", WIRE(MAGIC DISCOVER "\x34\x01\x01" END), PARSE_OK, "type 1 host p"},
    {"options in 'sname'", 1, 6, "\x0c\x01q\xff\xff\xff\xff\xff", NULL, WIRE(MAGIC DISCOVER "\x34\x01\x02" END), PARSE_OK, "type 1 host q"},
    {"options in both, the type too", 1, 6, "\x0c\x01q\xff\xff\xff\xff\xff", "\x35\x01\x03\xff\xff\xff\xff\xff", WIRE(MAGIC "\x34\x01\x03" END), PARSE_OK, "type 3 host q"},
    {"no overload said", 1, 6, "\x0c\x01q\xff\xff\xff\xff\xff", "\x0c\x01p\xff\xff\xff\xff\xff", WIRE(MAGIC DISCOVER END), PARSE_OK, "type 1"},
    {"overload inside the overload", 1, 6, "\x0c\x01q\xff\xff\xff\xff\xff", "\x34\x01\x02\xff\xff\xff\xff\xff", WIRE(MAGIC DISCOVER "\x34\x01\x01" END), PARSE_OK, "type 1"},
    {"a list in two pieces", 2, 6, NULL, NULL, WIRE(MAGIC "\x35\x01\x02" "\x06\x04\x01\x01\x01\x01" "\x06\x04\x02\x02\x02\x02" END), PARSE_OK, "type 2 server dns 1.1.1.1 dns 2.2.2.2"},
    {"five servers: four are kept", 2, 6, NULL, NULL,
     WIRE(MAGIC "\x35\x01\x02" "\x06\x14\x01\x01\x01\x01\x02\x02\x02\x02\x03\x03\x03\x03\x04\x04\x04\x04\x05\x05\x05\x05" END), PARSE_OK,
     "type 2 server dns 1.1.1.1 dns 2.2.2.2 dns 3.3.3.3 dns 4.4.4.4"},
    {"half an address in a list", 2, 6, NULL, NULL, WIRE(MAGIC "\x35\x01\x02" "\x06\x06\x01\x01\x01\x01\x02\x02" END), PARSE_OK, "type 2 server dns 1.1.1.1"},
    {"a mask with a hole", 2, 6, NULL, NULL, WIRE(MAGIC "\x35\x01\x02" "\x01\x04\xff\0\xff\0" END), PARSE_OK, "type 2 server"},
    {"a mask of 32", 2, 6, NULL, NULL, WIRE(MAGIC "\x35\x01\x02" "\x01\x04\xff\xff\xff\xff" END), PARSE_OK, "type 2 server mask 32"},
    {"a mask of three bytes", 2, 6, NULL, NULL, WIRE(MAGIC "\x35\x01\x02" "\x01\x03\xff\xff\xff" END), PARSE_OK, "type 2 server"},
    {"a host name with other bytes", 1, 6, NULL, NULL, WIRE(MAGIC DISCOVER "\x0c\x07" "a b\n\x80" "c\0" END), PARSE_OK, "type 1 host abc"},
    {"a hardware address of 8 bytes", 1, 8, NULL, NULL, WIRE(MAGIC DISCOVER END), PARSE_OK, "no hardware type 1"},
    {"no END", 1, 6, NULL, NULL, WIRE(MAGIC DISCOVER "\x0c\x01p"), PARSE_OK, "type 1 host p"},
    {"cut inside an option", 1, 6, NULL, NULL, WIRE(MAGIC DISCOVER "\x0c\x05pho"), PARSE_OK, "type 1"},
    {"cut before a length", 1, 6, NULL, NULL, WIRE(MAGIC DISCOVER "\x0c"), PARSE_OK, "type 1"},
    /* Those that are none. */
    {"cut before the type", 1, 6, NULL, NULL, WIRE(MAGIC "\x0c\x01p" "\x35"), .want = PARSE_NOT},
    {"BOOTP", 1, 6, NULL, NULL, WIRE(MAGIC END), .want = PARSE_NOT},
    {"a type of two bytes", 1, 6, NULL, NULL, WIRE(MAGIC "\x35\x02\x01\x01" END), .want = PARSE_NOT},
    {"a type of 0", 1, 6, NULL, NULL, WIRE(MAGIC "\x35\x01\0" END), .want = PARSE_NOT},
    {"another magic", 1, 6, NULL, NULL, WIRE("\x63\x82\x53\x64" DISCOVER END), .want = PARSE_NOT},
    {"half a magic", 1, 6, NULL, NULL, WIRE("\x63\x82"), .want = PARSE_NOT},
    {"no magic", 1, 6, NULL, NULL, WIRE(""), .want = PARSE_NOT},
    {"op 0", 0, 6, NULL, NULL, WIRE(MAGIC DISCOVER END), .want = PARSE_NOT},
    {"op 3", 3, 6, NULL, NULL, WIRE(MAGIC DISCOVER END), .want = PARSE_NOT},
};
/* clang-format on */

static struct cursor message_build(const struct row *row)
{
    uint8_t bytes[236 + 256] = {row->op, 1, row->hlen};

    memcpy(bytes + 12,
           "\x0a\0\0\x05"
           "\x0a\0\0\x06"
           "\0\0\0\0"
           "\x0a\0\0\xfe",
           16);
    memcpy(bytes + 28, "\0\x90\x7a\x12\x34\x01", 6);
    memcpy(bytes + 44, row->sname ? row->sname : "", row->sname ? 8 : 0);
    memcpy(bytes + 108, row->file ? row->file : "", row->file ? 8 : 0);
    memcpy(bytes + 236, row->tail, row->tail_len);
    return frame_copy(bytes, 236 + row->tail_len);
}

struct text {
    char bytes[512];
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text,
                                                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text->len += (size_t)vsnprintf(text->bytes + text->len,
                                   sizeof text->bytes - text->len, format, args);
    va_end(args);
}

static void add_addresses(struct text *text, const char *word, const struct addr *list,
                          size_t n)
{
    char address[ADDR_TEXT_LEN];

    for (size_t i = 0; i < n; i++) {
        if (!addr_is_unspecified(&list[i])) {
            add(text, " %s %s", word, addr_format(&list[i], address));
        }
    }
}

/* What a message told beyond what every row holds. */
static void told_print(const struct dhcp_message *m, struct text *out)
{
    static const struct mac none;
    bool has_mac = memcmp(&m->chaddr, &none, sizeof none) != 0;

    add(out, "%stype %u%s", has_mac ? "" : "no hardware ", m->type,
        m->from_server ? " server" : "");
    if (m->mask_bits > 0) {
        add(out, " mask %u", m->mask_bits);
    }
    add_addresses(out, "id", &m->server_id, 1);
    add_addresses(out, "asked", &m->requested, 1);
    add_addresses(out, "router", m->routers, m->n_routers);
    add_addresses(out, "dns", m->resolvers, m->n_resolvers);
    add_addresses(out, "ntp", m->ntp, m->n_ntp);
    add(out, "%s%s", m->host_name[0] ? " host " : "", m->host_name);
    add(out, "%s%s", m->vendor_class[0] ? " vendor " : "", m->vendor_class);
    for (size_t i = 0; i < m->n_parameters; i++) {
        add(out, "%s %u", i == 0 ? " parameters" : "", m->parameters[i]);
    }
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct cursor in = message_build(row);
    struct dhcp_message got = {0};
    struct text told = {.len = 0};
    char text[ADDR_TEXT_LEN];

    assert_int_equal(dhcp_parse(in, &got), row->want);
    if (row->want == PARSE_OK) {
        told_print(&got, &told);
        assert_string_equal(told.bytes, row->told);
        assert_string_equal(addr_format(&got.client, text), "10.0.0.5");
        assert_string_equal(addr_format(&got.your, text), "10.0.0.6");
        assert_string_equal(addr_format(&got.relay, text), "10.0.0.254");
    }
    frame_free(in);
}

/* Texts and lists of the greatest length stay inside their room. */
static void check_long_options(void **state)
{
    uint8_t bytes[236 + 4 + 3 + 3 * 202] = {1, 1, 6};
    size_t len = 243;
    struct dhcp_message got;

    (void)state;
    memcpy(bytes + 236, MAGIC DISCOVER, 7);
    for (size_t i = 0; i < 3; i++) {
        bytes[len] = (uint8_t[]){12, 60, 55}[i];
        bytes[len + 1] = 200;
        memset(bytes + len + 2, 'x', 200);
        len += 202;
    }
    assert_int_equal(dhcp_parse((struct cursor){bytes, len}, &got), PARSE_OK);
    assert_int_equal(strlen(got.host_name), 63);
    assert_int_equal(strlen(got.vendor_class), 63);
    assert_int_equal(got.n_parameters, DHCP_PARAMETERS);
}

static void check_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cursor whole = message_build(&rows[i]);

        for (size_t len = 0; len < whole.left; len++) {
            struct cursor in = frame_copy(whole.at, len);
            struct dhcp_message got;

            if (dhcp_parse(in, &got) == PARSE_OK) {
                assert_int_not_equal(got.type, 0);
                assert_int_equal(rows[i].want, PARSE_OK);
            }
            frame_free(in);
        }
        frame_free(whole);
    }
}

struct comparison {
    json_t *records; /* Of the truth, in order of frames. */
    size_t n_compared;
};

static void compare_datagram(const struct corpus_datagram *datagram, void *context)
{
    struct comparison *comparison = context;
    struct dhcp_message got;
    char mac[MAC_TEXT_LEN], address[ADDR_TEXT_LEN];
    json_t *record;
    size_t i;

    json_array_foreach(comparison->records, i, record)
    {
        if (json_integer_value(json_object_get(record, "frame")) != datagram->frame) {
            continue;
        }
        const char *host = json_string_value(json_object_get(record, "hostname"));
        const char *your = json_string_value(json_object_get(record, "yiaddr"));

        assert_int_equal(dhcp_parse(datagram->payload, &got), PARSE_OK);
        assert_int_equal(got.type, json_integer_value(json_object_get(record, "type")));
        assert_string_equal(mac_format(&got.chaddr, mac),
                            json_string_value(json_object_get(record, "mac")));
        assert_string_equal(got.host_name, host ? host : "");
        assert_string_equal(addr_is_unspecified(&got.your)
                                ? "0.0.0.0"
                                : addr_format(&got.your, address),
                            your);
        comparison->n_compared++;
    }
}

static void check_corpus(void **state)
{
    static const char *const names[] = {
        "mercury__emix.pcap", "mudscope__2021-11-18_15-35-35.pcap",
        "ndpi__dhcp-fuzz.pcapng",
        "suricata-verify__dhcp-option-52-overload--input.pcap"};
    struct comparison comparison = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        json_t *truth = corpus_truth(names[i]);

        comparison.records = json_object_get(truth, "dhcp");
        corpus_each(names[i], compare_datagram, &comparison);
        json_decref(truth);
    }
    if (comparison.n_compared == 0) {
        skip();
    }
    print_message("%zu messages as tshark reads them\n", comparison.n_compared);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 3] = {
        cmocka_unit_test(check_long_options),
        cmocka_unit_test(check_prefixes),
        cmocka_unit_test(check_corpus),
    };

    snprintf(corpus_dir, sizeof corpus_dir, "%s", argc > 2 ? argv[2] : ".");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[3 + i] = (struct CMUnitTest){rows[i].title, check_row, NULL, NULL,
                                           (void *)(uintptr_t)&rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
