/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Several threads that read, decode and apply (DESIGN 2.3).
 *
 * The input is taken in chunks.  A thread claims the next chunk and reads it, which
 * only one does at a time; decodes it; then helps to apply what is ready: the packets
 * of each lane of shards in the order of the chunks, one thread at a lane.  So each
 * shard gets the packets that it would get from one thread, in their order, whoever
 * applies them. No thread owns a lane, and none spins.
 */
#ifndef AUDIT_CREW_H
#define AUDIT_CREW_H

#include "audit/batch.h"
#include "capture/reader.h"

#include <policap/error.h>

enum { CREW_MAX = 64 /* Threads. */ };

/* Where frames come from.  Each call is from one thread at a time. */
struct crew_source {
    /* Gives the next frames, at most CAPTURE_BATCH, none at the end; their bytes are
     * borrowed until the next call, and 'capture' of each is an index of 'captures'.
     * stay[i]: from frame i on, flows that are over stay.  False: '*err' says why. */
    bool (*read)(void *context, struct frame *frames, bool *stay, size_t *n,
                 struct policap_error *err);
    /* Lends a buffer for what is read next: reader_lend().  False: it does not go, and
     * what was read has to be copied. */
    bool (*lend)(void *context, struct reader_buffer *buffer);
    void *context;
    struct tally_capture *captures; /* In which decoding counts. */
};

/* Reads 'source' to its end with 'threads' threads, the calling one among them.  False:
 * '*err' says what is wrong with the source, or that memory ran out. */
bool crew_run(const struct crew_source *source, struct shards *shards, unsigned threads,
              struct policap_error *err);

#endif
