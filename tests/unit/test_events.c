/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which events a sequence of reports gives.
 */
#include "unit.h"

#include "monitor/events.h"

#include <stdio.h>

enum { TEXT_LEN = 4096, MAX_REPORTS = 8 };

static const char *const ifaces[] = {"i"};

#define NOW "2026-11-22T07:45:00.123456Z"

struct row {
    const char *name;
    /* Each: "ID affected resolved" of problems, '|' between them; NULL ends them. */
    const char *reports[MAX_REPORTS];
    const char *want; /* "state id devices" a line. */
};

/* clang-format off */
static const struct row rows[] = {
    {"nothing", {"", ""}, ""},
    {"new, and told once", {"p-1 1 0", "p-1 1 0", "p-1 1 0"}, "new p-1 1\n"},
    {"over before anybody was told", {"p-1 1 1", "p-1 1 1"}, ""},
    {"again at 2, 5, 10, 20 phones",
     {"p-1 1 0", "p-1 2 0", "p-1 4 0", "p-1 5 0", "p-1 9 0", "p-1 10 0", "p-1 19 0", "p-1 20 0"},
     "new p-1 1\nupdate p-1 2\nupdate p-1 5\nupdate p-1 10\nupdate p-1 20\n"},
    {"187 at once are one alert", {"p-1 187 0", "p-1 199 0", "p-1 200 0"}, "new p-1 187\nupdate p-1 200\n"},
    {"fewer phones are no news", {"p-1 5 0", "p-1 2 0", "p-1 5 0"}, "new p-1 5\n"},
    {"recovered, and back", {"p-1 2 0", "p-1 2 1", "p-1 2 1", "p-1 3 0", "p-1 3 0"},
     "new p-1 2\nrecovered p-1 2\nagain p-1 3\n"},
    {"gone from the report", {"p-1 2 0", "", "", "p-1 2 0"},
     "new p-1 2\nrecovered p-1 2\nagain p-1 2\n"},
    {"two root causes", {"p-1 1 0|p-2 3 0", "p-1 1 1|p-2 3 0"}, "new p-1 1\nnew p-2 3\nrecovered p-1 1\n"},
};
/* clang-format on */

static void take(void *context, const struct sink_line *line)
{
    char *text = context;
    json_t *event = json_loadb(line->text, line->len, 0, NULL);
    const json_t *metadata, *alert;
    const char *of[3] = {"policap_state", "policap_problem", "policap_devices"};
    bool over;

    assert_non_null(event);
    assert_null(memchr(line->text, '\n', line->len));
    assert_string_equal(line->type, "alert");
    over = strstr(line->text, "policap recovered") ||
           strstr(line->text, "policap expired");
    assert_int_equal(line->severity, over ? SYSLOG_NOTICE : SYSLOG_ERROR);
    alert = json_object_get(event, "alert");
    metadata = json_object_get(alert, "metadata");
    for (size_t i = 0; i < 3; i++) {
        const json_t *value = json_array_get(json_object_get(metadata, of[i]), 0);

        assert_non_null(json_string_value(value));
        strcat(text, json_string_value(value));
        strcat(text, i < 2 ? " " : "\n");
    }
    assert_string_equal(json_string_value(json_object_get(event, "timestamp")),
                        "2026-11-22T07:45:00.123456+0000");
    json_decref(event);
}

static void add_problem(json_t *report, const char *text)
{
    char id[16], finding[20];
    int affected, resolved;

    assert_int_equal(sscanf(text, "%15s %d %d", id, &affected, &resolved), 3);
    snprintf(finding, sizeof finding, "f-%s", id);
    json_array_append_new(json_object_get(report, "problems"),
                          json_pack("{s:s, s:s, s:s, s:s, s:n, s:{s:i}, s:[s]}", "id",
                                    id, "kind", "blocked", "row", "google-fcm", "cause",
                                    "syn-drop", "blocked_by", "devices", "affected",
                                    affected, "findings", finding));
    json_array_append_new(json_object_get(report, "findings"),
                          json_pack("{s:s, s:s, s:b, s:s}", "id", finding, "problem",
                                    id, "resolved", resolved, "severity", "high"));
}

static json_t *report_of(const char *text)
{
    json_t *report = json_pack("{s:s, s:[], s:[]}", "now", NOW, "problems", "findings");

    for (const char *at = text; *at; at += strcspn(at, "|"), at += *at == '|') {
        add_problem(report, at);
    }
    return report;
}

static void check_row(void **state)
{
    const struct row *row = *state;
    char text[TEXT_LEN] = "";
    struct events events = {
        .host = "h", .ifaces = ifaces, .n_ifaces = 1, .put = take, .context = text};

    assert_true(events_init(&events));
    for (size_t i = 0; i < MAX_REPORTS && row->reports[i]; i++) {
        json_t *report = report_of(row->reports[i]);

        assert_non_null(report);
        events_report(&events, report, 0);
        json_decref(report);
    }
    assert_string_equal(text, row->want);
    events_fini(&events);
}

/* What one run told is known to the next one, which gets it as text. */
static void check_notes(void **state)
{
    char text[TEXT_LEN] = "";
    struct events first = {.put = take, .context = text}, second = first;
    json_t *report = report_of("p-1 2 0|p-2 1 0");
    char **notes;
    size_t n;

    (void)state;
    assert_true(events_init(&first) && events_init(&second));
    events_report(&first, report, 0);
    notes = events_notes(&first, &n);
    assert_non_null(notes);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        events_recall(&second, notes[i]);
    }
    events_free_notes(notes, n);
    text[0] = '\0';
    events_report(&second, report, 0);
    assert_string_equal(text, "");
    events_recall(&second, "{\"open\": 1}");
    events_recall(&second, "no JSON");
    json_decref(report);
    report = report_of("p-1 2 1|p-2 2 0");
    events_report(&second, report, 0);
    assert_string_equal(text, "recovered p-1 2\nupdate p-2 2\n");
    json_decref(report);
    events_fini(&first);
    events_fini(&second);
}

/* A problem whose evidence is too old to be judged has not recovered. */
static void check_expired(void **state)
{
    char text[TEXT_LEN] = "";
    struct events events = {.put = take, .context = text};
    json_t *report = report_of("p-1 1 0"), *none = report_of("");
    json_t *finding = json_array_get(json_object_get(report, "findings"), 0);

    (void)state;
    assert_true(events_init(&events));
    json_object_set_new(finding, "last_seen",
                        json_string("2026-11-22T07:00:00.000000Z"));
    events_report(&events, report, 0);
    events_report(&events, none, 1795330799000000000); /* 06:59:59 */
    events_report(&events, report, 0);
    events_report(&events, none, 1795330801000000000);
    events_report(&events, report, 0);
    assert_string_equal(text, "new p-1 1\nrecovered p-1 1\nagain p-1 1\n"
                              "expired p-1 1\nnew p-1 1\n");
    json_decref(report);
    json_decref(none);
    events_fini(&events);
}

static void copy(void *context, const struct sink_line *line)
{
    memcpy(context, line->text, line->len);
    ((char *)context)[line->len] = '\0';
    assert_string_equal(line->type, "stats");
    assert_int_equal(line->severity, SYSLOG_INFO);
}

static void check_stats(void **state)
{
    struct capture_info info = {.packets = 10, .bytes = 1000};
    struct live_drops drops = {.kernel = 3, .interface = 2};
    char line[TEXT_LEN];
    struct events events = {
        .host = "h", .ifaces = ifaces, .n_ifaces = 1, .put = copy, .context = line};

    (void)state;
    events_stats(&events, 1795334400000001000, 60, &info, &drops, 4);
    assert_string_equal(
        line, "{\"timestamp\":\"2026-11-22T08:00:00.000001+0000\","
              "\"event_type\":\"stats\",\"stats\":{\"uptime\":60,\"capture\":"
              "{\"kernel_packets\":13,\"kernel_drops\":3,\"kernel_ifdrops\":2},"
              "\"decoder\":{\"pkts\":10,\"bytes\":1000},\"tcp\":{\"ack_unseen_data\":4}"
              "},\"host\":\"h\","
              "\"in_iface\":\"i\"}");
}

int main(void)
{
    enum { OWN = 3 };
    struct CMUnitTest tests[ARRAY_LEN(rows) + OWN] = {cmocka_unit_test(check_stats),
                                                      cmocka_unit_test(check_notes),
                                                      cmocka_unit_test(check_expired)};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i + OWN] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                             (void *)(uintptr_t)&rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
