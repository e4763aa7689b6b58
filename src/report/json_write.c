/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Writing the JSON report.
 *
 * There may be a finding for every flow, and thousands of devices: these are written as
 * they are, the rest, of bounded size, as a tree.  What is written is what jansson
 * would write of the whole, indented by two.
 */
#include "report/json_parts.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

/* A line feed comes by itself: within strings it is escaped. */
static int value_add(const char *text, size_t len, void *context)
{
    line_raw(context, text, len);
    if (len == 1 && text[0] == '\n') {
        line_raw(context, "  ", 2);
    }
    return 0;
}

static bool member_write(struct line_writer *line, const char *key, const json_t *value)
{
    line_key(line, key);
    return json_dump_callback(value, value_add, line,
                              JSON_INDENT(2) | JSON_ENCODE_ANY) == 0;
}

bool report_write_json(FILE *out, const struct judgement *judgement,
                       const struct judge_options *options)
{
    json_t *report = json_report(judgement, options), *value;
    struct line_writer line;
    const char *key;
    bool ok = report;

    line_begin_indented(&line, out);
    line_open(&line, NULL, '{');
    json_object_foreach(report, key, value)
    {
        if (strcmp(key, "findings") == 0) {
            json_put_findings(&line, judgement);
        } else if (strcmp(key, "devices") == 0) {
            json_put_devices(&line, judgement, options->show_names);
        } else {
            ok = member_write(&line, key, value) && ok;
        }
    }
    json_decref(report);
    line_close(&line, '}');
    return line_end(&line) && ok && fflush(out) == 0;
}

char *report_json_text(const struct judgement *judgement,
                       const struct judge_options *options, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    bool ok = out && report_write_json(out, judgement, options);

    if ((out && fclose(out) != 0) || !ok) {
        free(text);
        return NULL;
    }
    return text;
}

json_t *report_json(const struct judgement *judgement,
                    const struct judge_options *options)
{
    size_t len;
    char *text = report_json_text(judgement, options, &len);
    json_t *report = text ? json_loadb(text, len, 0, NULL) : NULL;

    free(text);
    return report;
}
