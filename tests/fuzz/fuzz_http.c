/* SPDX-License-Identifier: BSD-3-Clause */
#include "names_fuzz.h"

/* A prefix asks for more, or tells the same as the whole. */
static void check_prefix(struct cursor whole, size_t len)
{
    struct http_request all = {.host = ""}, part = {.host = ""};
    enum parse_result of_all = http_request_parse(whole, &all);
    enum parse_result of_part = http_request_parse(cursor_first(whole, len), &part);

    require(of_part == PARSE_MORE || of_part == of_all);
    require(of_part != PARSE_OK ||
            (strcmp(all.host, part.host) == 0 && all.port == part.port));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = {data, size};
    struct http_request request;
    struct http_response response;

    check_prefix(in, size / 2);
    check_prefix(in, size > 0 ? size - 1 : 0);
    if (http_request_parse(in, &request) == PARSE_OK) {
        require_name(request.host);
        require(strlen(request.method) > 0);
        require(strlen(request.method) < sizeof request.method);
        require(!request.connect || request.host[0] != '\0');
        require(request.host[0] != '\0' || request.port == 0);
    }
    if (http_response_parse(in, &response) == PARSE_OK) {
        require(response.status >= 100 && response.status <= 999);
        require(http_request_parse(in, &request) == PARSE_NOT);
    }
    return 0;
}
