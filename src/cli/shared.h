/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What commands that read captures share (check.c).
 */
#ifndef CLI_SHARED_H
#define CLI_SHARED_H

#include "cli/options.h"

#include <stdio.h>

/* Opens -o FILE, or gives standard output.  NULL: '*err' says why not. */
FILE *output_open(const struct options *options, struct policap_error *err);
/* False: not everything could be written. */
bool output_close(const struct options *options, FILE *out, struct policap_error *err);

bool wants_text(const struct options *options);
bool wants_colour(const struct options *options);

/* Reads all captures before anything is reported: a broken one reports nothing.
 * '*went_on' (may be NULL): there were packets from --to or --until on.  Released with
 * tally_release(). */
struct tally *read_captures(const struct options *options, bool keep_pieces,
                            bool *went_on, struct policap_error *err);
void tally_release(struct tally *tally);

struct collector;
/* Reads the captures of --tap, tap by tap (taps.c). */
bool taps_read(struct collector *collector, const struct options *options,
               bool *went_on, struct policap_error *err);

/* explain.c */
int rules_explain(const struct options *options, const struct policy *policy,
                  FILE *out);
bool rules_explain_operands(const struct options *options);
/* --explain: writes it instead of the report. */
bool write_finding_explained(const struct options *options,
                             const struct judgement *judgement,
                             struct policap_error *err);

/* Judges and writes the report; an exit status. */
int report_tally(const struct options *options, const struct tally *tally,
                 const struct policy *policy);

struct policy *load_policy(const struct options *options, struct policap_error *err);

#endif
