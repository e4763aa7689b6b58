/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Findings of the JSON report.  There may be one for every flow, so they are written
 * field by field, without a tree.
 */
#include "report/json_parts.h"

#include "report/evidence.h"
#include "report/words.h"

#include <stdio.h>

static void put_rows(struct line_writer *line, const char *key,
                     const struct policy *policy, const uint32_t *rows, size_t n)
{
    line_open(line, key, '[');
    for (size_t i = 0; i < n; i++) {
        line_text(line, NULL, words_row_id(policy, (long)rows[i]));
    }
    line_close(line, ']');
}

/* A finding over the fleet has no device: the object is there, and holds nothing. */
static void put_device(struct line_writer *line, const struct finding *f)
{
    const struct device *d = f->device;
    char mac[MAC_TEXT_LEN];

    line_open(line, "device", '{');
    line_text(line, "key", d ? d->key : NULL);
    json_put_addr(line, "ip", d && f->has_ip ? &f->ip : NULL);
    json_put_addrs(line, "ips", d ? d->addrs : NULL, d ? d->n_addrs : 0);
    line_text(line, "mac", d && d->has_mac ? mac_format(&d->mac, mac) : NULL);
    line_text(line, "identified_by", d ? identity_name(d->identified_by) : NULL);
    line_text(line, "joined_by", d ? d->joined_by : NULL);
    line_close(line, '}');
}

static void put_peer(struct line_writer *line, const struct finding *f)
{
    line_open(line, "peer", '{');
    line_text(line, "name", f->peer_name);
    line_text(line, "name_source",
              f->peer_name ? name_source_name(f->name_source) : NULL);
    json_put_addrs(line, "ips", f->peer_ips, f->n_peer_ips);
    line_close(line, '}');
}

/* What the finding is, up to the peer. */
static void put_head(struct line_writer *line, const struct judgement *judgement,
                     const struct finding *f, uint64_t number)
{
    const struct policy *policy = judgement->policy;
    char advice[8];

    snprintf(advice, sizeof advice, "A%u", f->advice);
    line_text(line, "id", f->id);
    line_count(line, "no", number);
    line_text(line, "problem", f->problem[0] ? f->problem : NULL);
    line_text(line, "kind", finding_kind_name(f->kind));
    line_text(line, "advice", f->advice ? advice : NULL);
    put_rows(line, "candidates", policy, f->candidates, f->n_candidates);
    line_text(line, "severity", words_severity(f->severity));
    line_text(line, "row", words_row_id(policy, f->row));
    line_text(line, "group",
              f->row < 0 ? NULL : policy_row(policy, (size_t)f->row)->group);
    put_rows(line, "shared_with", policy, f->shared_with, f->n_shared);
    put_device(line, f);
    put_peer(line, f);
}

static void put_ports(struct line_writer *line, const struct finding *f)
{
    line_open(line, "ports", '[');
    for (size_t i = 0; i < f->n_ports; i++) {
        line_count(line, NULL, f->ports[i]);
    }
    if (f->n_ports == 0) {
        line_count(line, NULL, f->port);
    }
    line_close(line, ']');
}

static void put_outcome(struct line_writer *line, const struct finding *f)
{
    line_text(line, "transport", words_transport(f->transport));
    line_count(line, "port", f->port);
    put_ports(line, f);
    line_text(line, "initiator", f->from_peer ? "peer" : "device");
    line_text(line, "outcome", outcome_name(f->outcome));
    line_text(line, "cause", cause_name(f->cause));
    json_put_addr(line, "blocked_by", f->has_by ? &f->by : NULL);
    line_text(line, "confidence", confidence_name(f->confidence));
    line_text(line, "scope", scope_name(f->scope));
    line_text(line, "owner", owner_name(f->owner));
}

static void put_episodes(struct line_writer *line, const struct finding *f)
{
    line_open(line, "episodes", '[');
    for (size_t i = 0; i < f->n_episodes; i++) {
        const struct episode *e = &f->episodes[i];

        line_open(line, NULL, '{');
        json_put_time(line, "from", e->from_ns);
        json_put_time(line, "to", e->to_ns);
        line_text(line, "outcome", outcome_name(e->outcome));
        line_count(line, "attempts", e->attempts);
        line_close(line, '}');
    }
    line_close(line, ']');
}

/* Community IDs are of flows, not of captures: they stand at the first capture. */
static void put_evidence_of(struct line_writer *line, const struct finding *f,
                            const struct evidence *evidence, bool is_first)
{
    line_open(line, NULL, '{');
    line_text(line, "capture", evidence ? evidence->capture->path : NULL);
    line_open(line, "frames", '[');
    for (size_t i = 0; evidence && i < evidence->n; i++) {
        line_count(line, NULL, evidence->frames[i]);
    }
    line_close(line, ']');
    line_text(line, "filter", f->filter[0] ? f->filter : NULL);
    line_open(line, "community_ids", '[');
    for (size_t i = 0; is_first && i < f->n_community_ids; i++) {
        line_text(line, NULL, f->community_ids[i]);
    }
    line_close(line, ']');
    line_close(line, '}');
}

/* A finding without frames (of a row not seen) has no evidence, unless it has
 * Community IDs. */
static void put_evidence(struct line_writer *line, const struct tally *tally,
                         const struct finding *f)
{
    struct evidence captures[FINDING_FRAMES];
    size_t n = evidence_of(tally, f, captures);

    line_open(line, "evidence", '[');
    for (size_t i = 0; i < n; i++) {
        put_evidence_of(line, f, &captures[i], i == 0);
    }
    if (n == 0 && f->n_community_ids > 0) {
        put_evidence_of(line, f, NULL, true);
    }
    line_close(line, ']');
}

static void put_tail(struct line_writer *line, const struct judgement *judgement,
                     const struct finding *f)
{
    line_count(line, "attempts", f->attempts);
    line_count(line, "flows", f->flows);
    line_count(line, "packets", f->packets);
    json_put_time(line, "first_seen", f->first_ns);
    json_put_time(line, "last_seen", f->last_ns);
    line_bool(line, "resolved", f->resolved);
    put_episodes(line, f);
    put_evidence(line, judgement->tally, f);
    line_text(line, "means", f->means);
    line_text(line, "do", f->todo);
    line_text(line, "reference",
              f->row < 0 ? NULL
                         : policy_row(judgement->policy, (size_t)f->row)->reference);
    /* Only captures of named taps can tell. */
    if (judgement->tally->n_taps > 0) {
        line_text(line, "located", f->located[0] ? f->located : NULL);
    }
}

void json_put_findings(struct line_writer *line, const struct judgement *judgement)
{
    line_open(line, "findings", '[');
    for (size_t i = 0; i < judgement->n_findings; i++) {
        const struct finding *f = &judgement->findings[i];

        line_open(line, NULL, '{');
        put_head(line, judgement, f, i + 1);
        put_outcome(line, f);
        put_tail(line, judgement, f);
        line_close(line, '}');
    }
    line_close(line, ']');
}
