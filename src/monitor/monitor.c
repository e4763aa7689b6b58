/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/monitor_parts.h"

#include "base/error.h"
#include "monitor/confine.h"
#include "monitor/phones_filter.h"

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
    STATS_MS = 60000,
    KEEP_SHARE = 16,
    TICK_MS = WEB_WAIT_MS /* At the longest, what needs to be looked at is. */
};

int64_t monitor_clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void monitor_say(const struct monitor *m, const char *line)
{
    m->options->say(m->options->context, line);
}

void monitor_infos(struct monitor *m, const struct capture_info **infos)
{
    for (size_t i = 0; i < m->n_sources; i++) {
        infos[i] = live_info(m->lives[i]);
    }
}

int64_t monitor_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool sources_open(struct monitor *m, struct policap_error *err)
{
    const struct monitor_options *o = m->options;
    struct live_options live = o->live;

    if (o->filter_auto) {
        m->narrow = phones_filter(m->policy, err);
        if (!m->narrow) {
            return false;
        }
        live.narrow = m->narrow;
    }
    for (size_t i = 0; i < o->n_interfaces; i++) {
        m->lives[i] = live_open(o->interfaces[i], &live, err);
        if (!m->lives[i]) {
            return false;
        }
        m->n_sources++;
    }
    return true;
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
        health_note(&m->health[i], m->frames, n);
        collector_add(m->collector, m->frames, n);
    }
    m->behind[i] = n > 0 && !m->gone[i];
    if (m->gone[i]) {
        monitor_say(m, err.text);
        *m->lost = true;
        m->n_lost++;
    }
}

static int block_ms(const struct monitor *m)
{
    int ms = m->options->live.block_ms;

    return ms ? ms : LIVE_DEFAULT_BLOCK_MS;
}

/* From when on all of the mirror is silent; INT64_MAX: it is not. */
static int64_t silent_from_ns(const struct monitor *m)
{
    int64_t last = 0;

    for (size_t i = 0; i < m->n_sources; i++) {
        if (m->health[i].state != HEALTH_SILENT && !m->health[i].is_down) {
            return INT64_MAX;
        }
        last = m->health[i].last_ns > last ? m->health[i].last_ns : last;
    }
    return last + (int64_t)HEALTH_SILENT_S * 1000000000;
}

int64_t monitor_seen_until_ns(const struct monitor *m)
{
    for (size_t i = 0; i < m->n_sources; i++) {
        if (m->behind[i]) {
            return 0;
        }
    }
    int64_t now = monitor_now_ns() - (int64_t)block_ms(m) * 2 * 1000000;
    int64_t silent = silent_from_ns(m);

    return silent < now ? silent : now;
}

static void health_tell(struct monitor *m, size_t i, int64_t now)
{
    const struct health *health = &m->health[i];
    struct policap_error line;

    fail(&line, "%.60s: %s", m->options->interfaces[i], health_words(health->state));
    monitor_say(m, line.text);
    outlets_health(&m->outlets, i, health, now);
}

/* What became of the mirror: told, and noted where a direction is missing. */
static bool health_run(struct monitor *m)
{
    int64_t now = monitor_now_ns(), clock = monitor_clock_ms();
    bool ok = true;

    if (clock < m->health_ms) {
        return true;
    }
    m->health_ms = clock + TICK_MS;
    for (size_t i = 0; i < m->n_sources; i++) {
        struct health *health = &m->health[i];
        const struct window blind = {
            .source = (uint16_t)i, .first_ns = health->since_ns, .last_ns = now};

        if (health_is_one_way(health)) {
            ok = tally_add_blind(collector_head(m->collector), &blind) && ok;
        }
        health->is_down = !m->gone[i] && live_is_down(m->lives[i]);
        if (!m->gone[i] && health_look(health, now)) {
            health_tell(m, i, now);
        }
    }
    return ok;
}

/* A site file with other subnets narrows anew; one without, or a kernel that refuses,
 * leaves it as it is. */
static void narrow_again(struct monitor *m)
{
    struct policap_error err;
    char *narrow = phones_filter(m->policy, &err);
    bool ok = narrow;

    if (ok && strcmp(narrow, m->narrow) == 0) {
        free(narrow);
        return;
    }
    for (size_t i = 0; ok && i < m->n_sources; i++) {
        ok = m->gone[i] ||
             live_narrow(m->lives[i], m->options->live.filter, narrow, &err);
    }
    if (!ok) {
        monitor_say(m, err.text);
        free(narrow);
        return;
    }
    free(m->narrow);
    m->narrow = narrow;
}

/* The policy is only asked by those who judge, so all evidence stays as it is. */
static void reload(struct monitor *m)
{
    const struct policy *policy = m->options->reload(m->options->context);

    outlets_reloaded(&m->outlets, policy != m->policy);
    m->policy = policy;
    if (m->narrow) {
        narrow_again(m);
    }
    outlets_reopen(&m->outlets, monitor_clock_ms());
}

/* A block that is not full comes after its block time: what was on the wire before the
 * signal is waited for. */
static void stop(struct monitor *m)
{
    if (m->stop_ms == INT64_MAX) {
        notify_tell(&m->notify, "STOPPING=1");
        m->stop_ms = monitor_clock_ms() + 2 * block_ms(m);
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
    int64_t now = monitor_clock_ms();

    if (is_due(&m->due_ms, now, (int64_t)m->options->every_s * 1000)) {
        m->wanted = true;
    }
    if (is_due(&m->stats_ms, now, STATS_MS)) {
        outlets_stats(&m->outlets, monitor_now_ns(), now);
    }
    notify_alive(&m->notify, now);
    jobs_start(m);
    outlets_run(&m->outlets, now, m->options->say, m->options->context);
}

/* Cuts off what is over when an hour ends, a shard a turn: packets come in between. */
static bool hours_run(struct monitor *m)
{
    int64_t now = monitor_now_ns();

    if (hours_is_cutting(&m->hours)) {
        return hours_cut(&m->hours, m->collector);
    }
    if (hour_of(now) > m->hour) {
        m->hour = hour_of(now);
        hours_begin_cut(&m->hours, now);
    }
    return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct monitor *m)
{
    int64_t look = m->snapshot.pid > 0 ? INT64_MAX : m->look_ms;
    int64_t state = m->snapshot.pid > 0 ? INT64_MAX : m->state_ms;
    int64_t until = earlier(earlier(m->due_ms, m->stop_ms), earlier(look, m->stats_ms));
    int64_t now = monitor_clock_ms();

    if (m->notify.watchdog_ms > 0) {
        until = earlier(until, m->notify.due_ms);
    }
    until = earlier(until, hours_is_cutting(&m->hours) ? now : state);
    until = earlier(until, now + TICK_MS);
    return until < now ? 0 : (int)(until - now);
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
        jobs_go_on(m);
    }
    timers_run(m);
    return (health_run(m) && hours_run(m)) || fail(err, "out of memory");
}

static void timers_begin(struct monitor *m)
{
    int64_t now = monitor_clock_ms();

    m->due_ms = m->look_ms = m->stats_ms = m->state_ms = INT64_MAX;
    m->hour = hour_of(monitor_now_ns());
    for (size_t i = 0; i < m->n_sources; i++) {
        health_init(&m->health[i], monitor_now_ns());
    }
    if (m->options->state) {
        m->state_ms = now + STATE_MS;
    }
    if (m->options->every_s) {
        m->due_ms = now + (int64_t)m->options->every_s * 1000;
    }
    if (outlets_any(&m->outlets) || m->options->evidence) {
        m->look_ms = now + LOOK_MS;
        m->stats_ms = now + STATS_MS;
    }
}

/* What needs rights is opened before they are given up; files are written, and opened
 * anew later, by who is left. */
static bool open_all(struct monitor *m, struct policap_error *err)
{
    const struct monitor_options *o = m->options;
    const struct metrics metrics = {.lives = m->lives,
                                    .health = m->health,
                                    .names = o->interfaces,
                                    .n = o->n_interfaces,
                                    .collector = &m->collector};

    return sources_open(m, err) &&
           outlets_init(&m->outlets, o->events, o->n_events, err) &&
           outlets_listen(&m->outlets, o->listen, o->token_file, &metrics, m->lost,
                          err) &&
           confine(o->user, err) && outlets_open(&m->outlets, monitor_clock_ms(), err);
}

/* Half is for the hours that are over. */
static size_t memory_of(const struct monitor *m)
{
    return m->options->max_memory ? m->options->max_memory : MONITOR_MEMORY;
}

/* Packets are kept in a small part of the memory. */
static bool collector_ready(struct monitor *m)
{
    m->collector = collector_new(false, false);
    if (!m->collector) {
        return false;
    }
    collector_limit_shared(m->collector, memory_of(m) / 2);
    return !m->options->evidence ||
           collector_keep(m->collector, memory_of(m) / KEEP_SHARE);
}

static bool run(struct monitor *m, struct policap_error *err)
{
    const struct monitor_options *o = m->options;

    if (!open_all(m, err)) {
        return false;
    }
    if (!collector_ready(m)) {
        return fail(err, "out of memory");
    }
    if (!jobs_recall(m, err)) {
        return false;
    }
    if (!collector_begin(m->collector, o->interfaces, o->n_interfaces)) {
        return fail(err, "out of memory");
    }
    flows_begin(m);
    timers_begin(m);
    notify_tell(&m->notify, "READY=1");
    monitor_say(m, "capturing");
    while (monitor_clock_ms() < m->stop_ms && m->n_lost < m->n_sources) {
        if (!turn(m, err)) {
            return false;
        }
    }
    return true;
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
    hours_fini(&m->hours);
    for (size_t i = 0; i < m->n_sources; i++) {
        live_close(m->lives[i]);
    }
    if (m->signals >= 0) {
        close(m->signals);
    }
    free(m->narrow);
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
    hours_init(&m->hours, memory_of(m) / 2);
    m->lost = lost;
    *lost = false;
    notify_init(&m->notify, options->notify_socket, options->watchdog_us);
    sigaction(SIGPIPE, &ignore, &pipe_before);
    if (signals_open(m, &before, err) && run(m, err)) {
        flows_end(m);
        tally = jobs_end(m, err);
    }
    monitor_fini(m);
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGPIPE, &pipe_before, NULL);
    return tally;
}
