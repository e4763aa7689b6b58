/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text for a terminal: words, wrapped at 80 columns.
 *
 * What is said is split at spaces and set word by word; a word that is longer than a
 * line stands on a line of its own, unbroken, so that a path or a name can be copied.
 * Whatever is said is made fit for a terminal (clean.h), so that no control character
 * of a capture or a rule file gets there.  The only ones written are line feeds, and
 * escape sequences for colour where colour is asked for.
 */
#ifndef REPORT_TEXT_WRITER_H
#define REPORT_TEXT_WRITER_H

#include <stdbool.h>
#include <stdio.h>

enum { TEXT_WIDTH = 80 };

enum text_style { STYLE_PLAIN, STYLE_GOOD, STYLE_BAD, STYLE_WARN, STYLE_STRONG };

struct text_writer {
    FILE *out;
    bool colour;
    bool failed;
    unsigned column;       /* Characters on the line. */
    unsigned hang;         /* Where lines that go on begin. */
    unsigned owed;         /* Spaces before the next word, written only with it. */
    bool at_start;         /* No word stands behind the indentation yet. */
    enum text_style style; /* Of the words to come. */
};

void text_begin(struct text_writer *text, FILE *out, bool colour);

/* Ends the last line.  False: something could not be written. */
bool text_finish(struct text_writer *text);

/* Begins a line at column 'indent'; lines that go on begin at 'hang'. */
void page_line(struct text_writer *text, unsigned indent, unsigned hang);

/* Begins a line with a label; the words stand from column 'hang' on. */
void text_label(struct text_writer *text, unsigned indent, const char *label,
                unsigned hang);

/* Goes on at column 'column' of the line, or one column behind what stands there. */
void text_tab(struct text_writer *text, unsigned column);

/* An empty line. */
void text_gap(struct text_writer *text);

/* An empty line, and a heading. */
void text_heading(struct text_writer *text, const char *heading);

/* Says words.  Each call begins a new word. */
__attribute__((format(printf, 2, 3))) void text_say(struct text_writer *text,
                                                    const char *format, ...);

/* Says words in a style. */
void text_styled(struct text_writer *text, enum text_style style, const char *words);

/* "1 phone", "2 phones": 'noun' with an s where there are not one. */
void page_number(struct text_writer *text, unsigned long long n, const char *noun,
                 const char *behind);

#endif
