/* SPDX-License-Identifier: BSD-3-Clause
 *
 * No library is used: libldap wants a connection of its own, and its BER reader
 * allocates for each message.
 */
#include "names/ldap.h"

enum {
    BER_INTEGER = 0x02,
    BER_ENUMERATED = 0x0a,
    BER_SEQUENCE = 0x30,
    BIND_REQUEST = 0x60,  /* [APPLICATION 0] */
    BIND_RESPONSE = 0x61, /* [APPLICATION 1] */
    CLASS_MASK = 0xc0,
    CLASS_APPLICATION = 0x40,
    ID_MAX_LEN = 4,  /* maxInt is 2^31 - 1. */
    LEN_MAX_LEN = 4, /* Servers fill the long form up to that. */
    VERSION_MAX = 3
};

/* Reads a length: one byte, or a count of bytes and these (X.690 8.1.3). */
static enum parse_result length_read(struct cursor *c, uint32_t *out)
{
    uint8_t first, byte;

    if (!cursor_u8(c, &first)) {
        return PARSE_MORE;
    }
    if (first < 0x80) {
        *out = first;
        return PARSE_OK;
    }
    if (first == 0x80 || first > 0x80 + LEN_MAX_LEN) {
        return PARSE_NOT; /* LDAP has no indefinite lengths. */
    }
    *out = 0;
    for (unsigned i = 0; i < first - 0x80u; i++) {
        if (!cursor_u8(c, &byte)) {
            return PARSE_MORE;
        }
        *out = *out << 8 | byte;
    }
    return PARSE_OK;
}

/* Reads tag and length; '*len' may reach beyond what is there. */
static enum parse_result header_read(struct cursor *c, uint8_t *tag, uint32_t *len)
{
    return cursor_u8(c, tag) ? length_read(c, len) : PARSE_MORE;
}

/* Takes an element of this tag whole, of 1 to 'most' bytes. */
static enum parse_result take_number(struct cursor *c, uint8_t wanted, uint32_t most,
                                     struct cursor *out)
{
    uint8_t tag;
    uint32_t len;
    enum parse_result result = header_read(c, &tag, &len);

    if (result != PARSE_OK) {
        return result;
    }
    if (tag != wanted || len == 0 || len > most) {
        return PARSE_NOT;
    }
    *out = cursor_first(*c, len);
    return cursor_skip(c, len) ? PARSE_OK : PARSE_MORE;
}

/*    BindRequest  ::= SEQUENCE { version INTEGER (1..127), name, authentication }
 *    BindResponse ::= SEQUENCE { resultCode ENUMERATED, matchedDN, ... } */
static enum parse_result operation_read(struct cursor c, uint8_t tag,
                                        struct ldap_message *out)
{
    struct cursor number;
    enum parse_result result;

    switch (tag) {
    case BIND_REQUEST:
        result = take_number(&c, BER_INTEGER, 1, &number);
        out->kind = LDAP_BIND;
        return result == PARSE_OK && number.at[0] > VERSION_MAX ? PARSE_NOT : result;
    case BIND_RESPONSE:
        result = take_number(&c, BER_ENUMERATED, 1, &number);
        out->kind = LDAP_BIND_ANSWER;
        out->result = result == PARSE_OK ? number.at[0] : 0;
        return result;
    default:
        out->kind = LDAP_OTHER;
        return PARSE_OK;
    }
}

/*    LDAPMessage ::= SEQUENCE { messageID INTEGER, protocolOp CHOICE { ... }, controls
 * }
 *
 * As much as is there must fit, so that a stream of something else is known at once. */
static enum parse_result message_read(struct cursor c, struct ldap_message *out)
{
    struct cursor id;
    uint8_t tag;
    uint32_t len;
    enum parse_result result = take_number(&c, BER_INTEGER, ID_MAX_LEN, &id);

    if (result != PARSE_OK) {
        return result;
    }
    if (c.left > 0 && (c.at[0] & CLASS_MASK) != CLASS_APPLICATION) {
        return PARSE_NOT;
    }
    result = header_read(&c, &tag, &len);
    return result == PARSE_OK ? operation_read(cursor_first(c, len), tag, out) : result;
}

enum parse_result ldap_next(struct cursor *stream, struct ldap_message *out)
{
    struct ldap_message message = {LDAP_OTHER, 0};
    struct cursor rest = *stream;
    uint32_t len;
    uint8_t tag = BER_SEQUENCE;
    enum parse_result head = header_read(&rest, &tag, &len), body;

    if (head != PARSE_OK) {
        return tag == BER_SEQUENCE ? head : PARSE_NOT;
    }
    if (tag != BER_SEQUENCE) {
        return PARSE_NOT;
    }
    body = message_read(cursor_first(rest, len), &message);
    if (!cursor_skip(&rest, len)) {
        return body == PARSE_NOT ? PARSE_NOT : PARSE_MORE;
    }
    if (body != PARSE_OK) {
        return PARSE_NOT; /* It is all there, and does not fit. */
    }
    *out = message;
    *stream = rest;
    return PARSE_OK;
}
