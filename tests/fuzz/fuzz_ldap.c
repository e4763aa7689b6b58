/* SPDX-License-Identifier: BSD-3-Clause */
#include "names/ldap.h"
#include "names_fuzz.h"

/* A prefix asks for more, or takes the same message. */
static void check_prefix(struct cursor whole, size_t len)
{
    struct cursor all = whole, part = cursor_first(whole, len);
    struct ldap_message of_all = {LDAP_OTHER, 0}, of_part = {LDAP_OTHER, 0};
    enum parse_result want = ldap_next(&all, &of_all);
    enum parse_result got = ldap_next(&part, &of_part);

    require(got == PARSE_MORE || got == want);
    require(got != PARSE_OK || (part.at == all.at && of_part.kind == of_all.kind &&
                                of_part.result == of_all.result));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor stream = {data, size};
    struct ldap_message message;

    check_prefix(stream, size / 2);
    check_prefix(stream, size > 0 ? size - 1 : 0);
    for (;;) {
        struct cursor before = stream;

        if (ldap_next(&stream, &message) != PARSE_OK) {
            require(stream.at == before.at && stream.left == before.left);
            return 0;
        }
        require(stream.left + 7 <= before.left && stream.at > before.at);
        require(message.kind == LDAP_BIND_ANSWER || message.result == 0);
    }
}
