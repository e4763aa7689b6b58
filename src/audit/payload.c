/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What payloads tell: names, lookups, leases.  A TCP payload is looked at only until
 * its direction is settled, then it is only counted.
 */
#include "audit/records.h"
#include "audit/shard.h"

#include <stdlib.h>

enum { PORT_DNS = 53, PORT_DHCP_SERVER = 67, PORT_DHCP_CLIENT = 68, PROTO_UDP = 17 };

enum { QUIC_DATAGRAMS = 16 /* A client's hello is not spread over more. */ };

/* Bits of piece.settled: one for each end, and what is waited for. */
enum { SETTLED_BOTH = 3, SETTLED_CHECK = 4 };

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

static void dns_look(struct tally *tally, const struct packet *packet,
                     struct cursor bytes, uint32_t frame)
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

/* DNS over TCP: messages behind their lengths (RFC 1035 4.2.2). */
static void dns_tcp_look(struct tally *tally, const struct packet *packet,
                         struct cursor bytes, uint32_t frame)
{
    struct cursor message;

    while (dns_stream_next(&bytes, &message)) {
        dns_look(tally, packet, message, frame);
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

static void dhcp_look(struct tally *tally, const struct packet *packet,
                      struct cursor bytes, uint32_t frame)
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

/* --- TCP --- */

static void name_found(struct shard *shard, struct piece *piece, const char *text,
                       struct flow_name name)
{
    name.name = tally_name(&shard->tally, text);
    if (name.name) {
        piece_add_name(piece, name);
    }
}

/* An HTTP request names its host; one to a proxy names the target. */
static enum parse_result request_look(struct shard *shard, struct piece *piece,
                                      struct cursor bytes)
{
    struct http_request request;
    enum parse_result result = http_request_parse(bytes, &request);

    if (result == PARSE_OK) {
        bool proxied = request.connect || request.absolute;

        name_found(shard, piece, request.host,
                   (struct flow_name){.source = NAME_HTTP_HOST,
                                      .flags = proxied ? FLOW_NAME_PROXIED : 0,
                                      .port = proxied ? request.port : 0});
        piece->settled |= request.generate_204 ? SETTLED_CHECK : 0;
    }
    return result;
}

static void response_look(struct piece *piece, struct cursor bytes)
{
    struct http_response response;

    if ((piece->settled & SETTLED_CHECK) &&
        http_response_parse(bytes, &response) == PARSE_OK) {
        bool ok =
            response.status == 204 || (response.status == 200 && !response.has_body);

        piece->check = ok ? CHECK_OK : CHECK_PORTAL;
    }
}

/* PARSE_MORE: more of the stream is needed.  PARSE_OK: a message was read, and another
 * may follow.  PARSE_NOT: nothing more is to be learned from this end. */
static enum parse_result bytes_look(struct shard *shard, struct piece *piece,
                                    struct cursor bytes)
{
    struct tls_hello hello;
    enum parse_result result = tls_hello_parse(bytes, &hello);

    if (result == PARSE_OK) {
        name_found(shard, piece, hello.sni,
                   (struct flow_name){.source = NAME_SNI,
                                      .flags = hello.ech ? FLOW_NAME_ECH : 0});
        return PARSE_NOT;
    }
    if (result == PARSE_MORE) {
        return PARSE_MORE;
    }
    result = request_look(shard, piece, bytes);
    if (result == PARSE_NOT) {
        response_look(piece, bytes);
    }
    return result;
}

void payload_forget(struct shard *shard, const struct piece *piece)
{
    if (!piece->hello) {
        return;
    }
    if (piece->key.proto == PROTO_UDP) {
        shard->free_hellos[shard->n_free_hellos++] = (uint8_t)(piece->hello - 1);
    } else {
        shard->free_streams[shard->n_free++] = (uint16_t)(piece->hello - 1);
    }
}

static void stream_close(struct shard *shard, struct piece *piece)
{
    payload_forget(shard, piece);
    piece->hello = 0;
}

/* The stream under reassembly, if it is of end 'from'. */
static struct stream *stream_of(struct shard *shard, const struct piece *piece,
                                unsigned from)
{
    struct stream *stream = piece->hello ? &shard->streams[piece->hello - 1] : NULL;

    return stream && stream->end == from ? stream : NULL;
}

static void settle_end(struct shard *shard, struct piece *piece, unsigned from)
{
    if (stream_of(shard, piece, from)) {
        stream_close(shard, piece);
    }
    piece->settled |= (uint8_t)(1u << from);
}

bool payload_stream_open(struct shard *shard, struct piece *piece, unsigned from,
                         uint32_t base)
{
    if (shard->n_free == 0 || piece->hello) {
        return false;
    }
    piece->hello = shard->free_streams[--shard->n_free] + 1u;
    stream_reset(&shard->streams[piece->hello - 1], from, base);
    return true;
}

static void stream_look(struct shard *shard, struct piece *piece,
                        const struct packet *packet, unsigned from)
{
    struct stream *stream = &shard->streams[piece->hello - 1];
    struct cursor segment = {packet->payload, packet->payload_cap};
    struct cursor prefix;

    if (packet->payload_cap < packet->payload_len ||
        !stream_add(stream, packet->tcp_seq, segment)) {
        settle_end(shard, piece, from);
        return;
    }
    prefix = stream_prefix(stream);
    if (prefix.left == 0) {
        return;
    }
    switch (bytes_look(shard, piece, prefix)) {
    case PARSE_OK:
        stream_close(shard, piece);
        break;
    case PARSE_MORE:
        break;
    case PARSE_NOT:
        settle_end(shard, piece, from);
        break;
    }
}

/* Where the stream of this end begins: behind its SYN, else at the first data seen. */
static uint32_t first_seq(const struct flow_end *end)
{
    return end->seen & END_ISN ? end->isn + 1 : end->seq_first;
}

/* A segment where nothing is under reassembly. */
static void segment_look(struct shard *shard, struct piece *piece,
                         const struct packet *packet, unsigned from)
{
    const struct flow_end *end = &piece->end[from];
    struct cursor bytes = {packet->payload, packet->payload_cap};

    if (end->payload_packets == 1 && packet->tcp_seq != first_seq(end)) {
        if (!(end->seen & END_ISN) ||
            packet->tcp_seq - first_seq(end) >= HELLO_MAX_LEN ||
            !payload_stream_open(shard, piece, from, first_seq(end))) {
            settle_end(shard, piece, from);
            return;
        }
        stream_look(shard, piece, packet, from);
        return;
    }
    switch (bytes_look(shard, piece, bytes)) {
    case PARSE_OK:
        break;
    case PARSE_MORE:
        if (payload_stream_open(shard, piece, from, packet->tcp_seq)) {
            stream_look(shard, piece, packet, from);
        } else {
            settle_end(shard, piece, from);
        }
        break;
    case PARSE_NOT:
        settle_end(shard, piece, from);
        break;
    }
}

static void look_tcp(struct shard *shard, struct piece *piece,
                     const struct packet *packet, unsigned from, uint32_t frame)
{
    if (packet->src_port == PORT_DNS || packet->dst_port == PORT_DNS) {
        dns_tcp_look(&shard->tally, packet,
                     (struct cursor){packet->payload, packet->payload_cap}, frame);
        return;
    }
    if (voice_tcp_look(shard, piece, packet, from, frame) ||
        (piece->settled >> from & 1)) {
        return;
    }
    if (stream_of(shard, piece, from)) {
        stream_look(shard, piece, packet, from);
    } else {
        segment_look(shard, piece, packet, from);
    }
}

/* --- UDP --- */

static struct quic_crypto *quic_open(struct shard *shard, struct piece *piece)
{
    if (!piece->hello && shard->n_free_hellos > 0) {
        uint8_t i = shard->free_hellos[shard->n_free_hellos - 1];

        if (!shard->hellos[i]) {
            shard->hellos[i] = malloc(sizeof *shard->hellos[i]);
        }
        if (shard->hellos[i]) {
            memset(shard->hellos[i], 0, sizeof *shard->hellos[i]);
            shard->n_free_hellos--;
            piece->hello = i + 1u;
        }
    }
    return piece->hello ? shard->hellos[piece->hello - 1] : NULL;
}

static void settle_udp(struct shard *shard, struct piece *piece)
{
    stream_close(shard, piece);
    piece->settled = SETTLED_BOTH;
}

/* The Initial packets of whoever opened the flow; the server's hold no name. */
static void quic_look(struct shard *shard, struct piece *piece, struct cursor bytes,
                      unsigned from)
{
    const struct flow_end *end = &piece->end[from], *other = &piece->end[!from];
    struct tls_hello hello;

    if (other->packets && other->first_ns < end->first_ns) {
        return;
    }
    /* An Initial may come behind packets of 0-RTT, in one datagram or in several. */
    if (end->payload_packets > QUIC_DATAGRAMS || quic_kind(bytes) == QUIC_NONE) {
        settle_udp(shard, piece);
        return;
    }

    struct quic_crypto *state = quic_open(shard, piece);
    if (state && quic_initial_parse(bytes, state, &hello) == PARSE_OK) {
        name_found(shard, piece, hello.sni,
                   (struct flow_name){.source = NAME_QUIC_SNI,
                                      .flags = hello.ech ? FLOW_NAME_ECH : 0});
        settle_udp(shard, piece);
    }
}

static void look_udp(struct shard *shard, struct piece *piece,
                     const struct packet *packet, unsigned from, uint32_t frame)
{
    struct cursor bytes = {packet->payload, packet->payload_cap};

    if (packet->src_port == PORT_DNS || packet->dst_port == PORT_DNS) {
        dns_look(&shard->tally, packet, bytes, frame);
    } else if (packet->dst_port == PORT_DHCP_SERVER ||
               packet->dst_port == PORT_DHCP_CLIENT) {
        dhcp_look(&shard->tally, packet, bytes, frame);
    } else if (!voice_udp_look(&shard->tally, piece, packet, from, frame) &&
               piece->settled != SETTLED_BOTH) {
        quic_look(shard, piece, bytes, from);
    }
}

void payload_look(struct shard *shard, struct piece *piece, const struct packet *packet,
                  unsigned from, uint32_t frame)
{
    if (packet->payload_cap == 0) {
        return;
    }
    if (packet->kind == PACKET_UDP) {
        look_udp(shard, piece, packet, from, frame);
    } else {
        look_tcp(shard, piece, packet, from, frame);
    }
}
