/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Setting words.
 */
#include "report/text_writer.h"

#include "report/clean.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void put(struct text_writer *text, const char *bytes, size_t len)
{
    if (fwrite(bytes, 1, len, text->out) != len) {
        text->failed = true;
    }
}

static void put_spaces(struct text_writer *text, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        put(text, " ", 1);
    }
    text->column += n;
}

static void new_line(struct text_writer *text)
{
    if (text->column > 0) {
        put(text, "\n", 1);
    }
    text->column = 0;
    text->owed = 0;
    text->at_start = true;
}

void text_begin(struct text_writer *text, FILE *out, bool colour)
{
    *text = (struct text_writer){.out = out, .colour = colour, .at_start = true};
}

bool text_finish(struct text_writer *text)
{
    new_line(text);
    return !text->failed;
}

void page_line(struct text_writer *text, unsigned indent, unsigned hang)
{
    new_line(text);
    text->hang = hang;
    text->owed = indent;
}

void text_tab(struct text_writer *text, unsigned column)
{
    text->owed = column > text->column ? column - text->column : 1;
    text->at_start = true;
}

void text_label(struct text_writer *text, unsigned indent, const char *label,
                unsigned hang)
{
    page_line(text, indent, hang);
    text_say(text, "%s", label);
    text_tab(text, hang);
}

void text_gap(struct text_writer *text)
{
    new_line(text);
    put(text, "\n", 1);
}

void text_heading(struct text_writer *text, const char *heading)
{
    text_gap(text);
    text->hang = 0;
    text_styled(text, STYLE_STRONG, heading);
}

static void put_style(struct text_writer *text, enum text_style style)
{
    static const char *const codes[] = {
        [STYLE_PLAIN] = "\033[0m",  [STYLE_GOOD] = "\033[32m",
        [STYLE_BAD] = "\033[1;31m", [STYLE_WARN] = "\033[33m",
        [STYLE_STRONG] = "\033[1m",
    };

    if (text->colour) {
        put(text, codes[style], strlen(codes[style]));
    }
}

/* Columns of a word: one a character.  Characters that take two columns or none are
 * not told apart; a line with them is a little longer or shorter. */
static unsigned width_of(const char *word, const char *end)
{
    unsigned width = 0;

    while (word < end) {
        clean_next(&word, false);
        width++;
    }
    return width;
}

/* Sets one word, which is not empty. */
static void put_word(struct text_writer *text, const char *word, const char *end)
{
    unsigned width = width_of(word, end);
    unsigned gap = text->at_start ? text->owed : 1;

    /* Where it stands at the margin already, the next line is no longer. */
    bool at_margin = text->at_start && text->column + gap <= text->hang;

    if (text->column + gap + width > TEXT_WIDTH && !at_margin) {
        new_line(text);
        gap = text->hang;
    }
    put_spaces(text, gap);
    if (text->style != STYLE_PLAIN) {
        put_style(text, text->style);
    }
    while (word < end) {
        char bytes[4] = "";
        size_t len = clean_put(clean_next(&word, false), bytes);

        put(text, bytes, len);
    }
    if (text->style != STYLE_PLAIN) {
        put_style(text, STYLE_PLAIN);
    }
    text->column += width;
    text->owed = 0;
    text->at_start = false;
}

static void put_words(struct text_writer *text, const char *words)
{
    while (*words) {
        const char *end = strchrnul(words, ' ');

        if (end > words) {
            put_word(text, words, end);
        }
        words = *end ? end + 1 : end;
    }
}

void text_say(struct text_writer *text, const char *format, ...)
{
    char *words = NULL;
    va_list args;
    int len;

    va_start(args, format);
    len = vasprintf(&words, format, args);
    va_end(args);
    if (len < 0) {
        text->failed = true;
        return;
    }
    put_words(text, words);
    free(words);
}

void text_styled(struct text_writer *text, enum text_style style, const char *words)
{
    text->style = style;
    put_words(text, words);
    text->style = STYLE_PLAIN;
}

void page_number(struct text_writer *text, unsigned long long n, const char *noun,
                 const char *behind)
{
    text_say(text, "%llu %s%s%s", n, noun, n == 1 ? "" : "s", behind);
}
