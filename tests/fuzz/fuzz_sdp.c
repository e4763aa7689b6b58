/* SPDX-License-Identifier: BSD-3-Clause */
#include "voice_fuzz.h"

static void require_media(const struct sdp_media *media)
{
    require(media->kind <= SDP_OTHER_MEDIA && media->direction <= SDP_INACTIVE);
    require(media->rtp || !media->secure);
    require(media->port != 0 || media->rtcp_port == 0);
    require(!media->mux || media->rtcp_port == media->port);
}

/* Cut or not: a medium of the cut one is one of the whole. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor body = {data, size};
    struct sdp whole = {.n_media = 0}, cut = {.n_media = 0};
    enum parse_result result = sdp_parse(body, false, &whole);

    require(result != PARSE_MORE);
    for (size_t i = 0; i < whole.n_media; i++) {
        require_media(&whole.media[i]);
    }
    if (sdp_parse(body, true, &cut) == PARSE_OK) {
        require(cut.partial && cut.n_media <= SDP_MAX_MEDIA);
        require(result != PARSE_OK || cut.n_media <= whole.n_media);
    }
    for (size_t i = 0; result == PARSE_OK && i < cut.n_media; i++) {
        require(cut.media[i].port == whole.media[i].port);
    }
    return 0;
}
