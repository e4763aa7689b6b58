/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a service manager is told (sd_notify(3)): a datagram to the socket that the
 * environment names.  Where it names none, nothing is told.
 */
#ifndef MONITOR_NOTIFY_H
#define MONITOR_NOTIFY_H

#include <stdint.h>

struct notify {
    const char *path;    /* NOTIFY_SOCKET; NULL: nobody is to be told.  Borrowed. */
    int64_t watchdog_ms; /* How often it wants a sign of life; 0: never. */
    int64_t due_ms;
};

/* Reads the environment: of 'path' and 'watchdog_us' as the manager set them, NULL
 * where it did not. */
void notify_init(struct notify *notify, const char *path, const char *watchdog_us);

/* Tells "READY=1", "STOPPING=1", ... */
void notify_tell(const struct notify *notify, const char *text);

/* Gives the sign of life when it is time for it; called once in notify->watchdog_ms. */
void notify_alive(struct notify *notify, int64_t now_ms);

#endif
