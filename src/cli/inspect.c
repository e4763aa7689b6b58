/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policap inspect: can this capture be trusted.
 */
#include "report/inspect.h"
#include "base/error.h"
#include "cli/shared.h"

static bool write_inspection(const struct options *o,
                             const struct inspection *inspection,
                             struct policap_error *err)
{
    FILE *out = output_open(o, err);
    bool ok;

    if (!out) {
        return false;
    }
    ok = wants_text(o) ? report_write_inspection_text(out, inspection, wants_colour(o))
                       : report_write_inspection_json(out, inspection);
    return output_close(o, out, err) &&
           (ok || fail(err, "the inspection could not be written"));
}

int command_inspect(const struct options *o)
{
    struct policap_error err;
    struct policy *policy = load_policy(o, &err);
    struct tally *tally = policy ? read_captures(o, false, NULL, &err) : NULL;
    struct judgement *judgement = tally ? judge(tally, policy, &o->judge, &err) : NULL;
    struct inspection *inspection = judgement ? inspect(judgement) : NULL;
    int status = EXIT_FITS;

    if (judgement && !inspection) {
        fail(&err, "out of memory");
    }
    if (!inspection || !write_inspection(o, inspection, &err)) {
        status = complain(err.text);
    }
    inspection_free(inspection);
    judgement_free(judgement);
    tally_release(tally);
    policy_free(policy);
    return status;
}
