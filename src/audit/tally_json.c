/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The tally as text: one JSON object a line.  The first names the format, the second
 * holds what there is one of; each other is a capture, a run of its frames, a record,
 * or a flow that is not over.
 *
 * What is read is hostile: every field's type and range is checked, and the caps of
 * the tally hold as they do for captures.
 */
#include "audit/tally.h"

#include "audit/records.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_NAME "policap-tally/2"

enum { MAX_LINE = 1 << 20 };

/* --- captures, windows, sums --- */

static json_t *counts_to_json(const uint64_t *counts, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++) {
        json_array_append_new(array, json_integer((json_int_t)counts[i]));
    }
    return array;
}

static bool counts_from_json(const json_t *array, uint64_t *counts, size_t n)
{
    if (json_array_size(array) != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(array, i);

        if (!json_is_integer(v) || json_integer_value(v) < 0) {
            return false;
        }
        counts[i] = (uint64_t)json_integer_value(v);
    }
    return true;
}

enum { CAPTURE_COUNTS = 8 };

static json_t *capture_to_json(const struct tally_capture *c)
{
    uint64_t counts[CAPTURE_COUNTS] = {
        c->packets,           c->bytes,  c->snaplen_cut_packets,
        c->dropped,           c->copies, (uint64_t)c->first_ns,
        (uint64_t)c->last_ns, c->cut};
    json_t *links = json_array();

    for (size_t i = 0; i < c->n_links; i++) {
        json_array_append_new(links, json_integer(c->links[i]));
    }
    return json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:i}", "path", c->path, "format",
                     c->format, "links", links, "counts",
                     counts_to_json(counts, CAPTURE_COUNTS), "undecoded",
                     counts_to_json(c->undecoded, DECODE_RESULTS), "encap",
                     counts_to_json(c->encap, ENCAPS), "tap", (int)c->tap);
}

static bool capture_from_json(const json_t *object, struct tally_capture *c)
{
    const char *path = json_string_value(json_object_get(object, "path"));
    const char *format = json_string_value(json_object_get(object, "format"));
    const json_t *links = json_object_get(object, "links");
    uint64_t n[CAPTURE_COUNTS];

    memset(c, 0, sizeof *c);
    if (!path || !format || strlen(format) >= sizeof c->format ||
        json_array_size(links) > 8 ||
        !counts_from_json(json_object_get(object, "counts"), n, CAPTURE_COUNTS) ||
        !counts_from_json(json_object_get(object, "undecoded"), c->undecoded,
                          DECODE_RESULTS) ||
        !counts_from_json(json_object_get(object, "encap"), c->encap, ENCAPS) ||
        n[0] > UINT32_MAX) {
        return false;
    }
    strcpy(c->format, format);
    for (size_t i = 0; i < json_array_size(links); i++) {
        c->links[c->n_links++] = (uint16_t)json_integer_value(json_array_get(links, i));
    }
    c->packets = n[0];
    c->bytes = n[1];
    c->snaplen_cut_packets = n[2];
    c->dropped = n[3];
    c->copies = n[4];
    c->first_ns = (int64_t)n[5];
    c->last_ns = (int64_t)n[6];
    c->cut = n[7] != 0;
    c->tap = (uint16_t)json_integer_value(json_object_get(object, "tap"));
    c->path = strdup(path);
    return c->path != NULL;
}

static json_t *windows_to_json(const struct window *windows, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++) {
        const struct window *w = &windows[i];

        json_array_append_new(array, json_pack("[i,I,I]", (int)w->source,
                                               (json_int_t)w->first_ns,
                                               (json_int_t)w->last_ns));
    }
    return array;
}

static json_t *head_to_json(const struct tally *tally)
{
    json_t *taps = json_array();

    for (size_t i = 0; i < tally->n_taps; i++) {
        json_array_append_new(taps, json_string(tally->taps[i]));
    }
    return json_pack("{s:o,s:o,s:o,s:o,s:I,s:o,s:o}", "taps", taps, "windows",
                     windows_to_json(tally->windows, tally->n_windows), "blinds",
                     windows_to_json(tally->blinds, tally->n_blinds), "background",
                     counts_to_json(tally->background, BACKGROUNDS), "evicted",
                     (json_int_t)tally->evicted, "driven",
                     counts_to_json(tally->driven, FLOW_CLASSES), "early_hours",
                     counts_to_json(&tally->early_hours, 1));
}

/* 'blind': the list is of times in which sources were. */
static bool windows_from_json(const json_t *windows, struct tally *tally, bool blind)
{
    for (size_t i = 0; i < json_array_size(windows); i++) {
        struct window w = {0};
        int source;
        json_int_t first, last;

        if (json_unpack(json_array_get(windows, i), "[i,I,I!]", &source, &first,
                        &last) != 0 ||
            source < 0 || source > UINT16_MAX || first < 0 || last < first) {
            return false;
        }
        w.source = (uint16_t)source;
        w.first_ns = first;
        w.last_ns = last;
        if (!(blind ? tally_add_blind(tally, &w)
                    : tally_add_window(tally, w.source, first, last))) {
            return false;
        }
    }
    return true;
}

static bool read_capture(const json_t *object, struct tally *tally)
{
    struct tally_capture *grown;

    if (tally->n_captures == TALLY_MAX_CAPTURES) {
        return false;
    }
    grown = realloc(tally->captures, (tally->n_captures + 1) * sizeof *grown);
    if (!grown) {
        return false;
    }
    tally->captures = grown;
    if (!capture_from_json(object, &grown[tally->n_captures])) {
        return false;
    }
    tally->n_captures++;
    return true;
}

static json_t *run_to_json(const struct frame_run *run)
{
    return json_pack("[I,I,I,I]", (json_int_t)run->capture, (json_int_t)run->first,
                     (json_int_t)run->n, (json_int_t)run->number);
}

static bool read_run(const json_t *array, struct tally *tally)
{
    uint64_t n[4];
    struct frame_run run;

    if (!counts_from_json(array, n, 4) || n[0] > UINT32_MAX || n[1] > UINT32_MAX ||
        n[2] > UINT32_MAX) {
        return false;
    }
    run = (struct frame_run){.capture = (uint32_t)n[0],
                             .first = (uint32_t)n[1],
                             .n = (uint32_t)n[2],
                             .number = n[3]};
    return tally_add_run(tally, &run);
}

static json_t *day_to_json(const struct day *day)
{
    json_t *array = counts_to_json(day->n, DAY_COUNTS);

    json_array_insert_new(array, 0, json_integer((json_int_t)day->day));
    return array;
}

static bool read_day(const json_t *array, struct tally *tally)
{
    uint64_t n[DAY_COUNTS + 1];
    struct day day;

    if (!counts_from_json(array, n, DAY_COUNTS + 1) || n[0] > UINT32_MAX) {
        return false;
    }
    day.day = (uint32_t)n[0];
    memcpy(day.n, n + 1, sizeof day.n);
    return tally_add_day(tally, &day);
}

static bool taps_from_json(const json_t *taps, struct tally *tally)
{
    for (size_t i = 0; i < json_array_size(taps); i++) {
        const char *name = json_string_value(json_array_get(taps, i));

        /* Each once: number i + 1 is what sources say. */
        if (!name || tally_tap(tally, name) != i + 1) {
            return false;
        }
    }
    return true;
}

static bool head_from_json(const json_t *object, struct tally *tally)
{
    const json_t *evicted = json_object_get(object, "evicted");
    /* Earlier versions wrote neither. */
    const json_t *driven = json_object_get(object, "driven");
    const json_t *early = json_object_get(object, "early_hours");

    if (!json_is_integer(evicted) || json_integer_value(evicted) < 0) {
        return false;
    }
    tally->evicted = (uint64_t)json_integer_value(evicted);
    if (driven && (!counts_from_json(driven, tally->driven, FLOW_CLASSES) ||
                   !counts_from_json(early, &tally->early_hours, 1))) {
        return false;
    }
    tally->captures = calloc(1, sizeof *tally->captures); /* A head was read. */
    return tally->captures && taps_from_json(json_object_get(object, "taps"), tally) &&
           windows_from_json(json_object_get(object, "windows"), tally, false) &&
           windows_from_json(json_object_get(object, "blinds"), tally, true) &&
           counts_from_json(json_object_get(object, "background"), tally->background,
                            BACKGROUNDS);
}

/* --- the file --- */

static bool write_line(FILE *out, const char *key, json_t *value)
{
    json_t *object = json_pack("{s:o}", key, value);
    bool ok =
        object && json_dumpf(object, out, JSON_COMPACT) == 0 && fputc('\n', out) != EOF;

    json_decref(object);
    return ok;
}

bool tally_write_lines(const struct tally *tally, FILE *out)
{
    bool ok = write_line(out, "format", json_string(FORMAT_NAME)) &&
              write_line(out, "head", head_to_json(tally));

    for (size_t i = 0; ok && i < tally->n_captures; i++) {
        ok = write_line(out, "capture", capture_to_json(&tally->captures[i]));
    }
    for (size_t i = 0; ok && i < tally->n_runs; i++) {
        ok = write_line(out, "frames", run_to_json(&tally->runs[i]));
    }
    for (size_t i = 0; ok && i < tally->n_days; i++) {
        ok = write_line(out, "day", day_to_json(&tally->days[i]));
    }
    for (size_t i = 0; ok && i < tally->n_notes; i++) {
        ok = write_line(out, "note", json_string(tally->notes[i]));
    }
    for (size_t k = 0; ok && k < RECORD_KINDS; k++) {
        const struct record_kind *kind = &record_kinds[k];
        const struct pool *pool = record_pool_of(tally, kind);

        for (uint32_t i = 0; ok && i < pool->n; i++) {
            ok = write_line(out, kind->name,
                            record_to_json(kind, pool_at(pool, i), tally));
        }
    }
    for (size_t i = 0; ok && i < tally->n_pieces; i++) {
        ok = write_line(out, "piece", piece_to_json(tally->pieces[i], tally));
    }
    return ok;
}

bool tally_write(const struct tally *tally, const char *path, struct policap_error *err)
{
    FILE *out = fopen(path, "w");
    bool ok;

    if (!out) {
        return fail(err, "%s: %s: name a file that can be written", path,
                    strerror(errno));
    }
    ok = tally_write_lines(tally, out);
    ok = fclose(out) == 0 && ok;
    return ok || fail(err, "%s: %s: the tally is not complete", path, strerror(errno));
}

static bool read_record(struct tally *tally, const char *name, const json_t *value,
                        const char **field)
{
    union {
        struct cell cell;
        struct lookup lookup;
        struct lease lease;
        struct dhcp dhcp;
    } record;

    for (size_t k = 0; k < RECORD_KINDS; k++) {
        const struct record_kind *kind = &record_kinds[k];
        bool is_new;

        if (strcmp(kind->name, name) != 0) {
            continue;
        }
        if (!record_from_json(kind, value, tally, &record, field)) {
            return false;
        }

        void *entry = pool_add(record_pool(tally, kind), &record, &is_new);
        if (entry && is_new) {
            memcpy(entry, &record, kind->size);
        }
        return true;
    }
    *field = "kind of record";
    return false;
}

static bool read_line(struct tally *tally, const json_t *object, const char **field)
{
    void *at = json_object_iter((json_t *)(uintptr_t)object);
    const char *name = at ? json_object_iter_key(at) : "";
    const json_t *value = at ? json_object_iter_value(at) : NULL;
    struct piece piece;

    *field = name;
    if (json_object_size(object) != 1) {
        return false;
    }
    if (strcmp(name, "format") == 0) {
        const char *format = json_string_value(value);

        return format && strcmp(format, FORMAT_NAME) == 0;
    }
    if (strcmp(name, "head") == 0) {
        return tally->n_captures == 0 && !tally->captures &&
               head_from_json(value, tally);
    }
    if (strcmp(name, "capture") == 0) {
        return tally->captures && read_capture(value, tally);
    }
    if (strcmp(name, "frames") == 0) {
        return read_run(value, tally);
    }
    if (strcmp(name, "day") == 0) {
        return read_day(value, tally);
    }
    if (strcmp(name, "note") == 0) {
        const char *note = json_string_value(value);

        return note && tally_add_note(tally, note);
    }
    if (strcmp(name, "piece") == 0) {
        return piece_from_json(value, tally, &piece) && tally_add_piece(tally, &piece);
    }
    return read_record(tally, name, value, field);
}

/* A source names a tap of the head, whatever line it stands on. */
static bool source_is_known(const struct tally *tally, uint16_t source)
{
    return source_tap(source) <= tally->n_taps;
}

static bool sources_are_sane(const struct tally *tally)
{
    bool sane = true;

    for (size_t i = 0; i < tally->n_captures; i++) {
        sane &= tally->captures[i].tap <= tally->n_taps;
    }
    for (size_t i = 0; i < tally->n_windows; i++) {
        sane &= source_is_known(tally, tally->windows[i].source);
    }
    for (size_t i = 0; i < tally->n_blinds; i++) {
        sane &= source_is_known(tally, tally->blinds[i].source);
    }
    for (size_t i = 0; i < tally->n_pieces; i++) {
        sane &= source_is_known(tally, tally->pieces[i]->key.source);
    }
    for (uint32_t i = 0; i < tally->hosts.n; i++) {
        const struct host *host = pool_at(&tally->hosts, i);

        sane &= source_is_known(tally, host->key.source);
    }
    return sane;
}

/* Enumerators of cells index tables elsewhere: they are checked once, here. */
static bool cells_are_sane(const struct tally *tally)
{
    for (uint32_t i = 0; i < tally->cells.n; i++) {
        const struct cell *cell = pool_at(&tally->cells, i);

        if (cell->key.sign >= ATTEMPT_SIGNS || cell->key.payload >= PAYLOAD_KINDS ||
            cell->key.sources[0] >= NAME_SOURCES ||
            cell->key.sources[1] >= NAME_SOURCES ||
            cell->key.basis > OPENER_FIRST_PACKET ||
            !source_is_known(tally, cell->key.source)) {
            return false;
        }
    }
    return true;
}

static bool read_all(FILE *in, const char *path, struct tally *tally,
                     struct policap_error *err)
{
    char *line = NULL;
    size_t room = 0, number = 0;
    ssize_t len;
    bool ok = true;

    while (ok && (len = getline(&line, &room, in)) > 0) {
        const char *field = "JSON";
        json_t *object = len <= MAX_LINE ? json_loadb(line, (size_t)len,
                                                      JSON_REJECT_DUPLICATES, NULL)
                                         : NULL;

        number++;
        ok = json_is_object(object) &&
             (number > 1 || json_object_get(object, "format")) &&
             read_line(tally, object, &field);
        if (!ok) {
            fail(err,
                 "%s: line %zu: %.60s: this is no tally: write it again with `policap "
                 "check "
                 "--tally`",
                 path, number, field);
        }
        json_decref(object);
    }
    free(line);
    if (ok && (number == 0 || !tally->captures || !cells_are_sane(tally) ||
               !sources_are_sane(tally))) {
        ok = fail(err,
                  "%s: this is no tally: write it again with `policap check --tally`",
                  path);
    }
    return ok;
}

struct tally *tally_read(const char *path, struct policap_error *err)
{
    FILE *in = fopen(path, "r");
    struct tally *tally = calloc(1, sizeof *tally);
    bool ok = false;

    if (!in) {
        fail(err, "%s: %s: name a tally that `policap check --tally` wrote", path,
             strerror(errno));
    } else if (!tally) {
        fail(err, "out of memory");
    } else {
        tally_init(tally);
        ok = read_all(in, path, tally, err);
    }
    if (in) {
        fclose(in);
    }
    if (!ok) {
        if (tally) {
            tally_fini(tally);
        }
        free(tally);
        return NULL;
    }
    return tally;
}
