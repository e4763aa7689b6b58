/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policap check, flows and merge: captures or tallies to a report.
 */
#include "audit/collect.h"
#include "base/error.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "cli/shared.h"
#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FILE *output_open(const struct options *o, struct policap_error *err)
{
    FILE *out = o->output ? fopen(o->output, "w") : stdout;

    if (!out) {
        fail(err, "%s: %s: name a file that can be written", o->output,
             strerror(errno));
    }
    return out;
}

bool output_close(const struct options *o, FILE *out, struct policap_error *err)
{
    bool ok = fflush(out) == 0 && !ferror(out);

    if (out != stdout) {
        ok = fclose(out) == 0 && ok;
    }
    return ok || fail(err, "%s: %s: the report is not complete",
                      o->output ? o->output : "standard output", strerror(errno));
}

bool wants_text(const struct options *o)
{
    if (o->format != FORMAT_DEFAULT) {
        return o->format == FORMAT_TEXT;
    }
    return !o->output && isatty(STDOUT_FILENO);
}

bool wants_colour(const struct options *o)
{
    return !o->output && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

static bool write_report(const struct options *o, const struct judgement *judgement,
                         struct policap_error *err)
{
    FILE *out = output_open(o, err);
    bool ok;

    if (!out) {
        return false;
    }
    ok = wants_text(o) ? report_write_text(out, judgement, &o->judge, wants_colour(o))
                       : report_write_json(out, judgement, &o->judge);
    return output_close(o, out, err) &&
           (ok || fail(err, "the report could not be written"));
}

static int status_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_PASS:
        return EXIT_FITS;
    case VERDICT_FAIL:
        return EXIT_FINDINGS;
    case VERDICT_INCONCLUSIVE:
        break;
    }
    return EXIT_INCONCLUSIVE;
}

struct tally *read_captures(const struct options *o, bool keep_pieces, bool *went_on,
                            struct policap_error *err)
{
    struct inputs inputs = {0};
    bool later = false;
    struct collector *collector = NULL;
    struct tally *tally = NULL;
    bool ok = o->n_taps > 0 || inputs_open(&inputs, o, err);

    if (ok && !(collector = collector_new(keep_pieces, o->tally != NULL))) {
        ok = fail(err, "out of memory");
    }
    if (ok) {
        collector_threads(collector, o->threads);
    }
    if (ok && o->max_memory > 0) {
        collector_limit(collector, o->max_memory / 2); /* Judging takes as much. */
    }
    ok = ok && (o->n_taps > 0 ? taps_read(collector, o, &later, err)
                              : collector_read_group(collector, inputs.group, err));
    if (ok && !(tally = collector_take(collector))) {
        fail(err, "out of memory");
    }
    collector_free(collector);
    if (went_on) {
        *went_on = later || inputs_went_on(&inputs);
    }
    inputs_close(&inputs);
    return tally;
}

void tally_release(struct tally *tally)
{
    if (tally) {
        tally_fini(tally);
        free(tally);
    }
}

struct policy *load_policy(const struct options *o, struct policap_error *err)
{
    return policy_load(o->site, o->policies, o->n_policies, err);
}

int report_tally(const struct options *o, const struct tally *tally,
                 const struct policy *policy)
{
    struct policap_error err;
    struct judgement *judgement = judge(tally, policy, &o->judge, &err);
    int status;

    if (!judgement) {
        return complain(err.text);
    }
    status = status_of(judgement->verdict);
    if (!(o->explain ? write_finding_explained(o, judgement, &err)
                     : write_report(o, judgement, &err))) {
        status = complain(err.text);
    }
    judgement_free(judgement);
    return status;
}

/* The rules come first: what is wrong with them need not wait for a long capture. */
int command_check(const struct options *o)
{
    struct policap_error err;
    struct policy *policy = load_policy(o, &err);
    bool went_on = false;
    struct tally *tally = policy ? read_captures(o, false, &went_on, &err) : NULL;
    struct options as_of = *o;
    int status;

    if (!tally || (o->tally && !tally_write(tally, o->tally, &err))) {
        status = complain(err.text);
    } else {
        as_of.judge.now_ns = o->until && went_on ? o->to_ns : 0;
        status = report_tally(&as_of, tally, policy);
    }
    tally_release(tally);
    policy_free(policy);
    return status;
}

static struct tally *read_tallies(const struct options *o, struct policap_error *err)
{
    struct tally *all = calloc(1, sizeof *all);
    bool ok = all != NULL;

    if (o->n_operands == 0) {
        free(all);
        fail(err, "merge: no tally: name files that `policap check --tally` wrote");
        return NULL;
    }
    if (ok) {
        tally_init(all);
    } else {
        fail(err, "out of memory");
    }
    for (size_t i = 0; ok && i < o->n_operands; i++) {
        struct tally *one = tally_read(o->operands[i], err);

        ok = one != NULL;
        if (ok && !tally_merge(all, one)) {
            ok = fail(err, "%s: too much evidence to merge", o->operands[i]);
        }
        tally_release(one);
    }
    if (ok && !tally_settle(all)) {
        ok = fail(err, "out of memory");
    }
    if (!ok) {
        tally_release(all);
        return NULL;
    }
    return all;
}

int command_merge(const struct options *o)
{
    struct policap_error err;
    struct policy *policy = load_policy(o, &err);
    struct tally *tally = policy ? read_tallies(o, &err) : NULL;
    int status = tally ? report_tally(o, tally, policy) : complain(err.text);

    tally_release(tally);
    policy_free(policy);
    return status;
}

static int by_first_packet(const void *a, const void *b)
{
    const struct piece *x = *(const struct piece *const *)a;
    const struct piece *y = *(const struct piece *const *)b;

    if (x->first_ns != y->first_ns) {
        return x->first_ns < y->first_ns ? -1 : 1;
    }
    return memcmp(&x->key, &y->key, sizeof x->key);
}

/* Flows that are over and those that are not, as one list in time. */
static const struct piece **all_pieces(const struct tally *tally, size_t *n)
{
    const struct piece **all =
        malloc((tally->n_closed + tally->n_pieces + 1) * sizeof *all);

    *n = 0;
    for (size_t i = 0; all && i < tally->n_closed; i++) {
        all[(*n)++] = tally->closed[i];
    }
    for (size_t i = 0; all && i < tally->n_pieces; i++) {
        all[(*n)++] = tally->pieces[i];
    }
    if (all && *n > 0) {
        qsort(all, *n, sizeof *all, by_first_packet);
    }
    return all;
}

static bool write_flows(const struct options *o, const struct judgement *judgement,
                        struct policap_error *err)
{
    size_t n;
    const struct piece **pieces = all_pieces(judgement->tally, &n);
    FILE *out = pieces ? output_open(o, err) : NULL;
    bool ok = true;

    if (!pieces) {
        return fail(err, "out of memory");
    }
    for (size_t i = 0; out && ok && i < n; i++) {
        /* An ICMP error may quote a flow of which no packet was seen. */
        if (pieces[i]->end[0].packets + pieces[i]->end[1].packets > 0) {
            ok = report_write_flow(out, judgement, pieces[i], &o->judge);
        }
    }
    free(pieces);
    return out && output_close(o, out, err) && (ok || fail(err, "flows: cannot write"));
}

int command_flows(const struct options *o)
{
    struct policap_error err;
    struct policy *policy = load_policy(o, &err);
    struct tally *tally = policy ? read_captures(o, true, NULL, &err) : NULL;
    struct judgement *judgement = tally ? judge(tally, policy, &o->judge, &err) : NULL;
    int status = EXIT_FITS;

    if (!judgement || !write_flows(o, judgement, &err)) {
        status = complain(err.text);
    }
    judgement_free(judgement);
    tally_release(tally);
    policy_free(policy);
    return status;
}
