/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Writing the JSON report.
 *
 * There may be a finding for every flow, so they are made, written and released one by
 * one; the rest of the report is of bounded size.  What is written is what jansson
 * would write of the whole, indented by two.
 */
#include "report/json_parts.h"
#include "report/report.h"

#include <string.h>

/* Text on its way to a file.  A report is millions of short pieces: the locks of stdio
 * would cost more than the copy. */
struct writer {
    FILE *out;
    int depth; /* Further spaces behind each line feed. */
    size_t n;
    char text[1 << 14];
};

static int writer_flush(struct writer *w)
{
    size_t n = w->n;

    w->n = 0;
    return fwrite(w->text, 1, n, w->out) == n ? 0 : -1;
}

static int writer_put(struct writer *w, const char *text, size_t len)
{
    if (len > sizeof w->text - w->n && writer_flush(w) != 0) {
        return -1;
    }
    if (len > sizeof w->text) {
        return fwrite(text, 1, len, w->out) == len ? 0 : -1;
    }
    memcpy(w->text + w->n, text, len);
    w->n += len;
    return 0;
}

/* A line feed comes by itself: within strings it is escaped. */
static int writer_add(const char *text, size_t len, void *context)
{
    struct writer *w = context;

    if (writer_put(w, text, len) != 0) {
        return -1;
    }
    return len == 1 && text[0] == '\n' ? writer_put(w, "        ", (size_t)w->depth)
                                       : 0;
}

static bool value_write(struct writer *w, const json_t *value)
{
    return json_dump_callback(value, writer_add, w, JSON_INDENT(2) | JSON_ENCODE_ANY) ==
           0;
}

static bool text_write(struct writer *w, const char *text)
{
    return writer_put(w, text, strlen(text)) == 0;
}

static bool findings_write(struct writer *w, const struct judgement *judgement)
{
    bool ok = text_write(w, "[");

    w->depth = 4;
    for (size_t i = 0; i < judgement->n_findings && ok; i++) {
        json_t *finding = json_finding(judgement, i);

        ok = finding && text_write(w, i > 0 ? ",\n    " : "\n    ") &&
             value_write(w, finding);
        json_decref(finding);
    }
    w->depth = 2;
    return ok && text_write(w, judgement->n_findings > 0 ? "\n  ]" : "]");
}

bool report_write_json(FILE *out, const struct judgement *judgement,
                       const struct judge_options *options)
{
    struct writer w = {.out = out, .depth = 2};
    json_t *report = json_report(judgement, options, json_array());
    const char *key, *before = "{\n  \"";
    bool ok = report;
    json_t *value;

    json_object_foreach(report, key, value)
    {
        ok = ok && text_write(&w, before) && text_write(&w, key) &&
             text_write(&w, "\": ") &&
             (strcmp(key, "findings") == 0 ? findings_write(&w, judgement)
                                           : value_write(&w, value));
        before = ",\n  \"";
    }
    json_decref(report);
    return ok && text_write(&w, "\n}\n") && writer_flush(&w) == 0 && fflush(out) == 0;
}
