/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The words of verdicts: names of enumerators, and what a finding means and asks for.
 */
#include "audit/judging.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORDS(...) static const char *const words[] = {__VA_ARGS__}

const char *verdict_name(enum verdict verdict)
{
    WORDS("pass", "fail", "inconclusive");
    return words[verdict];
}

static const char *const kind_words[KINDS] = {
    "blocked",    "degraded",           "refused", "no-answer", "intercepted",
    "unexpected", "unexpected-inbound", "advice",  "candidate", "not-seen"};

const char *finding_kind_name(enum finding_kind kind)
{
    return kind_words[kind];
}

bool finding_kind_parse(const char *name, enum finding_kind *out)
{
    for (unsigned i = 0; i < KINDS; i++) {
        if (strcmp(kind_words[i], name) == 0) {
            *out = (enum finding_kind)i;
            return true;
        }
    }
    return false;
}

const char *outcome_name(enum outcome outcome)
{
    WORDS("ok", "blocked", "refused", "no-answer", "intercepted", "idle-killed",
          "pending", "unseen", "unknown");
    return words[outcome];
}

const char *cause_name(enum cause cause)
{
    WORDS(NULL, "syn-drop", "tcp-reset", "icmp-prohibited", "icmp-unreachable",
          "hello-drop", "hello-reset", "dns-nxdomain", "dns-refused", "dns-servfail",
          "dns-sinkhole", "dns-no-reply", "no-reply", "captive-portal", "idle-killed",
          "scan", "mtu-blackhole", "one-way-media", "fragments-lost", "tls-abort",
          "proxy-denied");
    return words[cause];
}

const char *claim_verdict_name(enum claim_verdict verdict)
{
    WORDS(NULL, "documented", "candidate", "unexpected", "unexpected-inbound",
          "background", "unjudged");
    return words[verdict];
}

const char *row_state_name(enum row_state state)
{
    WORDS("not-seen", "hidden", "unjudged", "pending", "candidate", "ok", "ok-fallback",
          "degraded", "intercepted", "no-answer", "refused", "blocked");
    return words[state];
}

const char *confidence_name(enum confidence confidence)
{
    WORDS("low", "medium", "high");
    return words[confidence];
}

const char *scope_name(enum scope scope)
{
    WORDS("phone", "subnet", "fleet", "peer");
    return words[scope];
}

const char *owner_name(enum owner owner)
{
    WORDS("firewall", "dns", "proxy", "wlan", "server", "emm", "phone", "capture");
    return words[owner];
}

const char *trust_name(enum trust trust)
{
    WORDS("good", "limited", "blind");
    return words[trust];
}

const char *name_source_name(enum name_source source)
{
    WORDS("sni", "quic-sni", "http-host", "dns", "dns-other-device", "list");
    return words[source];
}

const char *identity_name(enum identity identity)
{
    WORDS("site", "dhcp", "oui", "option", "initiator");
    return words[identity];
}

/* Text put together from pieces, cut where the room ends. */
struct text {
    char *at;
    size_t room, len;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t,
                                                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(t->at + t->len, t->room - t->len, format, args);
    va_end(args);
    t->len += n > 0 ? (size_t)n : 0;
    t->len = t->len < t->room ? t->len : t->room - 1;
}

static void put_ports(struct text *t, const struct finding *f)
{
    put(t, f->n_ports > 1 ? "ports " : "port ");
    for (size_t i = 0; i < f->n_ports && i < 12; i++) {
        put(t, "%s%u", i ? ", " : "", f->ports[i]);
    }
    if (f->n_ports > 12) {
        put(t, " and %zu more", f->n_ports - 12);
    }
}

static void put_peer(struct text *t, const struct finding *f)
{
    char ip[ADDR_TEXT_LEN];

    for (size_t i = 0; i < f->n_peer_ips && i < 3; i++) {
        put(t, "%s%s", i ? ", " : "", addr_format(&f->peer_ips[i], ip));
    }
    if (f->n_peer_ips > 3) {
        put(t, " and %zu more", f->n_peer_ips - 3);
    }
    if (f->peer_name) {
        put(t, f->n_peer_ips ? " (%s)" : "%s", f->peer_name);
    }
}

static const char *transport_word(const struct finding *f)
{
    return f->transport == TRANSPORT_UDP ? "UDP" : "TCP";
}

/* "TCP 10.20.0.0/24 -> 142.250.110.188 (mtalk.google.com) port 5228" */
static void put_flow(const struct judging *j, struct text *t, const struct finding *f)
{
    struct prefix subnet = subnet_of(j, &f->ip);
    char from[PREFIX_TEXT_LEN];

    put(t, "%s ", transport_word(f));
    if (f->from_peer) {
        put_peer(t, f);
        put(t, " -> %s ", prefix_format(&subnet, from));
    } else {
        put(t, "%s -> ", prefix_format(&subnet, from));
        put_peer(t, f);
        put(t, " ");
    }
    put_ports(t, f);
}

/* What to do about media of which one way is missing. */
static void put_media(const struct judging *j, struct text *t, const struct finding *f)
{
    struct prefix subnet = subnet_of(j, &f->ip);
    char from[PREFIX_TEXT_LEN];

    switch ((enum missing_way)f->missing) {
    case MISSING_TO_PHONE:
        put(t, "Allow UDP from ");
        put_peer(t, f);
        put(t, " to the phones, %s ", prefix_format(&subnet, from));
        put_ports(t, f);
        put(t, ", also where the phones do not send first.");
        break;
    case MISSING_FROM_PHONE:
        put(t, "Look between the phone and the capture point: was it muted, does the "
               "WLAN or a firewall there drop UDP to ");
        put_peer(t, f);
        put(t, "?");
        break;
    case MISSING_BEHIND:
        put(t, "Allow UDP %s -> ", prefix_format(&subnet, from));
        put_peer(t, f);
        put(t, " behind the capture point.");
        break;
    case MISSING_NONE:
        break;
    }
}

static void put_stopped(const struct judging *j, struct text *t,
                        const struct finding *f)
{
    char by[ADDR_TEXT_LEN];

    switch (f->cause) {
    case CAUSE_DNS_NXDOMAIN:
    case CAUSE_DNS_REFUSED:
    case CAUSE_DNS_SERVFAIL:
    case CAUSE_DNS_SINKHOLE:
        put(t, "Let the resolver %s answer for %s with its public addresses.",
            addr_format(&f->by, by), f->peer_name);
        return;
    case CAUSE_DNS_NO_REPLY:
        put(t, "Find out why the resolver %s does not answer for %s.",
            addr_format(&f->by, by), f->peer_name);
        return;
    case CAUSE_CAPTIVE_PORTAL:
        put(t, "Exempt the phones from the captive portal: let ");
        put_flow(j, t, f);
        put(t, " reach the Internet unchanged.");
        return;
    case CAUSE_PROXY_DENIED:
        put(t, "Let the proxy %s connect to %s.", addr_format(&f->by, by),
            f->peer_name ? f->peer_name : "that host");
        return;
    case CAUSE_ONE_WAY_MEDIA:
        put_media(j, t, f);
        return;
    case CAUSE_FRAGMENTS_LOST:
        put(t, "Let IP fragments pass, or shorten SIP messages (fewer codecs): ");
        break;
    case CAUSE_HELLO_DROP:
    case CAUSE_HELLO_RESET:
        put(t, "Allow the name %s in the TLS (SNI) filter: ",
            f->peer_name ? f->peer_name : "of this server");
        break;
    default:
        put(t, "Allow ");
        break;
    }
    put_flow(j, t, f);
    if (f->has_by) {
        put(t, "; %s stops it", addr_format(&f->by, by));
    }
    put(t, ".");
}

/* The peer asked, and the phone did not want to. */
static void put_phone(struct text *t, const struct finding *f)
{
    put(t, "Look at the phone, not at the firewall: it ");
    put(t, f->outcome == OUTCOME_NO_ANSWER ? "accepts %s " : "refuses %s ",
        transport_word(f));
    put_ports(t, f);
    put(t, " from ");
    put_peer(t, f);
    put(t, ". Does the app run that listens there?");
}

static void put_server(struct text *t, const struct finding *f)
{
    if (f->from_peer) {
        put_phone(t, f);
        return;
    }
    put(t, "Look at the server, not at the firewall: ");
    put_peer(t, f);
    put(t, f->outcome == OUTCOME_NO_ANSWER ? " accepts %s " : " refuses %s ",
        transport_word(f));
    put_ports(t, f);
    put(t, f->outcome == OUTCOME_NO_ANSWER ? " and then does not answer."
                                           : ". Is the service running, and is it the "
                                             "right address?");
}

static void put_todo(const struct judging *j, struct text *t, const struct finding *f)
{
    switch (f->kind) {
    case KIND_BLOCKED:
    case KIND_DEGRADED:
        if (f->outcome == OUTCOME_REFUSED || f->outcome == OUTCOME_NO_ANSWER) {
            put_server(t, f);
        } else {
            put_stopped(j, t, f);
        }
        break;
    case KIND_REFUSED:
    case KIND_NO_ANSWER:
        put_server(t, f);
        break;
    case KIND_INTERCEPTED:
        put(t, "%sxempt %s from TLS inspection.",
            f->cause == CAUSE_TLS_ABORT
                ? "Look at the certificate that the phones are given. If it is not the "
                  "server's own, e"
                : "E",
            f->peer_name ? f->peer_name : "this peer");
        break;
    case KIND_UNEXPECTED:
    case KIND_CANDIDATE:
        put(t, "Find out which app opens ");
        put_flow(j, t, f);
        put(t, "; if it belongs there, add a row or a role to the site file.");
        break;
    case KIND_UNEXPECTED_INBOUND:
        put(t, "Find out why ");
        put_peer(t, f);
        put(t, " connects to phones at %s ", transport_word(f));
        put_ports(t, f);
        put(t, ", and stop it or add it to the site file.");
        break;
    case KIND_ADVICE:
        put(t, f->outcome == OUTCOME_OK ? "Nothing is broken. "
                                        : "The phones do without it. ");
        put(t, "Decide whether ");
        put_flow(j, t, f);
        put(t, " is wanted.");
        break;
    case KIND_NOT_SEEN:
        put(t,
            "Capture for longer, or make the phone use this service while capturing.");
        break;
    case KINDS:
        break;
    }
}

static const char *media_means(enum missing_way missing)
{
    switch (missing) {
    case MISSING_FROM_PHONE:
        return "One-way audio: nothing of what the phone should send was seen, the far "
               "end hears nothing.";
    case MISSING_BEHIND:
        return "One-way audio: the phone sends, and the far end reports that it hears "
               "nothing.";
    case MISSING_TO_PHONE:
    case MISSING_NONE:
        break;
    }
    return "One-way audio: the phone sends and hears nothing.";
}

static void put_means(const struct judging *j, struct text *t, const struct finding *f)
{
    const struct policy_row *row =
        f->row >= 0 ? policy_row(j->policy, (size_t)f->row) : NULL;

    if (f->cause == CAUSE_SCAN) {
        put(t, "%s tries many ports or hosts, and nearly all attempts fail: a scan.",
            f->from_peer ? "An unlisted host" : "The phone");
    } else if (f->kind == KIND_UNEXPECTED) {
        put(t, "The phone talks to something that no row documents.");
    } else if (f->kind == KIND_UNEXPECTED_INBOUND) {
        put(t, "A host that no row lists opens connections to the phone.");
    } else if (f->kind == KIND_ADVICE && row) {
        put(t, "%s: %s.", row->title, f->outcome == OUTCOME_OK ? "in use" : "tried");
    } else if (f->kind == KIND_CANDIDATE) {
        put(t, "The port fits a row, but nothing tells who the peer is.");
    } else if (f->kind == KIND_NOT_SEEN) {
        put(t, "This row was expected, and no traffic of it was seen.");
    } else if (f->cause == CAUSE_ONE_WAY_MEDIA) {
        put(t, "%s", media_means((enum missing_way)f->missing));
    } else if (f->cause == CAUSE_FRAGMENTS_LOST) {
        put(t, "SIP messages that are too long for one packet do not arrive: calls "
               "fail, while registration works.");
    } else if (row && row->blocked_means) {
        put(t, "%s%s",
            f->kind == KIND_DEGRADED ? "Some attempts fail, others work: " : "",
            row->blocked_means);
    } else {
        put(t, "A service that the phones use is not reached.");
    }
}

void finding_words(const struct judging *j, struct finding *f)
{
    struct text means = {f->means, sizeof f->means, 0};
    struct text todo = {f->todo, sizeof f->todo, 0};

    put_means(j, &means, f);
    put_todo(j, &todo, f);
}
