/* SPDX-License-Identifier: BSD-3-Clause */
#include "voice_fuzz.h"

/* Media ports carry all three, and no datagram is two of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = {data, size};
    struct rtp_packet rtp;
    struct rtcp_packet rtcp;
    struct stun_message stun;
    bool is_rtp = rtp_parse(in, &rtp) == PARSE_OK;
    bool is_rtcp = rtcp_parse(in, &rtcp) == PARSE_OK;
    bool is_stun = stun_parse(in, &stun) == PARSE_OK;

    require(is_rtp + is_rtcp + is_stun <= 1);
    if (is_rtp) {
        require(rtp.payload_len + 12 <= size && rtp.payload_type < 128);
    }
    if (is_rtcp) {
        require(rtcp.n_reports <= RTCP_MAX_REPORTS);
        require(rtcp.n_reports <= rtcp.n_blocks && rtcp.n_blocks * 24 + 8 <= size);
        require(rtcp.reporting || (rtcp.n_blocks == 0 && !rtcp.sending));
    }
    if (is_stun) {
        require(stun.method < 4096 && size >= 20 && size % 4 == 0);
    }
    return 0;
}
