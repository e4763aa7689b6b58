/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files that explain share.
 */
#ifndef AUDIT_EXPLAIN_PARTS_H
#define AUDIT_EXPLAIN_PARTS_H

#include "audit/explain.h"
#include "audit/judging.h"

/* A section of the document, at its end: the array of its lines, borrowed. */
json_t *explain_section(json_t *document, const char *title);

/* Adds a line.  Bytes that are no UTF-8 are replaced. */
__attribute__((format(printf, 2, 3))) void explain_line(json_t *lines,
                                                        const char *format, ...);

/* Adds the rows that were tried for a question, as member "rows" and as a section. */
void explain_rows(json_t *document, const struct policy *policy,
                  const struct policy_question *question, const struct claim *claim);

/* explain_evidence.c: attempts, lookups or messages that a finding rests on. */
void explain_evidence(json_t *document, const struct judgement *judgement,
                      const struct finding *finding);
void explain_siblings(json_t *document, const struct judgement *judgement,
                      const struct finding *finding);
/* Is the attempt one that the finding rests on? */
bool explain_is_of(const struct judgement *judgement, const struct finding *finding,
                   const struct attempt *attempt);

#endif
