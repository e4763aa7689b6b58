/* SPDX-License-Identifier: BSD-3-Clause
 *
 * SIP messages: RFC 3261 7; in streams 18.3.
 *
 * What it leaves out: users and display names on purpose (voice.h), bodies other than
 * SDP, and compressed ones (RFC 3486), which look like no SIP.
 */
#include "voice/sip.h"

#include "base/chars.h"

static const char version[] = "SIP/2.0";

enum { STATUS_LOWEST = 100, STATUS_HIGHEST = 699 };

/* "SIP/2.0 401 Unauthorized" */
static bool status_line(struct cursor line, struct sip_message *m)
{
    struct cursor code;
    uint32_t status;

    cursor_skip(&line, strlen(version));
    if (line.left == 0 || line.at[0] != ' ') {
        return false;
    }
    cursor_skip(&line, 1);
    code = chars_word(&line);
    if (code.left != 3 || !chars_number(code, STATUS_HIGHEST, &status) ||
        status < STATUS_LOWEST) {
        return false;
    }
    m->response = true;
    m->status = (uint16_t)status;
    return true;
}

/* "INVITE sip:bob@example.com SIP/2.0" */
static bool request_line(struct cursor line, struct sip_message *m)
{
    struct cursor method = chars_word(&line), uri = chars_word(&line);

    if (!chars_is_method(method) || uri.left == 0 ||
        !chars_is_nocase(chars_trimmed(line), version)) {
        return false;
    }
    m->method = sip_method_of(method);
    return true;
}

static bool start_line(struct cursor line, struct sip_message *m)
{
    if (line.left > SIP_MAX_LINE || chars_has_control(line)) {
        return false;
    }
    return chars_begins_nocase(line, version) ? status_line(line, m)
                                              : request_line(line, m);
}

/* RFC 3261 7.5: empty lines before a start line are passed over.  Zeros keep bindings
 * of NATs alive in old phones. */
static void skip_empty(struct cursor *c)
{
    while (c->left > 0 && (c->at[0] == '\r' || c->at[0] == '\n' || c->at[0] == 0)) {
        cursor_skip(c, 1);
    }
}

/* Takes a header line, folded ones whole (RFC 3261 7.3.1).  False: it does not end. */
static bool take_header(struct cursor *c, struct cursor *out)
{
    struct cursor line, rest = *c;

    do {
        if (!chars_line(&rest, &line)) {
            return false;
        }
        if (line.left == 0) {
            break; /* What follows the head is not folded onto it. */
        }
    } while (rest.left > 0 && (rest.at[0] == ' ' || rest.at[0] == '\t'));
    *out = cursor_first(*c, c->left - rest.left);
    *c = rest;
    return true;
}

struct head {
    bool has_cseq;
    enum sip_method cseq_method;
    bool has_length;
    uint32_t length;
    struct cursor type;
};

static void header_read(struct cursor line, struct sip_message *m, struct head *head)
{
    struct cursor name, value = line;

    if (!chars_until(&value, ':', &name)) {
        return;
    }
    value = chars_trimmed(value);
    switch (sip_header_of(chars_trimmed(name))) {
    case SIP_HEADER_VIA:
        if (!m->via.written) {
            sip_via_read(value, &m->via, &m->received);
        }
        break;
    case SIP_HEADER_CALL_ID:
        m->call_id = value;
        break;
    case SIP_HEADER_CSEQ:
        head->has_cseq = sip_cseq_read(value, &m->cseq, &head->cseq_method);
        break;
    case SIP_HEADER_CONTACT:
        if (!m->contact.written) {
            sip_contact_read(value, &m->contact);
        }
        break;
    case SIP_HEADER_TO:
        m->user = sip_user_read(value);
        break;
    case SIP_HEADER_CONTENT_LENGTH:
        head->has_length = chars_number(value, SIP_MAX_LEN, &head->length);
        break;
    case SIP_HEADER_CONTENT_TYPE:
        head->type = value;
        break;
    case SIP_HEADER_EXPIRES:
        m->has_expires = chars_number(value, UINT32_MAX, &m->expires);
        break;
    case SIP_HEADER_CREDENTIALS:
        m->has_credentials = true;
        break;
    case SIP_HEADER_OTHER:
        break;
    }
}

/* Reads header lines up to the empty one.  False: it is not there. */
static bool head_read(struct cursor *c, struct sip_message *m, struct head *head)
{
    struct cursor line;

    while (take_header(c, &line)) {
        if (chars_trimmed(line).left == 0) {
            return true;
        }
        header_read(line, m, head);
    }
    return false;
}

/* The SDP among the parts of a multipart body (RFC 5621): from its first line on.  The
 * boundary behind it is no line of SDP, and ends it. */
static bool part_find(struct cursor body, struct cursor *out)
{
    struct cursor line;

    while (*out = body, chars_line(&body, &line)) {
        if (chars_is(line, "v=0")) {
            return true;
        }
    }
    return false;
}

static void body_read(struct cursor body, const struct head *head,
                      struct sip_message *m)
{
    m->body_len = head->has_length ? head->length : body.left;
    m->partial = m->body_len > body.left;
    body = cursor_first(body, m->body_len);
    if (chars_begins_nocase(head->type, "multipart/")) {
        m->has_sdp = part_find(body, &m->sdp);
    } else if (chars_begins_nocase(head->type, "application/sdp") ||
               (head->type.left == 0 && chars_begins(body, "v=0"))) {
        m->has_sdp = body.left > 0;
        m->sdp = body;
    }
}

enum parse_result sip_parse(struct cursor message, struct sip_message *out)
{
    struct sip_message m = {0};
    struct head head = {0};
    struct cursor line;

    skip_empty(&message);
    if (!chars_line(&message, &line) || !start_line(line, &m)) {
        return PARSE_NOT;
    }
    if (head_read(&message, &m, &head)) {
        body_read(message, &head, &m);
    } else {
        m.partial = true;
    }
    if (!head.has_cseq || m.call_id.left == 0) {
        return PARSE_NOT;
    }
    if (m.response) {
        m.method = head.cseq_method;
    }
    if (!m.has_sdp) {
        m.sdp = (struct cursor){NULL, 0};
    }
    *out = m;
    return PARSE_OK;
}

bool sip_begins(struct cursor stream)
{
    struct sip_message m = {0};
    struct cursor line;

    skip_empty(&stream);
    return chars_line(&stream, &line) && start_line(line, &m);
}

/* May these bytes, in which no line ends, become a start line? */
static bool may_begin(struct cursor text)
{
    struct cursor method = text, rest = text;

    if (text.left > SIP_MAX_LINE ||
        chars_has_control(cursor_first(text, text.left - 1))) {
        return false;
    }
    if (chars_begins_nocase(text, "SIP/") || chars_until(&rest, ' ', &method)) {
        return text.at[0] == 'S' || chars_is_method(method);
    }
    return chars_is_method(cursor_first(text, CHARS_MAX_METHOD)) ||
           strncmp("SIP/2.0", (const char *)text.at, text.left < 7 ? text.left : 7) ==
               0;
}

enum parse_result sip_stream_next(struct cursor *stream, struct cursor *message)
{
    struct sip_message m = {0};
    struct head head = {0};
    struct cursor rest, line;

    skip_empty(stream);
    rest = *stream;
    if (rest.left == 0) {
        return PARSE_MORE;
    }
    if (!chars_line(&rest, &line)) {
        return may_begin(rest) ? PARSE_MORE : PARSE_NOT;
    }
    if (!start_line(line, &m)) {
        return PARSE_NOT;
    }
    if (!head_read(&rest, &m, &head)) {
        return stream->left < SIP_MAX_LEN ? PARSE_MORE : PARSE_NOT;
    }
    if (head.length > rest.left) {
        return PARSE_MORE;
    }
    *message = cursor_first(*stream, stream->left - rest.left + head.length);
    cursor_skip(stream, message->left);
    return PARSE_OK;
}
