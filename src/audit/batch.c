/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/batch.h"

static void tunnels_count(struct tally_capture *capture, const struct packet *packet)
{
    for (size_t k = 0; k < packet->n_encap; k++) {
        capture->encap[packet->encap[k]]++;
    }
}

void batch_decode(struct batch *batch, const struct frame *frame,
                  struct tally_capture *capture)
{
    struct packet *packets = batch->packets + batch->n;
    size_t n;

    capture->undecoded[decode_frame(frame, packets, BATCH_A_FRAME, &n)]++;
    for (size_t i = 0; i < n; i++) {
        if (packets[i].n_encap > 0) {
            tunnels_count(capture, &packets[i]);
        }
    }
    batch->n += n;
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

/* Finds the packet's shard, and asks for its slot there. */
static inline void prepare(struct shards *shards, const struct packet *packet,
                           struct shard_packet *item)
{
    unsigned from = flow_sender(packet);
    uint64_t src = flow_host_hash(&packet->src), dst = flow_host_hash(&packet->dst);
    size_t shard = (is_of_sender(packet, from) ? src : dst) % SHARDS;

    item->packet = packet;
    item->frame = (uint32_t)packet->frame;
    item->hash = flow_hash(src, packet->src_port, dst, packet->dst_port, packet->proto,
                           packet->interface);
    item->from = from;
    item->shard = &shards->at[shard];
    item->flows = &shards->flows[shard];
    flow_table_prefetch_slot(item->flows, item->hash);
}

void batch_apply(struct batch *batch, struct shards *shards)
{
    struct shard_packet *items = batch->items;
    size_t n = batch->n;

    for (size_t i = 0; i < n; i++) {
        prepare(shards, &batch->packets[i], &items[i]);
    }
    for (size_t i = 0; i < n; i++) {
        items[i].hint =
            flow_table_prefetch(items[i].flows, items[i].hash, items[i].from);
    }
    for (size_t i = 0; i < n; i++) {
        shard_apply(&items[i]);
    }
    batch->n = 0;
}
