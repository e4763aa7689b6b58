/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names that captures list for addresses, as evidence.
 */
#ifndef AUDIT_LISTED_NAMES_H
#define AUDIT_LISTED_NAMES_H

#include "audit/tally.h"
#include "capture/listed.h"

/* Notes as bindings of host :: what a capture from 'first_ns' to 'last_ns' lists.  What
 * is no host name is left aside; what the list had no room for counts as refused. */
void tally_add_listed(struct tally *tally, const struct listed_names *names,
                      int64_t first_ns, int64_t last_ns);

#endif
