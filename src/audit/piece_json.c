/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A piece as JSON, and back.  What is read is hostile: each field's type and range is
 * checked.
 */
#include "audit/records.h"

#include <string.h>

/* A number of a piece or of one of its ends. */
struct number {
    const char *name;
    uint16_t offset;
    uint8_t width;
    bool frame;
};

#define PIECE(member)                                                                  \
    {                                                                                  \
#member, offsetof(struct piece, member), sizeof(((struct piece *)0)->member),  \
            false                                                                      \
    }
#define END(member)                                                                    \
    {                                                                                  \
#member, offsetof(struct flow_end, member),                                    \
            sizeof(((struct flow_end *)0)->member), false                              \
    }

static const struct number piece_numbers[] = {
    PIECE(key.port_a),     PIECE(key.port_b),      PIECE(key.source),
    PIECE(key.proto),      PIECE(first_ns),        PIECE(last_ns),
    PIECE(inexact),        PIECE(check),           PIECE(closing),
    PIECE(icmp.n),         PIECE(icmp.type),       PIECE(icmp.code),
    PIECE(icmp.v6),        PIECE(icmp.quoted_end), PIECE(icmp.first_ns),
    PIECE(icmp.last_ns),   PIECE(icmp.frames[0]),  PIECE(icmp.frames[1]),
    PIECE(icmp.frames[2]),
};

static const struct number end_numbers[] = {
    END(bytes),
    END(packets),
    END(payload_packets),
    END(first_ns),
    END(last_ns),
    END(last_data_ns),
    END(first_frame),
    END(last_frame),
    END(last_data_frame),
    END(seq_first),
    END(seq_end),
    END(ack),
    END(seq_first_n),
    END(tail_seq),
    END(tail_n),
    END(tail_ns),
    END(seen),
    END(tcp_flags),
    END(ttl_low),
    END(ttl_high),
    END(rst_ttl),
    END(rst_flags),
    END(rst_bare),
    END(first_payload),
    END(copies),
    END(later_fragments),
    END(isn),
    END(tail_gap_s),
    END(alert),
};

static void numbers_to_json(json_t *object, const struct number *numbers, size_t n,
                            const void *base)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t v = 0;

        memcpy(&v, (const char *)base + numbers[i].offset, numbers[i].width);
        json_object_set_new(object, numbers[i].name, json_integer((json_int_t)v));
    }
}

static bool numbers_from_json(const json_t *object, const struct number *numbers,
                              size_t n, void *base)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *json = json_object_get(object, numbers[i].name);
        json_int_t v = json_integer_value(json);
        unsigned bits = 8u * numbers[i].width;

        if (!json_is_integer(json) || v < 0 ||
            (bits < 64 && (uint64_t)v >> bits != 0)) {
            return false;
        }
        memcpy((char *)base + numbers[i].offset, &v, numbers[i].width);
    }
    return true;
}

static json_t *sign_to_json(const struct sign *sign)
{
    return json_pack("[I,I,I,I,I,I]", (json_int_t)sign->n, (json_int_t)sign->first_ns,
                     (json_int_t)sign->last_ns, (json_int_t)sign->frames[0],
                     (json_int_t)sign->frames[1], (json_int_t)sign->frames[2]);
}

static bool sign_from_json(json_t *json, struct sign *sign)
{
    json_int_t n, first, last, frames[3];

    if (json_unpack(json, "[I,I,I,I,I,I!]", &n, &first, &last, &frames[0], &frames[1],
                    &frames[2]) != 0 ||
        n < 0 || n > UINT32_MAX || first < 0 || last < 0) {
        return false;
    }
    *sign = (struct sign){.first_ns = first, .last_ns = last, .n = (uint32_t)n};
    for (size_t i = 0; i < 3; i++) {
        if (frames[i] < 0 || frames[i] > UINT32_MAX) {
            return false;
        }
        sign->frames[i] = (uint32_t)frames[i];
    }
    return true;
}

static json_t *end_to_json(const struct flow_end *end)
{
    json_t *object = json_object(), *signs = json_array();

    numbers_to_json(object, end_numbers, sizeof end_numbers / sizeof *end_numbers, end);
    for (size_t i = 0; i < SIGNS; i++) {
        json_array_append_new(signs, sign_to_json(&end->signs[i]));
    }
    json_object_set_new(object, "signs", signs);
    return object;
}

static bool end_from_json(const json_t *object, struct flow_end *end)
{
    json_t *signs = json_object_get(object, "signs");

    if (!numbers_from_json(object, end_numbers,
                           sizeof end_numbers / sizeof *end_numbers, end) ||
        json_array_size(signs) != SIGNS || end->first_payload >= PAYLOAD_KINDS) {
        return false;
    }
    for (size_t i = 0; i < SIGNS; i++) {
        if (!sign_from_json(json_array_get(signs, i), &end->signs[i])) {
            return false;
        }
    }
    return true;
}

json_t *piece_to_json(const struct piece *piece, const struct tally *tally)
{
    json_t *object = json_object(), *names = json_array(), *encap = json_array();
    char a[ADDR_TEXT_LEN], b[ADDR_TEXT_LEN], by[ADDR_TEXT_LEN];

    json_object_set_new(object, "a", json_string(addr_format(&piece->key.a, a)));
    json_object_set_new(object, "b", json_string(addr_format(&piece->key.b, b)));
    json_object_set_new(object, "icmp.reporter",
                        json_string(addr_format(&piece->icmp.reporter, by)));
    numbers_to_json(object, piece_numbers, sizeof piece_numbers / sizeof *piece_numbers,
                    piece);
    for (size_t i = 0; i < FLOW_NAMES && piece->names[i].name; i++) {
        const struct flow_name *n = &piece->names[i];

        json_array_append_new(names,
                              json_pack("[s,i,i,i]", tally_name_text(tally, n->name),
                                        n->source, n->flags, n->port));
    }
    for (size_t i = 0; i < piece->n_encap; i++) {
        json_array_append_new(encap, json_integer(piece->encap[i]));
    }
    json_object_set_new(object, "names", names);
    json_object_set_new(object, "encap", encap);
    json_object_set_new(object, "end0", end_to_json(&piece->end[0]));
    json_object_set_new(object, "end1", end_to_json(&piece->end[1]));
    return object;
}

static bool piece_names_from_json(const json_t *names, struct tally *tally,
                                  struct piece *piece)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *text;
        int source, flags, port;

        if (i >= FLOW_NAMES ||
            json_unpack(json_array_get(names, i), "[s,i,i,i!]", &text, &source, &flags,
                        &port) != 0 ||
            strlen(text) > NAME_MAX_LEN || source < 0 || source >= NAME_SOURCES ||
            flags < 0 || flags > UINT8_MAX || port < 0 || port > UINT16_MAX) {
            return false;
        }
        piece->names[i] = (struct flow_name){
            .name = tally_name(tally, text),
            .source = (uint8_t)source,
            .flags = (uint8_t)flags,
            .port = (uint16_t)port,
        };
    }
    return true;
}

static bool piece_encap_from_json(const json_t *encap, struct piece *piece)
{
    if (json_array_size(encap) > DECODE_MAX_ENCAP) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(encap); i++) {
        json_int_t layer = json_integer_value(json_array_get(encap, i));

        if (layer < 0 || layer >= ENCAPS) {
            return false;
        }
        piece->encap[piece->n_encap++] = (uint8_t)layer;
    }
    return true;
}

static bool addr_from_json(const json_t *object, const char *key, struct addr *out)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text && addr_parse(text, out);
}

bool piece_from_json(const json_t *object, struct tally *tally, struct piece *piece)
{
    memset(piece, 0, sizeof *piece);
    return addr_from_json(object, "a", &piece->key.a) &&
           addr_from_json(object, "b", &piece->key.b) &&
           addr_from_json(object, "icmp.reporter", &piece->icmp.reporter) &&
           numbers_from_json(object, piece_numbers,
                             sizeof piece_numbers / sizeof *piece_numbers, piece) &&
           piece->icmp.quoted_end < 2 &&
           piece_names_from_json(json_object_get(object, "names"), tally, piece) &&
           piece_encap_from_json(json_object_get(object, "encap"), piece) &&
           end_from_json(json_object_get(object, "end0"), &piece->end[0]) &&
           end_from_json(json_object_get(object, "end1"), &piece->end[1]);
}
