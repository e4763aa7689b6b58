/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What changes, as events in Suricata's EVE form: one JSON object a line, of which the
 * keys are those of rules/eve.schema.json and no others.
 *
 *   alert  a problem of the report turned: it is new, it reached 2, 5, 10, 20, 50, ...
 *          phones, it recovered, it came back, or it expired: what was seen of it is
 *          older than what is judged.  One a root cause, whatever the number of its
 *          findings.
 *   flow   a flow is over, or the sensor ends; only where somebody asks for them.
 *   health the mirror went silent, lost a direction, or is good again: in the form of
 *          an alert, too.
 *   stats  what was captured and lost.
 *
 * Reports come as the JSON that report_json() makes, so that whoever made them may have
 * been another process.
 */
#ifndef MONITOR_EVENTS_H
#define MONITOR_EVENTS_H

#include "capture/live.h"
#include "flow/flow.h"
#include "monitor/health.h"
#include "monitor/sink.h"

#include <jansson.h>

enum { EVENTS_MAX_PROBLEMS = 65536 }; /* Further ones give no event. */

struct events {
    json_t *known;    /* By id: what was told of a problem. */
    json_t *told;     /* By {verdict="...",rule="..."}: how often one was told anew. */
    const char *host; /* The sensor's name.  Borrowed. */
    const char *const *ifaces; /* By number.  Borrowed. */
    size_t n_ifaces;
    /* Takes an event. */
    void (*put)(void *context, const struct sink_line *line);
    void *context;
};

/* False: out of memory. */
bool events_init(struct events *events);
void events_fini(struct events *events);

/* Tells what turned since the report before.  'since_ns': it is of evidence from then
 * on. */
void events_report(struct events *events, const json_t *report, int64_t since_ns);

/* What is known of problems, as texts that events_recall() of another run reads: an
 * array of '*n', which the caller releases with events_free_notes().  NULL: out of
 * memory. */
char **events_notes(const struct events *events, size_t *n);
void events_free_notes(char **notes, size_t n);
void events_recall(struct events *events, const char *note);

/* Tells of a flow.  'now_ns': until when nothing more of it was seen. */
void events_flow(struct events *events, const struct piece *piece, int64_t now_ns);

/* Tells that the state of interface 'iface' is another one as of 'ns'. */
void events_health(struct events *events, const char *iface,
                   const struct health *health, int64_t ns);

/* Tells what was captured: 'ns' is the time, 'uptime_s' that of the sensor,
 * 'acked_unseen' the flows of the last report with data that was not captured. */
void events_stats(struct events *events, int64_t ns, int64_t uptime_s,
                  const struct capture_info *info, const struct live_drops *drops,
                  int64_t acked_unseen);

#endif
