/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading captures: pcap and pcapng files, pipes and standard input.
 *
 * A capture is read front to back, in batches of frames.  The bytes of a frame are
 * borrowed from the reader's buffer and valid until the next call of
 * capture_read(), and every cursor into them with it.
 *
 * The reader is our own: read() into one buffer that stays in the L2 cache costs a
 * third of what libpcap's file reader does.  libpcap's reader is the oracle that the
 * tests hold this one against, and gives the names of link types.
 *
 * Compressed with gzip, zstd or lz4, a capture is unpacked as it is read.  Offsets in
 * messages are then those of the unpacked bytes.
 *
 * Formats: pcap with microsecond and nanosecond magic in either byte order and the
 * "modified" form; pcapng with several sections, interfaces, link types and time
 * resolutions (SHB, IDB, EPB, PB, SPB, NRB, ISB; other blocks are passed over by their
 * length).
 * draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <policap/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CAPTURE_MAX_FRAME = 262144, /* A larger record is no packet: the file is broken. */
    CAPTURE_MAX_INTERFACES = 256,
    CAPTURE_BATCH =
        128 /* Frames of one capture_read() at most; more leave the L1 cache. */
};

/* One captured frame. */
struct frame {
    const uint8_t *bytes;
    int64_t ns;         /* Time of capture, nanoseconds since 1970 UTC. */
    uint64_t number;    /* From 1, as Wireshark counts. */
    uint32_t cap_len;   /* Bytes at 'bytes'. */
    uint32_t wire_len;  /* Bytes on the wire; never less than cap_len. */
    uint16_t link;      /* LINKTYPE_ value of the frame's interface. */
    uint16_t interface; /* From 0, over all sections of the file. */
    uint32_t capture;   /* Which of several, from 0: group_read() sets it. */
};

/* What the file said of itself, complete once capture_read() has given 0 frames. */
struct capture_info {
    const char *path;        /* As given to capture_open(); "-" is standard input. */
    const char *format;      /* "pcap", "pcap-ns" or "pcapng". */
    const char *compression; /* "gzip", "zstd" or "lz4"; NULL: none. */
    uint16_t links[CAPTURE_MAX_INTERFACES]; /* Link types, each once. */
    size_t n_links;
    uint64_t packets;
    uint64_t bytes; /* Sum of wire lengths. */
    uint64_t snaplen_cut_packets;
    uint64_t dropped; /* As statistics blocks or the packets say, whichever say more;
                         0 if none do. */
    bool is_live; /* Then of 'dropped' so many were by the kernel, whose ring was full
                     ... */
    uint64_t dropped_kernel;
    uint64_t
        dropped_interface; /* ... and by the interface, before the kernel had them. */
    int64_t first_ns, last_ns; /* Smallest and largest time; 0 without a packet. */
    bool cut; /* The file ends inside its last record, or inside compressed data. */
};

struct capture; /* opaque */

/* Opens a file, or standard input for "-".  NULL: '*err' says why. */
struct capture *capture_open(const char *path, struct policap_error *err);

void capture_close(struct capture *capture);

/* A packet block without a time (pcapng SPB) has the time of the frame before it, or 0
 * where it is the first.
 *
 * Gives the next frames, at most CAPTURE_BATCH, into 'frames' and their count into
 * '*n'; 0 is the end of the capture.  False: the file is broken, '*err' says what and
 * at which offset. */
bool capture_read(struct capture *capture, struct frame *frames, size_t *n,
                  struct policap_error *err);

/* Borrowed until capture_close(). */
const struct capture_info *capture_info(const struct capture *capture);

/* The names that the file lists, complete once capture_read() has given 0 frames.
 * Borrowed until capture_close(). */
struct listed_names;
const struct listed_names *capture_names(const struct capture *capture);

/* The name of a link type without its prefix, "EN10MB"; "147" where it has none.
 * Borrowed: static, or 'room'. */
const char *capture_link_name(uint16_t link, char room[static 8]);

#endif
