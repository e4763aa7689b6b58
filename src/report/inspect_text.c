/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An inspection for a person: the verdict in one sentence, what to do about it, and
 * then everything that it rests on.
 */
#include "report/inspect.h"

#include "report/text_parts.h"
#include "report/words.h"

enum { HANG = 14, ROW_STATE = 22, ROW_WHY = 30, MAX_SHOWN = 20, MAX_SHOWN_IPS = 4 };

typedef unsigned long long number; /* For printf. */

static enum text_style style_of(enum inspect_kind kind)
{
    return kind == INSPECT_GOOD      ? STYLE_GOOD
           : kind <= INSPECT_DOUBLED ? STYLE_WARN
                                     : STYLE_BAD;
}

static void put_notes(struct text_writer *text, const struct inspection *in)
{
    text_styled(text, style_of(in->notes[0].kind), in->notes[0].text);
    for (size_t i = 0; i < in->n_notes; i++) {
        const struct inspect_note *note = &in->notes[i];

        if (i > 0) {
            page_line(text, 2, 4);
            text_say(text, "%s", note->text);
        }
        if (note->todo[0]) {
            page_line(text, 4, 4);
            text_say(text, "%s", note->todo);
        }
    }
}

static void put_capture(struct text_writer *text, const struct tally *tally,
                        const struct tally_capture *c)
{
    const char *tap = tally_tap_name(tally, c->tap);

    text_label(text, 2, "Capture", HANG);
    text_say(text, "%s", c->path);
    if (tap) {
        text_say(text, "at %s", tap);
    }
    text_say(text, "(%s%s", c->format, c->n_links ? "," : "):");
    for (size_t i = 0; i < c->n_links; i++) {
        char room[8];

        text_say(text, "%s%s", capture_link_name(c->links[i], room),
                 i + 1 < c->n_links ? "," : "):");
    }
    page_number(text, c->packets, "packet", ",");
    page_number(text, c->bytes, "byte", ".");
    if (c->first_ns) {
        page_line(text, HANG, HANG);
        text_span(text, c->first_ns, c->last_ns);
    }
}

static void put_captures(struct text_writer *text, const struct inspection *in)
{
    const struct tally *tally = in->judgement->tally;

    text_heading(text, "What was captured");
    for (size_t i = 0; i < tally->n_captures && i < MAX_SHOWN; i++) {
        put_capture(text, tally, &tally->captures[i]);
    }
    if (tally->n_captures > MAX_SHOWN) {
        page_line(text, HANG, HANG);
        text_say(text, "and %zu more", tally->n_captures - MAX_SHOWN);
    }
    for (size_t i = 0; i < in->n_holes; i++) {
        text_label(text, 2, "Hole", HANG);
        text_span(text, in->holes[i].first_ns, in->holes[i].last_ns);
    }
    text_label(text, 2, "Losses", HANG);
    text_say(text, "%llu copies, %llu cut by the snapshot length, %llu dropped.",
             (number)in->copies, (number)in->cut_packets, (number)in->dropped);
}

static void put_tunnels(struct text_writer *text, const struct inspection *in)
{
    bool any = false;

    for (unsigned i = ENCAP_VLAN + 1; i < ENCAPS; i++) {
        if (in->encap[i]) {
            if (!any) {
                text_label(text, 2, "Tunnels", HANG);
            }
            text_say(text, "%s (%llu packets)", encap_name((enum encap)i),
                     (number)in->encap[i]);
            any = true;
        }
    }
    any = false;
    for (unsigned i = DECODE_OK + 1; i < DECODE_RESULTS; i++) {
        if (in->undecoded[i]) {
            if (!any) {
                text_label(text, 2, "Undecoded", HANG);
            }
            text_say(text, "%s (%llu frames)",
                     decode_result_name((enum decode_result)i),
                     (number)in->undecoded[i]);
            any = true;
        }
    }
}

static void put_vlans(struct text_writer *text, const char *label,
                      const struct inspect_vlans *vlans)
{
    if (vlans->n == 0 || (vlans->n == 1 && vlans->ids[0] == 0)) {
        return;
    }
    text_label(text, 2, label, HANG);
    text_say(text, "VLAN");
    for (size_t i = 0; i < vlans->n; i++) {
        const char *comma = i + 1 < vlans->n ? "," : "";

        if (vlans->ids[i]) {
            text_say(text, "%u%s", vlans->ids[i], comma);
        } else {
            text_say(text, "none%s", comma);
        }
    }
}

static void put_scopes(struct text_writer *text, const struct inspection *in)
{
    const struct judgement *j = in->judgement;

    text_heading(text, "What can be seen");
    for (size_t i = 0; i < j->n_scopes; i++) {
        const struct sight_scope *s = &j->scopes[i];
        char from[PREFIX_TEXT_LEN];

        page_line(text, 2, 4);
        text_say(text, "%s to %s:", prefix_format(&s->from, from), s->to);
        text_styled(text,
                    s->trust == TRUST_GOOD    ? STYLE_GOOD
                    : s->trust == TRUST_BLIND ? STYLE_BAD
                                              : STYLE_WARN,
                    trust_name(s->trust));
        text_say(text,
                 "- %llu packets out, %llu back; %llu of %llu answered flows in both "
                 "directions, %llu with packets missing.",
                 (number)s->spoken, (number)s->heard, (number)s->two_way,
                 (number)s->flows, (number)s->acked_unseen);
        if (s->reason[0]) {
            page_line(text, 4, 4);
            text_sentence(text, s->reason);
        }
    }
    put_vlans(text, "Phones in", &in->phone_vlans);
    put_vlans(text, "Peers in", &in->peer_vlans);
    put_tunnels(text, in);
    text_label(text, 2, "Names", HANG);
    text_say(
        text,
        "of the flows' peers: %llu by TLS or QUIC, %llu by HTTP, %llu by DNS, %llu "
        "have none.",
        (number)j->named_sni, (number)j->named_http, (number)j->named_dns,
        (number)j->named_none);
}

static void put_phones(struct text_writer *text, const struct judgement *j)
{
    text_heading(text, "Phones");
    page_line(text, 2, 4);
    page_number(text, j->n_devices, text_device_noun(j), j->n_devices ? ":" : ".");
    for (size_t i = 0; i < j->n_devices && i < MAX_SHOWN; i++) {
        const struct device *d = &j->devices[i];
        char ip[ADDR_TEXT_LEN];

        page_line(text, 2, 6);
        text_say(text, "%s by %s;", d->key, identity_name(d->identified_by));
        for (size_t k = 0; k < d->n_addrs && k < MAX_SHOWN_IPS; k++) {
            text_say(text, "%s%s", addr_format(&d->addrs[k], ip),
                     k + 1 < d->n_addrs ? "," : "");
        }
        if (d->n_addrs > MAX_SHOWN_IPS) {
            text_say(text, "...");
        }
    }
    if (j->n_devices > MAX_SHOWN) {
        page_line(text, 2, 4);
        text_say(text, "and %zu more", j->n_devices - MAX_SHOWN);
    }
}

static void put_rows(struct text_writer *text, const struct inspection *in)
{
    text_heading(text, "Can each row be judged");
    for (size_t i = 0; i < in->n_rows; i++) {
        const struct inspect_row *row = &in->rows[i];

        text_label(text, 2, policy_row(in->judgement->policy, row->row)->id, ROW_WHY);
        text_tab(text, ROW_STATE);
        text_styled(text, row->judged ? STYLE_GOOD : STYLE_PLAIN,
                    row->judged ? "yes" : "no");
        text_tab(text, ROW_WHY);
        if (row->judged) {
            text_say(text, "%s", words_state(in->judgement->coverage[row->row].state));
        } else {
            text_say(text, "%s", row->why);
        }
    }
}

bool report_write_inspection_text(FILE *out, const struct inspection *in, bool colour)
{
    struct text_writer text;

    text_begin(&text, out, colour);
    put_notes(&text, in);
    put_captures(&text, in);
    if (in->packets > 0) {
        put_scopes(&text, in);
        put_phones(&text, in->judgement);
        put_rows(&text, in);
    }
    return text_finish(&text) && fflush(out) == 0;
}
