/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policap live: interfaces to reports.
 */
#include "base/error.h"
#include "cli/shared.h"
#include "monitor/config.h"
#include "monitor/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_EVERY_S = 300 };

/* What the calls of the monitor know. */
struct sensor {
    const struct options *options;
    struct policy *policy; /* In force.  Owned. */
};

static void say(void *context, const char *line)
{
    (void)context;
    complain(line);
}

/* Writes 'path' aside, then gives it its name: who reads it finds a whole report. */
static bool replace_file(const char *path, const char *text, size_t len,
                         struct policap_error *err)
{
    char aside[4096];
    FILE *out;
    bool ok;

    if ((size_t)snprintf(aside, sizeof aside, "%s.new", path) >= sizeof aside) {
        return fail(err, "%.200s: too long a name", path);
    }
    out = fopen(aside, "we");
    if (!out) {
        return fail(err, "%s: %s: name a file that can be written", aside,
                    strerror(errno));
    }
    ok = fwrite(text, 1, len, out) == len;
    ok = fclose(out) == 0 && ok;
    if (ok && rename(aside, path) == 0) {
        return true;
    }
    fail(err, "%s: %s: the report is not written", path, strerror(errno));
    remove(aside);
    return false;
}

/* A report on the way. */
static void give(void *context, const char *report, size_t len)
{
    const struct options *o = ((const struct sensor *)context)->options;
    const char *path = o->report ? o->report : o->output;
    struct policap_error err;

    if (!path) {
        fwrite(report, 1, len, stdout);
        fflush(stdout);
    } else if (!replace_file(path, report, len, &err)) {
        complain(err.text);
    }
}

/* Of the first pack, and of the site file where there is one. */
static void say_policy(const char *what, const struct policy *policy)
{
    const char *site = policy_site_sha256(policy);
    char text[300];

    snprintf(text, sizeof text, "%s: %zu packs, the first %s %s, site file %s", what,
             policy_pack_count(policy), policy_pack(policy, 0)->name,
             policy_pack(policy, 0)->sha256, site ? site : "none");
    complain(text);
}

/* A bad new file leaves the old rules in force. */
static const struct policy *reload(void *context)
{
    struct sensor *sensor = context;
    struct policap_error err;
    struct policy *policy = load_policy(sensor->options, &err);

    if (!policy) {
        complain(err.text);
        say_policy("the rules stay in force", sensor->policy);
        return sensor->policy;
    }
    say_policy("the rules were", sensor->policy);
    say_policy("the rules are", policy);
    policy_free(sensor->policy);
    sensor->policy = policy;
    return policy;
}

/* The last report goes where -o says, else where those on the way went. */
static int report_last(const struct options *o, const struct tally *tally,
                       const struct policy *policy)
{
    struct options last = *o;
    char aside[4096];
    int status;

    if (!o->report || o->output) {
        return report_tally(o, tally, policy);
    }
    snprintf(aside, sizeof aside, "%s.new", o->report);
    last.output = aside;
    last.format = FORMAT_JSON;
    status = report_tally(&last, tally, policy);
    if (status != EXIT_USAGE && rename(aside, o->report) == 0) {
        return status;
    }
    remove(aside);
    return complain("--report: the last report is not written");
}

static bool check_usage(const struct options *o, struct policap_error *err)
{
    if (o->monitor.n_interfaces == 0) {
        return fail(err, "live: no interface: name one with -i; `ip link` lists them");
    }
    if (o->n_operands > 0) {
        return fail(err, "%.200s: live reads no files: see `policap check`",
                    o->operands[0]);
    }
    for (size_t i = 0; i < o->monitor.n_events && !o->report && !o->output; i++) {
        if (strcmp(o->monitor.events[i], "-") == 0) {
            return fail(err,
                        "--events -: name a file for the report with -o or --report");
        }
    }
    if (o->monitor.token_file && !o->monitor.listen) {
        return fail(err, "--token-file: say where to listen with --listen");
    }
    if (o->monitor.flow_events && o->monitor.n_events == 0) {
        return fail(err, "--events-flow: name a sink with --events");
    }
    return !o->monitor.every_s || o->report ||
           fail(err, "--every: name the file with --report");
}

/* --check-config: every fault is said, not the first alone. */
static int check_config(const struct options *o)
{
    const char *const files[] = {o->report, o->output, o->monitor.state};
    struct monitor_options monitor = o->monitor;
    struct policap_error err;
    bool usage_ok = check_usage(o, &err);
    size_t n_faults = !usage_ok;
    struct policy *policy;

    if (!usage_ok) {
        complain(err.text);
    }
    policy = load_policy(o, &err);
    if (!policy) {
        complain(err.text);
        n_faults++;
    }
    monitor.live.filter = o->filter;
    monitor.say = say;
    n_faults += config_check(&monitor, policy, files, sizeof files / sizeof *files);
    if (n_faults == 0) {
        say_policy("the configuration is sound", policy);
    }
    policy_free(policy);
    return n_faults ? EXIT_USAGE : EXIT_FITS;
}

static int run_live(const struct options *o)
{
    struct monitor_options monitor = o->monitor;
    struct policap_error err;
    struct sensor sensor = {
        .options = o,
        .policy = check_usage(o, &err) ? load_policy(o, &err) : NULL,
    };
    struct tally *tally;
    bool lost = false;
    int status;

    monitor.live.filter = o->filter;
    monitor.say = say;
    monitor.give = give;
    monitor.reload = reload;
    monitor.notify_socket = getenv("NOTIFY_SOCKET");
    monitor.watchdog_us = getenv("WATCHDOG_USEC");
    monitor.max_memory = o->max_memory;
    monitor.context = &sensor;
    if (o->report && !monitor.every_s) {
        monitor.every_s = DEFAULT_EVERY_S;
    }
    tally = sensor.policy ? monitor_run(&monitor, sensor.policy, &o->judge, &lost, &err)
                          : NULL;
    status = tally ? report_last(o, tally, sensor.policy) : complain(err.text);
    tally_release(tally);
    policy_free(sensor.policy);
    return lost ? EXIT_USAGE : status;
}

int command_live(const struct options *o)
{
    return o->check_config ? check_config(o) : run_live(o);
}
