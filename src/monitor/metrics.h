/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The sensor's state in the text format of Prometheus, version 0.0.4.
 *
 * Labels hold no address, name or number of a phone: how many series there are does
 * not depend on the traffic.
 */
#ifndef MONITOR_METRICS_H
#define MONITOR_METRICS_H

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
};

/* The caller releases with free().  NULL: out of memory. */
char *metrics_text(const struct metrics *metrics);

#endif
