/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A capture in memory, and parts of it as files.
 */
#ifndef PROPERTY_FRAMES_H
#define PROPERTY_FRAMES_H

#include "capture/capture.h"

struct frames {
    struct frame *at; /* Their bytes are owned. */
    size_t n, room;
    uint16_t links[CAPTURE_MAX_INTERFACES]; /* Link type of each interface. */
    size_t n_interfaces;
};

/* Reads a whole capture.  False: it can not be read, '*err' says why. */
bool frames_read(struct frames *frames, const char *path, struct policap_error *err);
void frames_free(struct frames *frames);

/* Writes those frames whose 'part_of' is 'part' as pcapng with times in nanoseconds.
 * Every interface is described, so that each part counts them alike. */
bool frames_write(const struct frames *frames, const uint8_t *part_of, unsigned part,
                  const char *path);

#endif
