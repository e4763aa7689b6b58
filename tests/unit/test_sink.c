/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sinks that are slow, full, gone and back: whole lines, or none.
 */
#include "unit.h"

#include "monitor/sink.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct policap_error err;

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
    assert_true(sink_open(&sink, "events", &err));
    assert_true(sink_put(&sink, "one", 3));
    assert_true(sink_flush(&sink, 0, &err));
    check_text("events", "one\n");
    assert_int_equal(rename("events", "events.1"), 0);
    assert_true(sink_put(&sink, "two", 3));
    sink_reopen(&sink, 1);
    assert_true(sink_put(&sink, "three", 5));
    assert_true(sink_flush(&sink, 1, &err));
    sink_close(&sink);
    check_text("events.1", "one\n");
    check_text("events", "two\nthree\n");
    assert_false(sink_open(&sink, "no/such/folder", &err));
    assert_non_null(strstr(err.text, "no/such/folder: "));
    sink_close(&sink);
}

static void check_full_disk(void **state)
{
    struct sink sink;

    (void)state;
    assert_true(sink_open(&sink, "/dev/full", &err));
    assert_true(sink_put(&sink, "one", 3));
    assert_false(sink_flush(&sink, 0, &err));
    assert_non_null(strstr(err.text, "No space left"));
    assert_true(sink_flush(&sink, SINK_RETRY_MS - 1, &err)); /* Not yet tried again. */
    assert_false(sink_flush(&sink, SINK_RETRY_MS, &err));
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
 * of 'letter'.  Returns how many there are then. */
static size_t drain(int fd, char letter, size_t n)
{
    static char bytes[1 << 20];
    ssize_t got;

    while ((got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            assert_int_equal(bytes[i], n % 1000 == 999 ? '\n' : letter);
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
    assert_true(sink_open(&sink, "unix:socket", &err));
    peer = accept(server, NULL, NULL);
    for (size_t i = 0; i < 3000; i++) {
        kept += sink_put(&sink, line, sizeof line);
        assert_true(sink_flush(&sink, 0, &err)); /* Never waits. */
    }
    assert_true(kept < 3000);
    assert_int_equal(sink.n_dropped, 3000 - kept);
    while (sink.len > 0) {
        n = drain(peer, 'x', n);
        assert_true(sink_flush(&sink, 0, &err));
    }
    assert_int_equal(drain(peer, 'x', n), kept * 1000);
    close(peer);
    close(server);
    sink_close(&sink);
}

/* Its server is gone in the middle of a line, and comes back: what it gets then begins
 * with a whole line. */
static void check_server_back(void **state)
{
    static char line[999];
    int server = listen_at("socket"), peer;
    struct sink sink;

    (void)state;
    memset(line, 'y', sizeof line);
    assert_true(sink_open(&sink, "unix:socket", &err));
    peer = accept(server, NULL, NULL);
    while (sink_put(&sink, line, sizeof line)) {
    }
    assert_true(sink_flush(&sink, 0, &err));
    assert_true(sink.in_line);
    close(peer);
    close(server);
    assert_false(sink_flush(&sink, 0, &err));
    assert_true(sink_flush(&sink, SINK_RETRY_MS, &err)); /* Nobody listens. */
    assert_int_equal(sink.fd, -1);

    server = listen_at("socket");
    assert_true(sink_flush(&sink, 2 * SINK_RETRY_MS, &err));
    peer = accept(server, NULL, NULL);
    assert_true(drain(peer, 'y', 0) > 0);
    close(peer);
    close(server);
    sink_close(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_file),
        cmocka_unit_test(check_full_disk),
        cmocka_unit_test(check_slow_socket),
        cmocka_unit_test(check_server_back),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
