/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Problems of the JSON report.
 */
#include "report/json_parts.h"

#include "report/evidence.h"
#include "report/words.h"

static json_t *frames_part(const struct evidence *evidence)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < evidence->n; i++) {
        ok = json_append(array, json_count(evidence->frames[i])) && ok;
    }
    return json_whole(array, ok);
}

static json_t *gap_object(const struct judgement *judgement, const struct link_gap *gap)
{
    struct evidence captures[FINDING_FRAMES];
    size_t n =
        evidence_of_frames(judgement->tally, gap->frames, gap->n_frames, captures);
    json_t *evidence = json_array();
    bool ok = evidence;

    for (size_t i = 0; i < n; i++) {
        ok = json_append(evidence, json_pack("{s:o, s:o}", "capture",
                                             json_text(captures[i].capture->path),
                                             "frames", frames_part(&captures[i]))) &&
             ok;
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "device", json_text(gap->device->key),
                     "from", json_time(gap->from_ns), "to", json_time(gap->to_ns),
                     "attempts", json_count(gap->attempts), "evidence",
                     json_whole(evidence, ok));
}

/* What only a link gap has: when it was, and for whom. */
static json_t *problem_add_gaps(json_t *object, const struct judgement *judgement,
                                const struct problem *problem)
{
    json_t *gaps = json_array();
    bool ok = gaps && object;

    for (size_t i = 0; i < problem->n_gaps; i++) {
        ok = json_append(gaps, gap_object(judgement, &problem->gaps[i])) && ok;
    }
    ok = ok &&
         json_object_set_new(object, "first_seen", json_time(problem->first_ns)) == 0;
    ok = ok &&
         json_object_set_new(object, "last_seen", json_time(problem->last_ns)) == 0;
    gaps = json_whole(gaps, ok);
    ok = gaps && json_object_set_new(object, "gaps", gaps) == 0;
    return json_whole(object, ok);
}

static json_t *problem_object(const struct judgement *judgement,
                              const struct problem *problem)
{
    const char *kind = problem->n_gaps ? "link-gap" : finding_kind_name(problem->kind);
    json_t *findings = json_array();
    bool ok = findings;

    for (size_t i = 0; i < problem->n_findings; i++) {
        ok = json_append(findings, json_text(problem->findings[i]->id)) && ok;
    }
    json_t *object = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o}",
                               "id", json_text(problem->id), "kind", json_text(kind),
                               "row", json_row(judgement->policy, problem->row),
                               "cause", json_text(cause_name(problem->cause)),
                               "blocked_by", json_addr(problem->has_by, &problem->by),
                               "owner", json_text(owner_name(problem->owner)), "scope",
                               json_text(scope_name(problem->scope)), "devices",
                               "affected", json_count(problem->affected), "unaffected",
                               json_count(problem->unaffected), "findings",
                               json_whole(findings, ok));
    return problem->n_gaps ? problem_add_gaps(object, judgement, problem) : object;
}

json_t *json_problems(const struct judgement *judgement)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < judgement->n_problems; i++) {
        ok = json_append(array, problem_object(judgement, &judgement->problems[i])) &&
             ok;
    }
    return json_whole(array, ok);
}
