/* SPDX-License-Identifier: BSD-3-Clause
 *
 * zstd, RFC 8878, by libzstd.
 */
#include "capture/unpack.h"

#include <zstd.h>
#include <zstd_errors.h>

static void *zstd_open(void)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();

    if (context) {
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, UNPACK_MAX_WINDOW_LOG);
    }
    return context;
}

static void zstd_close(void *state)
{
    ZSTD_freeDCtx(state);
}

static enum unpack_step zstd_step(void *state, struct cursor *in, uint8_t *out,
                                  size_t *n, const char **why)
{
    ZSTD_inBuffer from = {in->at, in->left, 0};
    ZSTD_outBuffer to = {out, *n, 0};
    size_t result = ZSTD_decompressStream(state, &to, &from);

    *n = 0;
    if (ZSTD_isError(result)) {
        *why = ZSTD_getErrorName(result);
        return ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge
                   ? UNPACK_TOO_LARGE
                   : UNPACK_BROKEN;
    }
    *n = to.pos;
    in->at += from.pos;
    in->left -= from.pos;
    return result == 0 ? UNPACK_BETWEEN : UNPACK_INSIDE;
}

const struct unpack_calls unpack_zstd = {zstd_open, zstd_step, zstd_close};
