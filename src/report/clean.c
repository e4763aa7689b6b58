/* SPDX-License-Identifier: BSD-3-Clause
 *
 * UTF-8 (RFC 3629), and which characters are not printed.
 */
#include "report/clean.h"

/* C0, DEL and C1 are commands to a terminal; the others are line ends that only some
 * programs know, and marks that turn the direction of the text around them. */
static bool is_unsafe(uint32_t code, bool keep_c0)
{
    return (code < 0x20 && !keep_c0) || (code >= 0x7f && code < 0xa0) ||
           code == 0x61c || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Bytes behind the first, and the smallest code that may be written so; -1: 'first'
 * begins no character. */
static int length_of(uint8_t first, uint32_t *smallest)
{
    if (first < 0x80) {
        *smallest = 0;
        return 0;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        *smallest = 0x80;
        return 1;
    }
    if (first >= 0xe0 && first <= 0xef) {
        *smallest = 0x800;
        return 2;
    }
    *smallest = 0x10000;
    return first >= 0xf0 && first <= 0xf4 ? 3 : -1;
}

uint32_t clean_next(const char **at, bool keep_c0)
{
    const uint8_t *p = (const uint8_t *)*at;
    uint32_t smallest, code;
    int more = length_of(p[0], &smallest);

    (*at)++;
    if (more < 0) {
        return CLEAN_REPLACEMENT;
    }
    code = more == 0 ? p[0] : p[0] & (0x3fu >> more);
    /* The terminator is no continuation byte, so this stops before the text's end. */
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return CLEAN_REPLACEMENT;
        }
        code = code << 6 | (p[i] & 0x3f);
    }
    if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return CLEAN_REPLACEMENT;
    }
    *at += more;
    return is_unsafe(code, keep_c0) ? CLEAN_REPLACEMENT : code;
}

size_t clean_put(uint32_t code, char out[static 4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}
