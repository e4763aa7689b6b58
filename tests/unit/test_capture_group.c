/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Several captures as one in order of time, and filters, against a plain sort.
 */
#include "test_capture.h"

#include "capture/filter.h"
#include "capture/group.h"

enum { MAX_FILES = 200, MAX_EVENTS = 100000 };

/* A frame of the files written, or of those read. */
struct event {
    int64_t ns;
    uint32_t capture, number;
};

static struct event written[MAX_EVENTS], read_back[MAX_EVENTS];
static size_t n_written, n_read;

static void put32(FILE *out, uint32_t v)
{
    fwrite(&v, sizeof v, 1, out);
}

static void put_head(FILE *out, uint32_t link)
{
    put32(out, 0xa1b2c3d4);
    put32(out, 0x00040002);
    put32(out, 0);
    put32(out, 0);
    put32(out, 65535);
    put32(out, link);
}

static const char *name_of(size_t i)
{
    static char name[32];

    snprintf(name, sizeof name, "%03zu.pcap", i);
    return name;
}

/* File 'i': 'n' frames of 60 bytes from second 'first' on, 'step' seconds apart; the
 * first byte of each is the file's number. */
static void write_capture(size_t i, uint32_t first, uint32_t n, uint32_t step,
                          uint32_t link)
{
    FILE *out = fopen(name_of(i), "wb");
    uint8_t bytes[60] = {(uint8_t)i};

    assert_non_null(out);
    put_head(out, link);
    for (uint32_t k = 0; k < n; k++) {
        put32(out, first + k * step);
        put32(out, 0);
        put32(out, sizeof bytes);
        put32(out, sizeof bytes);
        fwrite(bytes, 1, sizeof bytes, out);
        written[n_written++] = (struct event){(first + k * step) * INT64_C(1000000000),
                                              (uint32_t)i, k + 1};
    }
    fclose(out);
}

static int event_cmp(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    if (x->ns != y->ns) {
        return x->ns < y->ns ? -1 : 1;
    }
    return x->capture != y->capture ? (x->capture < y->capture ? -1 : 1)
                                    : (x->number < y->number ? -1 : 1);
}

static size_t open_files(void)
{
    size_t n = 0;

    for (int fd = 0; fd < 1024; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

/* Reads the group; the most files that were open at once beyond those before. */
static size_t read_group(struct capture_group *group)
{
    static struct frame frames[CAPTURE_BATCH];
    struct policap_error err = {""};
    size_t before = open_files(), most = 0, n = 1;

    n_read = 0;
    while (n > 0) {
        if (!group_read(group, frames, &n, &err)) {
            fail_msg("%s", err.text);
        }
        for (size_t i = 0; i < n; i++) {
            const char *path = group_path(group, frames[i].capture);

            assert_int_equal(frames[i].bytes[0], strtoul(path, NULL, 10) & 255);
            read_back[n_read++] = (struct event){frames[i].ns, frames[i].bytes[0],
                                                 (uint32_t)frames[i].number};
        }
        most = open_files() - before > most ? open_files() - before : most;
    }
    return most;
}

static struct capture_group *group_of(size_t n, struct filter *filter, uint64_t max)
{
    struct capture_group *group = group_new();
    struct policap_error err;

    assert_non_null(group);
    for (size_t i = n; i-- > 0;) { /* The order given does not matter. */
        assert_true(group_add(group, name_of(i), false, &err));
    }
    if (!group_begin(group, filter, max, &err)) {
        fail_msg("%s", err.text);
    }
    return group;
}

static void check_events(void)
{
    qsort(written, n_written, sizeof *written, event_cmp);
    assert_int_equal(n_read, n_written);
    for (size_t i = 0; i < n_written; i++) {
        assert_int_equal(read_back[i].ns, written[i].ns);
        assert_int_equal(read_back[i].capture, written[i].capture);
        assert_int_equal(read_back[i].number, written[i].number);
    }
}

static void unlink_all(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unlink(name_of(i));
    }
    n_written = 0;
}

/* A ring of files, one after the other, each with more frames than a batch. */
static void check_rotated(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MAX_FILES; i++) {
        write_capture(i, 1000 + i * 400, 400, 1, 1);
    }

    struct capture_group *group = group_of(MAX_FILES, NULL, 0);
    assert_true(read_group(group) <= 2);
    check_events();
    for (size_t i = 0; i < MAX_FILES; i++) {
        assert_string_equal(group_path(group, i), name_of(i));
        assert_string_equal(group_info(group, i)->path, name_of(i));
        assert_int_equal(group_info(group, i)->packets, 400);
    }
    group_free(group);
    unlink_all(MAX_FILES);
}

/* Files that overlap: at their ends, wholly, one inside another, at equal times, one
 * without a frame. */
static void check_overlapping(void **state)
{
    (void)state;
    write_capture(0, 1000, 3000, 3, 1);
    write_capture(1, 1000, 3000, 3, 1);
    write_capture(2, 1100, 2000, 1, 1);
    write_capture(3, 2000, 1, 1, 1);
    write_capture(4, 9999, 900, 1, 1);
    write_capture(5, 10898, 900, 1, 1);
    write_capture(6, 0, 0, 0, 1);

    struct capture_group *group = group_of(7, NULL, 0);
    assert_int_equal(read_group(group), 4);
    check_events();
    assert_string_equal(group_path(group, 6), "006.pcap");
    assert_int_equal(group_info(group, 6)->packets, 0);
    group_free(group);
    unlink_all(7);
}

static void check_too_many(void **state)
{
    struct policap_error err;
    static struct frame frames[CAPTURE_BATCH];
    size_t n;

    (void)state;
    for (uint32_t i = 0; i <= GROUP_MAX_OPEN; i++) {
        write_capture(i, 1000 + i, 2, 5000, 1);
    }

    struct capture_group *group = group_of(GROUP_MAX_OPEN, NULL, 0);
    assert_int_equal(read_group(group), GROUP_MAX_OPEN);
    group_free(group);

    group = group_of(GROUP_MAX_OPEN + 1, NULL, 0);
    while (group_read(group, frames, &n, &err)) {
        assert_true(n > 0);
    }
    assert_string_equal(err.text,
                        "064.pcap: more than 64 captures overlap in time: merge some "
                        "first: mergecap -w merged.pcapng FILE FILE ...");
    group_free(group);
    unlink_all(GROUP_MAX_OPEN + 1);
}

static void check_fifo_in_group(void **state)
{
    struct policap_error err;
    uint8_t bytes[4096];
    size_t len;

    (void)state;
    write_capture(0, 1000, 10, 2, 1);
    write_capture(1, 1001, 10, 2, 1);
    write_capture(2, 1030, 10, 2, 1);

    FILE *in = fopen(name_of(1), "rb");
    len = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    unlink(name_of(1));
    assert_int_equal(mkfifo(name_of(1), 0600), 0);
    pid_t writer = fork();
    if (writer == 0) {
        write_and_exit(open(name_of(1), O_WRONLY), bytes, len, 10);
    }

    struct capture_group *group = group_of(3, NULL, 0);
    read_group(group);
    check_events();
    group_free(group);
    waitpid(writer, NULL, 0);
    unlink_all(3);
    (void)err;
}

/* What lies in a folder and is no capture is skipped; a broken capture is not. */
static void check_found(void **state)
{
    struct capture_group *group = group_new();
    struct policap_error err;

    (void)state;
    write_capture(0, 1000, 2, 1, 1);
    write_file("001.pcap", (const uint8_t *)"# Notes", 7);
    write_file("002.pcap", (const uint8_t *)"", 0);
    assert_true(group_add(group, "001.pcap", true, &err));
    assert_true(group_add(group, "000.pcap", true, &err));
    assert_true(group_add(group, "002.pcap", true, &err));
    assert_true(group_begin(group, NULL, 0, &err));
    assert_int_equal(group_count(group), 1);
    assert_int_equal(group_skipped_count(group), 2);
    assert_string_equal(group_skipped(group, 1),
                        "skipped: 002.pcap: empty file: capture again, or copy the "
                        "file again");
    read_group(group);
    check_events();
    group_free(group);

    group = group_new();
    assert_true(group_add(group, "000.pcap", true, &err));
    assert_true(group_add(group, "001.pcap", false, &err));
    assert_false(group_begin(group, NULL, 0, &err)); /* Somebody named it. */
    group_free(group);

    write_file("001.pcap", (const uint8_t *)"\xd4\xc3\xb2\xa1\2", 5);
    group = group_new();
    assert_true(group_add(group, "000.pcap", true, &err));
    assert_true(group_add(group, "001.pcap", true, &err));
    assert_false(group_begin(group, NULL, 0, &err));
    assert_string_equal(err.text,
                        "001.pcap: ends inside its file header: copy the file again");
    group_free(group);
    unlink_all(3);
}

/* ---- Filters ---- */

static void check_times(void **state)
{
    struct policap_error err;
    struct filter *filter =
        filter_new(NULL, INT64_C(1100000000000), INT64_C(1900000000000), &err);

    (void)state;
    write_capture(0, 1000, 1000, 1, 1);

    struct capture_group *group = group_of(1, filter, 0);
    read_group(group);
    assert_int_equal(n_read, 800);
    assert_int_equal(read_back[0].number, 101);
    assert_int_equal(read_back[799].number, 900);
    assert_int_equal(group_info(group, 0)->packets, 800);
    assert_int_equal(group_info(group, 0)->first_ns, INT64_C(1100000000000));
    group_free(group);

    group = group_of(1, filter, 600);
    read_group(group);
    assert_int_equal(n_read, 600);
    assert_int_equal(group_info(group, 0)->packets, 600);
    group_free(group);
    filter_free(filter);
    unlink_all(1);
}

/* Captures that are not reached are there, with no packet. */
static void check_max_packets(void **state)
{
    (void)state;
    write_capture(0, 1000, 300, 2, 1);
    write_capture(1, 1001, 300, 2, 1);
    write_capture(2, 2000, 300, 2, 1);

    struct capture_group *group = group_of(3, NULL, 101);
    read_group(group);
    assert_int_equal(n_read, 101);
    assert_int_equal(group_info(group, 0)->packets, 51);
    assert_int_equal(group_info(group, 1)->packets, 50);
    assert_int_equal(group_info(group, 2)->packets, 0);
    assert_string_equal(group_info(group, 2)->format, "pcap");
    group_free(group);
    unlink_all(3);
}

/* One expression, two link types: byte 0 is the file's number in each. */
static void check_bpf(void **state)
{
    struct policap_error err;
    struct filter *filter =
        filter_new("link[0] = 1 or link[0] = 2", INT64_MIN, INT64_MAX, &err);

    (void)state;
    assert_non_null(filter);
    write_capture(0, 1000, 5, 3, 1);
    write_capture(1, 1001, 5, 3, 1);
    write_capture(2, 1002, 5, 3, 113);

    struct capture_group *group = group_of(3, filter, 0);
    read_group(group);
    assert_int_equal(n_read, 10);
    for (size_t i = 0; i < n_read; i++) {
        assert_int_equal(read_back[i].capture, 1 + i % 2);
        assert_int_equal(read_back[i].number, 1 + i / 2);
    }
    group_free(group);
    filter_free(filter);
    unlink_all(3);
}

static void check_bad_bpf(void **state)
{
    static struct frame frames[CAPTURE_BATCH];
    struct policap_error err;
    size_t n;

    (void)state;
    assert_null(filter_new("tcp prot 5228", INT64_MIN, INT64_MAX, &err));
    assert_memory_equal(err.text, "-f 'tcp prot 5228': ", 20);

    struct filter *filter = filter_new("ether multicast", INT64_MIN, INT64_MAX, &err);
    assert_non_null(filter);
    write_capture(0, 1000, 5, 3, 101);
    struct capture_group *group = group_of(1, filter, 0);
    assert_false(group_read(group, frames, &n, &err));
    assert_non_null(strstr(err.text, "for frames of link type RAW: "));
    group_free(group);
    filter_free(filter);
    unlink_all(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_rotated),     cmocka_unit_test(check_overlapping),
        cmocka_unit_test(check_too_many),    cmocka_unit_test(check_fifo_in_group),
        cmocka_unit_test(check_found),       cmocka_unit_test(check_times),
        cmocka_unit_test(check_max_packets), cmocka_unit_test(check_bpf),
        cmocka_unit_test(check_bad_bpf),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
