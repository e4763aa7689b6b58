/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SIGNATURES = 9000000,
    SIGNATURE_REVISION = 1,
    TIME_LEN = 26 /* Of 2026-11-22T07:30:01.123456, without what stands behind it. */
};

static const int64_t second_ns = 1000000000;

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool events_init(struct events *events)
{
    events->known = json_object();
    return events->known != NULL;
}

void events_fini(struct events *events)
{
    json_decref(events->known);
    events->known = NULL;
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

static void put(struct events *events, const json_t *line)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    struct timespec now;

    if (text) {
        clock_gettime(CLOCK_REALTIME, &now);
        events->put(events->context,
                    &(struct sink_line){
                        .text = text,
                        .len = strlen(text),
                        .type = text_of(line, "event_type"),
                        .severity = syslog_severity_of(line),
                        .ns = (int64_t)now.tv_sec * second_ns + now.tv_nsec,
                    });
    }
    free(text);
}

/* EVE writes the offset in full, and no Z. */
static void eve_time(char out[static 40], const char *report_time)
{
    size_t len = strlen(report_time);

    len = len > 0 && report_time[len - 1] == 'Z' ? len - 1 : len;
    snprintf(out, 40, "%.*s+0000", (int)(len < 30 ? len : 30), report_time);
}

static void eve_clock(char out[static 40], int64_t ns)
{
    time_t seconds = (time_t)(ns / second_ns);
    struct tm tm;
    size_t n =
        gmtime_r(&seconds, &tm) ? strftime(out, 40, "%Y-%m-%dT%H:%M:%S", &tm) : 0;

    snprintf(out + n, 40 - n, ".%06d+0000", (int)(ns % second_ns / 1000));
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
    const char *first = text_of(finding, "first_seen");
    const char *last = text_of(finding, "last_seen");
    const char *so_far = text_of(sum, "first");

    if (!sum) {
        return;
    }
    if (!json_object_get(sum, "finding")) {
        json_object_set(sum, "finding", finding);
    }
    if (first && (!*so_far || strcmp(first, so_far) < 0)) {
        json_object_set(sum, "first", json_object_get(finding, "first_seen"));
    }
    if (last && strcmp(last, text_of(sum, "last")) > 0) {
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
        const char *id = text_of(finding, "problem");
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

static void meta(json_t *metadata, const char *key, const char *value)
{
    if (value && *value) {
        json_object_set_new(metadata, key, json_pack("[s]", value));
    }
}

static void meta_number(json_t *metadata, const char *key, json_int_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, value);
    meta(metadata, key, text);
}

/* "name@revision" of the first pack, and the site behind a "+". */
static void meta_policy(json_t *metadata, const json_t *report)
{
    const json_t *policy = json_object_get(report, "policy");
    const json_t *pack = json_array_get(json_object_get(policy, "packs"), 0);
    const char *name = text_of(pack, "name"), *revision = text_of(pack, "revision");
    const char *site = text_of(policy, "site");
    char text[300];

    snprintf(text, sizeof text, "%.90s@%.60s%s%.120s", name ? name : "",
             revision ? revision : "", site ? "+" : "", site ? site : "");
    meta(metadata, "policap_policy", text);
}

static void meta_frames(json_t *metadata, const json_t *finding)
{
    const json_t *evidence = json_array_get(json_object_get(finding, "evidence"), 0);
    json_t *frames = json_array();
    size_t i;
    const json_t *frame;

    json_array_foreach(json_object_get(evidence, "frames"), i, frame)
    {
        char text[24];

        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(frame));
        json_array_append_new(frames, json_string(text));
    }
    if (json_array_size(frames) > 0) {
        json_object_set(metadata, "policap_frames", frames);
    }
    json_decref(frames);
}

static json_t *metadata_of(const json_t *report, const json_t *problem,
                           const json_t *finding, const char *state, const char *since)
{
    const json_t *peer = json_object_get(finding, "peer");
    const json_t *devices = json_object_get(problem, "devices");
    const char *row = text_of(problem, "row");
    json_t *m = json_object();

    meta(m, "policap_verdict", text_of(problem, "kind"));
    meta(m, "policap_state", state);
    meta(m, "policap_problem", text_of(problem, "id"));
    meta(m, "policap_rule", row ? row : "default-deny");
    meta_policy(m, report);
    meta(m, "policap_name", text_of(peer, "name"));
    meta(m, "policap_name_source", text_of(peer, "name_source"));
    meta(m, "policap_confidence", text_of(finding, "confidence"));
    meta(m, "policap_block_signature", text_of(problem, "cause"));
    meta(m, "policap_block_by", text_of(problem, "blocked_by"));
    meta(m, "policap_owner", text_of(problem, "owner"));
    meta(m, "policap_scope", text_of(problem, "scope"));
    meta(m, "policap_since", since);
    meta_number(m, "policap_devices",
                json_integer_value(json_object_get(devices, "affected")));
    meta_frames(m, finding);
    return m;
}

/* The number of a kind of problem never changes: names stand in their order. */
static int signature_of(const char *kind)
{
    static const char *const kinds[] = {
        "blocked",    "degraded",           "refused", "no-answer", "intercepted",
        "unexpected", "unexpected-inbound", "advice",  "candidate", "not-seen",
        "link-gap"};

    for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i], kind) == 0) {
            return SIGNATURES + (int)i + 1;
        }
    }
    return SIGNATURES;
}

static int severity_of(const json_t *finding)
{
    const char *severity = text_of(finding, "severity");

    return !severity                         ? 3
           : strcmp(severity, "high") == 0   ? 1
           : strcmp(severity, "medium") == 0 ? 2
                                             : 3;
}

static json_t *alert_of(const json_t *report, const json_t *problem,
                        const json_t *finding, const char *state, const char *since)
{
    const char *kind = text_of(problem, "kind"), *row = text_of(problem, "row");
    const char *cause = text_of(problem, "cause");
    char signature[200];

    snprintf(signature, sizeof signature, "policap %s: %.40s, %.60s%s%.40s", state,
             kind ? kind : "problem", row ? row : "no row", cause ? ", " : "",
             cause ? cause : "");
    return json_pack("{s:s, s:i, s:i, s:i, s:s, s:s, s:i, s:o}", "action", "allowed",
                     "gid", 1, "signature_id", signature_of(kind), "rev",
                     SIGNATURE_REVISION, "signature", signature, "category",
                     "Policy Violation", "severity", severity_of(finding), "metadata",
                     metadata_of(report, problem, finding, state, since));
}

static void add_text(json_t *line, const char *key, const char *value)
{
    if (value && *value) {
        json_object_set_new(line, key, json_string(value));
    }
}

/* Source is who opened the flow. */
static void add_flow(json_t *line, const json_t *finding)
{
    const json_t *peer = json_object_get(finding, "peer");
    const char *ip = text_of(json_object_get(finding, "device"), "ip");
    const char *far =
        json_string_value(json_array_get(json_object_get(peer, "ips"), 0));
    const char *initiator = text_of(finding, "initiator");
    const char *transport = text_of(finding, "transport");
    const json_t *evidence = json_array_get(json_object_get(finding, "evidence"), 0);
    const json_t *ids = json_object_get(evidence, "community_ids");
    bool inbound = initiator && strcmp(initiator, "peer") == 0;
    json_int_t port = json_integer_value(json_object_get(finding, "port"));

    add_text(line, "src_ip", inbound ? far : ip);
    add_text(line, "dest_ip", inbound ? ip : far);
    if (port > 0) {
        json_object_set_new(line, "dest_port", json_integer(port));
    }
    if (transport) {
        add_text(line, "proto", strcmp(transport, "udp") == 0 ? "UDP" : "TCP");
    }
    add_text(line, "community_id", json_string_value(json_array_get(ids, 0)));
}

static void tell(struct events *events, const json_t *report, const json_t *problem,
                 const json_t *finding, const char *state, const char *since)
{
    const char *now = text_of(report, "now");
    char timestamp[40];
    json_t *line;

    eve_time(timestamp, now ? now : "1970-01-01T00:00:00.000000Z");
    line = json_pack("{s:s, s:s}", "timestamp", timestamp, "event_type", "alert");
    add_text(line, "host", events->host);
    add_text(line, "in_iface", events->iface);
    add_flow(line, finding);
    json_object_set_new(line, "alert",
                        alert_of(report, problem, finding, state, since));
    put(events, line);
    json_decref(line);
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
    const char *id = text_of(problem, "id");

    json_object_set_new(events->known, id,
                        json_pack("{s:b, s:I, s:s, s:O}", "open", open, "told",
                                  affected, "since", since, "problem", problem));
}

/* Since when it is there: as was told before, else as the report says. */
static void since_of(char since[static 40], const json_t *known, const json_t *problem,
                     const json_t *sum)
{
    const char *told = text_of(known, "since"), *first = text_of(sum, "first");
    const char *own = text_of(problem, "first_seen");

    snprintf(since, 40, "%s", told ? told : first && *first ? first : own ? own : "");
}

static void look_at(struct events *events, const json_t *report, const json_t *problem,
                    const json_t *sum)
{
    const char *id = text_of(problem, "id");
    json_t *known = id ? json_object_get(events->known, id) : NULL;
    const json_t *devices = json_object_get(problem, "devices");
    json_int_t affected = json_integer_value(json_object_get(devices, "affected"));
    bool resolved = sum && !json_is_true(json_object_get(sum, "open"));
    const char *turn = turn_of(known, resolved, affected);
    char since[40];

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
        const char *own = text_of(problem, "id");

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
    char since[40];

    eve_clock(since, since_ns);
    json_object_foreach_safe(events->known, next, id, known)
    {
        const char *last = text_of(known, "last");
        bool expired = last && *last && strncmp(last, since, TIME_LEN) < 0;

        if (is_in(report, id)) {
            continue;
        }
        if (json_is_true(json_object_get(known, "open"))) {
            tell(events, report, json_object_get(known, "problem"), NULL,
                 expired ? "expired" : "recovered", text_of(known, "since"));
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
        const char *id = text_of(problem, "id");

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
    const char *id = text_of(problem, "id"), *since = text_of(known, "since");

    if (id && since && json_is_boolean(json_object_get(known, "open")) &&
        json_is_integer(json_object_get(known, "told")) &&
        json_object_size(events->known) < EVENTS_MAX_PROBLEMS) {
        json_object_set(events->known, id, known);
    }
    json_decref(known);
}

void events_stats(struct events *events, int64_t ns, int64_t uptime_s,
                  const struct capture_info *info, const struct live_drops *drops)
{
    char timestamp[40];
    json_t *line;

    eve_clock(timestamp, ns);
    line = json_pack(
        "{s:s, s:s, s:{s:I, s:{s:I, s:I, s:I}, s:{s:I, s:I}}}", "timestamp", timestamp,
        "event_type", "stats", "stats", "uptime", (json_int_t)uptime_s, "capture",
        "kernel_packets", (json_int_t)(info->packets + drops->kernel), "kernel_drops",
        (json_int_t)drops->kernel, "kernel_ifdrops", (json_int_t)drops->interface,
        "decoder", "pkts", (json_int_t)info->packets, "bytes", (json_int_t)info->bytes);
    add_text(line, "host", events->host);
    add_text(line, "in_iface", events->iface);
    put(events, line);
    json_decref(line);
}
