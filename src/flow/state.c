/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a piece says of its connection: who opened it, Zeek's conn_state and history.
 * All are functions of the piece alone.
 */
#include "flow/flow.h"

#include "base/digest.h"

#include <stdio.h>
#include <string.h>

/* From here on systems choose ports for clients. */
enum { EPHEMERAL_PORTS = 32768 };

bool flow_is_server_port(uint8_t proto, uint16_t port)
{
    static const uint16_t both[] = {53,   80,   88,   123,  137,  389,  443,
                                    514,  636,  853,  1900, 3478, 5060, 5061,
                                    5070, 5071, 5228, 5229, 5230, 5353, 5355};
    static const uint16_t tcp[] = {21,  22,  23,   25,   110,  135,  139,  143,  445,
                                   993, 995, 1883, 3389, 5222, 8080, 8443, 8883, 9090};
    static const uint16_t udp[] = {67,  69,   138,  161,  162, 500,
                                   547, 4500, 4789, 5246, 5247};
    const uint16_t *own = proto == 6 ? tcp : udp;
    size_t n_own = proto == 6 ? sizeof tcp / sizeof *tcp : sizeof udp / sizeof *udp;

    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        if (both[i] == port) {
            return true;
        }
    }
    for (size_t i = 0; i < n_own; i++) {
        if (own[i] == port) {
            return true;
        }
    }
    return false;
}

/* The end with the smaller time; an end that sent nothing loses. */
static unsigned first_of(int64_t a, int64_t b)
{
    return a == 0 ? 1 : b == 0 ? 0 : b < a;
}

/* Of a flow in which one end alone was seen, who opened it?  That end; but what comes
 * from a lower port to an ephemeral one is an answer, to a question that was not seen.
 */
static unsigned lone_opener(const struct piece *piece)
{
    uint16_t ports[2] = {piece->key.port_a, piece->key.port_b};
    unsigned sender = piece->end[0].packets + piece->end[1].packets
                          ? piece->end[0].packets == 0
                          : piece->icmp.quoted_end;
    bool answers = ports[!sender] >= EPHEMERAL_PORTS && ports[sender] < ports[!sender];

    return answers ? !sender : sender;
}

struct opener piece_opener(const struct piece *piece)
{
    const struct flow_end *a = &piece->end[0], *b = &piece->end[1];
    const struct sign *syn[2] = {&a->signs[SIGN_SYN], &b->signs[SIGN_SYN]};
    const struct sign *answer[2] = {&a->signs[SIGN_SYN_ACK], &b->signs[SIGN_SYN_ACK]};

    if (syn[0]->n || syn[1]->n) {
        return (struct opener){first_of(syn[0]->first_ns, syn[1]->first_ns),
                               OPENER_SYN};
    }
    if (answer[0]->n || answer[1]->n) {
        return (struct opener){!first_of(answer[0]->first_ns, answer[1]->first_ns),
                               OPENER_SYN_ACK};
    }

    bool server[2] = {flow_is_server_port(piece->key.proto, piece->key.port_a),
                      flow_is_server_port(piece->key.proto, piece->key.port_b)};
    if (server[0] != server[1]) {
        return (struct opener){server[0], OPENER_PORT};
    }
    if (piece->key.proto != 6 && (a->packets == 0 || b->packets == 0)) {
        return (struct opener){lone_opener(piece), OPENER_FIRST_PACKET};
    }
    /* Nobody saw the beginning for sure: servers have the lower port.  The first packet
     * that was seen would depend on what the capture lost. */
    if (piece->key.port_a != piece->key.port_b) {
        return (struct opener){piece->key.port_a < piece->key.port_b,
                               OPENER_FIRST_PACKET};
    }
    return (struct opener){first_of(a->first_ns, b->first_ns), OPENER_FIRST_PACKET};
}

static const char *udp_state(const struct flow_end *orig, const struct flow_end *resp)
{
    return orig->packets && resp->packets ? "SF" : orig->packets ? "S0" : "SHR";
}

/* A connection whose SYN was answered. */
static const char *open_state(const struct flow_end *orig, const struct flow_end *resp)
{
    if (orig->signs[SIGN_FIN].n && resp->signs[SIGN_FIN].n) {
        return "SF";
    }
    if (orig->signs[SIGN_RST].n || resp->signs[SIGN_RST].n) {
        return first_of(orig->signs[SIGN_RST].first_ns, resp->signs[SIGN_RST].first_ns)
                   ? "RSTR"
                   : "RSTO";
    }
    return orig->signs[SIGN_FIN].n ? "S2" : resp->signs[SIGN_FIN].n ? "S3" : "S1";
}

static const char *tcp_state(const struct flow_end *orig, const struct flow_end *resp)
{
    bool syn = orig->signs[SIGN_SYN].n, answer = resp->signs[SIGN_SYN_ACK].n;

    if (syn && answer) {
        return open_state(orig, resp);
    }
    if (syn) {
        if (resp->signs[SIGN_RST].n) {
            return "REJ";
        }
        if (resp->packets) {
            return "OTH";
        }
        return orig->signs[SIGN_RST].n   ? "RSTOS0"
               : orig->signs[SIGN_FIN].n ? "SH"
                                         : "S0";
    }
    if (answer && !orig->packets) {
        return resp->signs[SIGN_RST].n   ? "RSTRH"
               : resp->signs[SIGN_FIN].n ? "SHR"
                                         : "OTH";
    }
    return "OTH";
}

const char *piece_conn_state(const struct piece *piece)
{
    struct opener opener = piece_opener(piece);
    unsigned o = opener.end;
    const struct flow_end *orig = &piece->end[o], *resp = &piece->end[!o];

    return piece->key.proto == 6 ? tcp_state(orig, resp) : udp_state(orig, resp);
}

struct letter {
    int64_t ns;
    char letter;
};

static size_t letters_add(struct letter *letters, size_t n, int64_t ns, char letter)
{
    size_t i = n;

    for (; i > 0 && letters[i - 1].ns > ns; i--) {
        letters[i] = letters[i - 1];
    }
    letters[i] = (struct letter){ns, letter};
    return n + 1;
}

const char *piece_history(const struct piece *piece, char out[static HISTORY_LEN])
{
    static const char marks[] = {
        [SIGN_SYN] = 's',  [SIGN_SYN_ACK] = 'h', [SIGN_ACK] = 'a', [SIGN_DATA] = 'd',
        [SIGN_REPEAT] = 0, [SIGN_FIN] = 'f',     [SIGN_RST] = 'r',
    };
    struct opener opener = piece_opener(piece);
    struct letter letters[2 * SIGNS];
    size_t n = 0, at = 0;

    for (unsigned kind = 0; kind < SIGNS; kind++) {
        for (unsigned side = 0; side < 2; side++) {
            const struct sign *sign = &piece->end[opener.end ^ side].signs[kind];

            if (sign->n && marks[kind]) {
                n = letters_add(letters, n, sign->first_ns,
                                (char)(side ? marks[kind] : marks[kind] - 'a' + 'A'));
            }
        }
    }
    if (opener.basis == OPENER_SYN_ACK ||
        (opener.basis == OPENER_PORT &&
         first_of(piece->end[opener.end].first_ns, piece->end[!opener.end].first_ns))) {
        out[at++] = '^';
    }
    for (size_t i = 0; i < n && at < HISTORY_LEN - 1; i++) {
        out[at++] = letters[i].letter;
    }
    out[at] = '\0';
    return out;
}

static void base64(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;

        group |= i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= i + 2 < len ? bytes[i + 2] : 0;
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = i + 1 < len ? digits[group >> 6 & 63] : '=';
        *out++ = i + 2 < len ? digits[group & 63] : '=';
    }
    *out = '\0';
}

/* seed . address . address . protocol . 0 . port . port, hashed: the key's order of
 * ends is the one that the specification asks for. */
const char *flow_community_id(const struct flow_key *key,
                              char out[static COMMUNITY_ID_LEN])
{
    uint8_t text[2 + 16 + 16 + 2 + 4] = {0}, sum[SHA1_LEN];
    bool v4 = addr_is_v4(&key->a) && addr_is_v4(&key->b);
    size_t skip = v4 ? 12 : 0, len = 2;
    uint16_t ports[2] = {key->port_a, key->port_b};

    memcpy(text + len, key->a.b + skip, 16 - skip);
    len += 16 - skip;
    memcpy(text + len, key->b.b + skip, 16 - skip);
    len += 16 - skip;
    text[len++] = key->proto;
    text[len++] = 0;
    for (unsigned i = 0; i < 2; i++) {
        text[len++] = (uint8_t)(ports[i] >> 8);
        text[len++] = (uint8_t)ports[i];
    }
    digest_sha1(text, len, sum);
    memcpy(out, "1:", 2);
    base64(sum, sizeof sum, out + 2);
    return out;
}

/* The version bits say 2, and the payload type is one of RTP's or RTCP's (RFC 3550,
 * RFC 5761). */
static bool looks_like_rtp(const uint8_t *p, size_t len)
{
    if (len < 8 || (p[0] & 0xc0) != 0x80) {
        return false;
    }
    return (p[1] >= 200 && p[1] <= 207) ||
           (len >= 12 && ((p[1] & 0x7f) <= 34 || ((p[1] & 0x7f) >= 96)));
}

static bool looks_like_http(const uint8_t *p, size_t len)
{
    static const char *const words[] = {"GET ",     "POST ",    "HEAD ",  "PUT ",
                                        "CONNECT ", "OPTIONS ", "HTTP/1."};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);

        if (len >= n && memcmp(p, words[i], n) == 0) {
            return true;
        }
    }
    return false;
}

enum payload_kind payload_kind_of(uint8_t proto, const uint8_t *p, size_t len)
{
    if (len == 0) {
        return PAYLOAD_NONE; /* Cut off. */
    }
    if (proto == 17) {
        if ((p[0] & 0xc0) == 0xc0 && len >= 7) {
            return PAYLOAD_QUIC;
        }
        return looks_like_rtp(p, len) ? PAYLOAD_RTP : PAYLOAD_OTHER;
    }
    if (len >= 3 && p[1] == 3 && p[2] <= 4) {
        if (p[0] == 22) {
            return len < 6 || p[5] == 1 ? PAYLOAD_TLS_HELLO : PAYLOAD_TLS_SERVER;
        }
        if (p[0] == 21) {
            return PAYLOAD_TLS_ALERT;
        }
    }
    return looks_like_http(p, len) ? PAYLOAD_HTTP : PAYLOAD_OTHER;
}
