/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Times, and the words of the report that judge.h does not hold.
 */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "audit/judge.h"

enum { TIME_TEXT_LEN = 40 };

/* "2026-11-22T07:45:00.123456" and 'zone': UTC, the digits behind the sixth cut.
 * Returns the length. */
size_t words_time(int64_t ns, const char *zone, char out[static TIME_TEXT_LEN]);

/* "tcp", "udp", "icmp", or NULL for another value. */
const char *words_transport(uint8_t transport);
/* "TCP", "UDP", "ICMP", or "?". */
const char *words_transport_upper(uint8_t transport);

const char *words_need(enum need need);
const char *words_severity(uint8_t severity);

/* The kinds that --fail-on stands for where it is not given. */
unsigned words_default_fail_on(void);

/* The row's id, or NULL for -1. */
const char *words_row_id(const struct policy *policy, long row);

/* For the text report: what a person should know of each. */
const char *words_kind_title(enum finding_kind kind);  /* "Blocked" */
const char *words_kind_clause(enum finding_kind kind); /* Where there is no cause. */
const char *words_cause(enum cause cause); /* A clause; NULL for CAUSE_NONE. */
const char *words_owner(enum owner owner); /* "the firewall team" */
const char *words_scope(enum scope scope); /* "every phone" */
const char *words_state(enum row_state state);

#endif
