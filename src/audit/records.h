/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the records of a tally consist of: one table, from which records are merged,
 * written as JSON, read again, and sorted.
 */
#ifndef AUDIT_RECORDS_H
#define AUDIT_RECORDS_H

#include "audit/tally.h"

#include <jansson.h>

enum field_type {
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_TIME,
    FIELD_ADDR,
    FIELD_MAC,
    FIELD_NAME,   /* Index into the tally's names. */
    FIELD_SOURCE, /* A tap and an interface. */
    FIELD_FRAME
};

/* How a field of two records with equal keys becomes one. */
enum field_rule {
    RULE_KEY,
    RULE_SUM,
    RULE_MIN, /* 0 means that there is none. */
    RULE_MAX,
    RULE_OR,
    RULE_LOWEST /* The array holds the lowest values of both, each once, then 0. */
};

struct field {
    const char *name;
    uint16_t offset;
    uint8_t type;  /* enum field_type */
    uint8_t count; /* Of array elements; 1 for a plain field. */
    uint8_t rule;  /* enum field_rule */
};

struct record_kind {
    const char *name;
    size_t pool; /* Offset of the pool in struct tally. */
    size_t size, key_size;
    uint32_t max;
    const struct field *fields;
    size_t n_fields;
};

/* Bytes of one element. */
size_t field_width(const struct field *field);

/* Element 'i' of a field that is a number, of any width: all but addresses are. */
uint64_t field_number(const struct field *field, const void *record, size_t i);
bool field_is_number(const struct field *field);

extern const struct record_kind record_kinds[RECORD_KINDS];

static inline struct pool *record_pool(struct tally *tally,
                                       const struct record_kind *kind)
{
    return (struct pool *)(void *)((char *)tally + kind->pool);
}

static inline const struct pool *record_pool_of(const struct tally *tally,
                                                const struct record_kind *kind)
{
    return (const struct pool *)(const void *)((const char *)tally + kind->pool);
}

/* Translates names and frames of a record of one tally to those of another. */
struct record_move {
    struct tally *into;
    const struct tally *from; /* NULL: ids are right as they are. */
    bool adopt;               /* Pieces of 'from' become those of 'into'. */
    uint32_t frame_base;
    uint16_t taps[TALLY_MAX_TAPS + 1]; /* Numbers of from's taps in 'into'. */
};

/* Makes from's taps known to 'into'.  False: there are too many. */
bool record_move_taps(struct record_move *move);
uint16_t record_move_source(const struct record_move *move, uint16_t source);

/* Numbers the taps by their names, so that equal evidence is equal bytes. */
void taps_sort(struct tally *tally);

uint32_t record_move_name(const struct record_move *move, uint32_t name);

/* The frame's ordinal behind those of the tally that it goes into. */
uint32_t record_move_frame(const struct record_move *move, uint32_t frame);

/* Moves the runs of captures, of which the first is now 'first_capture'.  False: out of
 * memory. */
bool record_move_runs(const struct record_move *move, size_t first_capture);

/* Copies 'from' over 'to', moved. */
void record_copy(const struct record_kind *kind, void *to, const void *from,
                 const struct record_move *move);

/* Adds a record of one tally to another: moved, and combined with what is there. */
void record_move_one(const struct record_kind *kind, const void *record,
                     const struct record_move *move);

/* Combines 'from', moved already, into 'to'. */
void record_combine(const struct tally *tally, const struct record_kind *kind, void *to,
                    const void *from);

/* Of two names the one whose text is larger, so that no order of arrival matters. */
uint32_t record_larger_name(const struct tally *tally, uint32_t a, uint32_t b);

/* Widens a stretch of time, 0 where there is none yet, to hold 'ns'. */
static inline void stretch_note(int64_t *first, int64_t *last, int64_t ns)
{
    *first = *first == 0 || ns < *first ? ns : *first;
    *last = ns > *last ? ns : *last;
}

/* Inserts 'value' into an array of the lowest values, 0 being empty. */
void lowest_u32(uint32_t *values, size_t n, uint32_t value);
void lowest_u16(uint16_t *values, size_t n, uint16_t value);

json_t *record_to_json(const struct record_kind *kind, const void *record,
                       const struct tally *tally);

/* False: 'json' is no such record; 'field' then names what is wrong with it. */
bool record_from_json(const struct record_kind *kind, const json_t *json,
                      struct tally *tally, void *record, const char **field);

/* A flow that is not over (piece_json.c). */
json_t *piece_to_json(const struct piece *piece, const struct tally *tally);
bool piece_from_json(const json_t *object, struct tally *tally, struct piece *piece);

/* Sorts a kind's records by their keys, names by their text. */
bool record_sort(struct tally *tally, const struct record_kind *kind);

#endif
