/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text report: problems, one paragraph each, and findings with their evidence.
 */
#include "report/evidence.h"
#include "report/text_parts.h"
#include "report/words.h"

enum {
    HANG = 16,
    MAX_FINDINGS = 100, /* Printed; the JSON report has all. */
    MAX_FULL = 3,       /* Told in full of one problem. */
    MAX_LISTED = 12,    /* Findings named by one problem. */
    MAX_SHOWN_IPS = 4
};

static enum text_style severity_style(uint8_t severity)
{
    return severity == 1 ? STYLE_BAD : severity == 2 ? STYLE_WARN : STYLE_PLAIN;
}

/* "google-fcm (Push messages)". */
static void put_row(struct text_writer *text, const struct policy *policy, long row)
{
    const struct policy_row *r = row < 0 ? NULL : policy_row(policy, (size_t)row);

    if (!r) {
        text_say(text, "no row of the rules");
    } else if (r->title && r->title[0]) {
        text_say(text, "%s (%s)", r->id, r->title);
    } else {
        text_say(text, "%s", r->id);
    }
}

static void put_cause(struct text_writer *text, enum finding_kind kind,
                      enum cause cause, const struct addr *by)
{
    const char *clause =
        words_cause(cause) ? words_cause(cause) : words_kind_clause(kind);
    char address[ADDR_TEXT_LEN];

    text_sentence(text, clause);
    if (by) {
        text_say(text, "Stopped by %s.", addr_format(by, address));
    }
}

/* "TCP 22 from 10.50.0.77", of the first finding; others may have other peers. */
static void put_target(struct text_writer *text, const struct problem *problem)
{
    const struct finding *first = problem->n_findings ? problem->findings[0] : NULL;
    char address[ADDR_TEXT_LEN];

    if (!first) {
        return;
    }
    text_say(text, "- %s %u", words_transport_upper(first->transport), first->port);
    if (first->peer_name || first->n_peer_ips) {
        text_say(text, "%s %s", first->from_peer ? "from" : "to",
                 first->peer_name ? first->peer_name
                                  : addr_format(&first->peer_ips[0], address));
    }
    if (problem->n_findings > 1) {
        text_say(text, "and others");
    }
}

static void put_references(struct text_writer *text, const struct judgement *judgement,
                           const struct problem *problem)
{
    size_t n = problem->n_findings;
    size_t listed = n > MAX_LISTED ? MAX_LISTED : n;

    if (n > 0) {
        text_say(text, n == 1 ? "Finding" : "Findings");
    }
    for (size_t k = 0; k < listed; k++) {
        text_say(text, "F%td%s", problem->findings[k] - judgement->findings + 1,
                 k + 1 < n ? "," : ".");
    }
    if (listed < n) {
        text_say(text, "and %zu more.", n - listed);
    }
}

static void put_what(struct text_writer *text, const struct judgement *judgement,
                     const struct problem *problem)
{
    text_styled(text, STYLE_STRONG, words_kind_title(problem->kind));
    text_say(text, "-");
    put_row(text, judgement->policy, problem->row);
    put_target(text, problem);
    page_line(text, 6, 6);
    put_cause(text, problem->kind, problem->cause,
              problem->has_by ? &problem->by : NULL);
}

static void put_gap(struct text_writer *text, const struct problem *problem)
{
    text_styled(text, STYLE_STRONG, "Radio gap");
    text_say(text, "-");
    text_span(text, problem->first_ns, problem->last_ns);
    page_line(text, 6, 6);
    text_say(text, "All that %s%s tried stayed silent, the resolver among it.",
             problem->gaps[0].device->key, problem->n_gaps > 1 ? " and others" : "");
    text_say(text, "What failed meanwhile is not called blocked.");
}

static void put_problem(struct text_writer *text, const struct judgement *judgement,
                        size_t i)
{
    const struct problem *problem = &judgement->problems[i];

    if (i > 0) {
        text_gap(text);
    }
    page_line(text, 2, 6);
    text_say(text, "%zu.", i + 1);
    text_tab(text, 6);
    if (problem->n_gaps) {
        put_gap(text, problem);
    } else {
        put_what(text, judgement, problem);
    }
    page_number(text, problem->affected, text_device_noun(judgement), " affected,");
    text_say(text, "%zu not.", problem->unaffected);
    if (judgement->n_devices > 1) {
        text_say(text, "It hits %s.", words_scope(problem->scope));
    }
    text_say(text, "For %s.", words_owner(problem->owner));
    put_references(text, judgement, problem);
}

void text_problems(struct text_writer *text, const struct judgement *judgement)
{
    if (judgement->n_problems == 0) {
        return;
    }
    text_heading(text, "Problems");
    for (size_t i = 0; i < judgement->n_problems; i++) {
        put_problem(text, judgement, i);
    }
}

static void put_device(struct text_writer *text, const struct judgement *judgement,
                       const struct finding *finding)
{
    const struct device *device = finding->device;
    char address[ADDR_TEXT_LEN];

    if (!device) {
        return;
    }
    text_label(text, 6, text_device_noun(judgement)[0] == 'h' ? "Host" : "Phone", HANG);
    if (finding->has_ip) {
        text_say(text, "%s", addr_format(&finding->ip, address));
    }
    if (!finding->has_ip || strcmp(address, device->key) != 0) {
        text_say(text, finding->has_ip ? "(%s)" : "%s", device->key);
    }
}

static void put_ports(struct text_writer *text, const struct finding *finding)
{
    text_say(text, "%s %u", words_transport_upper(finding->transport), finding->port);
    if (finding->n_ports > 1) {
        text_say(text, "(all ports:");
        for (size_t i = 0; i < finding->n_ports; i++) {
            text_say(text, "%u%s", finding->ports[i],
                     i + 1 < finding->n_ports ? "," : ")");
        }
    }
}

static void put_peer(struct text_writer *text, const struct finding *finding)
{
    size_t n =
        finding->n_peer_ips > MAX_SHOWN_IPS ? MAX_SHOWN_IPS : finding->n_peer_ips;
    char address[ADDR_TEXT_LEN];

    text_label(text, 6, "Peer", HANG);
    if (finding->peer_name) {
        text_say(text, "%s", finding->peer_name);
    }
    for (size_t i = 0; i < n; i++) {
        text_say(text, "%s%s", addr_format(&finding->peer_ips[i], address),
                 i + 1 < n ? "," : "");
    }
    if (n < finding->n_peer_ips) {
        text_say(text, "and %zu more", finding->n_peer_ips - n);
    }
    if (finding->peer_name || n > 0) {
        text_say(text, "-");
    }
    put_ports(text, finding);
    if (finding->from_peer) {
        text_say(text, "(the peer opens it)");
    }
}

static void put_when(struct text_writer *text, const struct finding *finding)
{
    if (!finding->first_ns) {
        return; /* It never happened: a row not seen, some advice. */
    }
    text_label(text, 6, "When", HANG);
    text_span(text, finding->first_ns, finding->last_ns);
    page_line(text, HANG, HANG);
    page_number(text, finding->attempts, "attempt", ",");
    page_number(text, finding->flows, "flow", ",");
    page_number(text, finding->packets, "packet", "");
    if (finding->resolved) {
        text_styled(text, STYLE_GOOD, "- works again");
    }
}

static void put_evidence(struct text_writer *text, const struct tally *tally,
                         const struct finding *finding)
{
    struct evidence captures[FINDING_FRAMES];
    size_t n = evidence_of(tally, finding, captures);

    for (size_t i = 0; i < n; i++) {
        text_label(text, 6, i == 0 ? "Evidence" : "", HANG);
        text_say(text, "%s", captures[i].capture->path);
        text_say(text, captures[i].n == 1 ? "frame" : "frames");
        for (size_t k = 0; k < captures[i].n; k++) {
            text_say(text, "%llu%s", (unsigned long long)captures[i].frames[k],
                     k + 1 < captures[i].n ? "," : "");
        }
    }
    if (finding->filter[0]) {
        text_label(text, 6, "Filter", HANG);
        text_say(text, "%s", finding->filter);
    }
}

static void put_rows(struct text_writer *text, const char *label,
                     const struct policy *policy, const uint32_t *rows, size_t n)
{
    if (n == 0) {
        return;
    }
    text_label(text, 6, label, HANG);
    for (size_t i = 0; i < n; i++) {
        text_say(text, "%s%s", policy_row(policy, rows[i])->id, i + 1 < n ? "," : "");
    }
}

static void put_title(struct text_writer *text, const struct judgement *judgement,
                      size_t i)
{
    const struct finding *finding = &judgement->findings[i];

    if (i > 0) {
        text_gap(text);
    }
    page_line(text, 2, 6);
    text_say(text, "F%zu", i + 1);
    text_styled(text, severity_style(finding->severity),
                words_severity(finding->severity));
    text_styled(text, STYLE_STRONG, words_kind_title(finding->kind));
    if (finding->advice) {
        text_say(text, "A%u", finding->advice);
    }
    text_say(text, "-");
    put_row(text, judgement->policy, finding->row);
}

static void put_finding(struct text_writer *text, const struct judgement *judgement,
                        size_t i)
{
    const struct finding *finding = &judgement->findings[i];
    const struct policy *policy = judgement->policy;

    put_title(text, judgement, i);
    put_device(text, judgement, finding);
    put_peer(text, finding);
    put_rows(text, "May be", policy, finding->candidates, finding->n_candidates);
    put_rows(text, "Also fits", policy, finding->shared_with, finding->n_shared);
    text_label(text, 6, "What", HANG);
    put_cause(text, finding->kind, finding->cause,
              finding->has_by ? &finding->by : NULL);
    if (finding->kind != KIND_ADVICE && finding->kind != KIND_NOT_SEEN) {
        text_say(text, "Confidence %s.", confidence_name(finding->confidence));
    }
    put_when(text, finding);
    if (finding->means[0]) {
        text_label(text, 6, "Means", HANG);
        text_say(text, "%s", finding->means);
    }
    if (finding->todo[0]) {
        text_label(text, 6, "Do", HANG);
        text_say(text, "%s", finding->todo);
    }
    put_evidence(text, judgement->tally, finding);
}

/* Have enough findings of the same problem been told in full?  A fleet that one
 * firewall stops would repeat itself phone by phone. */
static bool is_told(const struct judgement *judgement, size_t i)
{
    const char *problem = judgement->findings[i].problem;
    size_t n = 0;

    for (size_t k = 0; problem[0] && k < i; k++) {
        n += strcmp(judgement->findings[k].problem, problem) == 0;
    }
    return n >= MAX_FULL;
}

static void put_short(struct text_writer *text, const struct judgement *judgement,
                      size_t i)
{
    const struct finding *finding = &judgement->findings[i];

    put_title(text, judgement, i);
    text_say(text, "- like the findings of this problem above");
    put_device(text, judgement, finding);
    put_evidence(text, judgement->tally, finding);
}

void text_findings(struct text_writer *text, const struct judgement *judgement)
{
    size_t n = judgement->n_findings;

    if (n == 0) {
        return;
    }
    text_heading(text, "Findings");
    for (size_t i = 0; i < n && i < MAX_FINDINGS; i++) {
        if (is_told(judgement, i)) {
            put_short(text, judgement, i);
        } else {
            put_finding(text, judgement, i);
        }
    }
    if (n > MAX_FINDINGS) {
        page_line(text, 2, 2);
        text_say(text, "and %zu more; --format json has all.", n - MAX_FINDINGS);
    }
}
