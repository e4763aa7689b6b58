/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/explain.h"

#include "report/text_writer.h"

#include <string.h>

static void put_lines(struct text_writer *text, const json_t *lines)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *line = json_string_value(json_array_get(lines, i));
        unsigned indent = line ? (unsigned)strspn(line, " ") : 0;

        if (line) {
            page_line(text, 2 + indent, 4 + indent);
            text_say(text, "%s", line);
        }
    }
}

static bool write_text(FILE *out, const json_t *explanation, bool colour)
{
    const json_t *sections = json_object_get(explanation, "sections");
    const char *title = json_string_value(json_object_get(explanation, "title"));
    struct text_writer text;

    text_begin(&text, out, colour);
    text_styled(&text, STYLE_STRONG, title ? title : "");
    for (size_t i = 0; i < json_array_size(sections); i++) {
        const json_t *section = json_array_get(sections, i);
        const char *heading = json_string_value(json_object_get(section, "title"));

        text_heading(&text, heading ? heading : "");
        put_lines(&text, json_object_get(section, "lines"));
    }
    return text_finish(&text) && fflush(out) == 0;
}

bool report_write_explanation(FILE *out, const json_t *explanation, bool text,
                              bool colour)
{
    if (!explanation) {
        return false;
    }
    return text ? write_text(out, explanation, colour)
                : json_dumpf(explanation, out, JSON_INDENT(2)) == 0 &&
                      fputc('\n', out) != EOF && fflush(out) == 0;
}
