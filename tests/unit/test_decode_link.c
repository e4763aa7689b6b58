/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Link types, and 802.11.
 */
#include "test_decode.h"

#define SLL_HEAD                                                                       \
    "\0\0"                                                                             \
    "\0\1"                                                                             \
    "\0\6"                                                                             \
    "\0\x90\x7a\x12\x34\1"                                                             \
    "\0\0"
#define SLL2_HEAD                                                                      \
    "\0\0"                                                                             \
    "\0\0\0\2"                                                                         \
    "\0\1"                                                                             \
    "\0"                                                                               \
    "\6"                                                                               \
    "\0\x90\x7a\x12\x34\1"                                                             \
    "\0\0"
#define PKTAP_HEAD                                                                     \
    "\x0c\0\0\0"                                                                       \
    "\1\0\0\0"
#define RADIOTAP                                                                       \
    "\0\0\x08\0"                                                                       \
    "\0\0\0\0"
#define A1 "\0\x0b\x85\0\0\1"
#define A2 "\0\x90\x7a\x12\x34\1"
#define A3 "\0\0\x5e\0\1\1"
#define A4 "\0\x90\x7a\x12\x34\2"
#define WIFI(fc) fc "\0\0" A1 A2 A3 "\x10\0"
#define LLC_SIP                                                                        \
    "\xaa\xaa\3"                                                                       \
    "\0\0\0"                                                                           \
    "\x08\0" IPV4_SIP /* 38 bytes. */
#define PRISM_ZEROES                                                                   \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"           \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define VIA_WIFI SEEN " via wifi/llc"

/* clang-format off */
static const struct decode_row rows[] = {
    {"sll", 113, WHOLE(SLL_HEAD "\x08\0" IPV4_SIP), SEEN " via sll"},
    {"sll: LLC", 113, WHOLE(SLL_HEAD "\0\4" "\x42\x42\3"), "link 0000 +3 via sll"},
    {"sll: Linux's own number", 113, WHOLE(SLL_HEAD "\0\x0c" "abc"), "link 0000 +3 via sll"},
    {"sll: cut", 113, CUT(60, SLL_HEAD "\x08"), "truncated"},
    {"sll: too short", 113, WHOLE(SLL_HEAD "\x08"), "bad_length"},
    {"sll2", 276, WHOLE("\x86\xdd" SLL2_HEAD IPV6_SIP), SEEN6 " via sll"},
    {"sll2: ARP and no more", 276, WHOLE("\x08\6" SLL2_HEAD "\0\1"), "bad_length"},
    {"sll2: too short", 276, WHOLE("\x86\xdd" "\0\0"), "bad_length"},

    {"null: little-endian", 0, WHOLE("\2\0\0\0" IPV4_SIP), SEEN},
    {"null: big-endian", 0, WHOLE("\0\0\0\2" IPV4_SIP), SEEN},
    {"null: IPv6 of macOS", 0, WHOLE("\x1e\0\0\0" IPV6_SIP), SEEN6},
    {"loop: IPv6 of OpenBSD", 108, WHOLE("\0\0\0\x18" IPV6_SIP), SEEN6},
    {"loop: another family", 108, WHOLE("\0\0\0\7" "abc"), "link 0000 +3"},
    {"loop: too short", 108, WHOLE("\0\0\0"), "bad_length"},
    {"null: IPv6 in the family of IPv4", 0, WHOLE("\2\0\0\0" IPV6_SIP), "bad_version"},

    {"raw: IPv4", 101, WHOLE(IPV4_SIP), SEEN},
    {"raw: IPv6", 101, WHOLE(IPV6_SIP), SEEN6},
    {"raw: of BSD", 12, WHOLE(IPV4_SIP), SEEN},
    {"raw: of OpenBSD", 14, WHOLE(IPV4_SIP), SEEN},
    {"raw: version 5", 101, WHOLE("\x50" IPV4_SIP), "bad_version"},
    {"raw: nothing", 101, WHOLE(""), "bad_length"},
    {"ipv4", 228, WHOLE(IPV4_SIP), SEEN},
    {"ipv4: of version 6", 228, WHOLE(IPV6_SIP), "bad_version"},
    {"ipv6", 229, WHOLE(IPV6_SIP), SEEN6},
    {"ipv6: of version 4", 229, WHOLE(IPV4_SIP "0123456789"), "bad_version"},

    {"ppp", 9, WHOLE("\xff\3" "\0\x21" IPV4_SIP), SEEN " via ppp"},
    {"ppp: without framing, compressed", 50, WHOLE("\x21" IPV4_SIP), SEEN " via ppp"},
    {"ppp: IPv6", 50, WHOLE("\xff\3" "\0\x57" IPV6_SIP), SEEN6 " via ppp"},
    {"ppp: negotiation", 9, WHOLE("\xff\3" "\xc0\x21" "\1\1\0\4"), "link 0000 +4 via ppp"},
    {"ppp: Cisco HDLC under its name", 9, WHOLE("\x0f\0" "\x08\0" IPV4_SIP), SEEN},
    {"ppp: too short", 9, WHOLE("\xff\3" "\0"), "bad_length"},
    {"ppp ether", 51, WHOLE("\x11\0" "\0\1" "\0\x20" "\0\x21" IPV4_SIP), SEEN " via pppoe/ppp"},
    {"chdlc", 104, WHOLE("\x0f\0" "\x86\xdd" IPV6_SIP), SEEN6},
    {"chdlc: keepalive", 104, WHOLE("\x8f\0" "\x80\x35" "\0\0"), "link 8035 +2"},
    {"chdlc: too short", 104, WHOLE("\x8f\0" "\x80"), "bad_length"},
    {"frame relay", 107, WHOLE("\x18\x41" "\3\xcc" IPV4_SIP), SEEN},
    {"frame relay: Cisco", 107, WHOLE("\x18\x41" "\x08\0" IPV4_SIP), SEEN},
    {"frame relay: SNAP", 107, WHOLE("\x18\x41" "\3\0\x80" "\0\0\0" "\x86\xdd" IPV6_SIP), SEEN6},
    {"frame relay: management", 107, WHOLE("\0\1" "\3\x08" "abc"), "link 0000 +3"},
    {"frame relay: address without end", 107, WHOLE("\x18\x40"), "bad_length"},
    {"frame relay: cut", 107, CUT(50, "\x18\x41\3"), "truncated"},

    {"nflog", 239, WHOLE("\2\0\0\1" "\6\0\x0a\0" "ab\0\0" "\x22\0\x09\0" IPV4_SIP), SEEN},
    {"nflog: big-endian", 239, WHOLE("\x0a\0\0\1" "\0\x36\0\x09" IPV6_SIP), SEEN6},
    {"nflog: of a bridge", 239, WHOLE("\7\0\0\1" "\x22\0\x09\0" IPV4_SIP), "link 0000 +34"},
    {"nflog: no packet", 239, WHOLE("\2\0\0\1" "\x08\0\x0a\0" "abcd"), "bad_length"},
    {"nflog: attribute of no length", 239, WHOLE("\2\0\0\1" "\3\0\x0a\0" "abcd"), "bad_length"},
    {"nflog: version 1", 239, WHOLE("\2\1\0\1" "\x22\0\x09\0" IPV4_SIP), "bad_version"},
    {"pktap", 258, WHOLE(PKTAP_HEAD "\1\0\0\0" ETHER_SIP), SEEN},
    {"pktap: of a tunnel", 258, WHOLE(PKTAP_HEAD "\x0c\0\0\0" IPV4_SIP), SEEN},
    {"pktap: of pktap without end", 258, WHOLE(PKTAP_HEAD "\2\1\0\0" PKTAP_HEAD "\2\1\0\0"), "bad_length"},
    {"pktap: shorter than itself", 258, WHOLE("\7\0\0\0" "\1\0\0\0" "\1\0\0\0" ETHER_SIP), "bad_header"},
    {"ppi", 192, WHOLE("\0\0\x0c\0" "\x69\0\0\0" "abcd" WIFI("\x08\1") LLC_SIP), VIA_WIFI},
    {"ppi: longer than the frame", 192, WHOLE("\0\0\xff\0" "\x69\0\0\0" "abcd"), "bad_length"},
    {"ppi: shorter than itself", 192, WHOLE("\0\0\7\0" "\x69\0\0\0" "abcd"), "bad_header"},
    {"prism", 119, WHOLE("\x44\0\0\0" PRISM_ZEROES PRISM_ZEROES WIFI("\x08\1") LLC_SIP), VIA_WIFI},
    {"prism: AVS under its name", 119, WHOLE("\x80\x21\x10\1" "\0\0\0\x0a" "ab" WIFI("\x08\1") LLC_SIP), VIA_WIFI},
    {"prism: another code", 119, WHOLE("\x45\0\0\0" PRISM_ZEROES PRISM_ZEROES WIFI("\x08\1") LLC_SIP), "bad_header"},
    {"avs", 163, WHOLE("\x80\x21\x10\2" "\0\0\0\x08" WIFI("\x08\1") LLC_SIP), VIA_WIFI},
    {"avs: no length", 163, WHOLE("\x80\x21\x10\2" "\0\0\0\0" WIFI("\x08\1") LLC_SIP), "bad_header"},
    {"radiotap", 127, WHOLE(RADIOTAP WIFI("\x08\1") LLC_SIP "sum!"), VIA_WIFI},
    {"radiotap: padded header", 127, WHOLE("\0\0\x11\0" "\3\0\0\0" "01234567" "\x20" WIFI("\x88\1") "\0\0" "\0\0" LLC_SIP),
     VIA_WIFI},
    {"radiotap: padded header, two words of presence", 127,
     WHOLE("\0\0\x0d\0" "\2\0\0\x80" "\0\0\0\0" "\x20" WIFI("\x88\1") "\0\0" "\0\0" LLC_SIP), VIA_WIFI},
    {"radiotap: padded header, time aligned behind two words", 127,
     WHOLE("\0\0\x19\0" "\3\0\0\x80" "\0\0\0\0" "\0\0\0\0" "\1\1\1\1\1\1\1\1" "\x20" WIFI("\x88\1") "\0\0" "\0\0" LLC_SIP), VIA_WIFI},
    {"radiotap: version 1", 127, WHOLE("\1\0\x08\0" "\0\0\0\0" WIFI("\x08\1") LLC_SIP), "bad_version"},
    {"radiotap: shorter than itself", 127, WHOLE("\0\0\7\0" "\0\0\0\0" WIFI("\x08\1") LLC_SIP), "bad_length"},
    {"radiotap: cut", 127, CUT(80, "\0\0\x20\0" "\0\0\0\0"), "truncated"},

    {"wifi: QoS data", 105, WHOLE(WIFI("\x88\2") "\0\0" LLC_SIP), VIA_WIFI},
    {"wifi: QoS data with HT control", 105, WHOLE(WIFI("\x88\x82") "\0\0" "\0\0\0\0" LLC_SIP), VIA_WIFI},
    {"wifi: four addresses", 105, WHOLE(WIFI("\x88\3") A4 "\0\0" LLC_SIP), VIA_WIFI},
    {"wifi: encrypted", 105, WHOLE(WIFI("\x88\x42") "\0\0" LLC_SIP), "encrypted_wifi"},
    {"wifi: beacon", 105, WHOLE(WIFI("\x80\0") "abc"), "link 0000 +27"},
    {"wifi: acknowledgment", 105, WHOLE("\xd4\0" "\0\0" A1), "link 0000 +10"},
    {"wifi: null data", 105, WHOLE(WIFI("\x48\1")), "link 0000 +24"},
    {"wifi: EAPOL", 105, WHOLE(WIFI("\x08\2") "\xaa\xaa\3" "\0\0\0" "\x88\x8e" "\2\3"), "link 888e +2 via wifi/llc"},
    {"wifi: version 1", 105, WHOLE(WIFI("\x09\1") LLC_SIP), "bad_header"},
    {"wifi: cut", 105, CUT(80, "\x08\1\0\0" A1), "truncated"},
    {"wifi: too short", 105, WHOLE("\x08"), "bad_length"},
    {"a-msdu: two packets", 105, WHOLE(WIFI("\x88\2") "\x80\0" A1 A2 "\0\x26" LLC_SIP A1 A4 "\0\x26" LLC_SIP),
     VIA_WIFI "; " VIA_WIFI},
    {"a-msdu: padded, the second broken", 105,
     WHOLE(WIFI("\x88\2") "\x80\0" A1 A2 "\0\x27" LLC_SIP "z" "..." A1 A4 "\0\x26" "\xaa\xaa\3" "\0\0\0" "\x08\0" "\x55" IPV4_SIP),
     VIA_WIFI},
    {"a-msdu: padded, both good", 105,
     WHOLE(WIFI("\x88\2") "\x80\0" A1 A2 "\0\x27" LLC_SIP "z" "..." A1 A4 "\0\x26" LLC_SIP), VIA_WIFI "; " VIA_WIFI},
    {"a-msdu: more than asked for", 105,
     WHOLE(WIFI("\x88\2") "\x80\0" A1 A2 "\0\x26" LLC_SIP A1 A2 "\0\x26" LLC_SIP A1 A2 "\0\x26" LLC_SIP
           A1 A2 "\0\x26" LLC_SIP A1 A2 "\0\x26" LLC_SIP),
     VIA_WIFI "; " VIA_WIFI "; " VIA_WIFI "; " VIA_WIFI},
    {"a-msdu: longer than the frame", 105, WHOLE(WIFI("\x88\2") "\x80\0" A1 A2 "\1\0" LLC_SIP), "bad_length"},
    {"a-msdu: too short", 105, WHOLE(WIFI("\x88\2") "\x80\0" A1), "bad_length"},
};
/* clang-format on */

/* Which hardware address is whose, by the two DS bits. */
static void check_addresses(void **state)
{
    static const struct {
        const char *fc, *src, *dst;
    } forms[] = {
        {"\x08\0", A2, A1},
        {"\x08\1", A2, A3},
        {"\x08\2", A3, A1},
        {"\x08\3", A4, A3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        uint8_t bytes[] = WIFI("\x08\0") A4 LLC_SIP;
        struct frame frame = {.bytes = bytes, .cap_len = sizeof bytes - 1, .link = 105};
        struct packet packet;
        size_t n;

        memcpy(bytes, forms[i].fc, 2);
        if (i < 3) { /* Three addresses. */
            memmove(bytes + 24, bytes + 30, sizeof bytes - 30);
            frame.cap_len -= 6;
        }
        assert_int_equal(decode_frame(&frame, &packet, 1, &n), DECODE_OK);
        assert_true(packet.flags & PACKET_HAS_MAC);
        assert_memory_equal(packet.src_mac.b, forms[i].src, 6);
        assert_memory_equal(packet.dst_mac.b, forms[i].dst, 6);
    }
}

/* An ARP packet names the sender's hardware in its body; a cooked capture knows only
 * the sender. */
static void check_senders(void **state)
{
    static const uint8_t arp[] =
        A1 A2 "\x08\6"
              "\0\1\x08\0\6\4\0\2" A4 "\x0a\0\0\1" A3 "\x0a\0\0\2";
    static const uint8_t cooked[] = SLL_HEAD "\x08\0" IPV4_SIP;
    struct frame frame = {.bytes = arp, .cap_len = sizeof arp - 1, .link = 1};
    struct packet packet;
    size_t n;

    (void)state;
    assert_int_equal(decode_frame(&frame, &packet, 1, &n), DECODE_OK);
    assert_int_equal(packet.kind, PACKET_ARP);
    assert_int_equal(packet.icmp_type, 2);
    assert_memory_equal(packet.src_mac.b, A4, 6);
    assert_memory_equal(packet.dst_mac.b, A1, 6);
    frame = (struct frame){.bytes = cooked, .cap_len = sizeof cooked - 1, .link = 113};
    assert_int_equal(decode_frame(&frame, &packet, 1, &n), DECODE_OK);
    assert_true(packet.flags & PACKET_HAS_MAC);
    assert_memory_equal(packet.src_mac.b, A2, 6);
    assert_memory_equal(packet.dst_mac.b, "\0\0\0\0\0\0", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_addresses),
        cmocka_unit_test(check_senders),
    };

    return run_decode_rows(rows, ARRAY_LEN(rows)) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
