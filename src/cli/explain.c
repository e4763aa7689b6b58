/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policap rules explain, and check --explain: why.
 */
#include "report/explain.h"
#include "audit/explain.h"
#include "base/error.h"
#include "cli/shared.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { OPERANDS_MIN = 4, OPERANDS_MAX = 5, NAME_LEN = 254 };

/* Reads "10.0.0.1", "10.0.0.1:80", "2001:db8::1" or "[2001:db8::1]:80". */
static bool endpoint_parse(const char *text, struct addr *addr, uint16_t *port)
{
    char host[ADDR_TEXT_LEN + 2];
    const char *colon = strrchr(text, ':');
    bool bracket = text[0] == '[';
    size_t len = strlen(text);

    *port = 0;
    if (colon && (bracket ? colon[-1] == ']' : strchr(text, ':') == colon)) {
        char *end;
        unsigned long n = strtoul(colon + 1, &end, 10);

        if (!isdigit((unsigned char)colon[1]) || *end || n == 0 || n > UINT16_MAX) {
            return false;
        }
        *port = (uint16_t)n;
        len = (size_t)(colon - text);
    }
    if (bracket) {
        if (len < 2 || text[len - 1] != ']') {
            return false;
        }
        text++;
        len -= 2;
    }
    if (len >= sizeof host) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    return addr_parse(host, addr);
}

/* explain TRANSPORT SRC[:PORT] DST:PORT [NAME] */
static bool flow_parse(const struct options *o, struct explain_flow *flow,
                       char name[static NAME_LEN], struct policap_error *err)
{
    const char *transport = o->operands[1];

    memset(flow, 0, sizeof *flow);
    flow->transport = strcmp(transport, "tcp") == 0   ? TRANSPORT_TCP
                      : strcmp(transport, "udp") == 0 ? TRANSPORT_UDP
                                                      : 0;
    if (!flow->transport) {
        return fail(err, "rules explain %.20s: the transport is tcp or udp", transport);
    }
    if (!endpoint_parse(o->operands[2], &flow->src, &flow->src_port)) {
        return fail(err, "rules explain: %.80s: write ADDRESS or ADDRESS:PORT",
                    o->operands[2]);
    }
    if (!endpoint_parse(o->operands[3], &flow->dst, &flow->dst_port) ||
        flow->dst_port == 0) {
        return fail(err,
                    "rules explain: %.80s: write ADDRESS:PORT, [ADDRESS]:PORT for IPv6",
                    o->operands[3]);
    }
    if (o->n_operands == OPERANDS_MAX) {
        const char *given = o->operands[4];

        if (strlen(given) >= NAME_LEN || !*given) {
            return fail(err, "rules explain: %.80s...: no name is so long", given);
        }
        for (size_t i = 0; i <= strlen(given); i++) {
            name[i] = (char)tolower((unsigned char)given[i]);
        }
        flow->name = name;
    }
    return true;
}

int rules_explain(const struct options *o, const struct policy *policy, FILE *out)
{
    struct policap_error err;
    struct explain_flow flow;
    char name[NAME_LEN];
    json_t *explanation;
    bool ok;

    if (!flow_parse(o, &flow, name, &err)) {
        return complain(err.text);
    }
    explanation = explain_flow(policy, &flow);
    ok = report_write_explanation(out, explanation, o->format != FORMAT_JSON,
                                  wants_colour(o));
    json_decref(explanation);
    return ok ? EXIT_FITS : complain("rules: cannot write");
}

bool rules_explain_operands(const struct options *o)
{
    return o->n_operands >= OPERANDS_MIN && o->n_operands <= OPERANDS_MAX;
}

bool write_finding_explained(const struct options *o, const struct judgement *judgement,
                             struct policap_error *err)
{
    const struct finding *finding = explain_find(judgement, o->explain);
    json_t *explanation;
    FILE *out;
    bool ok;

    if (!finding) {
        return fail(err,
                    "--explain %.60s: there %s %zu finding%s: name one as F1, or by "
                    "its id",
                    o->explain, judgement->n_findings == 1 ? "is" : "are",
                    judgement->n_findings, judgement->n_findings == 1 ? "" : "s");
    }
    if (!(out = output_open(o, err))) {
        return false;
    }
    explanation = explain_finding(judgement, finding);
    ok = report_write_explanation(out, explanation, wants_text(o), wants_colour(o));
    json_decref(explanation);
    return output_close(o, out, err) &&
           (ok || fail(err, "the explanation could not be written"));
}
