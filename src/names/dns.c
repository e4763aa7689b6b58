/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DNS messages: RFC 1035, with EDNS (RFC 6891) for the response code.
 *
 * What it leaves out: other opcodes than QUERY, the authority section, the address
 * hints of HTTPS records (RFC 9460), DNSSEC.  Resolver libraries read answers to their
 * own questions and allocate for each; here any datagram may come, and none is trusted.
 */
#include "names/name.h"

enum {
    HEADER_LEN = 12,
    QUESTION_TAIL_LEN = 4, /* Type and class. */
    RECORD_HEAD_LEN = 10,  /* Type, class, TTL, data length. */
    WIRE_NAME_MAX = 255,   /* RFC 1035 2.3.4 */

    /* Bounds of the work that one message can ask for.  An honest name has at most
     * 127 labels; answers of more than 256 records are not met outside of attacks. */
    MAX_HOPS = 128,
    MAX_RECORDS = 256,

    TYPE_A = 1,
    TYPE_CNAME = 5,
    TYPE_AAAA = 28,
    TYPE_OPT = 41,
    CLASS_IN = 1,
    CLASS_BITS = 0x7fff /* Multicast DNS uses the top bit (RFC 6762 5.4, 10.2). */
};

/* A name without compression, in lower case: labels with their lengths, and the root.
 */
struct wire_name {
    uint8_t bytes[WIRE_NAME_MAX];
    size_t len;
};

struct record {
    size_t owner; /* Where the owner's name stands in the message. */
    uint16_t type, class;
    uint32_t ttl;
    struct cursor data;
};

struct counts {
    uint16_t questions, answers, authorities, additionals;
};

/* The labels of one name, one after the other, through its pointers. */
struct label_walk {
    struct cursor message, rest;
    size_t floor; /* A pointer must lead to before this offset. */
    unsigned n_hops;
};

static struct label_walk label_walk_from(struct cursor message, size_t offset)
{
    struct cursor rest = message;

    if (!cursor_skip(&rest, offset)) {
        rest.left = 0;
    }
    return (struct label_walk){.message = message, .rest = rest, .floor = offset};
}

/* Follows a pointer whose first byte is 'high'.  Each must lead to before the run of
 * labels it ends ("a prior occurrence", RFC 1035 4.1.4), so no walk goes round. */
static bool label_walk_jump(struct label_walk *walk, uint8_t high)
{
    uint8_t low;

    if ((high & 0xc0) != 0xc0 || !cursor_u8(&walk->rest, &low)) {
        return false;
    }
    size_t target = (size_t)(high & 0x3f) << 8 | low;
    if (target >= walk->floor || ++walk->n_hops > MAX_HOPS) {
        return false;
    }
    *walk = (struct label_walk){
        .message = walk->message,
        .rest = {walk->message.at + target, walk->message.left - target},
        .floor = target,
        .n_hops = walk->n_hops,
    };
    return true;
}

/* Takes the next label; '*len' is 0 at the root.  False: the name is broken or cut. */
static bool label_walk_next(struct label_walk *walk, const uint8_t **label,
                            uint8_t *len)
{
    uint8_t n;

    while (cursor_u8(&walk->rest, &n)) {
        if (n < 0x40) {
            *len = n;
            return cursor_take(&walk->rest, n, label);
        }
        if (!label_walk_jump(walk, n)) {
            return false;
        }
    }
    return false;
}

static uint8_t fold_case(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

/* Reads the name at 'offset'. */
static bool wire_name_read(struct cursor message, size_t offset, struct wire_name *out)
{
    struct label_walk walk = label_walk_from(message, offset);
    const uint8_t *label;
    uint8_t len;

    out->len = 0;
    do {
        if (!label_walk_next(&walk, &label, &len) ||
            out->len + 1 + len > WIRE_NAME_MAX) {
            return false;
        }
        out->bytes[out->len++] = len;
        for (uint8_t i = 0; i < len; i++) {
            out->bytes[out->len++] = fold_case(label[i]);
        }
    } while (len > 0);
    return true;
}

/* Is the name at 'offset' this one?  Compares in place: most records of an answer are
 * not the one that is looked for, and differ in their first label. */
static bool wire_name_is(struct cursor message, size_t offset,
                         const struct wire_name *name)
{
    struct label_walk walk = label_walk_from(message, offset);
    const uint8_t *label;
    uint8_t len;

    for (size_t at = 0; at < name->len; at += 1 + (size_t)len) {
        if (!label_walk_next(&walk, &label, &len) || len != name->bytes[at]) {
            return false;
        }
        for (uint8_t i = 0; i < len; i++) {
            if (fold_case(label[i]) != name->bytes[at + 1 + i]) {
                return false;
            }
        }
    }
    return true;
}

/* Writes the text form.  A label with a byte that no host name holds, a dot among
 * them, makes the whole no host name: "". */
static void wire_name_text(const struct wire_name *name,
                           char out[static NAME_MAX_LEN + 1])
{
    size_t n = 0;

    for (size_t at = 0; name->bytes[at] != 0; at += 1 + (size_t)name->bytes[at]) {
        if (at > 0) {
            out[n++] = '.';
        }
        for (size_t i = 1; i <= name->bytes[at]; i++) {
            char byte = name_label_byte(name->bytes[at + i]);

            if (byte == 0) {
                out[0] = '\0';
                return;
            }
            out[n++] = byte;
        }
    }
    out[n] = '\0';
}

/* Passes over a name, whose pointer, if any, is its last part. */
static bool name_skip(struct cursor *c)
{
    uint8_t n;

    while (cursor_u8(c, &n)) {
        if (n == 0) {
            return true;
        }
        if (n >= 0x40) {
            return n >= 0xc0 && cursor_skip(c, 1);
        }
        if (!cursor_skip(c, n)) {
            return false;
        }
    }
    return false;
}

static bool record_next(struct cursor message, struct cursor *c, struct record *out)
{
    struct cursor rest = *c;
    const uint8_t *head;

    if (!name_skip(&rest) || !cursor_take(&rest, RECORD_HEAD_LEN, &head)) {
        return false;
    }
    *out = (struct record){
        .owner = (size_t)(c->at - message.at),
        .type = load_be16(head),
        .class = load_be16(head + 2) & CLASS_BITS,
        .ttl = load_be32(head + 4),
        .data = cursor_first(rest, load_be16(head + 8)),
    };
    if (!cursor_skip(&rest, load_be16(head + 8))) {
        return false;
    }
    *c = rest;
    return true;
}

static void address_add(const struct record *record, struct dns_message *out)
{
    const uint8_t *bytes = record->data.at;
    struct addr address =
        record->data.left == 4 ? addr_from_v4(bytes) : addr_from_v6(bytes);
    /* RFC 2181 8: a TTL with the top bit set is 0. */
    uint32_t ttl = record->ttl > INT32_MAX ? 0 : record->ttl;

    for (size_t i = 0; i < out->n_addresses; i++) {
        if (addr_equal(&out->addresses[i], &address)) {
            return;
        }
    }
    if (out->n_addresses == DNS_MAX_ADDRESSES) {
        out->partial = true;
        return;
    }
    out->ttl = out->n_addresses == 0 || ttl < out->ttl ? ttl : out->ttl;
    out->addresses[out->n_addresses++] = address;
}

static bool record_is_address(const struct record *record)
{
    return (record->type == TYPE_A && record->data.left == 4) ||
           (record->type == TYPE_AAAA && record->data.left == 16);
}

/* The chain of CNAMEs, as far as it was followed. */
struct chain {
    struct wire_name name; /* Its last name. */
    unsigned n_followed;
};

/* Goes on to the name in 'cname'.  False, and the answer is partial: the name is
 * broken, or the chain too long, which a ring is too. */
static bool chain_step(struct cursor message, struct cursor cname, struct chain *chain,
                       struct dns_message *out)
{
    size_t offset = (size_t)(cname.at - message.at);

    if (chain->n_followed < DNS_MAX_CHAIN &&
        wire_name_read(message, offset, &chain->name)) {
        chain->n_followed++;
        return true;
    }
    out->partial = true;
    return false;
}

/* One pass over the answers: takes the addresses of the chain's last name and follows
 * its CNAME, again and again while they come in order.  False: no further pass. */
static bool chain_pass(struct cursor message, struct cursor answers, size_t n,
                       struct chain *chain, struct dns_message *out)
{
    unsigned n_before = chain->n_followed;
    struct record record;

    for (size_t i = 0; i < n && record_next(message, &answers, &record); i++) {
        bool is_address = record_is_address(&record);

        if (record.class != CLASS_IN || (!is_address && record.type != TYPE_CNAME) ||
            !wire_name_is(message, record.owner, &chain->name)) {
            continue;
        }
        if (is_address) {
            address_add(&record, out);
        } else if (!chain_step(message, record.data, chain, out)) {
            return false;
        }
    }
    return chain->n_followed > n_before;
}

/* Walks all records: how many answers are whole, and the response code of EDNS. */
static size_t records_survey(struct cursor message, struct cursor c,
                             const struct counts *counts, struct dns_message *out)
{
    size_t n = (size_t)counts->answers + counts->authorities + counts->additionals;
    size_t i = 0;
    struct record record;

    for (; i < n && i < MAX_RECORDS && record_next(message, &c, &record); i++) {
        if (record.type == TYPE_OPT && i >= counts->answers) {
            out->rcode = (uint16_t)((record.ttl >> 24) << 4 | (out->rcode & 0x0f));
        }
    }
    return i < counts->answers ? i : counts->answers;
}

/* Reads the question section, of which the first question is kept. */
static bool questions_read(struct cursor message, struct cursor *c, uint16_t n,
                           struct wire_name *name, struct dns_message *out)
{
    size_t offset = (size_t)(c->at - message.at);
    const uint8_t *tail;

    if (!name_skip(c) || !cursor_take(c, QUESTION_TAIL_LEN, &tail) ||
        !wire_name_read(message, offset, name)) {
        return false;
    }
    /* Of 65,536 classes five are in use: what tells DNS from noise. */
    uint16_t class = load_be16(tail + 2) & CLASS_BITS;
    if (class != CLASS_IN && class != 3 && class != 4 && class != 254 && class != 255) {
        return false;
    }
    out->type = load_be16(tail);
    wire_name_text(name, out->name);

    for (uint16_t i = 1; i < n; i++) {
        if (!name_skip(c) || !cursor_skip(c, QUESTION_TAIL_LEN)) {
            return false;
        }
    }
    return true;
}

/*                                   1  1  1  1  1  1
 *     0  1  2  3  4  5  6  7  8  9  0  1  2  3  4  5
 *    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *  0 |                      ID                       |
 *    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *  2 |QR|   Opcode  |AA|TC|RD|RA| Z|AD|CD|   RCODE   |
 *    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *  4 |      counts: questions, answers,              |
 *    |      authorities, additionals                 |
 *    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 */
static bool header_read(struct cursor *c, struct dns_message *out,
                        struct counts *counts)
{
    const uint8_t *header;

    if (!cursor_take(c, HEADER_LEN, &header) || (header[2] & 0x78) != 0) {
        return false;
    }
    *counts = (struct counts){load_be16(header + 4), load_be16(header + 6),
                              load_be16(header + 8), load_be16(header + 10)};
    memset(out, 0, sizeof *out);
    out->id = load_be16(header);
    out->response = (header[2] & 0x80) != 0;
    out->truncated = (header[2] & 0x02) != 0;
    out->rcode = header[3] & 0x0f;
    return true;
}

/* A message without question: a server that could not read the question, and
 * multicast DNS, answer so.  Nothing ties the rest to a name, so it must at least be
 * what its counts say. */
static enum parse_result unasked_read(struct cursor message, struct cursor c,
                                      const struct counts *counts,
                                      struct dns_message *out)
{
    size_t n = (size_t)counts->answers + counts->authorities + counts->additionals;

    if (!out->response || (n == 0) != (c.left == 0)) {
        return PARSE_NOT;
    }
    size_t n_whole = records_survey(message, c, counts, out);
    out->partial = n_whole < counts->answers;
    return out->partial && n_whole == 0 ? PARSE_NOT : PARSE_OK;
}

/* Reads what follows the header: the question, and where it leads to. */
static enum parse_result asked_read(struct cursor message, struct cursor c,
                                    const struct counts *counts,
                                    struct dns_message *out)
{
    struct chain chain;

    if (!questions_read(message, &c, counts->questions, &chain.name, out)) {
        return PARSE_NOT;
    }
    if (out->response) {
        size_t n_whole = records_survey(message, c, counts, out);

        chain.n_followed = 0;
        out->partial = n_whole < counts->answers;
        /* Servers may give the records of a chain in any order, so passes go on until
         * one of them leads no further. */
        while (chain_pass(message, c, n_whole, &chain, out)) {
        }
    }
    return PARSE_OK;
}

enum parse_result dns_parse(struct cursor message, struct dns_message *out)
{
    struct cursor c = message;
    struct dns_message parsed;
    struct counts counts;

    if (!header_read(&c, &parsed, &counts)) {
        return PARSE_NOT;
    }
    enum parse_result result = counts.questions == 0
                                   ? unasked_read(message, c, &counts, &parsed)
                                   : asked_read(message, c, &counts, &parsed);
    if (result == PARSE_OK) {
        *out = parsed;
    }
    return result;
}

bool dns_stream_next(struct cursor *stream, struct cursor *message)
{
    struct cursor rest = *stream;
    uint16_t len;

    if (!cursor_be16(&rest, &len) || rest.left < len) {
        return false;
    }
    *message = cursor_first(rest, len);
    cursor_skip(&rest, len);
    *stream = rest;
    return true;
}
