/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Parts of a capture merge to the report of the whole (DESIGN 2.2).
 *
 * Each capture is split by host, by direction, by interface and at random frames.  The
 * parts become files, the files tallies, the tallies text and tallies again; merged in
 * a random order they must give the report of the whole, byte by byte, but for captures
 * and frame numbers.  Where a capture is cut in time the report may be weaker, since
 * the bytes of a name or the fragments of a datagram lie on both sides: it may accuse
 * less, never more, and that in few cases.
 *
 * usage: property_merge REPOSITORY SHARED [SEED [PATTERN]]
 */
#include "frames.h"
#include "reports.h"

#include "base/hash.h"

#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_PARTS = 4,
    CUTS = 6,
    WAYS = 3,
    NEAR = 256,
    SKIPPED = 77,
    WEAKER_PERCENT = 2
};

enum split { SPLIT_HOST, SPLIT_DIRECTION, SPLIT_INTERFACE, SPLIT_CUT, SPLITS };

static const char *const split_names[SPLITS] = {"host", "direction", "interface",
                                                "cut"};

struct run {
    struct way ways[WAYS];
    char folder[64];
    uint64_t random;
    unsigned captures, unread, cases[SPLITS], equal[SPLITS], weaker[SPLITS], failed;
    unsigned fragments; /* Cases that are weaker since a cut datagram is. */
};

static uint32_t next_random(struct run *run, uint32_t below)
{
    run->random = run->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(run->random >> 33) % below;
}

/* --- which part a frame goes to --- */

static bool first_packet(const struct frame *frame, struct packet *packet)
{
    struct packet room[64];
    size_t n;

    decode_frame(frame, room, 64, &n);
    if (n == 0 || room[0].kind == PACKET_LINK) {
        return false;
    }
    *packet = room[0];
    return true;
}

/* The host that a packet is counted with: the address inside, else the lower one. */
static const struct addr *host_of(const struct packet *packet)
{
    bool inside = addr_is_private(&packet->src);

    if (inside == addr_is_private(&packet->dst)) {
        return addr_cmp(&packet->src, &packet->dst) <= 0 ? &packet->src : &packet->dst;
    }
    return inside ? &packet->src : &packet->dst;
}

static unsigned part_of_host(const struct frame *frame, unsigned n)
{
    struct packet packet;

    return first_packet(frame, &packet)
               ? (unsigned)(hash_bytes(host_of(&packet), sizeof(struct addr), 1) % n)
               : 0;
}

static unsigned part_of_direction(const struct frame *frame)
{
    struct packet packet;

    if (!first_packet(frame, &packet)) {
        return 0;
    }

    int order = addr_cmp(&packet.src, &packet.dst);
    return order > 0 || (order == 0 && packet.src_port > packet.dst_port);
}

/* Returns the number of parts; 0: this capture can not be split so. */
static unsigned split(struct run *run, const struct frames *frames, enum split how,
                      uint8_t *part_of)
{
    unsigned n = 2 + next_random(run, MAX_PARTS - 1);
    size_t cuts[MAX_PARTS] = {0};

    if (frames->n < 2 || (how == SPLIT_INTERFACE && frames->n_interfaces < 2)) {
        return 0;
    }
    for (unsigned c = 1; c < n; c++) {
        cuts[c] = 1 + next_random(run, (uint32_t)frames->n - 1);
    }
    for (size_t i = 0; i < frames->n; i++) {
        const struct frame *frame = &frames->at[i];

        part_of[i] = 0;
        switch (how) {
        case SPLIT_HOST:
            part_of[i] = (uint8_t)part_of_host(frame, n);
            break;
        case SPLIT_DIRECTION:
            part_of[i] = (uint8_t)part_of_direction(frame);
            break;
        case SPLIT_INTERFACE:
            part_of[i] = (uint8_t)(frame->interface % n);
            break;
        case SPLIT_CUT:
        case SPLITS:
            for (unsigned c = 1; c < n; c++) {
                part_of[i] = (uint8_t)(part_of[i] + (i >= cuts[c]));
            }
            break;
        }
    }
    return how == SPLIT_DIRECTION ? 2 : n;
}

static bool same_datagram(const struct packet *a, const struct packet *b)
{
    return (a->flags & b->flags & PACKET_FRAGMENT) && a->frag_id == b->frag_id &&
           a->proto == b->proto && addr_equal(&a->src, &b->src) &&
           addr_equal(&a->dst, &b->dst);
}

/* Do fragments of one datagram lie in several parts?  A part that lacks the first can
 * not tell whose the others are. */
static bool cuts_datagram(const struct frames *frames, const uint8_t *part_of)
{
    struct packet a, b;

    for (size_t i = 0; i < frames->n; i++) {
        if (!first_packet(&frames->at[i], &a) || !(a.flags & PACKET_FRAGMENT)) {
            continue;
        }
        for (size_t k = i + 1; k < frames->n && k < i + NEAR; k++) {
            if (part_of[k] != part_of[i] && first_packet(&frames->at[k], &b) &&
                same_datagram(&a, &b)) {
                return true;
            }
        }
    }
    return false;
}

/* --- parts to one tally --- */

static bool same_bytes(const char *path, const char *other)
{
    FILE *a = fopen(path, "rb"), *b = fopen(other, "rb");
    bool same = a && b;

    for (int c = 0; same && c != EOF;) {
        c = getc(a);
        same = c == getc(b);
    }
    if (a) {
        fclose(a);
    }
    if (b) {
        fclose(b);
    }
    return same;
}

/* A tally written, read, and written again: both texts are the same. */
static struct tally *through_text(struct run *run, struct tally *tally)
{
    char first[96], second[96];
    struct policap_error err;
    struct tally *again = NULL;

    snprintf(first, sizeof first, "%s/first", run->folder);
    snprintf(second, sizeof second, "%s/second", run->folder);
    if (!tally_write(tally, first, &err) || !(again = tally_read(first, &err)) ||
        !tally_write(again, second, &err)) {
        printf("    %s\n", err.text);
        run->failed++;
    }
    if (again && !same_bytes(first, second)) {
        printf("    a tally that was read is not the one that was written\n");
        run->failed++;
    }
    tally_release(tally);
    return again;
}

static struct tally *tally_of_part(struct run *run, const struct frames *frames,
                                   const uint8_t *part_of, unsigned part)
{
    struct policap_error err = {""};
    struct tally *tally = NULL;
    char path[96];

    snprintf(path, sizeof path, "%s/part", run->folder);
    if (frames_write(frames, part_of, part, path)) {
        tally = tally_of_file(path, true, &err);
    }
    if (!tally) {
        printf("    part %u: %s\n", part, err.text);
        return NULL;
    }
    return through_text(run, tally);
}

static struct tally *merge(struct tally *const *parts, const unsigned *order,
                           unsigned n)
{
    struct tally *all = calloc(1, sizeof *all);
    bool ok = all != NULL;

    if (ok) {
        tally_init(all);
    }
    for (unsigned i = 0; ok && i < n; i++) {
        ok = parts[order[i]] && tally_merge(all, parts[order[i]]);
    }
    if (!ok || !tally_settle(all)) {
        tally_release(all);
        return NULL;
    }
    return all;
}

/* --- the promises --- */

struct whole {
    const char *path;
    bool cuts_datagram; /* The split at hand does. */
    char *reports[WAYS];
};

static void check_report(struct run *run, const struct whole *whole, unsigned way,
                         const struct tally *merged, enum split how)
{
    char *report = merged ? report_text(merged, &run->ways[way], true) : NULL;
    bool equal = report && strcmp(report, whole->reports[way]) == 0;

    run->cases[how]++;
    run->equal[how] += equal;
    if (!equal && report) {
        bool weaker = how == SPLIT_CUT && accuses_no_more(whole->reports[way], report);

        printf("%s: by %s, %s: %s\n", whole->path, split_names[how],
               run->ways[way].name, weaker ? "weaker" : "NOT EQUAL");
        print_difference(whole->reports[way], report);
        run->weaker[how] += weaker && !whole->cuts_datagram;
        run->fragments += weaker && whole->cuts_datagram;
        run->failed += !weaker;
    } else if (!equal) {
        printf("%s: by %s: no report\n", whole->path, split_names[how]);
        run->failed++;
    }
    free(report);
}

static void check_orders(struct run *run, const struct whole *whole,
                         struct tally *const *parts, unsigned n, enum split how)
{
    unsigned order[MAX_PARTS] = {0, 1, 2, 3}, backwards[MAX_PARTS];

    for (unsigned i = n - 1; i > 0; i--) {
        unsigned k = next_random(run, i + 1), was = order[i];

        order[i] = order[k];
        order[k] = was;
    }
    for (unsigned i = 0; i < n; i++) {
        backwards[i] = order[n - 1 - i];
    }

    struct tally *one = merge(parts, order, n), *other = merge(parts, backwards, n);
    for (unsigned w = 0; w < WAYS; w++) {
        check_report(run, whole, w, one, how);

        char *a = one ? report_text(one, &run->ways[w], true) : NULL;
        char *b = other ? report_text(other, &run->ways[w], true) : NULL;
        if (!a || !b || strcmp(a, b) != 0) {
            printf("%s: by %s, %s: the ORDER of parts matters\n", whole->path,
                   split_names[how], run->ways[w].name);
            if (a && b) {
                print_difference(a, b);
            }
            run->failed++;
        }
        free(a);
        free(b);
    }
    tally_release(one);
    tally_release(other);
}

static void check_split(struct run *run, struct whole *whole,
                        const struct frames *frames, enum split how)
{
    uint8_t *part_of = malloc(frames->n + 1);
    struct tally *parts[MAX_PARTS] = {NULL};
    unsigned n = part_of ? split(run, frames, how, part_of) : 0;

    for (unsigned i = 0; i < n; i++) {
        parts[i] = tally_of_part(run, frames, part_of, i);
    }
    if (n > 0) {
        whole->cuts_datagram = cuts_datagram(frames, part_of);
        check_orders(run, whole, parts, n, how);
    }
    for (unsigned i = 0; i < n; i++) {
        tally_release(parts[i]);
    }
    free(part_of);
}

static void check_same(struct run *run, const char *path, const struct tally *tally,
                       const struct tally *other, const char *what)
{
    for (unsigned w = 0; w < WAYS; w++) {
        char *a = report_text(tally, &run->ways[w], false);
        char *b = other ? report_text(other, &run->ways[w], false) : NULL;

        if (!a || !b || strcmp(a, b) != 0) {
            printf("%s: %s, %s: NOT EQUAL\n", path, what, run->ways[w].name);
            run->failed++;
            if (a && b) {
                print_difference(a, b);
            }
        }
        free(a);
        free(b);
    }
}

/* A tally that is meant to be merged gives the same report, frames and all, and so it
 * does merged alone.  Takes 'to_merge'. */
static void check_alone(struct run *run, const char *path, const struct tally *tally,
                        struct tally *to_merge)
{
    struct tally *all;

    check_same(run, path, tally, to_merge, "check --tally");
    to_merge = through_text(run, to_merge);
    all = merge(&to_merge, (const unsigned[]){0}, 1);
    check_same(run, path, tally, all, "merged alone");
    tally_release(all);
    tally_release(to_merge);
}

static void check_capture(struct run *run, const char *path)
{
    struct whole whole = {.path = strrchr(path, '/') + 1};
    struct policap_error err;
    struct tally *tally = tally_of_file(path, false, &err);
    struct tally *to_merge = tally_of_file(path, true, &err);
    struct frames frames;

    if (!tally || !to_merge || !frames_read(&frames, path, &err)) {
        run->unread++;
        tally_release(tally);
        tally_release(to_merge);
        return;
    }
    run->captures++;
    for (unsigned w = 0; w < WAYS; w++) {
        whole.reports[w] = report_text(tally, &run->ways[w], true);
    }
    check_alone(run, whole.path, tally, to_merge);
    for (enum split how = 0; how < SPLITS; how++) {
        for (unsigned i = 0; i < (how == SPLIT_CUT ? CUTS : 1); i++) {
            check_split(run, &whole, &frames, how);
        }
    }
    for (unsigned w = 0; w < WAYS; w++) {
        free(whole.reports[w]);
    }
    tally_release(tally);
    frames_free(&frames);
}

static void check_captures(struct run *run, const char *folder, const char *name,
                           const char *pattern)
{
    char all[4096];
    glob_t found;

    snprintf(all, sizeof all, "%s/%s/*.pcap*", folder, name);
    if (glob(all, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            if (!pattern || fnmatch(pattern, found.gl_pathv[i], 0) == 0) {
                check_capture(run, found.gl_pathv[i]);
            }
        }
        globfree(&found);
    }
}

static int sum_up(const struct run *run)
{
    printf("%u captures, %u that can not be read\n", run->captures, run->unread);
    for (unsigned how = 0; how < SPLITS; how++) {
        printf("by %-9s  %5u cases, %5u equal, %3u weaker\n", split_names[how],
               run->cases[how], run->equal[how], run->weaker[how]);
    }
    printf("weaker besides, where fragments of one datagram lie apart: %u\n",
           run->fragments);
    if (run->weaker[SPLIT_CUT] * 100 > run->cases[SPLIT_CUT] * WEAKER_PERCENT) {
        printf("too many cuts weaken the report\n");
        return EXIT_FAILURE;
    }
    printf("%u failures\n", run->failed);
    return run->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_all(struct run *run, char **argv, const char *pattern)
{
    char site[4096], command[128];
    struct policap_error err = {""};
    struct policy *bare = policy_load(NULL, NULL, 0, &err), *lab;
    unsigned fail_on = (1u << KINDS) - 1;

    snprintf(site, sizeof site, "%s/pcaps/site.json", argv[1]);
    lab = policy_load(site, NULL, 0, &err);
    snprintf(run->folder, sizeof run->folder, "%s/merge-XXXXXX", P_tmpdir);
    if (!bare || !lab || !mkdtemp(run->folder)) {
        printf("%s\n", err.text);
        return EXIT_FAILURE;
    }
    run->ways[0] = (struct way){"bare", bare, {.fail_on = fail_on, .strict = true}};
    run->ways[1] = (struct way){"site", lab, {.fail_on = fail_on}};
    run->ways[2] =
        (struct way){"any device",
                     bare,
                     {{"any"}, .n_devices = 1, .fail_on = fail_on, .strict = true}};
    check_captures(run, argv[1], "pcaps", pattern);
    check_captures(run, argv[2], "lab", pattern);
    check_captures(run, argv[2], "corpus", pattern);
    policy_free(bare);
    policy_free(lab);
    snprintf(command, sizeof command, "rm -r %s", run->folder);
    return system(command) == 0 ? sum_up(run) : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static struct run run;
    char lab[4096];

    if (argc < 3) {
        fprintf(stderr, "usage: property_merge REPOSITORY SHARED [SEED [PATTERN]]\n");
        return EXIT_FAILURE;
    }
    snprintf(lab, sizeof lab, "%s/lab", argv[2]);
    if (access(lab, R_OK) != 0) {
        printf("the captures that this test takes apart do not lie here\n");
        return SKIPPED;
    }
    run.random = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    printf("seed %llu\n", (unsigned long long)run.random);
    return run_all(&run, argv, argc > 4 ? argv[4] : NULL);
}
