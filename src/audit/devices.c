/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which addresses are one device, and which devices are phones (DESIGN 3.1).
 *
 * A device is a time-bound join of addresses: those that DHCP leased to its hardware
 * address, and those that its frames were sent from.  Evidence that it is a phone, the
 * strongest first: the site file, DHCP, the vendor's part of the hardware address.
 * --device replaces all of this.
 */
#include "audit/judging.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

static bool is_phone_oui(const struct mac *mac)
{
    /* The one prefix that the IEEE lists for Spectralink. */
    static const uint8_t oui[3] = {0x00, 0x90, 0x7a};

    return memcmp(mac->b, oui, sizeof oui) == 0;
}

/* A lease says more than a vendor's prefix: Android names itself in option 60. */
static bool lease_is_phone(const struct judging *j, const struct lease *lease)
{
    const char *class = tally_name_text(j->tally, lease->vendor_class);

    return is_phone_oui(&lease->key.mac) ||
           (mac_is_local(&lease->key.mac) && strncmp(class, "android-dhcp", 12) == 0);
}

static bool option_matches(const char *option, const struct addr *addr,
                           const struct mac *mac)
{
    struct mac wanted_mac;
    struct prefix wanted;

    if (mac_parse(option, &wanted_mac)) {
        return mac && memcmp(&wanted_mac, mac, sizeof wanted_mac) == 0;
    }
    return addr && prefix_parse(option, &wanted) && prefix_contains(&wanted, addr);
}

static bool options_match(const struct judging *j, const struct addr *addr,
                          const struct mac *mac)
{
    for (size_t i = 0; i < j->options->n_devices; i++) {
        if (option_matches(j->options->devices[i], addr, mac)) {
            return true;
        }
    }
    return false;
}

/* Is the owner of this hardware address a phone? */
static bool mac_is_phone(const struct judging *j, const struct mac *mac,
                         const struct lease *lease, enum identity *how)
{
    if (j->options->n_devices) {
        *how = IDENTITY_OPTION;
        return options_match(j, NULL, mac);
    }
    if (policy_lists_macs(j->policy)) {
        *how = IDENTITY_SITE;
        return policy_mac_listed(j->policy, mac);
    }
    if (lease && lease_is_phone(j, lease)) {
        *how = IDENTITY_DHCP;
        return true;
    }
    *how = IDENTITY_OUI;
    return is_phone_oui(mac);
}

/* Is this address a phone's by itself? */
static bool addr_is_phone(const struct judging *j, const struct addr *addr,
                          enum identity *how)
{
    if (j->any) {
        *how = IDENTITY_INITIATOR;
        return true;
    }
    if (j->options->n_devices) {
        *how = IDENTITY_OPTION;
        return options_match(j, addr, NULL);
    }
    *how = IDENTITY_SITE;
    return !policy_lists_macs(j->policy) && policy_subnet_listed(j->policy, addr);
}

/* Devices under construction, by what keys them. */
struct join_key {
    struct addr addr; /* ::, where the hardware address is known. */
    struct mac mac;
    uint16_t zero;
};

struct join {
    struct join_key key;
    uint32_t device;
};

static uint32_t device_new(struct judging *j, struct pool *joins,
                           const struct join_key *key, enum identity how)
{
    bool is_new;
    struct join *join = pool_add(joins, key, &is_new);
    struct judgement *out = j->out;

    if (!join) {
        j->failed = true;
        return 0;
    }
    if (!is_new) {
        return join->device;
    }

    struct device *grown = out->devices;
    if ((out->n_devices & (out->n_devices - 1)) == 0) {
        size_t room = out->n_devices ? out->n_devices * 2 : 1;

        grown = realloc(out->devices, room * sizeof *grown);
        if (!grown) {
            j->failed = true;
            return 0;
        }
        out->devices = grown;
    }

    struct device *device = &grown[out->n_devices];
    memset(device, 0, sizeof *device);
    device->identified_by = how;
    device->has_mac = !mac_is_zero(&key->mac);
    device->mac = key->mac;
    if (device->has_mac) {
        mac_format(&key->mac, device->key);
    } else {
        addr_format(&key->addr, device->key);
    }
    join->device = (uint32_t)out->n_devices++;
    return join->device;
}

static void owner_add(struct judging *j, const struct addr *addr, int64_t first_ns,
                      uint32_t device)
{
    if ((j->n_owners & (j->n_owners - 1)) == 0) {
        size_t room = j->n_owners ? j->n_owners * 2 : 1;
        struct addr_owner *grown = realloc(j->owners, room * sizeof *grown);

        if (!grown) {
            j->failed = true;
            return;
        }
        j->owners = grown;
    }
    j->owners[j->n_owners++] = (struct addr_owner){*addr, first_ns, device};
}

static bool is_host_addr(const struct addr *addr)
{
    return !addr_is_group(addr) && !addr_is_unspecified(addr) &&
           !addr_is_loopback(addr);
}

static void join_leases(struct judging *j, struct pool *joins)
{
    for (uint32_t i = 0; i < j->tally->leases.n; i++) {
        const struct lease *lease = pool_at(&j->tally->leases, i);
        struct join_key key = {.mac = lease->key.mac};
        enum identity how;

        if (!mac_is_phone(j, &lease->key.mac, lease, &how) &&
            !addr_is_phone(j, &lease->key.addr, &how)) {
            continue;
        }

        uint32_t device = device_new(j, joins, &key, how);
        const char *host_name = tally_name_text(j->tally, lease->host_name);
        if (!j->failed && host_name[0]) {
            j->out->devices[device].host_name = host_name;
        }
        if (!j->failed && is_host_addr(&lease->key.addr)) {
            owner_add(j, &lease->key.addr, lease->first_ns, device);
            j->out->devices[device].joined_by = "dhcp";
        }
    }
}

static void join_hosts(struct judging *j, struct pool *joins)
{
    for (uint32_t i = 0; i < j->tally->hosts.n; i++) {
        const struct host *host = pool_at(&j->tally->hosts, i);
        struct join_key key = {.mac = host->key.mac};
        enum identity how;

        if (mac_is_zero(&host->key.mac) || !is_host_addr(&host->key.addr) ||
            !mac_is_phone(j, &host->key.mac, NULL, &how)) {
            continue;
        }

        uint32_t device = device_new(j, joins, &key, how);
        owner_add(j, &host->key.addr, host->first_ns, device);
    }
}

/* The last owner of 'addr' at 'ns' among the first 'n', else its first one; -1: none.
 */
static long owner_at(const struct judging *j, size_t n, const struct addr *addr,
                     int64_t ns)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (addr_cmp(&j->owners[mid].addr, addr) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    if (low >= n || !addr_equal(&j->owners[low].addr, addr)) {
        return -1;
    }
    while (low + 1 < n && addr_equal(&j->owners[low + 1].addr, addr) &&
           j->owners[low + 1].first_ns <= ns) {
        low++;
    }
    return j->owners[low].device;
}

long device_at(const struct judging *j, const struct addr *addr, int64_t ns)
{
    return owner_at(j, j->n_owners, addr, ns);
}

/* An address that is a phone's by itself, and that none of the 'n_known' sorted owners
 * has. */
static void join_address(struct judging *j, struct pool *joins, size_t n_known,
                         const struct addr *addr)
{
    struct join_key key = {.addr = *addr};
    enum identity how;

    if ((j->any || is_host_addr(addr)) && addr_is_phone(j, addr, &how) &&
        !pool_find(joins, &key) && owner_at(j, n_known, addr, 0) < 0) {
        uint32_t device = device_new(j, joins, &key, how);

        owner_add(j, addr, 0, device);
    }
}

static int owner_cmp(const void *a, const void *b)
{
    const struct addr_owner *x = a, *y = b;
    int order = addr_cmp(&x->addr, &y->addr);

    if (order != 0) {
        return order;
    }
    if (x->first_ns != y->first_ns) {
        return x->first_ns < y->first_ns ? -1 : 1;
    }
    return x->device < y->device ? -1 : x->device > y->device;
}

static void owners_sort(struct judging *j)
{
    if (j->n_owners) {
        qsort(j->owners, j->n_owners, sizeof *j->owners, owner_cmp);
    }
}

/* Walks the ends of all flows for addresses that are phones' by themselves. */
static void join_addresses(struct judging *j, struct pool *joins)
{
    size_t n_known = j->n_owners;

    for (size_t i = 0; i < cell_count(j); i++) {
        const struct cell *cell = cell_at(j, i);

        join_address(j, joins, n_known, &cell->key.client);
        if (!j->any) {
            join_address(j, joins, n_known, &cell->key.server);
        }
    }
}

static int device_cmp(const void *a, const void *b)
{
    const struct device *x = a, *y = b;

    return strcmp(x->key, y->key);
}

/* Devices in the order of their keys, and owners that point at them there. */
static bool devices_sort(struct judging *j)
{
    struct judgement *out = j->out;
    uint32_t *places = malloc((out->n_devices + 1) * sizeof *places);

    if (!places) {
        return false;
    }
    /* 'n_addrs' is not in use yet: it carries the place before sorting. */
    for (size_t i = 0; i < out->n_devices; i++) {
        out->devices[i].n_addrs = i;
    }
    if (out->n_devices) {
        qsort(out->devices, out->n_devices, sizeof *out->devices, device_cmp);
    }
    for (size_t i = 0; i < out->n_devices; i++) {
        places[out->devices[i].n_addrs] = (uint32_t)i;
        out->devices[i].n_addrs = 0;
    }
    for (size_t i = 0; i < j->n_owners; i++) {
        j->owners[i].device = places[j->owners[i].device];
    }
    free(places);
    return true;
}

static bool device_add_addr(struct device *device, const struct addr *addr)
{
    for (size_t i = 0; i < device->n_addrs; i++) {
        if (addr_equal(&device->addrs[i], addr)) {
            return true;
        }
    }

    struct addr *grown =
        realloc(device->addrs, (device->n_addrs + 1) * sizeof *device->addrs);
    if (!grown) {
        return false;
    }
    device->addrs = grown;
    device->addrs[device->n_addrs++] = *addr;
    return true;
}

/* Owners come sorted by address, so each device's addresses do. */
static bool devices_fill(struct judging *j)
{
    size_t n_rows = policy_count(j->policy);

    for (size_t i = 0; i < j->n_owners; i++) {
        const struct addr_owner *owner = &j->owners[i];

        if (!device_add_addr(&j->out->devices[owner->device], &owner->addr)) {
            return false;
        }
    }
    for (size_t i = 0; i < j->out->n_devices; i++) {
        struct device *device = &j->out->devices[i];

        device->rows = calloc(n_rows + 1, 1);
        if (!device->rows) {
            return false;
        }
        if (!device->joined_by && device->n_addrs > 1) {
            device->joined_by = "mac";
        }
    }
    return true;
}

static bool options_check(struct judging *j, struct policap_error *err)
{
    struct prefix prefix;
    struct mac mac;

    for (size_t i = 0; i < j->options->n_devices; i++) {
        const char *option = j->options->devices[i];

        if (strcmp(option, "any") == 0) {
            j->any = true;
        } else if (!mac_parse(option, &mac) && !prefix_parse(option, &prefix)) {
            return fail(
                err,
                "--device %s: no address, prefix or hardware address: write for "
                "example 10.20.0.101, 10.20.0.0/24, 00:90:7a:12:34:01 or any",
                option);
        }
    }
    return true;
}

bool devices_join(struct judging *j, struct policap_error *err)
{
    struct pool joins;

    if (!options_check(j, err)) {
        return false;
    }
    pool_init(&joins, sizeof(struct join), sizeof(struct join_key), 1 << 22);
    if (!j->any) {
        join_leases(j, &joins);
        join_hosts(j, &joins);
        owners_sort(j);
    }
    join_addresses(j, &joins);
    owners_sort(j);
    pool_fini(&joins);
    if (j->failed || !devices_sort(j) || !devices_fill(j)) {
        return fail(err, "out of memory while joining addresses to devices");
    }
    return true;
}

static bool lists(const struct addr list[2], const struct addr *addr)
{
    return !addr_is_unspecified(addr) &&
           (addr_equal(&list[0], addr) || addr_equal(&list[1], addr));
}

unsigned roles_given(const struct judging *j, const struct addr *addr)
{
    unsigned roles = 0;

    for (uint32_t i = 0; i < j->tally->leases.n; i++) {
        const struct lease *lease = pool_at(&j->tally->leases, i);

        roles |= lists(lease->resolvers, addr) ? 1u << ROLE_DNS_SERVER : 0;
        roles |= lists(lease->ntp, addr) ? 1u << ROLE_NTP_SERVER : 0;
        if (!addr_is_unspecified(addr) &&
            (addr_equal(&lease->server, addr) || addr_equal(&lease->relay, addr))) {
            roles |= 1u << ROLE_DHCP_SERVER;
        }
    }
    return roles;
}

struct prefix subnet_of(const struct judging *j, const struct addr *addr)
{
    struct prefix subnet = {*addr, addr_is_v4(addr) ? 120 : 64};

    for (size_t i = 0; i < policy_n_subnets(j->policy); i++) {
        const struct prefix *listed = policy_subnet(j->policy, i);

        if (prefix_contains(listed, addr)) {
            return *listed;
        }
    }
    for (uint32_t i = 0; i < j->tally->leases.n; i++) {
        const struct lease *lease = pool_at(&j->tally->leases, i);

        if (lease->mask_bits && addr_equal(&lease->key.addr, addr)) {
            subnet.bits = (uint8_t)(96 + lease->mask_bits);
        }
    }
    for (unsigned bit = subnet.bits; bit < 128; bit++) {
        subnet.addr.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    }
    return subnet;
}

/* A port that phones open and little else on a site does. */
static bool is_phone_port(const struct cell_key *key)
{
    return (key->proto == 6 && key->server_port >= 5228 && key->server_port <= 5230) ||
           key->server_port == 5060 || key->server_port == 5061;
}

/* Hosts that behave like phones, for the reader to name in a site file. */
void suspects_list(struct judging *j)
{
    struct judgement *out = j->out;

    out->suspects = calloc(FINDING_IPS, sizeof *out->suspects);
    for (size_t i = 0; i < cell_count(j) && out->suspects; i++) {
        const struct cell *cell = cell_at(j, i);
        bool known = out->n_suspects == FINDING_IPS;

        for (size_t k = 0; k < out->n_suspects && !known; k++) {
            known = addr_equal(&out->suspects[k], &cell->key.client);
        }
        if (!known && is_phone_port(&cell->key) && is_host_addr(&cell->key.client)) {
            out->suspects[out->n_suspects++] = cell->key.client;
        }
    }
}
