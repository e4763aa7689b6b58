/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pieces: what packets add, and that parts of a train of packets merge to the piece
 * that one observer of all would have made.
 */
#include "script.h"

enum { RUNS = 400, TRAIN = 40 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* --- merging --- */

static void assert_same_sign(const struct sign *a, const struct sign *b, unsigned kind)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->first_ns, b->first_ns);
    assert_int_equal(a->frames[0], b->frames[0]);
    /* Of data and bare ACKs the first two are noted, of others the last as well. */
    if (kind != SIGN_DATA && kind != SIGN_ACK) {
        assert_int_equal(a->last_ns, b->last_ns);
        assert_int_equal(a->frames[2], b->frames[2]);
    }
}

static void assert_same_end(const struct flow_end *a, const struct flow_end *b)
{
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->packets, b->packets);
    assert_int_equal(a->payload_packets, b->payload_packets);
    assert_int_equal(a->first_ns, b->first_ns);
    assert_int_equal(a->last_ns, b->last_ns);
    assert_int_equal(a->last_data_ns, b->last_data_ns);
    assert_int_equal(a->first_frame, b->first_frame);
    assert_int_equal(a->last_frame, b->last_frame);
    assert_int_equal(a->last_data_frame, b->last_data_frame);
    assert_int_equal(a->seen, b->seen);
    assert_int_equal(a->seq_end, b->seq_end);
    assert_int_equal(a->ack, b->ack);
    assert_int_equal(a->isn, b->isn);
    assert_int_equal(a->seq_first, b->seq_first);
    assert_int_equal(a->seq_first_n, b->seq_first_n);
    assert_int_equal(a->tail_seq, b->tail_seq);
    assert_int_equal(a->tail_n, b->tail_n);
    assert_int_equal(a->tail_ns, b->tail_ns);
    assert_int_equal(a->tcp_flags, b->tcp_flags);
    assert_int_equal(a->ttl_low, b->ttl_low);
    assert_int_equal(a->ttl_high, b->ttl_high);
    assert_int_equal(a->n_acks, b->n_acks);
    assert_int_equal(a->n_data, b->n_data);
    assert_int_equal(a->rst_ttl, b->rst_ttl);
    assert_int_equal(a->rst_flags, b->rst_flags);
    assert_int_equal(a->rst_bare, b->rst_bare);
    assert_int_equal(a->first_payload, b->first_payload);
    for (unsigned kind = 0; kind < SIGNS; kind++) {
        /* Which segment is a repetition depends on what was seen before it. */
        if (kind != SIGN_REPEAT) {
            assert_same_sign(&a->signs[kind], &b->signs[kind], kind);
        }
    }
}

static void assert_same_piece(const struct piece *a, const struct piece *b)
{
    assert_memory_equal(&a->key, &b->key, sizeof a->key);
    assert_int_equal(a->first_ns, b->first_ns);
    assert_int_equal(a->last_ns, b->last_ns);
    assert_int_equal(a->closing, b->closing);
    assert_int_equal(a->icmp.n, b->icmp.n);
    if (a->icmp.n) {
        assert_int_equal(a->icmp.code, b->icmp.code);
        assert_int_equal(a->icmp.first_ns, b->icmp.first_ns);
        assert_int_equal(a->icmp.last_ns, b->icmp.last_ns);
        assert_int_equal(a->icmp.frames[0], b->icmp.frames[0]);
        assert_int_equal(a->icmp.frames[2], b->icmp.frames[2]);
        assert_memory_equal(&a->icmp.reporter, &b->icmp.reporter, sizeof(struct addr));
    }
    assert_same_end(&a->end[0], &b->end[0]);
    assert_same_end(&a->end[1], &b->end[1]);
    assert_string_equal(piece_conn_state(a), piece_conn_state(b));

    char x[HISTORY_LEN], y[HISTORY_LEN];
    assert_string_equal(piece_history(a, x), piece_history(b, y));
}

/* Packets of part 'part' of 'part_of', as a piece. */
static struct piece piece_of_part(const struct script *s, const uint8_t *part_of,
                                  uint8_t part)
{
    struct piece piece;

    memset(&piece, 0, sizeof piece);
    for (size_t i = 0; i < s->n; i++) {
        if (part_of[i] == part) {
            script_apply(s, i, &piece);
        }
    }
    piece_settle(&piece);
    return piece;
}

static void check_parts(const struct script *s, const uint8_t *part_of, uint8_t n)
{
    uint8_t all[SCRIPT_MAX] = {0};
    struct piece whole = piece_of_part(s, all, 0);
    struct piece parts[4], forth, back;

    for (uint8_t i = 0; i < n; i++) {
        parts[i] = piece_of_part(s, part_of, i);
    }
    memset(&forth, 0, sizeof forth);
    memset(&back, 0, sizeof back);
    forth.key = back.key = whole.key;
    for (uint8_t i = 0; i < n; i++) {
        piece_merge(&forth, &parts[i]);
        piece_merge(&back, &parts[n - 1 - i]);
    }
    assert_same_piece(&forth, &whole);
    assert_same_piece(&back, &whole);
}

static void random_train(struct script *s, uint32_t *random)
{
    static const char kinds[] = "SSHhAaDDDdddTtBbLFfRrIPpQ";
    int64_t ms = 0;

    script_read(s, next_random(random) % 3 ? "S0 h1 A2" : "");
    for (size_t i = next_random(random) % TRAIN; i < TRAIN; i++) {
        ms += 3 + next_random(random) % 900;
        script_add(s, kinds[next_random(random) % (sizeof kinds - 1)], ms);
    }
}

static void check_merge(void **state)
{
    uint32_t random = 42;
    struct script s;

    (void)state;
    print_message("seed %u\n", random);
    for (unsigned run = 0; run < RUNS; run++) {
        uint8_t part_of[SCRIPT_MAX] = {0};

        random_train(&s, &random);
        for (size_t cut = 0; cut <= s.n; cut++) {
            for (size_t i = 0; i < s.n; i++) {
                part_of[i] = i >= cut;
            }
            check_parts(&s, part_of, 2);
        }
        for (size_t i = 0; i < s.n; i++) {
            part_of[i] = s.packets[i].src_port == 5228;
        }
        check_parts(&s, part_of, 2);
        for (size_t i = 0; i < s.n; i++) {
            part_of[i] = (uint8_t)(i * 4 / s.n);
        }
        check_parts(&s, part_of, 4);
    }
}

static void check_view(void **state)
{
    struct piece inside = script_piece("S0 S1000 h1010 A1011"), outside;
    struct piece whole = inside;

    (void)state;
    outside = script_piece("h1010 a1020 d1030");
    outside.key.source = 1;
    piece_merge_view(&inside, &outside);
    assert_int_equal(inside.end[0].packets, 3); /* Never added. */
    assert_int_equal(inside.end[1].packets, 3); /* Of whoever saw more. */
    piece_merge_view(&outside, &whole);
    assert_int_equal(outside.end[0].packets, 3);
    assert_int_equal(outside.end[1].packets, 3);
}

/* --- one connection, or two --- */

struct pair {
    const char *name, *before, *after;
    bool continues;
};

static const struct pair pairs[] = {
    {"data goes on", "S0 h10 A11 D20", "d30 A31", true},
    {"the SYN again", "S0", "S1000 h1010", true},
    {"the other direction only", "S0 A11 D20", "h10 d30", true},
    {"another initial number", "S0 h10 A11", "N20 h21", false},
    {"a SYN where one was under way", "D0 d10", "N20", false},
    {"two hours of silence", "S0 h10 A11 D20", "D7440000", true},
    {"a little more", "S0 h10 A11 D20", "D7440021", false},
    {"a minute after a RST", "S0 h10 R20", "A60020", true},
    {"more than a minute after a RST", "S0 h10 R20", "A60021", false},
    {"more than a minute after one FIN", "S0 h10 A11 F20", "a90000", true},
    {"more than a minute after both", "S0 h10 A11 F20 f30", "A90000", false},
    {"datagrams within five minutes", "U0 u10", "U300010", true},
    {"datagrams after more", "U0 u10", "U300011", false},
};

static void check_pair(void **state)
{
    const struct pair *pair = *state;
    struct piece before = script_piece(pair->before), after = script_piece(pair->after);

    assert_int_equal(piece_continues(&before, &after), pair->continues);
}

struct reuse {
    const char *name, *words;
    char next;
    bool reused;
};

static const struct reuse reuses[] = {
    {"the SYN again", "S0", 'S', false},
    {"a new SYN", "S0", 'N', true},
    {"a new SYN after all is over", "S0 h1 A2 F3 f4 A5", 'N', true},
    {"the SYN-ACK again", "S0 h10", 'h', false},
    {"a SYN-ACK of another number", "S0 h10", 'n', true},
    {"a SYN into the middle", "D0 d1", 'N', true},
    {"a SYN after the other end was seen only", "d0", 'S', false},
    {"data", "S0 h10", 'D', false},
    {"a RST", "S0", 'R', false},
};

static void check_reuse(void **state)
{
    const struct reuse *row = *state;
    struct script s;
    struct piece piece;

    script_read(&s, row->words);
    script_add(&s, row->next, 5000);
    memset(&piece, 0, sizeof piece);
    for (size_t i = 0; i + 1 < s.n; i++) {
        script_apply(&s, i, &piece);
    }
    if (row->next == 'n') {
        s.packets[s.n - 1].tcp_flags |= TCP_ACK;
    }
    unsigned from = flow_sender(&s.packets[s.n - 1]);
    assert_int_equal(piece_is_reused_by(&piece, &s.packets[s.n - 1], from),
                     row->reused);
}

/* --- copies --- */

struct copies {
    const char *name, *words;
    uint32_t packets, copies, syns;
};

static const struct copies copy_rows[] = {
    {"a copy at once", "S0 C0", 2, 1, 1},
    {"a copy within half a second", "S0 C500", 2, 1, 1},
    {"the same identification later is another packet", "S0 C501", 2, 0, 2},
    {"a repetition has its own identification", "S0 S1", 2, 0, 2},
    {"a copy of a copy", "S0 C0 C1", 3, 2, 1},
};

static void check_copies(void **state)
{
    const struct copies *row = *state;
    struct piece piece = script_piece(row->words);

    assert_int_equal(piece.end[0].packets, row->packets);
    assert_int_equal(piece.end[0].copies, row->copies);
    assert_int_equal(piece.end[0].signs[SIGN_SYN].n, row->syns);
}

/* Between packets of the other end, up to three lie before a copy. */
static void check_copy_behind_others(void **state)
{
    struct piece piece;
    struct script s;

    (void)state;
    script_read(&s, "D0 d1 a2 D3 C4");
    s.packets[4] = s.packets[0];
    s.packets[4].ns += 4 * SCRIPT_MS;
    memset(&piece, 0, sizeof piece);
    for (size_t i = 0; i < s.n; i++) {
        script_apply(&s, i, &piece);
    }
    assert_int_equal(piece.end[0].copies, 1);
    assert_int_equal(piece.end[0].seq_first_n, 1);
}

/* IPv6 has no identification, so that copies are known by time alone. */
static void check_copy_without_id(void **state)
{
    struct piece piece;
    struct script s;

    (void)state;
    script_read(&s, "S0 C5 C6");
    memset(&piece, 0, sizeof piece);
    for (size_t i = 0; i < s.n; i++) {
        s.packets[i].ip_id = 0;
        script_apply(&s, i, &piece);
    }
    assert_int_equal(piece.end[0].copies, 1);
    assert_int_equal(piece.end[0].signs[SIGN_SYN].n, 2);
}

/* Errors of the most telling kind are kept, in the order of their times. */
static void check_icmp(void **state)
{
    const uint32_t frames[3] = {3, 4, 5};
    struct piece piece = script_piece("S0 P1 I2 I500 I1500 P1600");

    (void)state;
    assert_int_equal(piece.icmp.code, 13);
    assert_int_equal(piece.icmp.n, 3);
    assert_int_equal(piece.icmp.first_ns, script_start + 2 * SCRIPT_MS);
    assert_int_equal(piece.icmp.last_ns, script_start + 1500LL * SCRIPT_MS);
    assert_memory_equal(piece.icmp.frames, frames, sizeof frames);
    assert_int_equal(piece.end[0].packets, 1);
}

static void check_names(void **state)
{
    struct piece piece = script_piece("S0");

    (void)state;
    for (uint32_t i = 0; i < 2 * FLOW_NAMES; i++) {
        piece_add_name(&piece, (struct flow_name){.name = i / 2 + 1, .flags = i & 1});
    }
    piece_add_name(&piece, (struct flow_name){.name = 9});
    for (uint32_t i = 0; i < FLOW_NAMES; i++) {
        assert_int_equal(piece.names[i].name, i + 1);
        assert_int_equal(piece.names[i].flags, 1); /* Added once, flags of both. */
    }
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(check_merge),
        cmocka_unit_test(check_view),
        cmocka_unit_test(check_copy_behind_others),
        cmocka_unit_test(check_copy_without_id),
        cmocka_unit_test(check_icmp),
        cmocka_unit_test(check_names),
    };
    size_t n = 6;

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        tests[n++] = (struct CMUnitTest){pairs[i].name, check_pair, NULL, NULL,
                                         (void *)(uintptr_t)&pairs[i]};
    }
    for (size_t i = 0; i < ARRAY_LEN(reuses); i++) {
        tests[n++] = (struct CMUnitTest){reuses[i].name, check_reuse, NULL, NULL,
                                         (void *)(uintptr_t)&reuses[i]};
    }
    for (size_t i = 0; i < ARRAY_LEN(copy_rows); i++) {
        tests[n++] = (struct CMUnitTest){copy_rows[i].name, check_copies, NULL, NULL,
                                         (void *)(uintptr_t)&copy_rows[i]};
    }
    return _cmocka_run_group_tests("piece", tests, n, NULL, NULL);
}
