/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the taps say of one flow (locate_flow.c), for what they say of findings
 * (locate.c).
 */
#ifndef AUDIT_LOCATE_H
#define AUDIT_LOCATE_H

#include "audit/judging.h"

enum { EVIDENCE_ROOM = 2 };

/* A tap saw a host talk to hosts inside, or outside. */
struct witness_key {
    struct addr host;
    uint16_t tap;
    uint16_t inside;
};

struct witness {
    struct witness_key key;
    uint32_t frame;
};

struct locating {
    struct judging *j;
    const struct tally *tally;
    struct pool witnesses;
};

/* What the taps say of one flow, or of all flows of a finding. */
enum place_kind {
    PLACE_NONE,
    PLACE_LATE,    /* Another tap was not capturing then. */
    PLACE_UNKNOWN, /* Another tap does not see the phone, or flows disagree. */
    PLACE_BETWEEN,
    PLACE_SENDER, /* Who said no is between. */
    PLACE_BACK,
    PLACE_BEYOND
};

struct place {
    enum place_kind kind;
    unsigned near, far; /* Taps.  BEYOND: 'near' 0 where they cannot be put in order. */
    uint32_t frames[EVIDENCE_ROOM];
};

/* A flow that failed, as one tap saw it. */
struct attempt_view {
    const struct piece *piece;
    const struct flow_end *end; /* Its opener's. */
    unsigned opener;
    enum attempt_sign sign;
};

/* Notes which hosts each tap sees.  The pool is the caller's to release. */
void locate_witnesses(struct locating *locating);

/* Where pieces begin whose keys begin with the first 'len' bytes of 'key'. */
size_t locate_lower_bound(const struct tally *tally, const struct flow_key *key,
                          size_t len);

/* Where the flow of 'failed' stops. */
struct place locate_flow(const struct locating *locating, const struct finding *finding,
                         const struct attempt_view *failed);

#endif
