/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tunnels: what is inside when it holds, and the packet around it when it does not.
 */
#include "test_decode.h"

/* IPv4 from 10.0.0.1 to 10.0.0.2 around 'n' bytes, and UDP to a port in it.  Lengths
 * are one byte each: the tables stay below 256. */
#define OUTER(len, proto) MACS "\x08\0" IPV4("\0" len, proto)
#define UDP_TO(iplen, port, len) OUTER(iplen, "\x11") "\x9c\x40" port "\0" len "\0\0"
#define UDP_SEEN(port) "udp 10.0.0.1 40000 > 10.0.0.2 " #port " +"
#define OTHER_SEEN(proto) "other " #proto " 10.0.0.1 > 10.0.0.2 +"
#define ARP                                                                            \
    MACS "\x08\6"                                                                      \
         "\0\1\x08\0\6\4"                                                              \
         "\0\1"                                                                        \
         "\0\x90\x7a\x12\x34\1"                                                        \
         "\x0a\0\0\1"                                                                  \
         "\0\0\0\0\0\0"                                                                \
         "\x0a\0\0\2"
#define ARP_SEEN "arp 10.0.0.1 > 10.0.0.2 +0"
#define WIFI(fc)                                                                       \
    fc "\0\0"                                                                          \
       "\0\x0b\x85\0\0\1"                                                              \
       "\0\x90\x7a\x12\x34\1"                                                          \
       "\0\0\x5e\0\1\1"                                                                \
       "\x10\0"
#define LLC_SIP                                                                        \
    "\xaa\xaa\3"                                                                       \
    "\0\0\0"                                                                           \
    "\x08\0" IPV4_SIP /* 38 bytes. */

/* clang-format off */
static const struct decode_row rows[] = {
    /* VXLAN: 20 + 8 + 8 + 44 = 80 */
    {"vxlan", 1, WHOLE(UDP_TO("\x50", "\x12\xb5", "\x3c") "\x08\0\0\0\0\0\7\0" ETHER_SIP), SEEN " via vxlan"},
    {"vxlan: port of Linux", 1, WHOLE(UDP_TO("\x50", "\x21\x18", "\x3c") "\x08\0\0\0\0\0\7\0" ETHER_SIP), SEEN " via vxlan"},
    {"vxlan: in a VLAN, which is not that inside", 1,
     WHOLE(MACS "\x81\0\0\5\x08\0" IPV4("\0\x50", "\x11") "\x9c\x40\x12\xb5\0\x3c\0\0" "\x08\0\0\0\0\0\7\0" ETHER_SIP),
     SEEN " via vlan/vxlan"},
    {"vxlan: without an id", 1, WHOLE(UDP_TO("\x50", "\x12\xb5", "\x3c") "\0\0\0\0\0\0\7\0" ETHER_SIP), UDP_SEEN(4789) "52"},
    {"vxlan: ARP is told beside it", 1, WHOLE(UDP_TO("\x4e", "\x12\xb5", "\x3a") "\x08\0\0\0\0\0\7\0" ARP),
     UDP_SEEN(4789) "50; " ARP_SEEN " via vxlan"},
    {"vxlan: LLDP says nothing", 1, WHOLE(UDP_TO("\x34", "\x12\xb5", "\x20") "\x08\0\0\0\0\0\7\0" MACS "\x88\xcc" "\2\7"),
     UDP_SEEN(4789) "24"},
    {"vxlan: the packet inside is longer than it", 1,
     WHOLE(UDP_TO("\x4f", "\x12\xb5", "\x3b") "\x08\0\0\0\0\0\7\0" MACS "\x08\0" IPV4("\0\x1e", "\x11") "\x13\xc4\x13\xc5\0\x0a\0\0" "O"),
     UDP_SEEN(4789) "51"},
    {"vxlan: inside a first fragment it may be", 1,
     WHOLE(MACS "\x08\0" IPV4_FRAG("\0\x4f", "\x11", "\0\7", "\x20\0") "\x9c\x40\x12\xb5\1\0\0\0"
           "\x08\0\0\0\0\0\7\0" MACS "\x08\0" IPV4("\0\x1e", "\x11") "\x13\xc4\x13\xc5\0\x0a\0\0" "O"),
     SEEN " cut 1 via vxlan"},
    {"vxlan: a later fragment", 1, WHOLE(MACS "\x08\0" IPV4_FRAG("\0\x1e", "\x11", "\0\7", "\0\1") SIP),
     "udp 10.0.0.1 > 10.0.0.2 +10 frag 7 at 8"},
    {"vxlan: cut before the IP inside", 1, CUT(94, UDP_TO("\x50", "\x12\xb5", "\x3c") "\x08\0\0\0\0\0\7\0" MACS),
     UDP_SEEN(4789) "52 cut 20"},
    {"vxlan: cut before the ports inside", 1, CUT(94, UDP_TO("\x50", "\x12\xb5", "\x3c") "\x08\0\0\0\0\0\7\0" MACS "\x08\0" IPV4("\0\x1e", "\x11")),
     "truncated"},
    {"vxlan-gpe: IPv6", 1, WHOLE(UDP_TO("\x56", "\x12\xb6", "\x42") "\x0c\0\0\2\0\0\7\0" IPV6_SIP), SEEN6 " via vxlan"},
    {"vxlan-gpe: Ethernet", 1, WHOLE(UDP_TO("\x50", "\x12\xb6", "\x3c") "\x08\0\0\0\0\0\7\0" ETHER_SIP), SEEN " via vxlan"},
    {"vxlan-gpe: unknown", 1, WHOLE(UDP_TO("\x56", "\x12\xb6", "\x42") "\x0c\0\0\x09\0\0\7\0" IPV6_SIP), UDP_SEEN(4790) "58"},

    /* Geneve */
    {"geneve: Ethernet, options", 1, WHOLE(UDP_TO("\x54", "\x17\xc1", "\x40") "\1\0\x65\x58\0\0\7\0" "opts" ETHER_SIP), SEEN " via geneve"},
    {"geneve: IPv4", 1, WHOLE(UDP_TO("\x42", "\x17\xc1", "\x2e") "\0\0\x08\0\0\0\7\0" IPV4_SIP), SEEN " via geneve"},
    {"geneve: control", 1, WHOLE(UDP_TO("\x42", "\x17\xc1", "\x2e") "\0\x80\x08\0\0\0\7\0" IPV4_SIP), UDP_SEEN(6081) "38"},
    {"geneve: options longer than it", 1, WHOLE(UDP_TO("\x42", "\x17\xc1", "\x2e") "\x3f\0\x08\0\0\0\7\0" IPV4_SIP), UDP_SEEN(6081) "38"},

    /* TZSP */
    {"tzsp: Ethernet, tags", 1, WHOLE(UDP_TO("\x51", "\x90\x90", "\x3d") "\1\0\0\1" "\0" "\x0a\1x" "\1" ETHER_SIP), SEEN " via tzsp"},
    {"tzsp: 802.11", 1, WHOLE(UDP_TO("\x5f", "\x90\x90", "\x4b") "\1\0\0\x12" "\1" WIFI("\x08\1") LLC_SIP), SEEN " via tzsp/wifi/llc"},
    {"tzsp: tags without end", 1, WHOLE(UDP_TO("\x22", "\x90\x90", "\x0e") "\1\0\0\1" "\0\0"), UDP_SEEN(37008) "6"},
    {"tzsp: version 2", 1, WHOLE(UDP_TO("\x4d", "\x90\x90", "\x39") "\2\0\0\1" "\1" ETHER_SIP), UDP_SEEN(37008) "49"},

    /* Teredo */
    {"teredo", 1, WHOLE(UDP_TO("\x4e", "\x0d\xd8", "\x3a") IPV6_SIP), SEEN6 " via teredo"},
    {"teredo: with origin", 1, WHOLE(UDP_TO("\x56", "\x0d\xd8", "\x42") "\0\0abcdef" IPV6_SIP), SEEN6 " via teredo"},
    {"teredo: with authentication", 1, WHOLE(UDP_TO("\x5b", "\x0d\xd8", "\x47") "\0\1\0\0" "12345678" "\0" IPV6_SIP), SEEN6 " via teredo"},
    {"teredo: no IPv6", 1, WHOLE(UDP_TO("\x3a", "\x0d\xd8", "\x26") IPV4_SIP), UDP_SEEN(3544) "30"},
    {"teredo: authentication longer than it", 1, WHOLE(UDP_TO("\x20", "\x0d\xd8", "\x0c") "\0\1\xff\0"), UDP_SEEN(3544) "4"},

    /* GTP-U */
    {"gtp", 1, WHOLE(UDP_TO("\x42", "\x08\x68", "\x2e") "\x30\xff\0\x1e\0\0\0\1" IPV4_SIP), SEEN " via gtp"},
    {"gtp: sequence", 1, WHOLE(UDP_TO("\x46", "\x08\x68", "\x32") "\x32\xff\0\x22\0\0\0\1" "\0\1\0\0" IPV4_SIP), SEEN " via gtp"},
    {"gtp: extension", 1, WHOLE(UDP_TO("\x4a", "\x08\x68", "\x36") "\x34\xff\0\x26\0\0\0\1" "\0\0\0\x85" "\1\0\1\0" IPV4_SIP), SEEN " via gtp"},
    {"gtp: extension of no length", 1, WHOLE(UDP_TO("\x4a", "\x08\x68", "\x36") "\x34\xff\0\x26\0\0\0\1" "\0\0\0\x85" "\0\0\1\0" IPV4_SIP), UDP_SEEN(2152) "46"},
    {"gtp: echo", 1, WHOLE(UDP_TO("\x42", "\x08\x68", "\x2e") "\x30\1\0\x1e\0\0\0\1" IPV4_SIP), UDP_SEEN(2152) "38"},
    {"gtp: longer than the packet", 1, WHOLE(UDP_TO("\x42", "\x08\x68", "\x2e") "\x30\xff\0\x1f\0\0\0\1" IPV4_SIP), UDP_SEEN(2152) "38"},

    /* CAPWAP: 8 + 24 + 38 = 70 */
    {"capwap: 802.11", 1, WHOLE(UDP_TO("\x62", "\x14\x7f", "\x4e") "\0\x10\3\0\0\0\0\0" WIFI("\x08\1") LLC_SIP), SEEN " via capwap/wifi/llc"},
    {"capwap: frame control swapped", 1, WHOLE(UDP_TO("\x62", "\x14\x7f", "\x4e") "\0\x10\3\0\0\0\0\0" WIFI("\1\x08") LLC_SIP), SEEN " via capwap/wifi/llc"},
    {"capwap: 802.3", 1, WHOLE(UDP_TO("\x50", "\x14\x7f", "\x3c") "\0\x10\0\0\0\0\0\0" ETHER_SIP), SEEN " via capwap"},
    {"capwap: radio MAC in its header", 1, WHOLE(UDP_TO("\x6a", "\x14\x7f", "\x56") "\0\x20\3\x10\0\0\0\0" "\6abcdef\0" WIFI("\x08\1") LLC_SIP), SEEN " via capwap/wifi/llc"},
    {"capwap: DTLS", 1, WHOLE(UDP_TO("\x24", "\x14\x7f", "\x10") "\1\0\0\0" "\x17\xfe\xfd\0"), UDP_SEEN(5247) "8; encrypted_tunnel"},
    {"capwap: encrypted 802.11", 1, WHOLE(UDP_TO("\x62", "\x14\x7f", "\x4e") "\0\x10\3\0\0\0\0\0" WIFI("\x08\x41") LLC_SIP), UDP_SEEN(5247) "70; encrypted_wifi"},
    {"capwap: first fragment, as far as it goes", 1,
     WHOLE(UDP_TO("\x61", "\x14\x7f", "\x4d") "\0\x10\3\x80\0\1\0\0" WIFI("\x08\1") "\xaa\xaa\3\0\0\0\x08\0" IPV4("\0\x1e", "\x11") "\x13\xc4\x13\xc5\0\x0a\0\0" "O"),
     SEEN " cut 1 via capwap/wifi/llc"},
    {"capwap: first fragment, cut before the ports inside", 1,
     WHOLE(UDP_TO("\x58", "\x14\x7f", "\x44") "\0\x10\3\x80\0\1\0\0" WIFI("\x08\1") "\xaa\xaa\3\0\0\0\x08\0" IPV4("\0\x1e", "\x11")),
     "truncated"},
    {"capwap: later fragment", 1, WHOLE(UDP_TO("\x62", "\x14\x7f", "\x4e") "\0\x10\3\x80\0\1\0\x08" WIFI("\x08\1") LLC_SIP), UDP_SEEN(5247) "70"},
    {"capwap: last fragment", 1, WHOLE(UDP_TO("\x62", "\x14\x7f", "\x4e") "\0\x10\3\xc0\0\1\0\x08" WIFI("\x08\1") LLC_SIP), UDP_SEEN(5247) "70"},
    {"capwap: keep-alive", 1, WHOLE(UDP_TO("\x62", "\x14\x7f", "\x4e") "\0\x10\3\x08\0\1\0\0" WIFI("\x08\1") LLC_SIP), UDP_SEEN(5247) "70"},
    {"capwap: header of 4 bytes", 1, WHOLE(UDP_TO("\x62", "\x14\x7f", "\x4e") "\0\x08\3\0\0\0\0\0" WIFI("\x08\1") LLC_SIP), UDP_SEEN(5247) "70"},
    {"capwap: A-MSDU, all its packets", 1,
     WHOLE(UDP_TO("\xa8", "\x14\x7f", "\x94") "\0\x10\3\0\0\0\0\0" WIFI("\x88\1") "\x80\0" "\0\x0b\x85\0\0\1" "\0\x90\x7a\x12\x34\1" "\0\x26" LLC_SIP
           "\0\x0b\x85\0\0\1" "\0\x90\x7a\x12\x34\1" "\0\x26" LLC_SIP "zz"),
     SEEN " via capwap/wifi/llc; " SEEN " via capwap/wifi/llc"},
    {"lwapp", 1, WHOLE(UDP_TO("\x60", "\x2f\xbe", "\x4c") "\x08\0\0\x3e\0\0" WIFI("\1\x08") LLC_SIP), SEEN " via lwapp/wifi/llc"},
    {"lwapp: control", 1, WHOLE(UDP_TO("\x60", "\x2f\xbe", "\x4c") "\x0c\0\0\x3e\0\0" WIFI("\1\x08") LLC_SIP), UDP_SEEN(12222) "68"},

    /* L2TP, PPPoE */
    {"l2tp", 1, WHOLE(UDP_TO("\x42", "\6\xa5", "\x2e") "\0\2" "\0\1\0\2" "\0\x21" IPV4_SIP), SEEN " via l2tp/ppp"},
    {"l2tp: all its fields", 1, WHOLE(UDP_TO("\x4e", "\6\xa5", "\x3a") "\x4a\2" "\0\x32" "\0\1\0\2" "\0\0\0\0" "\0\2zz" "\xff\3\0\x21" IPV4_SIP), SEEN " via l2tp/ppp"},
    {"l2tp: control", 1, WHOLE(UDP_TO("\x42", "\6\xa5", "\x2e") "\x80\2" "\0\1\0\2" "\0\x21" IPV4_SIP), UDP_SEEN(1701) "38"},
    {"l2tp: padding longer than it", 1, WHOLE(UDP_TO("\x44", "\6\xa5", "\x30") "\2\2" "\0\1\0\2" "\1\0" "\0\x21" IPV4_SIP), UDP_SEEN(1701) "40"},
    {"l2tp: negotiation", 1, WHOLE(UDP_TO("\x26", "\6\xa5", "\x12") "\0\2" "\0\1\0\2" "\xc0\x21" "\1\1"), UDP_SEEN(1701) "10"},
    {"pppoe: over two VLANs", 1, WHOLE(MACS "\x88\xa8\0\6" "\x81\0\0\5" "\x88\x64" "\x11\0\0\1\0\x20" "\0\x21" IPV4_SIP "pad"),
     SEEN " vlan 5 via vlan/vlan/pppoe/ppp"},
    {"pppoe: version 2", 1, WHOLE(MACS "\x88\x64" "\x21\0\0\1\0\x20" "\0\x21" IPV4_SIP), "bad_header"},
    {"pppoe: discovery", 1, WHOLE(MACS "\x88\x63" "\x11\x09\0\0\0\0"), "link 8863 +6"},
    {"pppoe: negotiation", 1, WHOLE(MACS "\x88\x64" "\x11\0\0\1\0\4" "\xc0\x21" "\1\1"), "link 8864 +2 via pppoe/ppp"},

    /* MPLS */
    {"mpls: two labels", 1, WHOLE(MACS "\x88\x47" "\0\1\0\x40" "\0\1\1\x40" IPV4_SIP), SEEN " via mpls"},
    {"mpls: IPv6", 1, WHOLE(MACS "\x88\x47" "\0\1\1\x40" IPV6_SIP), SEEN6 " via mpls"},
    {"mpls: pseudo-wire", 1, WHOLE(MACS "\x88\x47" "\0\1\1\x40" ETHER_SIP), SEEN " via mpls"},
    {"mpls: pseudo-wire with control word", 1, WHOLE(MACS "\x88\x47" "\0\1\1\x40" "\0\0\0\7" ETHER_SIP), SEEN " via mpls"},
    {"mpls: pseudo-wire to an address like IP", 1, WHOLE(MACS "\x88\x47" "\0\1\1\x40" "\x40\x90\x7a\x12\x34\2" "\0\x90\x7a\x12\x34\1" "\x08\0" IPV4_SIP), SEEN " via mpls"},
    {"mpls: something else", 1, WHOLE(MACS "\x88\x47" "\0\1\1\x40" "\x10" "abc"), "link 8847 +4 via mpls"},
    {"mpls: no bottom", 1, WHOLE(MACS "\x88\x47" "\0\1\0\x40"), "bad_length"},
    {"mpls: cut", 1, CUT(60, MACS "\x88\x47" "\0\1\1\x40"), "truncated"},
    {"pbb", 1, WHOLE(MACS "\x88\xe7" "\0\0\0\7" ETHER_SIP), SEEN " via pbb"},
    {"pbb: too short", 1, WHOLE(MACS "\x88\xe7" "\0\0\0"), "bad_length"},

    /* IP in IP and the like */
    {"ip in ip", 1, WHOLE(OUTER("\x32", "\4") IPV4_SIP), SEEN " via ipv4"},
    {"6in4", 1, WHOLE(OUTER("\x46", "\x29") IPV6_SIP), SEEN6 " via ipv4"},
    {"4in6", 1, WHOLE(MACS "\x86\xdd" IPV6("\0\x1e", "\4") IPV4_SIP), SEEN " via ipv6"},
    {"ip in ip: none inside", 1, WHOLE(OUTER("\x32", "\4") "012345678901234567890123456789"), OTHER_SEEN(4) "30"},
    {"etherip", 1, WHOLE(OUTER("\x42", "\x61") "\x30\0" ETHER_SIP), SEEN " via etherip"},
    {"etherip: version 4", 1, WHOLE(OUTER("\x42", "\x61") "\x40\0" ETHER_SIP), OTHER_SEEN(97) "46"},
    {"mpls in ip", 1, WHOLE(OUTER("\x36", "\x89") "\0\1\1\x40" IPV4_SIP), SEEN " via mpls"},
    {"authentication", 1, WHOLE(OUTER("\x2a", "\x33") "\x11\1\0\0" "\0\0\0\1" SIP), "bad_length"},
    {"authentication: whole", 1, WHOLE(OUTER("\x2a", "\x33") "\x11\1\0\0" "\0\0\0\1" "\0\0\0\1" SIP), SEEN},
    {"esp", 1, WHOLE(OUTER("\x1c", "\x32") "\0\0\0\1" "\0\0\0\1"), OTHER_SEEN(50) "8; encrypted_tunnel"},

    /* GRE */
    {"gre: IPv4", 1, WHOLE(OUTER("\x36", "\x2f") "\0\0\x08\0" IPV4_SIP), SEEN " via gre"},
    {"gre: checksum, key, sequence", 1, WHOLE(OUTER("\x42", "\x2f") "\xb0\0\x08\0" "sum0" "key!" "seq!" IPV4_SIP), SEEN " via gre"},
    {"gre: routes", 1, WHOLE(OUTER("\x46", "\x2f") "\x40\0\x08\0" "sum0" "\0\1\0\4abcd" "\0\0\0\0" IPV4_SIP), SEEN " via gre"},
    {"gre: bridged, key (NVGRE)", 1, WHOLE(OUTER("\x48", "\x2f") "\x20\0\x65\x58" "\0\0\7\0" ETHER_SIP), SEEN " via gre"},
    {"gre: ERSPAN I", 1, WHOLE(OUTER("\x44", "\x2f") "\0\0\x88\xbe" ETHER_SIP), SEEN " via gre/erspan"},
    {"gre: ERSPAN II", 1, WHOLE(OUTER("\x50", "\x2f") "\x10\0\x88\xbe" "seq!" "\x10\7\0\1\0\0\0\0" ETHER_SIP), SEEN " via gre/erspan"},
    {"gre: ERSPAN II of version 3", 1, WHOLE(OUTER("\x50", "\x2f") "\x10\0\x88\xbe" "seq!" "\x30\7\0\1\0\0\0\0" ETHER_SIP), OTHER_SEEN(47) "60"},
    {"gre: ERSPAN III", 1, WHOLE(OUTER("\x54", "\x2f") "\x10\0\x22\xeb" "seq!" "\x20\7\0\1" "time" "\0\0\0\0" ETHER_SIP), SEEN " via gre/erspan"},
    {"gre: ERSPAN III with platform header", 1, WHOLE(OUTER("\x5c", "\x2f") "\x10\0\x22\xeb" "seq!" "\x20\7\0\1" "time" "\0\0\0\1" "platform" ETHER_SIP), SEEN " via gre/erspan"},
    {"gre: ERSPAN III, IP", 1, WHOLE(OUTER("\x46", "\x2f") "\x10\0\x22\xeb" "seq!" "\x20\7\0\1" "time" "\0\0\x08\0" IPV4_SIP), SEEN " via gre/erspan"},
    {"gre: ERSPAN III, another frame", 1, WHOLE(OUTER("\x46", "\x2f") "\x10\0\x22\xeb" "seq!" "\x20\7\0\1" "time" "\0\0\x1c\0" IPV4_SIP), OTHER_SEEN(47) "50"},
    {"gre: ERSPAN with ARP", 1, WHOLE(OUTER("\x42", "\x2f") "\0\0\x88\xbe" ARP), OTHER_SEEN(47) "46; " ARP_SEEN " via gre/erspan"},
    {"gre: Aruba", 1, WHOLE(OUTER("\x56", "\x2f") "\0\0\x82\x10" WIFI("\x08\1") LLC_SIP), SEEN " via gre/aruba/wifi/llc"},
    {"gre: PPTP", 1, WHOLE(OUTER("\x40", "\x2f") "\x30\1\x88\x0b" "\0\x20\0\1" "seq!" "\x21" IPV4_SIP "z"), SEEN " via gre/ppp"},
    {"gre: PPTP acknowledges", 1, WHOLE(OUTER("\x20", "\x2f") "\x20\x81\x88\x0b" "\0\0\0\1" "ack!"), OTHER_SEEN(47) "12"},
    {"gre: WCCP", 1, WHOLE(OUTER("\x3a", "\x2f") "\0\0\x88\x3e" "\0\0\0\0" IPV4_SIP), SEEN " via gre"},
    {"gre: version 2", 1, WHOLE(OUTER("\x36", "\x2f") "\0\2\x08\0" IPV4_SIP), OTHER_SEEN(47) "34"},
    {"gre: no IP", 1, WHOLE(OUTER("\x36", "\x2f") "\0\0\x12\x34" IPV4_SIP), OTHER_SEEN(47) "34"},
    {"gre: routes without end", 1, WHOLE(OUTER("\x24", "\x2f") "\x40\0\x08\0" "sum0" "\0\1\0\4abcd"), OTHER_SEEN(47) "16"},
    {"gre: in GRE", 1, WHOLE(OUTER("\x4e", "\x2f") "\0\0\x08\0" IPV4("\0\x36", "\x2f") "\0\0\x08\0" IPV4_SIP), SEEN " via gre/gre"},
};
/* clang-format on */

int main(void)
{
    return run_decode_rows(rows, ARRAY_LEN(rows));
}
