/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/phones_filter.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

static char *text_of(const struct policy *policy)
{
    bool has_v4 = false, has_v6 = false;
    char *text = NULL, subnet[PREFIX_TEXT_LEN];
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (!out) {
        return NULL;
    }
    fputs("(arp or (udp and (port 67 or port 68))", out);
    for (size_t i = 0; i < policy_n_subnets(policy); i++) {
        const struct prefix *prefix = policy_subnet(policy, i);

        fprintf(out, " or net %s", prefix_format(prefix, subnet));
        has_v4 = has_v4 || addr_is_v4(&prefix->addr);
        has_v6 = has_v6 || !addr_is_v4(&prefix->addr);
    }
    if (!has_v4) {
        fputs(" or ip", out);
    }
    /* Neighbour discovery is ICMPv6 133 to 137. */
    fputs(has_v6 ? " or (udp and (port 546 or port 547))"
                   " or (icmp6 and ip6[40] >= 133 and ip6[40] <= 137))"
                 : " or ip6)",
          out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *phones_filter(const struct policy *policy, struct policap_error *err)
{
    char *once, *all = NULL;

    if (policy_n_subnets(policy) == 0) {
        fail(err, "--filter auto: list the phones' subnets in the site file: "
                  "\"devices\": {\"subnets\": [\"10.20.0.0/24\"]}");
        return NULL;
    }
    once = text_of(policy);
    /* What stands behind "vlan" is looked for behind the tag. */
    if (!once || asprintf(&all, "%s or (vlan and (%s or (vlan and %s)))", once, once,
                          once) < 0) {
        fail(err, "--filter auto: out of memory");
        all = NULL;
    }
    free(once);
    return all;
}
