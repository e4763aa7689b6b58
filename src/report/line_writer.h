/* SPDX-License-Identifier: BSD-3-Clause
 *
 * JSON, written field by field: one line, or indented by two as jansson would.
 *
 * For what is written by the million: no allocation, no tree, and no format
 * string to read.  The line is gathered in a buffer, which goes out when it is full, so
 * a line may be of any length.  Keys are the program's own and are written as they are;
 * only values are escaped.
 */
#ifndef REPORT_LINE_WRITER_H
#define REPORT_LINE_WRITER_H

#include "base/addr.h"

#include <stdio.h>

struct line_writer {
    FILE *out;
    bool failed;
    bool comma;     /* The next member or element is not the first. */
    bool indented;  /* Each member or element is a line of its own ... */
    unsigned depth; /* ... behind two spaces for each of so many brackets around it. */
    size_t len;
    char buffer[8192]; /* Longer than most lines. */
};

void line_begin(struct line_writer *line, FILE *out);
/* Likewise, where what is written is to be indented. */
void line_begin_indented(struct line_writer *line, FILE *out);

/* Ends the line.  False: it could not be written. */
bool line_end(struct line_writer *line);

/* Opens and closes what is given: '{' and '[' with a key (NULL for an element). */
void line_open(struct line_writer *line, const char *key, char bracket);
void line_close(struct line_writer *line, char bracket);

/* A member's key, and bytes that are JSON already: its value. */
void line_key(struct line_writer *line, const char *key);
void line_raw(struct line_writer *line, const char *bytes, size_t len);

/* A member, or with a NULL key an element.  A text that is NULL is null. */
void line_text(struct line_writer *line, const char *key, const char *text);
void line_count(struct line_writer *line, const char *key, uint64_t n);
void line_bool(struct line_writer *line, const char *key, bool value);
void line_addr(struct line_writer *line, const char *key, const struct addr *addr);
void line_hex8(struct line_writer *line, const char *key, uint8_t value);

#endif
