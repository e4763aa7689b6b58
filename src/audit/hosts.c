/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which hardware sent from which address, and with which TTLs.
 */
#include "audit/records.h"

void tally_add_host(struct tally *tally, const struct host *sight)
{
    bool is_new;
    struct host *host = pool_add(&tally->hosts, &sight->key, &is_new);

    if (host && is_new) {
        *host = *sight;
    } else if (host) {
        stretch_note(&host->first_ns, &host->last_ns, sight->first_ns);
        host->arp += sight->arp;
        if (sight->ttl_low && (host->ttl_low == 0 || sight->ttl_low < host->ttl_low)) {
            host->ttl_low = sight->ttl_low;
        }
        if (sight->ttl_high > host->ttl_high) {
            host->ttl_high = sight->ttl_high;
        }
    }
}

static void add_end(struct tally *tally, const struct addr *addr, uint16_t source,
                    const struct flow_end *end)
{
    struct host sight = {
        .key = {.addr = *addr, .mac = end->mac, .vlan = end->vlan, .source = source},
        .first_ns = end->first_ns,
        .last_ns = end->first_ns,
        .ttl_low = end->ttl_low,
        .ttl_high = end->ttl_high,
    };

    if ((end->has_mac || end->ttl_low) && !addr_is_unspecified(addr)) {
        tally_add_host(tally, &sight);
    }
}

void tally_add_hosts_of(struct tally *tally, const struct piece *piece)
{
    uint16_t tap = piece->key.source & 0xff00;

    add_end(tally, &piece->key.a, tap, &piece->end[0]);
    add_end(tally, &piece->key.b, tap, &piece->end[1]);
}

/* The first host of an address, in a settled tally. */
static uint32_t first_host(const struct tally *tally, const struct addr *addr)
{
    uint32_t low = 0, high = tally->hosts.n;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct host *host = pool_at(&tally->hosts, mid);

        if (addr_cmp(&host->key.addr, addr) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

bool tally_ttls(const struct tally *tally, const struct addr *addr, uint16_t source,
                uint8_t *low, uint8_t *high)
{
    *low = UINT8_MAX;
    *high = 0;
    for (uint32_t i = first_host(tally, addr); i < tally->hosts.n; i++) {
        const struct host *host = pool_at(&tally->hosts, i);

        if (!addr_equal(&host->key.addr, addr)) {
            break;
        }
        if (host->key.source == (source & 0xff00) && host->ttl_low > 0) {
            *low = host->ttl_low < *low ? host->ttl_low : *low;
            *high = host->ttl_high > *high ? host->ttl_high : *high;
        }
    }
    return *high > 0;
}
