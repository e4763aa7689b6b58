/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Captures of each format, each read from a file and through a pipe, byte by byte.
 */
#include "test_capture.h"

#include <pcap/pcap.h>

struct row {
    const char *name;
    const uint8_t *bytes;
    size_t len;
    const char *want;
};

#define RECORDS RECORD_1 RECORD_3
#define RECORDS_BE                                                                     \
    "\0\0\0\1"                                                                         \
    "\0\0\0\2"                                                                         \
    "\0\0\0\2"                                                                         \
    "\0\0\0\4"                                                                         \
    "ab"

/* clang-format off */
static const struct row rows[] = {
    {"pcap, microseconds", WIRE(PCAP_LE RECORDS),
     "1: 1000002000 ns 2/4 link 1 if 0 6162\n"
     "2: 3000000000 ns 1/1 link 1 if 0 63\n"
     "pcap links 1 packets 2 bytes 5 snaplen-cut 1 dropped 0 time 1000002000..3000000000\n"},
    {"pcap, nanoseconds", WIRE(PCAP(NS_LE, "\2\0\4\0", "\x71\0\0\0") RECORDS),
     "1: 1000000002 ns 2/4 link 113 if 0 6162\n"
     "2: 3000000000 ns 1/1 link 113 if 0 63\n"
     "pcap-ns links 113 packets 2 bytes 5 snaplen-cut 1 dropped 0 "
     "time 1000000002..3000000000\n"},
    {"pcap, microseconds, big-endian",
     WIRE(PCAP(US_BE, "\0\2\0\4", "\0\0\0\x65") RECORDS_BE),
     "1: 1000002000 ns 2/4 link 101 if 0 6162\n"
     "pcap links 101 packets 1 bytes 4 snaplen-cut 1 dropped 0 "
     "time 1000002000..1000002000\n"},
    {"pcap, nanoseconds, big-endian",
     WIRE(PCAP(NS_BE, "\0\2\0\4", "\0\0\1\x14") RECORDS_BE),
     "1: 1000000002 ns 2/4 link 276 if 0 6162\n"
     "pcap-ns links 276 packets 1 bytes 4 snaplen-cut 1 dropped 0 "
     "time 1000000002..1000000002\n"},
    {"pcap, modified",
     WIRE(PCAP(MODIFIED_LE, "\2\0\4\0", "\1\0\0\0")
          "\1\0\0\0" "\2\0\0\0" "\2\0\0\0" "\4\0\0\0" "\7\0\0\0" "\x08\0\x10\0" "ab"),
     "1: 1000002000 ns 2/4 link 1 if 0 6162\n"
     "pcap links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 time 1000002000..1000002000\n"},
    {"pcap, modified, big-endian",
     WIRE(PCAP(MODIFIED_BE, "\0\2\0\4", "\0\0\0\1")
          "\0\0\0\1" "\0\0\0\2" "\0\0\0\2" "\0\0\0\4" "\0\0\0\7" "\x08\0\x10\0" "ab"),
     "1: 1000002000 ns 2/4 link 1 if 0 6162\n"
     "pcap links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 time 1000002000..1000002000\n"},
    {"pcap without a packet", WIRE(PCAP_LE),
     "pcap links 1 packets 0 bytes 0 snaplen-cut 0 dropped 0 time 0..0\n"},
    {"pcap, times out of order",
     WIRE(PCAP_LE RECORD_3 RECORD_1),
     "1: 3000000000 ns 1/1 link 1 if 0 63\n"
     "2: 1000002000 ns 2/4 link 1 if 0 6162\n"
     "pcap links 1 packets 2 bytes 5 snaplen-cut 1 dropped 0 time 1000002000..3000000000\n"},
    {"pcap, a million microseconds, and the last second",
     WIRE(PCAP_LE "\1\0\0\0" "\x40\x42\x0f\0" ZERO4 ZERO4 FF4 FF4 ZERO4 ZERO4),
     "1: 2000000000 ns 0/0 link 1 if 0 \n"
     "2: 4294971589967295000 ns 0/0 link 1 if 0 \n"
     "pcap links 1 packets 2 bytes 0 snaplen-cut 0 dropped 0 "
     "time 2000000000..4294971589967295000\n"},
    {"pcap, FCS bits above the link type", WIRE(PCAP(US_LE, "\2\0\4\0", "\x69\0\0\x44")),
     "pcap links 105 packets 0 bytes 0 snaplen-cut 0 dropped 0 time 0..0\n"},
    {"pcap, a packet over the snaplen",
     WIRE(US_LE "\2\0\4\0" ZERO4 ZERO4 "\1\0\0\0" "\1\0\0\0" RECORD_1),
     "1: 1000002000 ns 2/4 link 1 if 0 6162\n"
     "pcap links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 time 1000002000..1000002000\n"},
    {"pcap, shorter on the wire than captured",
     WIRE(PCAP_LE "\1\0\0\0" ZERO4 "\2\0\0\0" "\1\0\0\0" "ab"),
     "1: 1000000000 ns 2/2 link 1 if 0 6162\n"
     "pcap links 1 packets 1 bytes 2 snaplen-cut 0 dropped 0 time 1000000000..1000000000\n"},
    {"pcap 2.2: the wire length comes first",
     WIRE(PCAP(US_LE, "\2\0\2\0", "\1\0\0\0")
          "\1\0\0\0" ZERO4 "\4\0\0\0" "\2\0\0\0" "ab"),
     "1: 1000000000 ns 2/4 link 1 if 0 6162\n"
     "pcap links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 time 1000000000..1000000000\n"},
    {"pcap 2.3: either order",
     WIRE(PCAP(US_LE, "\2\0\3\0", "\1\0\0\0")
          "\1\0\0\0" ZERO4 "\4\0\0\0" "\2\0\0\0" "ab" RECORD_1),
     "1: 1000000000 ns 2/4 link 1 if 0 6162\n"
     "2: 1000002000 ns 2/4 link 1 if 0 6162\n"
     "pcap links 1 packets 2 bytes 8 snaplen-cut 2 dropped 0 time 1000000000..1000002000\n"},
    {"pcap 543.0 of DG/UX",
     WIRE(PCAP(US_LE, "\x1f\2\0\0", "\1\0\0\0")
          "\1\0\0\0" ZERO4 "\4\0\0\0" "\2\0\0\0" "ab"),
     "1: 1000000000 ns 2/4 link 1 if 0 6162\n"
     "pcap links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 time 1000000000..1000000000\n"},

    {"pcapng", WIRE(SECTION INTERFACE(ZERO4) PACKET(ZERO4, "\1\0\0\0", "\2\0\0\0")),
     "1: 4294967298000 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 "
     "time 4294967298000..4294967298000\n"},
    {"pcapng, big-endian", WIRE(SECTION_BE INTERFACE_BE PACKET_BE(ZERO4, "\0\0\0\1", "\0\0\0\2")),
     "1: 4294967298000 ns 2/4 link 101 if 0 6162\n"
     "pcapng links 101 packets 1 bytes 4 snaplen-cut 1 dropped 0 "
     "time 4294967298000..4294967298000\n"},
    {"pcapng of one section without interfaces", WIRE(SECTION),
     "pcapng links packets 0 bytes 0 snaplen-cut 0 dropped 0 time 0..0\n"},
    {"pcapng, sections of either byte order, interfaces counted over both",
     WIRE(SECTION INTERFACE(ZERO4) INTERFACE(ZERO4) PACKET("\1\0\0\0", ZERO4, "\1\0\0\0")
          SECTION_BE INTERFACE_BE PACKET_BE(ZERO4, ZERO4, "\0\0\0\2")),
     "1: 1000 ns 2/4 link 1 if 1 6162\n"
     "2: 2000 ns 2/4 link 101 if 2 6162\n"
     "pcapng links 1 101 packets 2 bytes 8 snaplen-cut 2 dropped 0 time 1000..2000\n"},
    {"pcapng, old packet block, which has 16 bits of interface",
     WIRE(SECTION INTERFACE(ZERO4) "\2\0\0\0" "\x24\0\0\0" "\0\0\x09\0" ZERO4 "\3\0\0\0"
          "\2\0\0\0" "\4\0\0\0" "ab\0\0" "\x24\0\0\0"),
     "1: 3000 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 9 time 3000..3000\n"},
    {"pcapng, simple packets: time 0, then that of the packet before",
     WIRE(SECTION INTERFACE(ZERO4)
          "\3\0\0\0" "\x14\0\0\0" "\3\0\0\0" "abc\0" "\x14\0\0\0"
          PACKET(ZERO4, ZERO4, "\7\0\0\0")
          "\3\0\0\0" "\x14\0\0\0" "\3\0\0\0" "abc\0" "\x14\0\0\0"),
     "1: 0 ns 3/3 link 1 if 0 616263\n"
     "2: 7000 ns 2/4 link 1 if 0 6162\n"
     "3: 7000 ns 3/3 link 1 if 0 616263\n"
     "pcapng links 1 packets 3 bytes 10 snaplen-cut 1 dropped 0 time 0..7000\n"},
    {"pcapng, a simple packet cut by the snaplen",
     WIRE(SECTION INTERFACE("\2\0\0\0")
          "\3\0\0\0" "\x14\0\0\0" "\x09\0\0\0" "ab\0\0" "\x14\0\0\0"),
     "1: 0 ns 2/9 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 9 snaplen-cut 1 dropped 0 time 0..0\n"},
    {"pcapng, a packet over the snaplen, and shorter on the wire than captured",
     WIRE(SECTION INTERFACE("\1\0\0\0") "\6\0\0\0" "\x24\0\0\0" ZERO4 ZERO4 ZERO4
          "\2\0\0\0" "\1\0\0\0" "ab\0\0" "\x24\0\0\0"),
     "1: 0 ns 2/2 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 2 snaplen-cut 0 dropped 0 time 0..0\n"},
    {"pcapng, packet options and blocks of other types are passed over",
     WIRE(SECTION "\xad\x0b\0\0" "\x10\0\0\0" "junk" "\x10\0\0\0" INTERFACE(ZERO4)
          "\4\0\0\0" "\x0c\0\0\0" "\x0c\0\0\0"
          "\6\0\0\0" "\x2c\0\0\0" ZERO4 ZERO4 "\1\0\0\0" "\4\0\0\0" "\4\0\0\0" "abcd"
          "\1\0\2\0" "hi\0\0" "\x2c\0\0\0"),
     "1: 1000 ns 4/4 link 1 if 0 61626364\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 0 dropped 0 time 1000..1000\n"},

    {"pcapng, units of 10^-9 s",
     WIRE(SECTION INTERFACE_8(RESOLUTION("\x09")) PACKET(ZERO4, ZERO4, "\7\0\0\0")),
     "1: 7 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 time 7..7\n"},
    {"pcapng, units of 1 s, and a time that does not fit",
     WIRE(SECTION INTERFACE_8(RESOLUTION("\0")) PACKET(ZERO4, ZERO4, "\7\0\0\0")
          PACKET(ZERO4, FF4, FF4)),
     "1: 7000000000 ns 2/4 link 1 if 0 6162\n"
     "2: 9223372036854775807 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 2 bytes 8 snaplen-cut 2 dropped 0 "
     "time 7000000000..9223372036854775807\n"},
    {"pcapng, units of 10^-12 s",
     WIRE(SECTION INTERFACE_8(RESOLUTION("\x0c")) PACKET(ZERO4, "\1\0\0\0", ZERO4)),
     "1: 4294967 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 time 4294967..4294967\n"},
    {"pcapng, units of 10^-19 s",
     WIRE(SECTION INTERFACE_8(RESOLUTION("\x13")) PACKET(ZERO4, FF4, FF4)),
     "1: 1844674407 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 "
     "time 1844674407..1844674407\n"},
    {"pcapng, units of 2^-10 s",
     WIRE(SECTION INTERFACE_8(RESOLUTION("\x8a")) PACKET(ZERO4, ZERO4, "\1\6\0\0")),
     "1: 1500976562 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 "
     "time 1500976562..1500976562\n"},
    {"pcapng, units of 2^-63 s",
     WIRE(SECTION INTERFACE_8(RESOLUTION("\xbf")) PACKET(ZERO4, "\0\0\0\xc0", ZERO4)),
     "1: 1500000000 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 "
     "time 1500000000..1500000000\n"},
    {"pcapng, offset of two seconds, before the resolution",
     WIRE(SECTION INTERFACE_20(OFFSET("\2\0\0\0\0\0\0\0") RESOLUTION("\x09"))
          PACKET(ZERO4, ZERO4, "\7\0\0\0")),
     "1: 2000000007 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 "
     "time 2000000007..2000000007\n"},
    {"pcapng, offset of minus one second",
     WIRE(SECTION INTERFACE_20(RESOLUTION("\6") OFFSET(FF8)) PACKET(ZERO4, ZERO4, "\7\0\0\0")),
     "1: -999993000 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 "
     "time -999993000..-999993000\n"},
    {"pcapng, offset that does not fit",
     WIRE(SECTION INTERFACE_20(RESOLUTION("\6") OFFSET("\0\0\0\0\0\0\0\x80"))
          PACKET(ZERO4, ZERO4, "\7\0\0\0")),
     "1: -9223372036854775808 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 "
     "time -9223372036854775808..-9223372036854775808\n"},
    {"pcapng, options behind the end of options are none",
     WIRE(SECTION INTERFACE_20(RESOLUTION("\x09") ZERO4 RESOLUTION("\xff"))
          PACKET(ZERO4, ZERO4, "\7\0\0\0")),
     "1: 7 ns 2/4 link 1 if 0 6162\n"
     "pcapng links 1 packets 1 bytes 4 snaplen-cut 1 dropped 0 time 7..7\n"},

#define STATISTICS(i, drop, os_drop) \
    "\5\0\0\0" "\x38\0\0\0" i ZERO4 ZERO4 "\5\0\x08\0" drop ZERO4 "\7\0\x08\0" os_drop ZERO4 \
    ZERO4 ZERO4 "\x38\0\0\0"
    {"pcapng, drops: the last word of each interface, over all sections",
     WIRE(SECTION INTERFACE(ZERO4) INTERFACE(ZERO4)
          STATISTICS(ZERO4, "\1\0\0\0", "\2\0\0\0") STATISTICS(ZERO4, "\5\0\0\0", "\4\0\0\0")
          STATISTICS("\1\0\0\0", "\x64\0\0\0", ZERO4) STATISTICS("\2\0\0\0", FF4, FF4)
          SECTION INTERFACE(ZERO4) STATISTICS(ZERO4, "\x10\x27\0\0", ZERO4)
          STATISTICS("\1\0\0\0", FF4, FF4)),
     "pcapng links 1 packets 0 bytes 0 snaplen-cut 0 dropped 10109 time 0..0\n"},
    {"pcapng, statistics without drops, cut, or of another length say nothing",
     WIRE(SECTION INTERFACE(ZERO4) STATISTICS(ZERO4, "\7\0\0\0", ZERO4)
          "\5\0\0\0" "\x14\0\0\0" ZERO4 ZERO4 "\x14\0\0\0"
          "\5\0\0\0" "\x18\0\0\0" ZERO4 ZERO4 ZERO4 "\x18\0\0\0"
          "\5\0\0\0" "\x20\0\0\0" ZERO4 ZERO4 ZERO4 "\5\0\x08\0" "\1\0\0\0" "\x20\0\0\0"
          "\5\0\0\0" "\x20\0\0\0" ZERO4 ZERO4 ZERO4 "\5\0\4\0" "\1\0\0\0" "\x20\0\0\0"),
     "pcapng links 1 packets 0 bytes 0 snaplen-cut 0 dropped 7 time 0..0\n"},

/* A packet with an option of 8 bytes behind it. */
#define PACKET_OPTION(i, code, value) "\6\0\0\0" "\x34\0\0\0" i ZERO4 "\1\0\0\0" "\2\0\0\0" \
    "\4\0\0\0" "ab\0\0" code "\x08\0" value "\0\0\0\0" ZERO4 "\x34\0\0\0"
#define FRAME_AT_1(number, i) #number ": 1000 ns 2/4 link 1 if " #i " 6162\n"
    {"pcapng, drops that packets tell, added up; other options are none",
     WIRE(SECTION INTERFACE(ZERO4) INTERFACE(ZERO4) PACKET_OPTION(ZERO4, "\4\0", "\3\0\0\0")
          PACKET_OPTION(ZERO4, "\4\0", "\4\0\0\0") PACKET_OPTION(ZERO4, "\5\0", "\x64\0\0\0")
          PACKET_OPTION("\1\0\0\0", "\4\0", "\x0a\0\0\0")),
     FRAME_AT_1(1, 0) FRAME_AT_1(2, 0) FRAME_AT_1(3, 0) FRAME_AT_1(4, 1)
     "pcapng links 1 packets 4 bytes 16 snaplen-cut 4 dropped 17 time 1000..1000\n"},
    {"pcapng, drops of packets and statistics: of each interface the larger",
     WIRE(SECTION INTERFACE(ZERO4) INTERFACE(ZERO4) PACKET_OPTION(ZERO4, "\4\0", "\3\0\0\0")
          PACKET_OPTION("\1\0\0\0", "\4\0", "\x0a\0\0\0")
          STATISTICS(ZERO4, "\5\0\0\0", ZERO4) STATISTICS("\1\0\0\0", "\2\0\0\0", ZERO4)),
     FRAME_AT_1(1, 0) FRAME_AT_1(2, 1)
     "pcapng links 1 packets 2 bytes 8 snaplen-cut 2 dropped 15 time 1000..1000\n"},
    {"pcapng, drops of old packet blocks; 0xffff is unknown",
     WIRE(SECTION INTERFACE(ZERO4)
          "\2\0\0\0" "\x24\0\0\0" "\0\0\x09\0" ZERO4 "\1\0\0\0" "\2\0\0\0" "\4\0\0\0" "ab\0\0"
          "\x24\0\0\0"
          "\2\0\0\0" "\x24\0\0\0" "\0\0\xff\xff" ZERO4 "\1\0\0\0" "\2\0\0\0" "\4\0\0\0" "ab\0\0"
          "\x24\0\0\0"),
     FRAME_AT_1(1, 0) FRAME_AT_1(2, 0)
     "pcapng links 1 packets 2 bytes 8 snaplen-cut 2 dropped 9 time 1000..1000\n"},
    {"pcapng, more drops than can be",
     WIRE(SECTION INTERFACE(ZERO4) "\5\0\0\0" "\x24\0\0\0" ZERO4 ZERO4 ZERO4 "\5\0\x08\0" FF8
          "\x24\0\0\0"),
     "pcapng links 1 packets 0 bytes 0 snaplen-cut 0 dropped 9223372036854775807 time 0..0\n"},

/* Name resolution blocks; what is listed comes after what the capture says of itself. */
#define NAMES_HEAD "pcapng links 1 packets 0 bytes 0 snaplen-cut 0 dropped 0 time 0..0\n"
    {"pcapng, names for addresses of both versions, several for one",
     WIRE(SECTION "\4\0\0\0" "\x44\0\0\0"
          "\1\0\x0a\0" "\x0a\x32\0\x0c" "a.b\0" "c\0\0\0"
          "\2\0\x13\0" "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" "v6\0\0" ZERO4
          "\1\0\5\0" "\x0a\0\0\1" "z\0\0\0" "\x44\0\0\0" INTERFACE(ZERO4)),
     NAMES_HEAD "10.50.0.12 a.b\n10.50.0.12 c\n2001:db8::1 v6\n"},
    {"pcapng, names in big-endian, without an end, the last without its zero",
     WIRE(SECTION_BE INTERFACE_BE "\0\0\0\4" "\0\0\0\x18" "\0\1\0\7" "\x0a\0\0\1" "abc\0"
          "\0\0\0\x18"),
     "pcapng links 101 packets 0 bytes 0 snaplen-cut 0 dropped 0 time 0..0\n10.0.0.1 abc\n"},
    {"pcapng, a record of names longer than its block, one of another type, one too short",
     WIRE(SECTION INTERFACE(ZERO4)
          "\4\0\0\0" "\x18\0\0\0" "\1\0\x09\0" "\x0a\0\0\1" "abcd" "\x18\0\0\0"
          "\4\0\0\0" "\x24\0\0\0" "\3\0\x08\0" "\x0a\0\0\1" "abc\0" "\1\0\2\0" "\x0a\0\0\0"
          "\1\0\0\0" "\x24\0\0\0" "\4\0\0\0" "\x0c\0\0\0" "\x0c\0\0\0"),
     NAMES_HEAD},
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;

    write_file("t.pcap", row->bytes, row->len);
    check_text("t.pcap", row->want);
    check_fifo(row->bytes, row->len, 1, row->want);
    check_fifo(row->bytes, row->len, 7, row->want);
}

/* The name that libpcap gives to the link type of a file. */
static const char *oracle_name(uint16_t link)
{
    uint8_t head[] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0,
                      0,    0,    0,    0,    0, 0, 4, 0, 0, 0, 0, 0};
    char message[PCAP_ERRBUF_SIZE];

    head[20] = (uint8_t)link;
    head[21] = (uint8_t)(link >> 8);

    FILE *file = fmemopen(head, sizeof head, "rb");
    pcap_t *p = pcap_fopen_offline(file, message);
    assert_non_null(p);

    const char *name = pcap_datalink_val_to_name(pcap_datalink(p));
    pcap_close(p);
    return name;
}

/* Every link type that is given away so far, and as many again. */
static void check_link_names(void **state)
{
    (void)state;
    for (uint16_t link = 0; link < 600; link++) {
        char room[8], number[8];
        const char *want = oracle_name(link);

        /* A DLT_ number of this system that files never hold; libpcap reads such
         * files all the same, and so do we. */
        snprintf(number, sizeof number, "%u", link);
        assert_string_equal(capture_link_name(link, room), want ? want : number);
    }

    char room[8];
    assert_string_equal(capture_link_name(1, room), "EN10MB");
    assert_string_equal(capture_link_name(101, room), "RAW");
    assert_string_equal(capture_link_name(65535, room), "65535");
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = {
        cmocka_unit_test(check_link_names),
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i + 1] = (struct CMUnitTest){
            .name = rows[i].name,
            .test_func = check_row,
            .initial_state = (void *)&rows[i],
        };
    }
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
