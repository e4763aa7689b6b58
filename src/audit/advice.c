/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the bulletin recommends, and a capture can check (DESIGN 3.6, A1 to A11).
 *
 * Each advice is one finding over the fleet for each row and peer, without a device:
 * what is to be changed is a server, a list or a firewall, and not a phone.  A5 is
 * judged with the calls.
 */
#include "audit/judging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_DAYS = 31, EMM_WINDOW_S = 24 * 3600 };

static const int64_t second_ns = 1000000000;

struct advice {
    uint8_t number;
    const char *rows[4]; /* Ids of the rows that it watches. */
    bool public_only;    /* Only where the peer is not of the site. */
    bool inbound;        /* Only what the peer opened. */
    const char *means, *todo;
};

static const struct advice list[] = {
    {1,
     {"sam-heartbeat", "sam-trigger"},
     true,
     false,
     "The SAM server has a public address. The bulletin wants it inside the private "
     "network.",
     "Move the SAM server inside, or list its network under private_prefixes if it is "
     "one "
     "of the site's own."},
    {2,
     {"log-syslog", "log-http", "log-https"},
     true,
     false,
     "Debug logs of the phones leave the site: the log server has a public address.",
     "Use a log server on the private network."},
    {3,
     {"update-http", "update-https"},
     true,
     false,
     "Software updates come over the WAN: every phone fetches them on its own.",
     "Check the WAN's bandwidth, or host the updates on the site."},
    {4,
     {"amie-mqtts"},
     true,
     false,
     "The AMIE gateway has a public address. It belongs in the corporate network or "
     "DMZ.",
     "Move the gateway inside, or list the DMZ under private_prefixes."},
    {6,
     {"net-ntp"},
     true,
     false,
     "The phones take the time from a public server, as they do by default.",
     "Configure a local NTP server: with a wrong clock, TLS and logins fail."},
    {7,
     {"uc-sip", "uc-ldap", "log-http", "update-http"},
     false,
     false,
     "This service is used in clear text: whoever can capture can read it.",
     "Use the encrypted port (SIPS 5061, LDAPS 636, HTTPS 443) where the server has "
     "it."},
};

static const char *row_id(const struct judging *j, const struct attempt *a)
{
    return policy_row(j->policy, a->rows[0])->id;
}

static bool watches(const struct judging *j, const struct advice *advice,
                    const struct attempt *a)
{
    if (a->verdict != CLAIM_DOCUMENTED || a->result.outcome != OUTCOME_OK ||
        (advice->public_only && policy_is_inside(j->policy, &a->peer))) {
        return false;
    }
    for (size_t i = 0; i < 4 && advice->rows[i]; i++) {
        if (strcmp(advice->rows[i], row_id(j, a)) == 0) {
            return true;
        }
    }
    return false;
}

/* The finding of this advice about the attempt's row and peer. */
static struct finding *finding_of(struct judging *j, uint8_t number,
                                  const struct attempt *a)
{
    struct judgement *out = j->out;

    for (size_t i = out->n_findings; i-- > 0;) {
        struct finding *f = &out->findings[i];

        if (f->kind == KIND_ADVICE && f->advice == number &&
            f->row == (long)a->rows[0] && f->port == a->port && f->n_peer_ips &&
            addr_equal(&f->peer_ips[0], &a->peer)) {
            return f;
        }
    }

    struct finding *f = finding_new(j, KIND_ADVICE, (long)a->rows[0], NO_DEVICE);
    if (f) {
        f->advice = number;
        f->outcome = OUTCOME_OK;
        f->confidence = CONFIDENCE_HIGH;
    }
    return f;
}

static void finish(struct judging *j, struct finding *f, const char *means,
                   const char *todo)
{
    finding_finish(j, f);
    snprintf(f->means, sizeof f->means, "%s", means);
    snprintf(f->todo, sizeof f->todo, "%s", todo);
}

static void advise_on(struct judging *j, const struct advice *advice)
{
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];
        struct finding *f =
            watches(j, advice, a) ? finding_of(j, advice->number, a) : NULL;

        if (f) {
            finding_add_attempt(j, f, a);
            finish(j, f, advice->means, advice->todo);
        }
    }
}

/* Days since 1970 of a date as packs write it, or -1. */
static long days_of(const char *date)
{
    int y, m, d;

    if (!date || sscanf(date, "%4d-%2d-%2d", &y, &m, &d) != 3 || m < 1 || m > 12) {
        return -1;
    }
    y -= m <= 2;
    long era_day = (153L * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return y * 365L + y / 4 - y / 100 + y / 400 + era_day - 719468;
}

/* Is the pack that holds Google's addresses too old for the capture? */
static bool is_list_old(const struct judging *j)
{
    long now = (long)(j->out->now_ns / second_ns / 86400);

    for (size_t p = 0; p < policy_pack_count(j->policy); p++) {
        const struct policy_pack *pack = policy_pack(j->policy, p);
        long as_of = strcmp(pack->name, "google") == 0 ? days_of(pack->as_of) : -1;

        if (as_of >= 0 && now - as_of > LIST_DAYS) {
            return true;
        }
    }
    return false;
}

/* A8: a verdict hangs on a prefix list, and the list is old. */
static void advise_on_list(struct judging *j)
{
    bool old = is_list_old(j);

    for (size_t i = 0; old && i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];
        struct finding *f;

        if (a->verdict != CLAIM_DOCUMENTED || a->via != MATCH_SET ||
            !(f = finding_of(j, 8, a))) {
            continue;
        }
        finding_add_attempt(j, f, a);
        finish(
            j, f,
            "This was documented only by the list of Google's addresses, and the list "
            "is more than 31 days older than the capture.",
            "Renew the list of AS15169 in the rules, at least once a month.");
        return;
    }
}

/* A9: somebody on the Internet opens flows to phones. */
static void advise_on_inbound(struct judging *j)
{
    for (size_t i = 0; i < j->n_attempts; i++) {
        const struct attempt *a = &j->attempts[i];
        struct finding *f;

        if (!a->inbound || a->verdict != CLAIM_UNEXPECTED_INBOUND ||
            policy_is_inside(j->policy, &a->peer)) {
            continue;
        }
        if ((f = finding_new(j, KIND_ADVICE, -1, NO_DEVICE)) != NULL) {
            f->advice = 9;
            finding_add_attempt(j, f, a);
            finish(j, f,
                   "A public host reached a phone: inward ports need not be open.",
                   "Close the firewall's inward ports to the phones.");
        }
        return;
    }
}

/* A11: in a window that is long enough, no phone spoke to an EMM. */
static void advise_on_emm(struct judging *j)
{
    int64_t longest = 0;
    bool seen = false;
    long row = policy_find(j->policy, "emm-poll");

    for (size_t i = 0; i < j->tally->n_windows; i++) {
        const struct window *w = &j->tally->windows[i];

        longest =
            w->last_ns - w->first_ns > longest ? w->last_ns - w->first_ns : longest;
    }
    for (size_t i = 0; i < j->n_attempts && !seen; i++) {
        const struct attempt *a = &j->attempts[i];

        seen = a->n_rows > 0 &&
               strcmp(policy_row(j->policy, a->rows[0])->group, "emm") == 0;
    }
    if (seen || longest < EMM_WINDOW_S * second_ns || j->out->n_devices == 0 ||
        row < 0 || policy_is_off(j->policy, "emm")) {
        return;
    }

    struct finding *f = finding_new(j, KIND_ADVICE, row, NO_DEVICE);
    if (f) {
        f->advice = 11;
        finish(j, f, "In a whole day no phone spoke to an EMM.",
               "Name the EMM's servers in the site file, or enrol the phones: every "
               "deployment should use an EMM.");
    }
}

void advise(struct judging *j)
{
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        advise_on(j, &list[i]);
    }
    advise_on_list(j);
    advise_on_inbound(j);
    advise_on_emm(j);
}
