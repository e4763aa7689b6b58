/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names of the formats that are not read: whoever gave us such a file is told what it
 * is and which command makes of it one that is.
 *
 * Left out: formats whose files begin with no fixed bytes (ERF, text dumps).
 */
#include "base/error.h"
#include "capture/format.h"

#include <string.h>

enum { CONVERT, UNPACK };

static const struct {
    uint8_t len;
    uint8_t remedy;
    char magic[12];
    const char *name;
    const char *tool;
} formats[] = {
    /* clang-format off */
    {2, UNPACK,  "\x1f\x8b",                 "gzip, twice", "zcat FILE | zcat"},
    {4, UNPACK,  "\x28\xb5\x2f\xfd",         "zstd, twice", "zstdcat FILE | zstdcat"},
    {4, UNPACK,  "\x04\x22\x4d\x18",         "lz4, twice",  "lz4cat FILE | lz4cat"},
    {4, UNPACK,  "\x02\x21\x4c\x18",         "lz4's legacy format", "lz4cat FILE"},
    {2, UNPACK,  "\x1f\x9d",                 "compress", "zcat FILE"},
    {6, UNPACK,  "\xfd" "7zXZ\0",            "xz",    "xzcat FILE"},
    {3, UNPACK,  "BZh",                      "bzip2", "bzcat FILE"},
    {4, UNPACK,  "PK\3\4",                   "zip",   "unzip -p FILE"},
    {8, CONVERT, "snoop\0\0\0",              "a snoop capture", NULL},
    {4, CONVERT, "RTSS",                     "a Network Monitor 1 capture", NULL},
    {4, CONVERT, "GMBU",                     "a Network Monitor 2 capture", NULL},
    {12, CONVERT, "TRSNIFF data",            "a Sniffer (DOS) capture", NULL},
    {4, CONVERT, "XCP\0",                    "a Sniffer (Windows) capture", NULL},
    {10, CONVERT, "iptrace 1.",              "an AIX iptrace capture", NULL},
    {10, CONVERT, "iptrace 2.",              "an AIX iptrace capture", NULL},
    {12, CONVERT, "ObserverPktB",            "an Observer capture", NULL},
    {4, CONVERT, "\5VNF",                    "a Visual Networks capture", NULL},
    {4, CONVERT, "\x7f" "ver",               "an OmniPeek capture", NULL},
    {5, CONVERT, "TR\0\x64\0",               "an HP-UX nettl capture", NULL},
    {6, CONVERT, "\xaa\xaa\xaa\xaa\x20\0",    "a 5View capture", NULL},
    {10, CONVERT, "+---------",              "a K12 text capture", NULL},
    /* clang-format on */
};

bool foreign_refuse(const struct capture *c, bool *unknown, struct policap_error *err)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (reader_left(&c->in) < formats[i].len ||
            memcmp(reader_at(&c->in), formats[i].magic, formats[i].len) != 0) {
            continue;
        }
        if (formats[i].remedy == UNPACK) {
            return fail(err,
                        "%s: compressed with %s: decompress first, e.g. %s | "
                        "policap check -",
                        c->in.where, formats[i].name, formats[i].tool);
        }
        return fail(err, "%s: %s: convert it first: editcap -F pcapng FILE new.pcapng",
                    c->in.where, formats[i].name);
    }
    *unknown = true;
    return fail(err,
                "%s: neither pcap nor pcapng: give a capture, or convert it with: "
                "editcap -F pcapng FILE new.pcapng",
                c->in.where);
}
