/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where lines go: a file, standard output or a Unix socket.
 *
 * A sink never makes its user wait.  What can not be written yet is queued up to a
 * bound, and whole lines beyond that are dropped and counted.  A sink that fails is
 * opened again after a while; the rest of a line that was cut is not written into it.
 */
#ifndef MONITOR_SINK_H
#define MONITOR_SINK_H

#include <policap/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SINK_QUEUE = 1 << 20, SINK_RETRY_MS = 5000 };

struct sink {
    const char *target; /* A path, "-", or "unix:PATH".  Borrowed. */
    int fd;             /* -1: not open. */
    char *queue;
    size_t len;
    bool in_line; /* The first line of the queue is written in part. */
    bool is_socket;
    int64_t retry_ms; /* When to open it again. */
    uint64_t n_dropped;
};

/* False: '*err' says why it can not be opened. */
bool sink_open(struct sink *sink, const char *target, struct policap_error *err);
void sink_close(struct sink *sink);

/* Opens a file anew, under its name: the old one may have been renamed. */
void sink_reopen(struct sink *sink, int64_t now_ms);

/* Adds a line without its end.  False: it is dropped. */
bool sink_put(struct sink *sink, const char *line, size_t len);

/* Writes what can be written now.  False: the sink just failed, '*err' says how. */
bool sink_flush(struct sink *sink, int64_t now_ms, struct policap_error *err);

#endif
