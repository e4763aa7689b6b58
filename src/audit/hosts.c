/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which hardware sent from which address, and with which TTLs.
 */
#include "audit/tally.h"

void tally_add_host(struct tally *tally, const struct host_sight *sight)
{
    struct host_key key = {.addr = sight->addr,
                           .mac = sight->mac,
                           .vlan = sight->vlan,
                           .source = sight->source & 0xff00};
    struct host *host = pool_add(&tally->hosts, &key, NULL);

    if (!host) {
        return;
    }
    host->first_ns =
        host->first_ns == 0 || sight->ns < host->first_ns ? sight->ns : host->first_ns;
    host->last_ns = sight->ns > host->last_ns ? sight->ns : host->last_ns;
    host->arp += sight->arp;
    if (sight->ttl) {
        host->ttl_low = host->ttl_low == 0 || sight->ttl < host->ttl_low
                            ? sight->ttl
                            : host->ttl_low;
        host->ttl_high = sight->ttl > host->ttl_high ? sight->ttl : host->ttl_high;
    }
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
