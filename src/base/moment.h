/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Points in time, and lengths of it, as people and programs write them.
 */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/* Reads RFC 3339 in UTC: "2026-11-22T07:30:01.25Z".  A space may stand for the T; the
 * Z, the seconds and the time of day may be left out.  False: it is none, or before
 * 1970 or after 2261, which nanoseconds in 64 bits do not reach. */
bool moment_parse(const char *text, int64_t *ns);

enum { DURATION_MAX_S = 366 * 86400 };

/* Reads "90s", "5m", "1h" or "7d".  False: it is none, or is 0 or over a year. */
bool duration_parse(const char *text, unsigned *seconds);

#endif
