/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Taking apart lines of text protocols.
 */
#ifndef BASE_CHARS_H
#define BASE_CHARS_H

#include "base/addr.h"
#include "base/cursor.h"

/* Takes what stands before the first 'byte', and the byte itself. */
bool chars_until(struct cursor *c, char byte, struct cursor *out);

/* Takes a line without its end; a bare LF ends one too. */
bool chars_line(struct cursor *c, struct cursor *out);

/* Without blanks and line ends around it. */
struct cursor chars_trimmed(struct cursor text);

/* Takes what stands before the next blank, and the blanks. */
struct cursor chars_word(struct cursor *c);

bool chars_is(struct cursor text, const char *want);
bool chars_is_nocase(struct cursor text, const char *want);
bool chars_begins(struct cursor text, const char *want);
bool chars_begins_nocase(struct cursor text, const char *want);

/* Has it bytes that no start line of HTTP or SIP holds?  A tab may be in a reason, and
 * a raw byte above 127 is met in targets. */
bool chars_has_control(struct cursor text);

enum { CHARS_MAX_METHOD = 32 };

/* A method of HTTP or SIP.  Methods are tokens; all that are registered are capitals,
 * with '-' in some.  New ones come up, so the version beside it decides, not a list. */
bool chars_is_method(struct cursor text);

/* All of 'text' as a decimal number of at most 'most'. */
bool chars_number(struct cursor text, uint32_t most, uint32_t *out);

/* All of 'text' as an address, with or without brackets. */
bool chars_addr(struct cursor text, struct addr *out);

#endif
