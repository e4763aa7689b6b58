/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An inspection as text and as JSON.  As in report.h, what is printed stands in what
 * is given, and foreign text is made fit to print.
 */
#ifndef REPORT_INSPECT_H
#define REPORT_INSPECT_H

#include "audit/inspect.h"

#include <stdio.h>

/* False: out of memory, or 'out' cannot be written. */
bool report_write_inspection_json(FILE *out, const struct inspection *inspection);
bool report_write_inspection_text(FILE *out, const struct inspection *inspection,
                                  bool colour);

#endif
