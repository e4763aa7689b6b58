/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The parts of the JSON report, shared by the files that make it.
 *
 * Each call gives a new value, or NULL without memory; jansson's json_pack() and
 * json_array_append_new() take a NULL for "no memory" too and pass it on, so only the
 * whole report is asked whether it is NULL.
 */
#ifndef REPORT_JSON_PARTS_H
#define REPORT_JSON_PARTS_H

#include "audit/judge.h"
#include "report/line_writer.h"

#include <jansson.h>

json_t *json_count(uint64_t n);
/* Made fit to print (clean.h); null for NULL. */
json_t *json_text(const char *text);
json_t *json_time(int64_t ns); /* null for 0. */
json_t *json_addr(bool is_known, const struct addr *addr);
json_t *json_addrs(const struct addr *addrs, size_t n);
json_t *json_row(const struct policy *policy, long row);
/* Appends and returns true; false, and nothing kept, where either is NULL. */
bool json_append(json_t *array, json_t *value);
/* 'array' where 'complete', else it is released: NULL. */
json_t *json_whole(json_t *array, bool complete);

/* The whole report, but for what is written without a tree: "findings" and "devices"
 * are null there. */
json_t *json_report(const struct judgement *judgement,
                    const struct judge_options *options);
json_t *json_captures(const struct tally *tally);         /* json.c */
json_t *json_problems(const struct judgement *judgement); /* json_problem.c */
json_t *json_coverage(const struct judgement *judgement); /* json_fleet.c */
json_t *json_roles(const struct judgement *judgement);
json_t *json_unlisted(const struct judgement *judgement);
json_t *json_background(const struct judgement *judgement);

/* A member of what is written without a tree: null for 0, or NULL. */
void json_put_time(struct line_writer *line, const char *key, int64_t ns);
void json_put_addr(struct line_writer *line, const char *key, const struct addr *addr);
void json_put_addrs(struct line_writer *line, const char *key, const struct addr *addrs,
                    size_t n);
void json_put_findings(struct line_writer *line, const struct judgement *judgement);
void json_put_devices(struct line_writer *line, const struct judgement *judgement,
                      bool show_names);

#endif
