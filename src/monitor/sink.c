/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/sink.h"

#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT_ROOM = 16 };

bool sink_init(struct sink *sink, const char *target, const char *host,
               struct policap_error *err)
{
    *sink = (struct sink){.host = host, .fd = -1, .queue = malloc(SINK_QUEUE)};
    return target_init(&sink->target, target, err) &&
           (sink->queue || fail(err, "out of memory"));
}

bool sink_open(struct sink *sink, struct policap_error *err)
{
    sink->fd = target_open(&sink->target, err);
    return sink->fd >= 0;
}

static void close_target(struct sink *sink)
{
    target_close(&sink->target, sink->fd);
    sink->fd = -1;
}

/* What a connection still holds is sent. */
void sink_close(struct sink *sink)
{
    if (sink->queue) {
        if (sink->fd != sink->target.socket) {
            close_target(sink);
        }
        target_fini(&sink->target);
        free(sink->queue);
        sink->queue = NULL;
    }
}

/* --- the ring --- */

static void ring_write(struct sink *sink, const void *bytes, size_t len)
{
    size_t at = (sink->head + sink->len) % SINK_QUEUE;
    size_t first = len < SINK_QUEUE - at ? len : SINK_QUEUE - at;

    memcpy(sink->queue + at, bytes, first);
    memcpy(sink->queue, (const char *)bytes + first, len - first);
    sink->len += len;
}

/* The length of the first line. */
static uint32_t first_len(const struct sink *sink)
{
    uint8_t bytes[4];
    uint32_t len;

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)sink->queue[(sink->head + i) % SINK_QUEUE];
    }
    memcpy(&len, bytes, sizeof len);
    return len;
}

static void remove_first(struct sink *sink)
{
    size_t len = first_len(sink) + sizeof(uint32_t);

    sink->head = (sink->head + len) % SINK_QUEUE;
    sink->len -= len;
    sink->cut = 0;
    sink->n--;
}

static void drop_first(struct sink *sink)
{
    remove_first(sink);
    sink->n_dropped++;
}

/* What is left of the first line, in one part or two. */
static int first_parts(const struct sink *sink, struct iovec parts[static 2])
{
    size_t at = (sink->head + sizeof(uint32_t) + sink->cut) % SINK_QUEUE;
    size_t len = first_len(sink) - sink->cut;
    size_t first = len < SINK_QUEUE - at ? len : SINK_QUEUE - at;

    parts[0] = (struct iovec){sink->queue + at, first};
    parts[1] = (struct iovec){sink->queue, len - first};
    return len > first ? 2 : 1;
}

/* --- lines --- */

/* What stands before a line of syslog: on a stream its length, then the header. */
static size_t before_line(const struct sink *sink, const struct sink_line *line,
                          char out[static COUNT_ROOM + SYSLOG_HEADER_ROOM])
{
    char header[SYSLOG_HEADER_ROOM];
    size_t len =
        syslog_header(header, line->severity, line->ns, sink->host, line->type);
    int count = 0;

    if (!target_is_datagram(&sink->target)) {
        count = snprintf(out, COUNT_ROOM, "%zu ", len + line->len);
    }
    memcpy(out + count, header, len);
    return (size_t)count + len;
}

bool sink_put(struct sink *sink, const struct sink_line *line)
{
    char before[COUNT_ROOM + SYSLOG_HEADER_ROOM];
    bool syslog = target_is_syslog(&sink->target);
    size_t before_len = syslog ? before_line(sink, line, before) : 0;
    size_t len = before_len + line->len + !syslog;
    uint32_t len32 = (uint32_t)len;

    if (!sink->queue || len + sizeof len32 > SINK_QUEUE - sink->len) {
        sink->n_dropped++;
        return false;
    }
    ring_write(sink, &len32, sizeof len32);
    ring_write(sink, before, before_len);
    ring_write(sink, line->text, line->len);
    if (!syslog) {
        ring_write(sink, "\n", 1);
    }
    sink->n++;
    return true;
}

/* --- writing --- */

/* Not to wait, and not to be ended by SIGPIPE; the caller ignores that for files. */
static ssize_t write_first(const struct sink *sink)
{
    struct iovec parts[2];
    int n = first_parts(sink, parts);
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)n};

    return target_is_socket(&sink->target)
               ? sendmsg(sink->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL)
               : writev(sink->fd, parts, n);
}

/* The rest of a line that began elsewhere belongs nowhere.  Of datagrams, the one
 * before was refused: what comes back to the sender of one is told to the next. */
static bool failed(struct sink *sink, int64_t now_ms, struct policap_error *err)
{
    bool news = !sink->is_down;

    fail(err, "%s: %s: trying again", sink->target.text, strerror(errno));
    if (sink->target.kind == TARGET_SYSLOG_UDP && errno == ECONNREFUSED) {
        sink->n_dropped++;
    }
    close_target(sink);
    if (sink->cut > 0) {
        drop_first(sink);
    }
    sink->is_down = true;
    sink->n_failures++;
    sink->retry_ms = now_ms + SINK_RETRY_MS;
    return !news;
}

/* Has the other end of a stream gone?  What is sent then is lost without a word.  True:
 * errno says how. */
static bool is_gone(const struct sink *sink)
{
    char byte;
    ssize_t n;

    if (!target_is_socket(&sink->target) || target_is_datagram(&sink->target)) {
        return false;
    }
    n = recv(sink->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    if (n == 0) {
        errno = EPIPE;
    }
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static bool open_again(struct sink *sink, int64_t now_ms, struct policap_error *err)
{
    if (now_ms < sink->retry_ms) {
        return true;
    }
    sink->n_written = 0;
    sink->fd = target_open(&sink->target, err);
    return sink->fd >= 0 || failed(sink, now_ms, err);
}

/* Something was written.  A datagram that is not refused tells nothing before the next
 * one is taken as well. */
static bool works(struct sink *sink, struct policap_error *err)
{
    uint64_t proof = sink->target.kind == TARGET_SYSLOG_UDP ? 2 : 1;

    if (++sink->n_written < proof || !sink->is_down) {
        return true;
    }
    sink->is_down = false;
    return fail(err, "%s: works again; %" PRIu64 " events were dropped so far",
                sink->target.text, sink->n_dropped);
}

/* Writes lines while they are taken.  '*ok': there is no news. */
static void write_lines(struct sink *sink, int64_t now_ms, bool *ok,
                        struct policap_error *err)
{
    while (sink->n > 0) {
        ssize_t n = write_first(sink);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EMSGSIZE) {
            drop_first(sink);
            continue;
        }
        if (n < 0) {
            bool later = errno == EAGAIN || errno == ENOBUFS;

            *ok = later ? *ok : failed(sink, now_ms, err);
            return;
        }
        *ok = works(sink, err) && *ok;
        sink->cut += (size_t)n;
        if (sink->cut == first_len(sink)) {
            remove_first(sink);
        }
    }
}

bool sink_flush(struct sink *sink, int64_t now_ms, struct policap_error *err)
{
    bool ok = true;

    if (sink->fd < 0 && !open_again(sink, now_ms, err)) {
        return false;
    }
    if (sink->fd >= 0 && sink->n > 0 && is_gone(sink)) {
        return failed(sink, now_ms, err);
    }
    if (sink->fd >= 0) {
        write_lines(sink, now_ms, &ok, err);
    }
    return ok;
}

void sink_reopen(struct sink *sink, int64_t now_ms)
{
    struct policap_error err;

    if (sink->target.kind != TARGET_FILE) {
        return;
    }
    if (sink->cut > 0) {
        sink_flush(sink, now_ms, &err);
    }
    if (sink->cut > 0) {
        drop_first(sink);
    }
    close_target(sink);
    sink->retry_ms = now_ms;
}
