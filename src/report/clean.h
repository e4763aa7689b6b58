/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Foreign text made fit to print.
 *
 * A path, a site's name or a name out of a capture may hold any bytes.  What is no
 * UTF-8 breaks a JSON document, and control characters command the terminal, so both
 * are replaced.
 */
#ifndef REPORT_CLEAN_H
#define REPORT_CLEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLEAN_REPLACEMENT = 0xfffd, /* U+FFFD, for what cannot be printed. */
    CLEAN_MAX_GROWTH = 3        /* Bytes of U+FFFD that one byte may become. */
};

/* Takes the next character off '*at', which is not at its end.  A byte that begins no
 * UTF-8 character (RFC 3629), and a character that commands a terminal or turns the
 * direction of text, give CLEAN_REPLACEMENT.  C0 controls are given as they are where
 * 'keep_c0' says so: JSON escapes them. */
uint32_t clean_next(const char **at, bool keep_c0);

/* Writes 'code' as UTF-8 without a terminator and returns the count of bytes, 1 to 4.
 */
size_t clean_put(uint32_t code, char out[static 4]);

#endif
