/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Session descriptions: RFC 4566, with RFC 3264 (offer and answer), 3605 (a=rtcp),
 * 5761 (a=rtcp-mux) and 8839 (ICE).
 *
 * What it leaves out: codecs, keys, bandwidths, names of sessions, and addresses that
 * are written as names.
 */
#include "voice/voice.h"

#include "base/chars.h"

/* What stands before the first m= line holds for all media that do not say else. */
struct session {
    struct addr addr;
    enum sdp_direction direction;
    bool started; /* A v= line was read. */
};

/* "IN IP4 10.0.0.1/127" */
static struct addr connection_read(struct cursor value)
{
    static const struct addr none;
    struct cursor net = chars_word(&value), family = chars_word(&value);
    struct cursor text = chars_word(&value), rest = text;
    struct addr addr;

    if (!chars_is_nocase(net, "IN") ||
        (!chars_is_nocase(family, "IP4") && !chars_is_nocase(family, "IP6"))) {
        return none;
    }
    chars_until(&rest, '/', &text);
    return chars_addr(text, &addr) ? addr : none;
}

/* "audio 2222/2 RTP/AVP 0 8": kind, port and how many, protocol. */
static bool media_read(struct cursor value, struct sdp_media *out)
{
    struct cursor kind = chars_word(&value), port = chars_word(&value);
    struct cursor protocol = chars_word(&value), rest = port;
    uint32_t n;

    chars_until(&rest, '/', &port);
    if (kind.left == 0 || protocol.left == 0 || !chars_number(port, UINT16_MAX, &n)) {
        return false;
    }
    out->kind = chars_is_nocase(kind, "audio")   ? SDP_AUDIO
                : chars_is_nocase(kind, "video") ? SDP_VIDEO
                                                 : SDP_OTHER_MEDIA;
    out->port = (uint16_t)n;
    out->rtp = chars_begins_nocase(protocol, "RTP/") ||
               chars_begins_nocase(protocol, "UDP/TLS/RTP/");
    out->secure = out->rtp && (chars_begins_nocase(protocol, "RTP/SAVP") ||
                               chars_begins_nocase(protocol, "UDP/"));
    return true;
}

static bool direction_read(struct cursor value, enum sdp_direction *out)
{
    static const char *const names[] = {"sendrecv", "sendonly", "recvonly", "inactive"};

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (chars_is(value, names[i])) {
            *out = (enum sdp_direction)i;
            return true;
        }
    }
    return false;
}

/* "rtcp:2223" or "rtcp:2223 IN IP4 10.0.0.1" */
static void rtcp_read(struct cursor value, struct sdp_media *media)
{
    struct cursor port = chars_word(&value);
    uint32_t n;

    if (media && chars_number(port, UINT16_MAX, &n)) {
        media->rtcp_port = (uint16_t)n;
        if (value.left > 0) {
            media->rtcp_addr = connection_read(value);
        }
    }
}

static void attribute_read(struct cursor value, struct session *session,
                           struct sdp_media *media, struct sdp *sdp)
{
    enum sdp_direction direction;

    if (direction_read(value, &direction)) {
        *(media ? &media->direction : &session->direction) = direction;
    } else if (chars_begins(value, "rtcp:")) {
        cursor_skip(&value, strlen("rtcp:"));
        rtcp_read(value, media);
    } else if (media && chars_is(value, "rtcp-mux")) {
        media->mux = true;
    } else if (chars_begins(value, "candidate:") || chars_begins(value, "ice-ufrag:")) {
        sdp->ice = true;
    }
}

/* False: the line is none of a session description. */
static bool line_read(struct cursor line, struct session *session, struct sdp *sdp)
{
    struct sdp_media *media = sdp->n_media > 0 ? &sdp->media[sdp->n_media - 1] : NULL;
    struct cursor value = line;

    if (!cursor_skip(&value, 2) || line.at[1] != '=') {
        return false;
    }
    value = chars_trimmed(value);
    switch (line.at[0]) {
    case 'v':
        session->started = chars_is(value, "0");
        break;
    case 'c':
        *(media ? &media->addr : &session->addr) = connection_read(value);
        break;
    case 'a':
        attribute_read(value, session, media, sdp);
        break;
    default:
        break;
    }
    return session->started && line.at[0] >= 'a' && line.at[0] <= 'z';
}

static bool media_add(struct cursor line, const struct session *session,
                      struct sdp *sdp)
{
    struct sdp_media media = {.addr = session->addr, .direction = session->direction};

    cursor_skip(&line, 2);
    if (!session->started || !media_read(chars_trimmed(line), &media)) {
        return false;
    }
    sdp->media[sdp->n_media++] = media;
    return true;
}

/* What follows from all lines of a media description together. */
static void media_finish(struct sdp_media *media)
{
    if (media->port == 0) {
        media->rtcp_port = 0;
    } else if (media->mux) {
        media->rtcp_port = media->port;
    } else if (media->rtcp_port == 0 && media->port < UINT16_MAX) {
        media->rtcp_port = (uint16_t)(media->port + 1);
    }
    if (addr_is_unspecified(&media->rtcp_addr)) {
        media->rtcp_addr = media->addr;
    }
    /* RFC 3264 8.4: the old way to put a call on hold. */
    if (addr_is_v4(&media->addr) && addr_is_unspecified(&media->addr)) {
        media->direction = SDP_INACTIVE;
    }
}

/* Takes the next line; the last one needs no end unless bytes are missing behind it. */
static bool take_line(struct cursor *c, bool cut, struct cursor *line)
{
    if (chars_line(c, line)) {
        return true;
    }
    *line = *c;
    *c = (struct cursor){c->at, 0};
    return line->left > 0 && !cut;
}

enum parse_result sdp_parse(struct cursor body, bool cut, struct sdp *out)
{
    struct sdp sdp = {.partial = cut};
    struct session session = {.direction = SDP_SENDRECV};
    struct cursor line;

    while (take_line(&body, cut, &line)) {
        bool is_media = chars_begins(line, "m=");

        if (is_media && sdp.n_media == SDP_MAX_MEDIA) {
            sdp.partial = true;
            break; /* What follows would be taken for the last one's. */
        }
        if (is_media ? !media_add(line, &session, &sdp)
                     : !line_read(line, &session, &sdp)) {
            if (is_media || !session.started) {
                return PARSE_NOT;
            }
            break; /* The end of a part, or padding. */
        }
    }
    if (!session.started) {
        return PARSE_NOT;
    }
    for (size_t i = 0; i < sdp.n_media; i++) {
        media_finish(&sdp.media[i]);
    }
    *out = sdp;
    return PARSE_OK;
}
