/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Packets that are kept, and the files that they go to.
 */
#include "report/evidence_file.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLOW_A = 1, FLOW_B = 2, LONG = 300 };

static uint8_t bytes[LONG];

static void keep_one(struct keep *keep, uint64_t number, uint64_t flow, uint32_t len)
{
    const struct frame frames[2] = {
        {.bytes = bytes, .number = number + 1000, .cap_len = 1, .link = 1},
        {.bytes = bytes, .number = number, .cap_len = len, .wire_len = len, .link = 1}};
    const struct packet packet = {.frame = number};

    keep_frames(keep, frames, 2);
    keep_packet(keep, &packet, flow);
}

static void check_flows(const struct keep *keep, uint32_t frame, const char *want)
{
    size_t n;
    struct kept *kept = keep_flows_of(keep, &frame, 1, &n);
    char got[100] = "";

    for (size_t i = 0; i < n; i++) {
        sprintf(got + strlen(got), "%u:%u ", kept[i].frame, kept[i].len);
    }
    assert_string_equal(got, want);
    free(kept);
}

static void test_flows(void **state)
{
    struct keep *keep = keep_new(4 * sizeof(struct kept)); /* Room for five. */

    (void)state;
    check_flows(keep, 1, "");
    keep_one(keep, 1, FLOW_A, 60);
    keep_one(keep, 2, FLOW_B, 60);
    keep_one(keep, 4, FLOW_A, LONG);
    keep_one(keep, 3, FLOW_A, 127);
    check_flows(keep, 4, "1:60 3:127 4:128 ");
    check_flows(keep, 2, "2:60 ");
    check_flows(keep, 5, "");
    keep_one(keep, 5, FLOW_B, 60);
    keep_one(keep, 6, FLOW_B, 60); /* Over the first. */
    check_flows(keep, 4, "3:127 4:128 ");
    check_flows(keep, 1, "");
    check_flows(keep, 2, "2:60 5:60 6:60 ");
    keep_free(keep);
}

static void test_wanted(void **state)
{
    struct piece piece = {.end = {{.packets = 3}, {.packets = 5}}};

    (void)state;
    assert_true(keep_wants(&piece));
    piece.end[0].packets++;
    assert_false(keep_wants(&piece));
}

static size_t size_of(const char *path)
{
    struct stat have;

    return stat(path, &have) == 0 ? (size_t)have.st_size : 0;
}

static void save(const char *folder, const struct keep *keep, int64_t quiet_s)
{
    const char *names[] = {"pl0"};
    struct finding finding = {
        .id = "f-0123456789ab", .row = -1, .frames = {2}, .n_frames = 1};
    struct judgement judgement = {.findings = &finding, .n_findings = 1};
    struct policap_error err;

    judgement.now_ns = finding.last_ns + quiet_s * 1000000000;
    assert_true(evidence_save(folder, &judgement, keep, names, 1, &err));
}

static void test_files(void **state)
{
    char folder[] = "/tmp/policap-evidence-XXXXXX", path[100];
    struct keep *keep = keep_new(100 * sizeof(struct kept));
    size_t first;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/f-0123456789ab.pcapng", folder);
    save(folder, keep, 0);
    assert_int_equal(size_of(path), 0);
    keep_one(keep, 2, FLOW_B, 60);
    save(folder, keep, 0);
    first = size_of(path);
    assert_true(first > 28 + 60);
    keep_one(keep, 3, FLOW_B, 60);
    save(folder, keep, 61);
    assert_int_equal(size_of(path), first);
    save(folder, keep, 0);
    assert_int_equal(size_of(path), first + (first - 28 - 40));
    keep_free(keep);
    keep = keep_new(100 * sizeof(struct kept));
    keep_one(keep, 2, FLOW_B, 60); /* The other one is written over: the file stays. */
    save(folder, keep, 0);
    assert_int_equal(size_of(path), first + (first - 28 - 40));
    keep_free(keep);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_the_oldest_file_goes(void **state)
{
    char folder[] = "/tmp/policap-evidence-XXXXXX", path[100];
    struct keep *keep = keep_new(100 * sizeof(struct kept));
    const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < EVIDENCE_MAX_FILES; i++) {
        snprintf(path, sizeof path, "%s/f-%d.pcapng", folder, i);
        fclose(fopen(path, "w"));
    }
    snprintf(path, sizeof path, "%s/f-77.pcapng", folder);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    keep_one(keep, 2, FLOW_B, 60);
    save(folder, keep, 0);
    assert_int_not_equal(access(path, F_OK), 0);
    for (int i = 0; i < EVIDENCE_MAX_FILES; i++) {
        snprintf(path, sizeof path, "%s/f-%d.pcapng", folder, i);
        assert_true((unlink(path) == 0) == (i != 77));
    }
    snprintf(path, sizeof path, "%s/f-0123456789ab.pcapng", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    keep_free(keep);
}

static void test_no_room(void **state)
{
    const char *names[] = {"pl0"};
    struct finding finding = {.id = "f-1", .row = -1, .frames = {2}, .n_frames = 1};
    const struct judgement judgement = {.findings = &finding, .n_findings = 1};
    struct keep *keep = keep_new(100 * sizeof(struct kept));
    struct policap_error err;

    (void)state;
    keep_one(keep, 2, FLOW_B, 60);
    assert_false(evidence_save("/no/such", &judgement, keep, names, 1, &err));
    assert_non_null(strstr(err.text, "/no/such"));
    keep_free(keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flows),   cmocka_unit_test(test_wanted),
        cmocka_unit_test(test_files),   cmocka_unit_test(test_the_oldest_file_goes),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
