/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which rows a flow may claim (DESIGN 3.2).
 *
 * A name that was read in the flow itself decides; else the names that the device had
 * for the address do, all of them, since one address serves many.  A name that only a
 * list in the capture gives may say which row fits, but accuses nothing: nobody knows
 * who asked for it, and when.
 */
#include "audit/judging.h"

#include <string.h>

enum {
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    RTP_LOWEST_PORT = 4000,
    PORT_HTTP = 80,
    PORT_HTTPS = 443,
    SYN_WAIT_S = 3,
    SYSTEM_PORTS = 1024 /* RFC 6335: below it, ports say what they are for. */
};

static const int64_t second_ns = 1000000000;

/* A hello with ECH shows the name of the front, not of the service behind it. */
static bool is_front(const char *name, unsigned flags)
{
    return (flags & FLOW_NAME_ECH) && strcmp(name, "cloudflare-ech.com") == 0;
}

/* Names read in the flow itself; fronts only where 'fronts' says so. */
static void own_names(const struct judging *j, const struct cell_key *key, bool fronts,
                      struct claim *claim)
{
    for (unsigned i = 0; i < 2 && key->names[i]; i++) {
        const char *name = tally_name_text(j->tally, key->names[i]);

        if (is_front(name, key->name_flags[i]) == fronts) {
            claim->has_ech |= (key->name_flags[i] & FLOW_NAME_ECH) != 0;
            claim->names[claim->n_names] = name;
            claim->sources[claim->n_names++] = (enum name_source)key->sources[i];
        }
    }
}

/* Was the device told only other names for this address?  With ECH the name in clear
 * may then be a front's that is not known as one. */
static bool is_contradicted(const struct judging *j, const struct cell *cell,
                            uint32_t device, const struct claim *claim)
{
    struct claim bound = {.n_names = 0};

    if (!claim->has_ech || claim->n_names == 0) {
        return false;
    }
    names_add_bound(j, device, &cell->key.server, cell->first_ns, &bound);
    for (size_t i = 0; i < bound.n_names; i++) {
        if (strcmp(bound.names[i], claim->names[0]) == 0) {
            return false;
        }
    }
    return bound.n_names > 0 && bound.sources[0] == NAME_DNS;
}

/* The names of a flow that the device opened. */
static void outward_names(const struct judging *j, const struct cell *cell,
                          uint32_t device, struct claim *claim)
{
    own_names(j, &cell->key, false, claim);
    claim->is_doubtful = is_contradicted(j, cell, device, claim);
    if (claim->n_names == 0) {
        names_add_bound(j, device, &cell->key.server, cell->first_ns, claim);
    }
    if (claim->n_names == 0) {
        own_names(j, &cell->key, true, claim);
        claim->names_are_idle = claim->n_names > 0;
    }
}

/* Traffic that every network has: it is counted, and never a finding. */
static bool is_background(const struct judging *j, const struct cell_key *key,
                          const struct claim *claim)
{
    if (addr_is_link_local(&key->client) || addr_is_link_local(&key->server) ||
        addr_is_unspecified(&key->client)) {
        return true;
    }
    return claim->n_rows > 0 &&
           strcmp(policy_row(j->policy, claim->rows[0].row)->group, "background") == 0;
}

/* Only what an SDP names or what looks like RTP may claim the dynamic media ports; a
 * payload that was not seen may still be. */
static bool may_be_media(const struct cell_key *key)
{
    return (key->facts & FACT_RTP) || key->payload == PAYLOAD_NONE;
}

static bool is_dynamic_media(const struct policy_match *match)
{
    return match->width > UINT16_MAX - RTP_LOWEST_PORT;
}

static void drop_media(struct claim *claim, const struct cell_key *key)
{
    size_t n = 0;

    for (size_t i = 0; i < claim->n_rows; i++) {
        const struct policy_match *match = &claim->rows[i];

        if (key->proto != PROTO_UDP || match->via != MATCH_PORT_ONLY ||
            !is_dynamic_media(match) || may_be_media(key)) {
            claim->rows[n++] = *match;
        }
    }
    claim->n_rows = n;
}

/* Might a row match if the capture had all of the flow?  A name that was not read could
 * be one that is listed, and that of a CONNECT, which any port but one that is for
 * something else may take. */
static bool may_be_listed(const struct cell_key *key)
{
    bool web = key->server_port == PORT_HTTP || key->server_port == PORT_HTTPS;
    bool named = key->names[0] != 0;
    bool unread = (key->facts & FACT_UNREAD) ||
                  (key->payload == PAYLOAD_HTTP && !named) ||
                  (key->sign == ATTEMPT_SYN_SILENT && key->waited_s < SYN_WAIT_S);

    return key->proto == PROTO_TCP && unread &&
           (web ? !named : key->server_port >= SYSTEM_PORTS);
}

static enum claim_verdict verdict_of(const struct claim *claim,
                                     const struct cell_key *key, bool inbound)
{
    if (claim->n_rows > 0) {
        return claim->rows[0].via == MATCH_PORT_ONLY ? CLAIM_CANDIDATE
                                                     : CLAIM_DOCUMENTED;
    }
    if (claim->n_names > 0 && claim->sources[0] == NAME_DNS_OTHER_DEVICE) {
        return CLAIM_CANDIDATE; /* The device itself may have meant another name. */
    }
    if (!inbound) {
        return may_be_listed(key) ? CLAIM_CANDIDATE : CLAIM_UNEXPECTED;
    }
    return key->basis == OPENER_FIRST_PACKET ? CLAIM_UNEXPECTED
                                             : CLAIM_UNEXPECTED_INBOUND;
}

/* Who opened a flow that was joined in its middle is a guess by its ports. */
static bool is_opener_guessed(const struct cell_key *key)
{
    return key->basis == OPENER_FIRST_PACKET &&
           (key->proto != PROTO_UDP || (key->facts & FACT_TWO_WAY));
}

void claim_question(const struct judging *j, const struct cell *cell, bool inbound,
                    const struct claim *claim, struct policy_question *q)
{
    const struct cell_key *key = &cell->key;

    memset(q, 0, sizeof *q);
    q->transport = key->proto == PROTO_UDP ? TRANSPORT_UDP : TRANSPORT_TCP;
    q->initiator = is_opener_guessed(key) ? INITIATOR_ANY
                   : inbound              ? INITIATOR_PEER
                                          : INITIATOR_DEVICE;
    q->peer = inbound ? key->client : key->server;
    q->device_port = inbound ? key->server_port : key->client_port;
    q->peer_port = inbound ? key->client_port : key->server_port;
    if (!inbound && (key->name_flags[0] & FLOW_NAME_PROXIED) && key->name_port) {
        q->peer_port = key->name_port; /* Judged on the target behind the proxy. */
    }
    q->roles_given = roles_given(j, &q->peer);
    if (calls_have(j, cell, inbound)) {
        q->roles_given |= 1u << ROLE_MEDIA_GATEWAY;
    }
    q->n_names = claim->names_are_idle ? 0 : claim->n_names;
    memcpy(q->names, claim->names, sizeof q->names);
}

static bool is_listed(const struct claim *claim)
{
    return claim->n_names > 0 && claim->sources[0] == NAME_LIST;
}

/* Did a name decide which row is the best? */
static bool is_by_name(const struct claim *claim)
{
    return claim->n_rows > 0 &&
           (claim->rows[0].via == MATCH_NAME || claim->rows[0].via == MATCH_SUFFIX ||
            claim->rows[0].via == MATCH_ROLE);
}

/* Does each listed name, alone, lead to the row that all of them do? */
static bool names_agree(const struct judging *j, const struct claim *claim,
                        const struct policy_question *question)
{
    struct policy_match rows[POLICY_MAX_ANSWERS];
    struct policy_question one = *question;

    one.n_names = 1;
    for (size_t i = 0; i < claim->n_names; i++) {
        one.names[0] = claim->names[i];
        if (policy_ask(j->policy, &one, rows) == 0 ||
            rows[0].row != claim->rows[0].row || rows[0].via == MATCH_PORT_ONLY) {
            return false;
        }
    }
    return true;
}

/* Asks again without the names where these, being listed, must not decide: the flow is
 * then as one of a peer without a name. */
static void weigh_listed(const struct judging *j, struct policy_question *question,
                         struct claim *claim)
{
    if (is_listed(claim) && !(is_by_name(claim) && names_agree(j, claim, question))) {
        claim->names_are_idle = true;
        question->n_names = 0;
        claim->n_rows = asked_rows(j, question, claim->rows);
    }
}

/* The name to print: the one that the row was found by, else the best known. */
static void choose_name(struct claim *claim)
{
    size_t i = 0;

    if (claim->n_rows > 0 &&
        (claim->rows[0].via == MATCH_NAME || claim->rows[0].via == MATCH_SUFFIX)) {
        i = claim->rows[0].name;
    }
    claim->peer_name = claim->n_names > i ? claim->names[i] : NULL;
    claim->peer_source = claim->n_names > i ? claim->sources[i] : NAME_DNS;
}

void claim_of(const struct judging *j, const struct cell *cell, uint32_t device,
              bool inbound, struct claim *out)
{
    const struct cell_key *key = &cell->key;
    int64_t ns = cell->first_ns;
    struct policy_question question;

    memset(out, 0, sizeof *out);
    if (inbound) {
        names_add_bound(j, device, &key->client, ns + second_ns, out);
    } else {
        outward_names(j, cell, device, out);
    }
    claim_question(j, cell, inbound, out, &question);
    out->n_rows = asked_rows(j, &question, out->rows);
    weigh_listed(j, &question, out);
    drop_media(out, key);
    out->verdict =
        is_background(j, key, out) ? CLAIM_BACKGROUND : verdict_of(out, key, inbound);
    choose_name(out);
}

long claim_row(const struct claim *claim)
{
    return claim->verdict == CLAIM_DOCUMENTED ? (long)claim->rows[0].row : -1;
}

/* Is the row's port at the device's end? */
static bool is_at_device(const struct policy_row *row, uint16_t device_port,
                         uint16_t peer_port, bool inbound)
{
    bool at_device = row->port_side == PORT_SIDE_DEVICE ||
                     (row->port_side == PORT_SIDE_RESPONDER && inbound);

    for (size_t i = 0; i < row->n_ports; i++) {
        const struct port_range *p = &row->ports[i];

        if (row->port_side == PORT_SIDE_EITHER && peer_port >= p->low &&
            peer_port <= p->high) {
            return false;
        }
        at_device |= row->port_side == PORT_SIDE_EITHER && device_port >= p->low &&
                     device_port <= p->high;
    }
    return at_device;
}

uint16_t claim_port(const struct judging *j, const struct claim *claim,
                    const struct cell_key *key, bool inbound)
{
    uint16_t device_port = inbound ? key->server_port : key->client_port;
    uint16_t peer_port = inbound ? key->client_port : key->server_port;

    if (claim->n_rows > 0 && is_at_device(policy_row(j->policy, claim->rows[0].row),
                                          device_port, peer_port, inbound)) {
        return device_port;
    }
    return key->server_port;
}
