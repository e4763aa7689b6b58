/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

bool addr_parse(const char *text, struct addr *out)
{
    uint8_t v4[4];

    if (inet_pton(AF_INET, text, v4) == 1) {
        *out = addr_from_v4(v4);
        return true;
    }
    return inet_pton(AF_INET6, text, out->b) == 1;
}

/* Writes a byte in decimal, and returns where it ends. */
static char *put_byte(char *out, unsigned byte)
{
    if (byte >= 100) {
        *out++ = (char)('0' + byte / 100);
    }
    if (byte >= 10) {
        *out++ = (char)('0' + byte / 10 % 10);
    }
    *out++ = (char)('0' + byte % 10);
    return out;
}

/* inet_ntop() formats IPv4 by sprintf(): a quarter of the time that a report takes. */
static void format_v4(const uint8_t bytes[static 4], char *out)
{
    for (unsigned i = 0; i < 4; i++) {
        out = put_byte(out, bytes[i]);
        *out++ = i < 3 ? '.' : '\0';
    }
}

const char *addr_format(const struct addr *a, char out[static ADDR_TEXT_LEN])
{
    if (addr_is_v4(a)) {
        format_v4(a->b + 12, out);
    } else {
        inet_ntop(AF_INET6, a->b, out, ADDR_TEXT_LEN);
    }
    return out;
}

bool prefix_parse(const char *text, struct prefix *out)
{
    char address[ADDR_TEXT_LEN];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);

    if (len >= sizeof address) {
        return false;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    if (!addr_parse(address, &out->addr)) {
        return false;
    }

    unsigned width = addr_is_v4(&out->addr) && strchr(address, '.') ? 32 : 128;
    unsigned long bits = width;
    if (slash) {
        char *end;

        if (slash[1] < '0' || slash[1] > '9') {
            return false;
        }
        bits = strtoul(slash + 1, &end, 10);
        if (*end != '\0' || bits > width) {
            return false;
        }
    }
    out->bits = (uint8_t)(bits + 128 - width);
    return true;
}

bool prefix_is_canonical(const struct prefix *p)
{
    for (unsigned bit = p->bits; bit < 128; bit++) {
        if (p->addr.b[bit / 8] & (0x80 >> bit % 8)) {
            return false;
        }
    }
    return true;
}

const char *prefix_format(const struct prefix *p, char out[static PREFIX_TEXT_LEN])
{
    char text[ADDR_TEXT_LEN];
    unsigned skip = addr_is_v4(&p->addr) && p->bits >= 96 ? 96 : 0;

    snprintf(out, PREFIX_TEXT_LEN, "%s/%u", addr_format(&p->addr, text),
             p->bits - skip);
    return out;
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
    unsigned whole = p->bits / 8, rest = p->bits % 8;

    if (memcmp(p->addr.b, a->b, whole) != 0) {
        return false;
    }
    return rest == 0 ||
           ((p->addr.b[whole] ^ a->b[whole]) & (0xff00 >> rest & 0xff)) == 0;
}

bool addr_is_group(const struct addr *a)
{
    if (!addr_is_v4(a)) {
        return a->b[0] == 0xff;
    }
    return a->b[12] >= 224 || (a->b[15] == 255 && addr_is_private(a));
}

bool addr_is_unspecified(const struct addr *a)
{
    static const struct addr zero;

    return addr_equal(a, &zero) || (addr_is_v4(a) && memcmp(a->b + 12, zero.b, 4) == 0);
}

bool addr_is_loopback(const struct addr *a)
{
    static const struct addr one = {{[15] = 1}};

    return addr_is_v4(a) ? a->b[12] == 127 : addr_equal(a, &one);
}

bool mac_parse(const char *text, struct mac *out)
{
    unsigned b[6];
    int end = 0;

    if (sscanf(text, "%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%n", &b[0],
               &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 ||
        text[end] != '\0') {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        out->b[i] = (uint8_t)b[i];
    }
    return true;
}

const char *mac_format(const struct mac *m, char out[static MAC_TEXT_LEN])
{
    snprintf(out, MAC_TEXT_LEN, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1],
             m->b[2], m->b[3], m->b[4], m->b[5]);
    return out;
}
