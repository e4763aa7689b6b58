/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Why a finding says what it says: who the device is, which rows were tried, what was
 * weighed, and by which rule.
 */
#include "audit/explain_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct finding *explain_find(const struct judgement *judgement, const char *name)
{
    const char *digits = name[0] == 'F' || name[0] == 'f' ? name + 1 : name;
    char *end;
    unsigned long number = strtoul(digits, &end, 10);

    for (size_t i = 0; i < judgement->n_findings; i++) {
        if (strcmp(judgement->findings[i].id, name) == 0) {
            return &judgement->findings[i];
        }
    }
    return *digits && !*end && number > 0 && number <= judgement->n_findings
               ? &judgement->findings[number - 1]
               : NULL;
}

static const char *identity_sentence(enum identity identity)
{
    switch (identity) {
    case IDENTITY_SITE:
        return "The site file lists it (subnet, address or hardware address).";
    case IDENTITY_DHCP:
        return "It asked for its address by DHCP as an Android or Spectralink device "
               "(option 60, or the hardware address in the message).";
    case IDENTITY_OUI:
        return "Its frames come from a hardware address that begins with 00:90:7a "
               "(Spectralink).";
    case IDENTITY_OPTION:
        return "--device names it.";
    case IDENTITY_INITIATOR:
        return "--device any: it opened the flow.";
    }
    return "";
}

static void say_device(json_t *document, const struct finding *f)
{
    json_t *lines = explain_section(document, "The device");
    const struct device *d = f->device;
    char text[ADDR_TEXT_LEN], mac[MAC_TEXT_LEN];

    if (!d) {
        explain_line(lines, "None: the finding is over the whole network.");
        return;
    }
    explain_line(lines, "%s, found as a phone by %s. %s", d->key,
                 identity_name(d->identified_by), identity_sentence(d->identified_by));
    for (size_t i = 0; i < d->n_addrs; i++) {
        explain_line(lines, "Its address %s%s", addr_format(&d->addrs[i], text),
                     f->has_ip && addr_equal(&f->ip, &d->addrs[i])
                         ? ", which the flows of this finding use"
                         : "");
    }
    if (d->has_mac) {
        explain_line(lines, "Its hardware address %s; addresses joined by %s",
                     mac_format(&d->mac, mac), d->joined_by ? d->joined_by : "nothing");
    }
}

/* The names that the device was told for the peers, and by which frame. */
static void say_names(json_t *document, const struct judgement *judgement,
                      const struct finding *f)
{
    json_t *lines = explain_section(document, "The peer's name");
    const struct judging *j = judgement->judging;

    if (f->peer_name) {
        explain_line(lines, "%s, known by %s.", f->peer_name,
                     name_source_name(f->name_source));
    } else {
        explain_line(lines, "None is known.");
    }
    for (uint32_t i = 0; i < j->tally->bindings.n; i++) {
        const struct binding *b = pool_at(&j->tally->bindings, i);
        char host[ADDR_TEXT_LEN], addr[ADDR_TEXT_LEN];
        bool is_peer = false;
        uint64_t frame = 0;
        const struct tally_capture *capture =
            tally_capture_of(j->tally, b->frame, &frame);

        for (size_t k = 0; k < f->n_peer_ips; k++) {
            is_peer |= addr_equal(&f->peer_ips[k], &b->key.addr);
        }
        if (is_peer && f->device &&
            device_at(j, &b->key.host, b->last_ns) == f->device - judgement->devices) {
            explain_line(lines, "DNS told %s that %s is %s (frame %llu of %s).",
                         addr_format(&b->key.host, host),
                         tally_name_text(j->tally, b->key.name),
                         addr_format(&b->key.addr, addr), (unsigned long long)frame,
                         capture ? capture->path : "no capture");
        }
        if (is_peer && addr_is_unspecified(&b->key.host)) {
            explain_line(lines, "A list in the capture says that %s is %s.",
                         tally_name_text(j->tally, b->key.name),
                         addr_format(&b->key.addr, addr));
        }
    }
}

/* The rows of a name that did not resolve. */
static void say_rows_of_name(json_t *document, const struct judgement *judgement,
                             const struct finding *f)
{
    json_t *lines =
        explain_section(document, "Rows that list the name, the best first");
    struct policy_match rows[POLICY_MAX_ANSWERS];
    size_t n =
        f->peer_name ? policy_rows_of_name(judgement->policy, f->peer_name, rows) : 0;

    for (size_t i = 0; i < n; i++) {
        explain_line(lines, "%zu. %s, by %s", i + 1,
                     policy_row(judgement->policy, rows[i].row)->id,
                     match_via_name((enum match_via)rows[i].via));
    }
    if (n == 0) {
        explain_line(lines, "No row lists it.");
    }
}

static void say_rows(json_t *document, const struct judgement *judgement,
                     const struct finding *f)
{
    const struct judging *j = judgement->judging;

    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];
        struct policy_question question;
        struct claim claim;

        if (explain_is_of(judgement, f, a)) {
            claim_of(j, a->cell, a->device, a->inbound, &claim);
            claim_question(j, a->cell, a->inbound, &claim, &question);
            explain_rows(document, j->policy, &question, &claim);
            return;
        }
    }
    say_rows_of_name(document, judgement, f);
}

static const char *cause_rule(enum cause cause)
{
    static const char *const rules[CAUSES] = {
        [CAUSE_SYN_DROP] =
            "The same SYN at least 3 times over at least 2.9 s, never answered: the "
            "phone itself behaved as one that got no answer, so the mirror is not at "
            "fault.",
        [CAUSE_TCP_RESET] =
            "A RST before any answer or data, whose TTL is not that of the peer's "
            "other packets (or, where there are none, one that no router counted "
            "down): a box on the way sent it.",
        [CAUSE_HELLO_RESET] =
            "A RST right after the ClientHello, whose TTL is not that of the peer's "
            "other packets: a filter on the name sent it.",
        [CAUSE_ICMP_PROHIBITED] =
            "An ICMP error that quotes the phone's packet and says administratively "
            "prohibited, from an address that is not the peer's.",
        [CAUSE_ICMP_UNREACHABLE] =
            "An ICMP error that quotes the phone's packet and says unreachable. Sent "
            "by a router 1 s or more after the first packet it means that the host is "
            "down; sent at once by another than the peer, that the way is closed.",
        [CAUSE_HELLO_DROP] =
            "The handshake worked, and the first data were sent at least 3 times over "
            "at least 1 s and never acknowledged.",
        [CAUSE_DNS_NXDOMAIN] =
            "Questions for A were answered NXDOMAIN, and no question "
            "for the name got an address.",
        [CAUSE_DNS_REFUSED] = "Questions for A were answered REFUSED, and no question "
                              "for the name got an address.",
        [CAUSE_DNS_SERVFAIL] =
            "Questions for A were answered SERVFAIL, and no question "
            "for the name got an address.",
        [CAUSE_DNS_SINKHOLE] =
            "All addresses in the answers are private, 0.0.0.0 or loopback, for a name "
            "that is public.",
        [CAUSE_DNS_NO_REPLY] = "At least 2 questions over at least 5 s, none answered, "
                               "on a mirror that carries answers.",
        [CAUSE_NO_REPLY] =
            "Requests were sent again, over at least the time that the row waits, and "
            "none was answered, on a mirror that carries answers, in a protocol that "
            "always answers.",
        [CAUSE_CAPTIVE_PORTAL] = "Android's connectivity check got something else than "
                                 "204 without a body.",
        [CAUSE_PROXY_DENIED] = "The first answer to CONNECT is 403.",
        [CAUSE_IDLE_KILLED] =
            "Data went both ways; then, after a silence, the phone only repeated its "
            "last segment, at least 3 times over 3 s, unheard; or after 30 s a box "
            "whose "
            "TTL is not the peer's reset what it sent.",
        [CAUSE_SCAN] =
            "One host tried at least 10 ports of one peer, or one port of at "
            "least 10 peers, within 60 s, nearly all in vain.",
        [CAUSE_MTU_BLACKHOLE] =
            "Later segments of the answer came and its first never did, while the "
            "phone's acknowledgement stood still before it.",
        [CAUSE_ONE_WAY_MEDIA] = "Media that SIP announced were seen one way only.",
        [CAUSE_FRAGMENTS_LOST] = "Requests in fragments are sent again and never "
                                 "answered, while small ones are.",
        [CAUSE_TLS_ABORT] =
            "The phones end the handshake within 1 s of the server's certificate, "
            "without Finished: at least twice for each of two names or phones, and "
            "never otherwise. Why, TLS hides.",
    };

    return rules[cause];
}

static const char *kind_rule(enum finding_kind kind)
{
    switch (kind) {
    case KIND_REFUSED:
        return "The asked side itself said no: its own RST (the TTL of its other "
               "packets) or its own ICMP.";
    case KIND_NO_ANSWER:
        return "The server acknowledged the phone's data and then sent nothing until "
               "the phone gave up: the network let it through.";
    case KIND_INTERCEPTED:
        return "The phone ended the handshake with the TLS alert unknown_ca after it "
               "saw the server's certificate.";
    case KIND_UNEXPECTED:
        return "No row fits, and nothing that is missing (a name, a role) could make "
               "one fit.";
    case KIND_UNEXPECTED_INBOUND:
        return "A host that no row lists opened a flow to a phone.";
    case KIND_ADVICE:
        return "The bulletin recommends otherwise; it is no failure.";
    case KIND_CANDIDATE:
        return "A row fits by its port alone: nothing proves who the peer is.";
    case KIND_NOT_SEEN:
        return "--expect asked for it, and no phone tried it in this window.";
    default:
        return "It was stopped.";
    }
}

static void say_rule(json_t *document, const struct judgement *judgement,
                     const struct finding *f)
{
    json_t *lines = explain_section(document, "The rule");
    const char *rule = f->kind <= KIND_DEGRADED ? cause_rule(f->cause) : NULL;

    if (f->cause == CAUSE_SCAN || f->cause == CAUSE_TLS_ABORT) {
        rule = cause_rule(f->cause);
    }
    explain_line(lines, "%s", rule ? rule : kind_rule(f->kind));
    if (f->kind == KIND_DEGRADED) {
        explain_line(lines, "Degraded, not blocked: other addresses, ports or attempts "
                            "that do the same for the phone worked.");
    }
    if (f->row >= 0) {
        const struct policy_row *row = policy_row(judgement->policy, (size_t)f->row);

        explain_line(lines,
                     "Attempts are judged together by %s (%s), and %g s from the first "
                     "packet are given for an answer.",
                     row->judge_by == JUDGE_BY_GROUP  ? "group"
                     : row->judge_by == JUDGE_BY_ROLE ? "role"
                                                      : "name",
                     row->judge_by == JUDGE_BY_GROUP ? row->group : row->id,
                     row->wait_s);
    }
}

static void say_confidence(json_t *document, const struct finding *f)
{
    json_t *lines = explain_section(document, "Confidence and scope");
    const char *why = "";

    if (f->n_candidates > 0 || f->row < 0) {
        why = "no single row claims it by what is known of the peer";
    } else if (f->cause == CAUSE_SYN_DROP || f->cause == CAUSE_HELLO_DROP) {
        why = f->confidence == CONFIDENCE_HIGH
                  ? "the phone sent the same at least 5 times"
                  : "the phone sent the same fewer than 5 times";
    } else if (f->cause == CAUSE_TCP_RESET || f->cause == CAUSE_HELLO_RESET) {
        why = f->confidence == CONFIDENCE_HIGH
                  ? "the RST's TTL differs from the peer's other packets"
                  : "there is no other packet of the peer to compare its TTL with";
    } else if (f->cause == CAUSE_NO_REPLY || f->cause == CAUSE_DNS_NO_REPLY) {
        why = "silence of datagrams is never surer";
    } else if (f->cause == CAUSE_ICMP_PROHIBITED ||
               f->cause == CAUSE_ICMP_UNREACHABLE) {
        why = "ICMP is positive evidence, and names its sender";
    } else {
        why = f->confidence == CONFIDENCE_HIGH ? "the evidence is positive"
                                               : "another explanation is possible";
    }
    explain_line(lines, "Confidence %s: %s.", confidence_name(f->confidence), why);
    explain_line(lines, "Scope %s, owner %s: from what other devices got there.",
                 scope_name(f->scope), owner_name(f->owner));
}

static void say_frames(json_t *document, const struct judgement *judgement,
                       const struct finding *f)
{
    json_t *lines = explain_section(document, "Look at it in Wireshark");

    for (size_t i = 0; i < f->n_frames; i++) {
        uint64_t number;
        const struct tally_capture *capture =
            tally_capture_of(judgement->tally, f->frames[i], &number);

        if (capture) {
            explain_line(lines, "%s: frame %llu", capture->path,
                         (unsigned long long)number);
        }
    }
    if (f->filter[0]) {
        explain_line(lines, "Filter: %s", f->filter);
    }
}

static void say_title(json_t *document, const struct judgement *judgement,
                      const struct finding *f)
{
    const char *cause = cause_name(f->cause);
    char title[512], peer[ADDR_TEXT_LEN] = "nobody";

    if (f->n_peer_ips) {
        addr_format(&f->peer_ips[0], peer);
    }
    snprintf(title, sizeof title, "F%zu %s: %s%s%s, %s, %s %u %s %.253s",
             (size_t)(f - judgement->findings) + 1, f->id, finding_kind_name(f->kind),
             cause ? " by " : "", cause ? cause : "",
             f->row < 0 ? "no row" : policy_row(judgement->policy, (size_t)f->row)->id,
             f->transport == TRANSPORT_UDP ? "UDP" : "TCP", f->port,
             f->from_peer ? "from" : "to", f->peer_name ? f->peer_name : peer);
    json_object_set_new(document, "title", json_string(title));
}

json_t *explain_finding(const struct judgement *judgement, const struct finding *f)
{
    const char *cause = cause_name(f->cause);
    json_t *document = json_pack(
        "{s:s, s:s, s:i, s:s, s:s?, s:s, s:s, s:s}", "schema", "policap-explain/1",
        "finding", f->id, "no", (int)(f - judgement->findings) + 1, "verdict",
        finding_kind_name(f->kind), "cause", cause, "outcome", outcome_name(f->outcome),
        "confidence", confidence_name(f->confidence), "scope", scope_name(f->scope));

    if (!document) {
        return NULL;
    }
    say_title(document, judgement, f);
    say_device(document, f);
    say_names(document, judgement, f);
    say_rows(document, judgement, f);
    explain_evidence(document, judgement, f);
    explain_siblings(document, judgement, f);
    say_rule(document, judgement, f);
    say_confidence(document, f);
    say_frames(document, judgement, f);
    return document;
}
