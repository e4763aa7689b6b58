/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Does the directory let a phone in?  An answer to a bind other than success is the
 * directory's own affair: advice, and never a block (DESIGN 3.3).
 */
#include "audit/judging.h"

#include "names/ldap.h"

#include <stdio.h>

/* RFC 4511 appendix A.  Referrals and SASL's next step say no to nobody. */
static bool is_refusal(unsigned result)
{
    return result != LDAP_SUCCESS && result != LDAP_SASL_GOES_ON && result != 10;
}

static const char *result_means(unsigned result)
{
    switch (result) {
    case 7:
    case 48:
        return "it does not take this kind of credentials";
    case 8:
    case 13:
        return "it wants TLS or a stronger kind of credentials";
    case 32:
    case 34:
        return "the user's name is not one of the directory's";
    case 49:
        return "the credentials are wrong";
    case 51:
    case 52:
        return "it is busy or out of service";
    default:
        return "it does not want to";
    }
}

static void refusal_report(struct judging *j, const struct attempt *a,
                           const struct exchange *e, unsigned result)
{
    struct finding *f = finding_new(j, KIND_ADVICE, (long)a->rows[0], a->device);

    if (!f) {
        return;
    }
    f->outcome = OUTCOME_OK; /* Of the network. */
    f->confidence = CONFIDENCE_HIGH;
    for (size_t i = 0; i < 4; i++) {
        finding_add_frame(f, e->frames[i]);
    }
    finding_add_attempt(j, f, a);
    finding_finish(j, f);
    snprintf(
        f->means, sizeof f->means,
        "The directory refuses the phone's bind with result %u: %s. The network is "
        "not the cause.",
        result, result_means(result));
    snprintf(f->todo, sizeof f->todo,
             "Look at the directory's user and password in the phone, and at the "
             "directory.");
}

/* The last word counts. */
static void bind_judge(struct judging *j, const struct exchange *const *run, size_t n)
{
    const struct exchange *last = NULL;
    const struct attempt *a;

    for (size_t i = 0; i < n; i++) {
        if (run[i]->key.result >= EXCHANGE_ANSWERS &&
            run[i]->key.result != EXCHANGE_ANSWERS + LDAP_SASL_GOES_ON &&
            (!last || run[i]->last_ns > last->last_ns)) {
            last = run[i];
        }
    }
    if (last && is_refusal(last->key.result - EXCHANGE_ANSWERS) &&
        (a = exchange_attempt(j, last))) {
        refusal_report(j, a, last, last->key.result - EXCHANGE_ANSWERS);
    }
}

void binds_advise(struct judging *j)
{
    exchanges_each(j, EXCHANGE_LDAP_BIND, bind_judge);
}
