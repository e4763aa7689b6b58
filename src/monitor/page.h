/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The files of the live page (page/), compiled in by embed.py.
 */
#ifndef MONITOR_PAGE_H
#define MONITOR_PAGE_H

#include <stddef.h>

enum { PAGE_FILES = 3 };

struct page_file {
    const char *url, *type;
    const unsigned char *bytes;
    size_t len;
};

extern const struct page_file page_files[PAGE_FILES];

#endif
