/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Compressed bytes of a file or pipe to plain ones: gzip, zstd and lz4, each through
 * its own library, which a build may be without.
 *
 * Several members (gzip) or frames (zstd, lz4) in a row are one stream.  Memory is
 * bounded whatever the bytes say: an input buffer, the library's state, and a window
 * of at most UNPACK_MAX_WINDOW.  How far the bytes unpack is not: a capture is read as
 * it comes and never held.
 *
 * Left out: lz4's legacy frames, and zstd with a dictionary.
 */
#ifndef CAPTURE_UNPACK_H
#define CAPTURE_UNPACK_H

#include "base/cursor.h"

#include <policap/error.h>
#include <sys/types.h>

enum { UNPACK_MAX_WINDOW_LOG = 27 }; /* 128 MiB */

enum unpack_step {
    UNPACK_INSIDE, /* A member has begun and not ended. */
    UNPACK_BETWEEN,
    UNPACK_BROKEN,
    UNPACK_TOO_LARGE /* It would take a larger window than we give. */
};

/* A library, as this module calls it. */
struct unpack_calls {
    /* NULL: out of memory. */
    void *(*open)(void);

    /* Takes bytes from 'in' and writes at most '*n' bytes to 'out', '*n' saying how
     * many.  Behind the end of a member the next one begins.  '*why' is set where the
     * bytes are broken: static. */
    enum unpack_step (*step)(void *state, struct cursor *in, uint8_t *out, size_t *n,
                             const char **why);

    void (*close)(void *state);
};

/* A compression. */
struct unpack_form {
    const char *name;
    const char *library;
    const char *tool;                 /* Which program unpacks it, too. */
    const struct unpack_calls *calls; /* NULL: built without the library. */
};

/* The compression of a file that begins with these bytes; NULL: none of ours. */
const struct unpack_form *unpack_form_of(const uint8_t *bytes, size_t len);

/* All zero is closed. */
struct unpack {
    const struct unpack_form *form;
    void *state;
    uint8_t *buf; /* Owned. */
    size_t room;
    struct cursor in; /* Bytes of 'buf' that are not unpacked. */
    uint64_t offset;  /* In the file, of the end of these. */
    bool inside;
    bool cut; /* The file ended inside a member. */
};

/* Takes 'buf', of 'room' bytes from malloc(), of which the first 'len' are the file's
 * first.  False: '*err' says why; 'buf' is taken all the same. */
bool unpack_init(struct unpack *u, const struct unpack_form *form, uint8_t *buf,
                 size_t room, size_t len, const char *where, struct policap_error *err);

void unpack_fini(struct unpack *u);

/* As read(): how many bytes were written to 'out', 0 at the end, -1: '*err' says why.
 * 'where' is the file's name in messages. */
ssize_t unpack_read(struct unpack *u, int fd, uint8_t *out, size_t room,
                    const char *where, struct policap_error *err);

extern const struct unpack_calls unpack_gzip, unpack_zstd, unpack_lz4;

#endif
