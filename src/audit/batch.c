/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/batch.h"

static void tunnels_count(struct tally_capture *capture, const struct packet *packet)
{
    for (size_t k = 0; k < packet->n_encap; k++) {
        capture->encap[packet->encap[k]]++;
    }
}

size_t frame_decode(const struct frame *frame, struct packet *packets,
                    struct tally_capture *capture)
{
    size_t n;

    capture->undecoded[decode_frame(frame, packets, BATCH_A_FRAME, &n)]++;
    for (size_t i = 0; i < n; i++) {
        if (packets[i].n_encap > 0) {
            tunnels_count(capture, &packets[i]);
        }
    }
    return n;
}

void batch_decode(struct batch *batch, const struct frame *frame,
                  struct tally_capture *capture, uint32_t number, bool stay)
{
    size_t n = frame_decode(frame, batch->packets + batch->n, capture);

    for (size_t end = batch->n + n; batch->n < end; batch->n++) {
        batch->items[batch->n].capture = number;
        batch->items[batch->n].stay = stay;
    }
}

/* Of which end a packet is: the one inside, or the lower one if both or neither are
 * inside.  The choice knows no site: what it chooses must not change with a site file.
 * It is asked of the lower end first, so that both directions take the same branches.
 */
static bool is_of_sender(const struct packet *packet, unsigned from)
{
    const struct addr *low = from ? &packet->dst : &packet->src;
    const struct addr *high = from ? &packet->src : &packet->dst;
    bool only_high = !addr_is_private(low) && addr_is_private(high);

    return only_high == from;
}

static inline void prepare(struct shard_packet *item, struct shards *shards)
{
    const struct packet *packet = item->packet;
    unsigned from = flow_sender(packet);
    uint64_t src = flow_host_hash(&packet->src), dst = flow_host_hash(&packet->dst);
    size_t shard = (is_of_sender(packet, from) ? src : dst) % SHARDS;

    item->frame = (uint32_t)packet->frame;
    item->hash = flow_hash(src, packet->src_port, dst, packet->dst_port, packet->proto,
                           packet->interface);
    item->from = (uint8_t)from;
    item->shard = &shards->at[shard];
    item->flows = &shards->flows[shard];
}

void item_prepare(struct shard_packet *item, struct shards *shards)
{
    prepare(item, shards);
}

/* The second step, and the third. */
static inline void apply(struct shard_packet *items, const uint16_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct shard_packet *item = &items[order ? order[i] : i];

        item->hint = flow_table_prefetch(item->flows, item->hash, item->from);
    }
    for (size_t i = 0; i < n; i++) {
        shard_apply(&items[order ? order[i] : i]);
    }
}

void batch_apply(struct batch *batch, struct shards *shards)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct shard_packet *item = &batch->items[i];

        item->packet = &batch->packets[i];
        prepare(item, shards);
        flow_table_prefetch_slot(item->flows, item->hash);
    }
    apply(batch->items, NULL, batch->n);
    batch->n = 0;
}

void items_apply(struct shard_packet *items, const uint16_t *order, size_t n)
{
    for (size_t at = 0; at < n; at += BATCH_FRAMES) {
        size_t part = n - at < BATCH_FRAMES ? n - at : BATCH_FRAMES;

        for (size_t i = at; i < at + part; i++) {
            flow_table_prefetch_slot(items[order[i]].flows, items[order[i]].hash);
        }
        apply(items, order + at, part);
    }
}
