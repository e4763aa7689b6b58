/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/snapshot.h"

#include "base/error.h"
#include "monitor/state.h"
#include "report/evidence_file.h"
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_NICE = 5, FIRST_ROOM = 256 * 1024 };

struct tally *snapshot_take(const struct snapshot_job *job)
{
    struct past past[HOURS_PAST];
    int64_t since_ns = job->state ? 0 : job->since_ns;
    size_t n = hours_past(job->hours, since_ns, past);
    struct tally *tally = collector_end(job->collector, job->infos)
                              ? collector_take_with(job->collector, past, n)
                              : NULL;

    if (tally) {
        tally_forget_windows(tally, since_ns);
    }
    return tally;
}

static bool write_report(FILE *out, const struct tally *tally,
                         const struct snapshot_job *job)
{
    struct policap_error err;
    struct judgement *judgement = judge(tally, job->policy, job->options, &err);
    const struct keep *keep = collector_kept(job->collector);
    bool ok = judgement && report_write_json(out, judgement, job->options);

    if (ok && job->evidence && keep &&
        !evidence_save(job->evidence, judgement, keep, job->names, job->n_names,
                       &err)) {
        fputc('\0', out); /* It is in no report. */
        fputs(err.text, out);
    }
    return ok;
}

/* One word for the state that is written, or why it is not. */
static bool write_state(FILE *out, struct tally *tally, const struct snapshot_job *job)
{
    struct policap_error err;
    bool ok = true;

    for (size_t i = 0; ok && i < job->n_notes; i++) {
        ok = tally_add_note(tally, job->notes[i]) || fail(&err, "out of memory");
    }
    ok = ok && state_write(tally, job->state, &err);
    return fputs(ok ? "written" : err.text, out) != EOF && ok;
}

/* What the child does. */
static bool work(int fd, const struct snapshot_job *job)
{
    struct tally *tally = snapshot_take(job);
    FILE *out = fdopen(fd, "w");
    bool ok =
        tally && out &&
        (job->state ? write_state(out, tally, job) : write_report(out, tally, job));

    return out && fclose(out) == 0 && ok;
}

/* A connection that the parent ends must not stay open here. */
static void close_others(int fd)
{
    close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
    close_range((unsigned)fd + 1, ~0u, 0);
}

bool snapshot_begin(struct snapshot *snapshot, const struct snapshot_job *job,
                    struct policap_error *err)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0) {
        return fail(err, "a report: %s", strerror(errno));
    }
    snapshot->pid = fork();
    if (snapshot->pid < 0) {
        close(fds[0]);
        close(fds[1]);
        snapshot->pid = 0;
        return fail(err, "a report: %s", strerror(errno));
    }
    if (snapshot->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close_others(fds[1]);
        setpriority(PRIO_PROCESS, 0, CHILD_NICE);
        _exit(work(fds[1], job) ? 0 : 1);
    }
    close(fds[1]);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    snapshot->fd = fds[0];
    snapshot->len = 0;
    return true;
}

static int64_t time_ms(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000 + time.tv_usec / 1000;
}

/* Forgets the child, which is over or is ended.  True: it said that all is well. */
static bool child_end(struct snapshot *snapshot, bool stop)
{
    struct rusage used = {0};
    int status = 1;

    if (stop) {
        kill(snapshot->pid, SIGKILL);
    }
    close(snapshot->fd);
    while (wait4(snapshot->pid, &status, 0, &used) < 0 && errno == EINTR) {
    }
    snapshot->cpu_ms = time_ms(used.ru_utime) + time_ms(used.ru_stime);
    snapshot->pid = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool make_room(struct snapshot *snapshot)
{
    size_t room = snapshot->room ? snapshot->room * 2 : FIRST_ROOM;
    char *text;

    if (snapshot->len + 1 < snapshot->room) {
        return true;
    }
    text = room <= SNAPSHOT_MAX_LEN ? realloc(snapshot->text, room) : NULL;
    if (text) {
        snapshot->text = text;
        snapshot->room = room;
    }
    return text != NULL;
}

/* What there is to say stands behind the report. */
static void word_split(struct snapshot *snapshot)
{
    char *end = memchr(snapshot->text, '\0', snapshot->len);

    snapshot->word = NULL;
    if (end) {
        snapshot->text[snapshot->len] = '\0'; /* There is room for one more. */
        snapshot->len = (size_t)(end - snapshot->text);
        snapshot->word = end + 1;
    }
}

enum snapshot_state snapshot_read(struct snapshot *snapshot)
{
    ssize_t n;

    /* Ends when the pipe is empty, or closed by the child. */
    do {
        if (!make_room(snapshot)) {
            child_end(snapshot, true);
            snapshot->len = 0;
            return SNAPSHOT_FAILED;
        }
        n = read(snapshot->fd, snapshot->text + snapshot->len,
                 snapshot->room - snapshot->len - 1);
        snapshot->len += n > 0 ? (size_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (n < 0) {
        return SNAPSHOT_RUNNING;
    }
    if (!child_end(snapshot, false) || snapshot->len == 0) {
        return SNAPSHOT_FAILED;
    }
    word_split(snapshot);
    return SNAPSHOT_READY;
}

enum snapshot_state snapshot_wait(struct snapshot *snapshot)
{
    enum snapshot_state state = SNAPSHOT_RUNNING;

    /* Ends when the child does, which closes the pipe. */
    while (state == SNAPSHOT_RUNNING) {
        struct pollfd wait = {.fd = snapshot->fd, .events = POLLIN};

        poll(&wait, 1, -1);
        state = snapshot_read(snapshot);
    }
    return state;
}

void snapshot_fini(struct snapshot *snapshot)
{
    if (snapshot->pid > 0) {
        child_end(snapshot, true);
    }
    free(snapshot->text);
    *snapshot = (struct snapshot){0};
}
