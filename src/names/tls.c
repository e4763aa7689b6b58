/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ClientHello of TLS 1.0 to 1.3: RFC 8446 4.1.2 and 5.1, with the server name of
 * RFC 6066 3 and the mark of Encrypted Client Hello (RFC 9849).
 *
 * DTLS's is RFC 6347 4.2.
 *
 * What it leaves out: SSLv2 hellos, DTLS's in fragments, and all that does not tell a
 * name.  TLS libraries read a hello only as one end of a connection, and keep state.
 */
#include "names/name.h"

enum {
    RECORD_HEADER_LEN = 5,
    RECORD_MAX_LEN = 16384, /* RFC 8446 5.1 */
    CONTENT_ALERT = 21,
    CONTENT_HANDSHAKE = 22,

    ALERT_LEN = 2,
    ALERT_WARNING = 1,
    ALERT_FATAL = 2,

    MESSAGE_HEADER_LEN = 4,
    CLIENT_HELLO = 1,
    HELLO_MIN_LEN = 41, /* Body with empty session id, one suite, no extension. */
    RANDOM_LEN = 32,
    SESSION_ID_MAX = 32,

    EXTENSION_SERVER_NAME = 0,
    EXTENSION_ECH = 65037,
    TLS_MAJOR = 3,
    DTLS_MAJOR = 0xfe,
    DTLS_RECORD_LEN = 13,
    DTLS_MESSAGE_LEN = 12,
    NAME_TYPE_HOST = 0
};

/* Takes a vector whose length stands before it in one byte (RFC 8446 3.4). */
static bool take_vector8(struct cursor *c, struct cursor *out)
{
    struct cursor rest = *c;
    uint8_t len;

    if (!cursor_u8(&rest, &len) || rest.left < len) {
        return false;
    }
    *out = cursor_first(rest, len);
    *c = rest;
    return cursor_skip(c, len);
}

static bool take_vector16(struct cursor *c, struct cursor *out)
{
    struct cursor rest = *c;
    uint16_t len;

    if (!cursor_be16(&rest, &len) || rest.left < len) {
        return false;
    }
    *out = cursor_first(rest, len);
    *c = rest;
    return cursor_skip(c, len);
}

/* RFC 6066 3: a list of names, of which only host names were ever defined, one of
 * each type. */
static bool server_name_read(struct cursor extension, struct tls_hello *out)
{
    struct cursor list, name;
    uint8_t type;

    if (!take_vector16(&extension, &list) || extension.left > 0) {
        return false;
    }
    while (list.left > 0) {
        if (!cursor_u8(&list, &type) || !take_vector16(&list, &name)) {
            return false;
        }
        if (type == NAME_TYPE_HOST && out->sni[0] == '\0') {
            name_read(name, out->sni);
        }
    }
    return true;
}

static bool extensions_read(struct cursor extensions, struct tls_hello *out)
{
    struct cursor extension;
    uint16_t type;

    while (extensions.left > 0) {
        if (!cursor_be16(&extensions, &type) ||
            !take_vector16(&extensions, &extension)) {
            return false;
        }
        if (type == EXTENSION_SERVER_NAME && !server_name_read(extension, out)) {
            return false;
        }
        out->ech = out->ech || type == EXTENSION_ECH;
    }
    return true;
}

/*    struct {
 *        ProtocolVersion legacy_version;             2 bytes, 03 xx
 *        Random random;                              32 bytes
 *        opaque legacy_session_id<0..32>;
 *        opaque cookie<0..255>;                      DTLS, whose version is fe xx
 *        CipherSuite cipher_suites<2..2^16-2>;
 *        opaque legacy_compression_methods<1..2^8-1>;
 *        Extension extensions<8..2^16-1>;            TLS 1.2 and before: optional
 *    } ClientHello;
 */
static bool hello_body_read(struct cursor body, uint8_t major, struct tls_hello *out)
{
    struct cursor session_id, cookie, suites, compression, extensions;
    const uint8_t *version;

    if (!cursor_take(&body, 2, &version) || version[0] != major ||
        !cursor_skip(&body, RANDOM_LEN) || !take_vector8(&body, &session_id) ||
        session_id.left > SESSION_ID_MAX ||
        (major == DTLS_MAJOR && !take_vector8(&body, &cookie)) ||
        !take_vector16(&body, &suites) || suites.left < 2 || suites.left % 2 != 0 ||
        !take_vector8(&body, &compression) || compression.left == 0) {
        return false;
    }
    return body.left == 0 || (take_vector16(&body, &extensions) && body.left == 0 &&
                              extensions_read(extensions, out));
}

enum parse_result tls_hello_message_parse(struct cursor message, struct tls_hello *out)
{
    struct tls_hello hello = {0};
    uint8_t type;
    uint32_t len;

    if (!cursor_u8(&message, &type)) {
        return PARSE_MORE;
    }
    if (type != CLIENT_HELLO) {
        return PARSE_NOT;
    }
    if (!cursor_be24(&message, &len)) {
        return PARSE_MORE;
    }
    if (len < HELLO_MIN_LEN || len > HELLO_MAX_LEN - MESSAGE_HEADER_LEN ||
        (message.left > 0 && message.at[0] != 3)) {
        return PARSE_NOT;
    }
    if (message.left < len) {
        return PARSE_MORE;
    }
    if (!hello_body_read(cursor_first(message, len), TLS_MAJOR, &hello)) {
        return PARSE_NOT;
    }
    *out = hello;
    return PARSE_OK;
}

/* Takes the next record's fragment, or what is there of it.  PARSE_MORE: the record is
 * cut, '*fragment' is its part so far.  No empty fragments (RFC 8446 5.1), so a walk
 * over records ends. */
static enum parse_result record_next(struct cursor *stream, uint8_t content,
                                     struct cursor *fragment)
{
    const uint8_t *p = stream->at;
    size_t left = stream->left;

    *fragment = (struct cursor){p, 0};
    if ((left > 0 && p[0] != content) || (left > 1 && p[1] != 3) ||
        (left > 2 && p[2] > 4)) {
        return PARSE_NOT;
    }
    if (left < RECORD_HEADER_LEN) {
        return PARSE_MORE;
    }
    uint16_t len = load_be16(p + 3);
    if (len == 0 || len > RECORD_MAX_LEN) {
        return PARSE_NOT;
    }
    cursor_skip(stream, RECORD_HEADER_LEN);
    *fragment = cursor_first(*stream, len);
    return cursor_skip(stream, len) ? PARSE_OK : PARSE_MORE;
}

/* A hello in several records: their fragments are put together first. */
static enum parse_result joined_parse(struct cursor stream, struct tls_hello *out)
{
    uint8_t message[HELLO_MAX_LEN];
    size_t len = 0;
    enum parse_result last, result;
    struct cursor fragment;

    do {
        last = record_next(&stream, CONTENT_HANDSHAKE, &fragment);
        size_t n = cursor_first(fragment, sizeof message - len).left;

        memcpy(message + len, fragment.at, n);
        len += n;
        result = tls_hello_message_parse((struct cursor){message, len}, out);
    } while (last == PARSE_OK && result == PARSE_MORE);

    return last == PARSE_NOT ? PARSE_NOT : result;
}

enum parse_result tls_hello_parse(struct cursor stream, struct tls_hello *out)
{
    struct cursor rest = stream, fragment;
    enum parse_result first = record_next(&rest, CONTENT_HANDSHAKE, &fragment);

    if (first == PARSE_NOT) {
        return PARSE_NOT;
    }
    enum parse_result result = tls_hello_message_parse(fragment, out);
    if (result == PARSE_MORE && first == PARSE_OK) {
        return joined_parse(stream, out);
    }
    return result;
}

/*     0       1        3        5            11       13
 *    +-------+--------+--------+------------+--------+
 *    | 22    | fe xx  | epoch  | sequence   | length |   record: RFC 6347 4.1
 *    +-------+--------+--------+------------+--------+
 *    | 1     | length (3)      | number (2), offset (3), length (3) of the fragment
 *    +-------+-----------------+                         message: 4.2.2
 */
enum parse_result dtls_hello_parse(struct cursor datagram, struct tls_hello *out)
{
    struct tls_hello hello = {0};
    const uint8_t *record, *message;
    uint32_t len;

    if (!cursor_take(&datagram, DTLS_RECORD_LEN, &record) ||
        record[0] != CONTENT_HANDSHAKE || record[1] != DTLS_MAJOR ||
        load_be16(record + 3) != 0 || load_be16(record + 11) > datagram.left) {
        return PARSE_NOT;
    }
    datagram = cursor_first(datagram, load_be16(record + 11));
    if (!cursor_take(&datagram, DTLS_MESSAGE_LEN, &message) ||
        message[0] != CLIENT_HELLO) {
        return PARSE_NOT;
    }
    len = load_be24(message + 1);
    if (load_be24(message + 6) != 0 || load_be24(message + 9) != len ||
        len != datagram.left || !hello_body_read(datagram, DTLS_MAJOR, &hello)) {
        return PARSE_NOT;
    }
    *out = hello;
    return PARSE_OK;
}

/*    struct { AlertLevel level; AlertDescription description; } Alert;    2 bytes
 *
 * The record's length tells: an encrypted alert of TLS 1.2 carries a MAC besides. */
enum parse_result tls_alert_parse(struct cursor stream, struct tls_alert *out)
{
    const struct cursor whole = stream;
    struct cursor alert;
    enum parse_result result = record_next(&stream, CONTENT_ALERT, &alert);

    if (result == PARSE_NOT ||
        (whole.left >= RECORD_HEADER_LEN && load_be16(whole.at + 3) != ALERT_LEN) ||
        (alert.left > 0 && alert.at[0] != ALERT_WARNING &&
         alert.at[0] != ALERT_FATAL)) {
        return PARSE_NOT;
    }
    if (result == PARSE_OK) {
        *out = (struct tls_alert){alert.at[0] == ALERT_FATAL, alert.at[1]};
    }
    return result;
}
