/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a finding rests on: attempts, lookups, DHCP messages, and what the other devices
 * got at the same row and port.
 */
#include "audit/explain_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_ATTEMPTS = 12, MAX_LOOKUPS = 16, MAX_SIBLINGS = 20, CLOCK_LEN = 40 };

typedef unsigned long long number; /* For printf. */

/* "2026-11-22 07:45:00.123456 UTC" */
static const char *clock_text(int64_t ns, char out[static CLOCK_LEN])
{
    time_t s = (time_t)(ns / 1000000000);
    struct tm tm;
    size_t len = 0;

    if (gmtime_r(&s, &tm)) {
        len = strftime(out, CLOCK_LEN, "%Y-%m-%d %H:%M:%S", &tm);
    }
    snprintf(out + len, CLOCK_LEN - len, ".%06lld UTC",
             (long long)(ns % 1000000000 / 1000));
    return out;
}

static bool has_ip(const struct finding *f, const struct addr *ip)
{
    for (size_t i = 0; i < f->n_peer_ips; i++) {
        if (addr_equal(&f->peer_ips[i], ip)) {
            return true;
        }
    }
    return false;
}

static bool has_port(const struct finding *f, uint16_t port)
{
    for (size_t i = 0; i < f->n_ports; i++) {
        if (f->ports[i] == port) {
            return true;
        }
    }
    return f->port == port;
}

bool explain_is_of(const struct judgement *judgement, const struct finding *f,
                   const struct attempt *a)
{
    const struct cell *cell = a->cell;
    uint8_t transport = cell->key.proto == 17 ? TRANSPORT_UDP : TRANSPORT_TCP;

    return f->device && &judgement->devices[a->device] == f->device &&
           a->inbound == f->from_peer && transport == f->transport &&
           has_port(f, a->port) && has_ip(f, &a->peer) &&
           (f->row < 0 || (a->n_rows > 0 && a->rows[0] == (uint32_t)f->row)) &&
           cell->first_ns <= f->last_ns && cell->last_ns >= f->first_ns;
}

static void frames_line(json_t *lines, const struct tally *tally,
                        const uint32_t *frames, size_t n)
{
    const struct tally_capture *before = NULL;
    char text[512] = "";
    size_t len = 0;

    for (size_t i = 0; i < n && len < sizeof text - 300; i++) {
        uint64_t no;
        const struct tally_capture *capture =
            frames[i] ? tally_capture_of(tally, frames[i], &no) : NULL;

        if (!capture) {
            continue;
        }
        if (capture != before) {
            len += (size_t)snprintf(text + len, sizeof text - len,
                                    "%s%.200s:", before ? "; " : "", capture->path);
        }
        len += (size_t)snprintf(text + len, sizeof text - len, " %llu", (number)no);
        before = capture;
    }
    if (before) {
        explain_line(lines, "  frames in %s", text);
    }
}

static const char *at_least(uint8_t repeats)
{
    return repeats >= 5 ? " or more" : "";
}

static void say_reset(json_t *lines, const struct judging *j,
                      const struct cell_key *key)
{
    uint8_t low, high;

    explain_line(lines, "  a RST came %s, with TTL %u%s",
                 key->sign == ATTEMPT_RESET ? "before any answer or data"
                                            : "after the TLS ClientHello",
                 key->rst_ttl,
                 key->facts & FACT_RST_BARE ? ", no window and no options" : "");
    if (tally_ttls(j->tally, &key->server, key->source, &low, &high)) {
        explain_line(lines, "  the peer's own other packets have TTL %u to %u", low,
                     high);
    } else {
        explain_line(lines,
                     "  no other packet of the peer was seen; the opener's own "
                     "TTL is %s",
                     key->facts & FACT_TTL_UNTOUCHED ? "untouched (64, 128 or 255)"
                                                     : "counted down");
    }
}

static void say_sign(json_t *lines, const struct judging *j, const struct cell *cell)
{
    const struct cell_key *key = &cell->key;
    char by[ADDR_TEXT_LEN];

    switch ((enum attempt_sign)key->sign) {
    case ATTEMPT_SYN_SILENT:
        explain_line(lines,
                     "  the SYN %u times%s, over %u s or more; no answer in %u s",
                     key->repeats, at_least(key->repeats), key->span_s, key->waited_s);
        break;
    case ATTEMPT_RESET:
    case ATTEMPT_HELLO_RESET:
        say_reset(lines, j, key);
        break;
    case ATTEMPT_HELLO_SILENT:
        explain_line(lines,
                     "  connected; the first data %u times%s, over %u s or more, never "
                     "acknowledged; %u s to the end",
                     key->repeats, at_least(key->repeats), key->span_s, key->waited_s);
        break;
    case ATTEMPT_NO_ANSWER:
        explain_line(lines,
                     "  connected; the first data acknowledged, then nothing for %u s "
                     "or more, until the opener closed",
                     key->span_s);
        break;
    case ATTEMPT_TAIL_RESET:
        explain_line(
            lines,
            "  worked; after %u s of silence a box whose TTL is not the peer's "
            "reset what was sent",
            cell->idle_s);
        break;
    case ATTEMPT_TAIL_SILENT:
        explain_line(lines,
                     "  worked; after %u s of silence the last segment %u times%s over "
                     "%u s or more, never acknowledged",
                     cell->idle_s, key->repeats, at_least(key->repeats), key->span_s);
        break;
    case ATTEMPT_REQUEST_SILENT:
        explain_line(lines, "  %u datagrams%s over %u s or more; no answer in %u s",
                     key->repeats, at_least(key->repeats), key->span_s, key->waited_s);
        break;
    case ATTEMPT_ICMP:
        explain_line(lines, "  ICMP%s type %u code %u from %s quotes it, %u s after it",
                     addr_is_v4(&key->client) ? "" : "v6", key->icmp_type,
                     key->icmp_code, addr_format(&key->by, by), key->span_s);
        break;
    case ATTEMPT_HOLE:
        explain_line(lines,
                     "  later segments of the answer came, its first never did, "
                     "for %u s or more",
                     key->span_s);
        break;
    case ATTEMPT_CERTIFICATE:
        explain_line(lines, "  the opener sent the TLS alert unknown_ca");
        break;
    case ATTEMPT_TLS_ABORT:
        explain_line(lines, "  the opener ended the handshake at the certificate");
        break;
    case ATTEMPT_TLS_LEFT:
        explain_line(lines,
                     "  the opener went away at the certificate, and said nothing");
        break;
    case ATTEMPT_OK:
        explain_line(lines, "  data went both ways");
        break;
    case ATTEMPT_OPEN:
        explain_line(lines,
                     "  the handshake worked, and nothing came after it to judge "
                     "by");
        break;
    case ATTEMPT_UNSEEN:
    case ATTEMPT_SIGNS:
        explain_line(lines, "  its beginning, or one direction, was not seen");
        break;
    }
}

static void say_attempt(json_t *lines, const struct judging *j, const struct attempt *a)
{
    const struct cell *cell = a->cell;
    const struct cell_key *key = &cell->key;
    uint16_t port = key->client_port ? key->client_port : cell->ports[0];
    char from[ADDR_TEXT_LEN], to[ADDR_TEXT_LEN], at[CLOCK_LEN];
    const char *cause = cause_name(a->result.cause);

    explain_line(lines, "%s: %s port %u to %s port %u, %llu attempt%s",
                 clock_text(cell->first_ns, at), addr_format(&key->client, from), port,
                 addr_format(&key->server, to), key->server_port,
                 (number)cell->attempts, cell->attempts == 1 ? "" : "s alike");
    say_sign(lines, j, cell);
    explain_line(lines, "  %llu packets out, %llu back, %llu copies",
                 (number)cell->packets[0], (number)cell->packets[1],
                 (number)cell->copies);
    frames_line(lines, j->tally, cell->frames, CELL_FRAMES);
    explain_line(lines, "  by itself: %s%s%s, confidence %s",
                 outcome_name(a->result.outcome), cause ? ", " : "", cause ? cause : "",
                 confidence_name(a->result.confidence));
}

static json_t *attempt_json(const struct attempt *a)
{
    const struct cell_key *key = &a->cell->key;
    char client[ADDR_TEXT_LEN], server[ADDR_TEXT_LEN], by[ADDR_TEXT_LEN];

    return json_pack(
        "{s:s, s:s, s:i, s:I, s:i, s:i, s:i, s:i, s:s?, s:i, s:i, s:I, s:I, s:s}",
        "client", addr_format(&key->client, client), "server",
        addr_format(&key->server, server), "port", key->server_port, "attempts",
        (json_int_t)a->cell->attempts, "repeats", key->repeats, "span_s", key->span_s,
        "waited_s", key->waited_s, "rst_ttl", key->rst_ttl, "icmp_from",
        key->sign == ATTEMPT_ICMP ? addr_format(&key->by, by) : NULL, "icmp_type",
        key->icmp_type, "icmp_code", key->icmp_code, "packets_out",
        (json_int_t)a->cell->packets[0], "packets_back",
        (json_int_t)a->cell->packets[1], "outcome", outcome_name(a->result.outcome));
}

static void say_lookups(json_t *lines, const struct judgement *judgement,
                        const struct finding *f)
{
    static const char *const answers[LOOKUP_ANSWERS] = {
        "an address", "no address", "private address", "NXDOMAIN", "REFUSED",
        "SERVFAIL",   "other"};
    const struct judging *j = judgement->judging;
    size_t n = 0;

    for (uint32_t i = 0; f->device && f->peer_name && i < j->tally->lookups.n; i++) {
        const struct lookup *l = pool_at(&j->tally->lookups, i);
        long device =
            device_at(j, &l->key.host,
                      l->first_query_ns ? l->first_query_ns : l->first_answer_ns);
        char at[CLOCK_LEN], resolver[ADDR_TEXT_LEN];

        if (device != f->device - judgement->devices || n == MAX_LOOKUPS ||
            strcmp(tally_name_text(j->tally, l->key.name), f->peer_name) != 0) {
            continue;
        }
        n++;
        explain_line(lines, "%s: %s asked for, type %u, at %s: %u questions",
                     clock_text(l->first_query_ns, at), f->peer_name, l->key.type,
                     addr_format(&l->key.resolver, resolver), l->queries);
        for (unsigned k = 0; k < LOOKUP_ANSWERS; k++) {
            if (l->answers[k]) {
                explain_line(lines, "  %u answers: %s", l->answers[k], answers[k]);
            }
        }
        frames_line(lines, j->tally, l->frames, 4);
    }
}

static void say_dhcp(json_t *lines, const struct judging *j, const struct finding *f)
{
    static const char *const types[9] = {NULL,      "DISCOVER", "OFFER",
                                         "REQUEST", "DECLINE",  "ACK",
                                         "NAK",     "RELEASE",  "INFORM"};

    for (uint32_t i = 0; f->device && f->device->has_mac && i < j->tally->dhcp.n; i++) {
        const struct dhcp *d = pool_at(&j->tally->dhcp, i);

        if (memcmp(&d->key.mac, &f->device->mac, sizeof d->key.mac) != 0) {
            continue;
        }
        for (unsigned k = 1; k < 9; k++) {
            char at[CLOCK_LEN];

            if (d->n[k]) {
                explain_line(lines, "%s: %u %s", clock_text(d->first_ns[k], at),
                             d->n[k], types[k]);
            }
        }
        frames_line(lines, j->tally, d->frames, 9);
    }
}

void explain_evidence(json_t *document, const struct judgement *judgement,
                      const struct finding *f)
{
    const struct judging *j = judgement->judging;
    json_t *lines = explain_section(document, "What was seen");
    json_t *attempts = json_array();
    size_t n = 0;

    json_object_set_new(document, "attempts", attempts);
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];

        if (!explain_is_of(judgement, f, a)) {
            continue;
        }
        if (n++ < MAX_ATTEMPTS) {
            say_attempt(lines, j, a);
            json_array_append_new(attempts, attempt_json(a));
        }
    }
    if (n > MAX_ATTEMPTS) {
        explain_line(lines, "and %zu more like these", n - MAX_ATTEMPTS);
    }
    if (f->n_peer_ips == 0 || f->port == 53) {
        say_lookups(lines, judgement, f);
    }
    if (f->port == 67 || f->port == 68) {
        say_dhcp(lines, j, f);
    }
    if (json_array_size(lines) == 0) {
        explain_line(lines, "Nothing: that is the finding.");
    }
}

static void say_sibling(json_t *lines, const struct device *device,
                        const uint64_t outcomes[static OUTCOMES])
{
    char text[200] = "";
    size_t len = 0;

    for (unsigned k = 0; k < OUTCOMES; k++) {
        if (outcomes[k] && len < sizeof text - 40) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%llu %s",
                                    len ? ", " : "", (number)outcomes[k],
                                    outcome_name((enum outcome)k));
        }
    }
    explain_line(lines, "%s: %s", device->key, text);
}

void explain_siblings(json_t *document, const struct judgement *judgement,
                      const struct finding *f)
{
    const struct judging *j = judgement->judging;
    json_t *lines = explain_section(document, "What other devices got there");
    size_t n = 0;

    for (size_t d = 0; f->row >= 0 && d < judgement->n_devices; d++) {
        uint64_t outcomes[OUTCOMES] = {0};
        bool any = false;

        for (size_t i = 0; i < j->n_attempts; i++) {
            const struct attempt *a = &j->attempts[i];

            if (a->device == d && a->n_rows > 0 && a->rows[0] == (uint32_t)f->row &&
                a->port == f->port && &judgement->devices[d] != f->device) {
                outcomes[a->result.outcome] += a->cell->attempts;
                any = true;
            }
        }
        if (any && n++ < MAX_SIBLINGS) {
            say_sibling(lines, &judgement->devices[d], outcomes);
        }
    }
    if (n > MAX_SIBLINGS) {
        explain_line(lines, "and %zu more devices", n - MAX_SIBLINGS);
    } else if (n == 0) {
        explain_line(lines, "No other device tried the same row at this port: there is "
                            "no control group.");
    }
}
