/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/group.h"

#include "base/error.h"
#include "capture/filter.h"
#include "capture/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct member {
    char *path;              /* Owned. */
    int64_t first_ns;        /* Of the first frame; INT64_MAX where there is none. */
    bool found;              /* In a folder, named by nobody. */
    bool begun;              /* Its frames are given, or were. */
    char *skipped;           /* Owned.  Why it is skipped; NULL: it is not. */
    struct capture *capture; /* NULL: not open. */
    struct frame *frames;    /* Owned: a batch, of which [at, n) are not given. */
    size_t at, n;
    struct capture_info *info; /* Owned: of the capture, while that is not open. */
    struct listed_names names; /* Likewise. */
};

struct capture_group {
    struct member *members; /* In order, the skipped ones last. */
    size_t n, n_skipped;
    size_t n_begun;                /* The first of them have all begun. */
    size_t active[GROUP_MAX_OPEN]; /* Which are open, in order. */
    size_t n_active;
    struct filter *filter;
    uint64_t left;  /* Packets that may still be given. */
    size_t n_names; /* That captures at their end listed. */
};

struct capture_group *group_new(void)
{
    return calloc(1, sizeof(struct capture_group));
}

/* Keeps the names of a capture that is closed, as long as there is room. */
static void names_keep(struct capture_group *group, struct member *m)
{
    size_t n_left_out;

    capture_take_names(m->capture, &m->names);
    if (m->names.n > GROUP_MAX_NAMES - group->n_names) {
        n_left_out = m->names.n + m->names.n_left_out;
        listed_fini(&m->names);
        m->names.n_left_out = n_left_out;
    }
    group->n_names += m->names.n;
}

static void member_close(struct capture_group *group, struct member *m)
{
    if (m->capture && m->info) {
        *m->info = *capture_info(m->capture);
        m->info->path = m->path;
        group->n_names -= m->names.n;
        names_keep(group, m);
    }
    capture_close(m->capture);
    free(m->frames);
    m->capture = NULL;
    m->frames = NULL;
    m->at = m->n = 0;
}

void group_free(struct capture_group *group)
{
    if (!group) {
        return;
    }
    for (size_t i = 0; i < group->n + group->n_skipped; i++) {
        member_close(group, &group->members[i]);
        listed_fini(&group->members[i].names);
        free(group->members[i].info);
        free(group->members[i].skipped);
        free(group->members[i].path);
    }
    free(group->members);
    free(group);
}

bool group_add(struct capture_group *group, const char *path, bool found,
               struct policap_error *err)
{
    struct member *grown;
    char *copy;

    if (group->n == GROUP_MAX) {
        return fail(err, "%s: more than %d captures: merge some first, with mergecap",
                    path, GROUP_MAX);
    }
    grown = realloc(group->members, (group->n + 1) * sizeof *grown);
    if (grown) {
        group->members = grown;
    }
    copy = grown ? strdup(path) : NULL;
    if (!copy) {
        return fail(err, "%s: out of memory", path);
    }
    grown[group->n++] = (struct member){.path = copy, .found = found};
    return true;
}

/* Can it be closed, and opened again? */
static bool is_regular(const struct member *m)
{
    struct stat st;

    return strcmp(m->path, "-") != 0 && stat(m->path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool out_of_memory(const struct member *m, struct policap_error *err)
{
    return fail(err, "%s: no memory to read it: end other programs", m->path);
}

/* Opens 'm', or says in m->skipped that it is no capture. */
static bool member_open(struct member *m, struct policap_error *err)
{
    bool foreign;

    m->capture = capture_open_any(m->path, &foreign, err);
    if (!m->capture && foreign && m->found) {
        size_t size = strlen(err->text) + sizeof "skipped: ";

        m->skipped = malloc(size);
        if (!m->skipped) {
            return out_of_memory(m, err);
        }
        snprintf(m->skipped, size, "skipped: %s", err->text);
        return true;
    }
    return m->capture != NULL;
}

/* Reads the next batch; at the end of the capture there is none. */
static bool member_fill(struct member *m, struct policap_error *err)
{
    m->at = m->n = 0;
    if (!m->frames) {
        m->frames = malloc(CAPTURE_BATCH * sizeof *m->frames);
        if (!m->frames) {
            return out_of_memory(m, err);
        }
    }
    return capture_fetch(m->capture, m->frames, &m->n, err);
}

/* Learns when the member begins. */
static bool look_into(struct capture_group *group, struct member *m,
                      struct policap_error *err)
{
    bool again = is_regular(m);

    if (!member_open(m, err)) {
        return false;
    }
    if (m->skipped) {
        return true;
    }
    m->info = malloc(sizeof *m->info);
    if (!m->info) {
        return out_of_memory(m, err);
    }
    capture_set_filter(m->capture, again ? NULL : group->filter);
    if (!member_fill(m, err)) {
        return false;
    }
    m->first_ns = m->n > 0 ? m->frames[0].ns : INT64_MAX;
    if (again) {
        member_close(group, m);
    }
    return true;
}

static int member_cmp(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    if (!x->skipped != !y->skipped) {
        return x->skipped ? 1 : -1;
    }
    if (x->first_ns != y->first_ns) {
        return x->first_ns < y->first_ns ? -1 : 1;
    }
    return strcmp(x->path, y->path);
}

static bool activate(struct capture_group *group, size_t i, struct policap_error *err)
{
    if (group->n_active == GROUP_MAX_OPEN) {
        return fail(err,
                    "%s: more than %d captures overlap in time: merge some first: "
                    "mergecap -w merged.pcapng FILE FILE ...",
                    group->members[i].path, GROUP_MAX_OPEN);
    }
    group->active[group->n_active++] = i;
    group->members[i].begun = true;
    return true;
}

/* What stayed open is active from the start: it is not opened again. */
static bool activate_open(struct capture_group *group, struct policap_error *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < group->n; i++) {
        ok = !group->members[i].capture || activate(group, i, err);
    }
    return ok;
}

bool group_begin(struct capture_group *group, struct filter *filter,
                 uint64_t max_packets, struct policap_error *err)
{
    struct member *members = group->members;
    size_t n = group->n, n_skipped = 0;

    group->filter = filter;
    group->left = max_packets ? max_packets : UINT64_MAX;
    if (n == 1 && !members[0].found) {
        if (!member_open(&members[0], err)) {
            return false;
        }
        capture_set_filter(members[0].capture, filter);
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        if (!look_into(group, &members[i], err)) {
            return false;
        }
        n_skipped += members[i].skipped != NULL;
    }
    group->n_skipped = n_skipped;
    group->n -= n_skipped;
    qsort(members, n, sizeof *members, member_cmp);
    return activate_open(group, err);
}

size_t group_count(const struct capture_group *group)
{
    return group->n;
}

const char *group_path(const struct capture_group *group, size_t i)
{
    return group->members[i].path;
}

size_t group_skipped_count(const struct capture_group *group)
{
    return group->n_skipped;
}

const char *group_skipped(const struct capture_group *group, size_t i)
{
    return group->members[group->n + i].skipped;
}

const struct capture_info *group_info(const struct capture_group *group, size_t i)
{
    const struct member *m = &group->members[i];

    return m->capture ? capture_info(m->capture) : m->info;
}

const struct listed_names *group_names(const struct capture_group *group, size_t i)
{
    const struct member *m = &group->members[i];

    return m->capture ? capture_names(m->capture) : &m->names;
}

/* Fills the open captures that have no frame left, and closes those at their end. */
static bool refill(struct capture_group *group, struct policap_error *err)
{
    size_t n = 0;

    for (size_t k = 0; k < group->n_active; k++) {
        struct member *m = &group->members[group->active[k]];

        if (m->at == m->n && !member_fill(m, err)) {
            return false;
        }
        if (m->n > 0) {
            group->active[n++] = group->active[k];
        } else {
            member_close(group, m);
        }
    }
    group->n_active = n;
    return true;
}

static int64_t head_ns(const struct capture_group *group, size_t k)
{
    const struct member *m = &group->members[group->active[k]];

    return m->frames[m->at].ns;
}

/* Which open capture has the earliest frame. */
static size_t earliest(const struct capture_group *group)
{
    size_t best = 0;

    for (size_t k = 1; k < group->n_active; k++) {
        if (head_ns(group, k) < head_ns(group, best)) {
            best = k;
        }
    }
    return best;
}

/* The next capture to be opened, of those that did not stay open. */
static struct member *next_closed(struct capture_group *group)
{
    while (group->n_begun < group->n && group->members[group->n_begun].begun) {
        group->n_begun++;
    }
    return group->n_begun < group->n ? &group->members[group->n_begun] : NULL;
}

/* Is the time of the next capture come?  Those open have frames. */
static bool is_due(const struct capture_group *group, const struct member *next)
{
    return group->n_active == 0 || next->first_ns <= head_ns(group, earliest(group));
}

/* Opens the captures that begin no later than what comes next.  A capture without
 * frames closes at once, so each turn opens one more, and the last ends it. */
static bool open_due(struct capture_group *group, struct policap_error *err)
{
    struct member *m;

    while ((m = next_closed(group)) != NULL && is_due(group, m)) {
        if (!activate(group, group->n_begun, err)) {
            return false;
        }
        m->capture = capture_open(m->path, err);
        if (!m->capture) {
            return false;
        }
        capture_set_filter(m->capture, group->filter);
        if (!refill(group, err)) {
            return false;
        }
    }
    return true;
}

/* Until when may frames of the k-th open capture be given before another's turn? */
static int64_t turn_end_ns(struct capture_group *group, size_t k)
{
    const struct member *next = next_closed(group);
    int64_t end = next ? next->first_ns - 1 : INT64_MAX;

    for (size_t i = 0; i < group->n_active; i++) {
        if (i != k) {
            /* Of equal times, the capture before has the turn. */
            int64_t other = head_ns(group, i) - (i < k);

            end = other < end ? other : end;
        }
    }
    return end;
}

/* Gives frames in order until the batch is full, or a capture has none left: to read
 * on it would have to move the bytes of the frames just given. */
static size_t merge(struct capture_group *group, struct frame *frames)
{
    size_t n = 0;

    while (n < CAPTURE_BATCH && group->n_active > 0) {
        size_t k = earliest(group);
        struct member *m = &group->members[group->active[k]];
        int64_t end_ns = turn_end_ns(group, k);
        size_t before = n;

        while (n < CAPTURE_BATCH && m->at < m->n && m->frames[m->at].ns <= end_ns) {
            frames[n] = m->frames[m->at++];
            frames[n++].capture = (uint32_t)group->active[k];
        }
        if (m->at == m->n || n == before) {
            break;
        }
    }
    return n;
}

static void count(struct capture_group *group, const struct frame *frames, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        capture_count(group->members[frames[i].capture].capture, &frames[i], 1);
    }
}

/* Is there one capture, whose frames are given as they are read? */
static bool is_alone(const struct capture_group *group)
{
    return group->n == 1 && group->members[0].capture && !group->members[0].frames;
}

bool group_lend(struct capture_group *group, struct reader_buffer *buffer)
{
    if (is_alone(group)) {
        capture_lend(group->members[0].capture, buffer);
    }
    return is_alone(group);
}

bool group_read(struct capture_group *group, struct frame *frames, size_t *n,
                struct policap_error *err)
{
    bool alone = is_alone(group);

    *n = 0;
    if (group->left == 0) {
        return true;
    }
    if (alone) {
        if (!capture_fetch(group->members[0].capture, frames, n, err)) {
            return false;
        }
    } else {
        if (!refill(group, err) || !open_due(group, err)) {
            return false;
        }
        *n = merge(group, frames);
    }
    *n = *n < group->left ? *n : (size_t)group->left;
    group->left -= *n;
    if (alone) {
        capture_count(group->members[0].capture, frames, *n);
    } else {
        count(group, frames, *n);
    }
    return true;
}
