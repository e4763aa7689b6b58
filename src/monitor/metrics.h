/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The sensor's state in the text format of Prometheus, version 0.0.4.
 *
 * Labels hold no address, name or number of a phone: how many series there are does
 * not depend on the traffic.
 */
#ifndef MONITOR_METRICS_H
#define MONITOR_METRICS_H

#include "audit/collect.h"
#include "capture/live.h"
#include "monitor/health.h"
#include "monitor/sink.h"

#include <jansson.h>

struct metrics {
    struct live *const *lives;
    const struct health *health; /* Of each of them. */
    const char *const *names;    /* Of the interfaces. */
    size_t n;
    const json_t *report; /* The last one; NULL: none yet. */
    const struct sink *sinks;
    size_t n_sinks;
    const json_t *told; /* Alerts by their labels {verdict="...",rule="..."}. */
    struct collector *const *collector;   /* Made after the rest. */
    uint64_t tcp_over, udp_over, evicted; /* Flows that are over, and driven out. */
    uint64_t n_reloads[2];                /* Of rules and site: refused, in force. */
    int64_t reload_s;                     /* When the rules in force were loaded. */
};

/* The caller releases with free().  NULL: out of memory. */
char *metrics_text(const struct metrics *metrics);

#endif
