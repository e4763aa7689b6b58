/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/config.h"

#include "base/error.h"
#include "capture/live_filter.h"
#include "monitor/gate.h"
#include "monitor/phones_filter.h"
#include "monitor/target.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SERVER_WAIT_MS = 3000, PATH_ROOM = 4096 };

struct check {
    const struct monitor_options *options;
    size_t n_faults;
};

/* Says 'err' where 'ok' is false. */
static void expect(struct check *check, bool ok, const struct policap_error *err)
{
    if (!ok) {
        check->options->say(check->options->context, err->text);
        check->n_faults++;
    }
}

static void check_interfaces(struct check *check)
{
    const struct monitor_options *o = check->options;
    struct policap_error err;

    for (size_t i = 0; i < o->n_interfaces; i++) {
        const char *name = o->interfaces[i];
        bool ok = strcmp(name, "any") == 0 || if_nametoindex(name) != 0 ||
                  fail(&err, "%.60s: no such interface: `ip link` lists them", name);

        expect(check, ok, &err);
    }
}

/* For Ethernet, which interfaces mostly are. */
static void check_filter(struct check *check, const struct policy *policy)
{
    const struct monitor_options *o = check->options;
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, CAPTURE_MAX_FRAME);
    struct bpf_program program;
    struct policap_error err;
    char *narrow = NULL;
    bool ok;

    if (o->filter_auto && policy) {
        narrow = phones_filter(policy, &err);
        expect(check, narrow, &err);
    }
    ok = pcap ? live_filter_compile(pcap, o->live.filter, narrow, &program, &err)
              : fail(&err, "out of memory");
    expect(check, ok, &err);
    if (ok) {
        pcap_freecode(&program);
    }
    if (pcap) {
        pcap_close(pcap);
    }
    free(narrow);
}

/* A file that is there, or its folder, can be written. */
static bool is_writable(const char *path, struct policap_error *err)
{
    char folder[PATH_ROOM];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;

    if (access(path, F_OK) == 0 && access(path, W_OK) != 0) {
        return fail(err, "%.200s: %s", path, strerror(errno));
    }
    if (len >= sizeof folder) {
        return fail(err, "%.200s: too long a name", path);
    }
    memcpy(folder, path, len);
    strcpy(folder + len, slash ? "/" : ".");
    return access(folder, W_OK | X_OK) == 0 ||
           fail(err, "%.200s: folder %.200s: %s", path, folder, strerror(errno));
}

/* Is somebody there?  A datagram's receiver does not say. */
static bool answers(const struct target *target, int fd, struct policap_error *err)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t len = sizeof error;

    if (target->kind != TARGET_SYSLOG_TCP) {
        return true;
    }
    if (poll(&poll_fd, 1, SERVER_WAIT_MS) != 1) {
        return fail(err, "%s: no answer within %d s", target->text,
                    SERVER_WAIT_MS / 1000);
    }
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error == 0 ||
           fail(err, "%s: %s: is its server running?", target->text, strerror(error));
}

static bool check_sink(const char *text, struct policap_error *err)
{
    struct target target;
    bool ok = target_init(&target, text, err);
    int fd;

    if (ok && target.kind == TARGET_FILE) {
        ok = is_writable(target.path, err);
    } else if (ok) {
        fd = target_open(&target, err);
        ok = fd >= 0 && answers(&target, fd, err);
        target_close(&target, fd);
    }
    target_fini(&target);
    return ok;
}

static void check_user(struct check *check)
{
    const char *user = check->options->user;
    const struct passwd *p = user ? getpwnam(user) : NULL;
    struct policap_error err;

    if (user) {
        expect(check,
               (p && p->pw_uid != 0) ||
                   fail(&err, "-u %.60s: %s: make one with: useradd -r %.60s", user,
                        p ? "this is root" : "there is no such user",
                        p ? "policap" : user),
               &err);
    }
}

size_t config_check(const struct monitor_options *options, const struct policy *policy,
                    const char *const *files, size_t n_files)
{
    struct check check = {.options = options};
    struct policap_error err;
    struct gate gate;

    check_interfaces(&check);
    check_filter(&check, policy);
    for (size_t i = 0; i < options->n_events; i++) {
        expect(&check, check_sink(options->events[i], &err), &err);
    }
    for (size_t i = 0; i < n_files; i++) {
        if (files[i]) {
            expect(&check, is_writable(files[i], &err), &err);
        }
    }
    if (options->listen) {
        expect(&check, gate_init(&gate, options->listen, options->token_file, &err),
               &err);
    }
    check_user(&check);
    return check.n_faults;
}
