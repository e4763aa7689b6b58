/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The sensor's HTTP server, by libmicrohttpd: for reading only.
 *
 *   /             a page that shows the report and asks for it again
 *   /report.json  the report made last
 *   /metrics      for Prometheus
 *   /healthz      200 while all interfaces are captured, else 503
 *
 * It has no thread of its own: web_run() does what can be done without waiting.  Who
 * may ask is said in gate.h.
 */
#ifndef MONITOR_WEB_H
#define MONITOR_WEB_H

#include <policap/error.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    WEB_CONNECTIONS = 16,
    WEB_CONNECTIONS_EACH = 6, /* From one address, where others reach it. */
    WEB_TIMEOUT_S = 10,
    WEB_WAIT_MS = 1000 /* web_run() wants to be called this often. */
};

struct web; /* opaque */

struct web_source {
    /* The text of /metrics, that web.c releases with free(); NULL: no memory. */
    char *(*metrics)(void *context);
    bool (*is_healthy)(void *context);
    void *context;
};

/* Listens at 'address': "127.0.0.1:9477", "[::1]:9477", or ":9477" for the former; at
 * one that others reach only with 'token_file', which may be NULL.  NULL: '*err'. */
struct web *web_open(const char *address, const char *token_file,
                     const struct web_source *source, struct policap_error *err);
void web_close(struct web *web);

int web_fd(const struct web *web);
void web_run(struct web *web);

/* The report to give from now on; copied. */
void web_set_report(struct web *web, const char *report, size_t len);

#endif
