/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/digest.h"

#include <gcrypt.h>

/* libgcrypt wants to be asked for its version once before its first use; it keeps no
 * state of ours. */
void digest_ready(void)
{
    if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
        gcry_check_version(NULL);
        gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
}

void digest_sha1(const void *bytes, size_t len, uint8_t out[static SHA1_LEN])
{
    digest_ready();
    gcry_md_hash_buffer(GCRY_MD_SHA1, out, bytes, len);
}

void digest_sha256_text(const void *bytes, size_t len, char out[static SHA256_TEXT_LEN])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t sum[SHA256_LEN];

    digest_ready();
    gcry_md_hash_buffer(GCRY_MD_SHA256, sum, bytes, len);
    for (size_t i = 0; i < sizeof sum; i++) {
        out[2 * i] = hex[sum[i] >> 4];
        out[2 * i + 1] = hex[sum[i] & 15];
    }
    out[2 * sizeof sum] = '\0';
}
