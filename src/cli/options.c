/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/options.h"

#include "audit/crew.h"
#include "base/error.h"
#include "base/moment.h"
#include "report/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_MEMORY ((size_t)64 << 20)

/* Which commands know an option. */
enum command_bit {
    CHECK = 1,
    FLOWS = 2,
    MERGE = 4,
    RULES = 8,
    INSPECT = 16,
    LIVE = 32,
    READS = CHECK | FLOWS | MERGE | INSPECT | LIVE,
    REPORTS = CHECK | MERGE | LIVE
};

struct option_rule {
    const char *name, *short_name;
    unsigned commands;
    bool takes_value;
    bool (*set)(struct options *o, const char *value, struct policap_error *err);
};

static const struct {
    const char *name;
    unsigned bit;
} commands[] = {{"check", CHECK}, {"flows", FLOWS}, {"inspect", INSPECT},
                {"live", LIVE},   {"merge", MERGE}, {"rules", RULES}};

static bool set_site(struct options *o, const char *value, struct policap_error *err)
{
    (void)err;
    o->site = value;
    return true;
}

static bool set_policy(struct options *o, const char *value, struct policap_error *err)
{
    if (o->n_policies == MAX_POLICIES) {
        return fail(err, "--policy: at most %d files", MAX_POLICIES);
    }
    o->policies[o->n_policies++] = value;
    return true;
}

static bool set_device(struct options *o, const char *value, struct policap_error *err)
{
    if (o->judge.n_devices == JUDGE_MAX_DEVICE_OPTIONS) {
        return fail(
            err,
            "--device: at most %d times: write a prefix, or list the devices in "
            "a site file",
            JUDGE_MAX_DEVICE_OPTIONS);
    }
    o->judge.devices[o->judge.n_devices++] = value;
    return true;
}

static bool set_format(struct options *o, const char *value, struct policap_error *err)
{
    if (strcmp(value, "json") == 0) {
        o->format = FORMAT_JSON;
    } else if (strcmp(value, "text") == 0) {
        o->format = FORMAT_TEXT;
    } else {
        return fail(err, "--format %s: there are json and text", value);
    }
    return true;
}

static bool set_output(struct options *o, const char *value, struct policap_error *err)
{
    (void)err;
    o->output = strcmp(value, "-") == 0 ? NULL : value;
    return true;
}

static bool set_tally(struct options *o, const char *value, struct policap_error *err)
{
    (void)err;
    o->tally = value;
    return true;
}

static bool set_filter(struct options *o, const char *value, struct policap_error *err)
{
    (void)err;
    o->filter = value;
    return true;
}

static bool read_moment(const char *option, const char *value, int64_t *ns,
                        struct policap_error *err)
{
    return moment_parse(value, ns) ||
           fail(err,
                "%s %.60s: no time: write it in UTC, as 2026-11-22T07:30:01Z or "
                "'2026-11-22 07:30'",
                option, value);
}

static bool set_from(struct options *o, const char *value, struct policap_error *err)
{
    return read_moment("--from", value, &o->from_ns, err);
}

static bool set_to(struct options *o, const char *value, struct policap_error *err)
{
    return read_moment("--to", value, &o->to_ns, err);
}

static bool set_until(struct options *o, const char *value, struct policap_error *err)
{
    o->until = true;
    return read_moment("--until", value, &o->to_ns, err);
}

static bool set_max_packets(struct options *o, const char *value,
                            struct policap_error *err)
{
    char *end;

    errno = 0;
    o->max_packets = strtoull(value, &end, 10);
    return (isdigit((unsigned char)*value) && *end == '\0' && errno == 0 &&
            o->max_packets > 0) ||
           fail(err, "--max-packets %.60s: write a number from 1", value);
}

static bool set_threads(struct options *o, const char *value, struct policap_error *err)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);

    o->threads = (unsigned)n;
    return (isdigit((unsigned char)*value) && *end == '\0' && n >= 1 &&
            n <= CREW_MAX) ||
           fail(err, "-j %.60s: write a number of threads from 1 to %d", value,
                CREW_MAX);
}

/* "512M", "2G" */
static bool set_max_memory(struct options *o, const char *value,
                           struct policap_error *err)
{
    char *end;
    unsigned long long n;
    unsigned shift;

    errno = 0;
    n = strtoull(value, &end, 10);
    shift = *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    o->max_memory = (size_t)n << shift;
    return (isdigit((unsigned char)*value) && shift && end[1] == '\0' && errno == 0 &&
            n <= SIZE_MAX >> 31 && o->max_memory >= MIN_MEMORY) ||
           fail(err, "--max-memory %.60s: write a size from 64M, as 512M or 2G", value);
}

static bool set_explain(struct options *o, const char *value, struct policap_error *err)
{
    (void)err;
    o->explain = value;
    return true;
}

static bool set_strict(struct options *o, const char *value, struct policap_error *err)
{
    (void)value;
    (void)err;
    o->judge.strict = true;
    return true;
}

static bool set_show_names(struct options *o, const char *value,
                           struct policap_error *err)
{
    (void)value;
    (void)err;
    o->judge.show_names = true;
    return true;
}

static bool set_help(struct options *o, const char *value, struct policap_error *err)
{
    (void)value;
    (void)err;
    o->help = true;
    return true;
}

/* Cuts a list at its commas, in place in argv, and gives each part to 'add'. */
static bool each_part(struct options *o, const char *list,
                      bool (*add)(struct options *, const char *,
                                  struct policap_error *),
                      struct policap_error *err)
{
    char *rest = (char *)(uintptr_t)list;
    char *part;

    while ((part = strsep(&rest, ",")) != NULL) {
        if (*part && !add(o, part, err)) {
            return false;
        }
    }
    return true;
}

static bool add_expected(struct options *o, const char *row, struct policap_error *err)
{
    if (o->judge.n_expect == MAX_EXPECT) {
        return fail(err, "--expect: at most %d rows", MAX_EXPECT);
    }
    o->expect[o->judge.n_expect++] = row;
    return true;
}

static bool set_expect(struct options *o, const char *value, struct policap_error *err)
{
    return each_part(o, value, add_expected, err);
}

static bool add_failing(struct options *o, const char *name, struct policap_error *err)
{
    enum finding_kind kind;

    if (!finding_kind_parse(name, &kind)) {
        return fail(
            err,
            "--fail-on %s: no such kind: there are blocked, degraded, refused, "
            "no-answer, intercepted, unexpected, unexpected-inbound, advice and "
            "candidate",
            name);
    }
    o->judge.fail_on |= 1u << kind;
    return true;
}

static bool set_fail_on(struct options *o, const char *value, struct policap_error *err)
{
    o->judge.fail_on = 0;
    return each_part(o, value, add_failing, err);
}

static const struct option_rule rules[] = {
    {"--site", NULL, READS | RULES, true, set_site},
    {"--policy", NULL, READS | RULES, true, set_policy},
    {"--device", NULL, READS, true, set_device},
    {"--format", NULL, REPORTS | RULES | INSPECT, true, set_format},
    {"--output", "-o", READS | RULES, true, set_output},
    {"-f", NULL, CHECK | FLOWS | INSPECT | LIVE, true, set_filter},
    {"--from", NULL, CHECK | FLOWS | INSPECT, true, set_from},
    {"--to", NULL, CHECK | FLOWS | INSPECT, true, set_to},
    {"--until", NULL, CHECK, true, set_until},
    {"--max-packets", NULL, CHECK | FLOWS | INSPECT, true, set_max_packets},
    {"-j", NULL, CHECK | FLOWS | INSPECT, true, set_threads},
    {"--max-memory", NULL, CHECK | LIVE, true, set_max_memory},
    {"--tally", NULL, CHECK, true, set_tally},
    {"--fail-on", NULL, REPORTS, true, set_fail_on},
    {"--expect", NULL, REPORTS, true, set_expect},
    {"--tap", NULL, CHECK | FLOWS | INSPECT, true, tap_parse},
    {"--explain", NULL, CHECK | MERGE, true, set_explain},
    {"--strict", NULL, REPORTS, false, set_strict},
    {"--show-names", NULL, REPORTS, false, set_show_names},
    {"-i", NULL, LIVE, true, live_set_interface},
    {"--report", NULL, LIVE, true, live_set_report},
    {"--every", NULL, LIVE, true, live_set_every},
    {"--filter", NULL, LIVE, true, live_set_filter},
    {"--token-file", NULL, LIVE, true, live_set_token_file},
    {"--check-config", NULL, LIVE, false, live_set_check_config},
    {"--events", NULL, LIVE, true, live_set_events},
    {"--events-flow", NULL, LIVE, false, live_set_events_flow},
    {"--state", NULL, LIVE, true, live_set_state},
    {"--evidence", NULL, LIVE, true, live_set_evidence},
    {"--window", NULL, LIVE, true, live_set_window},
    {"--user", "-u", LIVE, true, live_set_user},
    {"--listen", NULL, LIVE, true, live_set_listen},
    {"--ring", NULL, LIVE, true, live_set_ring},
    {"--snaplen", NULL, LIVE, true, live_set_snaplen},
    {"--block-time", NULL, LIVE, true, live_set_block_time},
    {"--no-promisc", "-p", LIVE, false, live_set_quiet_port},
    {"--help", "-h", READS | RULES, false, set_help},
};

bool is_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static unsigned command_bit(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return commands[i].bit;
        }
    }
    return 0;
}

/* The rule of "--name", "--name=value" or "-x". */
static const struct option_rule *rule_of(const char *arg, size_t len)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct option_rule *r = &rules[i];

        if ((strlen(r->name) == len && strncmp(r->name, arg, len) == 0) ||
            (r->short_name && strcmp(r->short_name, arg) == 0)) {
            return r;
        }
    }
    return NULL;
}

static bool option_set(struct options *o, const char *arg, char **argv, int argc,
                       int *i, struct policap_error *err)
{
    bool is_long = strncmp(arg, "--", 2) == 0;
    const char *equals = is_long ? strchr(arg, '=') : NULL;
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
    const struct option_rule *rule = rule_of(arg, len);
    const char *value = equals ? equals + 1 : NULL;

    if (!rule && !is_long) { /* "-j2" */
        const char letter[] = {'-', arg[1], '\0'};

        rule = rule_of(letter, 2);
        rule = rule && rule->takes_value ? rule : NULL;
        value = arg + 2;
    }

    if (!rule || !(rule->commands & command_bit(o->command))) {
        return fail(err, "%s: no such option: see `policap %s --help`", arg,
                    o->command);
    }
    if (rule->takes_value && !value) {
        if (*i + 1 >= argc) {
            return fail(err, "%s: a value is missing: see `policap %s --help`", arg,
                        o->command);
        }
        value = argv[++*i];
    } else if (!rule->takes_value && equals) {
        return fail(err, "%s: takes no value", rule->name);
    }
    return rule->set(o, value, err);
}

bool options_parse(struct options *o, int argc, char **argv, struct policap_error *err)
{
    bool only_operands = false;
    int n = 0;

    o->judge.fail_on = words_default_fail_on();
    o->threads = 1;
    o->from_ns = INT64_MIN;
    o->to_ns = INT64_MAX;
    o->monitor.live.promiscuous = true;
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i];

        if (!only_operands && strcmp(arg, "--") == 0) {
            only_operands = true;
        } else if (only_operands || arg[0] != '-' || arg[1] == '\0') {
            argv[n++] = argv[i];
        } else if (!option_set(o, arg, argv, argc, &i, err)) {
            return false;
        }
    }
    o->operands = (const char **)(void *)argv;
    o->n_operands = (size_t)n;
    if (o->from_ns >= o->to_ns) {
        return fail(err, "--to: must be later than --from");
    }
    o->judge.expect = o->expect;
    return true;
}

int complain(const char *text)
{
    fputs("policap: ", stderr);
    for (const char *p = text; *p; p++) {
        fputc(iscntrl((unsigned char)*p) ? '?' : *p, stderr);
    }
    fputc('\n', stderr);
    return EXIT_USAGE;
}
