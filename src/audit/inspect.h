/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Can a capture be trusted: what `policap inspect` tells, as text and as JSON.
 *
 * A judgement knows what can be trusted before anybody is accused (DESIGN 3.5); here it
 * is gathered for a reader who asks just that: notes with what to do about each, the
 * worst first, and for each row whether this capture can judge it.
 */
#ifndef AUDIT_INSPECT_H
#define AUDIT_INSPECT_H

#include "audit/judge.h"

enum { INSPECT_NOTES = 48, INSPECT_VLANS = 8, INSPECT_HOLES = 16 };

/* What is wrong with a capture, the worst last. */
enum inspect_kind {
    INSPECT_GOOD, /* Of a note: worth to know, and nothing wrong. */
    INSPECT_LIMITED,
    INSPECT_LOSSY,
    INSPECT_CUT,
    INSPECT_DOUBLED,
    INSPECT_ONE_WAY,
    INSPECT_NO_PHONE,
    INSPECT_HIDDEN,
    INSPECT_EMPTY,
    INSPECT_KINDS
};

const char *inspect_kind_name(enum inspect_kind kind);

struct inspect_note {
    enum inspect_kind kind;
    char text[400]; /* A sentence; its first words name the kind. */
    char todo[400]; /* "" where there is nothing to do. */
};

/* Can the capture judge a row? */
struct inspect_row {
    uint32_t row;
    bool judged;
    char why[200]; /* "" where it can. */
};

struct inspect_vlans {
    uint16_t ids[INSPECT_VLANS]; /* 0: without a tag. */
    size_t n;
};

struct inspection {
    const struct judgement *judgement;
    struct inspect_note notes[INSPECT_NOTES]; /* The worst first; the verdict is [0]. */
    size_t n_notes;
    struct inspect_row *rows; /* Of each row that the site uses. */
    size_t n_rows;
    int64_t window_ns; /* The longest time without a hole. */
    struct window holes[INSPECT_HOLES];
    size_t n_holes;
    uint64_t packets, bytes, cut_packets, dropped, copies;
    uint64_t undecoded[DECODE_RESULTS], encap[ENCAPS];
    uint64_t heard, spoken; /* Packets toward the phones, and from them. */
    struct inspect_vlans phone_vlans, peer_vlans;
    struct prefix subnets[FINDING_IPS]; /* Of the suspects. */
    size_t n_subnets;
};

/* Releases with inspection_free().  NULL: out of memory.  Borrows the judgement. */
struct inspection *inspect(const struct judgement *judgement);
void inspection_free(struct inspection *inspection);

#endif
