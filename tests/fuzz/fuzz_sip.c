/* SPDX-License-Identifier: BSD-3-Clause */
#include "voice_fuzz.h"

static void require_host(const struct sip_host *host)
{
    static const struct addr none;

    require(host->written || !host->has_addr);
    require(host->has_addr || addr_equal(&host->addr, &none));
}

static void require_message(struct cursor whole)
{
    struct sip_message m;
    struct sdp sdp;

    if (sip_parse(whole, &m) != PARSE_OK) {
        return;
    }
    require(m.response ? m.status >= 100 && m.status <= 699 : m.status == 0);
    require(m.method < SIP_METHODS && m.call_id.left > 0);
    require(m.has_sdp == (m.sdp.left > 0));
    require_inside(m.call_id, whole);
    require_inside(m.sdp, whole);
    require_inside(m.user, whole);
    require_host(&m.via);
    require_host(&m.received);
    require_host(&m.contact);
    require(m.sdp.left <= m.body_len);
    sdp_parse(m.sdp, m.partial, &sdp);
}

/* As a datagram, and as a stream: what is whole in a stream is whole by itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor whole = {data, size}, stream = whole, message;

    require_message(whole);
    while (sip_stream_next(&stream, &message) == PARSE_OK) {
        struct sip_message m;

        require(message.left > 0);
        require_inside(message, whole);
        require(sip_parse(message, &m) == PARSE_NOT || !m.partial);
        require_message(message);
    }
    require_inside(stream, whole);
    return 0;
}
