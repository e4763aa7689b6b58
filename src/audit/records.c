/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/records.h"

#include <stdlib.h>

#define AT(type, member, kind, n, rule)                                                \
    {                                                                                  \
#member, (uint16_t)offsetof(struct type, member), FIELD_##kind, n, RULE_##rule \
    }

static const struct field cell_fields[] = {
    AT(cell, key.client, ADDR, 1, KEY),
    AT(cell, key.server, ADDR, 1, KEY),
    AT(cell, key.by, ADDR, 1, KEY),
    AT(cell, key.names, NAME, 2, KEY),
    AT(cell, key.slot, U32, 1, KEY),
    AT(cell, key.client_port, U16, 1, KEY),
    AT(cell, key.server_port, U16, 1, KEY),
    AT(cell, key.name_port, U16, 1, KEY),
    AT(cell, key.facts, U16, 1, KEY),
    AT(cell, key.sources, U8, 2, KEY),
    AT(cell, key.name_flags, U8, 2, KEY),
    AT(cell, key.proto, U8, 1, KEY),
    AT(cell, key.basis, U8, 1, KEY),
    AT(cell, key.sign, U8, 1, KEY),
    AT(cell, key.repeats, U8, 1, KEY),
    AT(cell, key.span_s, U8, 1, KEY),
    AT(cell, key.waited_s, U8, 1, KEY),
    AT(cell, key.icmp_type, U8, 1, KEY),
    AT(cell, key.icmp_code, U8, 1, KEY),
    AT(cell, key.rst_ttl, U8, 1, KEY),
    AT(cell, key.payload, U8, 1, KEY),
    AT(cell, key.check, U8, 1, KEY),
    AT(cell, key.source, SOURCE, 1, KEY),
    AT(cell, attempts, U64, 1, SUM),
    AT(cell, packets, U64, 2, SUM),
    AT(cell, bytes, U64, 2, SUM),
    AT(cell, copies, U64, 1, SUM),
    AT(cell, acked_unseen, U64, 1, SUM),
    AT(cell, idle_s, U32, 1, MAX),
    AT(cell, first_ns, TIME, 1, MIN),
    AT(cell, last_ns, TIME, 1, MAX),
    AT(cell, frames, FRAME, CELL_FRAMES, LOWEST),
    AT(cell, ports, U16, 4, LOWEST),
};

static const struct field lookup_fields[] = {
    AT(lookup, key.host, ADDR, 1, KEY),
    AT(lookup, key.resolver, ADDR, 1, KEY),
    AT(lookup, key.name, NAME, 1, KEY),
    AT(lookup, key.slot, U32, 1, KEY),
    AT(lookup, key.type, U16, 1, KEY),
    AT(lookup, queries, U32, 1, SUM),
    AT(lookup, answers, U32, LOOKUP_ANSWERS, SUM),
    AT(lookup, first_query_ns, TIME, 1, MIN),
    AT(lookup, last_query_ns, TIME, 1, MAX),
    AT(lookup, first_answer_ns, TIME, 1, MIN),
    AT(lookup, last_answer_ns, TIME, 1, MAX),
    AT(lookup, frames[0], FRAME, 1, MIN),
    AT(lookup, frames[1], FRAME, 1, MAX),
    AT(lookup, frames[2], FRAME, 1, MIN),
    AT(lookup, frames[3], FRAME, 1, MAX),
};

static const struct field binding_fields[] = {
    AT(binding, key.host, ADDR, 1, KEY), AT(binding, key.addr, ADDR, 1, KEY),
    AT(binding, key.name, NAME, 1, KEY), AT(binding, first_ns, TIME, 1, MIN),
    AT(binding, last_ns, TIME, 1, MAX),  AT(binding, until_ns, TIME, 1, MAX),
    AT(binding, frame, FRAME, 1, MIN),
};

static const struct field lease_fields[] = {
    AT(lease, key.mac, MAC, 1, KEY),       AT(lease, key.addr, ADDR, 1, KEY),
    AT(lease, first_ns, TIME, 1, MIN),     AT(lease, last_ns, TIME, 1, MAX),
    AT(lease, server, ADDR, 1, MAX),       AT(lease, relay, ADDR, 1, MAX),
    AT(lease, router, ADDR, 1, MAX),       AT(lease, resolvers, ADDR, 2, MAX),
    AT(lease, ntp, ADDR, 2, MAX),          AT(lease, host_name, NAME, 1, MAX),
    AT(lease, vendor_class, NAME, 1, MAX), AT(lease, mask_bits, U8, 1, MAX),
};

static const struct field dhcp_fields[] = {
    AT(dhcp, key.mac, MAC, 1, KEY),  AT(dhcp, key.slot, U32, 1, KEY),
    AT(dhcp, n, U32, 9, SUM),        AT(dhcp, first_ns, TIME, 9, MIN),
    AT(dhcp, last_ns, TIME, 9, MAX), AT(dhcp, frames, FRAME, 9, MIN),
};

static const struct field host_fields[] = {
    AT(host, key.addr, ADDR, 1, KEY), AT(host, key.mac, MAC, 1, KEY),
    AT(host, key.vlan, U16, 1, KEY),  AT(host, key.source, SOURCE, 1, KEY),
    AT(host, first_ns, TIME, 1, MIN), AT(host, last_ns, TIME, 1, MAX),
    AT(host, arp, U32, 1, SUM),       AT(host, ttl_low, U8, 1, MIN),
    AT(host, ttl_high, U8, 1, MAX),
};

static const struct field exchange_fields[] = {
    AT(exchange, key.host, ADDR, 1, KEY),   AT(exchange, key.peer, ADDR, 1, KEY),
    AT(exchange, key.slot, U32, 1, KEY),    AT(exchange, key.port, U16, 1, KEY),
    AT(exchange, key.result, U16, 1, KEY),  AT(exchange, key.kind, U8, 1, KEY),
    AT(exchange, key.proto, U8, 1, KEY),    AT(exchange, n, U32, 1, SUM),
    AT(exchange, first_ns, TIME, 1, MIN),   AT(exchange, last_ns, TIME, 1, MAX),
    AT(exchange, frames, FRAME, 4, LOWEST),
};

static const struct field call_fields[] = {
    AT(call, key.a, ADDR, 1, KEY),       AT(call, key.b, ADDR, 1, KEY),
    AT(call, key.call, U32, 1, KEY),     AT(call, invited_ns, TIME, 1, MIN),
    AT(call, answered_ns, TIME, 1, MIN), AT(call, ended_ns, TIME, 1, MIN),
    AT(call, last_ns, TIME, 1, MAX),     AT(call, frames, FRAME, 4, LOWEST),
};

static const struct field expectation_fields[] = {
    AT(expectation, key.from, ADDR, 1, KEY),
    AT(expectation, key.to, ADDR, 1, KEY),
    AT(expectation, key.addr, ADDR, 1, KEY),
    AT(expectation, key.call, U32, 1, KEY),
    AT(expectation, key.port, U16, 1, KEY),
    AT(expectation, key.rtcp_port, U16, 1, KEY),
    AT(expectation, flags, U8, 1, OR),
    AT(expectation, first_ns, TIME, 1, MIN),
    AT(expectation, last_ns, TIME, 1, MAX),
    AT(expectation, frame, FRAME, 1, MIN),
};

static const struct field nat_sign_fields[] = {
    AT(nat_sign, key.host, ADDR, 1, KEY), AT(nat_sign, key.peer, ADDR, 1, KEY),
    AT(nat_sign, key.told, ADDR, 1, KEY), AT(nat_sign, key.port, U16, 1, KEY),
    AT(nat_sign, key.kind, U8, 1, KEY),   AT(nat_sign, n, U32, 1, SUM),
    AT(nat_sign, first_ns, TIME, 1, MIN), AT(nat_sign, last_ns, TIME, 1, MAX),
    AT(nat_sign, frame, FRAME, 1, MIN),
};

static const struct field media_fields[] = {
    AT(media, key.from, ADDR, 1, KEY),     AT(media, key.to, ADDR, 1, KEY),
    AT(media, key.from_port, U16, 1, KEY), AT(media, key.to_port, U16, 1, KEY),
    AT(media, packets, U32, 1, SUM),       AT(media, ssrc_low, U64, 1, MIN),
    AT(media, ssrc_high, U64, 1, MAX),     AT(media, seq_low, U32, 1, MIN),
    AT(media, seq_high, U32, 1, MAX),      AT(media, far_low, U32, 1, MIN),
    AT(media, far_high, U32, 1, MAX),      AT(media, reports, U32, 1, SUM),
    AT(media, deaf, U32, 1, SUM),          AT(media, losses, U32, 1, SUM),
    AT(media, first_ns, TIME, 1, MIN),     AT(media, last_ns, TIME, 1, MAX),
    AT(media, frames, FRAME, 4, LOWEST),
};

#define KIND(type, member, key_size, max)                                              \
    {                                                                                  \
#type, offsetof(struct tally, member), sizeof(struct type), key_size, max,     \
            type##_fields, sizeof type##_fields / sizeof *type##_fields                \
    }

const struct record_kind record_kinds[RECORD_KINDS] = {
    KIND(cell, cells, sizeof(struct cell_key), 1 << 20),
    KIND(lookup, lookups, sizeof(struct lookup_key), 1 << 18),
    KIND(binding, bindings, sizeof(struct binding_key), 1 << 18),
    KIND(lease, leases, sizeof(struct lease_key), 1 << 17),
    KIND(dhcp, dhcp, sizeof(struct dhcp_key), 1 << 17),
    KIND(host, hosts, sizeof(struct host_key), 1 << 18),
    KIND(exchange, exchanges, sizeof(struct exchange_key), 1 << 17),
    KIND(call, calls, sizeof(struct call_key), 1 << 17),
    KIND(expectation, expectations, sizeof(struct expectation_key), 1 << 17),
    KIND(nat_sign, nat_signs, sizeof(struct nat_sign_key), 1 << 16),
    KIND(media, media, sizeof(struct media_key), 1 << 18),
};

size_t field_width(const struct field *field)
{
    static const uint8_t widths[] = {
        [FIELD_U8] = 1,    [FIELD_U16] = 2,    [FIELD_U32] = 4,   [FIELD_U64] = 8,
        [FIELD_TIME] = 8,  [FIELD_MAC] = 6,    [FIELD_ADDR] = 16, [FIELD_NAME] = 4,
        [FIELD_FRAME] = 4, [FIELD_SOURCE] = 2,
    };

    return widths[field->type];
}

uint64_t field_number(const struct field *field, const void *record, size_t i)
{
    const char *p = (const char *)record + field->offset + i * field_width(field);
    uint64_t v = 0;

    memcpy(&v, p, field_width(field));
    return v;
}

static void number_set(const struct field *field, void *record, size_t i, uint64_t v)
{
    memcpy((char *)record + field->offset + i * field_width(field), &v,
           field_width(field));
}

bool field_is_number(const struct field *field)
{
    return field->type != FIELD_ADDR && field->type != FIELD_MAC;
}

uint32_t record_move_name(const struct record_move *move, uint32_t name)
{
    if (!move->from || name == 0) {
        return name;
    }
    return tally_name(move->into, tally_name_text(move->from, name));
}

void record_copy(const struct record_kind *kind, void *to, const void *from,
                 const struct record_move *move)
{
    memcpy(to, from, kind->size);
    for (size_t f = 0; f < kind->n_fields; f++) {
        const struct field *field = &kind->fields[f];
        bool moves = field->type == FIELD_NAME || field->type == FIELD_SOURCE ||
                     field->type == FIELD_FRAME;

        for (size_t i = 0; moves && i < field->count; i++) {
            uint32_t v = (uint32_t)field_number(field, to, i);

            if (field->type == FIELD_NAME) {
                number_set(field, to, i, record_move_name(move, v));
            } else if (field->type == FIELD_SOURCE) {
                number_set(field, to, i, record_move_source(move, (uint16_t)v));
            } else if (field->type == FIELD_FRAME) {
                number_set(field, to, i, record_move_frame(move, (uint32_t)v));
            }
        }
    }
}

void lowest_u32(uint32_t *values, size_t n, uint32_t value)
{
    if (values[n - 1] != 0 && value > values[n - 1]) {
        return;
    }
    for (size_t i = 0; i < n && value != 0; i++) {
        if (values[i] == value) {
            return;
        }
        if (values[i] == 0 || value < values[i]) {
            uint32_t passed = values[i];

            values[i] = value;
            value = passed;
        }
    }
}

void lowest_u16(uint16_t *values, size_t n, uint16_t value)
{
    for (size_t i = 0; i < n && value != 0; i++) {
        if (values[i] == value) {
            return;
        }
        if (values[i] == 0 || value < values[i]) {
            uint16_t passed = values[i];

            values[i] = value;
            value = passed;
        }
    }
}

static uint64_t combine_number(uint8_t rule, uint64_t a, uint64_t b)
{
    switch (rule) {
    case RULE_SUM:
        return a + b;
    case RULE_MIN:
        return a == 0 || (b != 0 && b < a) ? b : a;
    case RULE_MAX:
        return b > a ? b : a;
    case RULE_OR:
        return a | b;
    default:
        return a;
    }
}

static void combine_lowest(const struct field *field, void *to, const void *from)
{
    char *into = (char *)to + field->offset;

    for (size_t i = 0; i < field->count; i++) {
        uint64_t v = field_number(field, from, i);

        if (field_width(field) == 2) {
            lowest_u16((uint16_t *)(void *)into, field->count, (uint16_t)v);
        } else {
            lowest_u32((uint32_t *)(void *)into, field->count, (uint32_t)v);
        }
    }
}

uint32_t record_larger_name(const struct tally *tally, uint32_t a, uint32_t b)
{
    return strcmp(tally_name_text(tally, a), tally_name_text(tally, b)) >= 0 ? a : b;
}

static void combine_field(const struct tally *tally, const struct field *field,
                          void *to, const void *from)
{
    if (field->rule == RULE_LOWEST) {
        combine_lowest(field, to, from);
        return;
    }
    for (size_t i = 0; i < field->count; i++) {
        size_t at = field->offset + i * field_width(field);

        if (field->type == FIELD_NAME) {
            number_set(field, to, i,
                       record_larger_name(tally, (uint32_t)field_number(field, to, i),
                                          (uint32_t)field_number(field, from, i)));
        } else if (field_is_number(field)) {
            number_set(field, to, i,
                       combine_number(field->rule, field_number(field, to, i),
                                      field_number(field, from, i)));
        } else if (memcmp((const char *)from + at, (char *)to + at,
                          field_width(field)) > 0) {
            memcpy((char *)to + at, (const char *)from + at, field_width(field));
        }
    }
}

void record_combine(const struct tally *tally, const struct record_kind *kind, void *to,
                    const void *from)
{
    for (size_t f = 0; f < kind->n_fields; f++) {
        if (kind->fields[f].rule != RULE_KEY) {
            combine_field(tally, &kind->fields[f], to, from);
        }
    }
}

static json_t *element_to_json(const struct field *field, const void *record, size_t i,
                               const struct tally *tally)
{
    const char *p = (const char *)record + field->offset + i * field_width(field);
    char text[ADDR_TEXT_LEN];

    switch (field->type) {
    case FIELD_ADDR:
        return json_string(addr_format((const struct addr *)(const void *)p, text));
    case FIELD_MAC:
        return json_string(mac_format((const struct mac *)(const void *)p, text));
    case FIELD_NAME:
        return json_string(
            tally_name_text(tally, (uint32_t)field_number(field, record, i)));
    default:
        return json_integer((json_int_t)field_number(field, record, i));
    }
}

json_t *record_to_json(const struct record_kind *kind, const void *record,
                       const struct tally *tally)
{
    json_t *object = json_object();

    for (size_t f = 0; f < kind->n_fields; f++) {
        const struct field *field = &kind->fields[f];
        json_t *value = field->count > 1 ? json_array() : NULL;

        for (size_t i = 0; i < field->count; i++) {
            json_t *element = element_to_json(field, record, i, tally);

            if (field->count == 1) {
                value = element;
            } else {
                json_array_append_new(value, element);
            }
        }
        json_object_set_new(object, field->name, value);
    }
    return object;
}

static bool element_from_json(const struct field *field, const json_t *json,
                              struct tally *tally, void *record, size_t i)
{
    char *p = (char *)record + field->offset + i * field_width(field);
    const char *text = json_string_value(json);

    switch (field->type) {
    case FIELD_ADDR:
        return text && addr_parse(text, (struct addr *)(void *)p);
    case FIELD_MAC:
        return text && mac_parse(text, (struct mac *)(void *)p);
    case FIELD_NAME:
        if (!text || strlen(text) > NAME_MAX_LEN) {
            return false;
        }
        number_set(field, record, i, tally_name(tally, text));
        return true;
    default:
        break;
    }

    json_int_t v = json_integer_value(json);
    size_t width = field_width(field);
    if (!json_is_integer(json) || v < 0 ||
        (width < 8 && (uint64_t)v >> (8 * width) != 0)) {
        return false;
    }
    number_set(field, record, i, (uint64_t)v);
    return true;
}

bool record_from_json(const struct record_kind *kind, const json_t *json,
                      struct tally *tally, void *record, const char **field_name)
{
    memset(record, 0, kind->size);
    for (size_t f = 0; f < kind->n_fields; f++) {
        const struct field *field = &kind->fields[f];
        const json_t *value = json_object_get(json, field->name);

        *field_name = field->name;
        if (field->count > 1 && json_array_size(value) != field->count) {
            return false;
        }
        for (size_t i = 0; i < field->count; i++) {
            const json_t *element = field->count > 1 ? json_array_get(value, i) : value;

            if (!element_from_json(field, element, tally, record, i)) {
                return false;
            }
        }
    }
    return true;
}
