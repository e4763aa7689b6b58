/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What DNS and DHCP tell: lookups, the names of addresses, leases.
 */
#include "audit/records.h"
#include "audit/shard.h"

enum { PORT_DNS = 53 };

static const int64_t second_ns = 1000000000;

/* --- DNS --- */

static enum lookup_answer answer_of(const struct dns_message *m)
{
    switch (m->rcode) {
    case 0:
        break;
    case 2:
        return LOOKUP_SERVFAIL;
    case 3:
        return LOOKUP_NXDOMAIN;
    case 5:
        return LOOKUP_REFUSED;
    default:
        return LOOKUP_OTHER;
    }
    if (m->n_addresses == 0) {
        return m->partial || m->truncated ? LOOKUP_OTHER : LOOKUP_EMPTY;
    }
    for (size_t i = 0; i < m->n_addresses; i++) {
        const struct addr *a = &m->addresses[i];

        if (!addr_is_private(a) && !addr_is_unspecified(a) && !addr_is_loopback(a)) {
            return LOOKUP_ADDRESS;
        }
    }
    return LOOKUP_PRIVATE;
}

static void bind_addresses(struct tally *tally, const struct dns_message *m,
                           const struct addr *host, uint32_t name, int64_t ns,
                           uint32_t frame)
{
    for (size_t i = 0; i < m->n_addresses; i++) {
        struct binding_key key = {*host, m->addresses[i], name, 0};
        struct binding *b = pool_add(&tally->bindings, &key, NULL);

        if (b) {
            int64_t until = ns + (int64_t)m->ttl * second_ns;

            b->first_ns = b->first_ns == 0 || ns < b->first_ns ? ns : b->first_ns;
            b->last_ns = ns > b->last_ns ? ns : b->last_ns;
            b->until_ns = until > b->until_ns ? until : b->until_ns;
            b->frame = b->frame ? b->frame : frame;
        }
    }
}

static void dns_note(struct tally *tally, const struct dns_message *m,
                     const struct packet *packet, uint32_t frame)
{
    struct lookup_key key = {
        .host = m->response ? packet->dst : packet->src,
        .resolver = m->response ? packet->src : packet->dst,
        .name = tally_name(tally, m->name),
        .slot = (uint32_t)(packet->ns / second_ns / SLOT_SECONDS),
        .type = m->type,
    };
    struct lookup *l = key.name ? pool_add(&tally->lookups, &key, NULL) : NULL;

    if (!l) {
        return;
    }
    if (!m->response) {
        l->queries++;
        stretch_note(&l->first_query_ns, &l->last_query_ns, packet->ns);
        l->frames[0] = l->frames[0] ? l->frames[0] : frame;
        l->frames[1] = frame;
        return;
    }
    l->answers[answer_of(m)]++;
    stretch_note(&l->first_answer_ns, &l->last_answer_ns, packet->ns);
    l->frames[2] = l->frames[2] ? l->frames[2] : frame;
    l->frames[3] = frame;
    bind_addresses(tally, m, &key.host, key.name, packet->ns, frame);
}

void payload_dns(struct tally *tally, const struct packet *packet, struct cursor bytes,
                 uint32_t frame)
{
    struct dns_message message;

    if (dns_parse(bytes, &message) != PARSE_OK) {
        return;
    }
    if (message.response ? packet->src_port == PORT_DNS
                         : packet->dst_port == PORT_DNS) {
        dns_note(tally, &message, packet, frame);
    }
}

/* --- DHCP --- */

static void keep_larger(struct addr *have, const struct addr *come)
{
    if (addr_cmp(come, have) > 0) {
        *have = *come;
    }
}

static void lease_note(struct tally *tally, const struct dhcp_message *m,
                       const struct addr *addr, int64_t ns)
{
    struct lease_key key = {.mac = m->chaddr, .addr = *addr};
    struct lease *lease = pool_add(&tally->leases, &key, NULL);
    uint32_t host_name = tally_name(tally, m->host_name);
    uint32_t vendor_class = tally_name(tally, m->vendor_class);

    if (!lease) {
        return;
    }
    stretch_note(&lease->first_ns, &lease->last_ns, ns);
    lease->host_name = record_larger_name(tally, host_name, lease->host_name);
    lease->vendor_class = record_larger_name(tally, vendor_class, lease->vendor_class);
    keep_larger(&lease->server, &m->server_id);
    keep_larger(&lease->relay, &m->relay);
    lease->mask_bits =
        m->mask_bits > lease->mask_bits ? m->mask_bits : lease->mask_bits;
    if (m->n_routers) {
        keep_larger(&lease->router, &m->routers[0]);
    }
    for (size_t i = 0; i < 2; i++) {
        if (i < m->n_resolvers) {
            keep_larger(&lease->resolvers[i], &m->resolvers[i]);
        }
        if (i < m->n_ntp) {
            keep_larger(&lease->ntp[i], &m->ntp[i]);
        }
    }
}

enum { DHCP_ACK = 5, DHCP_TYPES = 9 };

void payload_dhcp(struct tally *tally, const struct packet *packet, struct cursor bytes,
                  uint32_t frame)
{
    static const struct addr none;
    struct dhcp_message m;

    if (dhcp_parse(bytes, &m) != PARSE_OK || m.type >= DHCP_TYPES) {
        return;
    }

    struct dhcp_key key = {.mac = m.chaddr,
                           .slot = (uint32_t)(packet->ns / second_ns / SLOT_SECONDS)};
    struct dhcp *dhcp = pool_add(&tally->dhcp, &key, NULL);
    if (dhcp) {
        dhcp->n[m.type]++;
        stretch_note(&dhcp->first_ns[m.type], &dhcp->last_ns[m.type], packet->ns);
        dhcp->frames[m.type] = dhcp->frames[m.type] ? dhcp->frames[m.type] : frame;
    }
    if (m.type == DHCP_ACK) {
        lease_note(tally, &m, addr_is_unspecified(&m.your) ? &m.client : &m.your,
                   packet->ns);
    } else if (!m.from_server) {
        lease_note(tally, &m, addr_is_unspecified(&m.client) ? &none : &m.client,
                   packet->ns);
    }
}
