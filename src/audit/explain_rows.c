/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The rows that were tried for a flow, in order, and why each fits or not.
 */
#include "audit/explain_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *explain_section(json_t *document, const char *title)
{
    json_t *sections = json_object_get(document, "sections");
    json_t *lines = json_array();

    if (!sections) {
        sections = json_array();
        json_object_set_new(document, "sections", sections);
    }
    json_array_append_new(sections,
                          json_pack("{s:s, s:o}", "title", title, "lines", lines));
    return lines;
}

void explain_line(json_t *lines, const char *format, ...)
{
    char text[1024];
    va_list args;
    json_t *line;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    line = json_string(text);
    if (!line) {
        for (char *c = text; *c; c++) {
            *c = (unsigned char)*c < 0x80 ? *c : '?';
        }
        line = json_string(text);
    }
    json_array_append_new(lines, line);
}

static const char *failed_name(uint8_t failed)
{
    static const char *const names[] = {NULL,    "use",    "transport",
                                        "ports", "opener", "peer"};

    return names[failed];
}

static json_t *trial_json(const struct policy *policy, const struct policy_trial *trial,
                          size_t place)
{
    json_t *number = place ? json_integer((json_int_t)place) : json_null();

    return json_pack(
        "{s:s, s:b, s:o, s:s?, s:s?, s:s}", "row", policy_row(policy, trial->row)->id,
        "fits", trial->fits, "place", number, "via",
        trial->fits ? match_via_name((enum match_via)trial->match.via) : NULL, "failed",
        failed_name(trial->failed), "why", trial->why);
}

/* The claim's place of a row, from 1; 0: the row is not in it. */
static size_t place_of(const struct claim *claim, uint32_t row)
{
    for (size_t i = 0; i < claim->n_rows; i++) {
        if (claim->rows[i].row == row) {
            return i + 1;
        }
    }
    return 0;
}

/* The rule is said once for rows that the same one puts in order. */
static void say_fitting(json_t *lines, const struct policy *policy,
                        const struct policy_question *question,
                        const struct claim *claim)
{
    const char *said = "";

    for (size_t i = 0; i < claim->n_rows; i++) {
        const struct policy_match *m = &claim->rows[i];
        struct policy_trial trial;

        if (i > 0) {
            const char *why = policy_why_before(m - 1, m);

            if (strcmp(why, said) != 0) {
                explain_line(lines, "   above what follows: %s", why);
            }
            said = why;
        }
        policy_try(policy, m->row, question, &trial);
        explain_line(lines, "%zu. %s: %s", i + 1, policy_row(policy, m->row)->id,
                     trial.fits ? trial.why : "it fits");
    }
    if (claim->n_rows == 0) {
        explain_line(lines, "No row fits.");
    }
}

void explain_rows(json_t *document, const struct policy *policy,
                  const struct policy_question *question, const struct claim *claim)
{
    json_t *rows = json_array();
    size_t n_other = 0;

    json_object_set_new(document, "rows", rows);
    say_fitting(explain_section(document, "Rows that fit, the best first"), policy,
                question, claim);

    json_t *near = explain_section(document, "Rows that do not");
    for (size_t r = 0; r < policy_count(policy); r++) {
        struct policy_trial trial;
        size_t place = place_of(claim, (uint32_t)r);

        policy_try(policy, r, question, &trial);
        json_array_append_new(rows, trial_json(policy, &trial, place));
        if (trial.fits && place == 0 && claim->n_rows < POLICY_MAX_ANSWERS) {
            explain_line(near, "%s: %s; but what was sent is no media",
                         policy_row(policy, r)->id, trial.why);
        } else if (trial.failed == TRIAL_OPENER || trial.failed == TRIAL_PEER) {
            explain_line(near, "%s: its ports fit, but %s", policy_row(policy, r)->id,
                         trial.why);
        } else if (!trial.fits) {
            n_other++;
        }
    }
    explain_line(near, "%zu more by transport, ports, or because they are not in use.",
                 n_other);
}
