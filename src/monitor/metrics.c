/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/metrics.h"

#include "monitor/metrics_parts.h"
#include "report/version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void metrics_head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line feed are escaped. */
static void put_value(FILE *out, const char *text)
{
    for (; text && *text; text++) {
        if (*text == '\n') {
            fputs("\\n", out);
            continue;
        }
        if (*text == '"' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
}

void metrics_label(FILE *out, char before, const char *name, const char *value)
{
    fprintf(out, "%c%s=\"", before, name);
    put_value(out, value);
    fputc('"', out);
}

static void put_interfaces(FILE *out, const struct metrics *m)
{
    metrics_head(out, "policap_capture_packets_total", "counter", "Packets captured.");
    for (size_t i = 0; i < m->n; i++) {
        fputs("policap_capture_packets_total", out);
        metrics_label(out, '{', "iface", m->names[i]);
        fprintf(out, "} %" PRIu64 "\n", live_info(m->lives[i])->packets);
    }
    metrics_head(out, "policap_capture_drops_total", "counter",
                 "Packets lost, and where.");
    for (size_t i = 0; i < m->n; i++) {
        struct live_drops drops = live_drops(m->lives[i]);

        /* What was read from the kernel waits in no queue. */
        const struct {
            const char *where;
            uint64_t n;
        } lost[] = {
            {"kernel", drops.kernel}, {"interface", drops.interface}, {"queue", 0}};

        for (size_t k = 0; k < sizeof lost / sizeof *lost; k++) {
            fputs("policap_capture_drops_total", out);
            metrics_label(out, '{', "iface", m->names[i]);
            metrics_label(out, ',', "where", lost[k].where);
            fprintf(out, "} %" PRIu64 "\n", lost[k].n);
        }
    }
}

static json_int_t sum_of(const json_t *report, const char *key)
{
    json_int_t sum = 0;
    size_t i;
    const json_t *capture;

    json_array_foreach(json_object_get(report, "captures"), i, capture)
    {
        sum += json_integer_value(json_object_get(capture, key));
    }
    return sum;
}

/* What the mirror shows: 1 for the state that it is in. */
static void put_health(FILE *out, const struct metrics *m)
{
    metrics_head(out, "policap_mirror_state", "gauge",
                 "1 for the state: good, silent, down, or one direction is missing.");
    for (size_t i = 0; i < m->n; i++) {
        for (int state = HEALTH_GOOD; state < HEALTH_STATES; state++) {
            fputs("policap_mirror_state", out);
            metrics_label(out, '{', "iface", m->names[i]);
            metrics_label(out, ',', "state", health_name((enum health_state)state));
            fprintf(out, "} %d\n", (int)m->health[i].state == state);
        }
    }
}

/* A number for each member of an object, which is its label. */
static void put_members(FILE *out, const char *name, const char *label,
                        const json_t *members)
{
    const char *value;
    const json_t *n;

    json_object_foreach((json_t *)(uintptr_t)members, value, n)
    {
        fputs(name, out);
        metrics_label(out, '{', label, value);
        fprintf(out, "} %" JSON_INTEGER_FORMAT "\n", json_integer_value(n));
    }
}

/* Of all interfaces, also as an earlier run had them. */
static void put_undecoded(FILE *out, const json_t *report)
{
    json_t *sums = json_object();
    size_t i;
    const json_t *capture, *n;
    const char *reason;

    json_array_foreach(json_object_get(report, "captures"), i, capture)
    {
        json_object_foreach(json_object_get(capture, "undecoded"), reason, n)
        {
            json_int_t so_far = json_integer_value(json_object_get(sums, reason));

            json_object_set_new(sums, reason,
                                json_integer(so_far + json_integer_value(n)));
        }
    }
    metrics_head(out, "policap_decode_errors_total", "counter",
                 "Frames without a packet.");
    put_members(out, "policap_decode_errors_total", "reason", sums);
    json_decref(sums);
}

static void put_decoding(FILE *out, const json_t *report)
{
    metrics_head(out, "policap_duplicate_packets_total", "counter",
                 "Copies of packets.");
    fprintf(out, "policap_duplicate_packets_total %" JSON_INTEGER_FORMAT "\n",
            sum_of(report, "duplicates"));
    metrics_head(out, "policap_truncated_packets_total", "counter",
                 "Packets cut by the snapshot length.");
    fprintf(out, "policap_truncated_packets_total %" JSON_INTEGER_FORMAT "\n",
            sum_of(report, "snaplen_cut_packets"));
    put_undecoded(out, report);
}

/* Findings of one kind and row: rows are those of the policy, so few. */
static void put_findings(FILE *out, const json_t *report)
{
    json_t *sums = json_object();
    size_t i;
    const json_t *finding, *n;
    const char *labels;

    json_array_foreach(json_object_get(report, "findings"), i, finding)
    {
        const char *kind = json_string_value(json_object_get(finding, "kind"));
        const char *row = json_string_value(json_object_get(finding, "row"));
        char key[200];

        snprintf(key, sizeof key, "{verdict=\"%.60s\",rule=\"%.100s\"}",
                 kind ? kind : "", row ? row : "default-deny");
        json_object_set_new(
            sums, key,
            json_integer(json_integer_value(json_object_get(sums, key)) + 1));
    }
    metrics_head(out, "policap_findings", "gauge", "Findings of the last report.");
    json_object_foreach(sums, labels, n)
    {
        fprintf(out, "policap_findings%s %" JSON_INTEGER_FORMAT "\n", labels,
                json_integer_value(n));
    }
    json_decref(sums);
}

static void put_policy(FILE *out, const json_t *report)
{
    size_t i;
    const json_t *pack;

    metrics_head(out, "policap_policy_info", "gauge", "Rule packs in force.");
    json_array_foreach(json_object_get(json_object_get(report, "policy"), "packs"), i,
                       pack)
    {
        static const char *const keys[] = {"name", "revision", "sha256"};

        fputs("policap_policy_info", out);
        for (size_t k = 0; k < 3; k++) {
            metrics_label(out, k ? ',' : '{', keys[k],
                          json_string_value(json_object_get(pack, keys[k])));
        }
        fputs("} 1\n", out);
    }
}

/* What there was no room for: nothing, where the report does not say. */
static void put_left_out(FILE *out, const json_t *report)
{
    const json_t *left = json_object_get(report, "left_out");

    metrics_head(
        out, "policap_flow_evictions", "gauge",
        "Flows of the last report that were driven out before they were over.");
    put_members(out, "policap_flow_evictions", "reason",
                json_object_get(left, "flows"));
    metrics_head(out, "policap_records_refused", "gauge",
                 "Records for which there was no room in the last report.");
    put_members(out, "policap_records_refused", "kind",
                json_object_get(left, "records"));
    metrics_head(out, "policap_exact", "gauge",
                 "1 where there was room for everything.");
    fprintf(out, "policap_exact %d\n", json_is_true(json_object_get(report, "exact")));
}

static void put_report(FILE *out, const json_t *report)
{
    const json_t *tool = json_object_get(report, "tool");
    const json_t *summary = json_object_get(report, "summary");
    static const char *const kinds[] = {"documented", "candidate", "unexpected",
                                        "background", "unjudged"};

    metrics_head(out, "policap_build_info", "gauge", "The version that runs.");
    fputs("policap_build_info", out);
    metrics_label(out, '{', "version",
                  json_string_value(json_object_get(tool, "version")));
    metrics_label(out, ',', "commit", POLICAP_COMMIT);
    fputs("} 1\n", out);
    put_policy(out, report);
    metrics_head(out, "policap_devices_seen", "gauge", "Phones in the last report.");
    fprintf(out, "policap_devices_seen %zu\n",
            json_array_size(json_object_get(report, "devices")));
    metrics_head(out, "policap_flows", "gauge", "Flows of phones in the last report.");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        fprintf(out, "policap_flows{verdict=\"%s\"} %" JSON_INTEGER_FORMAT "\n",
                kinds[i], json_integer_value(json_object_get(summary, kinds[i])));
    }
    put_findings(out, report);
    put_left_out(out, report);
    put_decoding(out, report);
}

static void put_sinks(FILE *out, const struct sink *sinks, size_t n)
{
    static const struct {
        const char *name, *type, *help;
    } of[] = {
        {"policap_output_queue_depth", "gauge", "Events that wait."},
        {"policap_output_dropped_total", "counter", "Events that were dropped."},
        {"policap_output_failures_total", "counter", "Times that a sink failed."},
    };

    for (size_t k = 0; n > 0 && k < sizeof of / sizeof *of; k++) {
        metrics_head(out, of[k].name, of[k].type, of[k].help);
        for (size_t i = 0; i < n; i++) {
            uint64_t values[] = {sinks[i].n, sinks[i].n_dropped, sinks[i].n_failures};

            fputs(of[k].name, out);
            metrics_label(out, '{', "sink", sinks[i].target.text);
            fprintf(out, "} %" PRIu64 "\n", values[k]);
        }
    }
}

static void put_memory(FILE *out)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    unsigned long size, resident;

    if (statm && fscanf(statm, "%lu %lu", &size, &resident) == 2) {
        metrics_head(out, "process_resident_memory_bytes", "gauge", "Memory in use.");
        fprintf(out, "process_resident_memory_bytes %lu\n",
                resident * (unsigned long)sysconf(_SC_PAGESIZE));
    }
    if (statm) {
        fclose(statm);
    }
}

static void put_flows(FILE *out, const struct metrics *m)
{
    metrics_head(out, "policap_flows_active", "gauge", "Flows that are not over.");
    fprintf(out, "policap_flows_active %zu\n", collector_flows(*m->collector));
    metrics_head(out, "policap_flows_total", "counter", "Flows that are over.");
    fprintf(out,
            "policap_flows_total{proto=\"tcp\"} %" PRIu64 "\n"
            "policap_flows_total{proto=\"udp\"} %" PRIu64 "\n",
            m->tcp_over, m->udp_over);
    metrics_head(out, "policap_flow_evictions_total", "counter",
                 "Flows that were driven out before they were over.");
    fprintf(out, "policap_flow_evictions_total{reason=\"full\"} %" PRIu64 "\n",
            m->evicted);
}

static void put_reloads(FILE *out, const struct metrics *m)
{
    metrics_head(out, "policap_policy_reloads_total", "counter",
                 "Reloads of rules and site.");
    for (size_t i = 0; i < 2; i++) {
        fprintf(out, "policap_policy_reloads_total{result=\"%s\"} %" PRIu64 "\n",
                i ? "success" : "failure", m->n_reloads[i]);
    }
    metrics_head(out, "policap_policy_reload_success_timestamp_seconds", "gauge",
                 "When the rules in force were loaded.");
    fprintf(out, "policap_policy_reload_success_timestamp_seconds %" PRId64 "\n",
            m->reload_s);
}

static void put_told(FILE *out, const json_t *told)
{
    const char *labels;
    const json_t *n;

    metrics_head(out, "policap_verdicts_total", "counter",
                 "Problems that were told, again where they came back.");
    json_object_foreach((json_t *)(uintptr_t)told, labels, n)
    {
        fprintf(out, "policap_verdicts_total%s %" JSON_INTEGER_FORMAT "\n", labels,
                json_integer_value(n));
    }
}

char *metrics_text(const struct metrics *m)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (!out) {
        return NULL;
    }
    put_interfaces(out, m);
    put_health(out, m);
    put_flows(out, m);
    put_reloads(out, m);
    put_told(out, m->told);
    if (m->report) {
        put_report(out, m->report);
        metrics_put_sight(out, m->report);
        metrics_put_matches(out, m->report);
    }
    put_sinks(out, m->sinks, m->n_sinks);
    put_memory(out);
    return fclose(out) == 0 ? text : NULL;
}
