/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Packets of one shard to pieces, hosts and counters.
 */
#include "audit/shard.h"

#include "audit/records.h"

#include <stdlib.h>

enum { FRAGMENT_IDLE_S = 60 };

enum {
    ETHER_EAPOL = 0x888e,
    PROTO_ICMP = 1,
    PROTO_IGMP = 2,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    PROTO_ICMPV6 = 58
};

static const int64_t second_ns = 1000000000;

/* A datagram in fragments, until its ports are known and after. */
struct fragments {
    struct addr src, dst;
    uint32_t id;
    uint16_t source;
    uint8_t proto;
    uint8_t zero;
    int64_t last_ns;
    bool ports_known;
    uint16_t src_port, dst_port;
    struct packet early; /* A later fragment that came before the first ... */
    uint32_t n_early;    /* ... and how many of them did. */
    uint32_t early_frame;
    int64_t first_ns; /* Of the first fragment. */
    uint32_t first_frame;
    uint16_t pieces; /* Of a SIP message: index + 1 of its stream, 0: none. */
};

enum { FRAGMENT_KEY_LEN = offsetof(struct fragments, last_ns) };

static void piece_over(void *context, struct piece *piece)
{
    struct shard *shard = context;

    payload_forget(shard, piece);
    piece->hello = 0;
    if (shard->over) {
        shard->over(shard->over_context, piece);
    }
    tally_add_hosts_of(&shard->tally, piece);
    tally_close_piece(&shard->tally, piece);
}

struct finishing {
    struct shard *shard;
    struct tally *hosts;
};

static void piece_live(void *context, struct piece *piece)
{
    const struct finishing *finishing = context;
    struct shard *shard = finishing->shard;

    payload_forget(shard, piece);
    piece->hello = 0;
    tally_add_hosts_of(finishing->hosts, piece);
    if (!tally_adopt_piece(&shard->tally, piece)) {
        piece->inexact = 1;
        tally_close_piece(&shard->tally, piece);
    }
}

bool shard_init(struct shard *shard, struct flow_table *flows, struct pages *pages,
                bool keep_pieces, bool stay)
{
    memset(shard, 0, sizeof *shard);
    tally_init(&shard->tally);
    shard->tally.keep_pieces = keep_pieces;
    shard->tally.stay = stay;
    shard->tally.pages = pages;
    shard->flows = flows;
    pool_init(&shard->fragments, sizeof(struct fragments), FRAGMENT_KEY_LEN,
              SHARD_FRAGMENTS);
    for (uint16_t i = 0; i < SHARD_STREAMS; i++) {
        shard->free_streams[i] = i;
    }
    shard->n_free = SHARD_STREAMS;
    for (uint8_t i = 0; i < SHARD_HELLOS; i++) {
        shard->free_hellos[i] = i;
    }
    shard->n_free_hellos = SHARD_HELLOS;
    return flow_table_init(flows, FLOW_TABLE_MAX, pages, piece_over, shard);
}

void shard_fini(struct shard *shard)
{
    for (size_t i = 0; i < SHARD_STREAMS; i++) {
        stream_fini(&shard->streams[i]);
    }
    for (size_t i = 0; i < SHARD_HELLOS; i++) {
        free(shard->hellos[i]);
    }
    flow_table_fini(shard->flows);
    pool_fini(&shard->fragments);
    free(shard->copies);
    tally_fini(&shard->tally);
}

/* Notes who sent a packet that is of no flow. */
static void host_note(struct tally *tally, const struct packet *packet)
{
    struct host sight = {
        .key = {.addr = packet->src,
                .mac = packet->src_mac,
                .vlan = packet->vlan,
                .source = packet->interface & 0xff00},
        .first_ns = packet->ns,
        .last_ns = packet->ns,
        .arp = packet->kind == PACKET_ARP,
    };

    if ((packet->flags & PACKET_HAS_MAC) && !addr_is_unspecified(&packet->src)) {
        tally_add_host(tally, &sight);
    }
}

/* What is known of a datagram in fragments, as a packet. */
static struct packet fragments_packet(const struct fragments *f)
{
    return (struct packet){.src = f->src,
                           .dst = f->dst,
                           .src_port = f->src_port,
                           .dst_port = f->dst_port,
                           .proto = f->proto,
                           .kind = PACKET_UDP,
                           .ns = f->first_ns};
}

/* Forgets what is known of a datagram; what did not come of it never will. */
static void fragments_forget(struct shard *shard, const struct fragments *f)
{
    struct packet packet = fragments_packet(f);

    shard->tally.background[BACKGROUND_ORPHAN_FRAGMENT] += f->n_early;
    voice_pieces_end(shard, f->pieces, &packet, f->first_frame);
}

void shard_finish(struct shard *shard, struct tally *hosts)
{
    struct finishing finishing = {shard, hosts};

    flow_table_each(shard->flows, piece_live, &finishing);
    for (uint32_t i = 0; i < shard->fragments.n; i++) {
        fragments_forget(shard, pool_at(&shard->fragments, i));
    }
}

/* Makes room among the fragments: what is old goes, or else everything. */
static void fragments_make_room(struct shard *shard, int64_t now_ns)
{
    struct pool *pool = &shard->fragments;

    for (uint32_t i = pool->n; i-- > 0;) {
        const struct fragments *f = pool_at(pool, i);

        if (pool->n > SHARD_FRAGMENTS / 2 ||
            now_ns - f->last_ns > FRAGMENT_IDLE_S * second_ns) {
            fragments_forget(shard, f);
            pool_remove(pool, i);
        }
    }
}

static struct fragments *fragments_of(struct shard *shard, const struct packet *packet)
{
    struct fragments key;

    memset(&key, 0, sizeof key);
    key.src = packet->src;
    key.dst = packet->dst;
    key.id = packet->frag_id;
    key.source = packet->interface;
    key.proto = packet->proto;

    struct fragments *f = pool_find(&shard->fragments, &key);
    if (f && packet->ns - f->last_ns > FRAGMENT_IDLE_S * second_ns) {
        const struct fragments *first = pool_at(&shard->fragments, 0);

        fragments_forget(shard, f);
        pool_remove(&shard->fragments, (uint32_t)(f - first));
        f = NULL;
    }
    if (!f && shard->fragments.n >= SHARD_FRAGMENTS) {
        fragments_make_room(shard, packet->ns);
    }
    f = f ? f : pool_add(&shard->fragments, &key, NULL);
    if (f) {
        f->last_ns = packet->ns;
    }
    return f;
}

static void fragment_count(struct shard *shard, const struct packet *packet,
                           const struct fragments *f, uint32_t frame)
{
    struct packet whole = *packet;

    whole.src_port = f->src_port;
    whole.dst_port = f->dst_port;

    unsigned from = flow_sender(&whole);
    struct flow_key key = flow_key_of(&whole, from);
    struct piece *piece =
        flow_table_get(shard->flows, &whole, from, flow_key_hash(&key), NULL);
    if (piece) {
        piece_add_fragment(piece, &whole, from, frame);
    }
}

/* A fragment without ports goes to the flow of the first one, also when that one is
 * still to come. */
static void later_fragment(struct shard *shard, const struct packet *packet,
                           uint32_t frame)
{
    struct fragments *f = fragments_of(shard, packet);

    if (!f) {
        shard->tally.background[BACKGROUND_ORPHAN_FRAGMENT]++;
    } else if (f->ports_known) {
        fragment_count(shard, packet, f, frame);
        if (voice_pieces_add(shard, f->pieces, packet)) {
            struct packet whole = fragments_packet(f);

            voice_pieces_end(shard, f->pieces, &whole, f->first_frame);
            f->pieces = 0;
        }
    } else {
        f->early = *packet;
        f->early.payload = NULL;
        f->early.payload_cap = 0;
        f->early_frame = f->early_frame ? f->early_frame : frame;
        f->n_early++;
    }
}

static void first_fragment(struct shard *shard, const struct packet *packet,
                           uint32_t frame)
{
    struct fragments *f = fragments_of(shard, packet);

    if (!f) {
        return;
    }
    f->ports_known = true;
    f->src_port = packet->src_port;
    f->dst_port = packet->dst_port;
    if (f->pieces == 0) {
        f->first_ns = packet->ns;
        f->first_frame = frame;
        f->pieces = voice_pieces_begin(shard, packet, f->n_early == 0, frame);
    }
    for (; f->n_early > 0; f->n_early--) {
        fragment_count(shard, &f->early, f, f->early_frame);
    }
}

static void copy_note(struct shard *shard, uint32_t capture)
{
    if (capture >= shard->n_copies) {
        size_t n = (size_t)capture + 1;
        uint64_t *grown = realloc(shard->copies, n * sizeof *grown);

        if (!grown) {
            return;
        }
        memset(grown + shard->n_copies, 0, (n - shard->n_copies) * sizeof *grown);
        shard->copies = grown;
        shard->n_copies = n;
    }
    shard->copies[capture]++;
}

static inline void flow_packet(const struct shard_packet *item)
{
    struct shard *shard = item->shard;
    const struct packet *packet = item->packet;
    unsigned from = item->from;
    uint32_t frame = item->frame;
    struct piece *piece =
        flow_table_get(item->flows, packet, from, item->hash, item->hint);

    if (!piece) {
        return;
    }
    if (!piece_add(piece, packet, from, frame)) {
        copy_note(shard, item->capture);
        return;
    }
    if (shard->keep && keep_wants(piece)) {
        keep_packet(shard->keep, packet, item->hash);
    }
    if (packet->payload_len > 0 && !payload_is_settled(piece, packet, from)) {
        payload_look(shard, piece, packet, from, frame);
    }
    if (packet->flags & PACKET_FRAGMENT) {
        first_fragment(shard, packet, frame);
    }
}

static void icmp_error(const struct shard_packet *item)
{
    struct shard *shard = item->shard;
    struct piece *piece =
        flow_table_get(shard->flows, item->packet, item->from, item->hash, item->hint);

    shard->tally.background[BACKGROUND_ICMP]++;
    if (piece) {
        piece_add_icmp(piece, item->packet, item->from, item->frame);
        if (shard->keep && piece->icmp.n <= KEEP_PACKETS) {
            keep_packet(shard->keep, item->packet, item->hash);
        }
    }
}

static enum background class_of(const struct packet *packet)
{
    if (packet->kind == PACKET_LINK) {
        return packet->ether_type == ETHER_EAPOL ? BACKGROUND_EAPOL : BACKGROUND_LINK;
    }
    if (packet->flags & PACKET_LATER_FRAGMENT) {
        return BACKGROUND_ORPHAN_FRAGMENT;
    }
    if (packet->proto == PROTO_IGMP) {
        return BACKGROUND_IGMP;
    }
    if (packet->proto == PROTO_ICMPV6) {
        return packet->icmp_type >= 130 ? BACKGROUND_ND : BACKGROUND_ICMP;
    }
    return packet->proto == PROTO_ICMP ? BACKGROUND_ICMP : BACKGROUND_OTHER_IP;
}

/* What is no packet of a known flow. */
static void other_packet(const struct shard_packet *item)
{
    struct shard *shard = item->shard;
    const struct packet *packet = item->packet;
    bool has_ports = packet->proto == PROTO_TCP || packet->proto == PROTO_UDP;

    if ((packet->flags & PACKET_LATER_FRAGMENT) && has_ports) {
        later_fragment(shard, packet, item->frame);
    } else if (packet->kind == PACKET_ICMP_ERROR && has_ports) {
        icmp_error(item);
    } else if (packet->kind == PACKET_ICMP_ERROR) {
        shard->tally.background[BACKGROUND_ICMP]++;
    } else if (packet->kind == PACKET_ARP) {
        host_note(&shard->tally, packet);
        shard->tally.background[BACKGROUND_ARP]++;
    } else {
        shard->tally.background[class_of(packet)]++;
        if (packet->kind != PACKET_LINK) {
            host_note(&shard->tally, packet);
        }
    }
}

void shard_apply(const struct shard_packet *item)
{
    const struct packet *packet = item->packet;

    if (item->stay) {
        item->shard->tally.stay = true;
    }
    if (packet->kind <= PACKET_UDP && !(packet->flags & PACKET_LATER_FRAGMENT)) {
        flow_packet(item);
    } else {
        other_packet(item);
    }
}
