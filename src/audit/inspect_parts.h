/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of an inspection share.
 */
#ifndef AUDIT_INSPECT_PARTS_H
#define AUDIT_INSPECT_PARTS_H

#include "audit/inspect.h"
#include "audit/judging.h"

/* "18 h", "5 min", "13 s".  Returns the length. */
size_t inspect_duration(double s, char *out, size_t room);

/* Fills the notes from what was counted (inspect_notes.c). */
void inspect_notes(struct inspection *inspection);

#endif
