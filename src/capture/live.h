/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Live capture of an interface, by libpcap (TPACKET_V3 on Linux).
 *
 * Frames come in batches, like those of a file: their bytes are copied out of the
 * kernel's ring, borrowed, and valid until the next live_read().  Copying costs little
 * beside what is done with a frame, and a ring that is emptied at once loses nothing
 * while a report is made.  VLAN tags that the kernel took off are put back by libpcap.
 *
 * The handle is non-blocking: poll() live_fd() for input.  Nothing here needs
 * privileges once live_open() has returned.
 */
#ifndef CAPTURE_LIVE_H
#define CAPTURE_LIVE_H

#include "capture/capture.h"

enum {
    LIVE_DEFAULT_RING = 64 << 20, /* Bytes: a second of 0.5 million small packets. */
    LIVE_DEFAULT_SNAPLEN = CAPTURE_MAX_FRAME,
    LIVE_DEFAULT_BLOCK_MS = 100 /* A block that is not full is given after this. */
};

struct live; /* opaque */

/* Zero is a default in each. */
struct live_options {
    const char *filter; /* BPF, run by the kernel; NULL: none ... */
    const char *narrow; /* ... and another that must hold as well. */
    int snaplen;        /* Bytes of a frame that are kept. */
    int ring_bytes;
    int block_ms;
    bool promiscuous;
};

/* Opens 'interface', or "any".  NULL: '*err' says why, and what is to be done where
 * rights are missing. */
struct live *live_open(const char *interface, const struct live_options *options,
                       struct policap_error *err);

void live_close(struct live *live);

/* Other expressions from now on.  Packets that come while the kernel changes them may
 * be lost.  False: '*err', and the old ones hold. */
bool live_narrow(struct live *live, const char *filter, const char *narrow,
                 struct policap_error *err);

int live_fd(const struct live *live);

/* Is the interface down?  "any" never is. */
bool live_is_down(const struct live *live);

/* Gives the frames that have come, at most CAPTURE_BATCH, as capture_read() does; 0:
 * none yet, as also while the interface is taken down.  False: '*err' says why there
 * will be no more, such as that the interface is gone. */
bool live_read(struct live *live, struct frame *frames, size_t *n,
               struct policap_error *err);

/* What was captured so far.  'path' is the interface, 'format' "live", 'dropped' what
 * the kernel and the interface lost. */
const struct capture_info *live_info(struct live *live);

/* The parts of 'dropped', asked when live_info() was called last. */
struct live_drops {
    uint64_t kernel;    /* The ring was full. */
    uint64_t interface; /* Before the kernel had them. */
};
struct live_drops live_drops(const struct live *live);

#endif
