/* SPDX-License-Identifier: BSD-3-Clause
 *
 * No mutation gets past the tag of a sealed packet, so the input is read twice: as a
 * datagram, and as what the client put in its packets.  There a byte tells how long
 * each packet's payload is.
 */
#include "names_fuzz.h"

#include "quic_seal.h"

static void require_state(const struct quic_crypto *state)
{
    require(state->n_ranges <= QUIC_MAX_RANGES);
    for (size_t i = 0; i < state->n_ranges; i++) {
        require(state->ranges[i].begin < state->ranges[i].end);
        require(state->ranges[i].end <= HELLO_MAX_LEN);
        require(i == 0 || state->ranges[i - 1].end < state->ranges[i].begin);
    }
}

static void feed(struct cursor datagram, struct quic_crypto *state)
{
    struct tls_hello hello;

    require(!quic_is_initial(datagram) || quic_kind(datagram) == QUIC_INITIAL);
    enum parse_result result = quic_initial_parse(datagram, state, &hello);
    require_state(state);
    if (result == PARSE_OK) {
        require_name(hello.sni);
        require(state->n_ranges > 0 && state->ranges[0].begin == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct quic_crypto state;
    struct quic_sealer sealer = {1, NULL, "fuzz", "", 0, 0};
    struct cursor in = {data, size}, payload;
    uint8_t len;

    memset(&state, 0, sizeof state);
    feed(in, &state);
    memset(&state, 0, sizeof state);
    while (cursor_u8(&in, &len) && sealer.number < 8) {
        uint8_t packet[512];

        payload = cursor_first(in, len);
        cursor_skip(&in, payload.left);
        size_t packet_len = quic_seal(&sealer, payload.at, payload.left, packet);
        feed((struct cursor){packet, packet_len}, &state);
        sealer.number++;
    }
    return 0;
}
