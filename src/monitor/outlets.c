/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/outlets.h"

#include "base/error.h"

#include <time.h>
#include <unistd.h>

static char *metrics_now(void *context)
{
    struct outlets *outlets = context;

    outlets->metrics.report = outlets->report;
    outlets->metrics.sinks = outlets->sinks;
    outlets->metrics.n_sinks = outlets->n_sinks;
    outlets->metrics.told = outlets->events.told;
    return metrics_text(&outlets->metrics);
}

static bool is_healthy(void *context)
{
    return !*((const struct outlets *)context)->lost;
}

bool outlets_listen(struct outlets *outlets, const char *address,
                    const char *token_file, const struct metrics *metrics,
                    const bool *lost, struct policap_error *err)
{
    const struct web_source source = {metrics_now, is_healthy, outlets};

    outlets->metrics = *metrics;
    outlets->metrics.reload_s = time(NULL);
    outlets->lost = lost;
    if (address) {
        outlets->web = web_open(address, token_file, &source, err);
    }
    return !address || outlets->web;
}

static void events_put(void *context, const struct sink_line *line)
{
    struct outlets *outlets = context;

    for (size_t i = 0; i < outlets->n_sinks; i++) {
        sink_put(&outlets->sinks[i], line);
    }
}

bool outlets_init(struct outlets *outlets, const char *const *targets, size_t n,
                  struct policap_error *err)
{
    if (gethostname(outlets->host, sizeof outlets->host - 1) != 0) {
        outlets->host[0] = '\0';
    }
    for (size_t i = 0; i < n; i++) {
        outlets->n_sinks++;
        if (!sink_init(&outlets->sinks[i], targets[i], outlets->host, err)) {
            return false;
        }
    }
    return true;
}

bool outlets_open(struct outlets *outlets, int64_t now_ms, struct policap_error *err)
{
    outlets->begun_ms = now_ms;
    if (!outlets_any(outlets)) {
        return true;
    }
    outlets->events = (struct events){.host = outlets->host,
                                      .ifaces = outlets->metrics.names,
                                      .n_ifaces = outlets->metrics.n,
                                      .put = events_put,
                                      .context = outlets};
    for (size_t i = 0; i < outlets->n_sinks; i++) {
        if (!sink_open(&outlets->sinks[i], err)) {
            return false;
        }
    }
    return events_init(&outlets->events) || fail(err, "out of memory");
}

void outlets_close(struct outlets *outlets)
{
    struct policap_error err;

    for (size_t i = 0; i < outlets->n_sinks; i++) {
        if (outlets->sinks[i].fd >= 0) {
            sink_flush(&outlets->sinks[i], 0, &err);
        }
        sink_close(&outlets->sinks[i]);
    }
    events_fini(&outlets->events);
    web_close(outlets->web);
    json_decref(outlets->report);
}

bool outlets_any(const struct outlets *outlets)
{
    return outlets->n_sinks > 0 || outlets->web;
}

void outlets_report(struct outlets *outlets, const char *report, size_t len,
                    int64_t since_ns)
{
    if (!outlets_any(outlets)) {
        return;
    }
    json_decref(outlets->report);
    outlets->report = json_loadb(report, len, 0, NULL);
    events_report(&outlets->events, outlets->report, since_ns);
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

void outlets_flow(struct outlets *outlets, const struct piece *piece, int64_t now_ns)
{
    if (outlets->n_sinks > 0) {
        events_flow(&outlets->events, piece, now_ns);
    }
}

void outlets_flow_over(struct outlets *outlets, const struct piece *piece)
{
    enum { PROTO_TCP = 6 };
    struct metrics *m = &outlets->metrics;

    m->tcp_over += piece->key.proto == PROTO_TCP;
    m->udp_over += piece->key.proto != PROTO_TCP;
    m->evicted += piece->inexact;
}

void outlets_reloaded(struct outlets *outlets, bool ok)
{
    outlets->metrics.n_reloads[ok]++;
    if (ok) {
        outlets->metrics.reload_s = time(NULL);
    }
}

bool outlets_fill(const struct outlets *outlets)
{
    for (size_t i = 0; i < outlets->n_sinks; i++) {
        if (outlets->sinks[i].len > SINK_QUEUE / 2) {
            return true;
        }
    }
    return false;
}

void outlets_health(struct outlets *outlets, size_t i, const struct health *health,
                    int64_t ns)
{
    if (outlets->n_sinks > 0) {
        events_health(&outlets->events, outlets->metrics.names[i], health, ns);
    }
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
    if (outlets->n_sinks > 0) {
        const json_t *sight = json_object_get(outlets->report, "visibility");

        events_stats(&outlets->events, ns, (now_ms - outlets->begun_ms) / 1000, &sum,
                     &drops,
                     json_integer_value(json_object_get(sight, "acked_unseen")));
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
    for (size_t i = 0; i < outlets->n_sinks; i++) {
        sink_reopen(&outlets->sinks[i], now_ms);
    }
}

void outlets_run(struct outlets *outlets, int64_t now_ms,
                 void (*say)(void *context, const char *line), void *context)
{
    struct policap_error err;

    if (outlets->web) {
        web_run(outlets->web);
    }
    for (size_t i = 0; i < outlets->n_sinks; i++) {
        if (!sink_flush(&outlets->sinks[i], now_ms, &err)) {
            say(context, err.text);
        }
    }
}
