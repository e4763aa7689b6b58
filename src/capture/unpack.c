/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/unpack.h"

#include "base/error.h"
#include "capture/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_ZLIB
#define GZIP_CALLS &unpack_gzip
#else
#define GZIP_CALLS NULL
#endif
#ifdef HAVE_ZSTD
#define ZSTD_CALLS &unpack_zstd
#else
#define ZSTD_CALLS NULL
#endif
#ifdef HAVE_LZ4
#define LZ4_CALLS &unpack_lz4
#else
#define LZ4_CALLS NULL
#endif

static const struct unpack_form gzip = {"gzip", "zlib", "zcat", GZIP_CALLS};
static const struct unpack_form zstd = {"zstd", "libzstd", "zstdcat", ZSTD_CALLS};
static const struct unpack_form lz4 = {"lz4", "liblz4", "lz4cat", LZ4_CALLS};

/* zstd and lz4 share the magic of frames to be passed over.  A file that begins with
 * one was written by a zstd that works in parallel. */
const struct unpack_form *unpack_form_of(const uint8_t *bytes, size_t len)
{
    uint32_t magic = len >= 4 ? load_le32(bytes) : 0;

    if (len >= 2 && load_be16(bytes) == 0x1f8b) {
        return &gzip;
    }
    if (magic == 0xfd2fb528 || (magic & 0xfffffff0) == 0x184d2a50) {
        return &zstd;
    }
    return magic == 0x184d2204 ? &lz4 : NULL;
}

bool unpack_init(struct unpack *u, const struct unpack_form *form, uint8_t *buf,
                 size_t room, size_t len, const char *where, struct policap_error *err)
{
    *u = (struct unpack){
        .form = form, .buf = buf, .room = room, .in = {buf, len}, .offset = len};
    if (!form->calls) {
        return fail(err,
                    "%s: compressed with %s, and this policap was built without %s: "
                    "decompress first, e.g. %s FILE | policap check -",
                    where, form->name, form->library, form->tool);
    }
    u->state = form->calls->open();
    return u->state ||
           fail(err, "%s: no memory to decompress it: end other programs", where);
}

void unpack_fini(struct unpack *u)
{
    if (u->state) {
        u->form->calls->close(u->state);
    }
    free(u->buf);
    *u = (struct unpack){0};
}

/* How many bytes came; 0 at the end, -1 with '*err'. */
static ssize_t refill(struct unpack *u, int fd, const char *where,
                      struct policap_error *err)
{
    ssize_t got = reader_read_fd(fd, u->buf, u->room);

    if (got < 0) {
        fail(err, "%s: offset %" PRIu64 ": cannot be read: %s: copy the file again",
             where, u->offset, strerror(errno));
        return -1;
    }
    u->in = (struct cursor){u->buf, (size_t)got};
    u->offset += (size_t)got;
    return got;
}

static ssize_t refuse(const struct unpack *u, enum unpack_step step, const char *why,
                      const char *where, struct policap_error *err)
{
    uint64_t offset = u->offset - u->in.left;

    if (step == UNPACK_TOO_LARGE) {
        fail(err,
             "%s: offset %" PRIu64 ": needs more than %d MiB of memory to decompress: "
             "decompress first, e.g. %s --long=31 FILE | policap check -",
             where, offset, 1 << (UNPACK_MAX_WINDOW_LOG - 20), u->form->tool);
    } else {
        fail(err,
             "%s: offset %" PRIu64 ": broken %s data (%s): copy the file again, or "
             "read what is whole with: %s FILE | policap check -",
             where, offset, u->form->name, why, u->form->tool);
    }
    return -1;
}

/* The end: each turn takes a byte of the file, writes one, or returns.  A library may
 * hold back bytes for which there was no room, so inside a member it is asked before
 * the file is. */
ssize_t unpack_read(struct unpack *u, int fd, uint8_t *out, size_t room,
                    const char *where, struct policap_error *err)
{
    for (;;) {
        if (u->in.left > 0 || u->inside) {
            const char *why = "it makes no progress";
            size_t n = room, left = u->in.left;
            enum unpack_step step =
                u->form->calls->step(u->state, &u->in, out, &n, &why);

            u->inside = step != UNPACK_BETWEEN;
            if (n > 0) {
                return (ssize_t)n;
            }
            if (step == UNPACK_BROKEN || step == UNPACK_TOO_LARGE ||
                (left > 0 && u->in.left == left)) {
                return refuse(u, step, why, where, err);
            }
        }
        if (u->in.left == 0) {
            ssize_t got = refill(u, fd, where, err);

            if (got <= 0) {
                u->cut = u->inside;
                return got;
            }
        }
    }
}
