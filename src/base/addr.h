/* SPDX-License-Identifier: BSD-3-Clause
 *
 * IP addresses, prefixes and hardware addresses, with their text forms.
 *
 * An address is always 16 bytes; IPv4 is held as ::ffff:a.b.c.d (RFC 4291 2.5.5.2),
 * so that one table, one comparison and one prefix search serve both families.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    ADDR_TEXT_LEN = 46,  /* Longest text of an address, with its terminator. */
    MAC_TEXT_LEN = 18,   /* "00:90:7a:12:34:01" and its terminator. */
    PREFIX_TEXT_LEN = 50 /* An address, '/', up to three digits, terminator. */
};

struct addr {
    uint8_t b[16];
};

/* 'bits' counts from the start of the 16 bytes: 10.0.0.0/8 has 104. */
struct prefix {
    struct addr addr;
    uint8_t bits;
};

struct mac {
    uint8_t b[6];
};

static inline bool addr_is_v4(const struct addr *a)
{
    static const uint8_t mapped[4] = {0, 0, 0xff, 0xff};
    uint64_t high;
    uint32_t middle, want;

    memcpy(&high, a->b, sizeof high);
    memcpy(&middle, a->b + 8, sizeof middle);
    memcpy(&want, mapped, sizeof want);
    return high == 0 && middle == want;
}

/* One half of an address, as it lies in memory. */
static inline uint64_t addr_word(const struct addr *a, size_t half)
{
    uint64_t word;

    memcpy(&word, a->b + 8 * half, sizeof word);
    return word;
}

/* 'p' points at 4 bytes in network order.  Written as two words, since a load that is
 * wider than the stores before it has to wait for them. */
static inline struct addr addr_from_v4(const uint8_t *p)
{
    const uint8_t low[8] = {0, 0, 0xff, 0xff, p[0], p[1], p[2], p[3]};
    struct addr a = {{0}};
    uint64_t word;

    memcpy(&word, low, sizeof word);
    memcpy(a.b + 8, &word, sizeof word);
    return a;
}

/* 'p' points at 16 bytes in network order. */
static inline struct addr addr_from_v6(const uint8_t *p)
{
    struct addr a;

    memcpy(a.b, p, sizeof a.b);
    return a;
}

static inline int addr_cmp(const struct addr *a, const struct addr *b)
{
    return memcmp(a->b, b->b, sizeof a->b);
}

/* One half of an address as a number, so that numbers are in the order of addresses. */
static inline uint64_t addr_number(const struct addr *a, size_t half)
{
    uint64_t word = addr_word(a, half);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

/* Is 'a' below 'b'?  For hot paths: which of two ends is the lower one changes with
 * each packet, so it is asked without a branch. */
static inline bool addr_below(const struct addr *a, const struct addr *b)
{
    uint64_t a_high = addr_number(a, 0), b_high = addr_number(b, 0);

    return (a_high < b_high) |
           ((a_high == b_high) & (addr_number(a, 1) < addr_number(b, 1)));
}

/* A number that orders addresses as far as it goes: where two are equal and not
 * UINT64_MAX, the addresses are.  Of IPv4 it always tells. */
static inline uint64_t addr_rank(const struct addr *a)
{
    return addr_number(a, 0) == 0 ? addr_number(a, 1) : UINT64_MAX;
}

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
    return ((addr_word(a, 0) ^ addr_word(b, 0)) |
            (addr_word(a, 1) ^ addr_word(b, 1))) == 0;
}

/* Reads "10.0.0.1" or "2001:db8::1".  False: 'text' is no address. */
bool addr_parse(const char *text, struct addr *out);

/* Writes the text form into 'out' and returns 'out'. */
const char *addr_format(const struct addr *a, char out[static ADDR_TEXT_LEN]);

/* Reads an address or "10.0.0.0/8".  False: 'text' is no prefix.  A prefix with bits
 * set behind its length is read; prefix_is_canonical() tells. */
bool prefix_parse(const char *text, struct prefix *out);

bool prefix_is_canonical(const struct prefix *p);

const char *prefix_format(const struct prefix *p, char out[static PREFIX_TEXT_LEN]);

bool prefix_contains(const struct prefix *p, const struct addr *a);

/* Is there none? */
static inline bool mac_is_zero(const struct mac *mac)
{
    static const struct mac zero;

    return memcmp(mac, &zero, sizeof zero) == 0;
}

static inline bool addr_is_link_local(const struct addr *a)
{
    if (addr_is_v4(a)) {
        return a->b[12] == 169 && a->b[13] == 254;
    }
    return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* Private space that needs no site file to be known as such: RFC 1918, 100.64/10
 * (RFC 6598), unique local (RFC 4193) and link-local addresses (RFC 3927, 4291). */
static inline bool addr_is_private(const struct addr *a)
{
    const uint8_t *b = a->b + 12;
    uint32_t v4 =
        (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];

    if (!addr_is_v4(a)) {
        return (a->b[0] & 0xfe) == 0xfc || addr_is_link_local(a);
    }
    return v4 >> 24 == 10 || v4 >> 20 == 0xac1 || v4 >> 16 == 0xc0a8 ||
           v4 >> 22 == (100 << 2 | 1) || v4 >> 16 == 0xa9fe;
}

/* Multicast of either family, the IPv4 limited broadcast, and x.x.x.255 of a private
 * network: nothing that an answer can come from. */
bool addr_is_group(const struct addr *a);

/* 0.0.0.0 or ::. */
bool addr_is_unspecified(const struct addr *a);

/* Loopback of either family. */
bool addr_is_loopback(const struct addr *a);

bool mac_parse(const char *text, struct mac *out);

const char *mac_format(const struct mac *m, char out[static MAC_TEXT_LEN]);

/* The locally administered bit: a randomised address, which tells no vendor. */
static inline bool mac_is_local(const struct mac *m)
{
    return (m->b[0] & 2) != 0;
}

#endif
