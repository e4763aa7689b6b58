/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Problems and findings of the JSON report.
 */
#include "report/json_parts.h"

#include "report/evidence.h"
#include "report/words.h"

#include <stdio.h>

static json_t *row_ids(const struct policy *policy, const uint32_t *rows, size_t n)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < n; i++) {
        ok = json_append(array, json_row(policy, (long)rows[i])) && ok;
    }
    return json_whole(array, ok);
}

/* A finding over the fleet has no device: the object is there, and holds nothing. */
static json_t *device_part(const struct finding *finding)
{
    const struct device *device = finding->device;
    char mac[MAC_TEXT_LEN];

    if (!device) {
        return json_pack("{s:n, s:n, s:[], s:n, s:n, s:n}", "key", "ip", "ips", "mac",
                         "identified_by", "joined_by");
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "key", json_text(device->key),
                     "ip", json_addr(finding->has_ip, &finding->ip), "ips",
                     json_addrs(device->addrs, device->n_addrs), "mac",
                     json_text(device->has_mac ? mac_format(&device->mac, mac) : NULL),
                     "identified_by", json_text(identity_name(device->identified_by)),
                     "joined_by", json_text(device->joined_by));
}

static json_t *peer_part(const struct finding *finding)
{
    const char *source =
        finding->peer_name ? name_source_name(finding->name_source) : NULL;

    return json_pack("{s:o, s:o, s:o}", "name", json_text(finding->peer_name),
                     "name_source", json_text(source), "ips",
                     json_addrs(finding->peer_ips, finding->n_peer_ips));
}

static json_t *ports_part(const struct finding *finding)
{
    json_t *array = json_array();
    bool ok = array;

    if (finding->n_ports == 0) {
        return json_whole(array, json_append(array, json_count(finding->port)));
    }
    for (size_t i = 0; i < finding->n_ports; i++) {
        ok = json_append(array, json_count(finding->ports[i])) && ok;
    }
    return json_whole(array, ok);
}

static json_t *episodes_part(const struct finding *finding)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < finding->n_episodes; i++) {
        const struct episode *e = &finding->episodes[i];

        ok = json_append(array,
                         json_pack("{s:o, s:o, s:o, s:o}", "from",
                                   json_time(e->from_ns), "to", json_time(e->to_ns),
                                   "outcome", json_text(outcome_name(e->outcome)),
                                   "attempts", json_count(e->attempts))) &&
             ok;
    }
    return json_whole(array, ok);
}

static json_t *frames_part(const struct evidence *evidence)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < evidence->n; i++) {
        ok = json_append(array, json_count(evidence->frames[i])) && ok;
    }
    return json_whole(array, ok);
}

/* Community IDs are of flows, not of captures: they stand at the first capture. */
static json_t *evidence_object(const struct finding *finding, json_t *path,
                               json_t *frames, bool is_first)
{
    json_t *ids = json_array();
    bool ok = ids;

    for (size_t i = 0; is_first && i < finding->n_community_ids; i++) {
        ok = json_append(ids, json_text(finding->community_ids[i])) && ok;
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "capture", path, "frames", frames,
                     "filter", json_text(finding->filter[0] ? finding->filter : NULL),
                     "community_ids", json_whole(ids, ok));
}

/* A finding without frames (of a row not seen) has no evidence, unless it has
 * Community IDs. */
static json_t *evidence_part(const struct tally *tally, const struct finding *finding)
{
    struct evidence captures[FINDING_FRAMES];
    size_t n = evidence_of(tally, finding, captures);
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < n; i++) {
        ok = json_append(array,
                         evidence_object(finding, json_text(captures[i].capture->path),
                                         frames_part(&captures[i]), i == 0)) &&
             ok;
    }
    if (n == 0 && finding->n_community_ids > 0) {
        ok = json_append(array,
                         evidence_object(finding, json_null(), json_array(), true));
    }
    return json_whole(array, ok);
}

/* What the finding is, up to the peer. */
static json_t *finding_head(const struct judgement *judgement,
                            const struct finding *finding, uint64_t number)
{
    const struct policy *policy = judgement->policy;
    const char *group =
        finding->row < 0 ? NULL : policy_row(policy, (size_t)finding->row)->group;
    char advice[8] = "";

    if (finding->advice) {
        snprintf(advice, sizeof advice, "A%u", finding->advice);
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "id", json_text(finding->id), "no", json_count(number), "problem",
                     json_text(finding->problem[0] ? finding->problem : NULL), "kind",
                     json_text(finding_kind_name(finding->kind)), "advice",
                     json_text(advice[0] ? advice : NULL), "candidates",
                     row_ids(policy, finding->candidates, finding->n_candidates),
                     "severity", json_text(words_severity(finding->severity)), "row",
                     json_row(policy, finding->row), "group", json_text(group),
                     "shared_with",
                     row_ids(policy, finding->shared_with, finding->n_shared), "device",
                     device_part(finding), "peer", peer_part(finding));
}

static json_t *finding_outcome(const struct finding *finding)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "transport",
                     json_text(words_transport(finding->transport)), "port",
                     json_count(finding->port), "ports", ports_part(finding),
                     "initiator", json_text(finding->from_peer ? "peer" : "device"),
                     "outcome", json_text(outcome_name(finding->outcome)), "cause",
                     json_text(cause_name(finding->cause)), "blocked_by",
                     json_addr(finding->has_by, &finding->by), "confidence",
                     json_text(confidence_name(finding->confidence)), "scope",
                     json_text(scope_name(finding->scope)), "owner",
                     json_text(owner_name(finding->owner)));
}

static json_t *finding_tail(const struct judgement *judgement,
                            const struct finding *finding)
{
    const char *reference =
        finding->row < 0
            ? NULL
            : policy_row(judgement->policy, (size_t)finding->row)->reference;

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "attempts",
        json_count(finding->attempts), "flows", json_count(finding->flows), "packets",
        json_count(finding->packets), "first_seen", json_time(finding->first_ns),
        "last_seen", json_time(finding->last_ns), "resolved",
        json_boolean(finding->resolved), "episodes", episodes_part(finding), "evidence",
        evidence_part(judgement->tally, finding), "means", json_text(finding->means),
        "do", json_text(finding->todo), "reference", json_text(reference));
}

static json_t *finding_object(const struct judgement *judgement,
                              const struct finding *finding, uint64_t number)
{
    json_t *object = finding_head(judgement, finding, number);
    json_t *outcome = finding_outcome(finding);
    json_t *tail = finding_tail(judgement, finding);
    bool ok = outcome && tail && json_object_update(object, outcome) == 0 &&
              json_object_update(object, tail) == 0;
    json_t *located;

    /* Only captures of named taps can tell. */
    if (judgement->tally->n_taps > 0) {
        located = json_text(finding->located[0] ? finding->located : NULL);
        ok = json_object_set_new(object, "located", located) == 0 && ok;
    }

    json_decref(outcome);
    json_decref(tail);
    return json_whole(object, ok);
}

json_t *json_finding(const struct judgement *judgement, size_t i)
{
    return finding_object(judgement, &judgement->findings[i], i + 1);
}

json_t *json_findings(const struct judgement *judgement)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < judgement->n_findings; i++) {
        ok = json_append(array, json_finding(judgement, i)) && ok;
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
