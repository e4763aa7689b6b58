/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What packets of calls tell: SIP's requests and answers, the media that SDP announces,
 * RTP, RTCP, and signs of address translation.
 *
 * Only sums, firsts and lasts are noted, each by itself, so that the parts of a capture
 * add up.  Who calls whom is not noted: no user, no display name, and of a Call-ID
 * only a hash.
 */
#include "audit/records.h"
#include "audit/shard.h"
#include "base/hash.h"
#include "voice/voice.h"

enum { ALL_LOST = 255, RTCP_LOWEST = 192, RTCP_HIGHEST = 223 };

static const int64_t second_ns = 1000000000;

static void note_first(int64_t *first, int64_t ns)
{
    *first = *first == 0 || ns < *first ? ns : *first;
}

/* --- SIP --- */

void exchange_note(struct tally *tally, const struct packet *packet,
                   enum exchange_kind kind, bool response, unsigned result,
                   uint32_t frame)
{
    struct exchange_key key = {
        .host = response ? packet->dst : packet->src,
        .peer = response ? packet->src : packet->dst,
        .slot = (uint32_t)(packet->ns / second_ns / SLOT_SECONDS),
        .port = response ? packet->src_port : packet->dst_port,
        .result = (uint16_t)result,
        .kind = (uint8_t)kind,
        .proto = packet->proto,
    };
    struct exchange *e = pool_add(&tally->exchanges, &key, NULL);

    if (e) {
        e->n++;
        stretch_note(&e->first_ns, &e->last_ns, packet->ns);
        lowest_u32(e->frames, 4, frame);
    }
}

static void sip_note(struct tally *tally, const struct packet *packet,
                     const struct sip_message *m, unsigned result, uint32_t frame)
{
    enum exchange_kind kind = m->method == SIP_REGISTER ? EXCHANGE_SIP_REGISTER
                              : m->method == SIP_INVITE ? EXCHANGE_SIP_INVITE
                                                        : EXCHANGE_SIP_OTHER;

    exchange_note(tally, packet, kind, m->response, result, frame);
}

static uint32_t call_id_of(const struct sip_message *m)
{
    return (uint32_t)(hash_bytes(m->call_id.at, m->call_id.left, 0) >> 32);
}

static void call_note(struct tally *tally, const struct packet *packet,
                      const struct sip_message *m, uint32_t frame)
{
    bool lower = addr_cmp(&packet->src, &packet->dst) < 0;
    struct call_key key = {lower ? packet->src : packet->dst,
                           lower ? packet->dst : packet->src, call_id_of(m), 0};
    struct call *call = pool_add(&tally->calls, &key, NULL);

    if (!call) {
        return;
    }
    call->last_ns = packet->ns > call->last_ns ? packet->ns : call->last_ns;
    if (m->method == SIP_BYE) {
        note_first(&call->ended_ns, packet->ns);
    } else if (!m->response) {
        note_first(&call->invited_ns, packet->ns);
    } else if (m->status >= 200 && m->status < 300) {
        note_first(&call->answered_ns, packet->ns);
    } else {
        return;
    }
    lowest_u32(call->frames, 4, frame);
}

static void nat_note(struct tally *tally, const struct packet *packet,
                     enum nat_kind kind, const struct addr *told, bool response,
                     uint32_t frame)
{
    struct nat_sign_key key = {
        .host = response ? packet->dst : packet->src,
        .peer = response ? packet->src : packet->dst,
        .told = *told,
        .port = response ? packet->src_port : packet->dst_port,
        .kind = (uint8_t)kind,
    };
    struct nat_sign *sign = pool_add(&tally->nat_signs, &key, NULL);

    if (sign) {
        sign->n++;
        stretch_note(&sign->first_ns, &sign->last_ns, packet->ns);
        sign->frame = sign->frame && sign->frame < frame ? sign->frame : frame;
    }
}

/* An address that a request tells of its sender, and that is not the one it has. */
static void told_note(struct tally *tally, const struct packet *packet,
                      enum nat_kind kind, const struct addr *told, uint32_t frame)
{
    if (!addr_equal(told, &packet->src) && !addr_is_unspecified(told) &&
        !addr_is_loopback(told) && !addr_is_group(told)) {
        nat_note(tally, packet, kind, told, false, frame);
    }
}

/* The users behind an address are counted, not known: a hash in 100::/64, where no
 * address is (RFC 6666). */
static void user_note(struct tally *tally, const struct packet *packet,
                      const struct sip_message *m, uint32_t frame)
{
    struct addr told = {{1}};
    uint64_t hash;

    if (m->response || m->method != SIP_REGISTER || m->user.left == 0) {
        return;
    }
    hash = hash_bytes(m->user.at, m->user.left, 0);
    for (size_t i = 0; i < sizeof hash; i++) {
        told.b[8 + i] = (uint8_t)(hash >> (8 * i));
    }
    nat_note(tally, packet, NAT_USER, &told, false, frame);
}

static void addresses_note(struct tally *tally, const struct packet *packet,
                           const struct sip_message *m, uint32_t frame)
{
    if (m->response) {
        if (m->received.has_addr) {
            nat_note(tally, packet, NAT_RECEIVED, &m->received.addr, true, frame);
        }
        return;
    }
    if (m->via.has_addr) {
        told_note(tally, packet, NAT_VIA, &m->via.addr, frame);
    }
    if (m->contact.has_addr) {
        told_note(tally, packet, NAT_CONTACT, &m->contact.addr, frame);
    }
}

static void media_expect(struct tally *tally, const struct packet *packet,
                         const struct sdp_media *media, uint32_t call, uint32_t frame)
{
    static const struct addr none;
    struct expectation_key key = {
        .from = packet->src,
        .to = packet->dst,
        .addr = media->addr,
        .call = call,
        .port = media->port,
        .rtcp_port = media->rtcp_port,
    };
    struct expectation *e;

    if (media->port == 0 || addr_equal(&media->addr, &none) ||
        !(e = pool_add(&tally->expectations, &key, NULL))) {
        return;
    }
    e->flags |= (uint8_t)(1u << media->direction | (media->rtp ? EXPECT_RTP : 0));
    stretch_note(&e->first_ns, &e->last_ns, packet->ns);
    e->frame = e->frame && e->frame < frame ? e->frame : frame;
    told_note(tally, packet, NAT_SDP, &media->addr, frame);
}

static void sdp_note(struct tally *tally, const struct packet *packet,
                     const struct sip_message *m, uint32_t frame)
{
    static const struct addr none;
    struct sdp sdp;

    if (!m->has_sdp || sdp_parse(m->sdp, m->partial, &sdp) != PARSE_OK) {
        return;
    }
    for (size_t i = 0; i < sdp.n_media; i++) {
        media_expect(tally, packet, &sdp.media[i], call_id_of(m), frame);
    }
    if (sdp.ice) {
        nat_note(tally, packet, NAT_ICE, &none, false, frame);
    }
}

bool voice_sip_look(struct tally *tally, const struct packet *packet,
                    struct cursor message, bool in_pieces, uint32_t frame)
{
    struct sip_message m;

    if (sip_parse(message, &m) != PARSE_OK) {
        return false;
    }
    if (m.method != SIP_ACK) {
        sip_note(tally, packet, &m,
                 m.response          ? m.status
                 : m.has_credentials ? EXCHANGE_ASKED_AS_USER
                                     : EXCHANGE_ASKED,
                 frame);
    }
    if (in_pieces && !m.response) {
        sip_note(tally, packet, &m,
                 m.partial ? EXCHANGE_FRAGMENTS_MISSING : EXCHANGE_ASKED_IN_PIECES,
                 frame);
    }
    if (m.method == SIP_INVITE || m.method == SIP_BYE) {
        call_note(tally, packet, &m, frame);
    }
    addresses_note(tally, packet, &m, frame);
    user_note(tally, packet, &m, frame);
    sdp_note(tally, packet, &m, frame);
    return true;
}

/* --- RTP and RTCP --- */

/* Half of a site's packets may be of calls: the record is looked up once a flow. */
static struct media *media_find(struct tally *tally, struct flow_end *end,
                                const struct packet *packet)
{
    struct media_key key = {packet->src, packet->dst, packet->src_port,
                            packet->dst_port};
    struct media *media;

    /* Another may lie there since the records were taken away (shard_cut()). */
    if (end->media > 0 && end->media <= tally->media.n) {
        media = pool_at(&tally->media, end->media - 1);
        if (memcmp(&media->key, &key, sizeof key) == 0) {
            return media;
        }
    }
    media = pool_add(&tally->media, &key, NULL);
    if (media) {
        const struct media *first = pool_at(&tally->media, 0);

        end->media = (uint32_t)(media - first) + 1;
    }
    return media;
}

static struct media *media_of(struct tally *tally, struct flow_end *end,
                              const struct packet *packet, uint32_t frame)
{
    struct media *media = media_find(tally, end, packet);

    if (media) {
        stretch_note(&media->first_ns, &media->last_ns, packet->ns);
        if (media->frames[3] == 0 || frame < media->frames[3]) {
            lowest_u32(media->frames, 4, frame);
        }
    }
    return media;
}

static void note_range(uint32_t *low, uint32_t *high, uint32_t v)
{
    *low = *low == 0 || v < *low ? v : *low;
    *high = v > *high ? v : *high;
}

static void rtp_note(struct media *media, const struct rtp_packet *rtp)
{
    uint64_t ssrc = (uint64_t)rtp->ssrc + 1;

    media->packets++;
    media->ssrc_low =
        media->ssrc_low == 0 || ssrc < media->ssrc_low ? ssrc : media->ssrc_low;
    media->ssrc_high = ssrc > media->ssrc_high ? ssrc : media->ssrc_high;
    note_range(&media->seq_low, &media->seq_high, rtp->seq + 1u);
    note_range(&media->far_low, &media->far_high, (rtp->seq ^ 0x8000u) + 1u);
}

/* A report of somebody who hears nothing has no block, or one that says so. */
static void rtcp_note(struct media *media, const struct rtcp_packet *rtcp)
{
    bool hears = false;

    if (!rtcp->reporting) {
        return;
    }
    for (size_t i = 0; i < rtcp->n_reports; i++) {
        hears |= rtcp->reports[i].fraction_lost != ALL_LOST;
    }
    media->reports++;
    media->deaf += !hears;
    media->losses += !hears && rtcp->n_reports > 0;
}

static void media_look(struct tally *tally, struct flow_end *end,
                       const struct packet *packet, struct cursor bytes, uint32_t frame)
{
    struct rtp_packet rtp;
    struct rtcp_packet rtcp;
    struct media *media;

    if (bytes.left > 1 && bytes.at[1] >= RTCP_LOWEST && bytes.at[1] <= RTCP_HIGHEST) {
        if (rtcp_parse(bytes, &rtcp) == PARSE_OK &&
            (media = media_of(tally, end, packet, frame))) {
            rtcp_note(media, &rtcp);
        }
    } else if (rtp_parse(bytes, &rtp) == PARSE_OK &&
               (media = media_of(tally, end, packet, frame))) {
        rtp_note(media, &rtp);
    }
}

/* --- which of these a datagram is --- */

static void stun_look(struct tally *tally, const struct packet *packet,
                      struct cursor bytes, uint32_t frame)
{
    static const struct addr none;
    struct stun_message m;

    if (stun_parse(bytes, &m) == PARSE_OK && m.class == STUN_REQUEST) {
        nat_note(tally, packet,
                 m.turn  ? NAT_TURN
                 : m.ice ? NAT_ICE
                         : NAT_STUN,
                 &none, false, frame);
    }
}

/* The first byte tells them apart (RFC 7983 7); SIP begins with a capital, or with the
 * empty lines that may stand before. */
bool voice_udp_look(struct tally *tally, struct piece *piece,
                    const struct packet *packet, unsigned from, uint32_t frame)
{
    struct cursor bytes = {packet->payload, packet->payload_cap};
    uint8_t first = bytes.at[0];

    if (first >> 6 == 2) {
        if (piece->end[from].first_payload == PAYLOAD_RTP) {
            media_look(tally, &piece->end[from], packet, bytes, frame);
            return true;
        }
        return false;
    }
    if (first < 4) {
        stun_look(tally, packet, bytes, frame);
        return false;
    }
    if ((first >= 'A' && first <= 'Z') || first == '\r' || first == '\n') {
        /* One in fragments is looked at when it is whole. */
        return (packet->flags & PACKET_FRAGMENT) ||
               voice_sip_look(tally, packet, bytes, false, frame);
    }
    return false;
}
