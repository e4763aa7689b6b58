/* SPDX-License-Identifier: BSD-3-Clause
 *
 * lz4 frames, by liblz4.  A block is at most 4 MiB, so there is no window to bound.
 */
#include "capture/unpack.h"

#include <lz4frame.h>

static void *lz4_open(void)
{
    LZ4F_dctx *context = NULL;

    return LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))
               ? NULL
               : context;
}

static void lz4_close(void *state)
{
    LZ4F_freeDecompressionContext(state);
}

static enum unpack_step lz4_step(void *state, struct cursor *in, uint8_t *out,
                                 size_t *n, const char **why)
{
    size_t taken = in->left;
    size_t result = LZ4F_decompress(state, out, n, in->at, &taken, NULL);

    if (LZ4F_isError(result)) {
        *n = 0;
        *why = LZ4F_getErrorName(result);
        return UNPACK_BROKEN;
    }
    in->at += taken;
    in->left -= taken;
    return result == 0 ? UNPACK_BETWEEN : UNPACK_INSIDE;
}

const struct unpack_calls unpack_lz4 = {lz4_open, lz4_step, lz4_close};
