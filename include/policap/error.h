/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Why a request failed, in words for the person who made it.
 */
#ifndef POLICAP_ERROR_H
#define POLICAP_ERROR_H

/* Storage of the caller.  'text' is one line, "where: what: what to do", always
 * terminated, cut when it is longer. */
struct policap_error {
    char text[512];
};

#endif
