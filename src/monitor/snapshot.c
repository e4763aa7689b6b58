/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/snapshot.h"

#include "base/error.h"
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_NICE = 5, FIRST_ROOM = 256 * 1024 };

static bool write_report(int fd, struct collector *collector,
                         const struct capture_info *const *infos,
                         const struct policy *policy,
                         const struct judge_options *options)
{
    struct policap_error err;
    struct tally *tally =
        collector_end(collector, infos) ? collector_take(collector) : NULL;
    struct judgement *judgement = tally ? judge(tally, policy, options, &err) : NULL;
    FILE *out = judgement ? fdopen(fd, "w") : NULL;

    return out && report_write_json(out, judgement, options) && fclose(out) == 0;
}

/* A connection that the parent ends must not stay open here. */
static void close_others(int fd)
{
    close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
    close_range((unsigned)fd + 1, ~0u, 0);
}

bool snapshot_begin(struct snapshot *snapshot, struct collector *collector,
                    const struct capture_info *const *infos,
                    const struct policy *policy, const struct judge_options *options,
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
        _exit(write_report(fds[1], collector, infos, policy, options) ? 0 : 1);
    }
    close(fds[1]);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    snapshot->fd = fds[0];
    snapshot->len = 0;
    return true;
}

/* Forgets the child, which is over or is ended.  True: it said that all is well. */
static bool child_end(struct snapshot *snapshot, bool stop)
{
    int status = 1;

    if (stop) {
        kill(snapshot->pid, SIGKILL);
    }
    close(snapshot->fd);
    while (waitpid(snapshot->pid, &status, 0) < 0 && errno == EINTR) {
    }
    snapshot->pid = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool make_room(struct snapshot *snapshot)
{
    size_t room = snapshot->room ? snapshot->room * 2 : FIRST_ROOM;
    char *text;

    if (snapshot->len < snapshot->room) {
        return true;
    }
    text = room <= SNAPSHOT_MAX_LEN ? realloc(snapshot->text, room) : NULL;
    if (text) {
        snapshot->text = text;
        snapshot->room = room;
    }
    return text != NULL;
}

enum snapshot_state snapshot_read(struct snapshot *snapshot)
{
    ssize_t n;

    /* Ends when the pipe is empty, or closed by the child. */
    do {
        if (!make_room(snapshot)) {
            child_end(snapshot, true);
            return SNAPSHOT_FAILED;
        }
        n = read(snapshot->fd, snapshot->text + snapshot->len,
                 snapshot->room - snapshot->len);
        snapshot->len += n > 0 ? (size_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (n < 0) {
        return SNAPSHOT_RUNNING;
    }
    return child_end(snapshot, false) && snapshot->len > 0 ? SNAPSHOT_READY
                                                           : SNAPSHOT_FAILED;
}

void snapshot_fini(struct snapshot *snapshot)
{
    if (snapshot->pid > 0) {
        child_end(snapshot, true);
    }
    free(snapshot->text);
    *snapshot = (struct snapshot){0};
}
