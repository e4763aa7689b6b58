/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/endpoint.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool read_port(const char *text, uint16_t fallback, struct endpoint *out)
{
    char *end;
    unsigned long n = fallback;

    if (*text == ':') {
        n = strtoul(text + 1, &end, 10);
        if (text[1] < '0' || text[1] > '9' || *end != '\0') {
            return false;
        }
    } else if (*text != '\0') {
        return false;
    }
    if (out->any.sa_family == AF_INET6) {
        out->v6.sin6_port = htons((uint16_t)n);
    } else {
        out->v4.sin_port = htons((uint16_t)n);
    }
    return n > 0 && n <= UINT16_MAX;
}

static bool read_v6(const char *text, struct endpoint *out)
{
    out->len = sizeof out->v6;
    out->v6.sin6_family = AF_INET6;
    return inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1;
}

static bool read_v4(const char *text, struct endpoint *out)
{
    out->len = sizeof out->v4;
    out->v4.sin_family = AF_INET;
    out->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return *text == '\0' || inet_pton(AF_INET, text, &out->v4.sin_addr) == 1;
}

bool endpoint_parse(const char *text, uint16_t port, struct endpoint *out)
{
    bool bracket = *text == '[';
    const char *end = text + strcspn(text, bracket ? "]" : ":");
    char address[INET6_ADDRSTRLEN];
    size_t len = (size_t)(end - text) - bracket;

    memset(out, 0, sizeof *out);
    if ((bracket && *end != ']') || len >= sizeof address) {
        return false;
    }
    memcpy(address, text + bracket, len);
    address[len] = '\0';
    return (bracket ? read_v6(address, out) : read_v4(address, out)) &&
           read_port(end + bracket, port, out);
}

bool endpoint_is_loopback(const struct endpoint *endpoint)
{
    if (endpoint->any.sa_family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(&endpoint->v6.sin6_addr);
    }
    return ntohl(endpoint->v4.sin_addr.s_addr) >> 24 == 127;
}
