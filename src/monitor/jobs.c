/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is made of the evidence while the sensor runs, one thing at a time: reports that
 * somebody asked for, looks for events and the page, and the state.
 */
#include "base/error.h"
#include "monitor/monitor_parts.h"
#include "monitor/state.h"

#include <stdlib.h>

enum {
    DEFAULT_WINDOW_S = 86400,
    SOON_MS = 250,    /* Between looks while something waits for its time to pass. */
    LOOK_FACTOR = 8,  /* Judging takes no more than this part of the time, ... */
    STATE_FACTOR = 20 /* ... and writing the state no more than this. */
};

/* What turned is to be told within two seconds of its row's time to wait; but making
 * one thing may take no more than its share of a processor.  How long it was waited for
 * says nothing: others may be busy. */
static void look_ahead(struct monitor *m)
{
    int64_t least =
        m->snapshot.cpu_ms * (m->making == MAKING_STATE ? STATE_FACTOR : LOOK_FACTOR);
    int64_t between = outlets_wait(&m->outlets) ? SOON_MS : LOOK_MS;

    if (m->making == MAKING_STATE) {
        m->state_ms = m->snapshot_ms + (STATE_MS > least ? STATE_MS : least);
    } else if (m->look_ms != INT64_MAX) {
        m->look_ms = m->snapshot_ms + (between > least ? between : least);
    }
}

/* The hour in which what is judged begins. */
static int64_t since_ns(const struct monitor *m)
{
    const int64_t hour_ns = 3600 * (int64_t)1000000000;
    unsigned window_s = m->options->window_s ? m->options->window_s : DEFAULT_WINDOW_S;

    return (monitor_now_ns() - (int64_t)window_s * 1000000000) / hour_ns * hour_ns;
}

static bool job_begin(struct monitor *m, const char *state, struct policap_error *err)
{
    const struct capture_info *infos[MONITOR_MAX_INTERFACES];
    struct judge_options options = *m->judge_options;
    struct snapshot_job job = {.collector = m->collector,
                               .infos = infos,
                               .hours = &m->hours,
                               .policy = m->policy,
                               .options = &options,
                               .state = state,
                               .evidence = m->options->evidence,
                               .names = m->options->interfaces,
                               .n_names = m->options->n_interfaces};
    char **notes = outlets_notes(&m->outlets, &job.n_notes);
    bool ok;

    monitor_infos(m, infos);
    options.now_ns = monitor_seen_until_ns(m);
    m->snapshot_ms = monitor_clock_ms();
    job.notes = notes;
    job.since_ns = m->since_ns = since_ns(m);
    ok = snapshot_begin(&m->snapshot, &job, err);
    events_free_notes(notes, job.n_notes);
    return ok;
}

/* What is to be made next; a report comes before what nobody waits for. */
static bool next_job(struct monitor *m)
{
    int64_t now = monitor_clock_ms();

    if (m->wanted) {
        m->making = MAKING_REPORT;
    } else if (now >= m->state_ms) {
        m->making = MAKING_STATE;
    } else {
        m->making = MAKING_LOOK;
    }
    return m->making != MAKING_LOOK || now >= m->look_ms;
}

/* Starts what is wanted, or what it is time for, when nothing is being made. */
void jobs_start(struct monitor *m)
{
    struct policap_error err;

    if (m->snapshot.pid > 0 || !next_job(m)) {
        return;
    }
    if (m->making == MAKING_REPORT) {
        m->wanted = false;
    }
    if (!job_begin(m, m->making == MAKING_STATE ? m->options->state : NULL, &err)) {
        monitor_say(m, err.text);
        look_ahead(m);
    }
}

/* That packets can not be written is said once, until they can. */
static void evidence_look(struct monitor *m)
{
    if (m->snapshot.word && !m->evidence_failed) {
        monitor_say(m, m->snapshot.word);
    }
    m->evidence_failed = m->snapshot.word != NULL;
}

static void report_ready(struct monitor *m)
{
    evidence_look(m);
    if (m->making == MAKING_REPORT) {
        m->options->give(m->options->context, m->snapshot.text, m->snapshot.len);
    }
    outlets_report(&m->outlets, m->snapshot.text, m->snapshot.len, m->since_ns);
}

static void snapshot_failed(struct monitor *m)
{
    struct policap_error err;

    if (m->snapshot.len > 0) {
        fail(&err, "%.*s", (int)m->snapshot.len, m->snapshot.text);
    } else {
        fail(&err, "%s could not be made: out of memory",
             m->making == MAKING_STATE ? "the state" : "a report");
    }
    monitor_say(m, err.text);
}

void jobs_go_on(struct monitor *m)
{
    switch (snapshot_read(&m->snapshot)) {
    case SNAPSHOT_RUNNING:
        return;
    case SNAPSHOT_READY:
        if (m->making != MAKING_STATE) {
            report_ready(m);
        }
        break;
    case SNAPSHOT_FAILED:
        snapshot_failed(m);
        break;
    }
    look_ahead(m);
}

/* What an earlier run left: the sensor goes on from there. */
bool jobs_recall(struct monitor *m, struct policap_error *err)
{
    struct tally *state;
    bool ok = true;

    if (!m->options->state) {
        return true;
    }
    switch (state_read(m->options->state, &state, err)) {
    case STATE_READ:
        for (size_t i = 0; i < state->n_notes; i++) {
            outlets_recall(&m->outlets, state->notes[i]);
        }
        ok = hours_resume(&m->hours, m->collector, state) || fail(err, "out of memory");
        tally_fini(state);
        free(state);
        break;
    case STATE_NONE:
        break;
    case STATE_BROKEN:
        monitor_say(m, err->text);
        monitor_say(
            m, "the sensor starts without its state, which is kept beside it: .broken");
        break;
    case STATE_FOREIGN:
        return false;
    }
    return ok;
}

/* Makes one thing, and waits for it. */
static void make(struct monitor *m, enum making making, const char *state)
{
    struct policap_error err;

    m->making = making;
    if (!job_begin(m, state, &err)) {
        monitor_say(m, err.text);
    } else if (snapshot_wait(&m->snapshot) == SNAPSHOT_FAILED) {
        snapshot_failed(m);
    } else if (making == MAKING_LOOK) {
        evidence_look(m);
    }
}

/* Ends what is being made, and writes once more what is to stay. */
static void last_words(struct monitor *m)
{
    if (m->snapshot.pid > 0) {
        snapshot_wait(&m->snapshot);
    }
    if (m->options->evidence) {
        make(m, MAKING_LOOK, NULL);
    }
    if (m->options->state) {
        make(m, MAKING_STATE, m->options->state);
    }
}

struct tally *jobs_end(struct monitor *m, struct policap_error *err)
{
    const struct capture_info *infos[MONITOR_MAX_INTERFACES];
    const struct snapshot_job job = {.collector = m->collector,
                                     .infos = infos,
                                     .hours = &m->hours,
                                     .since_ns = since_ns(m)};
    struct tally *tally;

    last_words(m);
    monitor_infos(m, infos);
    tally = snapshot_take(&job);
    if (!tally) {
        fail(err, "out of memory");
    }
    return tally;
}
