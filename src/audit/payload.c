/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What payloads tell of whom a flow is with.  A TCP payload is looked at only until
 * its direction is settled, then it is only counted.
 */
#include "audit/records.h"
#include "audit/shard.h"
#include "names/ldap.h"
#include "voice/voice.h"

#include <stdlib.h>

enum { PORT_DNS = 53, PORT_DHCP_SERVER = 67, PORT_DHCP_CLIENT = 68, PROTO_UDP = 17 };

enum { DTLS_HANDSHAKE = 22 /* The first byte; QUIC's has its top bit set. */ };

enum { HTTP_FORBIDDEN = 403 };

enum { LDAP_SEGMENTS = 32 /* Of one end; a bind comes early. */ };

enum { QUIC_DATAGRAMS = 16 /* A client's hello is not spread over more. */ };

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
        piece->check |= request.connect        ? CHECK_SIGN_CONNECT
                        : request.generate_204 ? CHECK_SIGN_ASKED
                                               : 0;
    }
    return result;
}

/* The first answer counts if the check, or a tunnel, was asked for; or if no request
 * was seen: then it may be in another part of the capture. */
static enum parse_result response_look(struct piece *piece, unsigned from,
                                       struct cursor bytes)
{
    struct http_response response;
    enum parse_result result;

    if (!(piece->check & (CHECK_SIGN_ASKED | CHECK_SIGN_CONNECT)) &&
        piece->end[!from].payload_packets > 0) {
        return PARSE_NOT;
    }
    result = http_response_parse(bytes, &response);
    if (result == PARSE_OK) {
        bool ok =
            response.status == 204 || (response.status == 200 && !response.has_body);

        piece->check |= ok ? CHECK_SIGN_EMPTY : CHECK_SIGN_OTHER;
        piece->check |= response.status == HTTP_FORBIDDEN ? CHECK_SIGN_FORBIDDEN : 0;
    }
    return result == PARSE_MORE ? PARSE_MORE : PARSE_NOT;
}

/* Messages up to the first of a bind; PARSE_MORE: the last is cut. */
static enum parse_result bind_find(struct cursor bytes, struct ldap_message *m)
{
    enum parse_result result;

    do {
        result = ldap_next(&bytes, m);
    } while (result == PARSE_OK && m->kind == LDAP_OTHER && bytes.left > 0);
    return result;
}

/* A bind is often asked for behind StartTLS or a look at the root.  Once it is, or is
 * answered, nothing more is wanted. */
static enum parse_result ldap_look(struct shard *shard, const struct piece *piece,
                                   const struct packet *packet, unsigned from,
                                   struct cursor bytes, uint32_t frame)
{
    struct ldap_message m = {LDAP_OTHER, 0};
    enum parse_result result = bind_find(bytes, &m);

    if (result != PARSE_OK) {
        return result;
    }
    if (m.kind == LDAP_OTHER) {
        return piece->end[from].payload_packets < LDAP_SEGMENTS ? PARSE_OK : PARSE_NOT;
    }
    exchange_note(&shard->tally, packet, EXCHANGE_LDAP_BIND, m.kind == LDAP_BIND_ANSWER,
                  m.kind == LDAP_BIND ? EXCHANGE_ASKED : EXCHANGE_ANSWERS + m.result,
                  frame);
    return m.kind == LDAP_BIND_ANSWER && m.result == LDAP_SASL_GOES_ON ? PARSE_OK
                                                                       : PARSE_NOT;
}

/* PARSE_MORE: more of the stream is needed.  PARSE_OK: a message was read, and another
 * may follow.  PARSE_NOT: nothing more is to be learned from this end. */
static enum parse_result bytes_look(struct shard *shard, struct piece *piece,
                                    const struct packet *packet, unsigned from,
                                    struct cursor bytes, uint32_t frame)
{
    struct tls_hello hello;
    enum parse_result result = tls_hello_parse(bytes, &hello);

    if (result == PARSE_OK) {
        name_found(shard, piece, hello.sni,
                   (struct flow_name){.source = NAME_SNI,
                                      .flags = hello.ech ? FLOW_NAME_ECH : 0});
        return PARSE_NOT;
    }
    if (result == PARSE_NOT) {
        result = request_look(shard, piece, bytes);
    }
    if (result == PARSE_NOT) {
        result = response_look(piece, from, bytes);
    }
    if (result == PARSE_NOT) {
        result = ldap_look(shard, piece, packet, from, bytes, frame);
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

/* SIP on a port of its own: from here on it is looked for in each segment. */
static bool sip_look(struct shard *shard, struct piece *piece,
                     const struct packet *packet, unsigned from, struct cursor bytes,
                     uint32_t frame)
{
    if (bytes.at[0] < 'A' || bytes.at[0] > 'Z' || !sip_begins(bytes)) {
        return false;
    }
    piece->settled |= SETTLED_SIP;
    return voice_tcp_look(shard, piece, packet, from, frame);
}

static void stream_look(struct shard *shard, struct piece *piece,
                        const struct packet *packet, unsigned from, uint32_t frame)
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
    if (prefix.left == 0 || sip_look(shard, piece, packet, from, prefix, frame)) {
        return;
    }
    switch (bytes_look(shard, piece, packet, from, prefix, frame)) {
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
                         const struct packet *packet, unsigned from, uint32_t frame)
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
        stream_look(shard, piece, packet, from, frame);
        return;
    }
    if (sip_look(shard, piece, packet, from, bytes, frame)) {
        return;
    }
    switch (bytes_look(shard, piece, packet, from, bytes, frame)) {
    case PARSE_OK:
        break;
    case PARSE_MORE:
        if (payload_stream_open(shard, piece, from, packet->tcp_seq)) {
            stream_look(shard, piece, packet, from, frame);
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
        payload_dns_stream(shard, piece, packet, from, frame);
        return;
    }
    if (voice_tcp_look(shard, piece, packet, from, frame) ||
        (piece->settled >> from & 1)) {
        return;
    }
    if (stream_of(shard, piece, from)) {
        stream_look(shard, piece, packet, from, frame);
    } else {
        segment_look(shard, piece, packet, from, frame);
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

static void dtls_look(struct shard *shard, struct piece *piece, struct cursor bytes)
{
    struct tls_hello hello;

    if (dtls_hello_parse(bytes, &hello) == PARSE_OK) {
        name_found(shard, piece, hello.sni,
                   (struct flow_name){.source = NAME_SNI,
                                      .flags = hello.ech ? FLOW_NAME_ECH : 0});
    }
    settle_udp(shard, piece);
}

static void look_udp(struct shard *shard, struct piece *piece,
                     const struct packet *packet, unsigned from, uint32_t frame)
{
    struct cursor bytes = {packet->payload, packet->payload_cap};

    if (packet->src_port == PORT_DNS || packet->dst_port == PORT_DNS) {
        payload_dns(&shard->tally, packet, bytes, frame);
    } else if (packet->dst_port == PORT_DHCP_SERVER ||
               packet->dst_port == PORT_DHCP_CLIENT) {
        payload_dhcp(&shard->tally, packet, bytes, frame);
    } else if (!voice_udp_look(&shard->tally, piece, packet, from, frame) &&
               (piece->settled & SETTLED_BOTH) != SETTLED_BOTH) {
        if (bytes.at[0] == DTLS_HANDSHAKE) {
            dtls_look(shard, piece, bytes);
        } else {
            quic_look(shard, piece, bytes, from);
        }
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
