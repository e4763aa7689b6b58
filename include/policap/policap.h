/* SPDX-License-Identifier: BSD-3-Clause
 *
 * libpolicap: captures of Spectralink Versity phones against the documented table of
 * ports and hosts (CS-20-05).
 *
 * Three steps: a policy is loaded, captures are read into a tally (what was seen, no
 * verdicts), and a tally is judged by a policy into a report.  A tally can be saved,
 * merged with others, and judged again by another policy.
 *
 * The library never prints, never exits, and has no state of its own: a policy never
 * changes once it is loaded and may be shared by threads; a tally belongs to one thread
 * at a time.
 */
#ifndef POLICAP_POLICAP_H
#define POLICAP_POLICAP_H

#include <policap/error.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct policap_policy; /* opaque */
struct policap_tally;  /* opaque */

/* Builds a policy of the default packs or those that the site file names, then of the
 * pack files 'packs', then of the site file 'site' (NULL: none).  Returns a policy that
 * the caller releases with policap_policy_free(), or NULL with '*err' saying what to
 * fix, in which file and line. */
struct policap_policy *policap_policy_load(const char *site, const char *const *packs,
                                           size_t n_packs, struct policap_error *err);

/* Releases 'policy'.  NULL is allowed and does nothing. */
void policap_policy_free(struct policap_policy *policy);

/* Reads captures, in the order given, as one.  "-" is standard input.  Returns a tally
 * that the caller releases with policap_tally_free(), or NULL with '*err'. */
struct policap_tally *policap_tally_collect(const char *const *captures,
                                            size_t n_captures,
                                            struct policap_error *err);

/* Reads a tally that policap_tally_save() wrote; as above. */
struct policap_tally *policap_tally_load(const char *path, struct policap_error *err);

/* Writes a tally as lines of JSON.  False: '*err' says why. */
bool policap_tally_save(const struct policap_tally *tally, const char *path,
                        struct policap_error *err);

/* Adds all that 'from' holds to 'into'; 'from' stays as it is.  False: '*err'. */
bool policap_tally_merge(struct policap_tally *into, const struct policap_tally *from,
                         struct policap_error *err);

/* Releases 'tally'.  NULL is allowed and does nothing. */
void policap_tally_free(struct policap_tally *tally);

enum policap_verdict { POLICAP_PASS, POLICAP_FAIL, POLICAP_INCONCLUSIVE };

/* Judges 'tally' by 'policy'.  Returns the report as JSON (rules/report.schema.json),
 * terminated, that the caller releases with free(), and the verdict in '*verdict';
 * NULL: '*err'. */
char *policap_report(const struct policap_tally *tally,
                     const struct policap_policy *policy, enum policap_verdict *verdict,
                     struct policap_error *err);

#ifdef __cplusplus
}
#endif

#endif
