/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is to be said of a capture, in plain words, and what to do about it.
 */
#include "audit/inspect_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long number; /* For printf. */

enum {
    PERCENT_DOUBLED = 40, /* Of all packets; 50 are copies where each is there twice. */
    PERCENT_SOME = 5,     /* More copies than a network makes by itself. */
    PERCENT_CUT = 10
};

#define MIRROR_BOTH                                                                    \
    "Mirror both directions (receive and transmit) of the port into one capture, and " \
    "capture again."

__attribute__((format(printf, 4, 5))) static void note(struct inspection *in,
                                                       enum inspect_kind kind,
                                                       const char *todo,
                                                       const char *format, ...)
{
    struct inspect_note *out;
    va_list args;

    if (in->n_notes == INSPECT_NOTES) {
        return;
    }
    out = &in->notes[in->n_notes++];
    out->kind = kind;
    snprintf(out->todo, sizeof out->todo, "%s", todo);
    va_start(args, format);
    vsnprintf(out->text, sizeof out->text, format, args);
    va_end(args);
}

static uint64_t percent_of(uint64_t all, unsigned percent)
{
    return all / 100 * percent + all % 100 * percent / 100;
}

static void note_hidden(struct inspection *in)
{
    uint64_t wifi = in->undecoded[DECODE_ENCRYPTED_WIFI];
    uint64_t tunnel = in->undecoded[DECODE_ENCRYPTED_TUNNEL];
    bool blind = in->judgement->n_devices == 0 || wifi + tunnel > in->packets / 2;
    enum inspect_kind kind = blind ? INSPECT_HIDDEN : INSPECT_LIMITED;

    if (wifi) {
        note(in, kind,
             "Capture on the wire, behind the access point or the controller: there "
             "the same packets are in clear.",
             "%s: %llu of %llu frames are encrypted Wi-Fi, and what is in them can not "
             "be read.",
             blind ? "Hidden" : "Limited", (number)wifi, (number)in->packets);
    }
    if (tunnel) {
        note(in, kind,
             "Mirror the wire where the tunnel ends (the controller's port toward the "
             "network).",
             "%s: %llu of %llu frames are in an encrypted tunnel (CAPWAP under DTLS, "
             "ESP), and what is in them can not be read.",
             blind ? "Hidden" : "Limited", (number)tunnel, (number)in->packets);
    }
}

static void note_no_phone(struct inspection *in)
{
    char todo[400], subnet[PREFIX_TEXT_LEN];
    size_t len;

    if (in->judgement->n_devices > 0) {
        return;
    }
    if (in->n_subnets == 0) {
        note(in, INSPECT_NO_PHONE,
             "Mirror a port that the phones' traffic passes, or say who the phones "
             "are: --device ADDRESS, or \"devices\" in a site file.",
             "No phone: no frame came from a Spectralink hardware address (00:90:7a), "
             "no DHCP message named a phone, and no host behaves like one.");
        return;
    }
    len = (size_t)snprintf(todo, sizeof todo,
                           "If phones live there, put this into the site file: "
                           "\"devices\": {\"subnets\": [");
    for (size_t i = 0; i < in->n_subnets && len < sizeof todo - PREFIX_TEXT_LEN - 8;
         i++) {
        len += (size_t)snprintf(todo + len, sizeof todo - len, "%s\"%s\"",
                                i ? ", " : "", prefix_format(&in->subnets[i], subnet));
    }
    snprintf(todo + len, sizeof todo - len, "]}");
    note(in, INSPECT_NO_PHONE, todo,
         "No phone: nothing here says of a host that it is one; %llu behave%s like "
         "one.",
         (number)in->judgement->n_suspects, in->judgement->n_suspects == 1 ? "s" : "");
}

static void note_directions(struct inspection *in)
{
    const struct judgement *j = in->judgement;

    if (in->heard == 0 && in->spoken > 0) {
        note(in, INSPECT_ONE_WAY, MIRROR_BOTH,
             "One direction only: nothing that the network sent to the phones is in "
             "this capture; %llu packets of the phones are.",
             (number)in->spoken);
    } else if (in->spoken == 0 && in->heard > 0) {
        note(in, INSPECT_ONE_WAY, MIRROR_BOTH,
             "One direction only: nothing that the phones sent is in this capture; "
             "%llu packets to them are.",
             (number)in->heard);
    } else if (j->n_devices > 0 && j->sight_flows > 0 && j->trust == TRUST_BLIND) {
        note(in, INSPECT_ONE_WAY, MIRROR_BOTH,
             "One direction mostly: of %llu flows that were answered, %llu were seen "
             "in both.",
             (number)j->sight_flows, (number)j->sight_two_way);
    } else if (j->n_devices > 0 && j->sight_two_way * 10 < j->sight_flows * 9) {
        note(in, INSPECT_LIMITED, MIRROR_BOTH,
             "Limited: of %llu flows that were answered, only %llu were seen in both "
             "directions.",
             (number)j->sight_flows, (number)j->sight_two_way);
    } else if (j->n_devices > 0 && j->sight_flows == 0) {
        note(in, INSPECT_LIMITED,
             "Capture for longer: begin before a phone is switched on.",
             "Limited: no connection in it proves that its answers should have been "
             "seen, so whether the mirror carries both directions is not known.");
    }
}

static void note_place(struct inspection *in)
{
    if (policy_outside_capture(in->judgement->policy)) {
        note(
            in, INSPECT_LIMITED,
            "Mirror a port on the phones' side of the firewall; with a capture of each "
            "side: policap check --tap inside=FILE --tap outside=FILE.",
            "Limited: it was captured outside (\"capture_point\" of the site file). "
            "What "
            "a firewall stops never comes there, so a row that is not seen may be "
            "blocked.");
    }
}

static void note_copies(struct inspection *in)
{
    const char *todo = "The counts are right, copies are told apart; but mirror one "
                       "port or VLAN only, and half the load is enough.";

    if (in->copies > percent_of(in->packets, PERCENT_DOUBLED)) {
        note(in, INSPECT_DOUBLED, todo,
             "Every packet is in it twice: %llu of %llu are copies, as a mirror of "
             "several ports makes them.",
             (number)in->copies, (number)in->packets);
    } else if (in->copies > percent_of(in->packets, PERCENT_SOME)) {
        note(in, INSPECT_GOOD, todo, "Some packets are in it twice: %llu of %llu.",
             (number)in->copies, (number)in->packets);
    }
}

static void note_losses(struct inspection *in)
{
    const struct judgement *j = in->judgement;

    if (in->cut_packets) {
        bool many = in->cut_packets > percent_of(in->packets, PERCENT_CUT);

        note(in, many ? INSPECT_CUT : INSPECT_GOOD,
             "Capture whole packets (snapshot length 0).",
             "Cut short: %llu of %llu packets hold less than was on the wire, so names "
             "(DNS, TLS) and SIP in them can not be read.",
             (number)in->cut_packets, (number)in->packets);
    }
    if (in->dropped) {
        note(
            in, INSPECT_LOSSY,
            "Write to a faster disk, with a larger buffer, or filter what is captured.",
            "Incomplete: %llu packets were dropped while this was captured.",
            (number)in->dropped);
    }
    if (j->sight_acked_unseen * 100 >= j->sight_flows && j->sight_acked_unseen > 0) {
        note(in, INSPECT_LOSSY,
             "The mirror port may be slower than what it mirrors: mirror less.",
             "Incomplete: in %llu of %llu flows an end acknowledges packets that this "
             "capture does not hold.",
             (number)j->sight_acked_unseen, (number)j->sight_flows);
    }
    for (size_t i = 0; i < j->tally->n_captures; i++) {
        if (j->tally->captures[i].cut) {
            note(in, INSPECT_GOOD, "", "%.200s ends inside its last record.",
                 j->tally->captures[i].path);
        }
    }
}

static const char *undecoded_todo(enum decode_result result)
{
    return result == DECODE_UNKNOWN_LINK
               ? "These are of interfaces without IP (USB, Bluetooth, ...): capture on "
                 "the network interface alone."
               : "";
}

static void note_undecoded(struct inspection *in)
{
    for (unsigned i = DECODE_OK + 1; i < DECODE_ENCRYPTED_WIFI; i++) {
        bool many = in->undecoded[i] > percent_of(in->packets, PERCENT_CUT);

        if (in->undecoded[i]) {
            note(in, many ? INSPECT_LIMITED : INSPECT_GOOD,
                 undecoded_todo((enum decode_result)i),
                 "%s: %llu of %llu frames could not be decoded (%s).",
                 many ? "Limited" : "Undecoded", (number)in->undecoded[i],
                 (number)in->packets, decode_result_name((enum decode_result)i));
        }
    }
}

static void vlans_text(const struct inspect_vlans *vlans, char *out, size_t room)
{
    size_t len = 0;

    for (size_t i = 0; i < vlans->n && len < room; i++) {
        len += (size_t)snprintf(out + len, room - len,
                                vlans->ids[i] ? "%sVLAN %u" : "%sno VLAN",
                                i ? ", " : "", vlans->ids[i]);
    }
}

static void note_vlans(struct inspection *in)
{
    const struct inspect_vlans *a = &in->phone_vlans, *b = &in->peer_vlans;
    char from[160], to[160];

    if (a->n == 0 || b->n == 0 ||
        (a->n == b->n && memcmp(a->ids, b->ids, a->n * sizeof *a->ids) == 0)) {
        return;
    }
    vlans_text(a, from, sizeof from);
    vlans_text(b, to, sizeof to);
    note(in, INSPECT_GOOD,
         "That is no harm here; but a capture filter on one of them would lose a "
         "direction.",
         "VLANs differ by direction: phones send in %s, their peers in %s.", from, to);
}

static void note_rest(struct inspection *in)
{
    const struct judgement *j = in->judgement;

    for (size_t i = 0; i < in->n_holes; i++) {
        char text[32];

        inspect_duration((double)(in->holes[i].last_ns - in->holes[i].first_ns) / 1e9,
                         text, sizeof text);
        note(in, INSPECT_GOOD, "",
             "Hole: nothing was captured for %s; what happened then is not told.",
             text);
    }
    if (!j->exact) {
        note(in, INSPECT_LIMITED, "Give it fewer hours, or fewer hosts, at a time.",
             "Limited: more was seen than could be kept (%s); counts are lower bounds.",
             j->limits[0] ? j->limits[0] : "flow");
    }
}

static void note_verdict_good(struct inspection *in)
{
    const struct judgement *j = in->judgement;
    char window[32];

    inspect_duration((double)in->window_ns / 1e9, window, sizeof window);
    note(in, INSPECT_GOOD, "",
         "Good: %llu of %llu answered flows were seen in both directions, and nothing "
         "is missing; %zu phone%s, %s.",
         (number)j->sight_two_way, (number)j->sight_flows, j->n_devices,
         j->n_devices == 1 ? "" : "s", window);
}

/* The worst first; equal ones in the order in which they were noted. */
static void notes_sort(struct inspection *in)
{
    for (size_t i = 1; i < in->n_notes; i++) {
        struct inspect_note moved = in->notes[i];
        size_t k = i;

        for (; k > 0 && in->notes[k - 1].kind < moved.kind; k--) {
            in->notes[k] = in->notes[k - 1];
        }
        in->notes[k] = moved;
    }
}

void inspect_notes(struct inspection *in)
{
    bool wrong = false;

    if (in->packets == 0) {
        note(in, INSPECT_EMPTY,
             "Check that the mirror is switched on and ends at the port that was "
             "captured, and that no capture filter keeps everything out.",
             "Empty: no packet is in this capture.");
        return;
    }
    note_hidden(in);
    note_no_phone(in);
    note_directions(in);
    note_place(in);
    note_copies(in);
    note_losses(in);
    note_undecoded(in);
    note_vlans(in);
    note_rest(in);
    for (size_t i = 0; i < in->n_notes; i++) {
        wrong |= in->notes[i].kind != INSPECT_GOOD;
    }
    if (!wrong) {
        struct inspect_note good;

        note_verdict_good(in);
        good = in->notes[in->n_notes - 1];
        memmove(in->notes + 1, in->notes, (in->n_notes - 1) * sizeof *in->notes);
        in->notes[0] = good;
    }
    notes_sort(in);
}
