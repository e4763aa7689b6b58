/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Flows that are over: counted, and told where somebody asks.
 */
#include "monitor/monitor_parts.h"

static void flow_over(void *context, struct piece *piece)
{
    struct monitor *m = context;

    outlets_flow_over(&m->outlets, piece);
    if (!m->options->flow_events) {
        return;
    }
    outlets_flow(&m->outlets, piece, monitor_now_ns());
    if (outlets_fill(&m->outlets)) {
        outlets_run(&m->outlets, monitor_clock_ms(), m->options->say,
                    m->options->context);
    }
}

void flows_end(struct monitor *m)
{
    if (m->options->flow_events) {
        collector_each(m->collector, flow_over, m);
    }
}

void flows_begin(struct monitor *m)
{
    if (m->options->flow_events || m->options->listen) {
        collector_watch(m->collector, flow_over, m);
    }
}
