/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/inputs.h"

#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_regular(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool add_entry(struct capture_group *group, const char *folder, const char *name,
                      size_t *n, struct policap_error *err)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    bool ok = true;

    if (!path) {
        return fail(err, "out of memory");
    }
    snprintf(path, size, "%s/%s", folder, name);
    if (name[0] != '.' && is_regular(path)) {
        ok = group_add(group, path, true, err);
        ++*n;
    }
    free(path);
    return ok;
}

static bool add_directory(struct capture_group *group, const char *path,
                          struct policap_error *err)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    size_t n = 0;
    bool ok = true;

    if (!dir) {
        return fail(err, "%s: %s", path, strerror(errno));
    }
    while (ok && (entry = readdir(dir)) != NULL) {
        ok = add_entry(group, path, entry->d_name, &n, err);
    }
    closedir(dir);
    if (ok && n == 0) {
        return fail(err, "%s: no file in this directory: name one with captures", path);
    }
    return ok;
}

static bool add_operand(struct capture_group *group, const char *path,
                        struct policap_error *err)
{
    struct stat st;

    if (strcmp(path, "-") == 0) {
        return group_add(group, path, false, err);
    }
    if (stat(path, &st) != 0) {
        return fail(err, "%s: %s: name a capture that is there", path, strerror(errno));
    }
    return S_ISDIR(st.st_mode) ? add_directory(group, path, err)
                               : group_add(group, path, false, err);
}

static bool filter_open(struct inputs *inputs, const struct options *o,
                        struct policap_error *err)
{
    if (!o->filter && o->from_ns == INT64_MIN && o->to_ns == INT64_MAX) {
        return true;
    }
    inputs->filter = filter_new(o->filter, o->from_ns, o->to_ns, err);
    return inputs->filter != NULL;
}

static bool any_capture(const struct options *o, const struct capture_group *group,
                        struct policap_error *err)
{
    for (size_t i = 0; i < group_skipped_count(group); i++) {
        complain(group_skipped(group, i));
    }
    return group_count(group) > 0 ||
           fail(err, "%s: no capture in this directory: name one with captures",
                o->operands[0]);
}

bool inputs_open(struct inputs *inputs, const struct options *o,
                 struct policap_error *err)
{
    bool ok =
        o->n_operands > 0 ||
        fail(err, "no capture: name a pcap or pcapng file, or - for standard input");

    *inputs = (struct inputs){0};
    if (!ok || !filter_open(inputs, o, err)) {
        return false;
    }
    inputs->group = group_new();
    if (!inputs->group) {
        return fail(err, "out of memory");
    }
    for (size_t i = 0; ok && i < o->n_operands; i++) {
        ok = add_operand(inputs->group, o->operands[i], err);
    }
    return ok && group_begin(inputs->group, inputs->filter, o->max_packets, err) &&
           any_capture(o, inputs->group, err);
}

bool inputs_went_on(const struct inputs *inputs)
{
    return inputs->filter && filter_saw_later(inputs->filter);
}

void inputs_close(struct inputs *inputs)
{
    group_free(inputs->group);
    filter_free(inputs->filter);
    *inputs = (struct inputs){0};
}
