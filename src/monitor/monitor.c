/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/monitor.h"

#include "audit/collect.h"
#include "base/error.h"
#include "monitor/confine.h"
#include "monitor/notify.h"
#include "monitor/outlets.h"
#include "monitor/snapshot.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
    TURN_BATCHES = 64, /* Of one interface, before others and signals are asked. */
    LOOK_MS = 1000,    /* Between judgings for events, ... */
    SOON_MS = 250,     /* ... while something waits for its time to pass, ... */
    LOOK_FACTOR = 8,   /* ... or this many times as long as one takes. */
    STATS_MS = 60000
};

struct monitor {
    const struct monitor_options *options;
    const struct policy *policy;
    const struct judge_options *judge_options;
    struct collector *collector;
    struct live *lives[MONITOR_MAX_INTERFACES];
    bool gone[MONITOR_MAX_INTERFACES];
    bool behind[MONITOR_MAX_INTERFACES]; /* There was more than a turn takes. */
    size_t n_sources, n_lost;
    bool *lost; /* Of the caller: is one of them? */
    struct snapshot snapshot;
    int signals;     /* signalfd */
    int64_t due_ms;  /* When the next report is; INT64_MAX: never. */
    int64_t look_ms; /* When to judge for events; INT64_MAX: never. */
    int64_t stats_ms;
    int64_t snapshot_ms; /* When the last snapshot began. */
    bool wanted;         /* A report was asked for, and is not being made yet. */
    bool making;         /* The snapshot that is made is to be given. */
    struct outlets outlets;
    struct notify notify;
    int64_t stop_ms; /* Until when to read on, once told to end; INT64_MAX: not yet. */
    struct frame frames[CAPTURE_BATCH];
};

static int64_t clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void say(const struct monitor *m, const char *line)
{
    m->options->say(m->options->context, line);
}

static bool sources_open(struct monitor *m, struct policap_error *err)
{
    const struct monitor_options *o = m->options;

    for (size_t i = 0; i < o->n_interfaces; i++) {
        m->lives[i] = live_open(o->interfaces[i], &o->live, err);
        if (!m->lives[i]) {
            return false;
        }
        m->n_sources++;
    }
    return true;
}

static void infos_of(struct monitor *m, const struct capture_info **infos)
{
    for (size_t i = 0; i < m->n_sources; i++) {
        infos[i] = live_info(m->lives[i]);
    }
}

/* Takes what an interface has, up to a bound.  One that is gone gives no more, and
 * where all are, the end has come. */
static void source_read(struct monitor *m, size_t i)
{
    struct policap_error err;
    size_t n = 1;

    for (size_t turn = 0; turn < TURN_BATCHES && n > 0 && !m->gone[i]; turn++) {
        m->gone[i] = !live_read(m->lives[i], m->frames, &n, &err);
        for (size_t k = 0; k < n; k++) {
            m->frames[k].interface = (uint16_t)i;
            m->frames[k].capture = (uint32_t)i;
        }
        collector_add(m->collector, m->frames, n);
    }
    m->behind[i] = n > 0 && !m->gone[i];
    if (m->gone[i]) {
        say(m, err.text);
        *m->lost = true;
        m->n_lost++;
    }
}

/* Time of day, in nanoseconds. */
static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int block_ms(const struct monitor *m)
{
    int ms = m->options->live.block_ms;

    return ms ? ms : LIVE_DEFAULT_BLOCK_MS;
}

/* Until when all packets were seen, so that silence since is silence: an interface on
 * which nothing is sent ages what waits for an answer.  A packet may wait in the kernel
 * for its block to be full; how long, where more have come than were read, nobody
 * knows. */
static int64_t seen_until_ns(const struct monitor *m)
{
    for (size_t i = 0; i < m->n_sources; i++) {
        if (m->behind[i]) {
            return 0;
        }
    }
    return now_ns() - (int64_t)block_ms(m) * 2 * 1000000;
}

/* Starts a report if one is wanted, or time for a look has come, and none is made. */
static void report_begin(struct monitor *m)
{
    const struct capture_info *infos[MONITOR_MAX_INTERFACES];
    struct judge_options options = *m->judge_options;
    struct policap_error err;
    int64_t now = clock_ms();

    if (m->snapshot.pid > 0 || (!m->wanted && now < m->look_ms)) {
        return;
    }
    infos_of(m, infos);
    options.now_ns = seen_until_ns(m);
    m->making = m->wanted;
    m->wanted = false;
    m->snapshot_ms = now;
    if (!snapshot_begin(&m->snapshot, m->collector, infos, m->policy, &options, &err)) {
        say(m, err.text);
        m->look_ms = m->look_ms == INT64_MAX ? INT64_MAX : now + LOOK_MS;
    }
}

/* What turned is to be told within two seconds of its row's time to wait; but judging
 * may take no more than an eighth of the time. */
static void look_ahead(struct monitor *m)
{
    int64_t least = (clock_ms() - m->snapshot_ms) * LOOK_FACTOR;
    int64_t between = outlets_wait(&m->outlets) ? SOON_MS : LOOK_MS;

    if (m->look_ms != INT64_MAX) {
        m->look_ms = m->snapshot_ms + (between > least ? between : least);
    }
}

static void report_ready(struct monitor *m)
{
    if (m->making) {
        m->options->give(m->options->context, m->snapshot.text, m->snapshot.len);
    }
    outlets_report(&m->outlets, m->snapshot.text, m->snapshot.len);
}

static void report_read(struct monitor *m)
{
    switch (snapshot_read(&m->snapshot)) {
    case SNAPSHOT_RUNNING:
        return;
    case SNAPSHOT_READY:
        report_ready(m);
        break;
    case SNAPSHOT_FAILED:
        say(m, "a report could not be made: out of memory");
        break;
    }
    look_ahead(m);
}

/* The policy is only asked by those who judge, so all evidence stays as it is. */
static void reload(struct monitor *m)
{
    m->policy = m->options->reload(m->options->context);
    outlets_reopen(&m->outlets, clock_ms());
}

/* A block that is not full comes after its block time: what was on the wire before the
 * signal is waited for. */
static void stop(struct monitor *m)
{
    if (m->stop_ms == INT64_MAX) {
        notify_tell(&m->notify, "STOPPING=1");
        m->stop_ms = clock_ms() + 2 * block_ms(m);
    }
}

static void signals_read(struct monitor *m)
{
    struct signalfd_siginfo info;

    while (read(m->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGUSR1) {
            m->wanted = true;
        } else if (info.ssi_signo == SIGHUP) {
            reload(m);
        } else if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM) {
            stop(m);
        }
    }
}

/* Is it time?  '*due_ms' then becomes the next time; times that passed meanwhile are
 * not made up for. */
static bool is_due(int64_t *due_ms, int64_t now, int64_t every)
{
    if (now < *due_ms) {
        return false;
    }
    *due_ms += every * ((now - *due_ms) / every + 1);
    return true;
}

static void timers_run(struct monitor *m)
{
    struct policap_error err;
    int64_t now = clock_ms();

    if (is_due(&m->due_ms, now, (int64_t)m->options->every_s * 1000)) {
        m->wanted = true;
    }
    if (is_due(&m->stats_ms, now, STATS_MS)) {
        outlets_stats(&m->outlets, now_ns(), now);
    }
    notify_alive(&m->notify, now);
    report_begin(m);
    if (!outlets_run(&m->outlets, now, &err)) {
        say(m, err.text);
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct monitor *m)
{
    int64_t look = m->snapshot.pid > 0 ? INT64_MAX : m->look_ms;
    int64_t until = earlier(earlier(m->due_ms, m->stop_ms), earlier(look, m->stats_ms));
    int64_t now = clock_ms();

    if (m->notify.watchdog_ms > 0) {
        until = earlier(until, m->notify.due_ms);
    }
    until = m->outlets.web ? earlier(until, now + WEB_WAIT_MS) : until;
    int64_t wait = until == INT64_MAX ? -1 : until - now;

    wait = until != INT64_MAX && wait < 0 ? 0 : wait;
    return wait > INT32_MAX ? INT32_MAX : (int)wait;
}

static nfds_t polls_fill(const struct monitor *m, struct pollfd *polls)
{
    nfds_t n = 0;

    for (size_t i = 0; i < m->n_sources; i++) {
        int fd = m->gone[i] ? -1 : live_fd(m->lives[i]);

        polls[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    polls[n++] = (struct pollfd){.fd = m->signals, .events = POLLIN};
    if (m->outlets.web) {
        polls[n++] = (struct pollfd){.fd = web_fd(m->outlets.web), .events = POLLIN};
    }
    if (m->snapshot.pid > 0) {
        polls[n++] = (struct pollfd){.fd = m->snapshot.fd, .events = POLLIN};
    }
    return n;
}

static bool turn(struct monitor *m, struct policap_error *err)
{
    struct pollfd polls[MONITOR_MAX_INTERFACES + 3];
    nfds_t n = polls_fill(m, polls);

    if (poll(polls, n, wait_ms(m)) < 0 && errno != EINTR) {
        return fail(err, "waiting for packets: %s", strerror(errno));
    }
    for (size_t i = 0; i < m->n_sources; i++) {
        if (polls[i].revents) {
            source_read(m, i);
        }
    }
    signals_read(m);
    if (m->snapshot.pid > 0) {
        report_read(m);
    }
    timers_run(m);
    return true;
}

static void timers_begin(struct monitor *m)
{
    int64_t now = clock_ms();

    m->due_ms = m->look_ms = m->stats_ms = INT64_MAX;
    if (m->options->every_s) {
        m->due_ms = now + (int64_t)m->options->every_s * 1000;
    }
    if (outlets_any(&m->outlets)) {
        m->look_ms = now + LOOK_MS;
        m->stats_ms = now + STATS_MS;
    }
}

/* What needs rights is opened before they are given up; files are written, and opened
 * anew later, by who is left. */
static bool open_all(struct monitor *m, struct policap_error *err)
{
    const struct monitor_options *o = m->options;
    const struct metrics metrics = {
        .lives = m->lives, .names = o->interfaces, .n = o->n_interfaces};

    return sources_open(m, err) &&
           outlets_listen(&m->outlets, o->listen, &metrics, m->lost, err) &&
           confine(o->user, err) &&
           outlets_open(&m->outlets, o->events, clock_ms(), err);
}

static bool run(struct monitor *m, struct policap_error *err)
{
    const struct monitor_options *o = m->options;

    if (!open_all(m, err)) {
        return false;
    }
    m->collector = collector_new(false, false);
    if (!m->collector ||
        !collector_begin(m->collector, o->interfaces, o->n_interfaces)) {
        return fail(err, "out of memory");
    }
    timers_begin(m);
    notify_tell(&m->notify, "READY=1");
    say(m, "capturing");
    while (clock_ms() < m->stop_ms && m->n_lost < m->n_sources) {
        if (!turn(m, err)) {
            return false;
        }
    }
    return true;
}

static struct tally *take(struct monitor *m, struct policap_error *err)
{
    const struct capture_info *infos[MONITOR_MAX_INTERFACES];
    struct tally *tally;

    infos_of(m, infos);
    tally = collector_end(m->collector, infos) ? collector_take(m->collector) : NULL;
    if (!tally) {
        fail(err, "out of memory");
    }
    return tally;
}

static bool signals_open(struct monitor *m, sigset_t *before, struct policap_error *err)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGHUP);
    sigprocmask(SIG_BLOCK, &wanted, before);
    m->signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    return m->signals >= 0 || fail(err, "signals: %s", strerror(errno));
}

static void monitor_fini(struct monitor *m)
{
    snapshot_fini(&m->snapshot);
    outlets_close(&m->outlets);
    collector_free(m->collector);
    for (size_t i = 0; i < m->n_sources; i++) {
        live_close(m->lives[i]);
    }
    if (m->signals >= 0) {
        close(m->signals);
    }
    free(m);
}

struct tally *monitor_run(const struct monitor_options *options,
                          const struct policy *policy,
                          const struct judge_options *judge_options, bool *lost,
                          struct policap_error *err)
{
    struct monitor *m = calloc(1, sizeof *m);
    struct tally *tally = NULL;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, pipe_before;
    sigset_t before;

    if (!m) {
        fail(err, "out of memory");
        return NULL;
    }
    m->options = options;
    m->policy = policy;
    m->judge_options = judge_options;
    m->stop_ms = INT64_MAX;
    m->lost = lost;
    *lost = false;
    notify_init(&m->notify, options->notify_socket, options->watchdog_us);
    sigaction(SIGPIPE, &ignore, &pipe_before);
    if (signals_open(m, &before, err) && run(m, err)) {
        tally = take(m, err);
    }
    monitor_fini(m);
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGPIPE, &pipe_before, NULL);
    return tally;
}
