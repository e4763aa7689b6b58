/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parts of metrics_text() share.
 */
#ifndef MONITOR_METRICS_PARTS_H
#define MONITOR_METRICS_PARTS_H

#include <jansson.h>
#include <stdio.h>

/* The two lines before a metric's samples. */
void metrics_head(FILE *out, const char *name, const char *type, const char *help);

/* A label, its value escaped, behind 'before'. */
void metrics_label(FILE *out, char before, const char *name, const char *value);

/* metrics_report.c: how much the capture shows, and when rows were last used. */
void metrics_put_sight(FILE *out, const json_t *report);
void metrics_put_matches(FILE *out, const json_t *report);

#endif
