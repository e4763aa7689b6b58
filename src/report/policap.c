/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The library's public calls, over the modules.
 */
#include <policap/policap.h>

#include "audit/collect.h"
#include "base/error.h"
#include "report/report.h"
#include "report/words.h"

#include <stdlib.h>

#define PUBLIC __attribute__((visibility("default")))

/* The public types are the modules' own, by other names. */
static const struct policy *policy_in(const struct policap_policy *policy)
{
    return (const struct policy *)(const void *)policy;
}

static struct tally *tally_in(struct policap_tally *tally)
{
    return (struct tally *)(void *)tally;
}

static const struct tally *tally_of(const struct policap_tally *tally)
{
    return (const struct tally *)(const void *)tally;
}

PUBLIC struct policap_policy *policap_policy_load(const char *site,
                                                  const char *const *packs,
                                                  size_t n_packs,
                                                  struct policap_error *err)
{
    return (struct policap_policy *)(void *)policy_load(site, packs, n_packs, err);
}

PUBLIC void policap_policy_free(struct policap_policy *policy)
{
    policy_free((struct policy *)(void *)policy);
}

PUBLIC struct policap_tally *policap_tally_collect(const char *const *captures,
                                                   size_t n_captures,
                                                   struct policap_error *err)
{
    struct collector *collector = collector_new(false, true);
    struct tally *tally = NULL;
    bool ok = collector || fail(err, "out of memory");

    for (size_t i = 0; ok && i < n_captures; i++) {
        ok = collector_read(collector, captures[i], err);
    }
    if (ok && !(tally = collector_take(collector))) {
        fail(err, "out of memory");
    }
    collector_free(collector);
    return (struct policap_tally *)(void *)tally;
}

PUBLIC struct policap_tally *policap_tally_load(const char *path,
                                                struct policap_error *err)
{
    return (struct policap_tally *)(void *)tally_read(path, err);
}

PUBLIC bool policap_tally_save(const struct policap_tally *tally, const char *path,
                               struct policap_error *err)
{
    return tally_write(tally_of(tally), path, err);
}

PUBLIC bool policap_tally_merge(struct policap_tally *into,
                                const struct policap_tally *from,
                                struct policap_error *err)
{
    return (tally_merge(tally_in(into), tally_of(from)) &&
            tally_settle(tally_in(into))) ||
           fail(err, "too much evidence to merge");
}

PUBLIC void policap_tally_free(struct policap_tally *tally)
{
    if (tally) {
        tally_fini(tally_in(tally));
        free(tally);
    }
}

static char *report_text(const struct judgement *judgement,
                         const struct judge_options *options, struct policap_error *err)
{
    size_t len;
    char *text = report_json_text(judgement, options, &len);

    if (!text) {
        fail(err, "out of memory");
    }
    return text;
}

PUBLIC char *policap_report(const struct policap_tally *tally,
                            const struct policap_policy *policy,
                            enum policap_verdict *verdict, struct policap_error *err)
{
    struct judge_options options = {.fail_on = words_default_fail_on()};
    struct judgement *judgement =
        judge(tally_of(tally), policy_in(policy), &options, err);
    char *text = judgement ? report_text(judgement, &options, err) : NULL;

    if (text) {
        *verdict = (enum policap_verdict)judgement->verdict;
    }
    judgement_free(judgement);
    return text;
}
