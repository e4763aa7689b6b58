/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "voice/voice.h"

#include <stdio.h>

#define REGISTER_LINE "REGISTER sip:10.50.0.17:5060 SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP 10.20.0.101:5060;rport;branch=z9hG4bK-1\r\n"
#define ID "Call-ID: 1-19433@10.20.0.101\r\n"
#define CSEQ "CSeq: 1 REGISTER\r\n"
#define CONTACT "Contact: <sip:2001@10.20.0.101:5060;transport=UDP>\r\n"
#define NO_BODY "Content-Length: 0\r\n\r\n"
#define INVITE_LINE "INVITE sip:2002@10.50.0.17 SIP/2.0\r\n"
#define INVITE_HEAD INVITE_LINE VIA ID "CSeq: 1 INVITE\r\n"
#define SDP_TYPE "Content-Type: application/sdp\r\n"
#define SDP "v=0\r\no=- 1 1 IN IP4 10.20.0.101\r\n"

struct row {
    const char *title;
    const uint8_t *bytes;
    size_t len;
    enum parse_result want;
    enum sip_method method;
    const char *via, *received, *contact; /* "10.0.0.1:5060", "-" for none. */
    unsigned status, cseq;
    bool partial, credentials;
    size_t sdp_len, body_len;
};

/* clang-format off */
static const struct row rows[] = {
    {"a registration", WIRE(REGISTER_LINE VIA ID CSEQ CONTACT NO_BODY),
     PARSE_OK, SIP_REGISTER, "10.20.0.101:5060", "-", "10.20.0.101:5060", .cseq = 1},
    {"with credentials", WIRE(REGISTER_LINE VIA ID "CSeq: 2 REGISTER\r\n" "authorization: Digest username=\"2001\"\r\n" NO_BODY),
     PARSE_OK, SIP_REGISTER, "10.20.0.101:5060", "-", "-", .cseq = 2, .credentials = true},
    {"with credentials for a proxy", WIRE(INVITE_HEAD "Proxy-Authorization: Digest a=b\r\n" NO_BODY),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .credentials = true},
    {"a challenge has none", WIRE("SIP/2.0 407 Proxy Authentication Required\r\n" VIA ID CSEQ "Proxy-Authenticate: Digest realm=\"x\"\r\n" NO_BODY),
     PARSE_OK, SIP_REGISTER, "10.20.0.101:5060", "-", "-", .status = 407, .cseq = 1},
    {"an answer names what it saw", WIRE("SIP/2.0 401 Unauthorized\r\n" "Via: SIP/2.0/UDP 10.20.0.101:5060;rport=40001;branch=z9;received=198.51.100.2\r\n" ID CSEQ NO_BODY),
     PARSE_OK, SIP_REGISTER, "10.20.0.101:5060", "198.51.100.2:40001", "-", .status = 401, .cseq = 1},
    {"received= twice: the first", WIRE("SIP/2.0 200 OK\r\n" "Via: SIP/2.0/UDP 10.0.0.9;received=10.0.0.1;received=pbx\r\n" ID CSEQ NO_BODY),
     PARSE_OK, SIP_REGISTER, "10.0.0.9:0", "10.0.0.1:0", "-", .status = 200, .cseq = 1},
    {"an IPv6 address in received=", WIRE("SIP/2.0 200 OK\r\n" "Via: SIP/2.0/UDP [2001:db8::9]:5060;received=2001:db8::1;rport=5\r\n" ID CSEQ NO_BODY),
     PARSE_OK, SIP_REGISTER, "2001:db8::9:5060", "2001:db8::1:5", "-", .status = 200, .cseq = 1},
    {"IPv6 without a port", WIRE(INVITE_LINE "Via: SIP/2.0/TCP [2001:db8::9];received=[2001:db8::1]\r\n" ID "CSeq: 1 INVITE\r\n" "Contact: sip:a@[2001:db8::7]\r\n" NO_BODY),
     PARSE_OK, SIP_INVITE, "2001:db8::9:0", "2001:db8::1:0", "2001:db8::7:0", .cseq = 1},
    {"compact forms", WIRE("BYE sip:a@b SIP/2.0\r\n" "v: SIP/2.0/UDP 10.0.0.1\r\n" "i: x\r\n" "CSeq: 3 BYE\r\n" "m: <sip:10.0.0.2>\r\n" "l: 0\r\n\r\n"),
     PARSE_OK, SIP_BYE, "10.0.0.1:0", "-", "10.0.0.2:0", .cseq = 3},
    {"capitals do not matter in names", WIRE("BYE sip:a@b SIP/2.0\r\n" "VIA: SIP/2.0/UDP 10.0.0.1\r\n" "call-id: x\r\n" "cseq: 3 BYE\r\n" "\r\n"),
     PARSE_OK, SIP_BYE, "10.0.0.1:0", "-", "-", .cseq = 3},
    {"the topmost Via", WIRE("BYE sip:a@b SIP/2.0\r\n" "Via: SIP/2.0/UDP 10.0.0.1, SIP/2.0/UDP 10.0.0.2;received=10.0.0.3\r\n" "Via: SIP/2.0/UDP 10.0.0.4;received=10.0.0.5\r\n" ID "CSeq: 3 BYE\r\n" "\r\n"),
     PARSE_OK, SIP_BYE, "10.0.0.1:0", "-", "-", .cseq = 3},
    {"blanks in a Via", WIRE("BYE sip:a@b SIP/2.0\r\n" "Via: SIP / 2.0 / UDP 10.0.0.1 : 4000 ; ttl=16\r\n" ID "CSeq: 3 BYE\r\n" "\r\n"),
     PARSE_OK, SIP_BYE, "10.0.0.1:4000", "-", "-", .cseq = 3},
    {"a folded Via", WIRE("BYE sip:a@b SIP/2.0\r\n" "Via: SIP/2.0/UDP\r\n 10.0.0.1:5060\r\n\t;received=10.0.0.2\r\n" ID "CSeq: 3 BYE\r\n" "\r\n"),
     PARSE_OK, SIP_BYE, "10.0.0.1:5060", "10.0.0.2:0", "-", .cseq = 3},
    {"a name in a Via is no address", WIRE("BYE sip:a@b SIP/2.0\r\n" "Via: SIP/2.0/UDP pbx.example:5060\r\n" ID "CSeq: 3 BYE\r\n" "\r\n"),
     PARSE_OK, SIP_BYE, "-:5060", "-", "-", .cseq = 3},
    {"a display name with everything", WIRE(REGISTER_LINE VIA ID CSEQ "Contact: \"A, <sip:x@10.9.9.9> \\\" B\" <sip:a;b@10.0.0.8:5062;ob?x=y>;expires=60\r\n" NO_BODY),
     PARSE_OK, SIP_REGISTER, "10.20.0.101:5060", "-", "10.0.0.8:5062", .cseq = 1},
    {"a contact without brackets", WIRE(REGISTER_LINE VIA ID CSEQ "Contact: sips:a@10.0.0.8:5062;expires=60, sip:10.0.0.9\r\n" NO_BODY),
     PARSE_OK, SIP_REGISTER, "10.20.0.101:5060", "-", "10.0.0.8:5062", .cseq = 1},
    {"all contacts", WIRE(REGISTER_LINE VIA ID CSEQ "Contact: *\r\n" "Expires: 0\r\n" NO_BODY),
     PARSE_OK, SIP_REGISTER, "10.20.0.101:5060", "-", "-", .cseq = 1},
    {"a contact that is no SIP", WIRE(REGISTER_LINE VIA ID CSEQ "Contact: <tel:10.0.0.8>\r\n" NO_BODY),
     PARSE_OK, SIP_REGISTER, "10.20.0.101:5060", "-", "-", .cseq = 1},
    {"a contact cut in its brackets", WIRE(REGISTER_LINE VIA ID CSEQ "Contact: <sip:10.0.0.8\r\n" NO_BODY),
     PARSE_OK, SIP_REGISTER, "10.20.0.101:5060", "-", "-", .cseq = 1},
    {"an offer", WIRE(INVITE_HEAD SDP_TYPE "Content-Length: 35\r\n\r\n" SDP "xx"),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .sdp_len = 35, .body_len = 35},
    {"without a length, to the end", WIRE(INVITE_HEAD SDP_TYPE "\r\n" SDP),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .sdp_len = 33, .body_len = 33},
    {"a body that begins with a blank", WIRE(INVITE_HEAD SDP_TYPE "Content-Length: 2\r\n\r\n" " x"),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .sdp_len = 2, .body_len = 2},
    {"padding behind the length", WIRE(INVITE_HEAD SDP_TYPE "Content-Length: 5\r\n\r\n" SDP),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .sdp_len = 5, .body_len = 5},
    {"the body goes on elsewhere", WIRE(INVITE_HEAD SDP_TYPE "Content-Length: 900\r\n\r\n" SDP),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .partial = true, .sdp_len = 33, .body_len = 900},
    {"the head goes on elsewhere", WIRE(INVITE_HEAD "Conta"),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .partial = true},
    {"a length that is no number", WIRE(INVITE_HEAD SDP_TYPE "Content-Length: -1\r\n\r\n" SDP),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .sdp_len = 33, .body_len = 33},
    {"another body", WIRE(INVITE_HEAD "Content-Type: text/plain\r\n\r\n" SDP),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .body_len = 33},
    {"an SDP without a type", WIRE(INVITE_HEAD "\r\n" SDP),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .sdp_len = 33, .body_len = 33},
    {"an SDP among parts", WIRE(INVITE_HEAD "c: multipart/mixed;boundary=b\r\n\r\n--b\r\nContent-Type: application/sdp\r\n\r\n" SDP "--b--\r\n"),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .sdp_len = 40, .body_len = 78},
    {"parts without an SDP", WIRE(INVITE_HEAD "c: multipart/mixed;boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"),
     PARSE_OK, SIP_INVITE, "10.20.0.101:5060", "-", "-", .cseq = 1, .body_len = 17},
    {"bare line feeds", WIRE("OPTIONS sip:a@b SIP/2.0\n" "Via: SIP/2.0/UDP 10.0.0.1\n" "i: x\n" "CSeq: 3 OPTIONS\n" "\n"),
     PARSE_OK, SIP_OPTIONS, "10.0.0.1:0", "-", "-", .cseq = 3},
    {"empty lines first", WIRE("\r\n\r\n" "OPTIONS sip:a@b SIP/2.0\r\n" "i: x\r\n" "CSeq: 3 OPTIONS\r\n" "\r\n"),
     PARSE_OK, SIP_OPTIONS, "-", "-", "-", .cseq = 3},
    {"a method of tomorrow", WIRE("HOVER sip:a@b sip/2.0\r\n" ID "CSeq: 4294967295 HOVER\r\n\r\n"),
     PARSE_OK, SIP_OTHER, "-", "-", "-", .cseq = 4294967295u},
    {"a reason of none", WIRE("SIP/2.0 503 \r\n" ID "CSeq: 1 INVITE\r\n\r\n"),
     PARSE_OK, SIP_INVITE, "-", "-", "-", .status = 503, .cseq = 1},
    /* Those that are no message. */
    {"nothing", WIRE(""), .want = PARSE_NOT},
    {"what keeps a connection open", WIRE("\r\n\r\n"), .want = PARSE_NOT},
    {"zeros", WIRE("\0\0\0\0"), .want = PARSE_NOT},
    {"no line ends", WIRE("REGISTER sip:10.50.0.17:5060 SIP/2.0"), .want = PARSE_NOT},
    {"no Call-ID", WIRE(REGISTER_LINE VIA CSEQ NO_BODY), .want = PARSE_NOT},
    {"an empty Call-ID", WIRE(REGISTER_LINE VIA "Call-ID: \r\n" CSEQ NO_BODY), .want = PARSE_NOT},
    {"no CSeq", WIRE(REGISTER_LINE VIA ID NO_BODY), .want = PARSE_NOT},
    {"a CSeq without a method", WIRE(REGISTER_LINE VIA ID "CSeq: 1\r\n" NO_BODY), .want = PARSE_NOT},
    {"a CSeq without a number", WIRE(REGISTER_LINE VIA ID "CSeq: REGISTER\r\n" NO_BODY), .want = PARSE_NOT},
    {"a CSeq beyond 32 bits", WIRE(REGISTER_LINE VIA ID "CSeq: 4294967296 REGISTER\r\n" NO_BODY), .want = PARSE_NOT},
    {"a CSeq with more", WIRE(REGISTER_LINE VIA ID "CSeq: 1 REGISTER x\r\n" NO_BODY), .want = PARSE_NOT},
    {"a CSeq cut off", WIRE(REGISTER_LINE VIA ID "CSeq: 1 REGIS"), .want = PARSE_NOT},
    {"a CSeq in the body", WIRE(REGISTER_LINE VIA ID "\r\n" CSEQ), .want = PARSE_NOT},
    {"HTTP", WIRE("GET / HTTP/1.1\r\nHost: a\r\nCall-ID: 1\r\nCSeq: 1 GET\r\n\r\n"), .want = PARSE_NOT},
    {"RTSP", WIRE("OPTIONS rtsp://a RTSP/1.0\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"), .want = PARSE_NOT},
    {"SIP of another version", WIRE("BYE sip:a@b SIP/3.0\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"a method in small letters", WIRE("bye sip:a@b SIP/2.0\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"a method too long", WIRE("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG sip:a@b SIP/2.0\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"no URI", WIRE("BYE SIP/2.0\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"four words", WIRE("BYE sip:a b SIP/2.0\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"a control byte in the start line", WIRE("BYE sip:a\001@b SIP/2.0\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"a status of two digits", WIRE("SIP/2.0 20 OK\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"a status of four digits", WIRE("SIP/2.0 2000 OK\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"status 099", WIRE("SIP/2.0 099 OK\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"status 700", WIRE("SIP/2.0 700 OK\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"no blank before the status", WIRE("SIP/2.0200 OK\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"no status", WIRE("SIP/2.0\r\n" ID CSEQ "\r\n"), .want = PARSE_NOT},
    {"DNS", WIRE("\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01x\0\0\x01\0\x01"), .want = PARSE_NOT},
    {"RTP", WIRE("\x80\0\x12\x34\0\0\0\0\0\0\0\x01\xff\xff\r\n"), .want = PARSE_NOT},
};
/* clang-format on */

static void check_host(const struct sip_host *host, const char *want)
{
    char text[ADDR_TEXT_LEN], got[ADDR_TEXT_LEN + 8] = "-";

    if (host->has_addr) {
        snprintf(got, sizeof got, "%s:%u", addr_format(&host->addr, text), host->port);
    } else if (host->port) {
        snprintf(got, sizeof got, "-:%u", host->port);
    }
    assert_string_equal(got, want);
}

static void require_inside(struct cursor part, struct cursor whole)
{
    assert_true(part.left == 0 ||
                (part.at >= whole.at && part.at + part.left <= whole.at + whole.left));
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);
    struct sip_message got = {.status = 9999};

    assert_int_equal(sip_parse(in, &got), row->want);
    if (row->want != PARSE_OK) {
        assert_int_equal(got.status, 9999);
    } else {
        assert_int_equal(got.method, row->method);
        assert_int_equal(got.status, row->status);
        assert_int_equal(got.response, row->status != 0);
        assert_true(got.cseq == row->cseq);
        assert_int_equal(got.partial, row->partial);
        assert_int_equal(got.has_credentials, row->credentials);
        assert_int_equal(got.sdp.left, row->sdp_len);
        assert_int_equal(got.has_sdp, row->sdp_len > 0);
        assert_int_equal(got.body_len, row->body_len);
        check_host(&got.via, row->via);
        check_host(&got.received, row->received);
        check_host(&got.contact, row->contact);
        require_inside(got.call_id, in);
        require_inside(got.sdp, in);
    }
    frame_free(in);
}

/* Who registers, so that users can be counted. */
static void check_user(void **state)
{
    static const char *const tos[][2] = {
        {"To: <sip:2001@corp.example>\r\n", "2001@corp.example"},
        {"t: \"A, B\" <sip:2001@corp.example;x=y?a=b>;tag=7\r\n", "2001@corp.example"},
        {"To: sips:2001@corp.example:5061;tag=7\r\n", "2001@corp.example:5061"},
        {"To: <sip:a;b@corp.example>\r\n", "a;b@corp.example"},
        {"To: <tel:2001>\r\n", ""},
        {"To: <sip:2001\r\n", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(tos); i++) {
        char bytes[512];
        struct sip_message got;
        int len = snprintf(bytes, sizeof bytes, "%s%s%s", REGISTER_LINE VIA ID CSEQ,
                           tos[i][0], NO_BODY);
        struct cursor in = frame_copy((const uint8_t *)bytes, (size_t)len);

        assert_int_equal(sip_parse(in, &got), PARSE_OK);
        assert_int_equal(got.user.left, strlen(tos[i][1]));
        assert_true(got.user.left == 0 ||
                    memcmp(got.user.at, tos[i][1], got.user.left) == 0);
        frame_free(in);
    }
}

static void check_expires(void **state)
{
    static const char bytes[] = REGISTER_LINE VIA ID CSEQ "Expires: 0\r\n" NO_BODY;
    struct sip_message got;

    (void)state;
    assert_int_equal(sip_parse((struct cursor){WIRE(bytes)}, &got), PARSE_OK);
    assert_true(got.has_expires);
    assert_int_equal(got.expires, 0);
    assert_int_equal(got.call_id.left, strlen("1-19433@10.20.0.101"));
}

/* What is read of a cut message is partial, or all that there was. */
static void check_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sip_message whole = {0}, got;

        if (sip_parse((struct cursor){rows[i].bytes, rows[i].len}, &whole) !=
            PARSE_OK) {
            continue;
        }
        for (size_t len = 0; len < rows[i].len; len++) {
            struct cursor in = frame_copy(rows[i].bytes, len);

            if (sip_parse(in, &got) == PARSE_OK) {
                assert_int_equal(got.method, whole.method);
                assert_int_equal(got.status, whole.status);
                assert_true(got.cseq == whole.cseq);
                assert_true(got.sdp.left <= whole.sdp.left);
            }
            frame_free(in);
        }
    }
}

struct stream_row {
    const char *title;
    const uint8_t *bytes;
    size_t len;
    const char *lengths; /* Of the messages taken, with a blank behind each. */
    enum parse_result last;
    size_t left;
};

#define OK_200 "SIP/2.0 200 OK\r\n" ID CSEQ NO_BODY
#define BYE "BYE sip:a SIP/2.0\r\ni: x\r\nCSeq: 2 BYE\r\nl: 3\r\n\r\nabc"

/* clang-format off */
static const struct stream_row streams[] = {
    {"one", WIRE(BYE), "49 ", PARSE_MORE, 0},
    {"two joined", WIRE(BYE BYE), "49 49 ", PARSE_MORE, 0},
    {"one and a half", WIRE(BYE "BYE sip:a SIP/2.0\r\ni: x"), "49 ", PARSE_MORE, 23},
    {"empty lines between and behind", WIRE("\r\n\r\n" BYE "\r\n\r\n" BYE "\r\n\r\n"), "49 49 ", PARSE_MORE, 0},
    {"nothing", WIRE(""), "", PARSE_MORE, 0},
    {"only empty lines", WIRE("\r\n\r\n"), "", PARSE_MORE, 0},
    {"one byte", WIRE("I"), "", PARSE_MORE, 1},
    {"the start of a status line", WIRE("SIP/2."), "", PARSE_MORE, 6},
    {"the start of a request line", WIRE("INVITE sip:a@b SIP/2.0\r"), "", PARSE_MORE, 23},
    {"a body that is not all there", WIRE("BYE sip:a SIP/2.0\r\ni: x\r\nl: 4\r\n\r\nabc"), "", PARSE_MORE, 36},
    {"no length is no body", WIRE("BYE sip:a SIP/2.0\r\ni: x\r\n\r\nBYE"), "27 ", PARSE_MORE, 3},
    {"then TLS", WIRE(BYE "\x16\x03\x01\x02\0\x01"), "49 ", PARSE_NOT, 6},
    {"HTTP", WIRE("GET / HTTP/1.1\r\n"), "", PARSE_NOT, 16},
    {"binary", WIRE("\x80\x01\x02"), "", PARSE_NOT, 3},
    {"capitals and binary", WIRE("AB\x01\x02"), "", PARSE_NOT, 4},
    {"small letters", WIRE("hello world"), "", PARSE_NOT, 11},
    {"a digit", WIRE("2"), "", PARSE_NOT, 1},
    {"a word that is too long", WIRE("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ sip:a"), "", PARSE_NOT, 42},
};
/* clang-format on */

static void check_stream(void **state)
{
    const struct stream_row *row = *state;
    struct cursor whole = frame_copy(row->bytes, row->len), in = whole, message;
    char lengths[64] = "";
    enum parse_result result;

    while ((result = sip_stream_next(&in, &message)) == PARSE_OK) {
        size_t len = strlen(lengths);

        require_inside(message, whole);
        snprintf(lengths + len, sizeof lengths - len, "%zu ", message.left);
    }
    assert_string_equal(lengths, row->lengths);
    assert_int_equal(result, row->last);
    assert_int_equal(in.left, row->left);
    frame_free(whole);
}

/* However a stream is cut in two, more bytes are asked for, and the same comes out. */
static void check_split_stream(void **state)
{
    static const char bytes[] = BYE OK_200 BYE;

    (void)state;
    for (size_t len = 0; len < sizeof bytes - 1; len++) {
        struct cursor whole = frame_copy((const uint8_t *)bytes, len), in = whole, m;
        size_t taken = 0;
        enum parse_result result;

        while ((result = sip_stream_next(&in, &m)) == PARSE_OK) {
            taken += m.left;
        }
        assert_int_equal(result, PARSE_MORE);
        assert_int_equal(taken + in.left, len);
        frame_free(whole);
    }
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(streams) + 4];
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[n++] = (struct CMUnitTest){.name = rows[i].title,
                                         .test_func = check_row,
                                         .initial_state = (void *)&rows[i]};
    }
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        tests[n++] = (struct CMUnitTest){.name = streams[i].title,
                                         .test_func = check_stream,
                                         .initial_state = (void *)&streams[i]};
    }
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(check_user);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(check_expires);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(check_prefixes);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(check_split_stream);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
