/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Questions to the policy, each asked once.
 *
 * Phones of a fleet talk to the same few peers, so most cells ask what another one did.
 * The last question of each slot is kept with its answer; one that is not there is just
 * asked again, as all are of a single flow that is explained.
 */
#include "audit/judging.h"

#include "base/hash.h"

#include <stdlib.h>

enum { ASKED_SLOTS = 1024 };

struct asked {
    struct policy_question question;
    struct policy_match rows[POLICY_MAX_ANSWERS];
    size_t n_rows;
    bool is_set;
};

bool asked_init(struct judging *j)
{
    j->asked = calloc(ASKED_SLOTS, sizeof *j->asked);
    return j->asked != NULL;
}

size_t asked_rows(const struct judging *j, const struct policy_question *question,
                  struct policy_match out[static POLICY_MAX_ANSWERS])
{
    struct asked *asked;

    if (!j->asked) {
        return policy_ask(j->policy, question, out);
    }
    asked = &j->asked[hash_bytes(question, sizeof *question, 0) % ASKED_SLOTS];
    if (!asked->is_set || memcmp(&asked->question, question, sizeof *question) != 0) {
        asked->question = *question;
        asked->n_rows = policy_ask(j->policy, question, asked->rows);
        asked->is_set = true;
    }
    memcpy(out, asked->rows, asked->n_rows * sizeof *out);
    return asked->n_rows;
}
