/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/inputs.h"

#include "base/error.h"
#include "capture/capture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool add_file(struct inputs *inputs, const char *path, struct policap_error *err)
{
    struct input *grown =
        realloc(inputs->files, (inputs->n + 1) * sizeof *inputs->files);

    if (grown) {
        inputs->files = grown;
        grown[inputs->n].first_ns = 0;
        grown[inputs->n].path = strdup(path);
    }
    if (!grown || !grown[inputs->n].path) {
        return fail(err, "out of memory");
    }
    inputs->n++;
    return true;
}

static bool is_regular(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool add_directory(struct inputs *inputs, const char *path,
                          struct policap_error *err)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    size_t before = inputs->n;
    bool ok = true;

    if (!dir) {
        return fail(err, "%s: %s", path, strerror(errno));
    }
    while (ok && (entry = readdir(dir)) != NULL) {
        char file[4096];

        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && is_regular(file)) {
            ok = add_file(inputs, file, err);
        }
    }
    closedir(dir);
    if (ok && inputs->n == before) {
        return fail(err, "%s: no file in this directory: name one with captures", path);
    }
    return ok;
}

static bool add_operand(struct inputs *inputs, const char *path,
                        struct policap_error *err)
{
    struct stat st;

    if (strcmp(path, "-") == 0) {
        return add_file(inputs, path, err);
    }
    if (stat(path, &st) != 0) {
        return fail(err, "%s: %s: name a capture that is there", path, strerror(errno));
    }
    return S_ISDIR(st.st_mode) ? add_directory(inputs, path, err)
                               : add_file(inputs, path, err);
}

/* The time of a file's first packet; INT64_MAX where there is none. */
static bool first_packet(struct input *input, struct policap_error *err)
{
    struct frame frames[CAPTURE_BATCH];
    struct capture *capture = capture_open(input->path, err);
    size_t n;
    bool ok;

    if (!capture) {
        return false;
    }
    ok = capture_read(capture, frames, &n, err);
    input->first_ns = ok && n > 0 ? frames[0].ns : INT64_MAX;
    capture_close(capture);
    return ok;
}

static int input_cmp(const void *a, const void *b)
{
    const struct input *x = a, *y = b;

    if (x->first_ns != y->first_ns) {
        return x->first_ns < y->first_ns ? -1 : 1;
    }
    return strcmp(x->path, y->path);
}

bool inputs_find(struct inputs *inputs, const char *const *operands, size_t n,
                 struct policap_error *err)
{
    bool ok =
        n > 0 || fail(err, "no capture: name a pcap or pcapng file, or - for standard "
                           "input");

    for (size_t i = 0; ok && i < n; i++) {
        ok = add_operand(inputs, operands[i], err);
    }
    for (size_t i = 0; ok && inputs->n > 1 && i < inputs->n; i++) {
        /* What can be read once only can not be looked into first. */
        if (is_regular(inputs->files[i].path)) {
            ok = first_packet(&inputs->files[i], err);
        }
    }
    if (ok && inputs->n > 1) {
        qsort(inputs->files, inputs->n, sizeof *inputs->files, input_cmp);
    }
    if (!ok) {
        inputs_free(inputs);
    }
    return ok;
}

void inputs_free(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->n; i++) {
        free(inputs->files[i].path);
    }
    free(inputs->files);
    *inputs = (struct inputs){0};
}
