/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_init(struct notify *notify, const char *path, const char *watchdog_us)
{
    *notify = (struct notify){.path = path};
    if (path && watchdog_us) {
        /* Half of the time after which it would act. */
        notify->watchdog_ms = (int64_t)(strtoull(watchdog_us, NULL, 10) / 2000);
    }
}

/* An address that begins with '@' is of the abstract name space. */
void notify_tell(const struct notify *notify, const char *text)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = notify->path ? strlen(notify->path) : 0;
    int fd;

    if (len == 0 || len >= sizeof to.sun_path) {
        return;
    }
    memcpy(to.sun_path, notify->path, len);
    if (to.sun_path[0] == '@') {
        to.sun_path[0] = '\0';
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
        close(fd);
    }
}

void notify_alive(struct notify *notify, int64_t now_ms)
{
    if (notify->watchdog_ms > 0 && now_ms >= notify->due_ms) {
        notify_tell(notify, "WATCHDOG=1");
        notify->due_ms = now_ms + notify->watchdog_ms;
    }
}
