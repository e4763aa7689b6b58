/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A sensor that runs for months reports what one that began just now would.
 *
 * Each capture is given to a collector as an interface's frames.  Where what is over is
 * cut off on the way, again and again, the report must be that of the whole, byte by
 * byte.  Where the sensor ends at some frame, and another goes on from its state, the
 * report may be weaker, since a name or a datagram may lie on both sides: it may accuse
 * less, never more.
 *
 * usage: property_hours REPOSITORY SHARED [SEED [PATTERN]]
 */
#include "frames.h"
#include "reports.h"

#include "audit/hours.h"

#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SKIPPED = 77, EQUAL_PERCENT = 80, ROUNDS = 2 };

struct run {
    struct way way;
    char state[64];
    uint64_t random;
    unsigned captures, cuts, resumed, resumed_equal, failed;
};

static size_t next_random(struct run *run, size_t below)
{
    run->random = run->random * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(run->random >> 33) % below;
}

/* A collector, and what was cut off from it. */
struct sensor {
    struct collector *collector;
    struct hours *hours;
    struct capture_info info;
};

static bool sensor_begin(struct sensor *sensor, struct tally *state)
{
    const char *name = "pl0";

    *sensor = (struct sensor){.collector = collector_new(false, false),
                              .hours = calloc(1, sizeof *sensor->hours),
                              .info = {.path = name, .format = "live"}};
    hours_init(sensor->hours, 0);
    return sensor->collector && sensor->hours &&
           (!state || hours_resume(sensor->hours, sensor->collector, state)) &&
           collector_begin(sensor->collector, &name, 1);
}

static bool cut(struct sensor *sensor, int64_t now_ns)
{
    bool ok = true;

    hours_begin_cut(sensor->hours, now_ns);
    while (ok && hours_is_cutting(sensor->hours)) {
        ok = hours_cut(sensor->hours, sensor->collector);
    }
    return ok;
}

/* Gives it frames [from, to), and cuts at random moments where 'run' is not NULL. */
static bool feed(struct sensor *sensor, const struct frames *frames, size_t from,
                 size_t to, struct run *run)
{
    for (size_t i = from; i < to; i++) {
        struct frame frame = frames->at[i];

        frame.number = i - from + 1;
        frame.interface = 0;
        frame.capture = 0;
        collector_add(sensor->collector, &frame, 1);
        if (run && next_random(run, frames->n / 8 + 2) == 0) {
            run->cuts++;
            if (!cut(sensor, frame.ns)) {
                return false;
            }
        }
    }
    return true;
}

static struct tally *sensor_end(struct sensor *sensor)
{
    const struct capture_info *info = &sensor->info;
    struct past past[HOURS_PAST];
    size_t n = hours_past(sensor->hours, 0, past);
    struct tally *tally = collector_end(sensor->collector, &info)
                              ? collector_take_with(sensor->collector, past, n)
                              : NULL;

    collector_free(sensor->collector);
    hours_fini(sensor->hours);
    free(sensor->hours);
    return tally;
}

static struct tally *tally_of_frames(const struct frames *frames, struct run *run)
{
    struct sensor sensor;
    bool ok = sensor_begin(&sensor, NULL) && feed(&sensor, frames, 0, frames->n, run);
    struct tally *tally = sensor_end(&sensor);

    if (!ok) {
        tally_release(tally);
        return NULL;
    }
    return tally;
}

/* Two sensors, the second of which goes on from what the first left. */
static struct tally *tally_of_two(const struct frames *frames, size_t at,
                                  struct run *run)
{
    struct policap_error err = {0};
    struct sensor sensor;
    struct tally *state = NULL, *tally = NULL;
    bool ok = sensor_begin(&sensor, NULL) && feed(&sensor, frames, 0, at, run);

    tally = sensor_end(&sensor);
    ok = ok && tally && tally_write(tally, run->state, &err);
    tally_release(tally);
    state = ok ? tally_read(run->state, &err) : NULL;
    ok = state && sensor_begin(&sensor, state);
    tally_release(state);
    if (!ok) {
        printf("    %s\n", err.text);
        return NULL;
    }
    ok = feed(&sensor, frames, at, frames->n, NULL);
    tally = sensor_end(&sensor);
    return tally;
}

static void check_cut(struct run *run, const char *path, const struct frames *frames,
                      const char *want)
{
    struct tally *tally = tally_of_frames(frames, run);
    char *got = tally ? report_text(tally, &run->way, false) : NULL;

    if (!got || strcmp(got, want) != 0) {
        printf("FAILED  %s, cut on the way\n", path);
        print_difference(want, got ? got : "");
        run->failed++;
    }
    free(got);
    tally_release(tally);
}

static void check_resumed(struct run *run, const char *path,
                          const struct frames *frames, const char *want)
{
    size_t at = next_random(run, frames->n + 1);
    struct tally *tally = tally_of_two(frames, at, run);
    char *got = tally ? report_text(tally, &run->way, true) : NULL;

    run->resumed++;
    if (got && strcmp(got, want) == 0) {
        run->resumed_equal++;
    } else if (!got || !accuses_no_more(want, got)) {
        printf("FAILED  %s, resumed at frame %zu of %zu\n", path, at, frames->n);
        print_difference(want, got ? got : "");
        run->failed++;
    }
    free(got);
    tally_release(tally);
}

static void check_capture(struct run *run, const char *path)
{
    struct policap_error err;
    struct frames frames;
    struct tally *whole;
    char *all, *neutral;

    if (!frames_read(&frames, path, &err)) {
        return; /* Of the broken ones other tests speak. */
    }
    whole = frames.n > 0 ? tally_of_frames(&frames, NULL) : NULL;
    all = whole ? report_text(whole, &run->way, false) : NULL;
    neutral = all ? report_text(whole, &run->way, true) : NULL;
    for (int i = 0; neutral && i < ROUNDS; i++) {
        check_cut(run, path, &frames, all);
        check_resumed(run, path, &frames, neutral);
    }
    run->captures += neutral != NULL;
    free(all);
    free(neutral);
    tally_release(whole);
    frames_free(&frames);
}

static int run_all(struct run *run, char **argv, const char *pattern)
{
    char site[4096], text[4096];
    struct policap_error err;
    struct policy *policy;
    glob_t found;

    snprintf(site, sizeof site, "%s/pcaps/site.json", argv[1]);
    policy = policy_load(site, NULL, 0, &err);
    snprintf(text, sizeof text, "%s/lab/*.pcap", argv[2]);
    if (!policy || glob(text, 0, NULL, &found) != 0) {
        printf("%s\n", policy ? "no captures" : err.text);
        return EXIT_FAILURE;
    }
    run->way = (struct way){.name = "site", .policy = policy};
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (!pattern || fnmatch(pattern, strrchr(found.gl_pathv[i], '/') + 1, 0) == 0) {
            check_capture(run, found.gl_pathv[i]);
        }
    }
    globfree(&found);
    policy_free(policy);
    printf("%u captures, %u cuts, %u of %u equal after a new start, %u failed\n",
           run->captures, run->cuts, run->resumed_equal, run->resumed, run->failed);
    return run->failed == 0 && run->captures > 0 &&
                   run->resumed_equal * 100 >= run->resumed * EQUAL_PERCENT
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static struct run run;
    char lab[4096];
    int status;

    if (argc < 3) {
        fprintf(stderr, "usage: property_hours REPOSITORY SHARED [SEED [PATTERN]]\n");
        return EXIT_FAILURE;
    }
    snprintf(lab, sizeof lab, "%s/lab", argv[2]);
    if (access(lab, R_OK) != 0) {
        printf("the captures that this test takes apart do not lie here\n");
        return SKIPPED;
    }
    run.random = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    printf("seed %llu\n", (unsigned long long)run.random);
    snprintf(run.state, sizeof run.state, "/tmp/policap-hours-XXXXXX");
    close(mkstemp(run.state));
    status = run_all(&run, argv, argc > 4 ? argv[4] : NULL);
    unlink(run.state);
    return status;
}
