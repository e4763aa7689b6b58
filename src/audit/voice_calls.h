/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Calls, as judging looks at them: what voice_calls.c finds and voice_media.c uses.
 */
#ifndef AUDIT_VOICE_CALLS_H
#define AUDIT_VOICE_CALLS_H

#include "audit/judging.h"

enum {
    PROTO_UDP = 17,
    HANG_UP_S = 1, /* What still comes after BYE. */
    LOOK_BACK = 64 /* Calls, sessions, senders that are looked at. */
};

static const int64_t second_ns = 1000000000;

/* A host took part in SIP signalling that was answered. */
struct session {
    struct addr host;
    int64_t first_ns, last_ns;
};

struct end {
    struct addr addr;
    uint16_t port;
};

struct calls {
    const struct expectation **announced; /* By address, port. */
    size_t n_announced;
    const struct media **heard; /* By the end it went to. */
    size_t n_heard;
    uint32_t *held; /* Calls in which somebody put the other on hold, sorted. */
    size_t n_held;
    struct end *servers; /* Asked in SIP at ports that are not SIP's own; sorted. */
    size_t n_servers;
    struct session *sessions; /* By host. */
    size_t n_sessions;
};

/* A flow, and the SDPs that announced its ends. */
struct call_media {
    struct end phone, peer;
    const struct expectation *mine, *theirs; /* Of one call; NULL: not announced. */
    const struct call *call;                 /* NULL: not seen. */
    bool rtcp;
};

int calls_end_cmp(const struct addr *a, uint16_t a_port, const struct addr *b,
                  uint16_t b_port);
int calls_number_cmp(const void *a, const void *b);

/* The media of SDP that the flow is, seen from the device: its RTP, 'rtcp' telling that
 * the flow is the RTCP beside.  False: none announced it. */
bool calls_stream(const struct judging *j, const struct cell *cell, bool inbound,
                  struct call_media *out);

/* What went from one end to the other, or NULL. */
const struct media *calls_media(const struct judging *j, const struct end *from,
                                const struct end *to);

#endif
