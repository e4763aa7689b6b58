/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text report: what was read, by which rules, whether it can be trusted, and what to
 * do where it told nothing.
 */
#include "report/text_parts.h"
#include "report/words.h"

enum { HANG = 12, MAX_CAPTURES = 20, MAX_SUSPECTS = 16, MAX_SUBNETS = 16 };

static void put_losses(struct text_writer *text, const struct tally_capture *capture)
{
    if (capture->cut) {
        text_say(text, "The file ends inside its last record.");
    }
    if (capture->dropped) {
        text_say(text, "%llu packets were dropped while capturing.",
                 (unsigned long long)capture->dropped);
    }
    if (capture->snaplen_cut_packets) {
        text_say(text, "%llu packets were cut by the snapshot length.",
                 (unsigned long long)capture->snaplen_cut_packets);
    }
    if (capture->copies) {
        text_say(text, "%llu packets were copies.",
                 (unsigned long long)capture->copies);
    }
    for (size_t i = DECODE_OK + 1; i < DECODE_RESULTS; i++) {
        if (capture->undecoded[i]) {
            text_say(text, "%llu could not be decoded (%s).",
                     (unsigned long long)capture->undecoded[i],
                     decode_result_name((enum decode_result)i));
        }
    }
}

static void put_capture(struct text_writer *text, const struct tally_capture *capture)
{
    text_label(text, 2, "Capture", HANG);
    text_say(text, "%s:", capture->path);
    page_number(text, capture->packets, "packet", ",");
    page_number(text, capture->bytes, "byte", "");
    if (capture->first_ns) {
        page_line(text, HANG, HANG);
        text_span(text, capture->first_ns, capture->last_ns);
    }
    page_line(text, HANG, HANG);
    put_losses(text, capture);
}

static void put_policy(struct text_writer *text, const struct policy *policy)
{
    size_t n = policy_pack_count(policy);
    const char *site = policy_site_name(policy);

    text_label(text, 2, "Rules", HANG);
    for (size_t i = 0; i < n; i++) {
        const struct policy_pack *pack = policy_pack(policy, i);

        text_say(text, "%s (%s)%s", pack->name, pack->as_of, i + 1 < n ? "," : ".");
    }
    text_say(text, site ? "Site: %s." : "No site file%s.", site ? site : "");
}

static void put_trust(struct text_writer *text, const struct judgement *judgement)
{
    static const enum text_style styles[] = {[TRUST_GOOD] = STYLE_GOOD,
                                             [TRUST_LIMITED] = STYLE_WARN,
                                             [TRUST_BLIND] = STYLE_BAD};

    text_label(text, 2, "Trust", HANG);
    text_styled(text, styles[judgement->trust], trust_name(judgement->trust));
    text_say(text, "- %llu of %llu answered flows were seen in both directions.",
             (unsigned long long)judgement->sight_two_way,
             (unsigned long long)judgement->sight_flows);
    for (size_t i = 0; i < judgement->n_scopes; i++) {
        const struct sight_scope *scope = &judgement->scopes[i];
        char from[PREFIX_TEXT_LEN];

        if (scope->trust != TRUST_GOOD) {
            page_line(text, HANG, HANG + 2);
            text_say(text, "%s to %s: %s, %llu of %llu.",
                     prefix_format(&scope->from, from), scope->to,
                     trust_name(scope->trust), (unsigned long long)scope->two_way,
                     (unsigned long long)scope->flows);
            text_say(text, "%s", scope->reason);
        }
    }
}

static void put_flows(struct text_writer *text, const struct judgement *judgement)
{
    const struct judge_summary *s = &judgement->summary;

    text_label(text, 2, "Flows", HANG);
    text_say(text, "%llu of the %ss:", (unsigned long long)s->flows,
             text_device_noun(judgement));
    text_say(
        text,
        "%llu documented, %llu unexpected, %llu unproven, %llu background, %llu not "
        "judged; %llu of others.",
        (unsigned long long)s->documented, (unsigned long long)s->unexpected,
        (unsigned long long)s->candidate, (unsigned long long)s->background,
        (unsigned long long)s->unjudged, (unsigned long long)s->other_flows);
    if (!judgement->exact) {
        text_label(text, 2, "Not exact", HANG);
        text_say(text, "More was seen than could be kept; counts are lower bounds.");
        for (size_t i = 0; i < TALLY_LIMITS && judgement->limits[i]; i++) {
            text_say(text, "Cap reached: %s.", judgement->limits[i]);
        }
    }
}

void text_read(struct text_writer *text, const struct judgement *judgement)
{
    const struct tally *tally = judgement->tally;

    text_heading(text, "What was read");
    for (size_t i = 0; i < tally->n_captures && i < MAX_CAPTURES; i++) {
        put_capture(text, &tally->captures[i]);
    }
    if (tally->n_captures > MAX_CAPTURES) {
        page_line(text, HANG, HANG);
        text_say(text, "and %zu more; the JSON report lists all.",
                 tally->n_captures - MAX_CAPTURES);
    }
    put_policy(text, judgement->policy);
    put_trust(text, judgement);
    put_flows(text, judgement);
}

static uint64_t undecoded(const struct tally *tally, enum decode_result result)
{
    uint64_t n = 0;

    for (size_t i = 0; i < tally->n_captures; i++) {
        n += tally->captures[i].undecoded[result];
    }
    return n;
}

/* The /24 or /64 around an address. */
static struct prefix subnet_of(const struct addr *addr)
{
    struct prefix prefix = {*addr, addr_is_v4(addr) ? 120 : 64};

    memset(prefix.addr.b + prefix.bits / 8, 0, sizeof addr->b - prefix.bits / 8u);
    return prefix;
}

/* The subnets of the suspects, each once.  Suspects are few, and sorted or not. */
static size_t suspect_subnets(const struct judgement *judgement,
                              struct prefix out[static MAX_SUBNETS])
{
    size_t n = 0;

    for (size_t i = 0; i < judgement->n_suspects && n < MAX_SUBNETS; i++) {
        struct prefix prefix = subnet_of(&judgement->suspects[i]);
        size_t k = 0;

        while (k < n && !(addr_equal(&out[k].addr, &prefix.addr) &&
                          out[k].bits == prefix.bits)) {
            k++;
        }
        if (k == n) {
            out[n++] = prefix;
        }
    }
    return n;
}

/* Hosts that behave like phones, and the line of a site file that makes them such. */
static void put_suspects(struct text_writer *text, const struct judgement *judgement)
{
    struct prefix subnets[MAX_SUBNETS];
    size_t n = suspect_subnets(judgement, subnets), shown = judgement->n_suspects;
    char name[PREFIX_TEXT_LEN];

    shown = shown > MAX_SUSPECTS ? MAX_SUSPECTS : shown;
    page_line(text, 2, 2);
    text_say(text, "These hosts behave like phones:");
    for (size_t i = 0; i < shown; i++) {
        text_say(text, "%s%s", addr_format(&judgement->suspects[i], name),
                 i + 1 < shown ? "," : "");
    }
    if (shown < judgement->n_suspects) {
        text_say(text, "and %zu more", judgement->n_suspects - shown);
    }
    text_say(text,
             "- if phones live in their subnets, put this into the site file, and "
             "run again with --site FILE:");
    page_line(text, 4, 8);
    text_say(text, "\"devices\": {\"subnets\":");
    for (size_t i = 0; i < n; i++) {
        text_say(text, "%s\"%s\"%s", i == 0 ? "[" : "",
                 prefix_format(&subnets[i], name), i + 1 < n ? "," : "]}");
    }
    page_line(text, 2, 2);
    text_say(text, "or try it at once with --device %s.",
             prefix_format(&subnets[0], name));
}

static void put_no_phone(struct text_writer *text, const struct judgement *judgement)
{
    uint64_t wifi = undecoded(judgement->tally, DECODE_ENCRYPTED_WIFI);
    uint64_t tunnel = undecoded(judgement->tally, DECODE_ENCRYPTED_TUNNEL);

    if (wifi) {
        page_line(text, 2, 2);
        text_say(
            text,
            "%llu frames are encrypted Wi-Fi: capture on the wire behind the access "
            "point or controller instead.",
            (unsigned long long)wifi);
    }
    if (tunnel) {
        page_line(text, 2, 2);
        text_say(
            text,
            "%llu frames are in an encrypted tunnel (CAPWAP, ESP), which hides the "
            "phones: mirror the port where it ends.",
            (unsigned long long)tunnel);
    }
    if (judgement->n_suspects > 0) {
        put_suspects(text, judgement);
        return;
    }
    page_line(text, 2, 2);
    text_say(text,
             "No frame came from a Spectralink hardware address (00:90:7a), no DHCP "
             "message named a phone, and no host behaves like one. Mirror a port "
             "that the phones' traffic passes, or say who the phones are: --device "
             "ADDRESS, or \"devices\" in a site file.");
}

void text_next_steps(struct text_writer *text, const struct judgement *judgement)
{
    text_heading(text, "What to do next");
    if (judgement->n_devices == 0) {
        put_no_phone(text, judgement);
        return;
    }
    page_line(text, 2, 2);
    if (policy_outside_capture(judgement->policy)) {
        text_say(text,
                 "Mirror a port on the phones' side of the firewall; or give a capture "
                 "of each side: --tap inside=FILE --tap outside=FILE.");
    } else if (judgement->trust == TRUST_BLIND) {
        text_say(text,
                 "Mirror both directions (receive and transmit) of the port into "
                 "one capture, and run again. \"Trust\" below tells which direction "
                 "is missing where.");
    } else {
        text_say(text,
                 "Capture for longer: begin before a phone is switched on, and end "
                 "a minute after what failed. \"Rows\" below tells why each could "
                 "not be judged.");
    }
}
