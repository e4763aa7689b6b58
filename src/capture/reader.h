/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Foreign bytes from a file, a pipe or standard input, through one buffer.
 *
 * A caller asks for the next 'n' bytes in one piece (reader_need), looks at them in
 * place and takes them (reader_take).  Bytes that were looked at stay where they are
 * until the next reader_need() or reader_skip() that has to read, so a caller who
 * hands out pointers into the buffer must first use up what reader_left() counts.
 *
 * A compressed file is unpacked on its way into the buffer (reader_unpack); offsets
 * are then those of the plain bytes.
 *
 * Depends on: base.  Knows nothing of capture formats.
 */
#ifndef CAPTURE_READER_H
#define CAPTURE_READER_H

#include "base/cursor.h"
#include "capture/unpack.h"

#include <policap/error.h>

/* One read() asks for this much.  It is the L2 cache of a small machine: what read()
 * copied is then still there when it is looked at. */
enum { READER_CHUNK = 256 * 1024 };

/* Memory for bytes, by malloc(). */
struct reader_buffer {
    uint8_t *bytes;
    size_t room;
};

/* 'buf', 'at' and 'end': the bytes from buf[at] to buf[end] are read and not taken. */
struct reader {
    uint8_t *buf;
    size_t room, at, end;
    uint64_t base;              /* Offset in the file of buf[0]. */
    const char *where;          /* The file's name in messages.  Borrowed. */
    int fd;                     /* -1: nothing is open. */
    struct reader_buffer *lent; /* NULL: none is. */
    struct unpack unpack;
};

enum reader_result {
    READER_OK,
    READER_END,   /* The file has fewer bytes left; all of them are in the buffer. */
    READER_FAILED /* The error says why. */
};

/* Opens 'path', or standard input for "-". */
bool reader_init(struct reader *r, const char *path, struct policap_error *err);

/* Takes what is in the buffer, which must be the file's first bytes, and all that
 * follows as compressed.  The buffer is empty then. */
bool reader_unpack(struct reader *r, const struct unpack_form *form,
                   struct policap_error *err);

/* Did the file end inside compressed data? */
static inline bool reader_cut(const struct reader *r)
{
    return r->unpack.cut;
}

/* All zero but for an 'fd' of -1 is allowed and does nothing. */
void reader_fini(struct reader *r);

/* For a caller who wants to keep the bytes that were read: when the buffer has to be
 * moved, 'buffer' takes its place, and is the old one then: the caller's, as it was
 * before; it may be NULL bytes at first.
 * NULL: no more. */
static inline void reader_lend(struct reader *r, struct reader_buffer *buffer)
{
    r->lent = buffer;
}

/* Sees to it that 'n' bytes lie at reader_at() in one piece.  May move the buffer. */
enum reader_result reader_need(struct reader *r, size_t n, struct policap_error *err);

/* Takes the next 'n' bytes, however many, without looking at them. */
enum reader_result reader_skip(struct reader *r, uint64_t n, struct policap_error *err);

/* read() that waits, also where 'fd' is set to non-blocking. */
ssize_t reader_read_fd(int fd, uint8_t *out, size_t room);

static inline const uint8_t *reader_at(const struct reader *r)
{
    return r->buf + r->at;
}

static inline size_t reader_left(const struct reader *r)
{
    return r->end - r->at;
}

/* Offset in the file of the next byte. */
static inline uint64_t reader_offset(const struct reader *r)
{
    return r->base + r->at;
}

/* 'n' is at most reader_left(). */
static inline void reader_take(struct reader *r, size_t n)
{
    r->at += n;
}

#endif
