/* SPDX-License-Identifier: BSD-3-Clause */
#include "names_fuzz.h"

static void require_printable(const char *text, size_t room)
{
    require(strlen(text) < room);
    for (; *text != '\0'; text++) {
        require(*text > ' ' && *text < 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dhcp_message out;

    if (dhcp_parse((struct cursor){data, size}, &out) == PARSE_OK) {
        require(out.type != 0);
        require(out.mask_bits <= 32);
        require(out.n_routers <= DHCP_MAX_SERVERS);
        require(out.n_resolvers <= DHCP_MAX_SERVERS);
        require(out.n_ntp <= DHCP_MAX_SERVERS);
        require(out.n_parameters <= DHCP_PARAMETERS);
        require_printable(out.host_name, sizeof out.host_name);
        require_printable(out.vendor_class, sizeof out.vendor_class);
    }
    return 0;
}
