/* SPDX-License-Identifier: BSD-3-Clause
 *
 * --filter auto: a BPF expression for what a site's phones send and get.
 *
 * It keeps packets from and to the subnets of the site file, and what tells who has
 * which of these addresses: ARP, DHCP, and neighbour discovery.  Where a site lists
 * subnets of one family alone, all of the other one is kept, since its phones are not
 * known there.  Tagged frames are kept as others are: with no tag, one, or two. Packets
 * in tunnels are not looked for.
 */
#ifndef MONITOR_PHONES_FILTER_H
#define MONITOR_PHONES_FILTER_H

#include "policy/policy.h"

/* The caller releases it with free().  NULL: '*err', such as that there are no subnets.
 */
char *phones_filter(const struct policy *policy, struct policap_error *err);

#endif
