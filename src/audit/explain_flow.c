/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a flow would be to the policy, had it been seen.
 */
#include "audit/explain_parts.h"

#include <stdio.h>
#include <string.h>

enum { PROTO_TCP = 6, PROTO_UDP = 17 };

static const char *verdict_sentence(enum claim_verdict verdict)
{
    switch (verdict) {
    case CLAIM_DOCUMENTED:
        return "Documented: the first row claims it, by what is known of the peer.";
    case CLAIM_CANDIDATE:
        return "Candidate: only a port fits, or a name that another phone was told. "
               "Never a finding without --strict: a name or a role could still make it "
               "documented.";
    case CLAIM_UNEXPECTED:
        return "Unexpected: no row fits, and nothing that is missing could make one "
               "fit.";
    case CLAIM_UNEXPECTED_INBOUND:
        return "Unexpected: no row lets this host open a flow to a phone.";
    case CLAIM_BACKGROUND:
        return "Background: every network has it. It is counted, never a finding.";
    case CLAIM_UNJUDGED:
    case CLAIM_NONE:
        break;
    }
    return "Not judged.";
}

static bool has_role(const struct policy *policy, const struct addr *addr)
{
    bool has = false;

    for (unsigned r = 0; r < ROLES; r++) {
        has |= policy_role_has(policy, (enum role)r, addr, NULL, 0);
    }
    return has;
}

static bool is_to_phone(const struct policy *policy, const struct explain_flow *flow)
{
    bool src_listed = policy_subnet_listed(policy, &flow->src);
    bool dst_listed = policy_subnet_listed(policy, &flow->dst);

    if (src_listed != dst_listed) {
        return dst_listed;
    }
    return has_role(policy, &flow->src) && !has_role(policy, &flow->dst);
}

static struct cell cell_of_flow(const struct explain_flow *flow, uint32_t name)
{
    struct cell cell;

    memset(&cell, 0, sizeof cell);
    cell.key.client = flow->src;
    cell.key.server = flow->dst;
    cell.key.client_port = flow->src_port;
    cell.key.server_port = flow->dst_port;
    cell.key.proto = flow->transport == TRANSPORT_UDP ? PROTO_UDP : PROTO_TCP;
    cell.key.basis = OPENER_SYN;
    cell.key.names[0] = name;
    cell.key.sources[0] = NAME_SNI;
    cell.attempts = 1;
    return cell;
}

static void say_flow(json_t *document, const struct explain_flow *flow, bool inbound)
{
    char src[ADDR_TEXT_LEN], dst[ADDR_TEXT_LEN], title[400];

    snprintf(title, sizeof title, "%s from %s %s to %s %s port %u%s%.253s",
             flow->transport == TRANSPORT_UDP ? "UDP" : "TCP",
             inbound ? "the peer" : "the phone", addr_format(&flow->src, src),
             inbound ? "the phone" : "the peer", addr_format(&flow->dst, dst),
             flow->dst_port, flow->name ? ", whose name is " : "",
             flow->name ? flow->name : "");
    json_object_set_new(document, "title", json_string(title));
}

static void say_roles(json_t *lines, const struct judging *j,
                      const struct policy_question *q)
{
    char peer[ADDR_TEXT_LEN];
    bool any = false;

    addr_format(&q->peer, peer);
    for (unsigned r = 0; r < ROLES; r++) {
        if (policy_role_has(j->policy, (enum role)r, &q->peer, q->names, q->n_names)) {
            explain_line(lines, "The site file binds %s%s%s to the role %s.", peer,
                         q->n_names ? " or " : "", q->n_names ? q->names[0] : "",
                         role_name((enum role)r));
            any = true;
        }
    }
    if (!any) {
        explain_line(lines, "The site file gives %s no role.", peer);
    }
    explain_line(lines, "%s is %s.", peer,
                 policy_is_inside(j->policy, &q->peer)
                     ? "inside (private, or one of private_prefixes)"
                     : "outside");
    if (policy_set_has(j->policy, "as15169", &q->peer)) {
        explain_line(lines, "%s is in the prefix list as15169 (Google).", peer);
    }
}

static void explain_all(json_t *document, const struct judging *j,
                        const struct explain_flow *flow, const struct cell *cell)
{
    bool inbound = is_to_phone(j->policy, flow);
    struct policy_question question;
    struct claim claim;

    claim_of(j, cell, 0, inbound, &claim);
    claim_question(j, cell, inbound, &claim, &question);
    say_flow(document, flow, inbound);
    json_object_set_new(document, "verdict",
                        json_string(claim_verdict_name(claim.verdict)));
    json_object_set_new(
        document, "row",
        claim_row(&claim) < 0
            ? json_null()
            : json_string(policy_row(j->policy, (size_t)claim_row(&claim))->id));

    json_t *lines = explain_section(document, "Verdict");
    explain_line(lines, "%s", verdict_sentence(claim.verdict));
    say_roles(explain_section(document, "The peer"), j, &question);
    explain_rows(document, j->policy, &question, &claim);
}

json_t *explain_flow(const struct policy *policy, const struct explain_flow *flow)
{
    json_t *document = json_pack("{s:s}", "schema", "policap-explain/1");
    struct judgement out = {.policy = policy};
    struct tally tally;
    struct judging j = {.out = &out, .policy = policy, .tally = &tally};

    if (!document) {
        return NULL;
    }
    tally_init(&tally);
    struct cell cell =
        cell_of_flow(flow, flow->name ? tally_name(&tally, flow->name) : 0);
    if (calls_index(&j)) {
        explain_all(document, &j, flow, &cell);
    }
    calls_free(&j);
    tally_fini(&tally);
    return document;
}
