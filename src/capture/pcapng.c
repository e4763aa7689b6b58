/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The pcapng format, draft-ietf-opsawg-pcapng: blocks, each
 *
 *     +---------------+
 *   0 | type          |
 *     +---------------+
 *   4 | total length  |  of all of the block, a multiple of 4
 *     +---------------+
 *   8 | body ...      |
 *     +---------------+
 *     | total length  |  again
 *     +---------------+
 *
 * A section header sets the byte order, interface descriptions give link type, snaplen
 * and clock, packet blocks name their interface by its place in the section.  Blocks
 * of other types (secrets, comments of vendors) are passed over, however long.
 *
 * Left out: the section length (a writer to a pipe does not know it, and the blocks
 * tell their own); packet options but the drop count; names of interfaces.
 */
#include "capture/pcapng.h"

enum {
    BLOCK_SECTION = 0x0a0d0d0a, /* The same in either byte order. */
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_NAMES = 4,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6
};

enum {
    BLOCK_HEAD_LEN = 8,
    BLOCK_TAIL_LEN = 4,
    BLOCK_MIN_LEN = BLOCK_HEAD_LEN + BLOCK_TAIL_LEN,
    BLOCK_MAX_LEN = 16 * 1024 * 1024 /* Of a block that is read; as in libpcap. */
};

static const uint32_t order_magic = 0x1a2b3c4d;

enum block_result {
    BLOCK_READY,
    BLOCK_NOT_YET, /* The buffer must move first, and frames point into it. */
    BLOCK_END,
    BLOCK_FAILED
};

/* Names are not worth refusing a file for: a block of too many is passed over. */
static bool is_read(uint32_t type, uint32_t len)
{
    return type == BLOCK_PACKET || type == BLOCK_SECTION || type == BLOCK_INTERFACE ||
           type == BLOCK_OLD_PACKET || type == BLOCK_SIMPLE_PACKET ||
           type == BLOCK_STATISTICS || (type == BLOCK_NAMES && len <= BLOCK_MAX_LEN);
}

/* What a packet block says, whichever of the three it is. */
struct packet {
    uint32_t interface, cap_len, wire_len;
    uint64_t ticks;
    uint16_t dropped; /* Since the packet before, as a PB tells; 0xffff: unknown. */
    bool timed;
};

/*     EPB                             PB (obsolete)                   SPB
 *     +---------------------------+   +---------------------------+   +--------------+
 *   0 | interface                 |   | interface   | drops       |   | wire length  |
 *     +---------------------------+   +---------------------------+   +--------------+
 *   4 | time, high half           |   | as on the left            |   | packet ...   |
 *     +---------------------------+
 *   8 | time, low half            |
 *     +---------------------------+
 *  12 | captured length           |
 *     +---------------------------+
 *  16 | wire length               |
 *     +---------------------------+
 *  20 | packet ...                |
 *
 * An SPB is of the section's first interface, captured up to its snaplen, which the
 * caller looks up.  False: the block is too short for its header. */
static inline bool take_packet_head(struct block *b, struct packet *out)
{
    const uint8_t *p;

    if (b->type == BLOCK_SIMPLE_PACKET) {
        if (!cursor_take(&b->body, 4, &p)) {
            return false;
        }
        *out = (struct packet){.cap_len = load32(p, b->big),
                               .wire_len = load32(p, b->big)};
        return true;
    }
    if (!cursor_take(&b->body, 20, &p)) {
        return false;
    }
    *out = (struct packet){
        .interface = b->type == BLOCK_PACKET ? load32(p, b->big) : load16(p, b->big),
        .ticks = (uint64_t)load32(p + 4, b->big) << 32 | load32(p + 8, b->big),
        .cap_len = load32(p + 12, b->big),
        .wire_len = load32(p + 16, b->big),
        .dropped = b->type == BLOCK_PACKET ? 0 : load16(p + 2, b->big),
        .timed = true,
    };
    return true;
}

/* Notes what a packet says of drops before it; 'b' is what follows its head. */
static inline void note_dropped(struct capture *c, const struct block *b,
                                const struct packet *packet, size_t interface)
{
    size_t padded = ((size_t)packet->cap_len + 3) & ~(size_t)3;

    if (packet->dropped != 0 && packet->dropped != UINT16_MAX) {
        pcapng_note_dropped(c, interface, packet->dropped);
    }
    if (b->type == BLOCK_PACKET && b->body.left > padded) {
        pcapng_read_packet_options(c, b, padded, interface);
    }
}

static inline bool read_packet(struct capture *c, struct block *b, struct frame *out,
                               struct policap_error *err)
{
    struct packet packet;
    uint64_t offset = reader_offset(&c->in);

    if (!take_packet_head(b, &packet)) {
        return capture_broken(c, err, offset, "a packet block of %u bytes", b->len);
    }
    if (packet.interface >= c->n_interfaces - c->section_interface) {
        return capture_broken(c, err, offset, "a packet of interface %u of %zu",
                              packet.interface, c->n_interfaces - c->section_interface);
    }

    size_t number = c->section_interface + packet.interface;
    const struct interface *i = &c->interfaces[number];
    if (!packet.timed && i->snaplen > 0 && packet.cap_len > i->snaplen) {
        packet.cap_len = i->snaplen;
    }
    if (packet.cap_len > b->body.left) {
        return capture_broken(c, err, offset, "a packet of %u bytes in a block of %u",
                              packet.cap_len, b->len);
    }
    if (packet.cap_len > CAPTURE_MAX_FRAME) {
        return capture_broken(c, err, offset,
                              "a packet of %u bytes, where %d is the most",
                              packet.cap_len, CAPTURE_MAX_FRAME);
    }
    note_dropped(c, b, &packet, number);
    c->before_ns = packet.timed ? pcapng_time_ns(i, packet.ticks) : c->before_ns;
    *out = (struct frame){
        .bytes = b->body.at,
        .ns = c->before_ns,
        .cap_len = packet.cap_len,
        .wire_len = packet.wire_len > packet.cap_len ? packet.wire_len : packet.cap_len,
        .link = i->link,
        .interface = (uint16_t)number,
    };
    return true;
}

/* The byte order of the block whose first 12 bytes are in the buffer: a section header
 * brings its own.  False: it brings none that exists. */
static inline bool block_order(const struct capture *c, bool *big)
{
    const uint8_t *p = reader_at(&c->in);

    *big = c->form.big;
    if (load_le32(p) == BLOCK_SECTION) {
        *big = load_be32(p + BLOCK_HEAD_LEN) == order_magic;
        return *big || load_le32(p + BLOCK_HEAD_LEN) == order_magic;
    }
    return true;
}

static enum block_result from_reader(enum reader_result result)
{
    return result == READER_OK    ? BLOCK_READY
           : result == READER_END ? BLOCK_END
                                  : BLOCK_FAILED;
}

/* Gets 'n' bytes into the buffer, unless it would have to move and may not. */
static inline enum block_result get(struct capture *c, size_t n, bool may_move,
                                    struct policap_error *err)
{
    if (reader_left(&c->in) >= n) {
        return BLOCK_READY;
    }
    return may_move ? from_reader(reader_need(&c->in, n, err)) : BLOCK_NOT_YET;
}

static bool check_len(const struct capture *c, uint32_t type, uint32_t len,
                      struct policap_error *err)
{
    uint64_t offset = reader_offset(&c->in);

    if (len < BLOCK_MIN_LEN || len % 4 != 0) {
        return capture_broken(c, err, offset, "a block of %u bytes, which cannot be",
                              len);
    }
    if (len > BLOCK_MAX_LEN && is_read(type, len)) {
        return capture_broken(c, err, offset,
                              "a block of %u bytes, where %d is the most", len,
                              BLOCK_MAX_LEN);
    }
    return true;
}

/* The length at the end of the block of 'len' bytes at 'offset' is at 'p'. */
static inline bool check_tail(const struct capture *c, const uint8_t *p,
                              uint64_t offset, uint32_t len, bool big,
                              struct policap_error *err)
{
    uint32_t tail = load32(p, big);

    return tail == len ||
           capture_broken(c, err, offset,
                          "a block of %u bytes that says %u bytes at its end", len,
                          tail);
}

/* Passes over a block that does not lie whole in the buffer.  Where the file ends
 * inside the block, it is cut. */
static enum block_result pass_long_block(struct capture *c, uint32_t len, bool big,
                                         struct policap_error *err)
{
    uint64_t offset = reader_offset(&c->in);
    enum reader_result result = reader_skip(&c->in, len - BLOCK_TAIL_LEN, err);

    if (result == READER_OK) {
        result = reader_need(&c->in, BLOCK_TAIL_LEN, err);
    }
    if (result != READER_OK) {
        c->info.cut = result == READER_END;
        return from_reader(result);
    }
    if (!check_tail(c, reader_at(&c->in), offset, len, big, err)) {
        return BLOCK_FAILED;
    }
    reader_take(&c->in, BLOCK_TAIL_LEN);
    return BLOCK_READY;
}

/* Passes over a block of a type that is not read. */
static enum block_result pass_block(struct capture *c, uint32_t len, bool big,
                                    bool may_move, struct policap_error *err)
{
    const uint8_t *p = reader_at(&c->in);

    if (reader_left(&c->in) < len) {
        return may_move ? pass_long_block(c, len, big, err) : BLOCK_NOT_YET;
    }
    if (!check_tail(c, p + len - BLOCK_TAIL_LEN, reader_offset(&c->in), len, big,
                    err)) {
        return BLOCK_FAILED;
    }
    reader_take(&c->in, len);
    return BLOCK_READY;
}

/* Finds the next block that is read, whole in the buffer and not yet taken from it.
 * The end: each turn takes a block of at least BLOCK_MIN_LEN bytes or returns. */
static inline enum block_result next_block(struct capture *c, bool may_move,
                                           struct block *out, struct policap_error *err)
{
    for (;;) {
        enum block_result result = get(c, BLOCK_MIN_LEN, may_move, err);
        if (result != BLOCK_READY) {
            c->info.cut |= result == BLOCK_END && reader_left(&c->in) > 0;
            return result;
        }

        bool big;
        if (!block_order(c, &big)) {
            capture_broken(c, err, reader_offset(&c->in), "a section of no byte order");
            return BLOCK_FAILED;
        }

        uint32_t type = load32(reader_at(&c->in), big);
        uint32_t len = load32(reader_at(&c->in) + 4, big);
        if (!check_len(c, type, len, err)) {
            return BLOCK_FAILED;
        }
        if (is_read(type, len)) {
            *out = (struct block){.type = type, .len = len, .big = big};
            result = get(c, len, may_move, err);
            c->info.cut |= result == BLOCK_END;
            return result;
        }
        result = pass_block(c, len, big, may_move, err);
        if (result != BLOCK_READY) {
            return result;
        }
    }
}

/*     +---------------------------+
 *   0 | byte-order magic          |
 *     +---------------------------+
 *   4 | major       | minor       |
 *     +---------------------------+
 *   8 | section length            |
 *     |                           |
 *     +---------------------------+
 *  16 | options ...               |
 */
static bool read_section(struct capture *c, struct block *b, struct policap_error *err)
{
    const uint8_t *p;
    uint64_t offset = reader_offset(&c->in);

    if (!cursor_take(&b->body, 16, &p)) {
        return capture_broken(c, err, offset, "a section header of %u bytes", b->len);
    }
    if (load16(p + 4, b->big) != 1) {
        return capture_broken(c, err, offset,
                              "pcapng version %u.%u, which does not exist",
                              load16(p + 4, b->big), load16(p + 6, b->big));
    }
    c->form.big = b->big;
    c->section_interface = c->n_interfaces;
    return true;
}

/* Reads a block; a packet becomes the frame '*out', counted by '*n'.  False: the block
 * is broken, and nothing changed. */
static inline bool read_block(struct capture *c, struct block *b, struct frame *out,
                              size_t *n, struct policap_error *err)
{
    const uint8_t *p = reader_at(&c->in);
    if (!check_tail(c, p + b->len - BLOCK_TAIL_LEN, reader_offset(&c->in), b->len,
                    b->big, err)) {
        return false;
    }
    b->body = (struct cursor){p + BLOCK_HEAD_LEN, b->len - BLOCK_MIN_LEN};
    switch (b->type) {
    case BLOCK_SECTION:
        return read_section(c, b, err);
    case BLOCK_INTERFACE:
        return pcapng_read_interface(c, b, err);
    case BLOCK_STATISTICS:
        pcapng_read_statistics(c, b);
        return true;
    case BLOCK_NAMES:
        pcapng_read_names(c, b);
        return true;
    default:
        if (!read_packet(c, b, out, err)) {
            return false;
        }
        (*n)++;
        return true;
    }
}

/* A block that is broken is not taken.  Where frames before it wait to be given, they
 * go first, and the next call meets the block again. */
static bool pcapng_form_read(struct capture *c, struct frame *frames, size_t *n,
                             struct policap_error *err)
{
    struct block block;

    while (*n < CAPTURE_BATCH) {
        enum block_result result = next_block(c, *n == 0, &block, err);

        if (result != BLOCK_READY) {
            return result != BLOCK_FAILED || *n > 0;
        }
        if (!read_block(c, &block, &frames[*n], n, err)) {
            return *n > 0;
        }
        reader_take(&c->in, block.len);
    }
    return true;
}

bool pcapng_form_known(const struct capture *c)
{
    return reader_left(&c->in) >= 4 && load_le32(reader_at(&c->in)) == BLOCK_SECTION;
}

bool pcapng_form_begin(struct capture *c, struct policap_error *err)
{
    struct block block;
    struct frame none;
    size_t n = 0;
    enum block_result result = next_block(c, true, &block, err);

    if (result != BLOCK_READY) {
        return result == BLOCK_END ? capture_headless(c, err) : false;
    }
    if (!read_block(c, &block, &none, &n, err)) {
        return false;
    }
    reader_take(&c->in, block.len);
    c->info.format = "pcapng";
    c->read = pcapng_form_read;
    return true;
}
