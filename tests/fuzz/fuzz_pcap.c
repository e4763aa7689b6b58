/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any bytes as a capture, read twice: as a file, which read() gives whole, and through
 * a pipe in small pieces.  Each byte of each frame is looked at, and both ways must
 * say the same: what a reader takes from beyond the bytes it was given, differs.
 */
#include "capture/capture.h"
#include "capture/listed.h"
#include "capture/unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A piece that read() takes only in part is lost in packet mode, so the whole input
 * must leave room for a piece in the reader's buffer. */
enum { PIPED_MAX = 128 * 1024 };

/* What a capture said, in few words. */
struct said {
    uint64_t frames, sum, bytes, dropped;
    int64_t first_ns, last_ns;
    size_t n_links;
    bool opened, ok, cut;
};

static void check(bool holds)
{
    if (!holds) {
        abort(); /* Also where NDEBUG is set. */
    }
}

static void look_at(struct said *said, const struct frame *f)
{
    check(f->cap_len <= f->wire_len);
    check(f->cap_len <= CAPTURE_MAX_FRAME);
    check(f->interface < CAPTURE_MAX_INTERFACES);
    check(f->number == ++said->frames);
    said->sum = said->sum * 31 + (uint64_t)f->ns + f->wire_len + f->link;
    for (uint32_t i = 0; i < f->cap_len; i++) {
        said->sum = said->sum * 31 + f->bytes[i];
    }
}

static void look_at_names(struct said *said, const struct listed_names *names)
{
    check(names->n <= LISTED_MAX);
    for (size_t i = 0; i < names->n; i++) {
        size_t len = strlen(names->at[i].text);

        check(len <= LISTED_MAX_NAME_LEN);
        said->sum = said->sum * 31 + len;
    }
}

static struct said read_all(int fd)
{
    static struct frame frames[CAPTURE_BATCH];
    struct said said;
    struct policap_error err = {""};
    size_t n = 1;
    char path[32];

    memset(&said, 0, sizeof said); /* Its padding is compared as well. */
    snprintf(path, sizeof path, "/dev/fd/%d", fd);

    struct capture *c = capture_open(path, &err);
    said.opened = said.ok = c != NULL;
    while (said.ok && n > 0) {
        said.ok = capture_read(c, frames, &n, &err);
        check(n <= CAPTURE_BATCH);
        for (size_t i = 0; i < n; i++) {
            look_at(&said, &frames[i]);
        }
    }
    check(said.ok == (err.text[0] == '\0') || said.frames > 0);
    check(said.ok || strlen(err.text) > strlen(path));
    if (said.ok) {
        const struct capture_info *info = capture_info(c);

        check(info->packets == said.frames);
        check(info->first_ns <= info->last_ns);
        check(info->n_links <= CAPTURE_MAX_INTERFACES);
        said.bytes = info->bytes;
        said.dropped = info->dropped;
        said.first_ns = info->first_ns;
        said.last_ns = info->last_ns;
        said.n_links = info->n_links;
        said.cut = info->cut;
        look_at_names(&said, capture_names(c));
    }
    capture_close(c);
    return said;
}

static struct said read_file(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    check(fd >= 0 && write(fd, data, size) == (ssize_t)size);

    struct said said = read_all(fd);
    close(fd);
    return said;
}

/* A pipe in packet mode: each read() gives what one write() wrote, as from a slow
 * writer, but with no second process.  False: the input is too large for a pipe. */
static bool read_pipe(const uint8_t *data, size_t size, struct said *said)
{
    int fds[2];

    check(pipe2(fds, O_CLOEXEC | O_DIRECT) == 0);
    fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);

    int room = fcntl(fds[1], F_GETPIPE_SZ);
    check(room > 0);

    size_t n_pieces = (size_t)(room / 4096);
    size_t piece = size / n_pieces + 1;
    bool fits = piece <= 4096 && size <= PIPED_MAX;

    for (size_t at = 0; fits && at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;

        check(write(fds[1], data + at, n) == (ssize_t)n);
    }

    close(fds[1]);
    if (fits) {
        *said = read_all(fds[0]);
    }
    close(fds[0]);
    return fits;
}

/* How much of broken compressed data is unpacked before it is seen to be broken, is the
 * libraries' own affair. */
static bool may_differ(const uint8_t *data, size_t size, const struct said *said)
{
    return !said->ok && unpack_form_of(data, size) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct said whole = read_file(data, size), pieces;

    if (read_pipe(data, size, &pieces)) {
        check(whole.ok == pieces.ok);
        check(may_differ(data, size, &whole) ||
              memcmp(&whole, &pieces, sizeof whole) == 0);
    }
    return 0;
}
