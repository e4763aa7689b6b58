/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where lines go: a file, standard output, a Unix socket or a syslog server (target.h).
 *
 * A sink never makes its user wait.  What can not be written yet is queued up to a
 * bound, and whole lines beyond that are dropped and counted.  A sink that fails is
 * opened again after a while; the rest of a line that was cut is not written into it.
 */
#ifndef MONITOR_SINK_H
#define MONITOR_SINK_H

#include "monitor/syslog.h"
#include "monitor/target.h"

enum { SINK_QUEUE = 1 << 20, SINK_RETRY_MS = 5000 };

/* One event. */
struct sink_line {
    const char *text; /* Without a line's end. */
    size_t len;
    const char *type; /* What a syslog server reads of it: MSGID, ... */
    enum syslog_severity severity;
    int64_t ns; /* ... and the time. */
};

/* All-zero is none, closed. */
struct sink {
    struct target target;
    const char *host; /* The sensor's name.  Borrowed. */
    int fd;           /* -1: not open. */
    char *queue;      /* A ring of lines as they are sent, their length before each. */
    size_t head, len; /* Where it begins, and how many bytes are used. */
    size_t cut;       /* Of the first line so many bytes are written. */
    size_t n;         /* Lines that wait. */
    int64_t retry_ms; /* When to open it again. */
    bool is_down;     /* It failed, and was told to have. */
    uint64_t n_written; /* Writes since it was opened. */
    uint64_t n_dropped, n_failures;
};

/* Reads 'target', which is kept, before rights are given up; 'host' is kept as well.
 * False: '*err' says what is wrong with it. */
bool sink_init(struct sink *sink, const char *target, const char *host,
               struct policap_error *err);

/* False: '*err' says why it can not be opened. */
bool sink_open(struct sink *sink, struct policap_error *err);
void sink_close(struct sink *sink);

/* Opens a file anew, under its name: the old one may have been renamed. */
void sink_reopen(struct sink *sink, int64_t now_ms);

/* Adds a line.  False: it is dropped. */
bool sink_put(struct sink *sink, const struct sink_line *line);

/* Writes what can be written now.  False: '*err' is news of the sink: that it failed,
 * or works again. */
bool sink_flush(struct sink *sink, int64_t now_ms, struct policap_error *err);

#endif
