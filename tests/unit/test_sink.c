/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sinks that are slow, full, gone and back: whole lines, or none; and syslog's framing.
 */
#include "unit.h"

#include "monitor/sink.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct policap_error err;

static bool open_sink(struct sink *sink, const char *target)
{
    return sink_init(sink, target, "sensor 1", &err) && sink_open(sink, &err);
}

static bool put(struct sink *sink, const char *text, size_t len)
{
    const struct sink_line line = {text, len, "alert", SYSLOG_WARNING,
                                   1795334400123456000};

    return sink_put(sink, &line);
}

static int enter_folder(void **state)
{
    char folder[] = P_tmpdir "/test_sink.XXXXXX";

    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    char folder[4096];

    (void)state;
    unlink("events");
    unlink("events.1");
    unlink("socket");
    unlink("log");
    return getcwd(folder, sizeof folder) && rmdir(folder) == 0 ? 0 : -1;
}

static void check_text(const char *path, const char *want)
{
    char text[256] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, want);
}

static void check_file(void **state)
{
    struct sink sink;

    (void)state;
    assert_true(open_sink(&sink, "events"));
    assert_true(put(&sink, "one", 3));
    assert_true(sink_flush(&sink, 0, &err));
    check_text("events", "one\n");
    assert_int_equal(rename("events", "events.1"), 0);
    assert_true(put(&sink, "two", 3));
    sink_reopen(&sink, 1);
    assert_true(put(&sink, "three", 5));
    assert_true(sink_flush(&sink, 1, &err));
    sink_close(&sink);
    check_text("events.1", "one\n");
    check_text("events", "two\nthree\n");
    assert_false(open_sink(&sink, "no/such/folder"));
    assert_non_null(strstr(err.text, "no/such/folder: "));
    sink_close(&sink);
}

static void check_full_disk(void **state)
{
    struct sink sink;

    (void)state;
    assert_true(open_sink(&sink, "/dev/full"));
    assert_true(put(&sink, "one", 3));
    assert_false(sink_flush(&sink, 0, &err));
    assert_non_null(strstr(err.text, "No space left"));
    assert_true(sink_flush(&sink, SINK_RETRY_MS - 1, &err)); /* Not yet tried again. */
    assert_true(sink_flush(&sink, SINK_RETRY_MS, &err));     /* Told already. */
    assert_int_equal(sink.n_failures, 2);
    assert_int_equal(sink.n_dropped, 0);
    sink_close(&sink);
}

static int listen_at(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), small = 1;

    unlink(path);
    strcpy(to.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(listen(fd, 1), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    return fd;
}

/* Reads until there is nothing more, 'n' bytes into a stream that must be whole lines
 * of 'letter', 'line' bytes each.  Returns how many there are then. */
static size_t drain(int fd, char letter, size_t line, size_t n)
{
    static char bytes[1 << 20];
    ssize_t got;

    while ((got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            assert_int_equal(bytes[i], n % line == line - 1 ? '\n' : letter);
            n++;
        }
    }
    return n;
}

static void check_slow_socket(void **state)
{
    static char line[999];
    int server = listen_at("socket"), peer;
    size_t n = 0, kept = 0;
    struct sink sink;

    (void)state;
    memset(line, 'x', sizeof line);
    assert_true(open_sink(&sink, "unix:socket"));
    peer = accept(server, NULL, NULL);
    for (size_t i = 0; i < 3000; i++) {
        kept += put(&sink, line, sizeof line);
        assert_true(sink_flush(&sink, 0, &err)); /* Never waits. */
    }
    assert_true(kept < 3000);
    assert_int_equal(sink.n_dropped, 3000 - kept);
    while (sink.len > 0) {
        n = drain(peer, 'x', 1000, n);
        assert_true(sink_flush(&sink, 0, &err));
    }
    assert_int_equal(drain(peer, 'x', 1000, n), kept * 1000);
    close(peer);
    close(server);
    sink_close(&sink);
}

/* Its server is gone in the middle of a line, and comes back: what it gets then begins
 * with a whole line. */
static void check_server_back(void **state)
{
    static char line[99999];
    int server = listen_at("socket"), peer;
    struct sink sink;

    (void)state;
    memset(line, 'y', sizeof line);
    assert_true(open_sink(&sink, "unix:socket"));
    peer = accept(server, NULL, NULL);
    while (put(&sink, line, sizeof line)) {
    }
    assert_true(sink_flush(&sink, 0, &err));
    assert_true(sink.cut > 0);
    close(peer);
    close(server);
    assert_false(sink_flush(&sink, 0, &err));
    assert_true(sink_flush(&sink, SINK_RETRY_MS, &err)); /* Nobody listens. */
    assert_int_equal(sink.fd, -1);

    server = listen_at("socket");
    assert_false(sink_flush(&sink, 2 * SINK_RETRY_MS, &err));
    assert_non_null(strstr(err.text, "works again; 2 events were dropped"));
    peer = accept(server, NULL, NULL);
    assert_true(drain(peer, 'y', sizeof line + 1, 0) > 0);
    close(peer);
    close(server);
    sink_close(&sink);
}

/* --- syslog --- */

/* What is received next, behind the process id. */
static const char *receive(int fd, char text[static 512])
{
    ssize_t n = -1;
    char *type;

    for (int i = 0; n < 0 && i < 1000; i++) {
        n = recv(fd, text, 511, MSG_DONTWAIT);
        usleep(n < 0 ? 1000 : 0);
    }
    assert_true(n > 0);
    text[n] = '\0';
    type = strstr(text, " alert ");
    assert_non_null(type);
    return type;
}

#define HEADER "<28>1 2026-11-22T08:00:00.123456Z sensor-1 policap "

static void check_syslog_local(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "log"};
    int server = socket(AF_UNIX, SOCK_DGRAM, 0);
    char text[512];
    struct sink sink;

    (void)state;
    assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof at), 0);
    assert_true(open_sink(&sink, "syslog:log"));
    assert_true(put(&sink, "{}", 2));
    assert_true(put(&sink, "{\"a\":1}", 7));
    assert_true(sink_flush(&sink, 0, &err));
    assert_string_equal(receive(server, text), " alert - {}");
    assert_memory_equal(text, HEADER, sizeof HEADER - 1);
    assert_string_equal(receive(server, text), " alert - {\"a\":1}");

    close(server);
    assert_true(put(&sink, "{}", 2));
    assert_false(sink_flush(&sink, 0, &err));
    assert_int_equal(sink.n, 1);
    unlink("log");
    server = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof at), 0);
    assert_false(sink_flush(&sink, SINK_RETRY_MS, &err));
    assert_non_null(strstr(err.text, "works again"));
    assert_string_equal(receive(server, text), " alert - {}");
    close(server);
    sink_close(&sink);
}

/* A server on loopback; its port is written behind 'prefix'. */
static int serve(int type, int port, const char *prefix, char target[static 64])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, type, 0), one = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_true(type == SOCK_DGRAM || listen(fd, 4) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(target, 64, "%s%d", prefix, ntohs(at.sin_port));
    return fd;
}

static void check_syslog_udp(void **state)
{
    char target[64], text[512];
    int server = serve(SOCK_DGRAM, 0, "syslog:udp:127.0.0.1:", target);
    struct sink sink;

    (void)state;
    assert_true(open_sink(&sink, target));
    assert_true(put(&sink, "{}", 2));
    assert_true(sink_flush(&sink, 0, &err));
    assert_string_equal(receive(server, text), " alert - {}");
    assert_memory_equal(text, HEADER, sizeof HEADER - 1);
    /* Of two that nobody wants the first is lost, and the second waits. */
    close(server);
    assert_true(put(&sink, "{}", 2));
    assert_true(sink_flush(&sink, 0, &err));
    assert_true(put(&sink, "{}", 2));
    assert_false(sink_flush(&sink, 0, &err));
    assert_non_null(strstr(err.text, "refused"));
    assert_int_equal(sink.n_dropped, 1);
    assert_int_equal(sink.n, 1);
    sink_close(&sink);
}

/* The server is gone and comes back; the socket, which could not be made again, is
 * connected again. */
static void check_syslog_tcp(void **state)
{
    char target[64], again[64], text[512], want[64];
    int server = serve(SOCK_STREAM, 0, "syslog:tcp:127.0.0.1:", target), peer;
    const char *end;
    struct sink sink;
    int fd;

    (void)state;
    assert_true(open_sink(&sink, target));
    fd = sink.fd;
    peer = accept(server, NULL, NULL);
    assert_true(put(&sink, "{}", 2));
    assert_true(sink_flush(&sink, 0, &err));
    end = receive(peer, text);
    assert_string_equal(end, " alert - {}");
    snprintf(want, sizeof want, "%zu " HEADER, strlen(strchr(text, ' ')) - 1);
    assert_memory_equal(text, want, strlen(want));

    close(peer);
    close(server);
    usleep(20000);
    assert_true(put(&sink, "{}", 2));
    assert_false(sink_flush(&sink, 0, &err));
    server = serve(SOCK_STREAM, atoi(strrchr(target, ':') + 1),
                   "syslog:tcp:127.0.0.1:", again);
    assert_string_equal(again, target);
    sink_flush(&sink, SINK_RETRY_MS, &err);
    assert_int_equal(sink.fd, fd);
    peer = accept(server, NULL, NULL);
    sink_flush(&sink, SINK_RETRY_MS, &err);
    assert_string_equal(receive(peer, text), " alert - {}");
    assert_int_equal(sink.n_dropped, 0);
    sink_close(&sink);
    assert_int_equal(recv(peer, text, 1, 0), 0); /* Ended in order. */
    close(peer);
    close(server);
}

/* A server that is not there yet is no mistake. */
static void check_syslog_later(void **state)
{
    char target[64];
    struct sink sink;

    (void)state;
    close(serve(SOCK_STREAM, 0, "syslog:tcp:127.0.0.1:", target));
    assert_true(sink_init(&sink, target, "h", &err));
    sink_open(&sink, &err);
    assert_true(put(&sink, "{}", 2));
    for (int i = 0; i < 100 && sink.n_failures == 0; i++) {
        sink_flush(&sink, 0, &err);
        usleep(1000);
    }
    assert_int_equal(sink.n_failures, 1);
    assert_non_null(strstr(err.text, "refused"));
    assert_int_equal(sink.n, 1);
    sink_close(&sink);
}

static void check_targets(void **state)
{
    static const char *const bad[] = {"",
                                      "unix:",
                                      "syslog:udp:",
                                      "syslog:udp::514",
                                      "syslog:udp:log.example:514",
                                      "syslog:tcp:10.0.0.1:0",
                                      "syslog:tcp:10.0.0.1:x",
                                      "syslog:tcp:[::1:5"};
    struct target target;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(target_init(&target, bad[i], &err));
        target_fini(&target);
    }
    assert_true(target_init(&target, "syslog:", &err));
    assert_string_equal(target.path, "/dev/log");
    assert_true(target_init(&target, "syslog:tcp:[::1]", &err));
    assert_int_equal(ntohs(target.to.v6.sin6_port), 601);
    assert_true(endpoint_is_loopback(&target.to));
    target_fini(&target);
    assert_true(target_init(&target, "syslog:udp:10.0.0.1", &err));
    assert_int_equal(ntohs(target.to.v4.sin_port), 514);
    assert_false(endpoint_is_loopback(&target.to));
    target_fini(&target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_file),         cmocka_unit_test(check_full_disk),
        cmocka_unit_test(check_slow_socket),  cmocka_unit_test(check_server_back),
        cmocka_unit_test(check_syslog_local), cmocka_unit_test(check_syslog_udp),
        cmocka_unit_test(check_syslog_tcp),   cmocka_unit_test(check_syslog_later),
        cmocka_unit_test(check_targets),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
