/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Captures of named taps: --tap NAME=FILE.
 */
#include "audit/collect.h"
#include "base/error.h"
#include "cli/inputs.h"
#include "cli/shared.h"

#include <ctype.h>
#include <string.h>

bool tap_parse(struct options *o, const char *value, struct policap_error *err)
{
    const char *equals = strchr(value, '=');
    size_t len = equals ? (size_t)(equals - value) : 0;
    bool ok = len > 0 && len < TAP_NAME_LEN && equals[1];

    for (size_t i = 0; ok && i < len; i++) {
        ok = isalnum((unsigned char)value[i]) || strchr("-_.", value[i]);
    }
    if (!ok) {
        return fail(err,
                    "--tap %.80s: write NAME=FILE, the name of letters, digits, - _ .",
                    value);
    }
    if (o->n_taps == MAX_TAPS) {
        return fail(err, "--tap: at most %d times: name a directory", MAX_TAPS);
    }
    o->taps[o->n_taps++] = (struct tap_option){value, len, equals + 1};
    return true;
}

static bool same_tap(const struct tap_option *a, const struct tap_option *b)
{
    return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

/* Was the tap of option 'i' read with one before? */
static bool is_read(const struct options *o, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (same_tap(&o->taps[k], &o->taps[i])) {
            return true;
        }
    }
    return false;
}

/* Reads the captures of the tap that option 'i' names first, as one in time. */
static bool read_tap(struct collector *collector, const struct options *o, size_t i,
                     bool *went_on, struct policap_error *err)
{
    struct options one = *o;
    struct inputs inputs;
    const char *paths[MAX_TAPS];
    char name[TAP_NAME_LEN] = "";
    bool ok;

    one.operands = paths;
    one.n_operands = 0;
    for (size_t k = i; k < o->n_taps; k++) {
        if (same_tap(&o->taps[k], &o->taps[i])) {
            paths[one.n_operands++] = o->taps[k].path;
        }
    }
    memcpy(name, o->taps[i].name, o->taps[i].name_len);
    if (!collector_tap(collector, name)) {
        return fail(err, "--tap: at most %d taps", TALLY_MAX_TAPS);
    }
    ok = inputs_open(&inputs, &one, err) &&
         collector_read_group(collector, inputs.group, err);
    *went_on |= inputs_went_on(&inputs);
    inputs_close(&inputs);
    return ok;
}

bool taps_read(struct collector *collector, const struct options *o, bool *went_on,
               struct policap_error *err)
{
    bool ok = o->n_operands == 0 ||
              fail(err,
                   "%.200s: of which tap? With --tap, give each capture as --tap "
                   "NAME=FILE",
                   o->operands[0]);

    for (size_t i = 0; ok && i < o->n_taps; i++) {
        ok = is_read(o, i) || read_tap(collector, o, i, went_on, err);
    }
    return ok;
}
