/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every prefix of every frame of the captures beside the repository: no crash, no byte
 * that is not there, and what a shorter capture tells is what the longer one told.
 * And the straight path held against the walk, on the same frames and on frames with a
 * byte changed.  Frames are read by libpcap, so that this stands without src/capture.
 */
#include "unit.h"

#include "decode/walk.h"

#include <dirent.h>
#include <pcap/pcap.h>
#include <stdio.h>

enum {
    ROOM = 4,
    MAX_PATH = 4096,
    FRAMES_A_FILE = 300,
    LONGEST_PREFIX = 400,
    HEADERS = 54, /* Bytes of an Ethernet, an IPv4 and a TCP header. */
    SPARE = 0xa5  /* Fills packets before they are written. */
};

static const char *shared;

static void check_inside(const struct frame *frame, const struct packet *p)
{
    const uint8_t *end = frame->bytes + frame->cap_len;

    assert_true(p->payload_cap <= p->payload_len);
    assert_int_equal(p->payload_cap < p->payload_len, (p->flags & PACKET_CUT) != 0);
    if (p->payload_cap > 0) {
        assert_true(p->payload >= frame->bytes && p->payload < end);
        assert_true(p->payload_cap <= (size_t)(end - p->payload));
    }
    assert_true(p->n_encap <= DECODE_MAX_ENCAP);
}

/* Of two cuts of one frame: the same packet, if both reach it. */
static bool is_same(const struct packet *a, const struct packet *b)
{
    return a->kind == b->kind && a->n_encap == b->n_encap &&
           a->src_port == b->src_port && a->dst_port == b->dst_port &&
           a->payload_len == b->payload_len && addr_equal(&a->src, &b->src) &&
           addr_equal(&a->dst, &b->dst);
}

static enum decode_result decode_checked(const struct frame *frame, struct packet *out,
                                         size_t *n)
{
    enum decode_result result = decode_frame(frame, out, ROOM, n);

    assert_true(*n <= ROOM && (result != DECODE_OK || *n > 0));
    for (size_t i = 0; i < *n; i++) {
        check_inside(frame, &out[i]);
    }
    return result;
}

/* A prefix may say that it is truncated, or tell a layer further out because the next
 * one is cut; it never says that a good frame is bad, and once it is long enough to
 * tell the packet of the whole frame, every longer one tells it too. */
static void check_prefixes(const struct frame *whole)
{
    struct packet all[ROOM], some[ROOM];
    size_t n_all, n_some;
    bool reached = false;
    enum decode_result want = decode_checked(whole, all, &n_all);

    for (uint32_t len = 0; len < whole->cap_len && len < LONGEST_PREFIX; len++) {
        struct cursor copy = frame_copy(whole->bytes, len);
        struct frame frame = *whole;

        frame.bytes = copy.at;
        frame.cap_len = len;
        enum decode_result got = decode_checked(&frame, some, &n_some);
        assert_true(got == DECODE_OK || got == DECODE_TRUNCATED || got == want);
        bool same = n_some > 0 && n_all > 0 && is_same(&some[0], &all[0]);
        assert_true(same || !reached);
        reached = same;
        frame_free(copy);
    }
}

/* Sets what the contract does not promise to write for this kind to one value. */
static void forget_unset(struct packet *p)
{
    bool is_tcp = p->kind == PACKET_TCP && !(p->flags & PACKET_LATER_FRAGMENT);

    if (!is_tcp && !(p->flags & PACKET_QUOTED_TCP_SEQ)) {
        p->tcp_seq = 0;
    }
    if (!is_tcp) {
        p->tcp_ack = p->tcp_window = 0;
    }
    memset(p->encap + p->n_encap, 0, sizeof p->encap - p->n_encap);
}

/* Fields, since padding is not told. */
static bool is_equal(const struct packet *a, const struct packet *b)
{
    return is_same(a, b) && a->proto == b->proto && a->flags == b->flags &&
           a->tcp_flags == b->tcp_flags && a->ttl == b->ttl && a->ip_id == b->ip_id &&
           a->tcp_window == b->tcp_window && a->ether_type == b->ether_type &&
           a->vlan == b->vlan && a->tcp_seq == b->tcp_seq && a->tcp_ack == b->tcp_ack &&
           a->ip_len == b->ip_len && a->wire_len == b->wire_len &&
           a->frame == b->frame && a->ns == b->ns && a->interface == b->interface &&
           a->payload == b->payload && a->payload_cap == b->payload_cap &&
           memcmp(&a->src_mac, &b->src_mac, MAC_LEN) == 0 &&
           memcmp(&a->dst_mac, &b->dst_mac, MAC_LEN) == 0 &&
           memcmp(a->encap, b->encap, sizeof a->encap) == 0 &&
           a->icmp_type == b->icmp_type && a->icmp_code == b->icmp_code;
}

/* True: the straight path took the frame. */
static bool check_plain(const struct frame *frame)
{
    struct packet fast, walked[ROOM];
    size_t n;

    memset(&fast, SPARE, sizeof fast);
    memset(walked, ~SPARE, sizeof walked);
    if (frame->link != LINK_ETHERNET || !decode_plain(frame, &fast)) {
        return false;
    }
    assert_int_equal(decode_walk(frame, walked, ROOM, &n), DECODE_OK);
    assert_int_equal(n, 1);
    forget_unset(&fast);
    forget_unset(&walked[0]);
    assert_true(is_equal(&fast, &walked[0]));
    return true;
}

/* The frame, and the frame with each byte of its headers changed in three ways. */
static size_t check_plain_changed(const struct frame *whole)
{
    struct cursor copy = frame_copy(whole->bytes, whole->cap_len);
    uint8_t *bytes = (uint8_t *)(uintptr_t)copy.at;
    struct frame frame = *whole;
    size_t n_plain = 0;

    frame.bytes = copy.at;
    n_plain += check_plain(&frame);
    for (size_t i = 0; i < HEADERS && i < whole->cap_len; i++) {
        const uint8_t old = bytes[i], changed[] = {0, 0xff, old ^ 1};

        for (size_t way = 0; way < ARRAY_LEN(changed); way++) {
            bytes[i] = changed[way];
            n_plain += check_plain(&frame);
        }
        bytes[i] = old;
    }
    frame_free(copy);
    return n_plain;
}

struct totals {
    size_t frames, plain;
};

static void check_file(const char *path, struct totals *totals)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline(path, error);
    struct pcap_pkthdr *header;
    const u_char *bytes;

    if (!pcap) {
        return; /* A text beside the captures, or one broken at its head. */
    }
    for (size_t i = 0; i < FRAMES_A_FILE && pcap_next_ex(pcap, &header, &bytes) == 1;
         i++) {
        struct frame frame = {
            .bytes = bytes,
            .ns = (int64_t)i,
            .number = i + 1,
            .cap_len = header->caplen,
            .wire_len = header->len < header->caplen ? header->caplen : header->len,
            .link = (uint16_t)pcap_datalink(pcap),
            .interface = 7,
        };

        check_prefixes(&frame);
        totals->plain += check_plain_changed(&frame);
        totals->frames++;
    }
    pcap_close(pcap);
}

static void check_captures(void **state)
{
    static const char *const folders[] = {"lab", "corpus", "verdicts"};
    struct totals totals = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        char path[MAX_PATH];
        struct dirent *entry;
        DIR *dir;

        snprintf(path, sizeof path, "%s/%s", shared ? shared : "", folders[i]);
        dir = shared ? opendir(path) : NULL;
        while (dir && (entry = readdir(dir))) {
            snprintf(path, sizeof path, "%s/%s/%s", shared, folders[i], entry->d_name);
            check_file(path, &totals);
        }
        if (dir) {
            closedir(dir);
        }
    }
    print_message("%zu frames, %zu of the straight path\n", totals.frames,
                  totals.plain);
    if (totals.frames == 0) {
        print_message("no captures beside the repository: skipped\n");
        skip();
    }
    assert_true(totals.plain > totals.frames);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(check_captures)};

    shared = argc > 2 ? argv[2] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
