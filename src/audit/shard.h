/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One shard of the work: packets of its hosts to records of its tally.
 */
#ifndef AUDIT_SHARD_H
#define AUDIT_SHARD_H

#include "audit/keep.h"
#include "audit/stream.h"
#include "audit/tally.h"
#include "flow/table.h"
#include "names/quic.h"

enum { SHARDS = 64, SHARD_STREAMS = 256, SHARD_HELLOS = 64, SHARD_FRAGMENTS = 256 };

struct shard {
    struct tally tally;
    struct flow_table *flows;
    struct stream streams[SHARD_STREAMS];
    uint16_t free_streams[SHARD_STREAMS];
    uint32_t n_free;
    struct quic_crypto *hellos[SHARD_HELLOS]; /* Of QUIC; made when first used. */
    uint8_t free_hellos[SHARD_HELLOS];
    uint32_t n_free_hellos;
    struct keep *keep; /* For the first packets of flows; NULL: none are kept. */
    uint64_t *copies;  /* Packets of each capture that were copies. */
    size_t n_copies;
    struct pool fragments; /* struct fragments, in shard.c */
    piece_sink over;       /* Is shown flows that are over; NULL: nobody is. */
    void *over_context;
};

/* 'flows' is the shard's own; the tables of all shards lie together, since each packet
 * asks one of them.  False: out of memory. */
bool shard_init(struct shard *shard, struct flow_table *flows, struct pages *pages,
                bool keep_pieces, bool stay);
void shard_fini(struct shard *shard);

/* A packet, and what can be told of its flow beforehand. */
struct shard_packet {
    const struct packet *packet;
    uint64_t hash;      /* flow_hash() */
    struct piece *hint; /* Its flow's, maybe: flow_table_get(). */
    uint32_t frame;     /* Number of its frame over all captures. */
    uint32_t capture;   /* Index of the capture that it is of. */
    uint8_t from;       /* Which end of the flow sent it. */
    bool stay;          /* From it on, flows of the tally that are over stay. */
    struct shard *shard;
    struct flow_table *flows; /* The shard's. */
};

/* Adds a packet to its shard. */
void shard_apply(const struct shard_packet *item);

/* Moves the live flows into the tally, and the hosts at their ends right into 'hosts',
 * into which the tally will be merged: the same few are in all shards. */
void shard_finish(struct shard *shard, struct tally *hosts);

/* Moves everything that is over into 'into', and forgets it (cut.c).  Live flows stay,
 * and so do flows that another source may complete until 'now_ns' is past their time.
 * False: out of memory; what was not moved yet stays. */
bool shard_cut(struct shard *shard, struct tally *into, int64_t now_ns);

/* --- what payloads tell (payload.c) --- */

/* Bits of piece.settled: one for each end, and one of a flow that speaks SIP. */
enum payload_settled { SETTLED_BOTH = 3, SETTLED_SIP = 8 };

/* Looks at the payload of a packet that was just added to 'piece'. */
void payload_look(struct shard *shard, struct piece *piece, const struct packet *packet,
                  unsigned from, uint32_t frame);

/* Is nothing more to be learned from this end's TCP payload?  All of DNS and SIP is
 * looked at. */
static inline bool payload_is_settled(const struct piece *piece,
                                      const struct packet *packet, unsigned from)
{
    uint16_t src = packet->src_port, dst = packet->dst_port;

    return packet->kind == PACKET_TCP && (piece->settled >> from & 1) && src != 53 &&
           dst != 53 && (src < 5060 || src > 5071) && (dst < 5060 || dst > 5071);
}

/* payload_net.c: notes a DNS message, a DHCP message. */
void payload_dns(struct tally *tally, const struct packet *packet, struct cursor bytes,
                 uint32_t frame);
void payload_dhcp(struct tally *tally, const struct packet *packet, struct cursor bytes,
                  uint32_t frame);

/* Notes a request that 'packet' carries, or the answer to one. */
void exchange_note(struct tally *tally, const struct packet *packet,
                   enum exchange_kind kind, bool response, unsigned result,
                   uint32_t frame);

/* Gives back what reassembly holds for a flow that is over. */
void payload_forget(struct shard *shard, const struct piece *piece);

/* Starts putting segments of end 'from' in order from sequence number 'base' on. False:
 * there is no room, or the other end's are under reassembly. */
bool payload_stream_open(struct shard *shard, struct piece *piece, unsigned from,
                         uint32_t base);

/* messages.c: notes the DNS messages that a segment completes. */
void payload_dns_stream(struct shard *shard, struct piece *piece,
                        const struct packet *packet, unsigned from, uint32_t frame);

/* --- calls (voice_look.c, messages.c, voice_pieces.c) --- */

/* Notes what a SIP message tells; 'packet' is one of those that carried it.  False: it
 * is none. */
bool voice_sip_look(struct tally *tally, const struct packet *packet,
                    struct cursor message, bool in_pieces, uint32_t frame);

/* Notes what a datagram tells.  True: it was SIP, RTP or RTCP, and nothing else. */
bool voice_udp_look(struct tally *tally, struct piece *piece,
                    const struct packet *packet, unsigned from, uint32_t frame);

/* Notes the SIP messages that a segment completes.  True: it is of SIP. */
bool voice_tcp_look(struct shard *shard, struct piece *piece,
                    const struct packet *packet, unsigned from, uint32_t frame);

/* A SIP message in IP fragments, of which 'packet' is the first: the number by which it
 * is put together, or 0.  Where it can not be ('in_order' is false), what is there of
 * it is noted. */
uint16_t voice_pieces_begin(struct shard *shard, const struct packet *packet,
                            bool in_order, uint32_t frame);

/* Adds another fragment.  True: the message is whole. */
bool voice_pieces_add(struct shard *shard, uint16_t number,
                      const struct packet *packet);

/* Notes the message, or what there is of it; 'packet' holds its addresses and ports. */
void voice_pieces_end(struct shard *shard, uint16_t number, const struct packet *packet,
                      uint32_t frame);

#endif
