/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The two cryptographic digests that formats of others ask for: SHA-1 (Community
 * ID) and SHA-256 (stable ids of findings, sums of rule files), by libgcrypt.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_LEN = 20, SHA256_LEN = 32, SHA256_TEXT_LEN = 2 * SHA256_LEN + 1 };

/* Makes libgcrypt ready, as it wants to be before threads use it.  Cheap when it is. */
void digest_ready(void);

void digest_sha1(const void *bytes, size_t len, uint8_t out[static SHA1_LEN]);

/* As lower-case hexadecimal text. */
void digest_sha256_text(const void *bytes, size_t len,
                        char out[static SHA256_TEXT_LEN]);

#endif
