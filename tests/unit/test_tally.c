/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Filling, settling, merging, writing and reading tallies.
 */
#include "script.h"

#include "audit/tally.h"

#include <stdio.h>
#include <unistd.h>

static const int64_t second_ns = 1000000000;

static void add(struct tally *tally, const char *words)
{
    struct piece piece = script_piece(words);

    assert_true(tally_add_piece(tally, &piece));
}

static void end_at(struct tally *tally, int64_t s)
{
    assert_true(tally_add_window(tally, 0, script_start, script_start + s * second_ns));
}

/* --- stitching and closing --- */

struct row {
    const char *name;
    const char *parts[4];
    int64_t end_s;
    size_t pieces, cells; /* After settling. */
};

static const struct row rows[] = {
    {"one flow in three parts", {"S0 h20", "A21 D30", "d50"}, 60, 1, 0},
    {"parts in the wrong order", {"d50", "S0 h20", "A21 D30"}, 60, 1, 0},
    {"its two directions", {"S0 A21 D30", "h20 a40 d50"}, 60, 1, 0},
    {"a port that is used again", {"S0 h20 A21", "N50 h60"}, 60, 1, 1},
    {"a pause too long", {"D0 d10", "D7450000 d7450010"}, 7460, 1, 1},
    {"over, after a RST", {"S0 h20 A21", "R30"}, 61, 0, 1},
    {"not yet over, after a RST", {"S0 h20 A21", "R30"}, 60, 1, 0},
    {"a datagram and its late answer", {"U0", "u299000"}, 310, 1, 0},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    struct tally tally;

    tally_init(&tally);
    for (size_t i = 0; i < 4 && row->parts[i]; i++) {
        add(&tally, row->parts[i]);
    }
    end_at(&tally, row->end_s);
    assert_true(tally_settle(&tally));
    assert_int_equal(tally.n_pieces, row->pieces);
    assert_int_equal(tally.cells.n, row->cells);
    tally_fini(&tally);
}

/* What another part may complete is kept, and is judged no other way. */
static void check_stay(void **state)
{
    struct tally part, all;

    (void)state;
    tally_init(&part);
    tally_init(&all);
    part.stay = true;
    struct piece half = script_piece("S0 A21 D30 R40");
    tally_close_piece(&part, &half);
    end_at(&part, 3600);
    assert_true(tally_settle(&part));
    assert_int_equal(part.n_pieces, 1);
    assert_int_equal(part.cells.n, 0);
    add(&all, "h20 a31 d35");
    assert_true(tally_merge(&all, &part));
    assert_true(tally_settle(&all));
    assert_int_equal(all.n_pieces, 0);
    assert_int_equal(all.cells.n, 1);
    const struct cell *cell = pool_at(&all.cells, 0);
    assert_int_equal(cell->key.sign, ATTEMPT_OK);
    tally_fini(&part);
    tally_fini(&all);
}

/* When there is no more room, flows that were to stay are folded, and that is told. */
static void check_stay_full(void **state)
{
    struct tally tally;
    struct piece piece = script_piece("S0 h20 A21 D30 d40 R50");

    (void)state;
    tally_init(&tally);
    tally.stay = true;
    for (unsigned i = 0; tally.cells.n == 0; i++) {
        assert_int_equal(tally.n_pieces, i);
        assert_int_equal(tally.evicted, 0);
        piece.key.port_a = (uint16_t)(1024 + i);
        tally_close_piece(&tally, &piece);
    }
    assert_int_equal(tally.n_pieces, 1024);
    assert_int_equal(tally.evicted, 1);
    tally_fini(&tally);
}

/* Views of a second source may still come: nothing is closed. */
static void check_sources(void **state)
{
    struct tally tally;

    (void)state;
    tally_init(&tally);
    add(&tally, "S0 h20 A21 R30");
    end_at(&tally, 3600);
    assert_true(tally_add_window(&tally, 1, script_start, script_start + second_ns));
    assert_true(tally_settle(&tally));
    assert_int_equal(tally.n_pieces, 1);
    tally_fini(&tally);
}

/* --- windows --- */

static void check_windows(void **state)
{
    static const int spans[][2] = {
        {100, 110}, {0, 10}, {171, 180}, {20, 95}, {400, 401}};
    struct tally tally;

    (void)state;
    tally_init(&tally);
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        assert_true(tally_add_window(&tally, 0, spans[i][0] * second_ns,
                                     spans[i][1] * second_ns));
    }
    assert_int_equal(tally.n_windows, 3); /* 0-110, 171-180: 61 s are a hole. */
    assert_int_equal(tally.windows[0].last_ns, 110 * second_ns);
    assert_true(tally_add_window(&tally, 0, 170 * second_ns, 171 * second_ns));
    assert_int_equal(tally.n_windows, 2);
    assert_true(tally_add_window(&tally, 1, 5 * second_ns, 500 * second_ns));
    assert_int_equal(tally.n_windows, 3); /* Another source has its own. */
    assert_int_equal(tally_end_ns(&tally), 500 * second_ns);
    tally_fini(&tally);
}

/* --- names --- */

static void check_names(void **state)
{
    struct tally tally;
    char name[16];

    (void)state;
    tally_init(&tally);
    assert_int_equal(tally_name(&tally, ""), 0);
    assert_string_equal(tally_name_text(&tally, 0), "");
    assert_string_equal(tally_name_text(&tally, 77), "");
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 5000; i++) {
            snprintf(name, sizeof name, "n%u.test", i);
            assert_int_equal(tally_name(&tally, name), i + 1);
            assert_string_equal(tally_name_text(&tally, i + 1), name);
        }
    }
    tally_fini(&tally);
}

/* Names of leases do not depend on who was merged first. */
static void check_lease_names(void **state)
{
    static const char *const names[] = {"alpha", "beta"};

    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        struct tally all;

        tally_init(&all);
        for (unsigned i = 0; i < 2; i++) {
            struct tally one;
            struct lease_key key;

            tally_init(&one);
            memset(&key, 0, sizeof key);
            struct lease *lease = pool_add(&one.leases, &key, NULL);
            lease->host_name = tally_name(&one, names[i ^ first]);
            assert_true(tally_merge(&all, &one));
            tally_fini(&one);
        }
        const struct lease *lease = pool_at(&all.leases, 0);
        assert_string_equal(tally_name_text(&all, lease->host_name), "beta");
        tally_fini(&all);
    }
}

/* --- frames of captures --- */

static void add_capture(struct tally *tally, const char *path, uint64_t packets)
{
    tally->captures = calloc(1, sizeof *tally->captures);
    assert_non_null(tally->captures);
    tally->captures[0].path = strdup(path);
    tally->captures[0].packets = packets;
    tally->n_captures = 1;
}

static void check_frames(void **state)
{
    struct tally a, b;
    uint64_t number;

    (void)state;
    tally_init(&a);
    tally_init(&b);
    add_capture(&a, "a.pcap", 100);
    add_capture(&b, "b.pcap", 50);
    for (uint64_t i = 1; i <= 100; i++) {
        assert_int_equal(tally_frame(&a, 0, i), i);
    }
    for (uint64_t i = 1; i <= 50; i++) {
        assert_int_equal(tally_frame(&b, 0, i), i);
    }
    add(&b, "S0 S1000 S3000");
    assert_true(tally_merge(&a, &b));
    assert_int_equal(a.n_captures, 2);
    assert_int_equal(a.pieces[0]->end[0].signs[SIGN_SYN].frames[2], 103);
    assert_string_equal(tally_capture_of(&a, 103, &number)->path, "b.pcap");
    assert_int_equal(number, 3);
    assert_string_equal(tally_capture_of(&a, 100, &number)->path, "a.pcap");
    assert_int_equal(number, 100);
    tally_fini(&a);
    tally_fini(&b);
}

/* --- as text --- */

static char path[64];

static void write_text(const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void check_text(void **state)
{
    struct policap_error err;
    struct tally tally;

    (void)state;
    tally_init(&tally);
    add_capture(&tally, "a.pcap", 9);
    add(&tally, "S0 h20 A21 L22 I30 T230 a300 d400 F500 f510 r520");
    piece_add_name(tally.pieces[0],
                   (struct flow_name){.name = tally_name(&tally, "play.google.com"),
                                      .source = NAME_SNI,
                                      .flags = FLOW_NAME_ECH,
                                      .port = 8443});
    end_at(&tally, 10);
    assert_true(tally_write(&tally, path, &err));

    struct tally *again = tally_read(path, &err);
    assert_non_null(again);
    assert_int_equal(again->n_pieces, 1);
    struct piece want = *tally.pieces[0], got = *again->pieces[0];
    assert_string_equal(tally_name_text(again, got.names[0].name), "play.google.com");
    got.names[0].name = want.names[0].name;
    assert_memory_equal(got.names, want.names, sizeof got.names);
    assert_memory_equal(&got.key, &want.key, sizeof got.key);
    assert_int_equal(got.first_ns, want.first_ns);
    assert_int_equal(got.last_ns, want.last_ns);
    assert_int_equal(got.closing, want.closing);
    assert_int_equal(got.icmp.n, 1);
    assert_int_equal(got.icmp.type, want.icmp.type);
    assert_int_equal(got.icmp.code, want.icmp.code);
    assert_int_equal(got.icmp.first_ns, want.icmp.first_ns);
    assert_memory_equal(&got.icmp.reporter, &want.icmp.reporter, sizeof(struct addr));
    for (unsigned e = 0; e < 2; e++) {
        /* What serves only while packets are added is not written. */
        got.end[e].n_acks = want.end[e].n_acks;
        got.end[e].n_data = want.end[e].n_data;
        assert_memory_equal(&got.end[e], &want.end[e], sizeof got.end[e]);
    }
    assert_int_equal(again->windows[0].last_ns, tally.windows[0].last_ns);
    tally_fini(again);
    free(again);
    tally_fini(&tally);
}

struct refusal {
    const char *name, *text, *says;
};

static const struct refusal refusals[] = {
    {"an empty file", "", "no tally"},
    {"no JSON", "hello\n", "line 1"},
    {"another format", "{\"format\":\"policap-tally/9\"}\n", "line 1"},
    {"no format", "{\"head\":{}}\n", "line 1"},
    {"no head", "{\"format\":\"policap-tally/2\"}\n", "no tally"},
    {"a head with nothing in it", "{\"format\":\"policap-tally/2\"}\n{\"head\":{}}\n",
     "line 2"},
    {"two keys", "{\"format\":\"policap-tally/2\",\"head\":{}}\n", "line 1"},
    {"a record of no kind", "{\"format\":\"policap-tally/2\"}\n{\"cellar\":{}}\n",
     "line 2"},
    {"a cell with nothing in it", "{\"format\":\"policap-tally/2\"}\n{\"cell\":{}}\n",
     "key.client"},
};

static void check_refusal(void **state)
{
    const struct refusal *row = *state;
    struct policap_error err = {""};

    write_text(row->text);
    assert_null(tally_read(path, &err));
    assert_non_null(strstr(err.text, row->says));
}

static void check_no_file(void **state)
{
    struct policap_error err = {""};

    (void)state;
    assert_null(tally_read("no/such/file", &err));
    assert_non_null(strstr(err.text, "no/such/file"));
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(check_stay),    cmocka_unit_test(check_stay_full),
        cmocka_unit_test(check_sources), cmocka_unit_test(check_windows),
        cmocka_unit_test(check_names),   cmocka_unit_test(check_lease_names),
        cmocka_unit_test(check_frames),  cmocka_unit_test(check_text),
        cmocka_unit_test(check_no_file),
    };
    size_t n = 9;
    int file, result;

    snprintf(path, sizeof path, "%s/tally-XXXXXX", P_tmpdir);
    file = mkstemp(path);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[n++] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                         (void *)(uintptr_t)&rows[i]};
    }
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        tests[n++] = (struct CMUnitTest){refusals[i].name, check_refusal, NULL, NULL,
                                         (void *)(uintptr_t)&refusals[i]};
    }
    result = _cmocka_run_group_tests("tally", tests, n, NULL, NULL);
    close(file);
    unlink(path);
    return result;
}
