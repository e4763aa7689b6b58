/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every prefix of every capture at hand adds up: frames read are those decoded and
 * those that were not, by reason, and what was decoded is in flows or in the
 * background.
 *
 * usage: property_prefixes SOURCE_ROOT SHARED [PREFIXES]
 *
 * PREFIXES of each file, evenly, with the last bytes one by one; the lengths in between
 * are another sample with each number.  What is read must also never get less.
 */
#include "audit/collect.h"
#include "decode/decode.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PREFIXES = 12, LAST_BYTES = 4, MAX_BYTES = 4 << 20, MAX_PACKETS = 64 };

/* What the frames of one prefix came to. */
struct sums {
    bool ok;
    uint64_t frames, packets, results[DECODE_RESULTS];
};

static unsigned long n_prefixes, n_wrong;

/* By the reader and the decoder alone. */
static struct sums sums_alone(const char *path)
{
    static struct frame frames[CAPTURE_BATCH];
    static struct packet packets[MAX_PACKETS];
    struct policap_error err;
    struct capture *c = capture_open(path, &err);
    struct sums sums = {.ok = c != NULL};
    size_t n = 1;

    while (sums.ok && n > 0) {
        sums.ok = capture_read(c, frames, &n, &err);
        for (size_t i = 0; i < n; i++) {
            size_t n_packets;

            sums.results[decode_frame(&frames[i], packets, MAX_PACKETS, &n_packets)]++;
            sums.packets += n_packets;
        }
        sums.frames += n;
    }
    /* Refused by the name of the link type. */
    sums.ok = sums.ok &&
              (sums.frames == 0 || sums.results[DECODE_UNKNOWN_LINK] < sums.frames);
    capture_close(c);
    return sums;
}

static uint64_t piece_packets(const struct piece *piece)
{
    return piece->end[0].packets + piece->end[1].packets;
}

/* Packets that the tally holds, of whatever kind. */
static uint64_t tally_packets(const struct tally *tally)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < tally->cells.n; i++) {
        const struct cell *cell = pool_at(&tally->cells, i);

        n += cell->packets[0] + cell->packets[1];
    }
    for (size_t i = 0; i < tally->n_pieces; i++) {
        n += piece_packets(tally->pieces[i]);
    }
    for (size_t i = 0; i < BACKGROUNDS; i++) {
        n += tally->background[i];
    }
    return n;
}

static void wrong(const char *name, size_t len, const char *what, uint64_t got,
                  uint64_t want)
{
    if (n_wrong++ < 40) {
        printf("%s, first %zu bytes: %s: %llu, not %llu\n", name, len, what,
               (unsigned long long)got, (unsigned long long)want);
    }
}

static void check_tally(const char *name, size_t len, const struct tally *tally,
                        const struct sums *want)
{
    const struct tally_capture *capture = &tally->captures[0];
    uint64_t undecoded = 0;

    for (size_t k = 0; k < DECODE_RESULTS; k++) {
        undecoded += capture->undecoded[k];
        if (k != DECODE_OK && capture->undecoded[k] != want->results[k]) {
            wrong(name, len, decode_result_name((enum decode_result)k),
                  capture->undecoded[k], want->results[k]);
        }
    }
    if (capture->packets != want->frames) {
        wrong(name, len, "frames", capture->packets, want->frames);
    }
    if (undecoded + want->results[DECODE_OK] != want->frames) {
        wrong(name, len, "decoded and not", undecoded + want->results[DECODE_OK],
              want->frames);
    }
    if (tally_packets(tally) != want->packets) {
        wrong(name, len, "packets in flows and background", tally_packets(tally),
              want->packets);
    }
}

/* Returns how many frames there are. */
static uint64_t check_prefix(const char *name, const uint8_t *bytes, size_t len)
{
    char path[64];
    struct policap_error err;
    int fd = memfd_create("prefix", MFD_CLOEXEC);

    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);

    struct sums want = sums_alone(path);
    struct collector *collector = collector_new(false, false);
    bool ok = collector && collector_read(collector, path, &err);
    struct tally *tally = ok ? collector_take(collector) : NULL;

    n_prefixes++;
    if (ok != want.ok) {
        wrong(name, len, "read whole", ok, want.ok);
    }
    if (tally) {
        check_tally(name, len, tally, &want);
        tally_fini(tally);
        free(tally);
    }
    collector_free(collector);
    close(fd);
    return want.ok ? want.frames : 0;
}

static void check_file(const char *folder, const char *name, size_t n_wanted)
{
    static uint8_t bytes[MAX_BYTES];
    char path[4096];
    uint64_t before = 0;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file) {
        fclose(file);
    }
    for (size_t i = 1; i <= n_wanted + LAST_BYTES; i++) {
        size_t prefix = i <= n_wanted ? len * i / (n_wanted + 1)
                                      : len - (n_wanted + LAST_BYTES - i);
        if (prefix > len) {
            continue; /* A file of fewer bytes than these. */
        }
        uint64_t frames = check_prefix(name, bytes, prefix);

        if (frames < before && frames > 0) {
            wrong(name, prefix, "frames, fewer than of less", frames, before);
        }
        before = frames;
    }
}

static bool is_capture(const char *name)
{
    return strstr(name, ".pcap") && !strstr(name, ".json");
}

static void check_folder(const char *folder, size_t n_wanted)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (!dir) {
        printf("%s: not there\n", folder);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (is_capture(entry->d_name)) {
            check_file(folder, entry->d_name, n_wanted);
        }
    }
    closedir(dir);
}

int main(int argc, char **argv)
{
    static const char *const folders[] = {"lab", "corpus"};
    char path[4096];
    size_t n_wanted = argc > 3 ? strtoul(argv[3], NULL, 10) : PREFIXES;

    if (argc < 3) {
        fputs("usage: property_prefixes SOURCE_ROOT SHARED [PREFIXES]\n", stderr);
        return 2;
    }
    snprintf(path, sizeof path, "%s/pcaps", argv[1]);
    check_folder(path, n_wanted);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s", argv[2], folders[i]);
        check_folder(path, n_wanted);
    }
    printf("%lu prefixes, %lu sums wrong\n", n_prefixes, n_wrong);
    return n_wrong > 0;
}
