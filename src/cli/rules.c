/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policap rules: the rows that captures are held against.
 */
#include "base/error.h"
#include "cli/options.h"
#include "cli/shared.h"

#include <stdio.h>
#include <string.h>

static const char *initiator_text(const struct policy_row *row)
{
    static const char *const words[] = {"either", "device", "peer"};

    return words[row->initiator];
}

static const char *need_text(const struct policy_row *row)
{
    static const char *const words[] = {"required", "optional", "if-used", "advice",
                                        "notice"};

    return words[row->need];
}

static const char *transport_text(const struct policy_row *row)
{
    switch (row->transports & (TRANSPORT_TCP | TRANSPORT_UDP)) {
    case TRANSPORT_TCP:
        return "tcp";
    case TRANSPORT_UDP:
        return "udp";
    case TRANSPORT_TCP | TRANSPORT_UDP:
        return "tcp,udp";
    default:
        return row->transports & TRANSPORT_ICMP ? "icmp" : "-";
    }
}

static void ports_text(const struct policy_row *row, char *out, size_t room)
{
    size_t len = 0;

    snprintf(out, room, "-");
    for (size_t i = 0; i < row->n_ports && len < room; i++) {
        const struct port_range *p = &row->ports[i];
        const char *comma = i ? "," : "";
        int n;

        if (p->low == 0 && p->high == UINT16_MAX) {
            n = snprintf(out + len, room - len, "%s*", comma);
        } else if (p->low == p->high) {
            n = snprintf(out + len, room - len, "%s%u", comma, p->low);
        } else {
            n = snprintf(out + len, room - len, "%s%u-%u", comma, p->low, p->high);
        }
        len += n > 0 ? (size_t)n : 0;
    }
}

static json_t *strings(const char *const *list, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++) {
        json_array_append_new(array, json_string(list[i]));
    }
    return array;
}

static json_t *row_json(const struct policy *policy, const struct policy_row *row)
{
    const struct policy_pack *pack = policy_pack(policy, row->pack);
    char ports[256];

    ports_text(row, ports, sizeof ports);
    return json_pack(
        "{s:s,s:s,s:s,s:s?,s:s?,s:s,s:s,s:s,s:o,s:s,s:f,s:s?,s:s?,s:o,s:b}", "id",
        row->id, "pack", pack->name, "group", row->group, "section", row->section,
        "title", row->title, "initiator", initiator_text(row), "transport",
        transport_text(row), "ports", ports, "peers", strings(row->peers, row->n_peers),
        "need", need_text(row), "wait_s", row->wait_s, "blocked_means",
        row->blocked_means, "reference", row->reference, "aliases",
        strings(row->aliases, row->n_aliases), "off", row->off);
}

static bool list_json(FILE *out, const struct policy *policy)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < policy_count(policy); i++) {
        json_array_append_new(rows, row_json(policy, policy_row(policy, i)));
    }
    bool ok = json_dumpf(rows, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(rows);
    return ok;
}

static bool list_text(FILE *out, const struct policy *policy)
{
    fprintf(out, "%-20s %-12s %-9s %-8s %-14s %s\n", "ROW", "GROUP", "OPENED BY",
            "OVER", "PORTS", "TITLE");
    for (size_t i = 0; i < policy_count(policy); i++) {
        const struct policy_row *row = policy_row(policy, i);
        char ports[64];

        ports_text(row, ports, sizeof ports);
        fprintf(out, "%-20s %-12s %-9s %-8s %-14s %s%s\n", row->id, row->group,
                initiator_text(row), transport_text(row), ports, row->title,
                row->off ? " (off)" : "");
    }
    return !ferror(out);
}

static void show_line(FILE *out, const char *name, const char *value)
{
    if (value && *value) {
        fprintf(out, "%-12s %s\n", name, value);
    }
}

static bool show_text(FILE *out, const struct policy *policy,
                      const struct policy_row *row)
{
    const struct policy_pack *pack = policy_pack(policy, row->pack);
    char ports[256];

    ports_text(row, ports, sizeof ports);
    show_line(out, "row", row->id);
    show_line(out, "title", row->title);
    fprintf(out, "%-12s %s, %s, as of %s\n", "pack", pack->name, pack->revision,
            pack->as_of);
    show_line(out, "section", row->section);
    show_line(out, "group", row->group);
    show_line(out, "opened by", initiator_text(row));
    show_line(out, "printed", row->direction_printed);
    show_line(out, "over", transport_text(row));
    show_line(out, "ports", ports);
    for (size_t i = 0; i < row->n_peers; i++) {
        show_line(out, i == 0 ? "peers" : "", row->peers[i]);
    }
    show_line(out, "app", row->app);
    show_line(out, "need", need_text(row));
    show_line(out, "if blocked", row->blocked_means);
    show_line(out, "reference", row->reference);
    for (size_t i = 0; i < row->n_aliases; i++) {
        show_line(out, i == 0 ? "also" : "", row->aliases[i]);
    }
    return !ferror(out);
}

static bool write_one(FILE *out, const struct options *o, const struct policy *policy,
                      const struct policy_row *row)
{
    if (o->format != FORMAT_JSON) {
        return show_text(out, policy, row);
    }

    json_t *json = row_json(policy, row);
    bool ok = json_dumpf(json, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(json);
    return ok;
}

static int lint(FILE *out, const struct options *o, const struct policy *policy)
{
    json_t *faults = policy_lint(policy);
    size_t n = json_array_size(faults), n_grave = 0;

    for (size_t i = 0; i < n; i++) {
        const char *severity =
            json_string_value(json_object_get(json_array_get(faults, i), "severity"));

        n_grave += severity && strcmp(severity, "note") != 0;
    }
    if (o->format == FORMAT_JSON) {
        json_dumpf(faults, out, JSON_INDENT(2));
        fputc('\n', out);
    }
    for (size_t i = 0; o->format != FORMAT_JSON && i < n; i++) {
        const json_t *fault = json_array_get(faults, i);
        const char *severity = json_string_value(json_object_get(fault, "severity"));
        const char *row = json_string_value(json_object_get(fault, "row"));
        const char *text = json_string_value(json_object_get(fault, "text"));

        fprintf(out, "%s: %s: %s\n", severity ? severity : "", row ? row : "",
                text ? text : "");
    }
    if (o->format != FORMAT_JSON && n == 0) {
        fprintf(out, "%zu rows, nothing to say against them\n", policy_count(policy));
    }
    json_decref(faults);
    return n_grave > 0 ? EXIT_FINDINGS : EXIT_FITS;
}

static int run(FILE *out, const struct options *o, const struct policy *policy,
               const char *what)
{
    struct policap_error err;

    if (strcmp(what, "lint") == 0) {
        return lint(out, o, policy);
    }
    if (strcmp(what, "list") == 0) {
        bool ok =
            o->format == FORMAT_JSON ? list_json(out, policy) : list_text(out, policy);

        return ok ? EXIT_FITS : complain("rules: cannot write");
    }

    if (strcmp(what, "explain") == 0) {
        return rules_explain(o, policy, out);
    }

    long row = policy_find(policy, o->operands[1]);
    if (row < 0) {
        fail(&err, "rules show %.100s: no row has this id: see `policap rules list`",
             o->operands[1]);
        return complain(err.text);
    }
    return write_one(out, o, policy, policy_row(policy, (size_t)row))
               ? EXIT_FITS
               : complain("rules: cannot write");
}

static bool operands_fit(const struct options *o, const char *what)
{
    if (strcmp(what, "explain") == 0) {
        return rules_explain_operands(o);
    }
    if (strcmp(what, "show") == 0) {
        return o->n_operands == 2;
    }
    return o->n_operands == 1 &&
           (strcmp(what, "list") == 0 || strcmp(what, "lint") == 0);
}

int command_rules(const struct options *o)
{
    struct policap_error err;
    const char *what = o->n_operands > 0 ? o->operands[0] : "";
    struct policy *policy;
    FILE *out;
    int status;

    if (!operands_fit(o, what)) {
        return complain("rules: say list, lint, show ROW or explain TRANSPORT SRC "
                        "DST:PORT [NAME]: see `policap rules --help`");
    }
    policy = policy_load(o->site, o->policies, o->n_policies, &err);
    if (!policy) {
        return complain(err.text);
    }
    out = output_open(o, &err);
    if (!out) {
        policy_free(policy);
        return complain(err.text);
    }
    status = run(out, o, policy, what);
    if (!output_close(o, out, &err)) {
        status = complain(err.text);
    }
    policy_free(policy);
    return status;
}
