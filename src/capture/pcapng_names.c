/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Name resolution blocks of a pcapng file.
 *
 *     0        2        4
 *    +--------+--------+-----------------------------------+-----
 *    |  type  | length | address, then names, each ended   | padding to 4 bytes
 *    +--------+--------+-----------------------------------+-----
 *      1 IPv4, 2 IPv6, 0 the last; names by a zero byte
 *
 * The options behind the records (which DNS server was asked) are not read, nor are
 * names of hardware addresses.
 */
#include "capture/pcapng.h"

#include <string.h>

enum { RECORD_END = 0, RECORD_IPV4 = 1, RECORD_IPV6 = 2 };

static void add_names(struct capture *c, const struct addr *addr, struct cursor names)
{
    /* Ends because each turn takes a name with the zero behind it. */
    while (names.left > 0) {
        const uint8_t *end = memchr(names.at, '\0', names.left);
        size_t len = end ? (size_t)(end - names.at) : names.left;

        listed_add(&c->names, addr, (struct cursor){names.at, len});
        cursor_skip(&names, len + (end != NULL));
    }
}

static void read_record(struct capture *c, uint16_t type, struct cursor record)
{
    const uint8_t *p;
    struct addr addr;

    if (type == RECORD_IPV4 && cursor_take(&record, 4, &p)) {
        addr = addr_from_v4(p);
    } else if (type == RECORD_IPV6 && cursor_take(&record, 16, &p)) {
        addr = addr_from_v6(p);
    } else {
        return;
    }
    add_names(c, &addr, record);
}

/* A record that does not fit ends the block: names are not worth refusing a file for.
 * Each turn takes a record's head. */
void pcapng_read_names(struct capture *c, struct block *b)
{
    const uint8_t *head, *value;

    while (cursor_take(&b->body, 4, &head)) {
        uint16_t type = load16(head, b->big);
        size_t len = load16(head + 2, b->big);

        if (type == RECORD_END ||
            !cursor_take(&b->body, (len + 3) & ~(size_t)3, &value)) {
            return;
        }
        read_record(c, type, (struct cursor){value, len});
    }
}
