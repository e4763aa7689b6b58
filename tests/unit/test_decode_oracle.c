/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Decoding held against what tshark says of public captures, corpus/truth/ beside the
 * repository: the same 5-tuples, the same number of packets and bytes of payload of
 * each, in each direction.  Frames are read by libpcap, so that this stands without
 * src/capture.
 */
#include "unit.h"

#include "base/pool.h"
#include "decode/decode.h"

#include <dirent.h>
#include <jansson.h>
#include <pcap/pcap.h>
#include <stdio.h>

enum { ROOM = 8, MAX_PATH = 4096, MAX_FLOWS = 1 << 16 };

static const char *shared;

/* Captures whose truth and we differ on purpose. */
static const struct {
    const char *file, *why;
} exceptions[] = {
    {"tcpdump__lwapp-data.pcap",
     "LWAPP with swapped frame control, which tshark reads unswapped and so as 802.11 "
     "of another version; a DHCP packet is inside"},
};

/* One direction of a flow. */
struct tuple {
    struct addr src, dst;
    uint16_t src_port, dst_port;
    uint8_t proto, zero[3];
};

struct count {
    struct tuple key;
    uint32_t ours;
    uint32_t truth, later_fragments; /* Truth counts the latter in the former. */
    uint64_t our_payload, truth_payload;
    bool is_malformed;  /* tshark could not read all of it either. */
    bool is_fragmented; /* Truth counts the whole datagram's payload at the first. */
};

static bool is_excepted(const char *file)
{
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++) {
        if (strcmp(exceptions[i].file, file) == 0) {
            print_message("%s: left out: %s\n", file, exceptions[i].why);
            return true;
        }
    }
    return false;
}

static void count_packet(struct pool *counts, const struct packet *p)
{
    struct tuple key = {p->src, p->dst, p->src_port, p->dst_port, p->proto, {0}};
    struct count *count;

    if ((p->kind != PACKET_TCP && p->kind != PACKET_UDP) ||
        (p->flags & PACKET_LATER_FRAGMENT)) {
        return;
    }
    count = pool_add(counts, &key, NULL);
    assert_non_null(count);
    count->ours++;
    count->our_payload += p->payload_len;
}

static void count_frames(struct pool *counts, const char *path)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline(path, error);
    struct pcap_pkthdr *header;
    const u_char *bytes;

    if (!pcap) {
        return; /* Broken at its head: truth has no flows either. */
    }
    while (pcap_next_ex(pcap, &header, &bytes) == 1) {
        struct frame frame = {.bytes = bytes,
                              .cap_len = header->caplen,
                              .wire_len = header->len,
                              .link = (uint16_t)pcap_datalink(pcap)};
        struct packet packets[ROOM];
        size_t n;

        decode_frame(&frame, packets, ROOM, &n);
        for (size_t i = 0; i < n; i++) {
            count_packet(counts, &packets[i]);
        }
    }
    pcap_close(pcap);
}

static void read_end(json_t *end, struct addr *addr, uint16_t *port)
{
    assert_true(addr_parse(json_string_value(json_array_get(end, 0)), addr));
    *port = (uint16_t)json_integer_value(json_array_get(end, 1));
}

static void count_truth(struct pool *counts, json_t *truth)
{
    size_t i;
    json_t *flow;

    json_array_foreach(json_object_get(truth, "flows"), i, flow)
    {
        const char *proto = json_string_value(json_object_get(flow, "proto"));
        struct tuple key = {.proto = strcmp(proto, "tcp") == 0 ? 6 : 17};

        if (strcmp(proto, "tcp") != 0 && strcmp(proto, "udp") != 0) {
            continue;
        }
        read_end(json_object_get(flow, "a"), &key.src, &key.src_port);
        read_end(json_object_get(flow, "b"), &key.dst, &key.dst_port);
        for (size_t way = 0; way < 2; way++) {
            struct count *count = pool_add(counts, &key, NULL);
            struct tuple back = {key.dst,      key.src,   key.dst_port,
                                 key.src_port, key.proto, {0}};

            assert_non_null(count);
            count->truth += (uint32_t)json_integer_value(
                json_array_get(json_object_get(flow, "pkts"), way));
            count->later_fragments += (uint32_t)json_integer_value(
                json_array_get(json_object_get(flow, "later_frags"), way));
            count->truth_payload += (uint64_t)json_integer_value(
                json_array_get(json_object_get(flow, "payload_bytes"), way));
            count->is_fragmented =
                json_integer_value(json_object_get(flow, "fragments")) > 0;
            count->is_malformed =
                json_integer_value(json_object_get(flow, "malformed_pkts")) > 0;
            key = back;
        }
    }
}

/* How many directions of flows differ. */
static size_t compare(const struct pool *counts, const char *file)
{
    size_t n = 0;

    for (uint32_t i = 0; i < counts->n; i++) {
        const struct count *count = pool_at(counts, i);
        char src[ADDR_TEXT_LEN], dst[ADDR_TEXT_LEN];

        if (count->is_malformed ||
            (count->ours == count->truth - count->later_fragments &&
             (count->is_fragmented || count->our_payload == count->truth_payload))) {
            continue;
        }
        n++;
        print_error("%s: %u %s %u > %s %u: truth %u packets, %ju bytes; here %u, %ju\n",
                    file, count->key.proto, addr_format(&count->key.src, src),
                    count->key.src_port, addr_format(&count->key.dst, dst),
                    count->key.dst_port, count->truth - count->later_fragments,
                    (uintmax_t)count->truth_payload, count->ours,
                    (uintmax_t)count->our_payload);
    }
    return n;
}

static size_t check_file(const char *file)
{
    char path[MAX_PATH];
    struct pool counts;
    json_t *truth;
    size_t n;

    snprintf(path, sizeof path, "%s/corpus/truth/%s.json", shared, file);
    truth = json_load_file(path, 0, NULL);
    assert_non_null(truth);
    pool_init(&counts, sizeof(struct count), sizeof(struct tuple), MAX_FLOWS);
    count_truth(&counts, truth);
    snprintf(path, sizeof path, "%s/corpus/%s", shared, file);
    count_frames(&counts, path);
    n = compare(&counts, file);
    pool_fini(&counts);
    json_decref(truth);
    return n;
}

static void check_corpus(void **state)
{
    char path[MAX_PATH];
    struct dirent *entry;
    DIR *dir;
    size_t n_files = 0, n_differ = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/corpus/truth", shared ? shared : "");
    dir = shared ? opendir(path) : NULL;
    if (!dir) {
        print_message("no corpus beside the repository: skipped\n");
        skip();
    }
    while ((entry = readdir(dir))) {
        char *end = strstr(entry->d_name, ".json");

        if (!end) {
            continue;
        }
        *end = '\0';
        if (!is_excepted(entry->d_name)) {
            n_files++;
            n_differ += check_file(entry->d_name);
        }
    }
    closedir(dir);
    print_message("%zu captures\n", n_files);
    assert_int_equal(n_differ, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(check_corpus)};

    shared = argc > 2 ? argv[2] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
