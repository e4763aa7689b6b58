/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the tests of src/capture share: a folder for files, writers into pipes, and a
 * text of all that a capture gave, so that a row of a table can say it.
 */
#ifndef TEST_CAPTURE_H
#define TEST_CAPTURE_H

#include "unit.h"

#include "capture/capture.h"
#include "capture/listed.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Literals: little-endian unless the name says otherwise ---- */

/* clang-format off */
#define US_LE "\xd4\xc3\xb2\xa1"
#define NS_LE "\x4d\x3c\xb2\xa1"
#define MODIFIED_LE "\x34\xcd\xb2\xa1"
#define US_BE "\xa1\xb2\xc3\xd4"
#define NS_BE "\xa1\xb2\x3c\x4d"
#define MODIFIED_BE "\xa1\xb2\xcd\x34"

#define ZERO4 "\0\0\0\0"
#define FF4 "\xff\xff\xff\xff"
#define FF8 FF4 FF4

/* File header of a pcap: magic, version, link type. */
#define PCAP(magic, version, link) magic version ZERO4 ZERO4 "\0\0\4\0" link
#define PCAP_LE PCAP(US_LE, "\2\0\4\0", "\1\0\0\0")

/* A record of pcap at 1 s and 2 units, 2 of 4 bytes; at 3 s, 1 of 1 byte. */
#define RECORD_1 "\1\0\0\0" "\2\0\0\0" "\2\0\0\0" "\4\0\0\0" "ab"
#define RECORD_3 "\3\0\0\0" "\0\0\0\0" "\1\0\0\0" "\1\0\0\0" "c"

#define SECTION "\x0a\x0d\x0d\x0a" "\x1c\0\0\0" "\x4d\x3c\x2b\x1a" "\1\0\0\0" FF8 \
                "\x1c\0\0\0"
#define SECTION_BE "\x0a\x0d\x0d\x0a" "\0\0\0\x1c" "\x1a\x2b\x3c\x4d" "\0\1\0\0" FF8 \
                   "\0\0\0\x1c"

/* An interface of Ethernet with a snaplen and no options. */
#define INTERFACE(snaplen) "\1\0\0\0" "\x14\0\0\0" "\1\0\0\0" snaplen "\x14\0\0\0"
#define INTERFACE_BE "\0\0\0\1" "\0\0\0\x14" "\0\x65\0\0" ZERO4 "\0\0\0\x14"

/* An interface with 8 bytes of options, which if_tsresol takes; and with 12 more, for
 * if_tsoffset. */
#define RESOLUTION(r) "\x09\0\1\0" r "\0\0\0"
#define OFFSET(o) "\x0e\0\x08\0" o
#define INTERFACE_8(o) "\1\0\0\0" "\x1c\0\0\0" "\1\0\0\0" ZERO4 o "\x1c\0\0\0"
#define INTERFACE_20(o) "\1\0\0\0" "\x28\0\0\0" "\1\0\0\0" ZERO4 o "\x28\0\0\0"

/* An enhanced packet: interface, time (high half, low half), 2 of 4 bytes. */
#define PACKET(i, high, low) "\6\0\0\0" "\x24\0\0\0" i high low "\2\0\0\0" "\4\0\0\0" \
                             "ab\0\0" "\x24\0\0\0"
#define PACKET_BE(i, high, low) "\0\0\0\6" "\0\0\0\x24" i high low "\0\0\0\2" "\0\0\0\4" \
                                "ab\0\0" "\0\0\0\x24"
/* clang-format on */

/* ---- A folder of our own ---- */

static inline int enter_folder(void **state)
{
    char folder[] = P_tmpdir "/test_capture.XXXXXX";

    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int leave_folder(void **state)
{
    char folder[4096];

    (void)state;
    unlink("t.pcap");
    unlink("fifo");
    return getcwd(folder, sizeof folder) && rmdir(folder) == 0 ? 0 : -1;
}

static inline void write_file(const char *name, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(name, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* ---- A writer into a pipe ---- */

/* Writes 'len' bytes in pieces of 'piece', and ends this process. */
static inline void write_and_exit(int fd, const uint8_t *bytes, size_t len,
                                  size_t piece)
{
    alarm(100); /* A test that fails leaves its writer alone with a full pipe. */
    for (size_t at = 0; at < len;) {
        size_t n = len - at < piece ? len - at : piece;
        ssize_t done = write(fd, bytes + at, n);

        if (done <= 0) {
            break;
        }
        at += (size_t)done;
        usleep(piece == 1 ? 20 : 0);
    }
    _exit(0);
}

/* Writes in a process of its own. */
static inline pid_t start_writer(int fd, const uint8_t *bytes, size_t len, size_t piece)
{
    pid_t pid = fork();

    if (pid == 0) {
        write_and_exit(fd, bytes, len, piece);
    }
    assert_true(pid > 0);
    return pid;
}

/* ---- What a capture gave, as text ---- */

static inline void put_frame(FILE *out, const struct frame *f)
{
    fprintf(out, "%" PRIu64 ": %" PRId64 " ns %u/%u link %u if %u ", f->number, f->ns,
            f->cap_len, f->wire_len, f->link, f->interface);
    for (uint32_t i = 0; i < f->cap_len; i++) {
        fprintf(out, "%02x", f->bytes[i]);
    }
    fputc('\n', out);
}

static inline void put_info(FILE *out, const struct capture_info *info)
{
    fprintf(out, "%s links", info->format);
    for (size_t i = 0; i < info->n_links; i++) {
        fprintf(out, " %u", info->links[i]);
    }
    fprintf(out,
            " packets %" PRIu64 " bytes %" PRIu64 " snaplen-cut %" PRIu64
            " dropped %" PRIu64 " time %" PRId64 "..%" PRId64 "%s\n",
            info->packets, info->bytes, info->snaplen_cut_packets, info->dropped,
            info->first_ns, info->last_ns, info->cut ? " cut" : "");
}

static inline void put_names(FILE *out, const struct listed_names *names)
{
    char text[ADDR_TEXT_LEN];

    for (size_t i = 0; i < names->n; i++) {
        fprintf(out, "%s %s\n", addr_format(&names->at[i].addr, text),
                names->at[i].text);
    }
}

/* A line a frame, one of the whole, and one a name that it lists; or the message, after
 * the frames before it. The caller frees the text. */
static inline char *capture_text(const char *path)
{
    static struct frame frames[CAPTURE_BATCH];
    struct policap_error err;
    struct capture *c = capture_open(path, &err);
    char *text = NULL;
    size_t len = 0, n = 1;
    bool ok = c != NULL;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    while (ok && n > 0) {
        ok = capture_read(c, frames, &n, &err);
        for (size_t i = 0; i < n; i++) {
            put_frame(out, &frames[i]);
        }
    }
    if (ok) {
        put_info(out, capture_info(c));
        put_names(out, capture_names(c));
        assert_string_equal(capture_info(c)->path, path);
        assert_true(capture_read(c, frames, &n, &err)); /* The end stays the end. */
        assert_int_equal(n, 0);
    } else {
        fputs(err.text, out);
    }
    fclose(out);
    capture_close(c);
    return text;
}

static inline void check_text(const char *path, const char *want)
{
    char *text = capture_text(path);

    assert_string_equal(text, want);
    free(text);
}

/* The same bytes through a FIFO, in pieces.  Each side's open() waits for the other. */
static inline void check_fifo(const uint8_t *bytes, size_t len, size_t piece,
                              const char *want)
{
    unlink("fifo");
    assert_int_equal(mkfifo("fifo", 0600), 0);

    pid_t writer = fork();
    if (writer == 0) {
        write_and_exit(open("fifo", O_WRONLY), bytes, len, piece);
    }
    check_text("fifo", want);
    waitpid(writer, NULL, 0);
}

#endif
