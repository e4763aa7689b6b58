/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One shard of the work: packets of its hosts to records of its tally.
 */
#ifndef AUDIT_SHARD_H
#define AUDIT_SHARD_H

#include "audit/stream.h"
#include "audit/tally.h"
#include "names/quic.h"

enum { SHARD_STREAMS = 256, SHARD_HELLOS = 64, SHARD_FRAGMENTS = 256 };

struct shard {
    struct tally tally;
    struct flow_table *flows;
    struct stream streams[SHARD_STREAMS];
    uint16_t free_streams[SHARD_STREAMS];
    uint32_t n_free;
    struct quic_crypto *hellos[SHARD_HELLOS]; /* Of QUIC; made when first used. */
    uint8_t free_hellos[SHARD_HELLOS];
    uint32_t n_free_hellos;
    uint64_t copies;       /* Packets that were copies, since this was last set to 0. */
    struct pool fragments; /* struct fragments, in shard.c */
};

bool shard_init(struct shard *shard, bool keep_pieces, bool stay);
void shard_fini(struct shard *shard);

/* A packet of this shard, and what can be told of its flow beforehand. */
struct shard_packet {
    const struct packet *packet;
    uint32_t frame; /* Number of its frame over all captures. */
    uint8_t from;   /* Which end of the flow sent it. */
    uint8_t shard;
    struct flow_key key;
    uint64_t hash;
};

/* Prepares 'item' for shard_apply(). */
void shard_prepare(struct shard_packet *item, const struct packet *packet,
                   uint32_t frame);

/* Adds a packet. */
void shard_apply(struct shard *shard, const struct shard_packet *item);

/* Moves the live flows into the tally. */
void shard_finish(struct shard *shard);

/* --- what payloads tell (payload.c) --- */

/* Looks at the payload of a packet that was just added to 'piece'. */
void payload_look(struct shard *shard, struct piece *piece, const struct packet *packet,
                  unsigned from, uint32_t frame);

/* Gives back what reassembly holds for a flow that is over. */
void payload_forget(struct shard *shard, const struct piece *piece);

#endif
