/* SPDX-License-Identifier: BSD-3-Clause */
#include "names_fuzz.h"

/* A prefix asks for more, or tells the same as the whole. */
static void check_prefix(struct cursor whole, size_t len)
{
    struct tls_hello all = {.sni = ""}, part = {.sni = ""};
    enum parse_result of_all = tls_hello_parse(whole, &all);
    enum parse_result of_part = tls_hello_parse(cursor_first(whole, len), &part);

    require_name(all.sni);
    require(of_part == PARSE_MORE || of_part == of_all);
    require(of_part != PARSE_OK ||
            (strcmp(all.sni, part.sni) == 0 && all.ech == part.ech));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor whole = {data, size};
    struct tls_hello hello;
    struct tls_alert alert;

    check_prefix(whole, size);
    check_prefix(whole, size / 2);
    check_prefix(whole, size > 0 ? size - 1 : 0);
    if (tls_hello_message_parse(whole, &hello) == PARSE_OK) {
        require_name(hello.sni);
    }
    if (dtls_hello_parse(whole, &hello) == PARSE_OK) {
        require_name(hello.sni);
        require(tls_hello_parse(whole, &hello) == PARSE_NOT);
    }
    if (tls_alert_parse(whole, &alert) == PARSE_OK) {
        require(tls_hello_parse(whole, &hello) == PARSE_NOT);
    }
    return 0;
}
