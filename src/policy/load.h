/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading packs and the site file into a policy that is being built.
 */
#ifndef POLICY_LOAD_H
#define POLICY_LOAD_H

#include "policy/internal.h"
#include "policy/json.h"

/* Where the rows of a file go. */
struct row_reader {
    struct policy *policy;
    struct arena scratch; /* Lists of rows, until they are copied. */
    size_t pack;
};

/* Reads the list "rows". */
bool rows_read(const struct json_place *place, json_t *value, struct row_reader *reader,
               struct policap_error *err);
/* Reads a list of ports into memory of 'arena'. */
bool ports_read(const struct json_place *place, json_t *value, struct arena *arena,
                const struct port_range **out, size_t *n, struct policap_error *err);

/* Of rows, groups, aliases and sets: short, of a-z, 0-9 and '-'. */
bool is_id(const char *text);

/* Reads a pack: its head into '*pack', its sets and rows into 'policy'. */
bool pack_read(const struct json_file *file, struct policy *policy, size_t number,
               struct policy_pack *pack, struct policap_error *err);

/* Refuses sets of rows that no pack has; for when all packs are read. */
bool pack_check_sets(const struct json_file *file, const struct policy *policy,
                     struct policap_error *err);

/* Reads what the site file says; "packs" is read by the caller, before.  The packs are
 * in 'policy', which is not finished. */
bool site_read(const struct json_file *file, struct policy *policy,
               struct policap_error *err);

/* The two fuzzers and the tests of errors read from memory: 'name' is for complaints,
 * 'site' and 'pack' may be NULL. */
struct policy *policy_load_bytes(const char *pack_name, const void *pack,
                                 size_t pack_len, const char *site_name,
                                 const void *site, size_t site_len,
                                 struct policap_error *err);

#endif
