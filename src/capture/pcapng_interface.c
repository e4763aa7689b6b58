/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Interfaces of a pcapng file: their descriptions, clocks, statistics and drops.
 */
#include "base/error.h"
#include "capture/pcapng.h"

struct option {
    uint16_t code;
    struct cursor value;
};

enum {
    OPTION_END = 0,
    INTERFACE_RESOLUTION = 9,
    INTERFACE_OFFSET = 14,
    STATISTICS_IF_DROP = 5,
    STATISTICS_OS_DROP = 7,
    PACKET_DROP_COUNT = 4
};

/* Takes the next option with the padding behind it.  False: there is none, or the
 * bytes left are no option; 'c->left' is then 0 or not. */
static bool option_take(struct cursor *c, bool big, struct option *out)
{
    struct cursor at = *c;
    const uint8_t *head, *value;

    if (!cursor_take(&at, 4, &head)) {
        return false;
    }

    size_t len = load16(head + 2, big);
    if (load16(head, big) == OPTION_END) {
        c->left = 0;
        return false;
    }
    if (!cursor_take(&at, (len + 3) & ~(size_t)3, &value)) {
        return false;
    }
    *out = (struct option){load16(head, big), {value, len}};
    *c = at;
    return true;
}

/* if_tsresol: the unit is 10^-n seconds, or 2^-n where the top bit is set.  False: so
 * fine that a second does not fit into the 64 bits of a time stamp. */
static bool set_resolution(struct interface *i, uint8_t resolution)
{
    uint8_t n = resolution & 0x7f;

    *i = (struct interface){.divide = 1,
                            .multiply = 1,
                            .offset_s = i->offset_s,
                            .snaplen = i->snaplen,
                            .link = i->link};
    if (resolution & 0x80) {
        i->multiply = 1000000000;
        i->shift = n;
        return n < 64;
    }
    for (uint8_t digit = n; digit < 9; digit++) {
        i->multiply *= 10;
    }
    for (uint8_t digit = 9; digit < n && digit < 19; digit++) {
        i->divide *= 10;
    }
    return n <= 19;
}

static bool set_option(struct interface *i, const struct option *option, bool big)
{
    if (option->code == INTERFACE_RESOLUTION) {
        return option->value.left == 1 && set_resolution(i, option->value.at[0]);
    }
    if (option->code == INTERFACE_OFFSET) {
        i->offset_s =
            option->value.left == 8 ? (int64_t)load64(option->value.at, big) : 0;
        return option->value.left == 8;
    }
    return true;
}

/*     +---------------------------+
 *   0 | link type   | reserved    |
 *     +---------------------------+
 *   4 | snaplen                   |
 *     +---------------------------+
 *   8 | options ...               |
 */
bool pcapng_read_interface(struct capture *c, struct block *b,
                           struct policap_error *err)
{
    struct interface i = {0};
    struct option option;
    const uint8_t *p;
    uint64_t offset = reader_offset(&c->in);

    if (!cursor_take(&b->body, 8, &p)) {
        return capture_broken(c, err, offset, "an interface block of %u bytes", b->len);
    }
    if (c->n_interfaces == CAPTURE_MAX_INTERFACES) {
        return fail(
            err,
            "%s: more than %d interfaces: make equal ones one with: mergecap -I "
            "any -w new.pcapng FILE",
            c->in.where, CAPTURE_MAX_INTERFACES);
    }
    i.link = load16(p, b->big);
    i.snaplen = load32(p + 4, b->big);
    set_resolution(&i, 6);
    while (option_take(&b->body, b->big, &option)) {
        if (!set_option(&i, &option, b->big)) {
            return capture_broken(
                c, err, offset, "interface option %u with a value that has no meaning",
                option.code);
        }
    }
    if (b->body.left > 0) {
        return capture_broken(c, err, offset,
                              "an interface option longer than its block");
    }
    c->interfaces[c->n_interfaces++] = i;
    capture_add_link(c, i.link);
    return true;
}

static uint64_t add_capped(uint64_t a, uint64_t b)
{
    return a < INT64_MAX && b < INT64_MAX - a ? a + b : INT64_MAX;
}

/* Statistics and packets count the same drops, so the larger is the truth: a capture
 * that was stopped hard has no statistics, and few programs write both. */
static uint64_t dropped_of(const struct interface *i)
{
    return i->dropped > i->dropped_between ? i->dropped : i->dropped_between;
}

static void sum_dropped(struct capture *c)
{
    c->info.dropped = 0;
    for (size_t i = 0; i < c->n_interfaces; i++) {
        c->info.dropped = add_capped(c->info.dropped, dropped_of(&c->interfaces[i]));
    }
}

void pcapng_note_dropped(struct capture *c, size_t number, uint64_t n)
{
    struct interface *i = &c->interfaces[number];

    i->dropped_between = add_capped(i->dropped_between, n);
    sum_dropped(c);
}

/* epb_dropcount counts from the packet before, of the same interface. */
void pcapng_read_packet_options(struct capture *c, const struct block *b, size_t at,
                                size_t number)
{
    struct cursor options = b->body;
    struct option option;

    cursor_skip(&options, at);
    while (option_take(&options, b->big, &option)) {
        if (option.code == PACKET_DROP_COUNT && option.value.left == 8) {
            uint64_t n = load64(option.value.at, b->big);

            if (n > 0) {
                pcapng_note_dropped(c, number, n);
            }
        }
    }
}

/* Drops of an interface count from the start of the capture, so the last block of an
 * interface that tells them tells all.  Statistics of an interface that is not
 * described, or cut options, say nothing of the packets: they are not worth refusing a
 * file for. */
void pcapng_read_statistics(struct capture *c, struct block *b)
{
    struct option option;
    const uint8_t *p;
    uint64_t dropped = 0;
    bool told = false;

    if (!cursor_take(&b->body, 12, &p) ||
        load32(p, b->big) >= c->n_interfaces - c->section_interface) {
        return;
    }
    while (option_take(&b->body, b->big, &option)) {
        if (option.value.left == 8 &&
            (option.code == STATISTICS_IF_DROP || option.code == STATISTICS_OS_DROP)) {
            dropped = add_capped(dropped, load64(option.value.at, b->big));
            told = true;
        }
    }

    struct interface *i = &c->interfaces[c->section_interface + load32(p, b->big)];
    if (!told) {
        return;
    }
    i->dropped = dropped;
    sum_dropped(c);
}
