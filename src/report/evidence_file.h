/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Packets that prove findings, as pcapng files that Wireshark opens.
 *
 * One file a finding, named by its id, in a folder; each packet has the finding as its
 * comment (frame.comment).  Packets are cut as they were kept.
 */
#ifndef REPORT_EVIDENCE_FILE_H
#define REPORT_EVIDENCE_FILE_H

#include "audit/judge.h"
#include "audit/keep.h"

#include <policap/error.h>
#include <stdio.h>

enum { EVIDENCE_MAX_FILES = 4096 }; /* In a folder; then the oldest goes. */

/* Writes packets of interfaces named 'names' as pcapng.  False: 'out' can not be
 * written. */
bool evidence_write(FILE *out, const struct kept *kept, size_t n, const char *comment,
                    const char *const *names, size_t n_names);

/* Writes what was kept of each finding that has no file yet, or of which more is kept
 * than its file has.  False: '*err' says which can not be written. */
bool evidence_save(const char *folder, const struct judgement *judgement,
                   const struct keep *keep, const char *const *names, size_t n_names,
                   struct policap_error *err);

#endif
