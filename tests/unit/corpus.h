/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For oracle tests: the UDP payloads of a capture of the shared corpus, by libpcap and
 * twenty lines of decoding of their own, so that no module under test has a part in it.
 * Ethernet without tags and Linux cooked captures, IPv4 and IPv6 without extension
 * headers or fragments.
 */
#ifndef CORPUS_H
#define CORPUS_H

#include "unit.h"

#include <jansson.h>
#include <pcap/pcap.h>
#include <stdio.h>

static char corpus_dir[4096]; /* argv[2] of the test. */

struct corpus_datagram {
    unsigned frame;     /* Counted from 1. */
    struct cursor flow; /* Both addresses, then both ports. */
    struct cursor payload;
};

/* The IP payload where it is UDP; 'flow' gets the bytes that tell the direction.  The
 * link header ends with the EtherType. */
static inline bool corpus_udp(struct cursor frame, size_t link_len,
                              struct corpus_datagram *out)
{
    const uint8_t *p, *ip;
    size_t addresses = 12, addresses_len = 8;

    if (!cursor_take(&frame, link_len, &p)) {
        return false;
    }
    if (load_be16(p + link_len - 2) == 0x0800) {
        if (!cursor_take(&frame, 20, &ip) || ip[0] != 0x45 || ip[9] != 17 ||
            (load_be16(ip + 6) & 0x3fff) != 0) {
            return false;
        }
    } else if (load_be16(p + link_len - 2) != 0x86dd || !cursor_take(&frame, 40, &ip) ||
               ip[6] != 17) {
        return false;
    } else {
        addresses = 8;
        addresses_len = 32;
    }
    out->flow = (struct cursor){ip + addresses, addresses_len + 4};
    if (!cursor_take(&frame, 8, &p) || load_be16(p + 4) < 8) {
        return false;
    }
    out->payload = cursor_first(frame, load_be16(p + 4) - 8u);
    return true;
}

/* Calls 'each' with the UDP payloads of corpus/'name', in exact heap blocks.  False,
 * and a line that says so: the corpus does not lie here. */
static inline bool corpus_each(const char *name,
                               void (*each)(const struct corpus_datagram *, void *),
                               void *context)
{
    char path[sizeof corpus_dir + 256], error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *bytes;

    snprintf(path, sizeof path, "%s/corpus/%s", corpus_dir, name);
    pcap_t *pcap = pcap_open_offline(path, error);
    if (!pcap) {
        print_message("no oracle: %s\n", error);
        return false;
    }
    size_t link_len = pcap_datalink(pcap) == DLT_LINUX_SLL ? 16 : 14;
    for (unsigned n = 1; pcap_next_ex(pcap, &header, &bytes) == 1; n++) {
        struct corpus_datagram datagram = {.frame = n};

        if (corpus_udp((struct cursor){bytes, header->caplen}, link_len, &datagram)) {
            datagram.payload = frame_copy(datagram.payload.at, datagram.payload.left);
            each(&datagram, context);
            frame_free(datagram.payload);
        }
    }
    pcap_close(pcap);
    return true;
}

/* The truth about corpus/'name' as JSON, owned by the caller; NULL without it. */
static inline json_t *corpus_truth(const char *name)
{
    char path[sizeof corpus_dir + 256];

    snprintf(path, sizeof path, "%s/corpus/truth/%s.json", corpus_dir, name);
    return json_load_file(path, 0, NULL);
}

#endif
