/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which captures to read, and of these which packets.
 */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "capture/filter.h"
#include "capture/group.h"
#include "cli/options.h"

struct inputs {
    struct capture_group *group; /* Ready to be read. */
    struct filter *filter;       /* NULL: every packet. */
};

/* Opens the operands: files, "-", and directories, which stand for the captures in
 * them; what is none of these is named on stderr and left out.  False: '*err' says what
 * can not be read; 'inputs' is to be closed all the same. */
bool inputs_open(struct inputs *inputs, const struct options *options,
                 struct policap_error *err);

/* Was there a packet of the time from which on none is wanted? */
bool inputs_went_on(const struct inputs *inputs);

void inputs_close(struct inputs *inputs);

#endif
