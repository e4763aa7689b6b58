/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/state.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PATH = 4096 };

static const char beginning[] = "{\"format\":\"policap-tally/";

/* The new name is on the disk as well only when its folder is. */
static void sync_folder(const char *path)
{
    char copy[MAX_PATH];
    int fd;

    snprintf(copy, sizeof copy, "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static bool write_aside(const struct tally *tally, const char *aside)
{
    FILE *out = fopen(aside, "we");
    bool ok = out && tally_write_lines(tally, out) && fflush(out) == 0 &&
              fsync(fileno(out)) == 0;

    if (out && fclose(out) != 0) {
        ok = false;
    }
    return ok;
}

bool state_write(const struct tally *tally, const char *path, struct policap_error *err)
{
    char aside[MAX_PATH];

    if ((size_t)snprintf(aside, sizeof aside, "%s.new", path) >= sizeof aside) {
        return fail(err, "--state %.200s: too long a name", path);
    }
    if (!write_aside(tally, aside) || rename(aside, path) != 0) {
        fail(err,
             "--state %.200s: %s: the state is not written: make room for it, or "
             "let the sensor's user write there",
             path, strerror(errno));
        unlink(aside);
        return false;
    }
    sync_folder(path);
    return true;
}

/* How the file begins decides whether it may be put aside. */
static enum state_result look(const char *path, struct policap_error *err)
{
    char bytes[sizeof beginning - 1];
    FILE *in = fopen(path, "re");
    size_t n;

    if (!in && errno == ENOENT) {
        return STATE_NONE;
    }
    if (!in) {
        fail(err, "--state %.200s: %s", path, strerror(errno));
        return STATE_FOREIGN;
    }
    n = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    if (n == 0) {
        return STATE_NONE;
    }
    if (memcmp(bytes, beginning, n) != 0) {
        fail(err, "--state %.200s: this is no state of a sensor: name another file",
             path);
        return STATE_FOREIGN;
    }
    return STATE_READ;
}

enum state_result state_read(const char *path, struct tally **out,
                             struct policap_error *err)
{
    enum state_result result = look(path, err);
    char broken[MAX_PATH];

    *out = NULL;
    if (result != STATE_READ) {
        return result;
    }
    *out = tally_read(path, err);
    if (*out) {
        return STATE_READ;
    }
    snprintf(broken, sizeof broken, "%s.broken", path);
    if (rename(path, broken) != 0) {
        fail(err, "--state %.200s: broken, and it can not be put aside: %s", path,
             strerror(errno));
        return STATE_FOREIGN;
    }
    return STATE_BROKEN;
}
