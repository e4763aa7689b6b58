/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/web.h"

#include "base/addr.h"
#include "base/error.h"
#include "monitor/page.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_ROOM = 16 * 1024 };

struct web {
    struct MHD_Daemon *daemon;
    struct web_source source;
    struct MHD_Response *report; /* NULL: none yet. */
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool read_port(const char *text, uint16_t *port)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    *port = htons((uint16_t)n);
    return *text >= '0' && *text <= '9' && *end == '\0' && n > 0 && n <= UINT16_MAX;
}

/* Another address would show the network to whoever reaches it. */
static bool address_read(const char *text, union address *out,
                         struct policap_error *err)
{
    static const char v4[] = "127.0.0.1:", v6[] = "[::1]:";
    uint16_t port;

    memset(out, 0, sizeof *out);
    if (strncmp(text, v6, sizeof v6 - 1) == 0 &&
        read_port(text + sizeof v6 - 1, &port)) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_addr = in6addr_loopback;
        out->v6.sin6_port = port;
        return true;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (strncmp(text, v4, sizeof v4 - 1) == 0) {
        text += sizeof v4 - 2;
    }
    if (*text == ':' && read_port(text + 1, &out->v4.sin_port)) {
        return true;
    }
    return fail(err,
                "--listen %.60s: write 127.0.0.1:PORT or [::1]:PORT; for others, put a "
                "server that asks who they are before it",
                text);
}

/* Without its port, is it this host? */
static bool is_loopback_host(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

    for (size_t i = 0; host && i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);

        if (strncmp(host, names[i], len) == 0 &&
            (host[len] == '\0' || host[len] == ':')) {
            return true;
        }
    }
    return false;
}

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

static enum MHD_Result send_url(struct web *web, struct MHD_Connection *connection,
                                const char *url)
{
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
    (void)version;
    (void)body;
    (void)body_len;
    (void)state;
    if (!is_loopback_host(MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                      MHD_HTTP_HEADER_HOST))) {
        return send_words(connection, MHD_HTTP_FORBIDDEN, "this is not that host\n");
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
        strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return send_words(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "read only\n");
    }
    return send_url(context, connection, url);
}

/* It would write to standard error. */
static void be_quiet(void *context, const char *format, va_list args)
{
    (void)context;
    (void)format;
    (void)args;
}

struct web *web_open(const char *address, const struct web_source *source,
                     struct policap_error *err)
{
    struct web *web = calloc(1, sizeof *web);
    union address at;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG;

    if (!web) {
        fail(err, "out of memory");
        return NULL;
    }
    if (!address_read(address, &at, err)) {
        free(web);
        return NULL;
    }
    web->source = *source;
    flags |= at.any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0;
    web->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, answer, web, MHD_OPTION_EXTERNAL_LOGGER, be_quiet, NULL,
        MHD_OPTION_SOCK_ADDR, &at.any, MHD_OPTION_CONNECTION_LIMIT, WEB_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, WEB_TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_ROOM, MHD_OPTION_END);
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
