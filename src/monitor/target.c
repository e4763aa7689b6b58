/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/target.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PORT_UDP = 514,
    PORT_TCP = 601,
    GONE_MS = 30000 /* A server that acknowledges nothing for so long is gone. */
};

static bool begins(const char *text, const char *prefix, const char **rest)
{
    size_t len = strlen(prefix);

    if (strncmp(text, prefix, len) != 0) {
        return false;
    }
    *rest = text + len;
    return true;
}

static bool network_init(struct target *target, const char *address,
                         struct policap_error *err)
{
    bool udp = target->kind == TARGET_SYSLOG_UDP;
    int type = (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
    unsigned gone_ms = GONE_MS;

    if (*address == '\0' || *address == ':' ||
        !endpoint_parse(address, udp ? PORT_UDP : PORT_TCP, &target->to)) {
        return fail(err,
                    "%.120s: write syslog:udp:ADDRESS:PORT or syslog:tcp:ADDRESS:PORT, "
                    "with an address and no name",
                    target->text);
    }
    target->socket = socket(target->to.any.sa_family, type, 0);
    if (target->socket < 0) {
        return fail(err, "%.120s: %s", target->text, strerror(errno));
    }
    if (!udp) {
        setsockopt(target->socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &gone_ms,
                   sizeof gone_ms);
    }
    return true;
}

bool target_init(struct target *target, const char *text, struct policap_error *err)
{
    const char *rest = text;

    *target = (struct target){.text = text, .path = text, .socket = -1};
    if (strcmp(text, "-") == 0) {
        target->kind = TARGET_OUTPUT;
    } else if (begins(text, "unix:", &target->path)) {
        target->kind = TARGET_STREAM;
    } else if (begins(text, "syslog:udp:", &rest)) {
        target->kind = TARGET_SYSLOG_UDP;
        return network_init(target, rest, err);
    } else if (begins(text, "syslog:tcp:", &rest)) {
        target->kind = TARGET_SYSLOG_TCP;
        return network_init(target, rest, err);
    } else if (begins(text, "syslog:", &target->path)) {
        target->kind = TARGET_SYSLOG_LOCAL;
        target->path = *target->path ? target->path : "/dev/log";
    }
    return *target->path != '\0' ||
           fail(err, "--events %.60s: name a file, or -, unix:SOCKET or syslog:", text);
}

void target_fini(struct target *target)
{
    if (target->socket >= 0) {
        close(target->socket);
    }
    target->socket = -1;
}

static int local_open(const struct target *target, struct policap_error *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int type = target->kind == TARGET_STREAM ? SOCK_STREAM : SOCK_DGRAM;
    int fd;

    if (strlen(target->path) >= sizeof to.sun_path) {
        fail(err, "%.120s: too long a name of a socket", target->path);
        return -1;
    }
    strcpy(to.sun_path, target->path);
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        fail(err, "%s: %s: is its server running?", target->path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static int file_open(const char *path, struct policap_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);

    if (fd < 0) {
        fail(err, "%s: %s: name a file that can be written", path, strerror(errno));
    }
    return fd;
}

static int network_open(const struct target *target, struct policap_error *err)
{
    if (connect(target->socket, &target->to.any, target->to.len) != 0 &&
        errno != EINPROGRESS) {
        fail(err, "%s: %s: is its server running?", target->text, strerror(errno));
        return -1;
    }
    return target->socket;
}

int target_open(struct target *target, struct policap_error *err)
{
    int fd = -1;

    switch (target->kind) {
    case TARGET_FILE:
        return file_open(target->path, err);
    case TARGET_OUTPUT:
        fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
        if (fd < 0) {
            fail(err, "standard output: %s", strerror(errno));
        }
        break;
    case TARGET_STREAM:
    case TARGET_SYSLOG_LOCAL:
        return local_open(target, err);
    case TARGET_SYSLOG_UDP:
    case TARGET_SYSLOG_TCP:
        return network_open(target, err);
    }
    return fd;
}

/* A connection to nowhere ends the one there was (connect(2), AF_UNSPEC). */
void target_close(struct target *target, int fd)
{
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

    if (fd < 0) {
        return;
    }
    if (fd == target->socket) {
        connect(fd, &nowhere, sizeof nowhere);
    } else {
        close(fd);
    }
}
