/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bytes as a tally.  One that is refused is told why; one that is taken can be merged,
 * written and read again as the same, judged, and reported.
 */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
    if (!held) {
        abort();
    }
}

/* A file in memory that tally_read() can open by its path. */
static int memory_file(char path[static 64])
{
    int file = memfd_create("tally", 0);

    must(file >= 0);
    snprintf(path, 64, "/proc/self/fd/%d", file);
    return file;
}

static struct tally *read_bytes(const uint8_t *data, size_t size)
{
    char path[64];
    struct policap_error err = {""};
    int file = memory_file(path);
    struct tally *tally;

    must(write(file, data, size) == (ssize_t)size);
    tally = tally_read(path, &err);
    must(tally || err.text[0] != '\0');
    close(file);
    return tally;
}

static void release(struct tally *tally)
{
    tally_fini(tally);
    free(tally);
}

static void write_and_read(const struct tally *tally)
{
    char path[64];
    struct policap_error err;
    int file = memory_file(path);
    struct tally *again;

    must(tally_write(tally, path, &err));
    again = tally_read(path, &err);
    must(again && again->n_pieces == tally->n_pieces &&
         again->cells.n == tally->cells.n && again->n_windows == tally->n_windows);
    release(again);
    close(file);
}

static void report(const struct tally *tally, const char *device)
{
    static struct policy *policy; /* Of the packs within: it takes long to build. */
    struct policap_error err;
    struct judge_options options = {.devices = {device}, .n_devices = device != NULL};

    if (!policy) {
        policy = policy_load(NULL, NULL, 0, &err);
        must(policy != NULL);
    }
    options.strict = true;
    options.fail_on = (1u << KINDS) - 1;

    struct judgement *judgement = judge(tally, policy, &options, &err);
    must(judgement != NULL);
    json_t *json = report_json(judgement, &options);
    must(json != NULL);
    json_decref(json);
    judgement_free(judgement);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tally *tally = read_bytes(data, size), all;

    if (!tally) {
        return 0;
    }
    write_and_read(tally);
    tally_init(&all);
    must(tally_merge(&all, tally) && tally_merge(&all, tally) && tally_settle(&all));
    report(&all, NULL);
    report(&all, "any");
    report(tally, "any");
    tally_fini(&all);
    release(tally);
    return 0;
}
