/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/capture.h"

#include "base/error.h"
#include "capture/filter.h"
#include "capture/format.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void capture_add_link(struct capture *c, uint16_t link)
{
    for (size_t i = 0; i < c->info.n_links; i++) {
        if (c->info.links[i] == link) {
            return;
        }
    }
    /* There are never more link types than interfaces. */
    c->info.links[c->info.n_links++] = link;
}

bool capture_broken(const struct capture *c, struct policap_error *err, uint64_t offset,
                    const char *what, ...)
{
    char text[200];
    va_list args;

    va_start(args, what);
    vsnprintf(text, sizeof text, what, args);
    va_end(args);
    return fail(err,
                "%s: offset %" PRIu64
                ": %s: the file is damaged: copy it again, or keep what is whole "
                "with: editcap FILE whole.pcapng",
                c->in.where, offset, text);
}

bool capture_headless(const struct capture *c, struct policap_error *err)
{
    return fail(err, "%s: ends inside its file header: copy the file again",
                c->in.where);
}

/* Brings the first bytes into the buffer. */
static bool sniff(struct capture *c, bool *unknown, struct policap_error *err)
{
    if (reader_need(&c->in, FORMAT_SNIFF_LEN, err) == READER_FAILED) {
        return false;
    }
    if (reader_cut(&c->in) && reader_left(&c->in) < FORMAT_SNIFF_LEN) {
        return capture_headless(c, err);
    }
    if (reader_left(&c->in) > 0) {
        return true;
    }
    *unknown = true;
    return fail(err, "%s: empty file: capture again, or copy the file again",
                c->in.where);
}

/* Tells compression and format by the first bytes and reads the file header. */
static bool begin(struct capture *c, bool *unknown, struct policap_error *err)
{
    const struct unpack_form *packed;

    if (!sniff(c, unknown, err)) {
        return false;
    }
    packed = unpack_form_of(reader_at(&c->in), reader_left(&c->in));
    if (packed) {
        c->info.compression = packed->name;
        if (!reader_unpack(&c->in, packed, err) || !sniff(c, unknown, err)) {
            return false;
        }
    }
    if (pcap_form_known(c)) {
        return pcap_form_begin(c, err);
    }
    return pcapng_form_known(c) ? pcapng_form_begin(c, err)
                                : foreign_refuse(c, unknown, err);
}

struct capture *capture_open(const char *path, struct policap_error *err)
{
    bool unknown;

    return capture_open_any(path, &unknown, err);
}

struct capture *capture_open_any(const char *path, bool *unknown,
                                 struct policap_error *err)
{
    size_t path_size = strlen(path) + 1;
    struct capture *c = calloc(1, sizeof *c + path_size);

    *unknown = false;
    if (!c) {
        fail(err, "%s: no memory to read it: end other programs", path);
        return NULL;
    }
    memcpy(c->path, path, path_size);
    c->info.path = c->path;
    if (!reader_init(&c->in, c->path, err) || !begin(c, unknown, err)) {
        capture_close(c);
        return NULL;
    }
    return c;
}

void capture_close(struct capture *capture)
{
    if (capture) {
        reader_fini(&capture->in);
        listed_fini(&capture->names);
        free(capture);
    }
}

void capture_set_filter(struct capture *capture, struct filter *filter)
{
    capture->filter = filter;
}

void capture_lend(struct capture *capture, struct reader_buffer *buffer)
{
    reader_lend(&capture->in, buffer);
}

/* More passes over frames that are still in the L1 cache: it costs less than the
 * readers would pay for keeping more values in each turn of their loops. */
static void number_frames(struct capture *c, struct frame *frames, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        frames[i].number = c->n_read + i + 1;
    }
    c->n_read += n;
}

void info_count(struct capture_info *info, const struct frame *frames, size_t n)
{
    if (n == 0) {
        return;
    }

    int64_t first = info->packets > 0 ? info->first_ns : frames[0].ns;
    int64_t last = info->packets > 0 ? info->last_ns : frames[0].ns;
    uint64_t bytes = 0, n_cut = 0;

    for (size_t i = 0; i < n; i++) {
        bytes += frames[i].wire_len;
        n_cut += frames[i].cap_len < frames[i].wire_len;
        first = frames[i].ns < first ? frames[i].ns : first;
        last = frames[i].ns > last ? frames[i].ns : last;
    }
    info->packets += n;
    info->bytes += bytes;
    info->snaplen_cut_packets += n_cut;
    info->first_ns = first;
    info->last_ns = last;
}

/* The end: each turn reads a frame, or returns. */
bool capture_fetch(struct capture *capture, struct frame *frames, size_t *n,
                   struct policap_error *err)
{
    do {
        *n = 0;
        if (!capture->read(capture, frames, n, err)) {
            *n = 0;
            return false;
        }
        if (*n == 0) {
            capture->info.cut |= reader_cut(&capture->in);
            return true;
        }
        number_frames(capture, frames, *n);
        if (capture->filter && !filter_apply(capture->filter, frames, n, err)) {
            *n = 0;
            return false;
        }
    } while (*n == 0);
    return true;
}

void capture_count(struct capture *capture, const struct frame *frames, size_t n)
{
    info_count(&capture->info, frames, n);
}

bool capture_read(struct capture *capture, struct frame *frames, size_t *n,
                  struct policap_error *err)
{
    bool ok = capture_fetch(capture, frames, n, err);

    capture_count(capture, frames, *n);
    return ok;
}

const struct listed_names *capture_names(const struct capture *capture)
{
    return &capture->names;
}

void capture_take_names(struct capture *capture, struct listed_names *out)
{
    listed_fini(out);
    *out = capture->names;
    capture->names = (struct listed_names){0};
}

const struct capture_info *capture_info(const struct capture *capture)
{
    return &capture->info;
}
