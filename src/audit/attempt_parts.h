/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files share that make attempts of pieces.
 */
#ifndef AUDIT_ATTEMPT_PARTS_H
#define AUDIT_ATTEMPT_PARTS_H

#include "audit/attempt.h"

/* The same, sent again and again. */
struct repetition {
    uint32_t n;
    int64_t first_ns, last_ns;
};

/* Does the ICMP error speak of the path to the peer, and not of path MTU or a loop? */
bool attempt_icmp_stops(const struct flow_icmp *icmp);

/* Does what the opener sent prove that it was answered, though no answer was seen? */
bool attempt_proves_answer(const struct flow_end *opener);

/* Does an end acknowledge what the other was never seen to send? */
bool attempt_acknowledges_unseen(const struct flow_end *end,
                                 const struct flow_end *other);

/* Did the opener go on with its last segment, and only with it? */
bool attempt_is_stalled(const struct flow_end *o);

/* The sign of a connection that 'o' opened to 'r', and what was repeated. */
enum attempt_sign attempt_tcp_sign(const struct piece *piece, const struct flow_end *o,
                                   const struct flow_end *r, struct repetition *again);

#endif
