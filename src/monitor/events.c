/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/events.h"

#include "monitor/eve.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TIME_LEN = 26 /* Of 2026-11-22T07:30:01.123456, without what stands behind it. */
};

static const int64_t second_ns = 1000000000;

bool events_init(struct events *events)
{
    events->known = json_object();
    events->told = json_object();
    return events->known && events->told;
}

void events_fini(struct events *events)
{
    json_decref(events->known);
    json_decref(events->told);
    events->known = events->told = NULL;
}

/* How much a syslog server shall make of it. */
static enum syslog_severity syslog_severity_of(const json_t *line)
{
    static const enum syslog_severity of[] = {SYSLOG_INFO, SYSLOG_ERROR, SYSLOG_WARNING,
                                              SYSLOG_NOTICE};
    const json_t *alert = json_object_get(line, "alert");
    const json_t *metadata = json_object_get(alert, "metadata");
    const char *state = json_string_value(
        json_array_get(json_object_get(metadata, "policap_state"), 0));
    json_int_t severity = json_integer_value(json_object_get(alert, "severity"));

    if (state && (strcmp(state, "recovered") == 0 || strcmp(state, "expired") == 0)) {
        return SYSLOG_NOTICE;
    }
    return severity >= 0 && severity <= 3 ? of[severity] : SYSLOG_INFO;
}

static void put_text(struct events *events, const char *text, size_t len,
                     const char *type, enum syslog_severity severity)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    events->put(events->context,
                &(struct sink_line){
                    .text = text,
                    .len = len,
                    .type = type,
                    .severity = severity,
                    .ns = (int64_t)now.tv_sec * second_ns + now.tv_nsec,
                });
}

/* Takes 'line' over.  Of several interfaces none is named here. */
static void put(struct events *events, json_t *line)
{
    char *text;

    eve_add_text(line, "host", events->host);
    eve_add_text(line, "in_iface", events->n_ifaces == 1 ? events->ifaces[0] : NULL);
    text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    if (text) {
        put_text(events, text, strlen(text), eve_text_of(line, "event_type"),
                 syslog_severity_of(line));
    }
    free(text);
    json_decref(line);
}

/* The next number of phones at which a problem is told again: 1, 2, 5, 10, 20, ... */
static json_int_t step_after(json_int_t n)
{
    static const json_int_t factors[] = {1, 2, 5};

    for (json_int_t power = 1; power < 1000000000; power *= 10) {
        for (size_t i = 0; i < 3; i++) {
            if (factors[i] * power > n) {
                return factors[i] * power;
            }
        }
    }
    return INT32_MAX;
}

/* Times of equal form sort as texts.  A problem is open unless each of its findings
 * works again at the end. */
static void sum_add(json_t *sum, json_t *finding)
{
    const char *first = eve_text_of(finding, "first_seen");
    const char *last = eve_text_of(finding, "last_seen");
    const char *so_far = eve_text_of(sum, "first");

    if (!sum) {
        return;
    }
    if (!json_object_get(sum, "finding")) {
        json_object_set(sum, "finding", finding);
    }
    if (first && (!*so_far || strcmp(first, so_far) < 0)) {
        json_object_set(sum, "first", json_object_get(finding, "first_seen"));
    }
    if (last && strcmp(last, eve_text_of(sum, "last")) > 0) {
        json_object_set(sum, "last", json_object_get(finding, "last_seen"));
    }
    if (!json_is_true(json_object_get(finding, "resolved"))) {
        json_object_set_new(sum, "open", json_true());
    }
}

/* What the findings of each problem say together, by the problem's id: in one pass,
 * since there may be many of both. */
static json_t *sums_of(const json_t *report)
{
    json_t *sums = json_object();
    size_t i;
    json_t *finding;

    json_array_foreach(json_object_get(report, "findings"), i, finding)
    {
        const char *id = eve_text_of(finding, "problem");
        json_t *sum = id ? json_object_get(sums, id) : NULL;

        if (id && !sum) {
            sum = json_pack("{s:s, s:s, s:b}", "first", "", "last", "", "open", false);
            json_object_set_new(sums, id, sum);
        }
        sum_add(sum, finding);
    }
    return sums;
}

/* The finding that stands for a problem: the first that it names. */
static const json_t *finding_of(const json_t *sum)
{
    return json_object_get(sum, "finding");
}

/* Kinds and rows are few. */
static void count_told(struct events *events, const json_t *problem)
{
    const char *kind = eve_text_of(problem, "kind"), *row = eve_text_of(problem, "row");
    char labels[200];

    snprintf(labels, sizeof labels, "{verdict=\"%.60s\",rule=\"%.100s\"}",
             kind ? kind : "", row ? row : "default-deny");
    json_object_set_new(
        events->told, labels,
        json_integer(json_integer_value(json_object_get(events->told, labels)) + 1));
}

static void tell(struct events *events, const json_t *report, const json_t *problem,
                 const json_t *finding, const char *state, const char *since)
{
    const char *now = eve_text_of(report, "now");
    char timestamp[EVE_TIME_ROOM];
    json_t *line;

    if (strcmp(state, "new") == 0 || strcmp(state, "again") == 0) {
        count_told(events, problem);
    }
    eve_time(timestamp, now ? now : "1970-01-01T00:00:00.000000Z");
    line = json_pack("{s:s, s:s}", "timestamp", timestamp, "event_type", "alert");
    eve_add_flow(line, finding);
    json_object_set_new(line, "alert",
                        eve_alert(report, problem, finding, state, since));
    put(events, line);
}

/* What is to be told of a problem of the report; NULL: nothing. */
static const char *turn_of(const json_t *known, bool resolved, json_int_t affected)
{
    bool open = json_is_true(json_object_get(known, "open"));

    if (!known) {
        return resolved ? NULL : "new";
    }
    if (open == resolved) {
        return resolved ? "recovered" : "again";
    }
    return open && affected >=
                       step_after(json_integer_value(json_object_get(known, "told")))
               ? "update"
               : NULL;
}

/* What was seen of a problem is remembered longer than its evidence is kept. */
static void remember(struct events *events, const json_t *problem, bool open,
                     json_int_t affected, const char *since)
{
    const char *id = eve_text_of(problem, "id");

    json_object_set_new(events->known, id,
                        json_pack("{s:b, s:I, s:s, s:O}", "open", open, "told",
                                  affected, "since", since, "problem", problem));
}

/* Since when it is there: as was told before, else as the report says. */
static void since_of(char since[static EVE_TIME_ROOM], const json_t *known,
                     const json_t *problem, const json_t *sum)
{
    const char *told = eve_text_of(known, "since"), *first = eve_text_of(sum, "first");
    const char *own = eve_text_of(problem, "first_seen");

    snprintf(since, 40, "%s", told ? told : first && *first ? first : own ? own : "");
}

static void look_at(struct events *events, const json_t *report, const json_t *problem,
                    const json_t *sum)
{
    const char *id = eve_text_of(problem, "id");
    json_t *known = id ? json_object_get(events->known, id) : NULL;
    const json_t *devices = json_object_get(problem, "devices");
    json_int_t affected = json_integer_value(json_object_get(devices, "affected"));
    bool resolved = sum && !json_is_true(json_object_get(sum, "open"));
    const char *turn = turn_of(known, resolved, affected);
    char since[EVE_TIME_ROOM];

    since_of(since, known, problem, sum);
    if (id && turn &&
        (known || json_object_size(events->known) < EVENTS_MAX_PROBLEMS)) {
        tell(events, report, problem, finding_of(sum), turn, since);
        remember(events, problem, !resolved, affected, since);
        known = json_object_get(events->known, id);
    }
    if (known && sum) {
        json_object_set(known, "last", json_object_get(sum, "last"));
    }
}

static bool is_in(const json_t *report, const char *id)
{
    size_t i;
    const json_t *problem;

    json_array_foreach(json_object_get(report, "problems"), i, problem)
    {
        const char *own = eve_text_of(problem, "id");

        if (own && strcmp(own, id) == 0) {
            return true;
        }
    }
    return false;
}

/* What a success soon after took back is in no report any more, nor is what is too old
 * to be judged. */
static void look_for_gone(struct events *events, const json_t *report, int64_t since_ns)
{
    const char *id;
    json_t *known;
    void *next;
    char since[EVE_TIME_ROOM];

    eve_clock(since, since_ns);
    json_object_foreach_safe(events->known, next, id, known)
    {
        const char *last = eve_text_of(known, "last");
        bool expired = last && *last && strncmp(last, since, TIME_LEN) < 0;

        if (is_in(report, id)) {
            continue;
        }
        if (json_is_true(json_object_get(known, "open"))) {
            tell(events, report, json_object_get(known, "problem"), NULL,
                 expired ? "expired" : "recovered", eve_text_of(known, "since"));
            json_object_set_new(known, "open", json_false());
        }
        if (expired) {
            json_object_del(events->known, id);
        }
    }
}

void events_report(struct events *events, const json_t *report, int64_t since_ns)
{
    json_t *sums = sums_of(report);
    size_t i;
    const json_t *problem;

    json_array_foreach(json_object_get(report, "problems"), i, problem)
    {
        const char *id = eve_text_of(problem, "id");

        look_at(events, report, problem, id ? json_object_get(sums, id) : NULL);
    }
    json_decref(sums);
    look_for_gone(events, report, since_ns);
}

void events_free_notes(char **notes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(notes[i]);
    }
    free(notes);
}

char **events_notes(const struct events *events, size_t *n)
{
    char **notes = calloc(json_object_size(events->known) + 1, sizeof *notes);
    const char *id;
    json_t *known;

    *n = 0;
    if (!notes) {
        return NULL;
    }
    json_object_foreach(events->known, id, known)
    {
        notes[*n] = json_dumps(known, JSON_COMPACT);
        if (!notes[*n]) {
            events_free_notes(notes, *n);
            return NULL;
        }
        ++*n;
    }
    return notes;
}

/* The file may be anybody's work: each value has the type that is asked of it. */
void events_recall(struct events *events, const char *note)
{
    json_t *known = json_loads(note, JSON_REJECT_DUPLICATES, NULL);
    const json_t *problem = json_object_get(known, "problem");
    const char *id = eve_text_of(problem, "id"), *since = eve_text_of(known, "since");

    if (id && since && json_is_boolean(json_object_get(known, "open")) &&
        json_is_integer(json_object_get(known, "told")) &&
        json_object_size(events->known) < EVENTS_MAX_PROBLEMS) {
        json_object_set(events->known, id, known);
    }
    json_decref(known);
}

void events_flow(struct events *events, const struct piece *piece, int64_t now_ns)
{
    size_t i = piece->key.source & UINT8_MAX;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    bool ok = out && report_write_flow_event(
                         out, piece, events->host,
                         events->ifaces[i < events->n_ifaces ? i : 0], now_ns);

    if (out && fclose(out) == 0 && ok && len > 0) {
        put_text(events, text, len - 1, "flow", SYSLOG_INFO);
    }
    free(text);
}

void events_health(struct events *events, const char *iface,
                   const struct health *health, int64_t ns)
{
    char timestamp[EVE_TIME_ROOM];
    json_t *line, *alert = eve_health(health);

    eve_clock(timestamp, ns);
    line = json_pack("{s:s, s:s, s:o}", "timestamp", timestamp, "event_type", "health",
                     "alert", alert);
    eve_add_text(line, "in_iface", iface);
    put(events, line);
}

void events_stats(struct events *events, int64_t ns, int64_t uptime_s,
                  const struct capture_info *info, const struct live_drops *drops,
                  int64_t acked_unseen)
{
    char timestamp[EVE_TIME_ROOM];
    json_t *line;

    eve_clock(timestamp, ns);
    line = json_pack("{s:s, s:s, s:{s:I, s:{s:I, s:I, s:I}, s:{s:I, s:I}, s:{s:I}}}",
                     "timestamp", timestamp, "event_type", "stats", "stats", "uptime",
                     (json_int_t)uptime_s, "capture", "kernel_packets",
                     (json_int_t)(info->packets + drops->kernel), "kernel_drops",
                     (json_int_t)drops->kernel, "kernel_ifdrops",
                     (json_int_t)drops->interface, "decoder", "pkts",
                     (json_int_t)info->packets, "bytes", (json_int_t)info->bytes, "tcp",
                     "ack_unseen_data", (json_int_t)acked_unseen);
    put(events, line);
}
