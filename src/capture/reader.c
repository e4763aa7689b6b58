/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/reader.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* With AddressSanitizer, the part of the buffer that holds no bytes of the file may
 * not be read: a parser that looks beyond what it was given is seen by every test. */
#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

/* Opening a directory for reading succeeds, and only read() refuses; asking first
 * gives the message that helps. */
static bool refuse_directory(const struct reader *r, struct policap_error *err)
{
    struct stat st;

    if (fstat(r->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        return fail(err, "%s: a directory: name the captures in it", r->where);
    }
    return true;
}

bool reader_init(struct reader *r, const char *path, struct policap_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;

    *r = (struct reader){.where = is_stdin ? "standard input" : path, .fd = -1};
    r->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0) {
        return fail(err, "%s: cannot be opened: %s: check its name and who may read it",
                    r->where, strerror(errno));
    }
    r->buf = malloc(READER_CHUNK);
    if (!r->buf) {
        return fail(err, "%s: no memory for a buffer of %d bytes: end other programs",
                    r->where, READER_CHUNK);
    }
    r->room = READER_CHUNK;
    return refuse_directory(r, err);
}

bool reader_unpack(struct reader *r, const struct unpack_form *form,
                   struct policap_error *err)
{
    uint8_t *buf = malloc(r->room);

    if (!buf) {
        return fail(err, "%s: no memory for a buffer of %zu bytes: end other programs",
                    r->where, r->room);
    }
    ASAN_UNPOISON_MEMORY_REGION(r->buf, r->room);

    uint8_t *packed = r->buf;
    size_t len = r->end;
    r->buf = buf;
    r->at = r->end = 0;
    r->base = 0;
    return unpack_init(&r->unpack, form, packed, r->room, len, r->where, err);
}

void reader_fini(struct reader *r)
{
    unpack_fini(&r->unpack);
    ASAN_UNPOISON_MEMORY_REGION(r->buf, r->room);
    free(r->buf);
    if (r->fd > STDIN_FILENO) {
        close(r->fd);
    }
    *r = (struct reader){.fd = -1};
}

/* Goes on in the buffer that was lent.  One is enough: until it is needed again, nobody
 * has been given what is in the new one.  False: out of memory. */
static bool swap_buffer(struct reader *r)
{
    struct reader_buffer *lent = r->lent, old = {r->buf, r->room};

    if (lent->room < r->room) {
        uint8_t *grown = realloc(lent->bytes, r->room);

        if (!grown) {
            return false;
        }
        lent->bytes = grown;
        lent->room = r->room;
    }
    memcpy(lent->bytes, r->buf + r->at, reader_left(r));
    r->buf = lent->bytes;
    r->room = lent->room;
    *lent = old;
    r->lent = NULL;
    return true;
}

/* Moves what is not taken to the front, and grows the buffer if 'n' bytes still do
 * not fit.  What moves is less than one record: who asked had too few bytes. */
static bool make_room(struct reader *r, size_t n, struct policap_error *err)
{
    size_t room = r->room;

    if (!r->lent) {
        memmove(r->buf, r->buf + r->at, reader_left(r));
    } else if (!swap_buffer(r)) {
        return fail(err, "%s: no memory for a buffer of %zu bytes: end other programs",
                    r->where, room);
    }
    r->base += r->at;
    r->end -= r->at;
    r->at = 0;
    while (room < n) {
        room *= 2;
    }
    if (room > r->room) {
        uint8_t *buf = realloc(r->buf, room);

        if (!buf) {
            return fail(err,
                        "%s: no memory for a buffer of %zu bytes: end other programs",
                        r->where, room);
        }
        r->buf = buf;
        r->room = room;
    }
    return true;
}

/* Standard input may be set to non-blocking by whoever shares it with us. */
ssize_t reader_read_fd(int fd, uint8_t *out, size_t room)
{
    for (;;) {
        ssize_t got = read(fd, out, room);

        if (got >= 0 || (errno != EINTR && errno != EAGAIN)) {
            return got;
        }
        if (errno == EAGAIN) {
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        }
    }
}

/* The next bytes of the capture, into the room behind those that are there. */
static ssize_t read_some(struct reader *r, struct policap_error *err)
{
    size_t room = r->room - r->end;

    room = room < READER_CHUNK ? room : READER_CHUNK;
    if (r->unpack.form) {
        return unpack_read(&r->unpack, r->fd, r->buf + r->end, room, r->where, err);
    }

    ssize_t got = reader_read_fd(r->fd, r->buf + r->end, room);
    if (got < 0) {
        fail(err, "%s: offset %" PRIu64 ": cannot be read: %s: copy the file again",
             r->where, r->base + r->end, strerror(errno));
    }
    return got;
}

/* Reads until 'n' bytes are there.  The end: each turn adds a byte or returns. */
static enum reader_result fill(struct reader *r, size_t n, struct policap_error *err)
{
    while (reader_left(r) < n) {
        ssize_t got = read_some(r, err);

        if (got < 0) {
            return READER_FAILED;
        }
        if (got == 0) {
            return READER_END;
        }
        r->end += (size_t)got;
    }
    return READER_OK;
}

enum reader_result reader_need(struct reader *r, size_t n, struct policap_error *err)
{
    enum reader_result result = READER_FAILED;

    if (reader_left(r) >= n) {
        return READER_OK;
    }
    ASAN_UNPOISON_MEMORY_REGION(r->buf, r->room);
    if (make_room(r, n, err)) {
        result = fill(r, n, err);
    }
    ASAN_POISON_MEMORY_REGION(r->buf + r->end, r->room - r->end);
    return result;
}

enum reader_result reader_skip(struct reader *r, uint64_t n, struct policap_error *err)
{
    while (n > reader_left(r)) {
        n -= reader_left(r);
        reader_take(r, reader_left(r));

        enum reader_result result = reader_need(r, 1, err);
        if (result != READER_OK) {
            return result;
        }
    }
    reader_take(r, (size_t)n);
    return READER_OK;
}
