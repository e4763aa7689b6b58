/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Combining pieces: what two observers of one flow saw, or one at two times.
 */
#include "flow/flow.h"

/* How telling an ICMP error is, the most telling highest: a prohibition, then any
 * other unreachable, then the rest (path MTU, time exceeded). */
static int icmp_rank(bool v6, uint8_t type, uint8_t code)
{
    if (v6) {
        return type != 1 ? 1 : code == 1 || code == 5 || code == 6 ? 3 : 2;
    }
    if (type != 3 || code == 4) {
        return 1;
    }
    return code == 9 || code == 10 || code == 13 ? 3 : 2;
}

void flow_icmp_merge(struct flow_icmp *into, const struct flow_icmp *from)
{
    int have = into->n ? icmp_rank(into->v6, into->type, into->code) : 0;
    int come = from->n ? icmp_rank(from->v6, from->type, from->code) : 0;

    if (come == 0 || have > come) {
        return;
    }
    if (come > have) {
        *into = *from;
        return;
    }

    struct flow_icmp merged = from->first_ns < into->first_ns ? *from : *into;
    const struct flow_icmp *late = from->first_ns < into->first_ns ? into : from;
    merged.n = into->n + from->n;
    merged.last_ns = into->last_ns > from->last_ns ? into->last_ns : from->last_ns;
    if (merged.n == 2) {
        merged.frames[1] = late->frames[0];
    }
    merged.frames[2] = late->frames[2];
    *into = merged;
}

/* Do both know where an end began, and differ? */
static bool isn_differs(const struct piece *a, const struct piece *b, unsigned end)
{
    return (a->end[end].seen & b->end[end].seen & END_ISN) &&
           a->end[end].isn != b->end[end].isn;
}

/* Did a SYN open another connection where 'piece' was under way?  The same rule as
 * piece_is_reused_by() has for packets. */
static bool reopens(const struct piece *piece, const struct piece *later, unsigned end)
{
    const struct flow_end *before = &piece->end[end], *after = &later->end[end];

    return after->signs[SIGN_SYN].n && !(before->seen & END_ISN) &&
           (before->seen & END_SEQ) && before->seq_end != after->isn &&
           before->last_ns < after->signs[SIGN_SYN].first_ns;
}

bool piece_continues(const struct piece *piece, const struct piece *later)
{
    if (later->first_ns - piece->last_ns > piece_idle_ns(piece)) {
        return false;
    }
    return piece->key.proto != 6 ||
           !(isn_differs(piece, later, 0) || isn_differs(piece, later, 1) ||
             reopens(piece, later, 0) || reopens(piece, later, 1));
}

static void sign_merge(struct sign *into, const struct sign *from)
{
    if (from->n == 0) {
        return;
    }
    if (into->n == 0) {
        *into = *from;
        return;
    }

    const struct sign *early = from->first_ns < into->first_ns ? from : into;
    const struct sign *late = early == into ? from : into;
    struct sign merged = *early;
    if (early->n == 1) {
        merged.frames[1] = late->frames[0];
    }
    if (late->last_ns >= early->last_ns) {
        merged.frames[2] = late->frames[2];
        merged.last_ns = late->last_ns;
    }
    merged.n = into->n + from->n;
    *into = merged;
}

static void segments_merge(struct flow_end *into, const struct flow_end *from)
{
    if (!(from->seen & END_DATA)) {
        return;
    }
    if (!(into->seen & END_DATA)) {
        into->seq_first = from->seq_first;
        into->seq_first_n = from->seq_first_n;
        into->tail_seq = from->tail_seq;
        into->tail_n = from->tail_n;
        into->tail_ns = from->tail_ns;
        into->tail_gap_s = from->tail_gap_s;
        return;
    }
    if (from->seq_first == into->seq_first) {
        into->seq_first_n += from->seq_first_n;
    } else if (seq_after(into->seq_first, from->seq_first)) {
        into->seq_first = from->seq_first;
        into->seq_first_n = from->seq_first_n;
    }
    if (from->tail_seq == into->tail_seq) {
        into->tail_n += from->tail_n;
        if (from->tail_ns < into->tail_ns) {
            into->tail_ns = from->tail_ns;
            into->tail_gap_s = from->tail_gap_s;
        }
    } else if (seq_after(from->tail_seq, into->tail_seq)) {
        into->tail_seq = from->tail_seq;
        into->tail_n = from->tail_n;
        into->tail_ns = from->tail_ns;
        into->tail_gap_s = from->tail_gap_s;
    }
}

static void numbers_merge(struct flow_end *into, const struct flow_end *from)
{
    if ((from->seen & END_SEQ) &&
        (!(into->seen & END_SEQ) || seq_after(from->seq_end, into->seq_end))) {
        into->seq_end = from->seq_end;
    }
    if ((from->seen & END_ACK) &&
        (!(into->seen & END_ACK) || seq_after(from->ack, into->ack))) {
        into->ack = from->ack;
    }
    if (from->seen & END_ISN) {
        into->isn = from->isn;
    }
    segments_merge(into, from);
    into->seen |= from->seen;
}

/* What only the earliest packet tells, taken from whoever saw it. */
static void firsts_merge(struct flow_end *into, const struct flow_end *from)
{
    const struct sign *mine = &into->signs[SIGN_RST], *theirs = &from->signs[SIGN_RST];
    const struct sign *data = &into->signs[SIGN_DATA];
    const struct sign *their_data = &from->signs[SIGN_DATA];

    if (theirs->n && (!mine->n || theirs->first_ns < mine->first_ns)) {
        into->rst_ttl = from->rst_ttl;
        into->rst_flags = from->rst_flags;
        into->rst_bare = from->rst_bare;
    }
    if (their_data->n && (!data->n || their_data->first_ns < data->first_ns)) {
        into->first_payload = from->first_payload;
    }
    into->alert = into->alert ? into->alert : from->alert;
    if (into->packets == 0 || (from->packets && from->first_ns < into->first_ns)) {
        into->first_ns = from->first_ns;
        into->first_frame = from->first_frame;
        into->has_mac = from->has_mac;
        into->mac = from->mac;
        into->vlan = from->vlan;
    }
    if (from->last_ns >= into->last_ns) {
        into->last_ns = from->last_ns;
        into->last_frame = from->last_frame;
    }
    if (from->last_data_ns >= into->last_data_ns) {
        into->last_data_ns = from->last_data_ns;
        into->last_data_frame = from->last_data_frame;
    }
}

static void end_merge(struct flow_end *into, const struct flow_end *from)
{
    if (from->packets == 0) {
        return;
    }
    firsts_merge(into, from);
    numbers_merge(into, from);
    into->bytes += from->bytes;
    into->packets += from->packets;
    into->payload_packets += from->payload_packets;
    into->copies += from->copies;
    into->later_fragments += from->later_fragments;
    into->tcp_flags |= from->tcp_flags;
    if (from->ttl_low && (into->ttl_low == 0 || from->ttl_low < into->ttl_low)) {
        into->ttl_low = from->ttl_low;
    }
    into->ttl_high = from->ttl_high > into->ttl_high ? from->ttl_high : into->ttl_high;
    for (unsigned i = 0; i < SIGNS; i++) {
        sign_merge(&into->signs[i], &from->signs[i]);
    }
    /* Of data and bare ACKs only the first two are noted: no part may have more. */
    for (unsigned i = SIGN_ACK; i <= SIGN_DATA; i++) {
        into->signs[i].n = into->signs[i].n > 2 ? 2 : into->signs[i].n;
    }
    into->n_acks = (uint8_t)into->signs[SIGN_ACK].n;
    into->n_data = (uint8_t)into->signs[SIGN_DATA].n;
}

/* What the flow as a whole tells: times, tunnels, names. */
static void facts_merge(struct piece *into, const struct piece *from)
{
    if (into->first_ns == 0 || (from->first_ns && from->first_ns < into->first_ns)) {
        into->n_encap = from->n_encap;
        memcpy(into->encap, from->encap, sizeof into->encap);
        into->first_ns = from->first_ns;
    }
    into->last_ns = from->last_ns > into->last_ns ? from->last_ns : into->last_ns;
    into->inexact |= from->inexact;
    into->closing |= from->closing;
    into->check |= from->check;
    flow_icmp_merge(&into->icmp, &from->icmp);
    for (unsigned i = 0; i < FLOW_NAMES && from->names[i].name; i++) {
        piece_add_name(into, from->names[i]);
    }
}

void piece_merge(struct piece *into, const struct piece *from)
{
    facts_merge(into, from);
    end_merge(&into->end[0], &from->end[0]);
    end_merge(&into->end[1], &from->end[1]);
}

void piece_merge_view(struct piece *into, const struct piece *from)
{
    facts_merge(into, from);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t mine = into->end[i].packets - into->end[i].copies;
        uint32_t theirs = from->end[i].packets - from->end[i].copies;

        if (theirs > mine) {
            into->end[i] = from->end[i];
        }
    }
}
