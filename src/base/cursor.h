/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bounded reading of foreign bytes.  Every parser in this program reads through a
 * cursor and through nothing else.
 *
 * A cursor is a borrowed view: it owns nothing, it is passed by value, and it is
 * valid for as long as the bytes it points into.  A take either succeeds whole or
 * changes nothing.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const uint8_t *at; /* Next unread byte. */
    size_t left;       /* Bytes that may be read from 'at'. */
};

/* Takes the next 'n' bytes.  The test compares counts, never 'at + n' with an end
 * pointer: a pointer past the frame is undefined before anyone reads through it. */
static inline bool cursor_take(struct cursor *c, size_t n, const uint8_t **out)
{
    if (n > c->left) {
        return false;
    }
    *out = c->at;
    c->at += n;
    c->left -= n;
    return true;
}

/* Passes over the next 'n' bytes. */
static inline bool cursor_skip(struct cursor *c, size_t n)
{
    const uint8_t *passed;

    return cursor_take(c, n, &passed);
}

/* The first 'n' bytes of 'c', or all of it where the capture was cut shorter. */
static inline struct cursor cursor_first(struct cursor c, size_t n)
{
    return (struct cursor){c.at, n < c.left ? n : c.left};
}

/* Network order to host order, at any alignment. */
static inline uint16_t load_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t load_be64(const uint8_t *p)
{
    return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

/* Little-endian to host order, at any alignment. */
static inline uint16_t load_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t load_le64(const uint8_t *p)
{
    return load_le32(p) | (uint64_t)load_le32(p + 4) << 32;
}

/* Takes one number.  The value is untouched when too few bytes are left. */
static inline bool cursor_u8(struct cursor *c, uint8_t *out)
{
    const uint8_t *p;

    if (!cursor_take(c, 1, &p)) {
        return false;
    }
    *out = p[0];
    return true;
}

static inline bool cursor_be16(struct cursor *c, uint16_t *out)
{
    const uint8_t *p;

    if (!cursor_take(c, 2, &p)) {
        return false;
    }
    *out = load_be16(p);
    return true;
}

static inline bool cursor_be24(struct cursor *c, uint32_t *out)
{
    const uint8_t *p;

    if (!cursor_take(c, 3, &p)) {
        return false;
    }
    *out = load_be24(p);
    return true;
}

static inline bool cursor_be32(struct cursor *c, uint32_t *out)
{
    const uint8_t *p;

    if (!cursor_take(c, 4, &p)) {
        return false;
    }
    *out = load_be32(p);
    return true;
}

#endif
