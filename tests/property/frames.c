/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool add(struct frames *frames, const struct frame *frame)
{
    if (frames->n == frames->room) {
        size_t room = frames->room ? frames->room * 2 : 256;
        struct frame *grown = realloc(frames->at, room * sizeof *grown);

        if (!grown) {
            return false;
        }
        frames->at = grown;
        frames->room = room;
    }

    uint8_t *bytes = malloc(frame->cap_len + 1u);
    if (!bytes) {
        return false;
    }
    memcpy(bytes, frame->bytes, frame->cap_len);
    frames->at[frames->n] = *frame;
    frames->at[frames->n++].bytes = bytes;
    if (frame->interface >= frames->n_interfaces) {
        frames->n_interfaces = frame->interface + 1u;
    }
    frames->links[frame->interface] = frame->link;
    return true;
}

bool frames_read(struct frames *frames, const char *path, struct policap_error *err)
{
    struct capture *capture = capture_open(path, err);
    struct frame batch[CAPTURE_BATCH];
    size_t n = 0;
    bool ok = capture != NULL;

    memset(frames, 0, sizeof *frames);
    while (ok && (ok = capture_read(capture, batch, &n, err)) && n > 0) {
        for (size_t i = 0; ok && i < n; i++) {
            ok = add(frames, &batch[i]);
        }
    }
    if (capture) {
        capture_close(capture);
    }
    if (!ok) {
        frames_free(frames);
    }
    return ok;
}

void frames_free(struct frames *frames)
{
    for (size_t i = 0; i < frames->n; i++) {
        free((void *)frames->at[i].bytes);
    }
    free(frames->at);
    memset(frames, 0, sizeof *frames);
}

static void put32(FILE *out, uint32_t v)
{
    fwrite(&v, sizeof v, 1, out);
}

/* Section header: byte order by its magic, so that of this machine will do. */
static void put_section(FILE *out)
{
    put32(out, 0x0a0d0d0a);
    put32(out, 28);
    put32(out, 0x1a2b3c4d);
    put32(out, 1);
    put32(out, UINT32_MAX);
    put32(out, UINT32_MAX);
    put32(out, 28);
}

/* Interface description with if_tsresol 9: nanoseconds. */
static void put_interface(FILE *out, uint16_t link)
{
    static const uint8_t options[] = {9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0};
    uint16_t type[2] = {link, 0};

    put32(out, 1);
    put32(out, 32);
    fwrite(type, sizeof type, 1, out);
    put32(out, 0);
    if (*(const uint8_t *)&(uint16_t){1} == 1) {
        fwrite(options, sizeof options, 1, out);
    } else {
        fwrite((const uint8_t[]){0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0}, 12, 1, out);
    }
    put32(out, 32);
}

static void put_frame(FILE *out, const struct frame *frame)
{
    uint32_t padded = (frame->cap_len + 3) & ~3u;

    put32(out, 6);
    put32(out, 32 + padded);
    put32(out, frame->interface);
    put32(out, (uint32_t)((uint64_t)frame->ns >> 32));
    put32(out, (uint32_t)frame->ns);
    put32(out, frame->cap_len);
    put32(out, frame->wire_len);
    fwrite(frame->bytes, 1, frame->cap_len, out);
    fwrite("\0\0\0", 1, padded - frame->cap_len, out);
    put32(out, 32 + padded);
}

bool frames_write(const struct frames *frames, const uint8_t *part_of, unsigned part,
                  const char *path)
{
    FILE *out = fopen(path, "wb");

    if (!out) {
        return false;
    }
    put_section(out);
    for (size_t i = 0; i < frames->n_interfaces; i++) {
        put_interface(out, frames->links[i]);
    }
    for (size_t i = 0; i < frames->n; i++) {
        if (part_of[i] == part) {
            put_frame(out, &frames->at[i]);
        }
    }

    bool ok = !ferror(out);
    return fclose(out) == 0 && ok;
}
