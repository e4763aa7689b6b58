/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/metrics_parts.h"

#include "base/moment.h"

#include <inttypes.h>
#include <string.h>

static json_int_t count_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void put_ratio(FILE *out, const char *check, json_int_t part, json_int_t whole)
{
    fputs("policap_visibility_ratio", out);
    metrics_label(out, '{', "check", check);
    fprintf(out, "} %.6f\n", (double)part / (double)whole);
}

/* Frames in which a packet was found, over all interfaces. */
static json_int_t decoded(const json_t *report)
{
    json_int_t n = 0;
    size_t i;
    const json_t *capture, *undecoded;
    const char *reason;

    json_array_foreach(json_object_get(report, "captures"), i, capture)
    {
        n += count_of(capture, "packets");
        json_object_foreach(json_object_get(capture, "undecoded"), reason, undecoded)
        {
            n -= json_integer_value(undecoded);
        }
    }
    return n;
}

void metrics_put_sight(FILE *out, const json_t *report)
{
    const json_t *sight = json_object_get(report, "visibility");
    json_int_t flows = count_of(sight, "flows");

    metrics_head(out, "policap_decoded_packets_total", "counter",
                 "Frames in which a packet was found.");
    fprintf(out,
            "policap_decoded_packets_total{layer=\"link\"} %" JSON_INTEGER_FORMAT "\n",
            decoded(report));
    metrics_head(
        out, "policap_visibility_ratio", "gauge",
        "Of flows that were answered, those seen both ways, and those of which "
        "a packet was acknowledged but not seen.");
    if (flows > 0) {
        put_ratio(out, "bidirectional", count_of(sight, "two_way"), flows);
        put_ratio(out, "acked_unseen", count_of(sight, "acked_unseen"), flows);
    }
}

/* The end of a row's last stretch, in nanoseconds, without the fraction of a second. */
static int64_t end_of(const json_t *stretches)
{
    size_t n = json_array_size(stretches);
    const char *to = json_string_value(
        json_object_get(json_array_get(stretches, n ? n - 1 : 0), "to"));
    char text[32];
    int64_t ns = 0;

    snprintf(text, sizeof text, "%.19sZ", to ? to : "");
    return moment_parse(text, &ns) ? ns : 0;
}

void metrics_put_matches(FILE *out, const json_t *report)
{
    json_t *last = json_object();
    size_t i;
    const json_t *device, *stretches, *ns;
    const char *row;

    json_array_foreach(json_object_get(report, "devices"), i, device)
    {
        json_object_foreach(json_object_get(device, "timeline"), row, stretches)
        {
            int64_t end = end_of(stretches);

            if (end > json_integer_value(json_object_get(last, row))) {
                json_object_set_new(last, row, json_integer(end));
            }
        }
    }
    metrics_head(out, "policap_rule_last_match_timestamp_seconds", "gauge",
                 "When a flow of the row was last seen.");
    json_object_foreach(last, row, ns)
    {
        fputs("policap_rule_last_match_timestamp_seconds", out);
        metrics_label(out, '{', "rule", row);
        fprintf(out, "} %" JSON_INTEGER_FORMAT "\n",
                json_integer_value(ns) / 1000000000);
    }
    json_decref(last);
}
