/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where libmicrohttpd is missing.
 */
#include "base/error.h"
#include "monitor/web.h"

struct web *web_open(const char *address, const char *token_file,
                     const struct web_source *source, struct policap_error *err)
{
    (void)token_file;
    (void)source;
    fail(err, "--listen %.60s: this policap was built without libmicrohttpd", address);
    return NULL;
}

void web_close(struct web *web)
{
    (void)web;
}

int web_fd(const struct web *web)
{
    (void)web;
    return -1;
}

void web_run(struct web *web)
{
    (void)web;
}

void web_set_report(struct web *web, const char *report, size_t len)
{
    (void)web;
    (void)report;
    (void)len;
}
