/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/outlets.h"

#include "base/error.h"

#include <unistd.h>

static char *metrics_now(void *context)
{
    struct outlets *outlets = context;

    outlets->metrics.report = outlets->report;
    outlets->metrics.sink = outlets->sink.queue ? &outlets->sink : NULL;
    return metrics_text(&outlets->metrics);
}

static bool is_healthy(void *context)
{
    return !*((const struct outlets *)context)->lost;
}

bool outlets_listen(struct outlets *outlets, const char *address,
                    const struct metrics *metrics, const bool *lost,
                    struct policap_error *err)
{
    const struct web_source source = {metrics_now, is_healthy, outlets};

    outlets->metrics = *metrics;
    outlets->lost = lost;
    if (address) {
        outlets->web = web_open(address, &source, err);
    }
    return !address || outlets->web;
}

static void events_put(void *context, const char *line, size_t len)
{
    sink_put(&((struct outlets *)context)->sink, line, len);
}

bool outlets_open(struct outlets *outlets, const char *events, int64_t now_ms,
                  struct policap_error *err)
{
    outlets->begun_ms = now_ms;
    if (!events) {
        return true;
    }
    if (gethostname(outlets->host, sizeof outlets->host - 1) != 0) {
        outlets->host[0] = '\0';
    }
    outlets->events = (struct events){.host = outlets->host,
                                      .iface = outlets->metrics.names[0],
                                      .put = events_put,
                                      .context = outlets};
    return (events_init(&outlets->events) || fail(err, "out of memory")) &&
           sink_open(&outlets->sink, events, err);
}

void outlets_close(struct outlets *outlets)
{
    sink_close(&outlets->sink);
    events_fini(&outlets->events);
    web_close(outlets->web);
    json_decref(outlets->report);
}

bool outlets_any(const struct outlets *outlets)
{
    return outlets->sink.queue || outlets->web;
}

void outlets_report(struct outlets *outlets, const char *report, size_t len,
                    int64_t since_ns)
{
    if (!outlets_any(outlets)) {
        return;
    }
    json_decref(outlets->report);
    outlets->report = json_loadb(report, len, 0, NULL);
    if (outlets->sink.queue) {
        events_report(&outlets->events, outlets->report, since_ns);
    }
    if (outlets->web) {
        web_set_report(outlets->web, report, len);
    }
}

bool outlets_wait(const struct outlets *outlets)
{
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(outlets->report, "coverage"), i, row)
    {
        if (json_object_get(json_object_get(row, "devices"), "pending")) {
            return true;
        }
    }
    return false;
}

/* All interfaces together. */
void outlets_stats(struct outlets *outlets, int64_t ns, int64_t now_ms)
{
    struct capture_info sum = {0};
    struct live_drops drops = {0};

    for (size_t i = 0; i < outlets->metrics.n; i++) {
        struct live *live = outlets->metrics.lives[i];

        sum.packets += live_info(live)->packets;
        sum.bytes += live_info(live)->bytes;
        drops.kernel += live_drops(live).kernel;
        drops.interface += live_drops(live).interface;
    }
    if (outlets->sink.queue) {
        events_stats(&outlets->events, ns, (now_ms - outlets->begun_ms) / 1000, &sum,
                     &drops);
    }
}

char **outlets_notes(const struct outlets *outlets, size_t *n)
{
    *n = 0;
    return outlets->events.known ? events_notes(&outlets->events, n) : NULL;
}

void outlets_recall(struct outlets *outlets, const char *note)
{
    if (outlets->events.known) {
        events_recall(&outlets->events, note);
    }
}

void outlets_reopen(struct outlets *outlets, int64_t now_ms)
{
    if (outlets->sink.queue) {
        sink_reopen(&outlets->sink, now_ms);
    }
}

bool outlets_run(struct outlets *outlets, int64_t now_ms, struct policap_error *err)
{
    if (outlets->web) {
        web_run(outlets->web);
    }
    return !outlets->sink.queue || sink_flush(&outlets->sink, now_ms, err);
}
