/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which frames of a capture are wanted: by time and by a BPF expression.
 *
 * Whole batches are filtered behind the readers, so who does not filter pays nothing.
 * A frame that is left out counts nowhere, but the others keep their numbers.
 *
 * An expression is compiled by libpcap for each link type when the first frame of that
 * type is met: programs differ, since an expression means other offsets in each.
 */
#ifndef CAPTURE_FILTER_H
#define CAPTURE_FILTER_H

#include "capture/capture.h"

enum { FILTER_MAX_LINKS = 32 }; /* Link types that one expression is compiled for. */

struct filter; /* opaque */

/* Frames with from_ns <= time < to_ns for which 'expression' holds; NULL: for all.
 * NULL: '*err' says what is wrong with the expression, whatever the link type.
 * 'expression' is copied. */
struct filter *filter_new(const char *expression, int64_t from_ns, int64_t to_ns,
                          struct policap_error *err);

void filter_free(struct filter *filter);

/* Was there a frame of to_ns or later, so that the capture is whole up to there? */
bool filter_saw_later(const struct filter *filter);

/* Keeps the wanted ones of the '*n' frames, in their order.  False: '*err' says why
 * the expression has no meaning for a frame's link type. */
bool filter_apply(struct filter *filter, struct frame *frames, size_t *n,
                  struct policap_error *err);

#endif
