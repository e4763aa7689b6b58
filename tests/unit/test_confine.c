/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a confined process can do, and what not.  Each try is in a process of its own.
 */
#include "unit.h"

#include "monitor/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONFINE_FAILED = 100 };

static int run_program(void)
{
    char *none[] = {NULL};

    return execve("/bin/true", none, none) < 0 ? errno : 0;
}

static int new_namespace(void)
{
    return unshare(CLONE_NEWUSER) < 0 ? errno : 0;
}

static int become_root(void)
{
    return setuid(0) < 0 ? errno : 0;
}

static int inet_socket(void)
{
    return socket(AF_INET, SOCK_DGRAM, 0) < 0 ? errno : 0;
}

static int packet_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? errno : 0;
}

static int local_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int read_a_file(void)
{
    return open("/proc/self/status", O_RDONLY) < 0 ? errno : 0;
}

static int make_a_child(void)
{
    pid_t pid = fork();
    int status = 1;

    if (pid == 0) {
        _exit(0);
    }
    return waitpid(pid, &status, 0) == pid ? status : errno;
}

static const struct row {
    const char *name;
    int (*try)(void);
    int want; /* errno */
} rows[] = {
    {"run a program", run_program, EPERM},
    {"a user namespace, in which it would be root", new_namespace, EPERM},
    {"become root", become_root, EPERM},
    {"a socket of the network", inet_socket, EPERM},
    {"a raw socket", packet_socket, EPERM},
    {"a local socket", local_socket, 0},
    {"read a file", read_a_file, 0},
    {"make a child", make_a_child, 0},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    struct policap_error err;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        _exit(confine(NULL, &err) ? row->try() : CONFINE_FAILED);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), row->want);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows)] = {0};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                       (void *)(uintptr_t)&rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
