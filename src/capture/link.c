/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names of link types.
 *
 * Files hold LINKTYPE_ numbers; libpcap names DLT_ numbers, which are those of the
 * system it was built for.  They are the same but for the few below.
 */
#include "capture/format.h"

#include <pcap/pcap.h>
#include <stdio.h>

static const struct {
    uint16_t link;
    int dlt;
} differing[] = {
    {100, DLT_ATM_RFC1483}, {101, DLT_RAW},      {102, DLT_SLIP_BSDOS},
    {103, DLT_PPP_BSDOS},   {106, DLT_ATM_CLIP},
};

int capture_link_dlt(uint16_t link)
{
    for (size_t i = 0; i < sizeof differing / sizeof *differing; i++) {
        if (differing[i].link == link) {
            return differing[i].dlt;
        }
    }
    return link;
}

const char *capture_link_name(uint16_t link, char room[static 8])
{
    const char *name = pcap_datalink_val_to_name(capture_link_dlt(link));

    if (name) {
        return name;
    }
    snprintf(room, 8, "%u", link);
    return room;
}
