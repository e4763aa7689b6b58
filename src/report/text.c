/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The text report: the verdict first, then what it rests on.
 *
 * Written for someone with a ticket and a few minutes: what is wrong, who mends it,
 * and which frames prove it stand before any table.
 */
#include "report/report.h"
#include "report/text_parts.h"
#include "report/words.h"

#include <ctype.h>
#include <stdlib.h>

const char *text_device_noun(const struct judgement *judgement)
{
    return judgement->n_devices > 0 &&
                   judgement->devices[0].identified_by == IDENTITY_INITIATOR
               ? "host"
               : "phone";
}

void text_sentence(struct text_writer *text, const char *clause)
{
    text_say(text, "%c%s.", toupper((unsigned char)clause[0]), clause + 1);
}

static void put_duration(struct text_writer *text, int64_t ns)
{
    int64_t s = ns / 1000000000;

    if (s >= 3600) {
        text_say(text, "(%lld h %lld min)", (long long)(s / 3600),
                 (long long)(s / 60 % 60));
    } else if (s >= 60) {
        text_say(text, "(%lld min %lld s)", (long long)(s / 60), (long long)(s % 60));
    } else {
        text_say(text, "(%lld.%lld s)", (long long)s, (long long)(ns / 100000000 % 10));
    }
}

void text_span(struct text_writer *text, int64_t first_ns, int64_t last_ns)
{
    enum { DATE_LEN = 10, SECONDS_LEN = 19 };
    char first[TIME_TEXT_LEN], last[TIME_TEXT_LEN];

    words_time(first_ns, "", first);
    words_time(last_ns, "", last);
    first[DATE_LEN] = last[DATE_LEN] = ' ';
    first[SECONDS_LEN] = last[SECONDS_LEN] = '\0';
    text_say(text, "%s", first);
    if (strcmp(first, last) != 0) {
        bool one_day = memcmp(first, last, DATE_LEN) == 0;

        text_say(text, "to %s UTC", one_day ? last + DATE_LEN + 1 : last);
        put_duration(text, last_ns > first_ns ? last_ns - first_ns : 0);
    } else {
        text_say(text, "UTC");
    }
}

static int pointer_cmp(const void *a, const void *b)
{
    const struct device *const *x = a, *const *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* Counts devices that have a finding of a kind that fails.  False: out of memory. */
static bool count_hit(const struct judgement *judgement, unsigned fail_on,
                      size_t *n_hit)
{
    const struct device **hit = malloc((judgement->n_findings + 1) * sizeof *hit);
    size_t n = 0;

    *n_hit = 0;
    if (!hit) {
        return false;
    }
    for (size_t i = 0; i < judgement->n_findings; i++) {
        const struct finding *finding = &judgement->findings[i];

        if (finding->device && fail_on & 1u << finding->kind) {
            hit[n++] = finding->device;
        }
    }
    qsort(hit, n, sizeof *hit, pointer_cmp);
    for (size_t i = 0; i < n; i++) {
        *n_hit += i == 0 || hit[i] != hit[i - 1];
    }
    free(hit);
    return true;
}

static size_t count_problems(const struct judgement *judgement, unsigned fail_on)
{
    size_t n = 0;

    for (size_t i = 0; i < judgement->n_problems; i++) {
        const struct problem *problem = &judgement->problems[i];

        n += problem->n_findings > 0 && (fail_on & 1u << problem->kind) != 0;
    }
    return n;
}

static size_t count_failing(const struct judgement *judgement, unsigned fail_on)
{
    size_t n = 0;

    for (size_t i = 0; i < judgement->n_findings; i++) {
        n += (fail_on & 1u << judgement->findings[i].kind) != 0;
    }
    return n;
}

static void verdict_fail(struct text_writer *text, const struct judgement *judgement,
                         unsigned fail_on, size_t n_hit)
{
    size_t n_problems = count_problems(judgement, fail_on);

    text_styled(text, STYLE_BAD, "FAIL:");
    if (n_problems > 0) {
        page_number(text, n_problems, "problem", "");
    } else {
        page_number(text, count_failing(judgement, fail_on), "finding", "");
    }
    if (n_hit > 0) {
        text_say(text, "on %zu of", n_hit);
        page_number(text, judgement->n_devices, text_device_noun(judgement), ".");
    } else {
        text_say(text, "that no %s had a part in.", text_device_noun(judgement));
    }
}

static void verdict_pass(struct text_writer *text, const struct judgement *judgement)
{
    text_styled(text, STYLE_GOOD, "PASS:");
    if (judgement->n_findings == 0) {
        text_say(text, "nothing blocked and nothing unexpected on");
        page_number(text, judgement->n_devices, text_device_noun(judgement), ".");
    } else {
        text_say(text, "no finding of a kind that fails on");
        page_number(text, judgement->n_devices, text_device_noun(judgement), ";");
        page_number(text, judgement->n_findings, "other finding", " below.");
    }
}

static uint64_t count_packets(const struct tally *tally)
{
    uint64_t n = 0;

    for (size_t i = 0; i < tally->n_captures; i++) {
        n += tally->captures[i].packets;
    }
    return n;
}

static void verdict_inconclusive(struct text_writer *text,
                                 const struct judgement *judgement)
{
    text_styled(text, STYLE_WARN, "INCONCLUSIVE:");
    if (count_packets(judgement->tally) == 0) {
        text_say(text, "there is no packet in what was read.");
    } else if (judgement->n_devices == 0) {
        text_say(text, "no phone was found.");
    } else if (policy_outside_capture(judgement->policy)) {
        text_say(text, "nothing wrong was seen, but from outside, where what the "
                       "network stops never comes.");
    } else if (judgement->trust == TRUST_BLIND) {
        text_say(text, "this capture does not show both directions, so nothing can be "
                       "accused.");
    } else {
        text_say(text, "nothing that the phones did could be judged.");
    }
}

static void put_verdict(struct text_writer *text, const struct judgement *judgement,
                        const struct judge_options *options, size_t n_hit)
{
    switch (judgement->verdict) {
    case VERDICT_FAIL:
        verdict_fail(text, judgement, options->fail_on, n_hit);
        break;
    case VERDICT_PASS:
        verdict_pass(text, judgement);
        break;
    case VERDICT_INCONCLUSIVE:
        verdict_inconclusive(text, judgement);
        break;
    }
}

bool report_write_text(FILE *out, const struct judgement *judgement,
                       const struct judge_options *options, bool colour)
{
    struct text_writer text;
    size_t n_hit;

    if (!count_hit(judgement, options->fail_on, &n_hit)) {
        return false;
    }
    text_begin(&text, out, colour);
    put_verdict(&text, judgement, options, n_hit);
    if (judgement->verdict == VERDICT_INCONCLUSIVE) {
        text_next_steps(&text, judgement);
    }
    text_read(&text, judgement);
    text_problems(&text, judgement);
    text_findings(&text, judgement);
    text_rows(&text, judgement);
    text_unlisted(&text, judgement);
    text_devices(&text, judgement, options->show_names);
    return text_finish(&text) && fflush(out) == 0;
}
