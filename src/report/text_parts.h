/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The parts of the text report, shared by the files that make it.
 */
#ifndef REPORT_TEXT_PARTS_H
#define REPORT_TEXT_PARTS_H

#include "audit/judge.h"
#include "report/text_writer.h"

/* What the devices are called: "phone", or "host" with --device any. */
const char *text_device_noun(const struct judgement *judgement);

/* "2026-11-22 07:30:01 to 07:45:00 UTC (14 min 59 s)". */
void text_span(struct text_writer *text, int64_t first_ns, int64_t last_ns);

/* A clause as a sentence: its first letter large, a full stop behind it. */
void text_sentence(struct text_writer *text, const char *clause);

/* The sections, in the order in which they stand. */
void text_next_steps(struct text_writer *text, const struct judgement *judgement);
void text_read(struct text_writer *text, const struct judgement *judgement);
void text_problems(struct text_writer *text, const struct judgement *judgement);
void text_findings(struct text_writer *text, const struct judgement *judgement);
void text_rows(struct text_writer *text, const struct judgement *judgement);
void text_unlisted(struct text_writer *text, const struct judgement *judgement);
void text_devices(struct text_writer *text, const struct judgement *judgement,
                  bool show_names);

#endif
