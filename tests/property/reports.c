/* SPDX-License-Identifier: BSD-3-Clause */
#include "reports.h"

#include <stdlib.h>
#include <string.h>

struct tally *tally_of_file(const char *path, bool for_merge, struct policap_error *err)
{
    struct collector *collector = collector_new(false, for_merge);
    struct tally *tally = NULL;

    if (collector && collector_read(collector, path, err)) {
        tally = collector_take(collector);
    }
    collector_free(collector);
    return tally;
}

void tally_release(struct tally *tally)
{
    if (tally) {
        tally_fini(tally);
        free(tally);
    }
}

/* Frames are numbered by file, and the files of parts are others. */
static void drop_frames(json_t *report)
{
    json_t *finding, *evidence;
    size_t i, k;

    json_object_del(report, "captures");
    json_array_foreach(json_object_get(report, "findings"), i, finding)
    {
        json_t *list = json_object_get(finding, "evidence");

        while (json_array_size(list) > 1) {
            json_array_remove(list, json_array_size(list) - 1);
        }
        json_array_foreach(list, k, evidence)
        {
            json_object_del(evidence, "capture");
            json_object_del(evidence, "frames");
        }
    }
}

char *report_text(const struct tally *tally, const struct way *way, bool neutral)
{
    struct policap_error err;
    struct judgement *judgement = judge(tally, way->policy, &way->options, &err);
    json_t *report = judgement ? report_json(judgement, &way->options) : NULL;
    char *text = NULL;

    if (report && neutral) {
        drop_frames(report);
    }
    if (report) {
        text = json_dumps(report, JSON_INDENT(1));
    }
    json_decref(report);
    judgement_free(judgement);
    return text;
}

static bool is_accusation(const json_t *finding)
{
    const char *kind = json_string_value(json_object_get(finding, "kind"));
    enum finding_kind parsed;

    return finding_kind_parse(kind, &parsed) && parsed <= KIND_UNEXPECTED_INBOUND;
}

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
    return json_equal(json_object_get(a, key), json_object_get(b, key));
}

/* Is an address of one an address of the other? */
static bool share_address(const json_t *a, const json_t *b)
{
    const json_t *ours = json_object_get(json_object_get(a, "peer"), "ips"), *x, *y;
    const json_t *theirs = json_object_get(json_object_get(b, "peer"), "ips");
    size_t i, k;

    json_array_foreach(ours, i, x)
    {
        json_array_foreach(theirs, k, y)
        {
            if (json_equal(x, y)) {
                return true;
            }
        }
    }
    return false;
}

/* The same finding, or one that says the same of the same traffic under another name:
 * a request in the middle of a connection is looked at only where a part begins. */
static bool has_finding(const json_t *report, const json_t *finding)
{
    const json_t *have;
    size_t i;

    json_array_foreach(json_object_get(report, "findings"), i, have)
    {
        if (same_text(have, finding, "id") ||
            (same_text(have, finding, "kind") && same_text(have, finding, "device") &&
             same_text(have, finding, "transport") &&
             same_text(have, finding, "port") && share_address(have, finding))) {
            return true;
        }
    }
    return false;
}

bool accuses_no_more(const char *a, const char *b)
{
    json_t *x = json_loads(a, 0, NULL), *y = json_loads(b, 0, NULL);
    const json_t *finding;
    bool no_more = x && y;
    size_t i;

    json_array_foreach(json_object_get(y, "findings"), i, finding)
    {
        if (is_accusation(finding) && !has_finding(x, finding)) {
            printf("    only in the merged report: %s %s %s\n",
                   json_string_value(json_object_get(finding, "id")),
                   json_string_value(json_object_get(finding, "kind")),
                   json_string_value(json_object_get(finding, "means")));
            no_more = false;
        }
    }
    json_decref(x);
    json_decref(y);
    return no_more;
}

void print_difference(const char *a, const char *b)
{
    unsigned line = 1;
    size_t i = 0, start = 0;

    for (; a[i] && a[i] == b[i]; i++) {
        if (a[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    printf("    line %u, whole:  %.*s\n    line %u, merged: %.*s\n", line,
           (int)strcspn(a + start, "\n"), a + start, line,
           (int)strcspn(b + start, "\n"), b + start);
}
