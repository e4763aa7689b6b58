/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the readers of the formats share: the open capture, and the calls by which
 * capture.c runs them.  Private to src/capture.
 */
#ifndef CAPTURE_FORMAT_H
#define CAPTURE_FORMAT_H

#include "capture/capture.h"
#include "capture/listed.h"
#include "capture/reader.h"

/* What a pcap file header fixes for every record. */
struct pcap_form {
    bool big;        /* Byte order, for pcapng as well: of the current section. */
    size_t head_len; /* Of a record header: 16, or 24 in the "modified" form. */
    int64_t tick_ns; /* What the second half of a time stamp counts. */
    uint16_t link;
    enum {
        LENGTHS_PLAIN,
        LENGTHS_SWAPPED, /* The length on the wire comes first. */
        LENGTHS_GUESSED  /* Version 2.3: written by some in either order. */
    } lengths;
};

/* A pcapng interface.  Time in nanoseconds is
 * (ticks / divide * multiply >> shift) + offset_s * 10^9. */
struct interface {
    uint64_t divide, multiply;
    int64_t offset_s;
    uint64_t dropped;         /* By the last statistics block ... */
    uint64_t dropped_between; /* ... and by the sum of what packets say. */
    uint32_t snaplen;         /* 0: without limit. */
    uint16_t link;
    uint8_t shift;
};

struct capture {
    struct reader in;
    struct capture_info info;
    bool (*read)(struct capture *c, struct frame *frames, size_t *n,
                 struct policap_error *err);
    struct pcap_form form;
    size_t n_interfaces;      /* Over all sections. */
    size_t section_interface; /* Number of the current section's first one. */
    int64_t before_ns;        /* Time of the frame before, for blocks without one. */
    uint64_t n_read;          /* Frames so far, those that are not wanted among them. */
    struct filter *filter;    /* Borrowed; NULL: all are wanted. */
    struct listed_names names;
    struct interface interfaces[CAPTURE_MAX_INTERFACES];
    char path[]; /* Copy of what capture_open() was given. */
};

static inline uint16_t load16(const uint8_t *p, bool big)
{
    return big ? load_be16(p) : load_le16(p);
}

static inline uint32_t load32(const uint8_t *p, bool big)
{
    return big ? load_be32(p) : load_le32(p);
}

static inline uint64_t load64(const uint8_t *p, bool big)
{
    return big ? load_be64(p) : load_le64(p);
}

/* Enough for every magic that is known, and a whole pcap file header. */
enum { FORMAT_SNIFF_LEN = 24 };

/* Is the file, of which the first bytes are in the buffer, of this format? */
bool pcap_form_known(const struct capture *c);
bool pcapng_form_known(const struct capture *c);

/* Reads what stands before the first record. */
bool pcap_form_begin(struct capture *c, struct policap_error *err);
bool pcapng_form_begin(struct capture *c, struct policap_error *err);

/* Refuses a file of another format, by its name where it has one.  '*unknown': it has
 * none. */
bool foreign_refuse(const struct capture *c, bool *unknown, struct policap_error *err);

/* As capture_open().  '*unknown': it was refused because nothing says that it is a
 * capture. */
struct capture *capture_open_any(const char *path, bool *unknown,
                                 struct policap_error *err);

/* Gives only what 'filter' (borrowed; NULL: nothing is left out) lets through. */
void capture_set_filter(struct capture *capture, struct filter *filter);

/* Lends a buffer to the capture's reader: reader_lend(). */
void capture_lend(struct capture *capture, struct reader_buffer *buffer);

/* The two halves of capture_read(), for who reads more than he gives: reading numbered
 * frames, and counting those that were given. */
bool capture_fetch(struct capture *capture, struct frame *frames, size_t *n,
                   struct policap_error *err);
void capture_count(struct capture *capture, const struct frame *frames, size_t n);
void info_count(struct capture_info *info, const struct frame *frames, size_t n);

/* Moves what the capture listed so far over '*out', which is released. */
void capture_take_names(struct capture *capture, struct listed_names *out);

/* The DLT_ value of a LINKTYPE_ value. */
int capture_link_dlt(uint16_t link);

/* Adds a link type to the list of those the file holds. */
void capture_add_link(struct capture *c, uint16_t link);

/* Says that the file is broken at 'offset', and what can be done.  Returns false. */
__attribute__((format(printf, 4, 5))) bool capture_broken(const struct capture *c,
                                                          struct policap_error *err,
                                                          uint64_t offset,
                                                          const char *what, ...);

/* Refuses a file that ends inside its file header.  Returns false. */
bool capture_headless(const struct capture *c, struct policap_error *err);

#endif
