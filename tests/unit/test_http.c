/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "names/names.h"

#include <stdio.h>

/* clang-format off */
static const struct row {
    const char *title;
    const uint8_t *bytes; size_t len;
    enum parse_result want;
    const char *method, *host;
    uint16_t port;
    bool connect, absolute, generate_204;
} rows[] = {
    {"GET", WIRE("GET / HTTP/1.1\r\nHost: www.Example.com\r\n\r\n"),
     PARSE_OK, "GET", "www.example.com", 0, false, false, false},
    {"Android's check", WIRE("GET /generate_204 HTTP/1.1\r\nUser-Agent: x\r\nHost: connectivitycheck.gstatic.com\r\n\r\n"),
     PARSE_OK, "GET", "connectivitycheck.gstatic.com", 0, false, false, true},
    {"its fallback", WIRE("GET /gen_204?x=1 HTTP/1.1\r\nHost: www.google.com\r\n\r\n"),
     PARSE_OK, "GET", "www.google.com", 0, false, false, true},
    {"a path that begins so", WIRE("GET /generate_2045 HTTP/1.1\r\nHost: a.b\r\n\r\n"),
     PARSE_OK, "GET", "a.b", 0, false, false, false},
    {"a host with a port", WIRE("POST /x HTTP/1.1\r\nhost:a.example:8080\r\n\r\n"),
     PARSE_OK, "POST", "a.example", 8080, false, false, false},
    {"a host with a colon alone", WIRE("GET / HTTP/1.1\r\nHost: a.example:\r\n\r\n"),
     PARSE_OK, "GET", "a.example", 0, false, false, false},
    {"a final dot", WIRE("GET / HTTP/1.1\r\nHost: a.example.\r\n\r\n"),
     PARSE_OK, "GET", "a.example", 0, false, false, false},
    {"blanks and tabs around", WIRE("GET / HTTP/1.1\r\nHOST: \t a.example \t\r\n\r\n"),
     PARSE_OK, "GET", "a.example", 0, false, false, false},
    {"bare line feeds", WIRE("GET / HTTP/1.0\nX: y\nHost: a.example\n\n"),
     PARSE_OK, "GET", "a.example", 0, false, false, false},
    {"an IPv6 literal", WIRE("GET / HTTP/1.1\r\nHost: [2001:DB8::1]:80\r\n\r\n"),
     PARSE_OK, "GET", "[2001:db8::1]", 80, false, false, false},
    {"an IPv4 literal", WIRE("GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n"),
     PARSE_OK, "GET", "10.0.0.1", 0, false, false, false},
    {"two Host lines: the first", WIRE("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
     PARSE_OK, "GET", "a", 0, false, false, false},
    {"a Host line inside a folded one", WIRE("GET / HTTP/1.1\r\nX: 1\r\n Host: b\r\nHost: a\r\n\r\n"),
     PARSE_OK, "GET", "a", 0, false, false, false},
    {"a header whose name ends so", WIRE("GET / HTTP/1.1\r\nX-Host: b\r\nHost2: c\r\nHost: a\r\n\r\n"),
     PARSE_OK, "GET", "a", 0, false, false, false},
    {"no Host", WIRE("GET / HTTP/1.0\r\nAccept: */*\r\n\r\nHost: body"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"a Host that is no name", WIRE("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"a Host with no port but letters", WIRE("GET / HTTP/1.1\r\nHost: a:80x\r\n\r\n"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"a Host with a port too high", WIRE("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"an IPv6 literal that is open", WIRE("GET / HTTP/1.1\r\nHost: [2001:db8::1\r\n\r\n"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"a literal of dots", WIRE("GET / HTTP/1.1\r\nHost: [....]\r\n\r\n"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"a literal of IPv4", WIRE("GET / HTTP/1.1\r\nHost: [10.0.0.1]\r\n\r\n"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"a literal with a NUL", WIRE("GET / HTTP/1.1\r\nHost: [::1\0x]\r\n\r\n"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"a literal with a zone", WIRE("GET / HTTP/1.1\r\nHost: [fe80::1%25wlan0]\r\n\r\n"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"an IPv4 address in an IPv6 one", WIRE("GET / HTTP/1.1\r\nHost: [::FFFF:10.0.0.1]\r\n\r\n"),
     PARSE_OK, "GET", "[::ffff:10.0.0.1]", 0, false, false, false},
    {"an open bracket", WIRE("GET / HTTP/1.1\r\nHost: [\r\n\r\n"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"an empty IPv6 literal", WIRE("GET / HTTP/1.1\r\nHost: []\r\n\r\n"),
     PARSE_OK, "GET", "", 0, false, false, false},
    {"an absolute URI", WIRE("GET http://a.example/x HTTP/1.1\r\nHost: proxy\r\n\r\n"),
     PARSE_OK, "GET", "a.example", 0, false, true, false},
    {"an absolute URI, all of it", WIRE("GET HTTP://me:pw@a.example:8080/generate_204?q HTTP/1.1\r\n\r\n"),
     PARSE_OK, "GET", "a.example", 8080, false, true, true},
    {"an absolute URI with two users", WIRE("GET http://b@c@a.example/ HTTP/1.1\r\n\r\n"),
     PARSE_OK, "GET", "a.example", 0, false, true, false},
    {"an absolute URI without path", WIRE("GET http://a.example?x HTTP/1.1\r\n\r\n"),
     PARSE_OK, "GET", "a.example", 0, false, true, false},
    {"an absolute URI without host", WIRE("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"),
     PARSE_OK, "GET", "a", 0, false, true, false},
    {"a URI inside a path", WIRE("GET /?u=http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
     PARSE_OK, "GET", "a", 0, false, false, false},
    {"CONNECT", WIRE("CONNECT mtalk.google.com:443 HTTP/1.1\r\nHost: proxy:3128\r\n\r\n"),
     PARSE_OK, "CONNECT", "mtalk.google.com", 443, true, false, false},
    {"CONNECT to an IPv6 literal", WIRE("CONNECT [2001:db8::1]:5228 HTTP/1.1\r\n\r\n"),
     PARSE_OK, "CONNECT", "[2001:db8::1]", 5228, true, false, false},
    {"SSDP", WIRE("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"),
     PARSE_OK, "M-SEARCH", "239.255.255.250", 1900, false, false, false},
    {"a blank inside the target", WIRE("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
     PARSE_OK, "GET", "a", 0, false, false, false},
    {"Host last of what is there", WIRE("GET / HTTP/1.1\r\nHost: a\r\nX"),
     PARSE_OK, "GET", "a", 0, false, false, false},
    /* Those that are not whole. */
    {"nothing yet", WIRE(""), .want = PARSE_MORE},
    {"half a method", WIRE("GE"), .want = PARSE_MORE},
    {"half a target", WIRE("GET /inde"), .want = PARSE_MORE},
    {"half a line end", WIRE("GET / HTTP/1.1\r"), .want = PARSE_MORE},
    {"a Host line without end", WIRE("GET / HTTP/1.1\r\nHost: a.exam"), .want = PARSE_MORE},
    {"a head without end", WIRE("GET / HTTP/1.1\r\nX: y\r\n"), .want = PARSE_MORE},
    /* Those that are something else. */
    {"SIP", WIRE("REGISTER sip:example.com SIP/2.0\r\nHost: a\r\n\r\n"), .want = PARSE_NOT},
    {"RTSP", WIRE("DESCRIBE rtsp://a.example/x RTSP/1.0\r\n\r\n"), .want = PARSE_NOT},
    {"ICY", WIRE("SOURCE /x ICE/1.0\r\n\r\n"), .want = PARSE_NOT},
    {"HTTP/2", WIRE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), .want = PARSE_NOT},
    {"HTTP/0.9", WIRE("GET /\r\n"), .want = PARSE_NOT},
    {"SMTP", WIRE("EHLO a.example\r\n"), .want = PARSE_NOT},
    {"a method in small letters", WIRE("get / HTTP/1.1\r\n"), .want = PARSE_NOT},
    {"a method too long", WIRE("ABCDEFGHIJKLMNOP / HTTP/1.1\r\n"), .want = PARSE_NOT},
    {"no method", WIRE(" / HTTP/1.1\r\n\r\n"), .want = PARSE_NOT},
    {"no target", WIRE("GET HTTP/1.1\r\n\r\n"), .want = PARSE_NOT},
    {"no blank before the version", WIRE("GET /xyzHTTP/1.1\r\n\r\n"), .want = PARSE_NOT},
    {"an empty target", WIRE("GET  HTTP/1.1\r\n\r\n"), .want = PARSE_NOT},
    {"a control byte in the target", WIRE("GET /\x01 HTTP/1.1\r\n\r\n"), .want = PARSE_NOT},
    {"a control byte, no line end yet", WIRE("GET /\x01"), .want = PARSE_NOT},
    {"CONNECT to no name", WIRE("CONNECT a/b:443 HTTP/1.1\r\n\r\n"), .want = PARSE_NOT},
    {"a version of two digits", WIRE("GET / HTTP/1.11\r\n\r\n"), .want = PARSE_NOT},
    {"a version without digit", WIRE("GET / HTTP/1.x\r\n\r\n"), .want = PARSE_NOT},
    {"an answer", WIRE("HTTP/1.1 200 OK\r\n\r\n"), .want = PARSE_NOT},
    {"a TLS hello", WIRE("\x16\x03\x01\x02\0\x01"), .want = PARSE_NOT},
    {"a line end alone", WIRE("\r\n"), .want = PARSE_NOT},
};

static const struct response_row {
    const char *title;
    const uint8_t *bytes; size_t len;
    enum parse_result want;
    uint16_t status; bool has_body;
} response_rows[] = {
    {"204", WIRE("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"), PARSE_OK, 204, false},
    {"a captive portal", WIRE("HTTP/1.0 302 Found\r\nLocation: http://x/\r\ncontent-length:  13\r\n\r\n"), PARSE_OK, 302, true},
    {"a chunked body", WIRE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), PARSE_OK, 200, true},
    {"no reason", WIRE("HTTP/1.1 407\r\n\r\n"), PARSE_OK, 407, false},
    {"an empty reason", WIRE("HTTP/1.1 407 \r\n\r\n"), PARSE_OK, 407, false},
    {"a length that is no number", WIRE("HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n"), PARSE_OK, 200, false},
    {"a length that ends in a nought", WIRE("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), PARSE_OK, 200, true},
    {"a length of noughts", WIRE("HTTP/1.1 200 OK\r\nContent-Length: 0000\r\n\r\n"), PARSE_OK, 200, false},
    {"a length beyond any word", WIRE("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"), PARSE_OK, 200, true},
    {"a length in the body", WIRE("HTTP/1.1 200 OK\r\n\r\nContent-Length: 5\r\n"), PARSE_OK, 200, false},
    {"half a version", WIRE("HTTP/"), PARSE_MORE, 0, false},
    {"nothing yet", WIRE(""), PARSE_MORE, 0, false},
    {"a head without end", WIRE("HTTP/1.1 200 OK\r\nX: y\r\n"), PARSE_MORE, 0, false},
    {"HTTP/2", WIRE("HTTP/2 200\r\n\r\n"), PARSE_NOT, 0, false},
    {"SIP", WIRE("SIP/2.0 200 OK\r\n\r\n"), PARSE_NOT, 0, false},
    {"two digits", WIRE("HTTP/1.1 20 OK\r\n\r\n"), PARSE_NOT, 0, false},
    {"four digits", WIRE("HTTP/1.1 2000 OK\r\n\r\n"), PARSE_NOT, 0, false},
    {"a status below 100", WIRE("HTTP/1.1 099 OK\r\n\r\n"), PARSE_NOT, 0, false},
    {"no blank", WIRE("HTTP/1.1-200 OK\r\n\r\n"), PARSE_NOT, 0, false},
    {"a request", WIRE("GET / HTTP/1.1\r\n\r\n"), PARSE_NOT, 0, false},
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);
    struct http_request got = {0};

    assert_int_equal(http_request_parse(in, &got), row->want);
    assert_string_equal(got.method, row->method ? row->method : "");
    assert_string_equal(got.host, row->host ? row->host : "");
    assert_int_equal(got.port, row->port);
    assert_int_equal(got.connect, row->connect);
    assert_int_equal(got.absolute, row->absolute);
    assert_int_equal(got.generate_204, row->generate_204);
    frame_free(in);
}

static void check_response_row(void **state)
{
    const struct response_row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);
    struct http_response got = {0};

    assert_int_equal(http_response_parse(in, &got), row->want);
    assert_int_equal(got.status, row->status);
    assert_int_equal(got.has_body, row->has_body);
    frame_free(in);
}

/* A prefix of a request is the request, or asks for more. */
static void check_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows) && rows[i].want == PARSE_OK; i++) {
        for (size_t len = 0; len < rows[i].len; len++) {
            struct cursor in = frame_copy(rows[i].bytes, len);
            struct http_request got = {0};
            enum parse_result result = http_request_parse(in, &got);

            assert_int_not_equal(result, PARSE_NOT);
            if (result == PARSE_OK) {
                assert_string_equal(got.host, rows[i].host);
                assert_int_equal(got.port, rows[i].port);
            }
            frame_free(in);
        }
    }
    for (size_t i = 0; i < 7; i++) {
        for (size_t len = 0; len < response_rows[i].len; len++) {
            struct cursor in = frame_copy(response_rows[i].bytes, len);
            struct http_response got;

            assert_int_equal(http_response_parse(in, &got), PARSE_MORE);
            frame_free(in);
        }
    }
}

/* A head beyond the bound is told by what stands before it. */
static void check_long_heads(void **state)
{
    static uint8_t bytes[HTTP_MAX_HEAD + 64];
    struct cursor in = {bytes, sizeof bytes};
    struct http_request request = {0};
    struct http_response response = {0};

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "GET / HTTP/1.1\r\nCookie: ", 24);
    assert_int_equal(http_request_parse(in, &request), PARSE_OK);
    assert_string_equal(request.method, "GET");
    in.left = HTTP_MAX_HEAD - 1;
    assert_int_equal(http_request_parse(in, &request), PARSE_MORE);

    memcpy(bytes, "GET /", 5);
    memset(bytes + 5, 'x', sizeof bytes - 5);
    assert_int_equal(http_request_parse(in, &request), PARSE_MORE);
    in.left = HTTP_MAX_HEAD;
    assert_int_equal(http_request_parse(in, &request), PARSE_NOT);

    memcpy(bytes, "HTTP/1.1 200 OK\r\nX: ", 20);
    assert_int_equal(http_response_parse(in, &response), PARSE_OK);
    assert_int_equal(response.status, 200);
}

/* A table of rows as tests.  cmocka's pointer to the row is not const. */
#define ADD_ROWS(table, check)                                                         \
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {                                    \
        tests[n++] = (struct CMUnitTest){table[i].title, check, NULL, NULL,            \
                                         (void *)(uintptr_t)&table[i]};                \
    }

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(response_rows) + 2] = {
        cmocka_unit_test(check_prefixes),
        cmocka_unit_test(check_long_heads),
    };
    size_t n = 2;

    ADD_ROWS(rows, check_row)
    ADD_ROWS(response_rows, check_response_row)
    return cmocka_run_group_tests(tests, NULL, NULL);
}
