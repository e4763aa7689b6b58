/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The JSON report: its frame, and the parts that tell what was read.
 */
#include "report/json_parts.h"
#include "report/report.h"

#include "report/clean.h"
#include "report/version.h"
#include "report/words.h"

#include <stdlib.h>

enum { DATE_LEN = 10 }; /* Of 2026-11-22. */

json_t *json_count(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

json_t *json_text(const char *text)
{
    size_t len = 0;
    char *clean;
    json_t *value;

    if (!text) {
        return json_null();
    }
    clean = malloc(CLEAN_MAX_GROWTH * strlen(text) + 4);
    if (!clean) {
        return NULL;
    }
    while (*text) {
        len += clean_put(clean_next(&text, true), clean + len);
    }
    value = json_stringn_nocheck(clean, len);
    free(clean);
    return value;
}

json_t *json_time(int64_t ns)
{
    char text[TIME_TEXT_LEN];

    return ns == 0 ? json_null()
                   : json_stringn_nocheck(text, words_time(ns, "Z", text));
}

json_t *json_addr(bool is_known, const struct addr *addr)
{
    char text[ADDR_TEXT_LEN];

    return is_known ? json_string_nocheck(addr_format(addr, text)) : json_null();
}

json_t *json_addrs(const struct addr *addrs, size_t n)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < n; i++) {
        ok = json_append(array, json_addr(true, &addrs[i])) && ok;
    }
    return json_whole(array, ok);
}

json_t *json_row(const struct policy *policy, long row)
{
    return json_text(words_row_id(policy, row));
}

void json_put_time(struct line_writer *line, const char *key, int64_t ns)
{
    char text[TIME_TEXT_LEN];

    words_time(ns, "Z", text);
    line_text(line, key, ns == 0 ? NULL : text);
}

void json_put_addr(struct line_writer *line, const char *key, const struct addr *addr)
{
    if (addr) {
        line_addr(line, key, addr);
    } else {
        line_text(line, key, NULL);
    }
}

void json_put_addrs(struct line_writer *line, const char *key, const struct addr *addrs,
                    size_t n)
{
    line_open(line, key, '[');
    for (size_t i = 0; i < n; i++) {
        line_addr(line, NULL, &addrs[i]);
    }
    line_close(line, ']');
}

bool json_append(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0;
}

json_t *json_whole(json_t *array, bool complete)
{
    if (!complete) {
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *texts(const char *const *list, size_t n)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < n && list[i]; i++) {
        ok = json_append(array, json_text(list[i])) && ok;
    }
    return json_whole(array, ok);
}

static json_t *kinds_part(unsigned kinds)
{
    json_t *array = json_array();
    bool ok = array;

    for (unsigned i = 0; i < KINDS; i++) {
        if (kinds & 1u << i) {
            ok = json_append(array,
                             json_text(finding_kind_name((enum finding_kind)i))) &&
                 ok;
        }
    }
    return json_whole(array, ok);
}

/* Only what differs from the defaults.  Candidates are found only with --strict, so
 * whether they fail is no option of its own. */
static json_t *options_part(const struct judge_options *options)
{
    json_t *object = json_object();
    unsigned strict = 1u << KIND_CANDIDATE;
    bool ok = object;

    if (options->n_devices > 0) {
        ok = json_object_set_new(object, "devices",
                                 texts(options->devices, options->n_devices)) == 0;
    }
    if (options->strict) {
        ok = json_object_set_new(object, "strict", json_true()) == 0 && ok;
    }
    if (options->n_expect > 0) {
        ok = json_object_set_new(object, "expect",
                                 texts(options->expect, options->n_expect)) == 0 &&
             ok;
    }
    if ((options->fail_on | strict) != (words_default_fail_on() | strict)) {
        ok =
            json_object_set_new(object, "fail_on", kinds_part(options->fail_on)) == 0 &&
            ok;
    }
    if (options->show_names) {
        ok = json_object_set_new(object, "show_names", json_true()) == 0 && ok;
    }
    return json_whole(object, ok);
}

static json_t *policy_part(const struct policy *policy)
{
    json_t *packs = json_array();
    bool ok = packs;

    for (size_t i = 0; i < policy_pack_count(policy); i++) {
        const struct policy_pack *pack = policy_pack(policy, i);

        ok = json_append(packs, json_pack("{s:o, s:o, s:o, s:o}", "name",
                                          json_text(pack->name), "revision",
                                          json_text(pack->revision), "as_of",
                                          json_text(pack->as_of), "sha256",
                                          json_text(pack->sha256))) &&
             ok;
    }
    return json_pack("{s:o, s:o, s:o}", "packs", json_whole(packs, ok), "site",
                     json_text(policy_site_name(policy)), "site_sha256",
                     json_text(policy_site_sha256(policy)));
}

static json_t *links_part(const struct tally_capture *capture)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < capture->n_links; i++) {
        char room[8];

        ok =
            json_append(array, json_text(capture_link_name(capture->links[i], room))) &&
            ok;
    }
    return json_whole(array, ok);
}

static json_t *undecoded_part(const struct tally_capture *capture)
{
    json_t *object = json_object();
    bool ok = object;

    for (size_t i = DECODE_OK + 1; i < DECODE_RESULTS; i++) {
        if (capture->undecoded[i]) {
            ok = json_object_set_new(object, decode_result_name((enum decode_result)i),
                                     json_count(capture->undecoded[i])) == 0 &&
                 ok;
        }
    }
    return json_whole(object, ok);
}

static json_t *capture_object(const struct tally *tally, const struct tally_capture *c)
{
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "path",
        json_text(c->path), "format", json_text(c->format), "link_types", links_part(c),
        "packets", json_count(c->packets), "bytes", json_count(c->bytes), "first",
        json_time(c->first_ns), "last", json_time(c->last_ns), "cut",
        json_boolean(c->cut), "snaplen_cut_packets", json_count(c->snaplen_cut_packets),
        "dropped", json_count(c->dropped), "duplicates", json_count(c->copies),
        "undecoded", undecoded_part(c));
    bool ok = object;

    if (c->is_live) {
        ok = ok && json_object_set_new(
                       object, "drops",
                       json_pack("{s:o, s:o}", "kernel", json_count(c->dropped_kernel),
                                 "interface", json_count(c->dropped_interface))) == 0;
    }
    if (tally->n_taps > 0) {
        ok = ok && json_object_set_new(object, "tap",
                                       json_text(tally_tap_name(tally, c->tap))) == 0;
    }
    return json_whole(object, ok);
}

json_t *json_captures(const struct tally *tally)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < tally->n_captures; i++) {
        ok = json_append(array, capture_object(tally, &tally->captures[i])) && ok;
    }
    return json_whole(array, ok);
}

/* The reasons of the scopes, each once. */
static json_t *reasons_part(const struct judgement *judgement)
{
    json_t *array = json_array();
    bool ok = array;

    if (policy_outside_capture(judgement->policy)) {
        ok = json_append(array, json_text("captured outside: what a firewall stops is "
                                          "not in it"));
    }
    for (size_t i = 0; i < judgement->n_scopes; i++) {
        const char *reason = judgement->scopes[i].reason;
        bool is_new = reason[0];

        for (size_t k = 0; k < i && is_new; k++) {
            is_new = strcmp(judgement->scopes[k].reason, reason) != 0;
        }
        if (is_new) {
            ok = json_append(array, json_text(reason)) && ok;
        }
    }
    return json_whole(array, ok);
}

static json_t *scopes_part(const struct judgement *judgement)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < judgement->n_scopes; i++) {
        const struct sight_scope *scope = &judgement->scopes[i];
        const char *reason = scope->reason;
        char from[PREFIX_TEXT_LEN];

        ok =
            json_append(array, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "from",
                                         json_text(prefix_format(&scope->from, from)),
                                         "to", json_text(scope->to), "flows",
                                         json_count(scope->flows), "two_way",
                                         json_count(scope->two_way), "trust",
                                         json_text(trust_name(scope->trust)), "reasons",
                                         texts(&reason, reason[0] ? 1 : 0))) &&
            ok;
    }
    return json_whole(array, ok);
}

static json_t *visibility_part(const struct judgement *j)
{
    json_t *names =
        json_pack("{s:o, s:o, s:o, s:o}", "sni", json_count(j->named_sni), "dns",
                  json_count(j->named_dns), "http-host", json_count(j->named_http),
                  "none", json_count(j->named_none));

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "trust", json_text(trust_name(j->trust)),
        "reasons", reasons_part(j), "flows", json_count(j->sight_flows), "two_way",
        json_count(j->sight_two_way), "acked_unseen", json_count(j->sight_acked_unseen),
        "names", names, "scopes", scopes_part(j));
}

static json_t *summary_part(const struct judgement *judgement)
{
    const struct judge_summary *s = &judgement->summary;

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "devices",
        json_count(judgement->n_devices), "flows", json_count(s->flows), "documented",
        json_count(s->documented), "unexpected", json_count(s->unexpected), "candidate",
        json_count(s->candidate), "background", json_count(s->background), "unjudged",
        json_count(s->unjudged), "other_flows", json_count(s->other_flows));
}

static json_t *day_object(const struct day *day)
{
    char text[TIME_TEXT_LEN];
    json_t *object = json_object();
    bool ok = object;

    words_time((int64_t)day->day * 86400 * 1000000000, "Z", text);
    ok = ok &&
         json_object_set_new(object, "day", json_stringn_nocheck(text, DATE_LEN)) == 0;
    for (unsigned i = 0; i < DAY_COUNTS; i++) {
        ok = ok && json_object_set_new(object, day_count_name((enum day_count)i),
                                       json_count(day->n[i])) == 0;
    }
    return json_whole(object, ok);
}

/* What is left of days of which the evidence is not kept. */
static bool add_days(json_t *report, const struct tally *tally)
{
    json_t *array = json_array();
    bool ok = array && report;

    for (size_t i = 0; i < tally->n_days; i++) {
        ok = json_append(array, day_object(&tally->days[i])) && ok;
    }
    array = json_whole(array, ok);
    return array && json_object_set_new(report, "days", array) == 0;
}

static json_t *flows_left_out(const struct tally *tally)
{
    json_t *object = json_object();
    bool ok = object;

    for (unsigned i = 0; i < FLOW_CLASSES; i++) {
        if (tally->driven[i] > 0) {
            ok = ok && json_object_set_new(object, flow_class_name((enum flow_class)i),
                                           json_count(tally->driven[i])) == 0;
        }
    }
    return json_whole(object, ok);
}

static json_t *records_left_out(const struct tally *tally)
{
    json_t *object = json_object();
    bool ok = object;

    for (size_t i = 0; i < RECORD_KINDS; i++) {
        const char *name;
        uint64_t n = tally_refused(tally, i, &name);

        if (n > 0) {
            ok = ok && json_object_set_new(object, name, json_count(n)) == 0;
        }
    }
    return json_whole(object, ok);
}

/* What there was no room for. */
static bool add_left_out(json_t *report, const struct tally *tally)
{
    return json_object_set_new(report, "left_out",
                               json_pack("{s:o, s:o, s:o}", "flows",
                                         flows_left_out(tally), "records",
                                         records_left_out(tally), "hours",
                                         json_count(tally->early_hours))) == 0;
}

/* What is seldom there. */
static bool add_rest(json_t *report, const struct judgement *judgement)
{
    const struct tally *tally = judgement->tally;

    return (tally->n_days == 0 || add_days(report, tally)) &&
           ((judgement->exact && tally->early_hours == 0) ||
            add_left_out(report, tally));
}

json_t *json_report(const struct judgement *judgement,
                    const struct judge_options *options)
{
    json_t *tool =
        json_pack("{s:s, s:s}", "name", "policap", "version", POLICAP_VERSION);

    json_t *report = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:n, s:o, s:n, "
        "s:o, s:o, s:o}",
        "schema", "policap-report/1", "tool", tool, "verdict",
        json_text(verdict_name(judgement->verdict)), "now",
        json_time(judgement->now_ns), "exact", json_boolean(judgement->exact),
        "limits_hit",
        texts(judgement->limits, sizeof judgement->limits / sizeof *judgement->limits),
        "options", options_part(options), "policy", policy_part(judgement->policy),
        "captures", json_captures(judgement->tally), "visibility",
        visibility_part(judgement), "summary", summary_part(judgement), "problems",
        json_problems(judgement), "findings", "coverage", json_coverage(judgement),
        "devices", "roles", json_roles(judgement), "unlisted", json_unlisted(judgement),
        "background", json_background(judgement));
    return report ? json_whole(report, add_rest(report, judgement)) : NULL;
}
