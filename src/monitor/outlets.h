/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who is told, while the sensor runs: sinks of events, and the HTTP server.
 */
#ifndef MONITOR_OUTLETS_H
#define MONITOR_OUTLETS_H

#include "monitor/events.h"
#include "monitor/metrics.h"
#include "monitor/monitor.h"
#include "monitor/sink.h"
#include "monitor/web.h"

/* All-zero is none, closed. */
struct outlets {
    struct sink sinks[MONITOR_MAX_SINKS];
    size_t n_sinks;
    struct events events;
    struct web *web;
    struct metrics metrics;
    json_t *report; /* The last one. */
    const bool *lost;
    int64_t begun_ms;
    char host[256];
};

/* Reads the targets of events and makes their sockets, before rights are given up. */
bool outlets_init(struct outlets *outlets, const char *const *targets, size_t n,
                  struct policap_error *err);

/* Opens what listens: before rights are given up, too.  'metrics' names the interfaces;
 * '*lost': is one of them gone? */
bool outlets_listen(struct outlets *outlets, const char *address,
                    const char *token_file, const struct metrics *metrics,
                    const bool *lost, struct policap_error *err);

/* Opens the sinks of events. */
bool outlets_open(struct outlets *outlets, int64_t now_ms, struct policap_error *err);
void outlets_close(struct outlets *outlets);

/* Does anybody want to be told? */
bool outlets_any(const struct outlets *outlets);

/* 'since_ns': it is of evidence from then on. */
void outlets_report(struct outlets *outlets, const char *report, size_t len,
                    int64_t since_ns);
/* Is there something in the last report that may turn by time alone? */
bool outlets_wait(const struct outlets *outlets);
void outlets_flow(struct outlets *outlets, const struct piece *piece, int64_t now_ns);
/* Counts a flow that is over. */
void outlets_flow_over(struct outlets *outlets, const struct piece *piece);
/* Counts a reload of the rules: 'ok', or refused. */
void outlets_reloaded(struct outlets *outlets, bool ok);
/* Is a sink's queue half full?  Then outlets_run() shall not wait for the next turn. */
bool outlets_fill(const struct outlets *outlets);
/* The state of interface 'i' is another one. */
void outlets_health(struct outlets *outlets, size_t i, const struct health *health,
                    int64_t ns);
void outlets_stats(struct outlets *outlets, int64_t ns, int64_t now_ms);
void outlets_reopen(struct outlets *outlets, int64_t now_ms);

/* events_notes() and events_recall(), where there are events; else none are known. */
char **outlets_notes(const struct outlets *outlets, size_t *n);
void outlets_recall(struct outlets *outlets, const char *note);

/* Does what can be done without waiting; what is to be said of a sink is. */
void outlets_run(struct outlets *outlets, int64_t now_ms,
                 void (*say)(void *context, const char *line), void *context);

#endif
