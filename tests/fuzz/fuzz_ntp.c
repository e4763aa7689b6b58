/* SPDX-License-Identifier: BSD-3-Clause */
#include "names_fuzz.h"

#include "names/ntp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ntp_message out;

    if (ntp_parse((struct cursor){data, size}, &out) == PARSE_OK) {
        require(size >= 48);
        require(out.version >= 1 && out.version <= 4);
        require(out.mode >= NTP_SYMMETRIC_ACTIVE && out.mode <= NTP_BROADCAST);
        require(out.stratum <= 16);
        require(strlen(out.kiss) < sizeof out.kiss);
        require(out.kiss[0] == '\0' || (out.mode == NTP_SERVER && out.stratum == 0));
    }
    return 0;
}
