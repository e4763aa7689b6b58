/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Several captures as one, in order of time.
 *
 * A file is opened when the frames before it have been given, and closed at its end:
 * of hundreds of files that a capture was rotated into, one or two are open at a time.
 * Where files overlap in time their frames are merged; within a file the order stays.
 * Of frames at one time, those of the capture that began first come first.
 *
 * To learn the order, each file is looked into for its first frame beforehand.  What
 * can be read only once (standard input, a FIFO) stays open from then on.  A capture
 * that is alone is not looked into, but read as it comes.
 */
#ifndef CAPTURE_GROUP_H
#define CAPTURE_GROUP_H

#include "capture/capture.h"
#include "capture/reader.h"

enum {
    GROUP_MAX = 65536,        /* Captures. */
    GROUP_MAX_OPEN = 64,      /* Captures that overlap in time. */
    GROUP_MAX_NAMES = 1 << 18 /* Listed by captures that are at their end. */
};

struct filter;
struct capture_group; /* opaque */

/* NULL: out of memory. */
struct capture_group *group_new(void);
void group_free(struct capture_group *group);

/* Adds a capture; nothing is opened yet.  'found': nobody named this file, it lies in
 * a folder, and is skipped where it is no capture. */
bool group_add(struct capture_group *group, const char *path, bool found,
               struct policap_error *err);

/* Looks into what was added and puts it in order; then reading may begin.  Frames are
 * those that 'filter' (borrowed; NULL: all) lets through, at most 'max_packets' of them
 * (0: all).  False: '*err' says which capture can not be read. */
bool group_begin(struct capture_group *group, struct filter *filter,
                 uint64_t max_packets, struct policap_error *err);

/* The captures in order, known from group_begin() on, and the skipped files. */
size_t group_count(const struct capture_group *group);
const char *group_path(const struct capture_group *group, size_t i);
size_t group_skipped_count(const struct capture_group *group);
/* Why file 'i' of these was skipped: "PATH: skipped: ...". */
const char *group_skipped(const struct capture_group *group, size_t i);

/* As capture_read(), over all captures; frames say in 'capture' which is theirs. */
bool group_read(struct capture_group *group, struct frame *frames, size_t *n,
                struct policap_error *err);

/* Lends a buffer to the only capture of the group, so that frames that were given stay
 * where they are: reader_lend().  False: there are several, and nothing is lent. */
bool group_lend(struct capture_group *group, struct reader_buffer *buffer);

/* What capture 'i' said of itself, complete at the end; packets that were not given
 * are not counted.  Borrowed. */
const struct capture_info *group_info(const struct capture_group *group, size_t i);

/* The names that capture 'i' lists, complete at the end.  Borrowed. */
const struct listed_names *group_names(const struct capture_group *group, size_t i);

#endif
