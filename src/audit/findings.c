/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Making a finding out of attempts.
 */
#include "audit/judging.h"

#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_DIGITS = 12 };

struct finding *finding_new(struct judging *j, enum finding_kind kind, long row,
                            uint32_t device)
{
    struct judgement *out = j->out;

    if (out->n_findings == j->findings_room) {
        size_t room = j->findings_room ? j->findings_room * 2 : 16;
        struct finding *grown = realloc(out->findings, room * sizeof *grown);

        if (!grown) {
            j->failed = true;
            return NULL;
        }
        out->findings = grown;
        j->findings_room = room;
    }

    struct finding *f = &out->findings[out->n_findings++];
    memset(f, 0, sizeof *f);
    f->kind = kind;
    f->row = row;
    f->device = device == NO_DEVICE ? NULL : &out->devices[device];
    return f;
}

void finding_add_ip(struct finding *finding, const struct addr *ip)
{
    for (size_t i = 0; i < finding->n_peer_ips; i++) {
        if (addr_equal(&finding->peer_ips[i], ip)) {
            return;
        }
    }
    if (finding->n_peer_ips < FINDING_IPS) {
        finding->peer_ips[finding->n_peer_ips++] = *ip;
    }
}

void finding_add_port(struct finding *finding, uint16_t port)
{
    size_t i = 0;

    while (i < finding->n_ports && finding->ports[i] < port) {
        i++;
    }
    if ((i < finding->n_ports && finding->ports[i] == port) ||
        finding->n_ports == FINDING_PORTS) {
        return;
    }
    memmove(finding->ports + i + 1, finding->ports + i,
            (finding->n_ports - i) * sizeof *finding->ports);
    finding->ports[i] = port;
    finding->n_ports++;
}

void finding_add_frame(struct finding *finding, uint32_t frame)
{
    for (size_t i = 0; i < finding->n_frames; i++) {
        if (finding->frames[i] == frame) {
            return;
        }
    }
    if (frame != 0 && finding->n_frames < FINDING_FRAMES) {
        finding->frames[finding->n_frames++] = frame;
    }
}

static void add_community_ids(struct finding *f, const struct cell *cell)
{
    uint16_t ports[5];
    size_t n = 0;

    for (size_t i = 0; i < 4 && cell->ports[i]; i++) {
        ports[n++] = cell->ports[i];
    }
    if (n == 0) {
        ports[n++] = cell->key.client_port;
    }
    for (size_t i = 0; i < n && f->n_community_ids < FINDING_COMMUNITY_IDS; i++) {
        struct packet packet = {
            .src = cell->key.client,
            .dst = cell->key.server,
            .src_port = ports[i],
            .dst_port = cell->key.server_port,
            .proto = cell->key.proto,
        };
        struct flow_key key = flow_key_of(&packet, flow_sender(&packet));

        flow_community_id(&key, f->community_ids[f->n_community_ids++]);
    }
}

void finding_add_attempt(struct judging *j, struct finding *f, const struct attempt *a)
{
    const struct cell *cell = a->cell;

    (void)j;
    if (!f->has_ip) {
        f->has_ip = true;
        f->ip = a->ip;
        f->port = a->port;
        f->transport = cell->key.proto == 17 ? TRANSPORT_UDP : TRANSPORT_TCP;
        f->from_peer = a->inbound;
        f->peer_name = a->peer_name;
        f->name_source = (enum name_source)a->peer_source;
    }
    finding_add_ip(f, &a->peer);
    finding_add_port(f, a->port);
    for (size_t i = 0; i < CELL_FRAMES; i++) {
        finding_add_frame(f, cell->frames[i]);
    }
    add_community_ids(f, cell);
    f->attempts += cell->attempts;
    f->flows += cell->attempts;
    f->packets += cell->packets[0] + cell->packets[1];
    f->bytes += cell->bytes[0] + cell->bytes[1];
    if (f->first_ns == 0 || cell->first_ns < f->first_ns) {
        f->first_ns = cell->first_ns;
    }
    f->last_ns = cell->last_ns > f->last_ns ? cell->last_ns : f->last_ns;
}

static enum owner owner_of(const struct finding *f)
{
    switch (f->cause) {
    case CAUSE_DNS_NXDOMAIN:
    case CAUSE_DNS_REFUSED:
    case CAUSE_DNS_SERVFAIL:
    case CAUSE_DNS_SINKHOLE:
    case CAUSE_DNS_NO_REPLY:
        return OWNER_DNS;
    case CAUSE_CAPTIVE_PORTAL:
    case CAUSE_PROXY_DENIED:
        return OWNER_PROXY;
    default:
        break;
    }
    switch (f->kind) {
    case KIND_REFUSED:
    case KIND_NO_ANSWER:
        return f->from_peer ? OWNER_PHONE : OWNER_SERVER;
    case KIND_INTERCEPTED:
        return OWNER_PROXY;
    case KIND_UNEXPECTED:
    case KIND_CANDIDATE:
    case KIND_ADVICE:
        return OWNER_PHONE;
    case KIND_NOT_SEEN:
        return OWNER_CAPTURE;
    case KIND_DEGRADED:
        return f->outcome != OUTCOME_REFUSED && f->outcome != OUTCOME_NO_ANSWER
                   ? OWNER_FIREWALL
               : f->from_peer ? OWNER_PHONE
                              : OWNER_SERVER;
    case KIND_BLOCKED:
    case KIND_UNEXPECTED_INBOUND:
    case KINDS:
        break;
    }
    return OWNER_FIREWALL;
}

static uint8_t severity_of(const struct judging *j, const struct finding *f)
{
    enum need need =
        f->row >= 0 ? policy_row(j->policy, (size_t)f->row)->need : NEED_OPTIONAL;

    if (f->kind == KIND_ADVICE || f->kind == KIND_CANDIDATE ||
        f->kind == KIND_NOT_SEEN) {
        return 3;
    }
    if (f->kind == KIND_BLOCKED || f->kind == KIND_INTERCEPTED) {
        return need == NEED_REQUIRED ? 1 : 2;
    }
    return f->kind == KIND_UNEXPECTED_INBOUND || f->cause == CAUSE_SCAN ? 1 : 2;
}

static const char *transport_text(uint8_t transport)
{
    return transport == TRANSPORT_UDP ? "udp" : "tcp";
}

/* What the finding is about, so that it has the same id in each run. */
static void finding_id(const struct judging *j, struct finding *f)
{
    char peer[ADDR_TEXT_LEN] = "", text[640], sum[SHA256_TEXT_LEN];
    const char *row = f->row >= 0 ? policy_row(j->policy, (size_t)f->row)->id : "";
    const char *cause = cause_name(f->cause);

    if (f->n_peer_ips) {
        addr_format(&f->peer_ips[0], peer);
    }
    snprintf(text, sizeof text, "%s|%s|%s|%s|%u|%s|%s", finding_kind_name(f->kind),
             cause ? cause : "", row, transport_text(f->transport),
             f->cause == CAUSE_SCAN ? 0u : f->port, f->peer_name ? f->peer_name : peer,
             f->device ? f->device->key : "");
    digest_sha256_text(text, strlen(text), sum);
    snprintf(f->id, sizeof f->id, "f-%.*s", ID_DIGITS, sum);
}

/* A display filter that shows the finding's packets in Wireshark. */
static void finding_filter(struct finding *f)
{
    char ip[ADDR_TEXT_LEN];
    const char *family = addr_is_v4(&f->ip) ? "ip" : "ipv6";

    addr_format(&f->ip, ip);
    if (f->n_peer_ips == 0 && f->peer_name) {
        snprintf(f->filter, sizeof f->filter,
                 "dns.qry.name == \"%.90s\" && %s.addr == %s", f->peer_name, family,
                 ip);
    } else if (f->cause == CAUSE_SCAN && f->n_peer_ips == 1) {
        char peer[ADDR_TEXT_LEN];

        snprintf(f->filter, sizeof f->filter, "%s.addr == %s && %s.addr == %s", family,
                 ip, family, addr_format(&f->peer_ips[0], peer));
    } else {
        snprintf(f->filter, sizeof f->filter, "%s.port == %u && %s.addr == %s",
                 transport_text(f->transport), f->port, family, ip);
    }
}

void finding_finish(struct judging *j, struct finding *f)
{
    f->owner = owner_of(f);
    f->severity = severity_of(j, f);
    finding_id(j, f);
    if (f->has_ip) {
        finding_filter(f);
    }
    if (f->n_episodes == 0 && f->first_ns != 0) {
        f->episodes[f->n_episodes++] =
            (struct episode){f->first_ns, f->last_ns, f->outcome, f->attempts};
    }
    finding_words(j, f);
}
