/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/chars.h"

#include <strings.h>

bool chars_until(struct cursor *c, char byte, struct cursor *out)
{
    const uint8_t *end = c->left > 0 ? memchr(c->at, byte, c->left) : NULL;

    if (!end) {
        return false;
    }
    *out = cursor_first(*c, (size_t)(end - c->at));
    return cursor_skip(c, out->left + 1);
}

bool chars_line(struct cursor *c, struct cursor *out)
{
    if (!chars_until(c, '\n', out)) {
        return false;
    }
    if (out->left > 0 && out->at[out->left - 1] == '\r') {
        out->left--;
    }
    return true;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct cursor chars_trimmed(struct cursor text)
{
    while (text.left > 0 && is_blank(text.at[0])) {
        cursor_skip(&text, 1);
    }
    while (text.left > 0 && is_blank(text.at[text.left - 1])) {
        text.left--;
    }
    return text;
}

struct cursor chars_word(struct cursor *c)
{
    struct cursor word = {c->at, 0};

    while (c->left > 0 && !is_blank(c->at[0])) {
        cursor_skip(c, 1);
        word.left++;
    }
    while (c->left > 0 && is_blank(c->at[0])) {
        cursor_skip(c, 1);
    }
    return word;
}

bool chars_begins(struct cursor text, const char *want)
{
    return text.left >= strlen(want) && memcmp(text.at, want, strlen(want)) == 0;
}

bool chars_begins_nocase(struct cursor text, const char *want)
{
    return text.left >= strlen(want) &&
           strncasecmp((const char *)text.at, want, strlen(want)) == 0;
}

bool chars_is(struct cursor text, const char *want)
{
    return text.left == strlen(want) && chars_begins(text, want);
}

bool chars_is_nocase(struct cursor text, const char *want)
{
    return text.left == strlen(want) && chars_begins_nocase(text, want);
}

bool chars_has_control(struct cursor text)
{
    for (size_t i = 0; i < text.left; i++) {
        if ((text.at[i] < ' ' && text.at[i] != '\t') || text.at[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

bool chars_is_method(struct cursor text)
{
    if (text.left == 0 || text.left > CHARS_MAX_METHOD) {
        return false;
    }
    for (size_t i = 0; i < text.left; i++) {
        uint8_t byte = text.at[i];

        if ((byte < 'A' || byte > 'Z') && (i == 0 || (byte != '-' && byte != '_'))) {
            return false;
        }
    }
    return true;
}

bool chars_number(struct cursor text, uint32_t most, uint32_t *out)
{
    uint64_t n = 0;

    if (text.left == 0) {
        return false;
    }
    for (size_t i = 0; i < text.left; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
        n = n * 10 + (uint64_t)(text.at[i] - '0');
        if (n > most) {
            return false;
        }
    }
    *out = (uint32_t)n;
    return true;
}

bool chars_addr(struct cursor text, struct addr *out)
{
    char room[ADDR_TEXT_LEN];
    struct addr addr;

    if (text.left > 2 && text.at[0] == '[' && text.at[text.left - 1] == ']') {
        text = cursor_first((struct cursor){text.at + 1, text.left - 1}, text.left - 2);
    }
    if (text.left == 0 || text.left >= sizeof room || memchr(text.at, 0, text.left)) {
        return false;
    }
    memcpy(room, text.at, text.left);
    room[text.left] = '\0';
    if (!addr_parse(room, &addr)) {
        return false;
    }
    *out = addr;
    return true;
}
