/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "voice/voice.h"

#include <stdio.h>

#define HEAD "v=0\r\no=- 3811 1 IN IP4 10.20.0.101\r\ns=call\r\n"
#define AT_PHONE "c=IN IP4 10.20.0.101\r\n"
#define AUDIO "m=audio 2222 RTP/AVP 9 0 8 101\r\n"

struct row {
    const char *title;
    const uint8_t *bytes;
    size_t len;
    bool cut;
    enum parse_result want;
    const char *media; /* See media_print(). */
    bool ice, partial;
};

/* clang-format off */
static const struct row rows[] = {
    {"a phone's offer", WIRE(HEAD AT_PHONE "t=0 0\r\n" AUDIO "a=rtpmap:0 PCMU/8000\r\na=rtcp:2223\r\na=sendrecv\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.20.0.101:2223 sendrecv rtp;"},
    {"no a=rtcp: the next port", WIRE(HEAD AT_PHONE "m=audio 4012 RTP/AVP 0\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:4012 10.20.0.101:4013 sendrecv rtp;"},
    {"RTCP elsewhere", WIRE(HEAD AT_PHONE AUDIO "a=rtcp:53020 IN IP4 10.9.9.9\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.9.9.9:53020 sendrecv rtp;"},
    {"RTCP on the same port", WIRE(HEAD AT_PHONE AUDIO "a=rtcp-mux\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.20.0.101:2222 sendrecv rtp;"},
    {"the highest port has no next", WIRE(HEAD AT_PHONE "m=audio 65535 RTP/AVP 0\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:65535 10.20.0.101:0 sendrecv rtp;"},
    {"its own address", WIRE(HEAD AT_PHONE AUDIO "c=IN IP4 10.9.9.9\r\n"),
     false, PARSE_OK, .media = "audio 10.9.9.9:2222 10.9.9.9:2223 sendrecv rtp;"},
    {"two media, the second with an address", WIRE(HEAD AT_PHONE AUDIO "m=video 5000/2 RTP/SAVPF 96\r\nc=IN IP4 10.9.9.9\r\na=sendonly\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.20.0.101:2223 sendrecv rtp;video 10.9.9.9:5000 10.9.9.9:5001 sendonly srtp;"},
    {"DTLS-SRTP and data", WIRE(HEAD AT_PHONE "m=audio 9000 UDP/TLS/RTP/SAVPF 0\r\nm=application 9 UDP/DTLS/SCTP x\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:9000 10.20.0.101:9001 sendrecv srtp;other 10.20.0.101:9 10.20.0.101:10 sendrecv none;"},
    {"a fax", WIRE(HEAD AT_PHONE "m=image 4000 udptl t38\r\n"),
     false, PARSE_OK, .media = "other 10.20.0.101:4000 10.20.0.101:4001 sendrecv none;"},
    {"media that is refused", WIRE(HEAD AT_PHONE "m=video 0 RTP/AVP 96\r\n"),
     false, PARSE_OK, .media = "video 10.20.0.101:0 10.20.0.101:0 sendrecv rtp;"},
    {"IPv6", WIRE("v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\nc=IN IP6 2001:db8::1\r\n" AUDIO),
     false, PARSE_OK, .media = "audio 2001:db8::1:2222 2001:db8::1:2223 sendrecv rtp;"},
    {"multicast with a TTL", WIRE(HEAD "c=IN IP4 224.0.1.116/127/3\r\n" AUDIO),
     false, PARSE_OK, .media = "audio 224.0.1.116:2222 224.0.1.116:2223 sendrecv rtp;"},
    {"on hold, the new way", WIRE(HEAD AT_PHONE "a=inactive\r\n" AUDIO),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.20.0.101:2223 inactive rtp;"},
    {"on hold, the old way", WIRE(HEAD "c=IN IP4 0.0.0.0\r\n" AUDIO "a=sendrecv\r\n"),
     false, PARSE_OK, .media = "audio 0.0.0.0:2222 0.0.0.0:2223 inactive rtp;"},
    {"the media's own direction", WIRE(HEAD AT_PHONE "a=inactive\r\n" AUDIO "a=recvonly\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.20.0.101:2223 recvonly rtp;"},
    {"a name for an address", WIRE(HEAD "c=IN IP4 pbx.example\r\n" AUDIO),
     false, PARSE_OK, .media = "audio :::2222 :::2223 sendrecv rtp;"},
    {"an address of another net", WIRE(HEAD "c=ATM NSAP 10.0.0.1\r\n" AUDIO),
     false, PARSE_OK, .media = "audio :::2222 :::2223 sendrecv rtp;"},
    {"no address", WIRE(HEAD AUDIO),
     false, PARSE_OK, .media = "audio :::2222 :::2223 sendrecv rtp;"},
    {"ICE", WIRE(HEAD AT_PHONE AUDIO "a=candidate:1 1 UDP 2130706431 10.0.1.1 8998 typ host\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.20.0.101:2223 sendrecv rtp;", .ice = true},
    {"ICE for all", WIRE(HEAD "a=ice-ufrag:8hhY\r\n" AT_PHONE AUDIO),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.20.0.101:2223 sendrecv rtp;", .ice = true},
    {"bare line feeds, the last line open", WIRE("v=0\no=x\nc=IN IP4 10.0.0.1\nm=audio 6000 RTP/AVP 0"),
     false, PARSE_OK, .media = "audio 10.0.0.1:6000 10.0.0.1:6001 sendrecv rtp;"},
    {"cut in its last line", WIRE("v=0\no=x\nc=IN IP4 10.0.0.1\nm=audio 600"),
     true, PARSE_OK, .media = "", .partial = true},
    {"nothing but a session", WIRE(HEAD AT_PHONE), false, PARSE_OK, .media = ""},
    {"a boundary ends it", WIRE(HEAD AT_PHONE AUDIO "--boundary--\r\nm=audio 9 RTP/AVP 0\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.20.0.101:2223 sendrecv rtp;"},
    {"an a=rtcp before any media", WIRE(HEAD AT_PHONE "a=rtcp:9\r\n" AUDIO),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.20.0.101:2223 sendrecv rtp;"},
    {"an a=rtcp that is no port", WIRE(HEAD AT_PHONE AUDIO "a=rtcp:65536\r\n"),
     false, PARSE_OK, .media = "audio 10.20.0.101:2222 10.20.0.101:2223 sendrecv rtp;"},
    /* Those that are none. */
    {"nothing", WIRE(""), .want = PARSE_NOT},
    {"no version", WIRE("o=- 1 1 IN IP4 10.0.0.1\r\n" AUDIO), .want = PARSE_NOT},
    {"another version", WIRE("v=1\r\no=x\r\n" AUDIO), .want = PARSE_NOT},
    {"the version is cut", WIRE("v=0"), true, .want = PARSE_NOT},
    {"media first", WIRE(AUDIO HEAD), .want = PARSE_NOT},
    {"a blank first", WIRE(" v=0\r\n" AUDIO), .want = PARSE_NOT},
    {"an empty line first", WIRE("\r\nv=0\r\n" AUDIO), .want = PARSE_NOT},
    {"a port that is none", WIRE(HEAD "m=audio x RTP/AVP 0\r\n"), .want = PARSE_NOT},
    {"a port that is too high", WIRE(HEAD "m=audio 65536 RTP/AVP 0\r\n"), .want = PARSE_NOT},
    {"a negative port", WIRE(HEAD "m=audio -1 RTP/AVP 0\r\n"), .want = PARSE_NOT},
    {"no protocol", WIRE(HEAD "m=audio 2222\r\n"), .want = PARSE_NOT},
    {"no port", WIRE(HEAD "m=audio\r\n"), .want = PARSE_NOT},
    {"an empty m=", WIRE(HEAD "m=\r\n"), .want = PARSE_NOT},
    {"text", WIRE("hello, world\r\n"), .want = PARSE_NOT},
    {"XML", WIRE("<?xml version=\"1.0\"?>\r\n"), .want = PARSE_NOT},
    {"HTTP", WIRE("GET / HTTP/1.1\r\n\r\n"), .want = PARSE_NOT},
    {"zeros", WIRE("\0\0\0\0"), .want = PARSE_NOT},
    {"one letter", WIRE("v"), .want = PARSE_NOT},
    {"a version in capitals", WIRE("V=0\r\n"), .want = PARSE_NOT},
    {"an equals sign only", WIRE("=\r\n"), .want = PARSE_NOT},
    {"a space before the equals sign", WIRE("v =0\r\n"), .want = PARSE_NOT},
    {"00 is no version", WIRE("v=00\r\n"), .want = PARSE_NOT},
    {"no version value", WIRE("v=\r\n"), .want = PARSE_NOT},
};
/* clang-format on */

static void media_print(const struct sdp *sdp, char *out, size_t room)
{
    static const char *const kinds[] = {"audio", "video", "other"};
    static const char *const ways[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
    char a[ADDR_TEXT_LEN], b[ADDR_TEXT_LEN];

    out[0] = '\0';
    for (size_t i = 0; i < sdp->n_media; i++) {
        const struct sdp_media *m = &sdp->media[i];
        size_t len = strlen(out);

        snprintf(out + len, room - len, "%s %s:%u %s:%u %s %s;", kinds[m->kind],
                 addr_format(&m->addr, a), m->port, addr_format(&m->rtcp_addr, b),
                 m->rtcp_port, ways[m->direction],
                 m->secure ? "srtp"
                 : m->rtp  ? "rtp"
                           : "none");
    }
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct cursor in = frame_copy(row->bytes, row->len);
    struct sdp got = {.n_media = 99};
    char media[1024];

    assert_int_equal(sdp_parse(in, row->cut, &got), row->want);
    if (row->want != PARSE_OK) {
        assert_int_equal(got.n_media, 99);
    } else {
        media_print(&got, media, sizeof media);
        assert_string_equal(media, row->media);
        assert_int_equal(got.ice, row->ice);
        assert_int_equal(got.partial, row->partial);
    }
    frame_free(in);
}

/* Cut anywhere, no medium is told that was not there, and none at a wrong port. */
static void check_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cursor all = {rows[i].bytes, rows[i].len};
        struct sdp whole, got;

        if (sdp_parse(all, rows[i].cut, &whole) != PARSE_OK) {
            continue;
        }
        for (size_t len = 0; len < rows[i].len; len++) {
            struct cursor in = frame_copy(rows[i].bytes, len);

            if (sdp_parse(in, true, &got) == PARSE_OK) {
                assert_true(got.n_media <= whole.n_media);
                assert_true(got.partial);
                for (size_t m = 0; m < got.n_media; m++) {
                    assert_int_equal(got.media[m].port, whole.media[m].port);
                }
            }
            frame_free(in);
        }
    }
}

/* One more medium than is kept: it is said, and the last one keeps its own lines. */
static void check_many_media(void **state)
{
    char text[1024] = HEAD AT_PHONE;
    struct sdp got;

    (void)state;
    for (unsigned i = 0; i <= SDP_MAX_MEDIA; i++) {
        size_t len = strlen(text);

        snprintf(text + len, sizeof text - len,
                 "m=audio %u RTP/AVP 0\r\nc=IN IP4 10.0.0.%u\r\n", 4000 + 2 * i, i);
    }
    assert_int_equal(
        sdp_parse((struct cursor){(const uint8_t *)text, strlen(text)}, false, &got),
        PARSE_OK);
    assert_int_equal(got.n_media, SDP_MAX_MEDIA);
    assert_true(got.partial);
    assert_int_equal(got.media[SDP_MAX_MEDIA - 1].addr.b[15], SDP_MAX_MEDIA - 1);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 2];
    size_t n = 0;

    for (; n < ARRAY_LEN(rows); n++) {
        tests[n] = (struct CMUnitTest){.name = rows[n].title,
                                       .test_func = check_row,
                                       .initial_state = (void *)&rows[n]};
    }
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(check_prefixes);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(check_many_media);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
