/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Why: of a verdict over a flow that is only spoken of, and of a finding.
 *
 * An explanation is one JSON object, so that text and JSON come from one source:
 *
 *   schema, title, and what is asked for by name (verdict, row, ...)
 *   rows       the rows that were tried: {row, fits, place, via, failed, why}
 *   sections   [{title, lines[]}]: all of it for a person, in order
 *
 * It cites rules and evidence, never code: with it and Wireshark a person can come to
 * the verdict without this program.
 */
#ifndef AUDIT_EXPLAIN_H
#define AUDIT_EXPLAIN_H

#include "audit/judge.h"

#include <jansson.h>

/* A flow that 'src' opens. */
struct explain_flow {
    uint8_t transport; /* TRANSPORT_TCP or TRANSPORT_UDP */
    struct addr src, dst;
    uint16_t src_port, dst_port; /* src_port 0: an ephemeral one. */
    const char *name;            /* Of the peer, lower case; NULL: none is known. */
};

/* What a flow would be to the policy.  The phone is its opener, but where the site file
 * lists only the other end as a phone's, or gives only the opener a role.  NULL: out of
 * memory. */
json_t *explain_flow(const struct policy *policy, const struct explain_flow *flow);

/* Why a finding of the judgement says what it says.  NULL: out of memory. */
json_t *explain_finding(const struct judgement *judgement,
                        const struct finding *finding);

/* The finding that "F3", "3" or an id names, or NULL. */
const struct finding *explain_find(const struct judgement *judgement, const char *name);

#endif
