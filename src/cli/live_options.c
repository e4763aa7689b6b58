/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The options of `policap live`.
 */
#include "audit/hours.h"
#include "base/error.h"
#include "base/moment.h"
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    MAX_RING_MIB = 2047,
    MIN_SNAPLEN = 64,
    MAX_BLOCK_MS = 10000,
    MIN_WINDOW_S = 3600
};

bool live_set_interface(struct options *o, const char *value, struct policap_error *err)
{
    struct monitor_options *m = &o->monitor;

    if (m->n_interfaces == MONITOR_MAX_INTERFACES) {
        return fail(err, "-i: at most %d interfaces: `any` is all of them",
                    MONITOR_MAX_INTERFACES);
    }
    m->interfaces[m->n_interfaces++] = value;
    return true;
}

bool live_set_report(struct options *o, const char *value, struct policap_error *err)
{
    (void)err;
    o->report = value;
    return true;
}

bool live_set_every(struct options *o, const char *value, struct policap_error *err)
{
    return duration_parse(value, &o->monitor.every_s) ||
           fail(err, "--every %.60s: write a time as 90s, 5m, 1h or 1d", value);
}

bool live_set_filter(struct options *o, const char *value, struct policap_error *err)
{
    o->monitor.filter_auto = true;
    return strcmp(value, "auto") == 0 ||
           fail(err, "--filter %.60s: only `auto`; write an expression with -f", value);
}

bool live_set_check_config(struct options *o, const char *value,
                           struct policap_error *err)
{
    (void)value;
    (void)err;
    o->check_config = true;
    return true;
}

bool live_set_events(struct options *o, const char *value, struct policap_error *err)
{
    struct monitor_options *m = &o->monitor;

    if (m->n_events == MONITOR_MAX_SINKS) {
        return fail(err, "--events: at most %d times", MONITOR_MAX_SINKS);
    }
    m->events[m->n_events++] = value;
    return true;
}

bool live_set_state(struct options *o, const char *value, struct policap_error *err)
{
    (void)err;
    o->monitor.state = value;
    return true;
}

bool live_set_evidence(struct options *o, const char *value, struct policap_error *err)
{
    struct stat folder;

    o->monitor.evidence = value;
    return (stat(value, &folder) == 0 && S_ISDIR(folder.st_mode)) ||
           fail(err, "--evidence %.200s: name a folder: mkdir makes one", value);
}

bool live_set_window(struct options *o, const char *value, struct policap_error *err)
{
    return (duration_parse(value, &o->monitor.window_s) &&
            o->monitor.window_s >= MIN_WINDOW_S &&
            o->monitor.window_s <= (HOURS_KEPT - 1) * MIN_WINDOW_S) ||
           fail(err, "--window %.60s: write a time from 1h to 167h", value);
}

bool live_set_events_flow(struct options *o, const char *value,
                          struct policap_error *err)
{
    (void)value;
    (void)err;
    o->monitor.flow_events = true;
    return true;
}

bool live_set_user(struct options *o, const char *value, struct policap_error *err)
{
    (void)err;
    o->monitor.user = value;
    return true;
}

bool live_set_listen(struct options *o, const char *value, struct policap_error *err)
{
    (void)err;
    o->monitor.listen = value;
    return true;
}

bool live_set_token_file(struct options *o, const char *value,
                         struct policap_error *err)
{
    (void)err;
    o->monitor.token_file = value;
    return true;
}

static bool read_number(const char *option, const char *value, long low, long high,
                        int *out, struct policap_error *err)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(value, &end, 10);
    *out = (int)n;
    return (isdigit((unsigned char)*value) && *end == '\0' && errno == 0 && n >= low &&
            n <= high) ||
           fail(err, "%s %.60s: write a number from %ld to %ld", option, value, low,
                high);
}

bool live_set_ring(struct options *o, const char *value, struct policap_error *err)
{
    int mib;

    if (!read_number("--ring", value, 1, MAX_RING_MIB, &mib, err)) {
        return false;
    }
    o->monitor.live.ring_bytes = mib << 20;
    return true;
}

bool live_set_snaplen(struct options *o, const char *value, struct policap_error *err)
{
    return read_number("--snaplen", value, MIN_SNAPLEN, CAPTURE_MAX_FRAME,
                       &o->monitor.live.snaplen, err);
}

bool live_set_block_time(struct options *o, const char *value,
                         struct policap_error *err)
{
    return read_number("--block-time", value, 1, MAX_BLOCK_MS,
                       &o->monitor.live.block_ms, err);
}

bool live_set_quiet_port(struct options *o, const char *value,
                         struct policap_error *err)
{
    (void)value;
    (void)err;
    o->monitor.live.promiscuous = false;
    return true;
}
