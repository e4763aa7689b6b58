/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The heads of HTTP/1.0 and 1.1 messages: RFC 9112, targets by RFC 3986.
 *
 * What it leaves out: bodies, HTTP/2 and later, and header lines folded over several
 * (obsolete, RFC 9112 5.2), whose later lines are passed over.  HTTP libraries keep a
 * parser object for each connection and call back for each header; two headers are
 * wanted here, from bytes that need not be HTTP at all.
 */
#include "base/chars.h"
#include "names/name.h"

static const char version_prefix[] = "HTTP/1.";

enum {
    VERSION_LEN = 8,                  /* "HTTP/1." and a digit. */
    STATUS_LINE_MIN = VERSION_LEN + 4 /* " 204" */
};

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* The room in struct http_request bounds it. */
static bool is_method(struct cursor text)
{
    return text.left < sizeof((struct http_request *)0)->method &&
           chars_is_method(text);
}

static bool is_version(struct cursor text)
{
    return text.left == VERSION_LEN &&
           memcmp(text.at, version_prefix, VERSION_LEN - 1) == 0 &&
           is_digit(text.at[VERSION_LEN - 1]);
}

/* What may stand behind a host: nothing, ":", or a colon and a port. */
static bool port_read(struct cursor text, uint16_t *out)
{
    uint32_t port = 0;

    if (text.left == 0) {
        *out = 0;
        return true;
    }
    if (text.at[0] != ':' || text.left > 6) {
        return false;
    }
    for (size_t i = 1; i < text.left; i++) {
        if (!is_digit(text.at[i])) {
            return false;
        }
        port = port * 10 + (uint32_t)(text.at[i] - '0');
    }
    *out = (uint16_t)port;
    return port <= UINT16_MAX;
}

/* Reads "user@host:port" (RFC 3986 3.2) into host and port. */
static bool authority_read(struct cursor text, struct http_request *out)
{
    const uint8_t *at = text.left > 0 ? memrchr(text.at, '@', text.left) : NULL;

    if (at) {
        cursor_skip(&text, (size_t)(at - text.at) + 1);
    }
    /* The port's colon is the first one behind an address literal, if there is one. */
    bool literal = text.left > 0 && text.at[0] == '[';
    size_t len = 0;
    while (len < text.left && text.at[len] != (literal ? ']' : ':')) {
        len++;
    }
    len += literal && len < text.left;

    struct cursor host = cursor_first(text, len);
    uint16_t port;
    cursor_skip(&text, len);
    if (!port_read(text, &port) || !name_read(host, out->host)) {
        return false;
    }
    out->port = port;
    return true;
}

/* AOSP NetworkMonitor: the two paths that it asks for. */
static bool is_probe_path(struct cursor path)
{
    size_t len = 0;

    while (len < path.left && path.at[len] != '?' && path.at[len] != '#') {
        len++;
    }
    path = cursor_first(path, len);
    return chars_is(path, "/generate_204") || chars_is(path, "/gen_204");
}

/* RFC 9112 3.2: path, absolute URI, host and port (CONNECT), or "*". */
static bool target_read(struct cursor target, struct http_request *out)
{
    static const char separator[] = "://";
    const uint8_t *colon = memmem(target.at, target.left, separator, 3);

    if (chars_is((struct cursor){(const uint8_t *)out->method, strlen(out->method)},
                 "CONNECT")) {
        out->connect = true;
        return authority_read(target, out);
    }
    if (target.at[0] != '/' && colon) {
        size_t len = 0;

        cursor_skip(&target, (size_t)(colon - target.at) + 3);
        while (len < target.left && !strchr("/?#", target.at[len])) {
            len++;
        }
        out->absolute = true;
        authority_read(cursor_first(target, len), out);
        cursor_skip(&target, len);
    }
    out->generate_204 = is_probe_path(target);
    return true;
}

/* "GET /path HTTP/1.1".  The version is looked for at the end, since some clients send
 * blanks inside the target. */
static bool request_line_read(struct cursor line, struct http_request *out)
{
    struct cursor method, target;

    if (chars_has_control(line) || !chars_until(&line, ' ', &method) ||
        !is_method(method) || line.left < VERSION_LEN + 2) {
        return false;
    }
    target = cursor_first(line, line.left - VERSION_LEN - 1);
    cursor_skip(&line, target.left);
    if (line.at[0] != ' ' || !cursor_skip(&line, 1) || !is_version(line)) {
        return false;
    }
    memcpy(out->method, method.at, method.left);
    return target_read(target, out);
}

/* Can bytes without a line end become a request line? */
static bool request_line_begins(struct cursor line)
{
    struct cursor method;

    if (line.left > 0 && line.at[line.left - 1] == '\r') {
        line.left--;
    }
    if (chars_until(&line, ' ', &method)) {
        return is_method(method) && !chars_has_control(line);
    }
    return line.left == 0 || is_method(line);
}

struct header {
    struct cursor name, value; /* Empty for a line that is no header. */
    bool end;                  /* The empty line behind the last header. */
};

/* Takes the next line of the head.  False: it is not whole. */
static bool header_next(struct cursor *head, struct header *out)
{
    struct cursor line, name;

    if (!chars_line(head, &line)) {
        return false;
    }
    *out = (struct header){.name = {line.at, 0}, .value = {line.at, 0}};
    out->end = line.left == 0;
    if (chars_until(&line, ':', &name)) {
        out->name = name;
        out->value = chars_trimmed(line);
    }
    return true;
}

enum parse_result http_request_parse(struct cursor stream, struct http_request *out)
{
    struct http_request request = {0};
    struct cursor head = cursor_first(stream, HTTP_MAX_HEAD), line;
    bool is_all = head.left == HTTP_MAX_HEAD;
    struct header header;

    if (!chars_line(&head, &line)) {
        return is_all || !request_line_begins(head) ? PARSE_NOT : PARSE_MORE;
    }
    if (!request_line_read(line, &request)) {
        return PARSE_NOT;
    }
    while (request.host[0] == '\0') {
        if (!header_next(&head, &header)) {
            if (!is_all) {
                return PARSE_MORE;
            }
            break;
        }
        if (chars_is_nocase(header.name, "host")) {
            authority_read(header.value, &request);
        }
        if (header.end) {
            break;
        }
    }
    *out = request;
    return PARSE_OK;
}

/* "HTTP/1.1 204 No Content"; the reason may be empty (RFC 9112 4). */
static bool status_line_read(struct cursor line, struct http_response *out)
{
    const uint8_t *p = line.at + VERSION_LEN;

    if (line.left < STATUS_LINE_MIN || !is_version(cursor_first(line, VERSION_LEN)) ||
        p[0] != ' ' || p[1] < '1' || p[1] > '9' || !is_digit(p[2]) || !is_digit(p[3]) ||
        (line.left > STATUS_LINE_MIN && p[4] != ' ')) {
        return false;
    }
    out->status = (uint16_t)((p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0'));
    return true;
}

static bool status_line_begins(struct cursor line)
{
    size_t n = cursor_first(line, VERSION_LEN - 1).left;

    return n == 0 || memcmp(line.at, version_prefix, n) == 0;
}

/* Is there a digit that is not 0? */
static bool is_positive(struct cursor number)
{
    bool positive = false;

    for (size_t i = 0; i < number.left; i++) {
        if (!is_digit(number.at[i])) {
            return false;
        }
        positive = positive || number.at[i] != '0';
    }
    return positive;
}

enum parse_result http_response_parse(struct cursor stream, struct http_response *out)
{
    struct http_response response = {0};
    struct cursor head = cursor_first(stream, HTTP_MAX_HEAD), line;
    bool is_all = head.left == HTTP_MAX_HEAD;
    struct header header = {0};

    if (!chars_line(&head, &line)) {
        return is_all || !status_line_begins(head) ? PARSE_NOT : PARSE_MORE;
    }
    if (!status_line_read(line, &response)) {
        return PARSE_NOT;
    }
    while (!header.end) {
        if (!header_next(&head, &header)) {
            if (!is_all) {
                return PARSE_MORE;
            }
            break;
        }
        if (chars_is_nocase(header.name, "transfer-encoding") ||
            (chars_is_nocase(header.name, "content-length") &&
             is_positive(header.value))) {
            response.has_body = true;
        }
    }
    *out = response;
    return PARSE_OK;
}
