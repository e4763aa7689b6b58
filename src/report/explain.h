/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An explanation (audit/explain.h) as text.  Its JSON is the explanation itself.
 */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Takes no reference.  False: 'out' cannot be written, or 'explanation' is NULL. */
bool report_write_explanation(FILE *out, const json_t *explanation, bool text,
                              bool colour);

#endif
