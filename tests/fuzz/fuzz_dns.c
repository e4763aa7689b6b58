/* SPDX-License-Identifier: BSD-3-Clause */
#include "names_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor stream = {data, size}, message;
    struct dns_message out;

    if (dns_parse(stream, &out) == PARSE_OK) {
        require_name(out.name);
        require(out.n_addresses <= DNS_MAX_ADDRESSES);
        require(out.response || (out.n_addresses == 0 && !out.partial));
        require(out.n_addresses > 0 || out.ttl == 0);
        for (size_t i = 1; i < out.n_addresses; i++) {
            require(!addr_equal(&out.addresses[i - 1], &out.addresses[i]));
        }
    }
    while (dns_stream_next(&stream, &message)) {
        require(dns_parse(message, &out) != PARSE_MORE);
    }
    return 0;
}
