/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Files that are cut, broken or no captures: what is said of each, word for word, and
 * that every prefix of a good file gives its whole records and nothing else.
 */
#include "test_capture.h"

#include <unistd.h>

struct row {
    const char *name;
    const uint8_t *bytes;
    size_t len;
    const char *want;
};

#define DAMAGED                                                                        \
    ": the file is damaged: copy it again, or keep what is whole with: editcap FILE "  \
    "whole.pcapng"
#define UNPACK(format, tool)                                                           \
    "t.pcap: compressed with " format ": decompress first, e.g. " tool                 \
    " FILE | policap check -"
#define CONVERT(format)                                                                \
    "t.pcap: " format ": convert it first: editcap -F pcapng FILE new.pcapng"
#define UNKNOWN                                                                        \
    "t.pcap: neither pcap nor pcapng: give a capture, or convert it with: editcap -F " \
    "pcapng FILE new.pcapng"
#define HEADLESS "t.pcap: ends inside its file header: copy the file again"

#define FRAME_1 "1: 1000002000 ns 2/4 link 1 if 0 6162\n"
#define FRAME_NG "1: 1000 ns 2/4 link 1 if 0 6162\n"
#define PACKET_1 PACKET(ZERO4, ZERO4, "\1\0\0\0")

/* clang-format off */
static const struct row rows[] = {
    {"nothing", WIRE(""),
     "t.pcap: empty file: capture again, or copy the file again"},
    {"one byte", WIRE("\xd4"), UNKNOWN},
    {"text", WIRE("No. Time Source Destination Protocol\n"), UNKNOWN},
    {"lz4, legacy", WIRE("\2\x21\x4c\x18\0"), UNPACK("lz4's legacy format", "lz4cat")},
    {"compress", WIRE("\x1f\x9d\x90"), UNPACK("compress", "zcat")},
    {"xz", WIRE("\xfd" "7zXZ\0\0"), UNPACK("xz", "xzcat")},
    {"bzip2", WIRE("BZh91AY"), UNPACK("bzip2", "bzcat")},
    {"zip", WIRE("PK\3\4\x14\0"), UNPACK("zip", "unzip -p")},
    {"snoop", WIRE("snoop\0\0\0\0\0\0\2"), CONVERT("a snoop capture")},
    {"snoop, cut", WIRE("snoop\0\0"), UNKNOWN},
    {"NetMon 1", WIRE("RTSS\1\1"), CONVERT("a Network Monitor 1 capture")},
    {"NetMon 2", WIRE("GMBU\0\2"), CONVERT("a Network Monitor 2 capture")},
    {"Sniffer, DOS", WIRE("TRSNIFF data    \x1a"), CONVERT("a Sniffer (DOS) capture")},
    {"Sniffer, Windows", WIRE("XCP\0" "002.001"), CONVERT("a Sniffer (Windows) capture")},
    {"iptrace 1", WIRE("iptrace 1.0\0"), CONVERT("an AIX iptrace capture")},
    {"iptrace 2", WIRE("iptrace 2.0\0"), CONVERT("an AIX iptrace capture")},
    {"Observer", WIRE("ObserverPktBufferVersion=15.00"), CONVERT("an Observer capture")},
    {"Visual Networks", WIRE("\5VNF\x0e\1"), CONVERT("a Visual Networks capture")},
    {"OmniPeek", WIRE("\x7f" "ver\0\0"), CONVERT("an OmniPeek capture")},
    {"nettl", WIRE("TR\0\x64\0\0"), CONVERT("an HP-UX nettl capture")},
    {"5View", WIRE("\xaa\xaa\xaa\xaa\x20\0\0"), CONVERT("a 5View capture")},
    {"K12", WIRE("+---------+---"), CONVERT("a K12 text capture")},

    {"pcap of a version to come", WIRE(PCAP(US_LE, "\2\0\5\0", ZERO4)),
     "t.pcap: offset 4: pcap version 2.5, which does not exist" DAMAGED},
    {"pcap of version 1", WIRE(PCAP(US_LE, "\1\0\2\0", ZERO4)),
     "t.pcap: offset 4: pcap version 1.2, which does not exist" DAMAGED},
    {"pcap, a packet too long, after one that is not",
     WIRE(PCAP_LE RECORD_1 "\1\0\0\0" ZERO4 "\1\0\4\0" ZERO4 "ab"),
     FRAME_1 "t.pcap: offset 42: a packet of 262145 bytes, where 262144 is the most" DAMAGED},
    {"pcap 2.2, a packet too long",
     WIRE(PCAP(US_LE, "\2\0\2\0", "\1\0\0\0") "\1\0\0\0" ZERO4 "\1\0\0\0" "\1\0\4\0" "ab"),
     "t.pcap: offset 24: a packet of 262145 bytes, where 262144 is the most" DAMAGED},
    {"pcap 2.3, a packet too long in either order",
     WIRE(PCAP(US_LE, "\2\0\3\0", "\1\0\0\0") "\1\0\0\0" ZERO4 "\2\0\4\0" "\1\0\4\0" "ab"),
     "t.pcap: offset 24: a packet of 262145 bytes, where 262144 is the most" DAMAGED},

    {"pcapng, first section of no byte order",
     WIRE("\x0a\x0d\x0d\x0a" "\x1c\0\0\0" "\x4d\x3c\x2b\x1b" "\1\0\0\0" FF8 "\x1c\0\0\0"),
     "t.pcap: offset 0: a section of no byte order" DAMAGED},
    {"pcapng, second section of no byte order",
     WIRE(SECTION INTERFACE(ZERO4) PACKET_1 "\x0a\x0d\x0d\x0a" "\x1c\0\0\0" ZERO4),
     FRAME_NG "t.pcap: offset 84: a section of no byte order" DAMAGED},
    {"pcapng, first section too short",
     WIRE("\x0a\x0d\x0d\x0a" "\x18\0\0\0" "\x4d\x3c\x2b\x1a" "\1\0\0\0" FF4 "\x18\0\0\0"),
     "t.pcap: offset 0: a section header of 24 bytes" DAMAGED},
    {"pcapng of version 2",
     WIRE("\x0a\x0d\x0d\x0a" "\x1c\0\0\0" "\x4d\x3c\x2b\x1a" "\2\0\3\0" FF8 "\x1c\0\0\0"),
     "t.pcap: offset 0: pcapng version 2.3, which does not exist" DAMAGED},
    {"pcapng, block shorter than a block",
     WIRE(SECTION "\6\0\0\0" "\x08\0\0\0" "\x08\0\0\0"),
     "t.pcap: offset 28: a block of 8 bytes, which cannot be" DAMAGED},
    {"pcapng, block of an odd length",
     WIRE(SECTION "\6\0\0\0" "\x0d\0\0\0" "\x0d\0\0\0" "\0"),
     "t.pcap: offset 28: a block of 13 bytes, which cannot be" DAMAGED},
    {"pcapng, packet block that would not fit",
     WIRE(SECTION "\6\0\0\0" "\4\0\0\1" ZERO4),
     "t.pcap: offset 28: a block of 16777220 bytes, where 16777216 is the most" DAMAGED},
    {"pcapng, other length at the end, after a packet",
     WIRE(SECTION INTERFACE(ZERO4) PACKET_1
          "\6\0\0\0" "\x20\0\0\0" ZERO4 ZERO4 ZERO4 ZERO4 ZERO4 "\x24\0\0\0"),
     FRAME_NG "t.pcap: offset 84: a block of 32 bytes that says 36 bytes at its end" DAMAGED},
    {"pcapng, other length at the end of a block that is not read, after a packet",
     WIRE(SECTION INTERFACE(ZERO4) PACKET_1 "\xad\x0b\0\0" "\x10\0\0\0" "junk" "\x14\0\0\0"),
     FRAME_NG "t.pcap: offset 84: a block of 16 bytes that says 20 bytes at its end" DAMAGED},
    {"pcapng, a packet before any interface", WIRE(SECTION PACKET_1),
     "t.pcap: offset 28: a packet of interface 0 of 0" DAMAGED},
    {"pcapng, a packet of an unknown interface, after a packet",
     WIRE(SECTION INTERFACE(ZERO4) PACKET_1 PACKET("\1\0\0\0", ZERO4, ZERO4)),
     FRAME_NG "t.pcap: offset 84: a packet of interface 1 of 1" DAMAGED},
    {"pcapng, a packet of an interface of the section before",
     WIRE(SECTION INTERFACE(ZERO4) SECTION PACKET_1),
     "t.pcap: offset 76: a packet of interface 0 of 0" DAMAGED},
    {"pcapng, a packet longer than its block",
     WIRE(SECTION INTERFACE(ZERO4) "\6\0\0\0" "\x24\0\0\0" ZERO4 ZERO4 ZERO4 "\5\0\0\0"
          "\5\0\0\0" "abcd" "\x24\0\0\0"),
     "t.pcap: offset 48: a packet of 5 bytes in a block of 36" DAMAGED},
    {"pcapng, an old packet longer than its block",
     WIRE(SECTION INTERFACE(ZERO4) "\2\0\0\0" "\x24\0\0\0" ZERO4 ZERO4 ZERO4 FF4 ZERO4
          "abcd" "\x24\0\0\0"),
     "t.pcap: offset 48: a packet of 4294967295 bytes in a block of 36" DAMAGED},
    {"pcapng, a simple packet longer than its block",
     WIRE(SECTION INTERFACE(ZERO4) "\3\0\0\0" "\x14\0\0\0" "\5\0\0\0" "abcd" "\x14\0\0\0"),
     "t.pcap: offset 48: a packet of 5 bytes in a block of 20" DAMAGED},
    {"pcapng, a packet block too short",
     WIRE(SECTION INTERFACE(ZERO4) "\6\0\0\0" "\x1c\0\0\0" ZERO4 ZERO4 ZERO4 ZERO4
          "\x1c\0\0\0"),
     "t.pcap: offset 48: a packet block of 28 bytes" DAMAGED},
    {"pcapng, a simple packet block too short",
     WIRE(SECTION INTERFACE(ZERO4) "\3\0\0\0" "\x0c\0\0\0" "\x0c\0\0\0"),
     "t.pcap: offset 48: a packet block of 12 bytes" DAMAGED},
    {"pcapng, an interface block too short",
     WIRE(SECTION "\1\0\0\0" "\x10\0\0\0" "\1\0\0\0" "\x10\0\0\0"),
     "t.pcap: offset 28: an interface block of 16 bytes" DAMAGED},
    {"pcapng, units finer than 2^-63 s", WIRE(SECTION INTERFACE_8(RESOLUTION("\xc0"))),
     "t.pcap: offset 28: interface option 9 with a value that has no meaning" DAMAGED},
    {"pcapng, units finer than 10^-19 s", WIRE(SECTION INTERFACE_8(RESOLUTION("\x14"))),
     "t.pcap: offset 28: interface option 9 with a value that has no meaning" DAMAGED},
    {"pcapng, resolution of two bytes", WIRE(SECTION INTERFACE_8("\x09\0\2\0" "\6\0\0\0")),
     "t.pcap: offset 28: interface option 9 with a value that has no meaning" DAMAGED},
    {"pcapng, resolution of no byte", WIRE(SECTION INTERFACE_8("\x09\0\0\0" ZERO4)),
     "t.pcap: offset 28: interface option 9 with a value that has no meaning" DAMAGED},
    {"pcapng, offset of four bytes", WIRE(SECTION INTERFACE_8("\x0e\0\4\0" "\6\0\0\0")),
     "t.pcap: offset 28: interface option 14 with a value that has no meaning" DAMAGED},
    {"pcapng, an option longer than its block", WIRE(SECTION INTERFACE_8("\2\0\5\0" "wlan")),
     "t.pcap: offset 28: an interface option longer than its block" DAMAGED},
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;

    write_file("t.pcap", row->bytes, row->len);
    check_text("t.pcap", row->want);
}

/* ---- Every prefix ---- */

/* clang-format off */
static const uint8_t pcap[] = PCAP_LE RECORD_1 RECORD_3;
static const uint8_t pcapng[] = SECTION INTERFACE(ZERO4) PACKET_1
    "\xad\x0b\0\0" "\x10\0\0\0" "junk" "\x10\0\0\0" PACKET_1;
/* clang-format on */

/* Where each record of the two ends, and how many frames there are by then. */
struct end {
    size_t at, n_frames;
};
static const struct end pcap_ends[] = {{24, 0}, {42, 1}, {59, 2}};
static const struct end pcapng_ends[] = {{28, 0}, {48, 0}, {84, 1}, {100, 1}, {136, 2}};

struct prefixes {
    const char *name;
    const uint8_t *bytes;
    size_t len;
    const struct end *ends;
    size_t n_ends;
};
static const struct prefixes prefixed[] = {
    {"every prefix of a pcap", pcap, sizeof pcap - 1, pcap_ends, ARRAY_LEN(pcap_ends)},
    {"every prefix of a pcapng", pcapng, sizeof pcapng - 1, pcapng_ends,
     ARRAY_LEN(pcapng_ends)},
};

static void check_prefix(const struct prefixes *p, size_t len)
{
    const struct end *last = NULL;

    for (size_t i = 0; i < p->n_ends && p->ends[i].at <= len; i++) {
        last = &p->ends[i];
    }
    write_file("t.pcap", p->bytes, len);

    char *text = capture_text("t.pcap");
    char packets[32];

    if (last) {
        snprintf(packets, sizeof packets, " packets %zu ", last->n_frames);
        assert_non_null(strstr(text, packets));
        assert_int_equal(strstr(text, " cut\n") != NULL, last->at != len);
        check_fifo(p->bytes, len, 1, text);
    } else if (len >= 4) {
        assert_string_equal(text, HEADLESS);
    } else {
        assert_string_equal(text, len > 0 ? UNKNOWN : rows[0].want);
    }
    free(text);
}

static void check_prefixes(void **state)
{
    const struct prefixes *p = *state;

    assert_int_equal(p->len, p->ends[p->n_ends - 1].at);
    for (size_t len = 0; len <= p->len; len++) {
        check_prefix(p, len);
    }
}

/* ---- What no bytes can show ---- */

static void check_no_file(void **state)
{
    (void)state;
    check_text("missing.pcap", "missing.pcap: cannot be opened: No such file or "
                               "directory: check its name and who may read it");
}

static void check_directory(void **state)
{
    (void)state;
    check_text(".", ".: a directory: name the captures in it");
}

/* A file that opens and does not read: the memory of this process, at address 0. */
static void check_unreadable(void **state)
{
    (void)state;
    if (access("/proc/self/mem", R_OK) != 0) {
        print_message("skipped: /proc is not mounted here\n");
        skip();
    }
    check_text("/proc/self/mem", "/proc/self/mem: offset 0: cannot be read: "
                                 "Input/output error: copy the file again");
}

static void check_many_interfaces(void **state)
{
    static const uint8_t section[] = SECTION, interface[] = INTERFACE(ZERO4);
    size_t n = CAPTURE_MAX_INTERFACES;
    FILE *file = fopen("t.pcap", "wb");

    (void)state;
    assert_non_null(file);
    fwrite(section, 1, sizeof section - 1, file);
    for (size_t i = 0; i < n; i++) {
        fwrite(interface, 1, sizeof interface - 1, file);
    }
    fflush(file);
    check_text("t.pcap", "pcapng links 1 packets 0 bytes 0 snaplen-cut 0 dropped 0 "
                         "time 0..0\n");
    fwrite(interface, 1, sizeof interface - 1, file);
    fclose(file);
    check_text("t.pcap", "t.pcap: more than 256 interfaces: make equal ones one with: "
                         "mergecap -I any -w new.pcapng FILE");
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(check_no_file),
        cmocka_unit_test(check_directory),
        cmocka_unit_test(check_unreadable),
        cmocka_unit_test(check_many_interfaces),
    };
    struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(prefixed) + ARRAY_LEN(others)] =
        {0};
    struct CMUnitTest *next = tests;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        *next++ =
            (struct CMUnitTest){rows[i].name, check_row, NULL, NULL, (void *)&rows[i]};
    }
    for (size_t i = 0; i < ARRAY_LEN(prefixed); i++) {
        *next++ = (struct CMUnitTest){prefixed[i].name, check_prefixes, NULL, NULL,
                                      (void *)&prefixed[i]};
    }
    memcpy(next, others, sizeof others);
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
