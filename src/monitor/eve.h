/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Parts of an event in Suricata's EVE form.
 */
#ifndef MONITOR_EVE_H
#define MONITOR_EVE_H

#include "monitor/health.h"

#include <jansson.h>
#include <stdint.h>

enum { EVE_TIME_ROOM = 40 };

/* The text of a member; NULL: there is none. */
const char *eve_text_of(const json_t *object, const char *key);

/* Adds a text that is not empty. */
void eve_add_text(json_t *line, const char *key, const char *value);

/* A time of a report, and one in nanoseconds, as EVE writes it: the offset in full. */
void eve_time(char out[static EVE_TIME_ROOM], const char *report_time);
void eve_clock(char out[static EVE_TIME_ROOM], int64_t ns);

/* The alert that a problem of a report turned to 'state'; 'finding', one of its, may be
 * NULL.  A new reference; NULL: out of memory. */
json_t *eve_alert(const json_t *report, const json_t *problem, const json_t *finding,
                  const char *state, const char *since);

/* The alert that a mirror is in another state.  A new reference; NULL: out of memory.
 */
json_t *eve_health(const struct health *health);

/* The ends of the finding's flow: source is who opened it. */
void eve_add_flow(json_t *line, const json_t *finding);

#endif
