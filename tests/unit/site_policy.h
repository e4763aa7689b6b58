/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The rules of the samples' site, for tests that judge: loaded once for a group.
 */
#ifndef SITE_POLICY_H
#define SITE_POLICY_H

#include "unit.h"

#include "policy/policy.h"

#include <stdio.h>

static const char *source_root = "."; /* argv[1] of the test. */
static struct policy *policy;

static int site_policy_load(void **state)
{
    struct policap_error err;
    char site[4096];

    (void)state;
    snprintf(site, sizeof site, "%s/pcaps/site.json", source_root);
    policy = policy_load(site, NULL, 0, &err);
    if (!policy) {
        print_error("%s\n", err.text);
    }
    return policy ? 0 : -1;
}

static int site_policy_free(void **state)
{
    (void)state;
    policy_free(policy);
    return 0;
}

#endif
