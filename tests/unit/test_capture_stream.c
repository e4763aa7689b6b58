/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Captures larger than the reader's buffer, from a file, a pipe and standard input:
 * records that straddle its end, the longest records, blocks longer than the buffer.
 */
#include "test_capture.h"

#include "capture/reader.h"

enum { MAX_FRAMES = 20000 };

/* A capture being written, and what it must give. */
struct written {
    uint8_t *bytes;
    size_t len, room;
    uint32_t lens[MAX_FRAMES];
    size_t n;
};

static void put(struct written *w, const void *bytes, size_t len)
{
    while (w->len + len > w->room) {
        w->room = w->room ? 2 * w->room : 1 << 20;
        w->bytes = realloc(w->bytes, w->room);
        assert_non_null(w->bytes);
    }
    memcpy(w->bytes + w->len, bytes, len);
    w->len += len;
}

static void put_u32(struct written *w, uint32_t value)
{
    const uint8_t b[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                         (uint8_t)(value >> 24)};

    put(w, b, sizeof b);
}

/* Byte 'i' of frame 'number', from 1. */
static uint8_t content(uint64_t number, uint32_t i)
{
    return (uint8_t)(number * 31 + i * 7 + (i >> 8));
}

static void put_content(struct written *w, uint32_t len)
{
    w->lens[w->n++] = len;
    for (uint32_t i = 0; i < len; i++) {
        put(w, &(uint8_t){content(w->n, i)}, 1);
    }
}

static void put_record(struct written *w, uint32_t len)
{
    put_u32(w, (uint32_t)w->n);
    put_u32(w, 0);
    put_u32(w, len);
    put_u32(w, len);
    put_content(w, len);
}

static void put_packet(struct written *w, uint32_t len)
{
    uint32_t padded = (len + 3) & ~UINT32_C(3);

    put_u32(w, 6);
    put_u32(w, padded + 32);
    put_u32(w, 0);
    put_u32(w, 0);
    put_u32(w, 0);
    put_u32(w, len);
    put_u32(w, len);
    put_content(w, len);
    put(w, "\0\0\0", padded - len);
    put_u32(w, padded + 32);
}

/* A block of a type that is not read. */
static void put_other(struct written *w, uint32_t len, uint32_t tail)
{
    put_u32(w, 0xbad);
    put_u32(w, len);
    for (uint32_t i = 0; i < len - 12; i += 4) {
        put_u32(w, 6);
    }
    put_u32(w, tail);
}

static void put_pcapng_head(struct written *w)
{
    static const uint8_t head[] = SECTION INTERFACE(ZERO4);

    put(w, head, sizeof head - 1);
}

/* Lengths that make every position of a record meet the end of the buffer, in the
 * end, with the longest record in between and twice in a row. */
static void fill(struct written *w, void (*put_one)(struct written *, uint32_t))
{
    for (uint32_t i = 0; i < 9000; i++) {
        put_one(w, i % 251);
    }
    put_one(w, CAPTURE_MAX_FRAME);
    put_one(w, CAPTURE_MAX_FRAME);
    for (uint32_t i = 0; i < 9000; i++) {
        put_one(w, i % 241);
    }
    put_one(w, CAPTURE_MAX_FRAME - 1);
}

/* ---- Reading it ---- */

/* Each byte of each frame, looked at when the whole batch is there: a frame must not
 * have lost its bytes to the one after it. */
static void check_batch(const struct written *w, const struct frame *frames, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct frame *f = &frames[i];
        bool same = true;

        assert_true(f->number >= 1 && f->number <= w->n);
        assert_int_equal(f->cap_len, w->lens[f->number - 1]);
        for (uint32_t at = 0; at < f->cap_len; at++) {
            same = same && f->bytes[at] == content(f->number, at);
        }
        assert_true(same);
    }
}

static void check_capture(const struct written *w, const char *path)
{
    static struct frame frames[CAPTURE_BATCH];
    struct policap_error err;
    struct capture *c = capture_open(path, &err);
    size_t n = 1;
    uint64_t seen = 0;

    assert_non_null(c);
    while (n > 0) {
        assert_true(capture_read(c, frames, &n, &err));
        assert_true(n <= CAPTURE_BATCH);
        if (n > 0) {
            assert_int_equal(frames[0].number, seen + 1);
        }
        check_batch(w, frames, n);
        seen += n;
    }
    assert_int_equal(seen, w->n);
    assert_int_equal(capture_info(c)->packets, w->n);
    assert_false(capture_info(c)->cut);
    capture_close(c);
}

/* Runs 'read_it' with a pipe as standard input, that a writer fills in pieces. */
static void with_stdin(const struct written *w, size_t piece, int flags,
                       void (*read_it)(const struct written *))
{
    int fds[2], saved = dup(STDIN_FILENO);

    assert_true(saved >= 0);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, flags), 0);

    pid_t writer = start_writer(fds[1], w->bytes, w->len, piece);
    close(fds[1]);
    dup2(fds[0], STDIN_FILENO);
    close(fds[0]);
    read_it(w);
    dup2(saved, STDIN_FILENO);
    close(saved);
    waitpid(writer, NULL, 0);
}

static void read_stdin(const struct written *w)
{
    check_capture(w, "-");
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD) >= 0, 1); /* Not ours to close. */
}

static void check_ways(const struct written *w)
{
    write_file("t.pcap", w->bytes, w->len);
    check_capture(w, "t.pcap");
    with_stdin(w, 65536, 0, read_stdin);
    with_stdin(w, 4093, O_NONBLOCK, read_stdin);
}

static void check_large_pcap(void **state)
{
    static const uint8_t head[] = PCAP_LE;
    struct written w = {0};

    (void)state;
    put(&w, head, sizeof head - 1);
    fill(&w, put_record);
    assert_true(w.len > 8 * READER_CHUNK);
    check_ways(&w);
    free(w.bytes);
}

static void check_large_pcapng(void **state)
{
    struct written w = {0};

    (void)state;
    put_pcapng_head(&w);
    fill(&w, put_packet);
    assert_true(w.len > 8 * READER_CHUNK);
    check_ways(&w);
    free(w.bytes);
}

/* Blocks that are passed over: first thing, after packets, several buffers long, and
 * one of each length that ends near the end of the buffer. */
static void check_long_blocks(void **state)
{
    struct written w = {0};

    (void)state;
    put_pcapng_head(&w);
    put_other(&w, 5 * READER_CHUNK, 5 * READER_CHUNK);
    for (uint32_t len = READER_CHUNK - 400; len < READER_CHUNK + 400; len += 36) {
        put_packet(&w, 60);
        put_other(&w, len, len);
    }
    put_packet(&w, 1);
    check_ways(&w);
    free(w.bytes);
}

static void check_long_block_cut(void **state)
{
    struct written w = {0};

    (void)state;
    put_pcapng_head(&w);
    put_packet(&w, 1);
    put_other(&w, 3 * READER_CHUNK, 3 * READER_CHUNK);
    for (size_t cut = 1; cut < 8; cut++) {
        write_file("t.pcap", w.bytes, w.len - cut);
        check_text("t.pcap", "1: 0 ns 1/1 link 1 if 0 1f\n"
                             "pcapng links 1 packets 1 bytes 1 snaplen-cut 0 dropped 0 "
                             "time 0..0 cut\n");
    }
    free(w.bytes);
}

static void check_long_block_tail(void **state)
{
    struct written w = {0};

    (void)state;
    put_pcapng_head(&w);
    put_packet(&w, 1);
    put_other(&w, 3 * READER_CHUNK, 12);
    write_file("t.pcap", w.bytes, w.len);
    check_text("t.pcap",
               "1: 0 ns 1/1 link 1 if 0 1f\n"
               "t.pcap: offset 84: a block of 786432 bytes that says 12 bytes "
               "at its end: the file is damaged: copy it again, or keep what "
               "is whole with: editcap FILE whole.pcapng");
    free(w.bytes);
}

static void check_long_packet(void **state)
{
    struct written w = {0};

    (void)state;
    put_pcapng_head(&w);
    put_packet(&w, CAPTURE_MAX_FRAME + 1);
    write_file("t.pcap", w.bytes, w.len);
    check_text("t.pcap",
               "t.pcap: offset 48: a packet of 262145 bytes, where 262144 is "
               "the most: the file is damaged: copy it again, or keep what is "
               "whole with: editcap FILE whole.pcapng");
    free(w.bytes);
}

/* A packet of four bytes in a block as long as any that is read: options fill it. */
static void check_longest_block(void **state)
{
    const uint32_t len = 16 * 1024 * 1024;
    struct written w = {0};

    (void)state;
    put_pcapng_head(&w);
    for (size_t i = 0; i < 2; i++) {
        put_u32(&w, 6);
        put_u32(&w, len);
        put(&w, "\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\4\0\0\0", 20);
        put_content(&w, 4);
        for (uint32_t at = 32; at < len - 4; at += 4) {
            put_u32(&w, 0);
        }
        put_u32(&w, len);
    }
    put_packet(&w, 9);
    check_ways(&w);
    free(w.bytes);
}

static void read_broken_stdin(const struct written *w)
{
    (void)w;
    check_text("-", "standard input: neither pcap nor pcapng: give a capture, or "
                    "convert it with: editcap -F pcapng FILE new.pcapng");
}

static void read_empty_stdin(const struct written *w)
{
    (void)w;
    check_text("-",
               "standard input: empty file: capture again, or copy the file again");
}

static void check_broken_stdin(void **state)
{
    struct written w = {0};

    (void)state;
    with_stdin(&w, 1, 0, read_empty_stdin);
    put(&w, "hello", 5);
    with_stdin(&w, 1, 0, read_broken_stdin);
    free(w.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_large_pcap),      cmocka_unit_test(check_large_pcapng),
        cmocka_unit_test(check_long_blocks),     cmocka_unit_test(check_long_block_cut),
        cmocka_unit_test(check_long_block_tail), cmocka_unit_test(check_long_packet),
        cmocka_unit_test(check_longest_block),   cmocka_unit_test(check_broken_stdin),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
