/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The frames of a finding, by capture.
 *
 * A finding numbers frames over all captures; Wireshark numbers them in each file.
 */
#ifndef REPORT_EVIDENCE_H
#define REPORT_EVIDENCE_H

#include "audit/judge.h"

struct evidence {
    const struct tally_capture *capture;
    uint64_t frames[FINDING_FRAMES];
    size_t n;
};

/* One entry a capture, in the order of the finding's frames, so that the deciding ones
 * stay first.  Returns their count; a frame of no capture is left out. */
size_t evidence_of(const struct tally *tally, const struct finding *finding,
                   struct evidence out[static FINDING_FRAMES]);

/* The same of at most FINDING_FRAMES frames. */
size_t evidence_of_frames(const struct tally *tally, const uint32_t *frames,
                          size_t n_frames, struct evidence out[static FINDING_FRAMES]);

#endif
