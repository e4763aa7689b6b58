/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/sink.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char socket_prefix[] = "unix:";

static int socket_open(const char *path, struct policap_error *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof to.sun_path) {
        fail(err, "%.120s: too long a name of a socket", path);
        return -1;
    }
    strcpy(to.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        fail(err, "%s: %s: is its server running?", path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static int file_open(const char *path, struct policap_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);

    if (fd < 0) {
        fail(err, "%s: %s: name a file that can be written", path, strerror(errno));
    }
    return fd;
}

static bool target_open(struct sink *sink, struct policap_error *err)
{
    if (strcmp(sink->target, "-") == 0) {
        sink->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
        return sink->fd >= 0 || fail(err, "standard output: %s", strerror(errno));
    }
    sink->is_socket =
        strncmp(sink->target, socket_prefix, sizeof socket_prefix - 1) == 0;
    sink->fd = sink->is_socket
                   ? socket_open(sink->target + sizeof socket_prefix - 1, err)
                   : file_open(sink->target, err);
    return sink->fd >= 0;
}

bool sink_open(struct sink *sink, const char *target, struct policap_error *err)
{
    *sink = (struct sink){.target = target, .fd = -1, .queue = malloc(SINK_QUEUE)};
    return sink->queue ? target_open(sink, err) : fail(err, "out of memory");
}

static void target_close(struct sink *sink)
{
    if (sink->fd >= 0) {
        close(sink->fd);
    }
    sink->fd = -1;
}

void sink_close(struct sink *sink)
{
    if (sink->queue) {
        target_close(sink);
        free(sink->queue);
        sink->queue = NULL;
    }
}

/* The rest of a line that began elsewhere belongs nowhere. */
static void drop_cut_line(struct sink *sink)
{
    char *end = sink->in_line ? memchr(sink->queue, '\n', sink->len) : NULL;

    if (end) {
        size_t n = (size_t)(end + 1 - sink->queue);

        memmove(sink->queue, end + 1, sink->len - n);
        sink->len -= n;
        sink->n_dropped++;
    }
    sink->in_line = false;
}

void sink_reopen(struct sink *sink, int64_t now_ms)
{
    struct policap_error err;

    if (!sink->in_line || !sink_flush(sink, now_ms, &err)) {
        drop_cut_line(sink);
    }
    target_close(sink);
    sink->retry_ms = now_ms;
}

bool sink_put(struct sink *sink, const char *line, size_t len)
{
    if (!sink->queue || len + 1 > SINK_QUEUE - sink->len) {
        sink->n_dropped++;
        return false;
    }
    memcpy(sink->queue + sink->len, line, len);
    sink->queue[sink->len + len] = '\n';
    sink->len += len + 1;
    return true;
}

/* Not to wait, and not to be ended by SIGPIPE; the caller ignores that for files. */
static ssize_t write_some(const struct sink *sink)
{
    if (sink->is_socket) {
        return send(sink->fd, sink->queue, sink->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return write(sink->fd, sink->queue, sink->len);
}

static bool failed(struct sink *sink, int64_t now_ms, struct policap_error *err)
{
    fail(err, "%s: %s: trying again", sink->target, strerror(errno));
    target_close(sink);
    drop_cut_line(sink);
    sink->retry_ms = now_ms + SINK_RETRY_MS;
    return false;
}

bool sink_flush(struct sink *sink, int64_t now_ms, struct policap_error *err)
{
    ssize_t n;

    if (sink->fd < 0) {
        if (now_ms < sink->retry_ms) {
            return true;
        }
        sink->retry_ms = now_ms + SINK_RETRY_MS;
        if (!target_open(sink, err)) {
            return true; /* It was told when it failed. */
        }
    }
    while (sink->len > 0) {
        n = write_some(sink);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno == EAGAIN || failed(sink, now_ms, err);
        }
        sink->in_line = sink->queue[n - 1] != '\n';
        memmove(sink->queue, sink->queue + n, sink->len - (size_t)n);
        sink->len -= (size_t)n;
    }
    return true;
}
