/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/eve.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SIGNATURES = 9000000, HEALTH_SIGNATURE = 9000100, SIGNATURE_REVISION = 1 };

const char *eve_text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

void eve_add_text(json_t *line, const char *key, const char *value)
{
    if (value && *value) {
        json_object_set_new(line, key, json_string(value));
    }
}

/* EVE writes the offset in full, and no Z. */
void eve_time(char out[static EVE_TIME_ROOM], const char *report_time)
{
    size_t len = strlen(report_time);

    len = len > 0 && report_time[len - 1] == 'Z' ? len - 1 : len;
    snprintf(out, EVE_TIME_ROOM, "%.*s+0000", (int)(len < 30 ? len : 30), report_time);
}

void eve_clock(char out[static EVE_TIME_ROOM], int64_t ns)
{
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm tm;
    size_t n = gmtime_r(&seconds, &tm)
                   ? strftime(out, EVE_TIME_ROOM, "%Y-%m-%dT%H:%M:%S", &tm)
                   : 0;

    snprintf(out + n, EVE_TIME_ROOM - n, ".%06d+0000", (int)(ns % 1000000000 / 1000));
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
    const char *name = eve_text_of(pack, "name"),
               *revision = eve_text_of(pack, "revision");
    const char *site = eve_text_of(policy, "site");
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
    const char *row = eve_text_of(problem, "row");
    json_t *m = json_object();

    meta(m, "policap_verdict", eve_text_of(problem, "kind"));
    meta(m, "policap_state", state);
    meta(m, "policap_problem", eve_text_of(problem, "id"));
    meta(m, "policap_rule", row ? row : "default-deny");
    meta_policy(m, report);
    meta(m, "policap_name", eve_text_of(peer, "name"));
    meta(m, "policap_name_source", eve_text_of(peer, "name_source"));
    meta(m, "policap_confidence", eve_text_of(finding, "confidence"));
    meta(m, "policap_block_signature", eve_text_of(problem, "cause"));
    meta(m, "policap_block_by", eve_text_of(problem, "blocked_by"));
    meta(m, "policap_owner", eve_text_of(problem, "owner"));
    meta(m, "policap_scope", eve_text_of(problem, "scope"));
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
    const char *severity = eve_text_of(finding, "severity");

    return !severity                         ? 3
           : strcmp(severity, "high") == 0   ? 1
           : strcmp(severity, "medium") == 0 ? 2
                                             : 3;
}

json_t *eve_alert(const json_t *report, const json_t *problem, const json_t *finding,
                  const char *state, const char *since)
{
    const char *kind = eve_text_of(problem, "kind"), *row = eve_text_of(problem, "row");
    const char *cause = eve_text_of(problem, "cause");
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

void eve_add_flow(json_t *line, const json_t *finding)
{
    const json_t *peer = json_object_get(finding, "peer");
    const char *ip = eve_text_of(json_object_get(finding, "device"), "ip");
    const char *far =
        json_string_value(json_array_get(json_object_get(peer, "ips"), 0));
    const char *initiator = eve_text_of(finding, "initiator");
    const char *transport = eve_text_of(finding, "transport");
    const json_t *evidence = json_array_get(json_object_get(finding, "evidence"), 0);
    const json_t *ids = json_object_get(evidence, "community_ids");
    bool inbound = initiator && strcmp(initiator, "peer") == 0;
    json_int_t port = json_integer_value(json_object_get(finding, "port"));

    eve_add_text(line, "src_ip", inbound ? far : ip);
    eve_add_text(line, "dest_ip", inbound ? ip : far);
    if (port > 0) {
        json_object_set_new(line, "dest_port", json_integer(port));
    }
    if (transport) {
        eve_add_text(line, "proto", strcmp(transport, "udp") == 0 ? "UDP" : "TCP");
    }
    eve_add_text(line, "community_id", json_string_value(json_array_get(ids, 0)));
}

json_t *eve_health(const struct health *health)
{
    bool good = health->state == HEALTH_GOOD;
    char signature[80], since[EVE_TIME_ROOM];

    snprintf(signature, sizeof signature, "policap health: %s",
             health_words(health->state));
    eve_clock(since, health->since_ns);
    return json_pack(
        "{s:s, s:i, s:i, s:i, s:s, s:s, s:i, s:{s:[s], s:[s], s:[s], s:[s]}}", "action",
        "allowed", "gid", 1, "signature_id", HEALTH_SIGNATURE, "rev",
        SIGNATURE_REVISION, "signature", signature, "category", "Mirror Health",
        "severity", good ? 3 : 2, "metadata", "policap_verdict", "inconclusive",
        "policap_state", good ? "recovered" : "new", "policap_health",
        health_name(health->state), "policap_since", since);
}
