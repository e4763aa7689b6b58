/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A judgement as JSON and as text, and a flow as an EVE line.
 *
 * The report decides nothing: what it prints stands in the judgement.  The same
 * judgement gives the same bytes, so nothing here reads a clock, the locale or the
 * environment.  The JSON report keeps the field order of its schema,
 * rules/report.schema.json; each field is there, null where it is unknown.
 *
 * Names, paths and texts come from captures and rule files, and are hostile: in JSON
 * they are escaped, in text every control character is replaced before it can reach a
 * terminal.  Host names of people (DHCP option 12) are printed only where
 * options->show_names asks.
 *
 * Calls keep nothing.  'options' is what judge() was given, never NULL.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "audit/judge.h"

#include <jansson.h>
#include <stdio.h>

/* Writes the report, indented by two, with a final newline.  False: out of memory, or
 * 'out' cannot be written. */
bool report_write_json(FILE *out, const struct judgement *judgement,
                       const struct judge_options *options);

/* The same as text in memory, that the caller releases with free().  NULL: out of
 * memory. */
char *report_json_text(const struct judgement *judgement,
                       const struct judge_options *options, size_t *len);

/* The same as an object, that the caller releases with json_decref().  NULL: out of
 * memory. */
json_t *report_json(const struct judgement *judgement,
                    const struct judge_options *options);

/* Writes the report for a person, wrapped at 80 columns.  Escape sequences for colour
 * are written only with 'colour'.  False: out of memory, or 'out' cannot be written. */
bool report_write_text(FILE *out, const struct judgement *judgement,
                       const struct judge_options *options, bool colour);

/* Writes 'piece' as one line: an EVE object of type "flow", with the verdict under
 * "policap".  Allocates nothing.  False: 'out' cannot be written. */
bool report_write_flow(FILE *out, const struct judgement *judgement,
                       const struct piece *piece, const struct judge_options *options);

/* Writes 'piece' as an event of a sensor: the same line, with the keys of Suricata
 * alone.  'host' may be "".  'now_ns': until when nothing more was seen. */
bool report_write_flow_event(FILE *out, const struct piece *piece, const char *host,
                             const char *iface, int64_t now_ns);

/* The same as the first for a verdict that the caller has. */
bool report_write_flow_verdict(FILE *out, const struct judgement *judgement,
                               const struct piece *piece,
                               const struct flow_verdict *verdict);

#endif
