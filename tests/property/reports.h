/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Captures to tallies to reports, without what belongs to the parts themselves.
 */
#ifndef PROPERTY_REPORTS_H
#define PROPERTY_REPORTS_H

#include "audit/collect.h"
#include "report/report.h"

/* How a tally is judged. */
struct way {
    const char *name;
    const struct policy *policy;
    struct judge_options options;
};

/* The whole tally of one file, as `check` has it without or with --tally.  NULL: '*err'
 * says why. */
struct tally *tally_of_file(const char *path, bool for_merge,
                            struct policap_error *err);
void tally_release(struct tally *tally);

/* Judges, and gives the report as text that the caller releases.  'neutral': without
 * captures and frame numbers, which are the parts' own.  NULL: it failed. */
char *report_text(const struct tally *tally, const struct way *way, bool neutral);

/* Is each accusation of report 'b' one of report 'a' too?  Both as report_text() gave
 * them. */
bool accuses_no_more(const char *a, const char *b);

/* Prints the first lines that differ. */
void print_difference(const char *a, const char *b);

#endif
