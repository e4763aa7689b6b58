/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Grouping frames by capture.
 */
#include "report/evidence.h"

size_t evidence_of(const struct tally *tally, const struct finding *finding,
                   struct evidence out[static FINDING_FRAMES])
{
    return evidence_of_frames(tally, finding->frames, finding->n_frames, out);
}

size_t evidence_of_frames(const struct tally *tally, const uint32_t *frames,
                          size_t n_frames, struct evidence out[static FINDING_FRAMES])
{
    size_t n = 0;

    for (size_t i = 0; i < n_frames && i < FINDING_FRAMES; i++) {
        uint64_t number;
        const struct tally_capture *capture =
            tally_capture_of(tally, frames[i], &number);
        size_t at = 0;

        if (!capture) {
            continue;
        }
        while (at < n && out[at].capture != capture) {
            at++;
        }
        if (at == n) {
            out[n++] = (struct evidence){.capture = capture};
        }
        out[at].frames[out[at].n++] = number;
    }
    return n;
}
