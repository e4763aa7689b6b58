/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What --filter auto keeps, by frames of each sort with no tag, one and two; and what
 * is left of it beside an expression of the user's.
 */
#include "unit.h"

#include "capture/live_filter.h"
#include "monitor/phones_filter.h"

#include <stdio.h>
#include <unistd.h>

enum { FRAME_ROOM = 200, TAG_LEN = 4, MACS_LEN = 12 };

static struct policap_error err;

/* A site file with these subnets, one a word of JSON. */
static struct policy *site_of(const char *subnets)
{
    char path[] = P_tmpdir "/test_phones_filter.XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    struct policy *policy;

    fprintf(file, "{\"name\": \"x\", \"devices\": {\"subnets\": [%s]}}", subnets);
    assert_int_equal(fclose(file), 0);
    policy = policy_load(path, NULL, 0, &err);
    unlink(path);
    assert_non_null(policy);
    return policy;
}

#define V4 "\"10.20.0.0/24\", \"10.30.0.0/16\""
#define BOTH V4 ", \"2001:db8:20::/64\""

struct row {
    const char *name, *subnets, *filter;

    uint16_t type; /* EtherType */
    const char *src, *dst;
    uint8_t proto;
    uint16_t src_port, dst_port; /* Of ICMPv6: type, 0. */
    bool kept;
};

/* clang-format off */
static const struct row rows[] = {
    {"from a phone", V4, NULL, 0x0800, "10.20.0.7", "142.250.1.1", 6, 40000, 443, true},
    {"to a phone", V4, NULL, 0x0800, "142.250.1.1", "10.30.9.9", 6, 443, 40000, true},
    {"of somebody else", V4, NULL, 0x0800, "10.21.0.7", "142.250.1.1", 6, 40000, 443, false},
    {"ICMP to a phone", V4, NULL, 0x0800, "10.20.1.1", "10.20.0.9", 1, 0, 0, true},
    {"ICMP to somebody else", V4, NULL, 0x0800, "10.20.1.1", "10.20.1.9", 1, 0, 0, false},
    {"ARP of anybody", V4, NULL, 0x0806, "10.99.0.1", "10.99.0.2", 0, 0, 0, true},
    {"a DHCP request", V4, NULL, 0x0800, "0.0.0.0", "255.255.255.255", 17, 68, 67, true},
    {"DHCP between relay and server", V4, NULL, 0x0800, "10.50.0.1", "10.50.0.10", 17, 67, 67, true},
    {"TCP at DHCP's port", V4, NULL, 0x0800, "10.50.0.1", "10.50.0.10", 6, 67, 67, false},
    {"IPv6, of which no subnet is known", V4, NULL, 0x86dd, "2001:db8:99::1", "2001:db8:99::2", 6, 1, 2, true},
    {"IPv6 of a phone", BOTH, NULL, 0x86dd, "2001:db8:20::1", "2001:db8:99::2", 6, 1, 2, true},
    {"IPv6 to a phone", BOTH, NULL, 0x86dd, "2001:db8:99::2", "2001:db8:20::1", 6, 1, 2, true},
    {"IPv6 of somebody else", BOTH, NULL, 0x86dd, "2001:db8:99::1", "2001:db8:98::2", 6, 1, 2, false},
    {"neighbour discovery", BOTH, NULL, 0x86dd, "fe80::1", "ff02::1", 58, 135 << 8, 0, true},
    {"another ICMPv6", BOTH, NULL, 0x86dd, "fe80::1", "ff02::16", 58, 143 << 8, 0, false},
    {"DHCPv6", BOTH, NULL, 0x86dd, "fe80::1", "ff02::1:2", 17, 546, 547, true},
    {"IPv4, of which no subnet is known", "\"2001:db8:20::/64\"", NULL, 0x0800, "10.1.1.1", "10.1.1.2", 6, 1, 2, true},
    {"neither IP nor ARP", V4, NULL, 0x88cc, NULL, NULL, 0, 0, 0, false},
    {"with -f, both hold", V4, "tcp or (vlan and (tcp or (vlan and tcp)))", 0x0800, "10.20.0.7", "142.250.1.1", 6, 40000, 443, true},
    {"with -f, it does not hold", V4, "udp or (vlan and (udp or (vlan and udp)))", 0x0800, "10.20.0.7", "142.250.1.1", 6, 40000, 443, false},
    {"with -f, of somebody else", V4, "tcp or (vlan and (tcp or (vlan and tcp)))", 0x0800, "10.21.0.7", "142.250.1.1", 6, 40000, 443, false},
};
/* clang-format on */

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_addr(uint8_t *at, const char *text, bool v6)
{
    struct addr addr;

    assert_true(addr_parse(text, &addr));
    memcpy(at, addr.b + (v6 ? 0 : 12), v6 ? 16 : 4);
}

/* The packet of a row, without link header.  Returns its length. */
static size_t packet_of(const struct row *row, uint8_t *out)
{
    bool v6 = row->type == 0x86dd, arp = row->type == 0x0806;
    size_t header = v6 ? 40 : 20;

    if (arp) {
        memcpy(out, "\0\1\x08\0\6\4\0\1", 8);
        put_addr(out + 14, row->src, false);
        put_addr(out + 24, row->dst, false);
        return 28;
    }
    if (!row->src) {
        return 46;
    }
    out[0] = v6 ? 0x60 : 0x45;
    put16(out + (v6 ? 4 : 2), v6 ? 20 : 40);
    out[v6 ? 6 : 9] = row->proto;
    put_addr(out + (v6 ? 8 : 12), row->src, v6);
    put_addr(out + (v6 ? 24 : 16), row->dst, v6);
    put16(out + header, row->src_port);
    put16(out + header + 2, row->dst_port);
    return header + 20;
}

static bool is_kept(const struct bpf_program *program, const struct row *row,
                    unsigned n_tags)
{
    uint8_t frame[FRAME_ROOM] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    size_t len = MACS_LEN;
    struct pcap_pkthdr header = {0};

    for (unsigned i = 0; i < n_tags; i++) {
        put16(frame + len, i + 1 < n_tags ? 0x88a8 : 0x8100);
        put16(frame + len + 2, 20 + i);
        len += TAG_LEN;
    }
    put16(frame + len, row->type);
    len += 2;
    len += packet_of(row, frame + len);
    header.caplen = header.len = (bpf_u_int32)len;
    return pcap_offline_filter(program, &header, frame) != 0;
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct policy *policy = site_of(row->subnets);
    char *narrow = phones_filter(policy, &err);
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
    struct bpf_program program;

    assert_non_null(narrow);
    assert_true(live_filter_compile(pcap, row->filter, narrow, &program, &err));
    assert_true(bpf_validate(program.bf_insns, (int)program.bf_len));
    for (unsigned n_tags = 0; n_tags <= 2; n_tags++) {
        assert_int_equal(is_kept(&program, row, n_tags), row->kept);
    }
    pcap_freecode(&program);
    pcap_close(pcap);
    free(narrow);
    policy_free(policy);
}

static void check_no_subnets(void **state)
{
    struct policy *policy = site_of("");

    (void)state;
    assert_null(phones_filter(policy, &err));
    assert_non_null(strstr(err.text, "site file"));
    policy_free(policy);
}

/* A kernel takes 4096 instructions; beyond, libpcap filters itself. */
static void check_size(void **state)
{
    struct policy *policy = site_of(BOTH);
    char *narrow = phones_filter(policy, &err);
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
    struct bpf_program program;

    (void)state;
    assert_true(live_filter_compile(pcap, "tcp port", NULL, &program, &err) == false);
    assert_non_null(strstr(err.text, "man pcap-filter"));
    assert_true(live_filter_compile(pcap, NULL, narrow, &program, &err));
    assert_in_range(program.bf_len, 10, 600);
    pcap_freecode(&program);
    pcap_close(pcap);
    free(narrow);
    policy_free(policy);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 2] = {
        cmocka_unit_test(check_no_subnets),
        cmocka_unit_test(check_size),
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i + 2] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                           (void *)(uintptr_t)&rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
