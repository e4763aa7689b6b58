/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The reader against libpcap's: every capture that lies about gives the same frames,
 * with the same times, lengths and bytes, up to where either stops.
 *
 * The two are meant to differ in this, and each rule below says where:
 *
 * - libpcap cuts a packet of pcap to the snaplen of the file header; we give what was
 *   captured.
 * - libpcap gives the wire length as it stands; ours is never below the captured one.
 * - libpcap refuses a packet of pcapng over its snaplen, interfaces of one file that
 *   differ in link type or snaplen, sections that differ in byte order, and a pcapng
 *   without interfaces; we read them.
 * - Where a file is cut, libpcap's last answer is an error; ours is the end, with
 *   'cut' set.
 * - libpcap reads the seconds of a pcap as signed, unless it must swap them.  They are
 *   unsigned in draft-ietf-opsawg-pcap.
 *   So are their micro- and nanoseconds, which above 2^31 no clock gives.
 * - libpcap keeps 26 bits of a pcap's link type; there are 16.
 * - libpcap does not look at the length at the end of a pcapng's first block, and
 *   takes minor versions 0 and 2 only; we refuse the one, as Wireshark does, and take
 *   any minor version.
 * - libpcap's times of pcapng wrap; ours stop at the largest and the smallest.
 * - libpcap writes some link types' headers anew in a file of the other byte order
 *   (USB, NFLOG, CAN over SLL); we give them as they are.
 */
#include "test_capture.h"

#include <dirent.h>
#include <pcap/pcap.h>

static char **files;
static size_t n_files;

/* What libpcap says where we read on. */
static const char *const refusals[] = {
    "an interface has a type",
    "an interface has a snapshot length",
    "the file has sections with different byte orders",
    "the capture file has no Interface Description Blocks",
    "invalid packet capture length", /* Ours too, above CAPTURE_MAX_FRAME. */
    "truncated",                     /* Cut: our end. */
};

static bool is_refusal(const char *message)
{
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        if (strstr(message, refusals[i])) {
            return true;
        }
    }
    return false;
}

static bool rewritten(pcap_t *p)
{
    int dlt = pcap_datalink(p);

    return pcap_is_swapped(p) && (dlt == DLT_LINUX_SLL || dlt == DLT_USB_LINUX ||
                                  dlt == DLT_USB_LINUX_MMAPPED || dlt == DLT_NFLOG);
}

static void compare(const struct frame *f, pcap_t *p, const struct pcap_pkthdr *head,
                    const uint8_t *bytes)
{
    uint32_t snaplen = (uint32_t)pcap_snapshot(p);
    int64_t ns = (int64_t)head->ts.tv_sec * 1000000000 + (int64_t)head->ts.tv_usec;

    assert_int_equal(f->cap_len < snaplen ? f->cap_len : snaplen, head->caplen);
    assert_int_equal(f->wire_len, head->len > f->cap_len ? head->len : f->cap_len);
    if (f->ns / 1000000000 > INT32_MAX && !pcap_is_swapped(p)) {
        ns += INT64_C(4294967296) * 1000000000;
    }
    assert_int_equal(f->ns, ns);
    if (!rewritten(p)) {
        assert_memory_equal(f->bytes, bytes, head->caplen);
    }
}

/* Reads on with both.  The end of one must be the end of the other, or one of the
 * reasons above. */
static void compare_frames(struct capture *c, pcap_t *p)
{
    static struct frame frames[CAPTURE_BATCH];
    struct policap_error err = {""};
    struct pcap_pkthdr *head;
    const uint8_t *bytes;
    size_t n = 0, i = 0;
    bool ok = true;

    for (;;) {
        if (i == n) {
            ok = capture_read(c, frames, &n, &err);
            i = 0;
        }

        int theirs = pcap_next_ex(p, &head, &bytes);
        if (theirs == 1 && ok && n > 0) {
            compare(&frames[i++], p, head, bytes);
            continue;
        }
        if (theirs == PCAP_ERROR_BREAK) {
            assert_true(ok);
            assert_int_equal(n, 0);
            assert_false(capture_info(c)->cut);
        } else {
            assert_int_equal(theirs, PCAP_ERROR);
            assert_true(!ok || is_refusal(pcap_geterr(p)));
            assert_true(!ok || n > 0 || capture_info(c)->cut);
        }
        return;
    }
}

static void check_file(void **state)
{
    const char *path = *state;
    char message[PCAP_ERRBUF_SIZE];
    struct policap_error err;
    pcap_t *p = pcap_open_offline_with_tstamp_precision(
        path, PCAP_TSTAMP_PRECISION_NANO, message);
    struct capture *c = capture_open(path, &err);

    if (p && c) {
        char room[8], number[8];
        const char *name = pcap_datalink_val_to_name(pcap_datalink(p));

        snprintf(number, sizeof number, "%d", pcap_datalink(p));
        compare_frames(c, p);
        if (capture_info(c)->n_links > 0) {
            assert_string_equal(capture_link_name(capture_info(c)->links[0], room),
                                name ? name : number);
        }
    } else if (c) {
        /* libpcap looks for the first interface when it opens a file, so what we say
         * of a block before it, it says here. */
        static struct frame frames[CAPTURE_BATCH];
        size_t n;

        assert_true(is_refusal(message) || !capture_read(c, frames, &n, &err));
    } else {
        assert_null(p);
    }
    if (p) {
        pcap_close(p);
    }
    capture_close(c);
}

/* ---- Which files ---- */

static bool is_capture(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && (strcmp(dot, ".pcap") == 0 || strcmp(dot, ".pcapng") == 0);
}

static void add_files(const char *root, const char *folder)
{
    char path[4096];
    struct dirent **entries;

    snprintf(path, sizeof path, "%s/%s", root, folder);

    int n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (is_capture(entries[i]->d_name)) {
            files = realloc(files, (n_files + 1) * sizeof *files);
            if (!files ||
                asprintf(&files[n_files++], "%s/%s", path, entries[i]->d_name) < 0) {
                abort();
            }
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
}

static void check_skipped(void **state)
{
    print_message("skipped: %s holds no captures\n", (const char *)*state);
    skip();
}

static int run(char *shared, size_t n_shared)
{
    struct CMUnitTest *tests = calloc(n_files + 1, sizeof *tests);

    if (!tests) {
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < n_files; i++) {
        tests[i] = (struct CMUnitTest){files[i], check_file, NULL, NULL, files[i]};
    }
    tests[n_files] = (struct CMUnitTest){"captures beside the repository",
                                         check_skipped, NULL, NULL, shared};

    int failed =
        _cmocka_run_group_tests("oracle", tests, n_files + (n_shared == 0), NULL, NULL);
    free(tests);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s SOURCE_ROOT SHARED\n", argv[0]);
        return EXIT_FAILURE;
    }
    add_files(argv[2], "lab");
    add_files(argv[2], "corpus");
    add_files(argv[2], "verdicts");

    size_t n_shared = n_files;
    add_files(argv[1], "pcaps");

    int failed = run(argv[2], n_shared);
    for (size_t i = 0; i < n_files; i++) {
        free(files[i]);
    }
    free(files);
    return failed;
}
