/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The sensor: interfaces to a tally, for as long as it runs, with reports on the way.
 *
 * One thread captures and collects.  A report on the way is made by a child process
 * (snapshot.h): it has the evidence as it stood, so that capturing goes on while it
 * judges, and nothing that it does can change what comes after.  The final report is
 * therefore that of the same packets in a file.
 *
 * Evidence is kept by the hour for a week (audit/hours.h); reports are of the last part
 * of it.  A state file lets the next run go on from it.
 *
 * Once the interfaces are open, rights are given up (confine.h).
 *
 * The wall clock decides nothing; the monotonic clock only says when a report is due.
 * Packets are judged by their own time.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "audit/judge.h"
#include "capture/live.h"

enum { MONITOR_MAX_INTERFACES = 16, MONITOR_MAX_SINKS = 4 };

#define MONITOR_MEMORY ((size_t)1 << 30)

struct monitor_options {
    const char *interfaces[MONITOR_MAX_INTERFACES];
    size_t n_interfaces;
    struct live_options live;
    bool filter_auto; /* The kernel keeps only what concerns the site's phones. */
    unsigned every_s; /* Between reports; 0: only those that SIGUSR1 asks for. */
    const char *user; /* To become once the interfaces are open; NULL: none. */
    const char *notify_socket; /* NOTIFY_SOCKET and WATCHDOG_USEC of a service ... */
    const char *watchdog_us;   /* ... manager (notify.h); NULL: there is none. */
    const char *listen;        /* Where HTTP is served (web.h); NULL: nowhere. */
    const char *token_file;    /* What must be known for it (gate.h); NULL: nothing. */
    const char *events[MONITOR_MAX_SINKS]; /* Where events go (target.h). */
    size_t n_events;
    bool flow_events;     /* Each flow that is over is an event, too. */
    size_t max_memory;    /* Bytes of all that is kept; 0: MONITOR_MEMORY. */
    const char *state;    /* Kept from run to run (state.h); NULL: nothing is. */
    const char *evidence; /* Where packets of findings go (report/evidence_file.h);
                             NULL: none are kept. */
    unsigned window_s;    /* Reports are of the last so many seconds, and up to an
                             hour more; 0: a day. */
    /* What is to be known by whoever looks after the sensor: one line. */
    void (*say)(void *context, const char *line);
    /* A report is ready: JSON, 'len' bytes, borrowed for the call. */
    void (*give)(void *context, const char *report, size_t len);
    /* SIGHUP: gives the policy to judge by from now on, which stays valid. */
    const struct policy *(*reload)(void *context);
    void *context;
};

/* Captures until SIGINT or SIGTERM, or until all interfaces are gone.  These signals,
 * SIGUSR1 (a report now) and SIGHUP (the file of events is opened anew, and the policy
 * is loaded again) are blocked meanwhile, and SIGPIPE is ignored.  '*lost': an
 * interface went away. Returns all that was seen, settled, which the caller releases
 * with tally_fini() and free(); NULL: '*err'. */
struct tally *monitor_run(const struct monitor_options *options,
                          const struct policy *policy,
                          const struct judge_options *judge_options, bool *lost,
                          struct policap_error *err);

#endif
