/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Values of SIP header lines: RFC 3261 20 and 25.1.  A value may hold line ends where
 * it was folded (7.3.1); they count as blanks.
 */
#include "voice/sip.h"

#include "base/chars.h"

enum { VIA_SLASHES = 2 };

enum sip_method sip_method_of(struct cursor token)
{
    static const char *const names[SIP_METHODS] = {
        [SIP_OTHER] = "",          [SIP_REGISTER] = "REGISTER",
        [SIP_INVITE] = "INVITE",   [SIP_ACK] = "ACK",
        [SIP_BYE] = "BYE",         [SIP_CANCEL] = "CANCEL",
        [SIP_OPTIONS] = "OPTIONS", [SIP_PRACK] = "PRACK",
        [SIP_UPDATE] = "UPDATE",   [SIP_SUBSCRIBE] = "SUBSCRIBE",
        [SIP_NOTIFY] = "NOTIFY",   [SIP_REFER] = "REFER",
        [SIP_MESSAGE] = "MESSAGE",
    };

    for (unsigned m = SIP_OTHER + 1; m < SIP_METHODS; m++) {
        if (chars_is(token, names[m])) {
            return (enum sip_method)m;
        }
    }
    return SIP_OTHER;
}

enum sip_header sip_header_of(struct cursor name)
{
    static const struct {
        const char *name, *compact;
        enum sip_header header;
    } known[] = {
        {"Via", "v", SIP_HEADER_VIA},
        {"Call-ID", "i", SIP_HEADER_CALL_ID},
        {"CSeq", "CSeq", SIP_HEADER_CSEQ},
        {"Contact", "m", SIP_HEADER_CONTACT},
        {"Content-Length", "l", SIP_HEADER_CONTENT_LENGTH},
        {"Content-Type", "c", SIP_HEADER_CONTENT_TYPE},
        {"Expires", "Expires", SIP_HEADER_EXPIRES},
        {"Authorization", "Proxy-Authorization", SIP_HEADER_CREDENTIALS},
        {"To", "t", SIP_HEADER_TO},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (chars_is_nocase(name, known[i].name) ||
            chars_is_nocase(name, known[i].compact)) {
            return known[i].header;
        }
    }
    return SIP_HEADER_OTHER;
}

bool sip_cseq_read(struct cursor value, uint32_t *number, enum sip_method *method)
{
    struct cursor digits = chars_word(&value);
    struct cursor token = chars_word(&value);

    if (!chars_number(digits, UINT32_MAX, number) || token.left == 0 ||
        value.left != 0) {
        return false;
    }
    *method = sip_method_of(token);
    return true;
}

/* "10.0.0.1", "[2001:db8::1]:5060", "pbx.example : 5060" */
static void host_read(struct cursor text, struct sip_host *out)
{
    struct cursor host = chars_trimmed(text), port = {NULL, 0};
    size_t from = 0;
    uint32_t n;

    if (host.left > 0 && host.at[0] == '[') {
        const uint8_t *end = memchr(host.at, ']', host.left);

        from = end ? (size_t)(end - host.at) : host.left;
    }
    for (size_t i = from; i < host.left; i++) {
        if (host.at[i] == ':') {
            port = (struct cursor){host.at + i + 1, host.left - i - 1};
            host.left = i;
        }
    }
    host = chars_trimmed(host);
    *out = (struct sip_host){.written = host.left > 0};
    out->has_addr = chars_addr(host, &out->addr);
    if (chars_number(chars_trimmed(port), UINT16_MAX, &n)) {
        out->port = (uint16_t)n;
    }
}

/* Cuts 'value' at the first 'byte' that is not quoted; 'rest' is what stands behind. */
static struct cursor before(struct cursor value, char byte, struct cursor *rest)
{
    bool quoted = false;

    for (size_t i = 0; i < value.left; i++) {
        uint8_t b = value.at[i];

        if (quoted && b == '\\') {
            i++;
        } else if (b == '"') {
            quoted = !quoted;
        } else if (!quoted && b == (uint8_t)byte) {
            *rest = (struct cursor){value.at + i + 1, value.left - i - 1};
            return cursor_first(value, i);
        }
    }
    *rest = (struct cursor){value.at, 0};
    return value;
}

/* The address of received= may be an IPv6 one without brackets (RFC 3261 25.1, and the
 * correction in RFC 5118 4.5), so it is not taken for a host and port. */
static void via_parameter(struct cursor parameter, struct sip_host *received)
{
    struct cursor name, value;
    uint32_t port;

    name = chars_trimmed(before(parameter, '=', &value));
    value = chars_trimmed(value);
    if (chars_is_nocase(name, "received") && !received->written) {
        received->written = value.left > 0;
        received->has_addr = chars_addr(value, &received->addr);
    } else if (chars_is_nocase(name, "rport") &&
               chars_number(value, UINT16_MAX, &port)) {
        received->port = (uint16_t)port;
    }
}

void sip_via_read(struct cursor value, struct sip_host *sent_by,
                  struct sip_host *received)
{
    struct cursor rest, part;

    value = before(value, ',', &rest);
    for (int i = 0; i < VIA_SLASHES; i++) {
        if (!chars_until(&value, '/', &part)) {
            return;
        }
    }
    value = chars_trimmed(value);
    chars_word(&value); /* The transport. */
    host_read(before(value, ';', &rest), sent_by);
    while (rest.left > 0) {
        via_parameter(before(rest, ';', &rest), received);
    }
}

/* "user@host:port" of "sip:user@host:port;parameters?headers", and in '*host' the part
 * behind the '@'; nothing where it is another scheme. */
static struct cursor address_of(struct cursor uri, struct cursor *host)
{
    struct cursor user, rest;

    uri = chars_trimmed(uri);
    *host = cursor_first(uri, 0);
    if (chars_begins_nocase(uri, "sips:")) {
        cursor_skip(&uri, strlen("sips:"));
    } else if (chars_begins_nocase(uri, "sip:")) {
        cursor_skip(&uri, strlen("sip:"));
    } else {
        return cursor_first(uri, 0);
    }
    *host = uri;
    chars_until(host, '@', &user);
    *host = before(*host, '?', &rest);
    *host = before(*host, ';', &rest);
    return cursor_first(uri, (size_t)(host->at - uri.at) + host->left);
}

/* The URI of a value with a name before it, or without one: then the parameters are the
 * header's (RFC 3261 20.10). */
static struct cursor uri_of(struct cursor value)
{
    struct cursor first, rest;

    first = before(value, '<', &rest);
    if (first.left < value.left) {
        return chars_until(&rest, '>', &first)
                   ? first
                   : cursor_first(value, 0); /* Cut, or nonsense. */
    }
    first = before(value, ',', &rest);
    return before(first, ';', &rest);
}

struct cursor sip_user_read(struct cursor value)
{
    struct cursor host;

    return address_of(uri_of(value), &host);
}

void sip_contact_read(struct cursor value, struct sip_host *out)
{
    struct cursor host;

    if (address_of(uri_of(value), &host).left > 0) {
        host_read(host, out);
    }
}
