/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ethernet, VLAN tags, LLC, ARP, IPv4, IPv6, fragments, TCP, UDP, ICMP.
 */
#include "test_decode.h"

#define E4 MACS "\x08\0"
#define E6 MACS "\x86\xdd"
#define TCP_TO(off, flags)                                                             \
    "\x9c\x40"                                                                         \
    "\x01\xbb"                                                                         \
    "\0\0\0\1"                                                                         \
    "\0\0\0\2" off flags "\x10\0"                                                      \
    "\0\0"                                                                             \
    "\0\0"
#define TCP_SEEN "tcp 10.0.0.1 40000 > 10.0.0.2 443 flags SA seq 1 ack 2"
#define ARP_BODY                                                                       \
    "\0\1"                                                                             \
    "\0\x90\x7a\x12\x34\1"                                                             \
    "\x0a\0\0\1"                                                                       \
    "\0\0\0\0\0\0"                                                                     \
    "\x0a\0\0\2"
#define QUOTE(proto)                                                                   \
    IPV4("\0\x3c", proto)                                                              \
    "\x9c\x40"                                                                         \
    "\x01\xbb"                                                                         \
    "\0\0\0\5"

#define TAGS_5 "\x81\0\0\1\x81\0\0\1\x81\0\0\1\x81\0\0\1\x81\0\0\1"
#define TAGS_15 TAGS_5 TAGS_5 TAGS_5

/* clang-format off */
static const struct decode_row rows[] = {
    /* Ethernet */
    {"ethernet: UDP", 1, WHOLE(ETHER_SIP), SEEN},
    {"ethernet: padding is no payload", 1, WHOLE(ETHER_SIP "\0\0\0\0"), SEEN},
    {"ethernet: unknown type", 1, WHOLE(MACS "\x88\xcc" "\2\7"), "link 88cc +2"},
    {"ethernet: type that is no length", 1, WHOLE(MACS "\5\xf0" "\2"), "link 05f0 +1"},
    {"ethernet: cut", 1, CUT(60, MACS "\x08"), "truncated"},
    {"ethernet: too short", 1, WHOLE(MACS "\x08"), "bad_length"},
    {"ethernet: nothing", 1, WHOLE(""), "bad_length"},
    {"link type nobody knows", 250, WHOLE(ETHER_SIP), "unknown_link"},

    /* VLAN */
    {"vlan: one tag", 1, WHOLE(MACS "\x81\0" "\x60\5" "\x08\0" IPV4_SIP), SEEN " vlan 5 via vlan"},
    {"vlan: two tags", 1, WHOLE(MACS "\x88\xa8" "\0\6" "\x81\0" "\0\5" "\x08\0" IPV4_SIP),
     SEEN " vlan 5 via vlan/vlan"},
    {"vlan: old outer type", 1, WHOLE(MACS "\x91\0" "\0\6" "\x86\xdd" IPV6_SIP),
     SEEN6 " vlan 6 via vlan"},
    {"vlan: LLC in it", 1, WHOLE(MACS "\x81\0" "\0\5" "\0\3" "\x42\x42\3"), "link 0000 +3 vlan 5 via vlan"},
    {"vlan: cut", 1, CUT(64, MACS "\x81\0" "\0\5"), "truncated"},
    {"vlan: too short", 1, WHOLE(MACS "\x81\0" "\0\5\x08"), "bad_length"},
    {"vlan: too many", 1, WHOLE(MACS TAGS_15 TAGS_15 TAGS_15 "\x08\0" IPV4_SIP), "too_deep"},
    {"trustsec tag", 1, WHOLE(MACS "\x89\x09" "\1\1\0\1\0\7" "\x08\0" IPV4_SIP), SEEN},
    {"trustsec tag: cut", 1, CUT(64, MACS "\x89\x09" "\1\1\0\1\0\7"), "truncated"},

    /* LLC */
    {"llc: SNAP with IP", 1, WHOLE(MACS "\0\x26" "\xaa\xaa\3" "\0\0\0" "\x08\0" IPV4_SIP), SEEN " via llc"},
    {"llc: 802.1H", 1, WHOLE(MACS "\0\x26" "\xaa\xaa\3" "\0\0\xf8" "\x08\0" IPV4_SIP), SEEN " via llc"},
    {"llc: spanning tree", 1, WHOLE(MACS "\0\3" "\x42\x42\3" "pad"), "link 0000 +3"},
    {"llc: CDP", 1, WHOLE(MACS "\0\x0a" "\xaa\xaa\3" "\0\0\x0c" "\x20\0" "xy"), "link 0000 +10"},
    {"llc: SNAP without a type", 1, WHOLE(MACS "\0\x0a" "\xaa\xaa\3" "\0\0\0" "\0\4" "xy"),
     "link 0004 +2 via llc"},
    {"llc: shorter than IP in it", 1, WHOLE(MACS "\0\x0a" "\xaa\xaa\3" "\0\0\0" "\x08\0" IPV4_SIP),
     "bad_length"},

    /* ARP */
    {"arp", 1, WHOLE(MACS "\x08\6" "\0\1\x08\0\6\4" ARP_BODY), "arp 10.0.0.1 > 10.0.0.2 +0"},
    {"arp: of another protocol", 1, WHOLE(MACS "\x08\6" "\0\1\x86\xdd\6\4" ARP_BODY), "link 0806 +20"},
    {"arp: cut", 1, CUT(42, MACS "\x08\6" "\0\1\x08\0\6\4" "\0\1" "\0\x90"), "truncated"},
    {"arp: too short", 1, WHOLE(MACS "\x08\6" "\0\1\x08\0\6\4" "\0\1" "\0\x90"), "bad_length"},

    /* IPv4 */
    {"ipv4: options", 1, WHOLE(E4 "\x46\0\0\x22\0\7\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2" "\1\1\1\1" SIP), SEEN},
    {"ipv4: length 0 is offload", 1, WHOLE(E4 IPV4("\0\0", "\x06") TCP_TO("\x50", "\x12") "abc"), TCP_SEEN " +3"},
    {"ipv4: another protocol", 1, WHOLE(E4 IPV4("\0\x16", "\2") "xy"), "other 2 10.0.0.1 > 10.0.0.2 +2"},
    {"ipv4: longer than its frame", 1, WHOLE(E4 IPV4("\1\0", "\2") "xy"), "other 2 10.0.0.1 > 10.0.0.2 +236 cut 2"},
    {"ipv4: version 6", 1, WHOLE(E4 "\x65\0\0\x1e\0\7\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2" SIP), "bad_version"},
    {"ipv4: header of 4 words", 1, WHOLE(E4 "\x44\0\0\x1e\0\7\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2" SIP), "bad_header"},
    {"ipv4: shorter than its header", 1, WHOLE(E4 IPV4("\0\x13", "\x11") SIP), "bad_length"},
    {"ipv4: options longer than it", 1, WHOLE(E4 "\x46\0\0\x16\0\7\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2" SIP), "bad_length"},
    {"ipv4: cut in the header", 1, CUT(60, E4 "\x45\0\0\x1e\0\7\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0"), "truncated"},
    {"ipv4: cut in the options", 1, CUT(60, E4 "\x46\0\0\x22\0\7\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2" "\1"), "truncated"},
    {"ipv4: header too short", 1, WHOLE(E4 "\x45\0\0\x1e"), "bad_length"},

    /* IPv4 fragments */
    {"fragment: first", 1, WHOLE(E4 IPV4_FRAG("\0\x1e", "\x11", "\0\7", "\x20\0") "\x13\xc4\x13\xc5\5\0\0\0" "OK"),
     SEEN " frag 7 at 0 more"},
    {"fragment: later", 1, WHOLE(E4 IPV4_FRAG("\0\x1e", "\x11", "\0\7", "\0\1") SIP),
     "udp 10.0.0.1 > 10.0.0.2 +10 frag 7 at 8"},
    {"fragment: later, in the middle, cut", 1, CUT(44, E4 IPV4_FRAG("\0\x1e", "\x06", "\0\7", "\x20\2") "xy"),
     "tcp 10.0.0.1 > 10.0.0.2 +10 cut 2 frag 7 at 16 more"},
    {"fragment: past the end of a datagram", 1, WHOLE(E4 IPV4_FRAG("\0\x1e", "\x11", "\0\7", "\x1f\xff") SIP), "bad_length"},
    {"fragment: first, too short for its ports", 1, WHOLE(E4 IPV4_FRAG("\0\x18", "\x06", "\0\7", "\x20\0") "\x9c\x40\x01\xbb"), "bad_length"},

    /* IPv6 */
    {"ipv6: UDP", 1, WHOLE(E6 IPV6_SIP), SEEN6},
    {"ipv6: hop-by-hop, destination", 1, WHOLE(E6 IPV6("\0\x1a", "\0") "\x3c\0\1\4\0\0\0\0" "\x11\0\1\4\0\0\0\0" SIP), SEEN6},
    {"ipv6: authentication", 1, WHOLE(E6 IPV6("\0\x16", "\x33") "\x11\1\0\0" "\0\0\0\1" "\0\0\0\1" SIP), SEEN6},
    {"ipv6: first fragment", 1, WHOLE(E6 IPV6("\0\x12", "\x2c") "\x11\0\0\1\0\0\0\x63" SIP), SEEN6 " frag 99 at 0 more"},
    {"ipv6: later fragment", 1, WHOLE(E6 IPV6("\0\x12", "\x2c") "\x11\0\0\x08\0\0\0\x63" SIP),
     "udp fd00::1 > fd00::2 +10 frag 99 at 8"},
    {"ipv6: atomic fragment", 1, WHOLE(E6 IPV6("\0\x12", "\x2c") "\x11\0\0\0\0\0\0\x63" SIP), SEEN6},
    {"ipv6: nothing follows", 1, WHOLE(E6 IPV6("\0\0", "\x3b") "pad"), "other 59 fd00::1 > fd00::2 +0"},
    {"ipv6: length 0 is offload", 1, WHOLE(E6 IPV6("\0\0", "\x11") SIP), SEEN6},
    {"ipv6: version 4", 1, WHOLE(MACS "\x86\xdd" IPV4_SIP "0123456789"), "bad_version"},
    {"ipv6: cut", 1, CUT(100, E6 "\x60\0\0\0"), "truncated"},
    {"ipv6: too short", 1, WHOLE(E6 "\x60\0\0\0"), "bad_length"},
    {"ipv6: extension longer than it", 1, WHOLE(E6 IPV6("\0\x0a", "\0") "\x11\1\1\4\0\0\0\0" "OK"), "bad_length"},
    {"ipv6: extension cut", 1, CUT(80, E6 IPV6("\0\x1a", "\0") "\x11\1\1\4\0\0\0\0" "OK"), "truncated"},
    {"ipv6: too many extensions", 1, WHOLE(E6 IPV6("\0\x92", "\0")
        "\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0"
        "\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0"
        "\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\4\0\0\0\0\x11\0\1\4\0\0\0\0" SIP), "too_deep"},

    /* TCP */
    {"tcp", 1, WHOLE(E4 IPV4("\0\x2b", "\6") TCP_TO("\x50", "\x12") "abc"), TCP_SEEN " +3"},
    {"tcp: options", 1, WHOLE(E4 IPV4("\0\x2f", "\6") TCP_TO("\x60", "\x12") "\2\4\5\xb4" "abc"),
     "tcp 10.0.0.1 40000 > 10.0.0.2 443 flags SA seq 1 ack 2 options +3"},
    {"tcp: cut behind its flags", 1, CUT(57, E4 IPV4("\0\x2b", "\6") "\x9c\x40\x01\xbb\0\0\0\1\0\0\0\2\x50\x12"),
     TCP_SEEN " +3 cut 0"},
    {"tcp: cut in its options", 1, CUT(61, E4 IPV4("\0\x2f", "\6") TCP_TO("\x60", "\x12") "\2\4"),
     "tcp 10.0.0.1 40000 > 10.0.0.2 443 flags SA seq 1 ack 2 options +3 cut 0"},
    {"tcp: cut before its flags", 1, CUT(57, E4 IPV4("\0\x2b", "\6") "\x9c\x40\x01\xbb\0\0\0\1\0\0\0\2\x50"), "truncated"},
    {"tcp: header of 4 words", 1, WHOLE(E4 IPV4("\0\x2b", "\6") TCP_TO("\x40", "\x12") "abc"), "bad_header"},
    {"tcp: header longer than the packet", 1, WHOLE(E4 IPV4("\0\x2b", "\6") TCP_TO("\x60", "\x12") "abc"), "bad_header"},
    {"tcp: no room for a header", 1, WHOLE(E4 IPV4("\0\x27", "\6") TCP_TO("\x50", "\x12")), "bad_length"},

    /* UDP */
    {"udp: trailer behind its length", 1, WHOLE(E4 IPV4("\0\x20", "\x11") SIP "zz"), SEEN},
    {"udp: length 0", 1, WHOLE(E4 IPV4("\0\x1e", "\x11") "\x13\xc4\x13\xc5\0\0\0\0" "OK"), SEEN},
    {"udp: cut behind its ports", 1, CUT(44, E4 IPV4("\0\x1e", "\x11") "\x13\xc4\x13\xc5"), SEEN " cut 0"},
    {"udp: cut before its ports", 1, CUT(44, E4 IPV4("\0\x1e", "\x11") "\x13\xc4\x13"), "truncated"},
    {"udp: shorter than itself", 1, WHOLE(E4 IPV4("\0\x1e", "\x11") "\x13\xc4\x13\xc5\0\7\0\0" "OK"), "bad_length"},
    {"udp: longer than the packet", 1, WHOLE(E4 IPV4("\0\x1e", "\x11") "\x13\xc4\x13\xc5\0\x0b\0\0" "OK"), "bad_length"},
    {"udp: no room for a header", 1, WHOLE(E4 IPV4("\0\x1b", "\x11") SIP), "bad_length"},

    /* ICMP */
    {"icmp: echo", 1, WHOLE(E4 IPV4("\0\x1c", "\1") "\x08\0\0\0\0\1\0\1"), "icmp 10.0.0.1 > 10.0.0.2 +4 type 8/0"},
    {"icmp: port unreachable, of TCP", 1, WHOLE(E4 IPV4("\0\x38", "\1") "\3\x0d\0\0\0\0\0\0" QUOTE("\6")),
     "icmp-error 6 10.0.0.1 40000 > 10.0.0.2 443 +32 type 3/13 from 10.0.0.1 seq 5"},
    {"icmp: time exceeded, of UDP", 1, WHOLE(E4 IPV4("\0\x38", "\1") "\x0b\0\0\0\0\0\0\0" QUOTE("\x11")),
     "icmp-error 17 10.0.0.1 40000 > 10.0.0.2 443 +32 type 11/0 from 10.0.0.1"},
    {"icmp: of an echo", 1, WHOLE(E4 IPV4("\0\x38", "\1") "\3\1\0\0\0\0\0\0" QUOTE("\1")),
     "icmp-error 1 10.0.0.1 > 10.0.0.2 +32 type 3/1 from 10.0.0.1"},
    {"icmp: quotes only ports", 1, WHOLE(E4 IPV4("\0\x34", "\1") "\3\3\0\0\0\0\0\0" IPV4("\0\x3c", "\6") "\x9c\x40\x01\xbb"),
     "icmp-error 6 10.0.0.1 40000 > 10.0.0.2 443 +28 type 3/3 from 10.0.0.1"},
    {"icmp: quote cut before its ports", 1, CUT(70, E4 IPV4("\0\x38", "\1") "\3\3\0\0\0\0\0\0" IPV4("\0\x3c", "\6") "\x9c\x40"),
     "icmp 10.0.0.1 > 10.0.0.2 +32 cut 26 type 3/3"},
    {"icmp: quotes a later fragment", 1, WHOLE(E4 IPV4("\0\x38", "\1") "\3\3\0\0\0\0\0\0" IPV4_FRAG("\0\x3c", "\6", "\0\7", "\0\1") "12345678"),
     "icmp 10.0.0.1 > 10.0.0.2 +32 type 3/3"},
    {"icmp: quotes no IP", 1, WHOLE(E4 IPV4("\0\x38", "\1") "\3\3\0\0\0\0\0\0" "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
     "icmp 10.0.0.1 > 10.0.0.2 +32 type 3/3"},
    {"icmp: too short", 1, WHOLE(E4 IPV4("\0\x17", "\1") "\3\3\0"), "bad_length"},
    {"icmp: cut", 1, CUT(70, E4 IPV4("\0\x38", "\1") "\3\3"), "truncated"},
    {"icmpv6: unreachable", 1, WHOLE(E6 IPV6("\0\x3a", "\x3a") "\1\1\0\0\0\0\0\0" IPV6_SIP),
     "icmp-error 17 fd00::1 5060 > fd00::2 5061 +54 type 1/1 from fd00::1"},
    {"icmpv6: neighbour", 1, WHOLE(E6 IPV6("\0\x08", "\x3a") "\x87\0\0\0\0\0\0\0"), "icmp fd00::1 > fd00::2 +4 type 135/0"},
};
/* clang-format on */

int main(void)
{
    return run_decode_rows(rows, ARRAY_LEN(rows));
}
