/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The pcap format, draft-ietf-opsawg-pcap.
 *
 *     file header, 24 bytes               record header, 16 bytes
 *     +---------------------------+       +---------------------------+
 *   0 | magic                     |     0 | seconds since 1970        |
 *     +-------------+-------------+       +---------------------------+
 *   4 | major       | minor       |     4 | micro- or nanoseconds     |
 *     +-------------+-------------+       +---------------------------+
 *   8 | reserved (time zone)      |     8 | captured length           |
 *     +---------------------------+       +---------------------------+
 *  12 | reserved (accuracy)       |    12 | length on the wire        |
 *     +---------------------------+       +---------------------------+
 *  16 | snaplen                   |       | the captured bytes ...    |
 *     +---------------------------+
 *  20 | FCS, link type (low half) |
 *     +---------------------------+
 *
 * Left out: the snaplen, of which a record may be longer (files of Solaris are); the
 * FCS bits, since a decoder cuts a frame by its own lengths; and what the "modified"
 * form has in the 8 more bytes of its record header (interface, protocol).
 */
#include "base/error.h"
#include "capture/format.h"

enum {
    HEAD_LEN = 24,
    RECORD_LEN = 16,
    MODIFIED_RECORD_LEN = 24,
};

static const uint32_t magic_us = 0xa1b2c3d4, magic_ns = 0xa1b23c4d,
                      magic_modified = 0xa1b2cd34;

static bool is_magic(uint32_t magic)
{
    return magic == magic_us || magic == magic_ns || magic == magic_modified;
}

bool pcap_form_known(const struct capture *c)
{
    const uint8_t *p = reader_at(&c->in);

    return reader_left(&c->in) >= 4 &&
           (is_magic(load_le32(p)) || is_magic(load_be32(p)));
}

/* Up to version 2.2 the wire length stood first; programs disagreed about 2.3; and
 * DG/UX wrote 543.0 for the old order.  False: a version that does not exist. */
static bool set_version(struct pcap_form *form, unsigned major, unsigned minor)
{
    if (major == 543 && minor == 0) {
        form->lengths = LENGTHS_SWAPPED;
        return true;
    }
    form->lengths = minor < 3    ? LENGTHS_SWAPPED
                    : minor == 3 ? LENGTHS_GUESSED
                                 : LENGTHS_PLAIN;
    return major == 2 && minor <= 4;
}

/* Gives as many frames as lie whole in the buffer.  This is the hot path: 'big' is a
 * constant in each caller, and nothing but the frame is written.
 * The end: each turn takes at least a record header from 'left'. */
static inline size_t scan(struct capture *c, struct frame *frames, const bool big)
{
    const struct pcap_form form = c->form;
    const uint8_t *p = reader_at(&c->in);
    size_t left = reader_left(&c->in), n = 0;

    while (n < CAPTURE_BATCH && left >= form.head_len) {
        uint32_t cap_len = load32(p + 8, big), wire_len = load32(p + 12, big);

        if (form.lengths != LENGTHS_PLAIN &&
            (form.lengths == LENGTHS_SWAPPED || cap_len > wire_len)) {
            uint32_t first = cap_len;

            cap_len = wire_len;
            wire_len = first;
        }
        /* need_record() says what is wrong with a packet that is too long. */
        if (cap_len > CAPTURE_MAX_FRAME || cap_len > left - form.head_len) {
            break;
        }
        frames[n++] = (struct frame){
            .bytes = p + form.head_len,
            .ns = load32(p, big) * INT64_C(1000000000) +
                  load32(p + 4, big) * form.tick_ns,
            .cap_len = cap_len,
            .wire_len = wire_len > cap_len ? wire_len : cap_len,
            .link = form.link,
        };
        p += form.head_len + cap_len;
        left -= form.head_len + cap_len;
    }
    reader_take(&c->in, reader_left(&c->in) - left);
    return n;
}

/* Captured length of the record whose header is in the buffer. */
static uint32_t record_cap_len(const struct capture *c)
{
    const uint8_t *p = reader_at(&c->in);
    uint32_t first = load32(p + 8, c->form.big), second = load32(p + 12, c->form.big);

    if (c->form.lengths == LENGTHS_PLAIN) {
        return first;
    }
    return c->form.lengths == LENGTHS_SWAPPED || first > second ? second : first;
}

/* Brings the next record whole into the buffer. */
static enum reader_result need_record(struct capture *c, struct policap_error *err)
{
    enum reader_result result = reader_need(&c->in, c->form.head_len, err);

    if (result != READER_OK) {
        return result;
    }

    uint32_t cap_len = record_cap_len(c);
    if (cap_len > CAPTURE_MAX_FRAME) {
        capture_broken(c, err, reader_offset(&c->in),
                       "a packet of %u bytes, where %d is the most", cap_len,
                       CAPTURE_MAX_FRAME);
        return READER_FAILED;
    }
    return reader_need(&c->in, c->form.head_len + cap_len, err);
}

static bool pcap_form_read(struct capture *c, struct frame *frames, size_t *n,
                           struct policap_error *err)
{
    enum reader_result result = READER_OK;

    for (;;) {
        *n = c->form.big ? scan(c, frames, true) : scan(c, frames, false);
        if (*n > 0) {
            return true;
        }
        result = need_record(c, err);
        if (result != READER_OK) {
            break;
        }
    }
    c->info.cut = result == READER_END && reader_left(&c->in) > 0;
    return result == READER_END;
}

bool pcap_form_begin(struct capture *c, struct policap_error *err)
{
    const uint8_t *p = reader_at(&c->in);
    bool big = is_magic(load_be32(p));
    uint32_t magic = load32(p, big);

    if (reader_left(&c->in) < HEAD_LEN) {
        return capture_headless(c, err);
    }
    c->form = (struct pcap_form){
        .big = big,
        .head_len = magic == magic_modified ? MODIFIED_RECORD_LEN : RECORD_LEN,
        .tick_ns = magic == magic_ns ? 1 : 1000,
        .link = (uint16_t)load32(p + 20, big),
    };
    if (!set_version(&c->form, load16(p + 4, big), load16(p + 6, big))) {
        return capture_broken(c, err, 4, "pcap version %u.%u, which does not exist",
                              load16(p + 4, big), load16(p + 6, big));
    }
    c->info.format = magic == magic_ns ? "pcap-ns" : "pcap";
    capture_add_link(c, c->form.link);
    c->read = pcap_form_read;
    reader_take(&c->in, HEAD_LEN);
    return true;
}
