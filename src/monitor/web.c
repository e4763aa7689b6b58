/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/web.h"

#include "base/error.h"
#include "monitor/gate.h"
#include "monitor/page.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_ROOM = 16 * 1024 };

struct web {
    struct MHD_Daemon *daemon;
    struct gate gate;
    struct web_source source;
    struct MHD_Response *report; /* NULL: none yet. */
};

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status,
                                 const char *type, const void *text, size_t len,
                                 enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, mode);
    enum MHD_Result result;

    if (!response) {
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; script-src 'self'; style-src 'self'; "
                            "connect-src 'self'; frame-ancestors 'none'");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_words(struct MHD_Connection *connection, unsigned status,
                                  const char *words)
{
    return send_text(connection, status, "text/plain", words, strlen(words),
                     MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_metrics(struct web *web, struct MHD_Connection *connection)
{
    char *text = web->source.metrics(web->source.context);

    return text ? send_text(connection, MHD_HTTP_OK, "text/plain; version=0.0.4", text,
                            strlen(text), MHD_RESPMEM_MUST_FREE)
                : MHD_NO;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* What was seen is for whoever may know; the page alone tells nothing. */
static bool is_secret(const char *url)
{
    return strcmp(url, "/report.json") == 0 || strcmp(url, "/metrics") == 0;
}

static enum MHD_Result refuse(struct MHD_Connection *connection)
{
    static const char words[] = "send the token: Authorization: Bearer TOKEN\n";
    struct MHD_Response *response = MHD_create_response_from_buffer(
        sizeof words - 1, (void *)(uintptr_t)words, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    if (!response) {
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                            "Bearer realm=\"policap\"");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    result = MHD_queue_response(connection, MHD_HTTP_UNAUTHORIZED, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_url(struct web *web, struct MHD_Connection *connection,
                                const char *url)
{
    if (is_secret(url) &&
        !gate_opens(&web->gate, header_of(connection, MHD_HTTP_HEADER_AUTHORIZATION))) {
        return refuse(connection);
    }
    if (strcmp(url, "/report.json") == 0) {
        return web->report ? MHD_queue_response(connection, MHD_HTTP_OK, web->report)
                           : send_words(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                                        "no report yet: ask again in a few seconds\n");
    }
    if (strcmp(url, "/metrics") == 0) {
        return send_metrics(web, connection);
    }
    if (strcmp(url, "/healthz") == 0) {
        bool ok = web->source.is_healthy(web->source.context);

        return send_words(connection, ok ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                          ok ? "ok\n" : "an interface is gone\n");
    }
    for (size_t i = 0; i < PAGE_FILES; i++) {
        const struct page_file *file = &page_files[i];

        if (strcmp(url, file->url) == 0) {
            return send_text(connection, MHD_HTTP_OK, file->type, file->bytes,
                             file->len, MHD_RESPMEM_PERSISTENT);
        }
    }
    return send_words(connection, MHD_HTTP_NOT_FOUND, "not found\n");
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *version,
                              const char *body, size_t *body_len, void **state)
{
    struct web *web = context;
    const char *host = header_of(connection, MHD_HTTP_HEADER_HOST);

    (void)version;
    (void)body;
    (void)body_len;
    (void)state;
    if (!gate_knows_host(&web->gate, host) ||
        !gate_knows_origin(header_of(connection, MHD_HTTP_HEADER_ORIGIN), host)) {
        return send_words(connection, MHD_HTTP_FORBIDDEN, "this is not that host\n");
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
        strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return send_words(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "read only\n");
    }
    return send_url(web, connection, url);
}

/* It would write to standard error. */
static void be_quiet(void *context, const char *format, va_list args)
{
    (void)context;
    (void)format;
    (void)args;
}

static struct MHD_Daemon *listen_at(struct web *web)
{
    const struct endpoint *at = &web->gate.at;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG |
                     (at->any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);

    return MHD_start_daemon(
        flags, 0, NULL, NULL, answer, web, MHD_OPTION_EXTERNAL_LOGGER, be_quiet, NULL,
        MHD_OPTION_SOCK_ADDR, &at->any, MHD_OPTION_CONNECTION_LIMIT, WEB_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, WEB_TIMEOUT_S,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        endpoint_is_loopback(at) ? 0 : WEB_CONNECTIONS_EACH,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_ROOM, MHD_OPTION_END);
}

struct web *web_open(const char *address, const char *token_file,
                     const struct web_source *source, struct policap_error *err)
{
    struct web *web = calloc(1, sizeof *web);

    if (!web) {
        fail(err, "out of memory");
        return NULL;
    }
    if (!gate_init(&web->gate, address, token_file, err)) {
        free(web);
        return NULL;
    }
    web->source = *source;
    web->daemon = listen_at(web);
    if (!web->daemon) {
        fail(err, "--listen %.60s: %s", address, strerror(errno));
        free(web);
        return NULL;
    }
    return web;
}

void web_close(struct web *web)
{
    if (web) {
        MHD_stop_daemon(web->daemon);
        if (web->report) {
            MHD_destroy_response(web->report);
        }
        free(web);
    }
}

int web_fd(const struct web *web)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    return info ? info->epoll_fd : -1;
}

void web_run(struct web *web)
{
    MHD_run(web->daemon);
}

/* Connections that still send the one before hold it. */
void web_set_report(struct web *web, const char *report, size_t len)
{
    struct MHD_Response *fresh = MHD_create_response_from_buffer(
        len, (void *)(uintptr_t)report, MHD_RESPMEM_MUST_COPY);

    if (!fresh) {
        return;
    }
    MHD_add_response_header(fresh, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    MHD_add_response_header(fresh, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(fresh, "X-Content-Type-Options", "nosniff");
    if (web->report) {
        MHD_destroy_response(web->report);
    }
    web->report = fresh;
}
