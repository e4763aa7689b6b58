/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/limits.h"

#include "audit/records.h"

enum {
    FLOWS_PERCENT = 45,
    RECORDS_PERCENT = 43,
    NAMES_PERCENT = 4,
    STREAMS_PERCENT = 6,
    HELLOS_PERCENT = 2,
    SLOT_BYTES = 24, /* Of the hash table, for each entry, at the most. */
    LEAST = 16,      /* Entries of any table. */
    STAY_SHARE = 8   /* Flows that stay, of those that are not over. */
};

static uint32_t entries(double bytes, size_t each, uint32_t most)
{
    double n = bytes / (double)each;

    return n >= most ? most : n < LEAST ? LEAST : (uint32_t)n;
}

/* Each kind of record keeps its share of what all of them could take. */
static void records_share(double bytes, uint32_t *records)
{
    double all = 0;

    for (size_t k = 0; k < RECORD_KINDS; k++) {
        all +=
            (double)record_kinds[k].max * (double)(record_kinds[k].size + SLOT_BYTES);
    }
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        records[k] = entries(bytes / all * record_kinds[k].max, 1, record_kinds[k].max);
    }
}

void limits_of(size_t bytes, size_t shards, struct limits *out)
{
    double percent = (double)bytes / (double)shards / 100;
    double flows = percent * FLOWS_PERCENT;

    /* Those that stay are of the same size. */
    out->flows = entries(flows * STAY_SHARE / (STAY_SHARE + 1),
                         sizeof(struct piece) + SLOT_BYTES, FLOW_TABLE_MAX);
    out->stay = out->flows / STAY_SHARE;
    out->name_bytes = (size_t)(percent * NAMES_PERCENT);
    out->streams = entries(percent * STREAMS_PERCENT, HELLO_MAX_LEN, SHARD_STREAMS);
    out->hellos =
        entries(percent * HELLOS_PERCENT, sizeof(struct quic_crypto), SHARD_HELLOS);
    records_share(percent * RECORDS_PERCENT, out->records);
}

void limits_set(const struct limits *limits, struct shard *shard)
{
    flow_table_limit(shard->flows, limits->flows);
    shard->tally.max_stay = limits->stay;
    shard->tally.names.max_bytes = limits->name_bytes;
    shard->n_free = limits->streams;
    shard->n_free_hellos = limits->hellos;
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        record_pool(&shard->tally, &record_kinds[k])->max = limits->records[k];
    }
}
