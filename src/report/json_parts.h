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

/* The whole report; takes 'findings'. */
json_t *json_report(const struct judgement *judgement,
                    const struct judge_options *options, json_t *findings);
json_t *json_finding(const struct judgement *judgement, size_t i);
json_t *json_captures(const struct tally *tally);         /* json.c */
json_t *json_findings(const struct judgement *judgement); /* json_finding.c */
json_t *json_problems(const struct judgement *judgement); /* json_finding.c */
json_t *json_coverage(const struct judgement *judgement); /* json_fleet.c */
json_t *json_devices(const struct judgement *judgement, bool show_names);
json_t *json_roles(const struct judgement *judgement);
json_t *json_unlisted(const struct judgement *judgement);
json_t *json_background(const struct judgement *judgement);

#endif
