/* SPDX-License-Identifier: BSD-3-Clause
 *
 * JSON, field by field (RFC 8259).
 */
#include "report/line_writer.h"

#include "report/clean.h"

#include <assert.h>

static void drain(struct line_writer *line)
{
    if (fwrite(line->buffer, 1, line->len, line->out) != line->len) {
        line->failed = true;
    }
    line->len = 0;
}

static void put_bytes(struct line_writer *line, const char *bytes, size_t len)
{
    while (len > sizeof line->buffer - line->len) {
        size_t room = sizeof line->buffer - line->len;

        memcpy(line->buffer + line->len, bytes, room);
        line->len += room;
        bytes += room;
        len -= room;
        drain(line);
    }
    memcpy(line->buffer + line->len, bytes, len);
    line->len += len;
}

static void put_byte(struct line_writer *line, char byte)
{
    if (line->len == sizeof line->buffer) {
        drain(line);
    }
    line->buffer[line->len++] = byte;
}

/* A line of its own, but for what nothing is around. */
static void put_indent(struct line_writer *line)
{
    static const char spaces[] = "                                ";
    size_t len = (size_t)line->depth * 2;

    if (line->indented && line->depth > 0) {
        put_byte(line, '\n');
        assert(len < sizeof spaces);
        put_bytes(line, spaces, len);
    }
}

/* The program's keys are short, so that one piece holds them with what is around. */
void line_key(struct line_writer *line, const char *key)
{
    enum { MAX_KEY = 32 };
    char piece[MAX_KEY + 4];
    size_t len = 0;

    if (line->comma) {
        put_byte(line, ',');
    }
    put_indent(line);
    line->comma = true;
    if (key) {
        size_t key_len = strlen(key);

        assert(key_len <= MAX_KEY);
        piece[len++] = '"';
        memcpy(piece + len, key, key_len);
        len += key_len;
        piece[len++] = '"';
        piece[len++] = ':';
        if (line->indented) {
            piece[len++] = ' ';
        }
    }
    put_bytes(line, piece, len);
}

void line_raw(struct line_writer *line, const char *bytes, size_t len)
{
    put_bytes(line, bytes, len);
}

void line_begin(struct line_writer *line, FILE *out)
{
    line->out = out;
    line->failed = false;
    line->comma = false;
    line->indented = false;
    line->depth = 0;
    line->len = 0;
}

void line_begin_indented(struct line_writer *line, FILE *out)
{
    line_begin(line, out);
    line->indented = true;
}

bool line_end(struct line_writer *line)
{
    put_byte(line, '\n');
    drain(line);
    return !line->failed;
}

void line_open(struct line_writer *line, const char *key, char bracket)
{
    line_key(line, key);
    put_byte(line, bracket);
    line->comma = false;
    line->depth++;
}

void line_close(struct line_writer *line, char bracket)
{
    line->depth--;
    if (line->comma) {
        put_indent(line);
        if (line->indented && line->depth == 0) {
            put_byte(line, '\n');
        }
    }
    put_byte(line, bracket);
    line->comma = true;
}

static void put_escaped(struct line_writer *line, uint32_t code)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', hex[code >> 4 & 15], hex[code & 15]};

    if (code < 0x20) {
        put_bytes(line, text, 6);
    } else if (code == '"' || code == '\\') {
        put_byte(line, '\\');
        put_byte(line, (char)code);
    } else {
        put_bytes(line, text, clean_put(code, text));
    }
}

/* Bytes from 'text' on that stand for themselves in JSON. */
static size_t plain_len(const char *text)
{
    size_t n = 0;

    while (text[n] >= 0x20 && text[n] < 0x7f && text[n] != '"' && text[n] != '\\') {
        n++;
    }
    return n;
}

void line_text(struct line_writer *line, const char *key, const char *text)
{
    line_key(line, key);
    if (!text) {
        put_bytes(line, "null", 4);
        return;
    }
    put_byte(line, '"');
    while (*text) {
        size_t n = plain_len(text);

        put_bytes(line, text, n);
        text += n;
        if (*text) {
            put_escaped(line, clean_next(&text, true));
        }
    }
    put_byte(line, '"');
}

/* Writes 'n' so that it ends before 'end', and returns where it begins. */
static char *decimal_before(char *end, uint64_t n)
{
    do {
        *--end = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    return end;
}

void line_count(struct line_writer *line, const char *key, uint64_t n)
{
    char room[20], *end = room + sizeof room;
    char *begin = decimal_before(end, n);

    line_key(line, key);
    put_bytes(line, begin, (size_t)(end - begin));
}

void line_bool(struct line_writer *line, const char *key, bool value)
{
    line_key(line, key);
    put_bytes(line, value ? "true" : "false", value ? 4 : 5);
}

void line_addr(struct line_writer *line, const char *key, const struct addr *addr)
{
    char text[ADDR_TEXT_LEN];

    line_text(line, key, addr_format(addr, text));
}

void line_hex8(struct line_writer *line, const char *key, uint8_t value)
{
    static const char hex[] = "0123456789abcdef";
    char text[3] = {hex[value >> 4], hex[value & 15], '\0'};

    line_text(line, key, text);
}
