/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parsers of this folder share: the form in which they give a host name.
 */
#ifndef NAMES_NAME_H
#define NAMES_NAME_H

#include "names/names.h"

/* The byte of a label in lower case, or 0 where no host name holds it.  '_' is in:
 * service names have it (RFC 2782). */
char name_label_byte(uint8_t byte);

/* Reads "Play.Google.com." or "[2001:db8::1]" into the form that names.h promises.
 * False: these bytes are no host name, and '*out' is "". */
bool name_read(struct cursor text, char out[static NAME_MAX_LEN + 1]);

#endif
