/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Compressed captures: members in a row, through a file and a slow pipe; cut at any
 * byte; broken; and asking for more memory than we give.
 */
#include "test_capture.h"

#include "capture/unpack.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_LZ4
#include <lz4frame.h>
#endif

enum { N_RECORDS = 6000, ROOM = 1 << 20 };

typedef size_t (*pack_fn)(const uint8_t *in, size_t len, uint8_t *out, size_t room);

#ifdef HAVE_ZLIB
static size_t pack_gzip(const uint8_t *in, size_t len, uint8_t *out, size_t room)
{
    z_stream z = {.next_in = (void *)(uintptr_t)in,
                  .avail_in = (uInt)len,
                  .next_out = out,
                  .avail_out = (uInt)room};

    assert_int_equal(
        deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}
#endif

#ifdef HAVE_ZSTD
static size_t pack_zstd(const uint8_t *in, size_t len, uint8_t *out, size_t room)
{
    size_t n = ZSTD_compress(out, room, in, len, 3);

    assert_false(ZSTD_isError(n));
    return n;
}

/* A frame to be passed over before each, as a zstd that works in parallel writes. */
static size_t pack_skippable(const uint8_t *in, size_t len, uint8_t *out, size_t room)
{
    memcpy(out, "\x50\x2a\x4d\x18\4\0\0\0size", 12);
    return 12 + pack_zstd(in, len, out + 12, room - 12);
}
#endif

#ifdef HAVE_LZ4
static size_t pack_lz4(const uint8_t *in, size_t len, uint8_t *out, size_t room)
{
    size_t n = LZ4F_compressFrame(out, room, in, len, NULL);

    assert_false(LZ4F_isError(n));
    return n;
}
#endif

struct packer {
    const char *name;
    pack_fn pack;
};

static const struct packer packers[] = {
#ifdef HAVE_ZLIB
    {"gzip", pack_gzip},
#endif
#ifdef HAVE_ZSTD
    {"zstd", pack_zstd}, {"zstd, skippable frames", pack_skippable},
#endif
#ifdef HAVE_LZ4
    {"lz4", pack_lz4},
#endif
    {NULL, NULL},
};

static uint8_t plain[ROOM], packed[2 * ROOM];
static size_t plain_len;

static void make_plain(void)
{
    static const uint8_t head[] = PCAP_LE;
    uint8_t record[16 + 60] = {[8] = 60, [12] = 60};

    memcpy(plain, head, plain_len = sizeof head - 1);
    for (unsigned i = 0; i < N_RECORDS; i++) {
        record[0] = (uint8_t)i;
        record[1] = (uint8_t)(i >> 8);
        for (unsigned k = 16; k < 40; k++) {
            record[k] = (uint8_t)rand();
        }
        memcpy(plain + plain_len, record, sizeof record);
        plain_len += sizeof record;
    }
}

/* 'n' members of about equal length. */
static size_t pack_members(pack_fn pack, size_t n)
{
    size_t at = 0, len = 0;

    for (size_t i = 1; i <= n; i++) {
        size_t end = plain_len * i / n;

        len += pack(plain + at, end - at, packed + len, sizeof packed - len);
        at = end;
    }
    return len;
}

static void check_members(void **state)
{
    const struct packer *packer = *state;
    char *want;

    write_file("t.pcap", plain, plain_len);
    want = capture_text("t.pcap");
    for (size_t n = 1; n <= 9; n += 4) {
        size_t len = pack_members(packer->pack, n);

        write_file("t.pcap", packed, len);
        check_text("t.pcap", want);
        check_fifo(packed, len, 999, want);
        check_fifo(packed, len, 65536, want);
    }
    free(want);
}

/* How many frames came, all right; the capture said that it is cut.  -1: refused. */
static long count_cut(void)
{
    static struct frame frames[CAPTURE_BATCH];
    struct policap_error err;
    struct capture *c = capture_open("t.pcap", &err);
    size_t n = 1;

    if (!c) {
        assert_true(strstr(err.text, ": ends inside its file header: ") ||
                    strstr(err.text, ": empty file: "));
        return -1;
    }
    while (n > 0) {
        assert_true(capture_read(c, frames, &n, &err));
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(frames[i].ns, (frames[i].number - 1) * 1000000000);
        }
    }

    long seen = (long)capture_info(c)->packets;
    assert_true(capture_info(c)->cut);
    capture_close(c);
    return seen;
}

/* The more there is, the more is read. */
static void check_cut(void **state)
{
    const struct packer *packer = *state;
    size_t len = pack_members(packer->pack, 1);
    long before = -1;

    for (size_t cut = 7; cut < len; cut += cut < 100 ? 1 : len / 40) {
        write_file("t.pcap", packed, cut);

        long seen = count_cut();
        assert_true(seen >= before);
        before = seen;
    }
    write_file("t.pcap", packed, len - 1);
    assert_true(count_cut() >= N_RECORDS * 2 / 3);
}

/* A changed byte in the middle is an error, or seen by no checksum that is there: in
 * no case more than the capture, or a crash. */
static void check_broken(void **state)
{
    const struct packer *packer = *state;
    size_t len = pack_members(packer->pack, 3);
    unsigned refused = 0;

    for (size_t at = 0; at < len; at += len / 50) {
        packed[at] ^= 0x55;
        write_file("t.pcap", packed, len);
        packed[at] ^= 0x55;

        char *text = capture_text("t.pcap");
        refused += strstr(text, ": broken ") != NULL;
        free(text);
    }
    assert_true(refused > 0);
}

#ifdef HAVE_ZLIB
static void check_gzip_padding(void **state)
{
    size_t len = pack_members(pack_gzip, 2);
    char *want;

    (void)state;
    write_file("t.pcap", packed, len);
    want = capture_text("t.pcap");
    memset(packed + len, 0, 5000);
    write_file("t.pcap", packed, len + 5000);
    check_text("t.pcap", want);
    memcpy(packed + len + 5000, "xx", 2);
    write_file("t.pcap", packed, len + 5002);
    free(want);
    want = capture_text("t.pcap");
    assert_non_null(strstr(want, "t.pcap: offset "));
    assert_non_null(strstr(want,
                           ": broken gzip data (incorrect header check): copy the "
                           "file again, or read what is whole with: zcat FILE | "
                           "policap check -"));
    free(want);
}

static void check_twice(void **state)
{
    static uint8_t inner[2 * ROOM];
    size_t len = pack_gzip(plain, plain_len, inner, sizeof inner);

    (void)state;
    len = pack_gzip(inner, len, packed, sizeof packed);
    write_file("t.pcap", packed, len);
    check_text("t.pcap", "t.pcap: compressed with gzip, twice: decompress first, e.g. "
                         "zcat FILE | zcat | policap check -");
}
#endif

/* A window of 256 MiB. */
static void check_window(void **state)
{
    static const uint8_t bytes[] = "\x28\xb5\x2f\xfd\0\x90\1\0\0";

    (void)state;
    write_file("t.pcap", bytes, sizeof bytes - 1);
#ifdef HAVE_ZSTD
    check_text("t.pcap",
               "t.pcap: offset 0: needs more than 128 MiB of memory to decompress: "
               "decompress first, e.g. zstdcat --long=31 FILE | policap check -");
#else
    check_text("t.pcap", "t.pcap: compressed with zstd, and this policap was built "
                         "without libzstd: decompress first, e.g. zstdcat FILE | "
                         "policap check -");
#endif
}

/* A library that is not there. */
static void check_without(void **state)
{
    static const struct unpack_form form = {"zip", "libzip", "unzip -p", NULL};
    struct policap_error err;
    struct unpack u;

    (void)state;
    assert_false(unpack_init(&u, &form, malloc(10), 10, 5, "t.pcap", &err));
    unpack_fini(&u);
    assert_string_equal(err.text,
                        "t.pcap: compressed with zip, and this policap was built "
                        "without libzip: decompress first, e.g. unzip -p FILE | "
                        "policap check -");
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(check_window),
        cmocka_unit_test(check_without),
#ifdef HAVE_ZLIB
        cmocka_unit_test(check_gzip_padding),
        cmocka_unit_test(check_twice),
#endif
    };
    struct CMUnitTest tests[3 * ARRAY_LEN(packers) + ARRAY_LEN(others)];
    size_t n = 0;

    make_plain();
    memset(tests, 0, sizeof tests);
    for (const struct packer *p = packers; p->name; p++) {
        void *state = (void *)(uintptr_t)p;

        tests[n++] = (struct CMUnitTest){"members", check_members, NULL, NULL, state};
        tests[n++] = (struct CMUnitTest){"cut", check_cut, NULL, NULL, state};
        tests[n++] = (struct CMUnitTest){"broken", check_broken, NULL, NULL, state};
    }
    memcpy(tests + n, others, sizeof others);
    n += ARRAY_LEN(others);
    return _cmocka_run_group_tests("unpack", tests, n, enter_folder, leave_folder);
}
