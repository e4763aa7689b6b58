/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gzip, RFC 1952, by zlib.  Zeros behind a member are padding, of a tape or a block
 * device, as gzip(1) holds; other bytes there are broken data.
 */
#include "capture/unpack.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

struct gzip {
    z_stream z;
    bool behind; /* The last member has ended. */
};

enum { GZIP_ONLY = 16 }; /* Added to the window's size: no zlib header. */

static void *gzip_open(void)
{
    struct gzip *g = calloc(1, sizeof *g);

    if (g && inflateInit2(&g->z, MAX_WBITS + GZIP_ONLY) != Z_OK) {
        free(g);
        g = NULL;
    }
    return g;
}

static void gzip_close(void *state)
{
    struct gzip *g = state;

    inflateEnd(&g->z);
    free(g);
}

/* Passes over zeros, and begins the next member behind them. */
static bool next_member(struct gzip *g, struct cursor *in)
{
    while (in->left > 0 && *in->at == 0) {
        in->at++;
        in->left--;
    }
    if (in->left > 0) {
        inflateReset(&g->z);
        g->behind = false;
    }
    return in->left > 0;
}

static enum unpack_step gzip_step(void *state, struct cursor *in, uint8_t *out,
                                  size_t *n, const char **why)
{
    struct gzip *g = state;
    size_t room = *n;

    *n = 0;
    if (g->behind && !next_member(g, in)) {
        return UNPACK_BETWEEN;
    }
    g->z.next_in = in->at;
    g->z.avail_in = (uInt)in->left;
    g->z.next_out = out;
    g->z.avail_out = (uInt)room;

    int result = inflate(&g->z, Z_NO_FLUSH);
    *n = room - g->z.avail_out;
    in->at = g->z.next_in;
    in->left = g->z.avail_in;
    if (result == Z_STREAM_END) {
        g->behind = true;
        return UNPACK_BETWEEN;
    }
    if (result == Z_OK || result == Z_BUF_ERROR) {
        return UNPACK_INSIDE;
    }
    *why = g->z.msg ? g->z.msg : zError(result);
    return UNPACK_BROKEN;
}

const struct unpack_calls unpack_gzip = {gzip_open, gzip_step, gzip_close};
