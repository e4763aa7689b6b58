/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the signs of one attempt say, before any row is known: DESIGN 3.3.
 */
#include "script.h"

#include "audit/tally.h"

struct row {
    const char *name, *words;
    int64_t end_ms; /* When the capture ended. */
    enum attempt_sign sign;
    unsigned repeats, span_s, waited_s;
    unsigned facts; /* Of FACT_TWO_WAY and FACT_PROVED. */
};

static const struct row rows[] = {
    /* clang-format off */
    /* name, packets                                      end    sign        n  span waited */
    {"three SYNs over 2.9 s", "S0 S1000 S2900",          4000, ATTEMPT_SYN_SILENT, 3, 3, 4, 0},
    {"three SYNs over less", "S0 S1000 S2899",           3899, ATTEMPT_SYN_SILENT, 3, 2, 3, 0},
    {"three SYNs over 3.9 s", "S0 S1000 S3900",          4000, ATTEMPT_SYN_SILENT, 3, 3, 4, 0},
    {"a lone SYN", "S0",                                 9000, ATTEMPT_SYN_SILENT, 1, 0, 5, 0},
    {"a lone SYN at the end", "S0",                       500, ATTEMPT_SYN_SILENT, 1, 0, 0, 0},
    {"many SYNs", "S0 S1000 S3000 S7000 S15000 S31000", 40000, ATTEMPT_SYN_SILENT, 5, 20, 32, 0},
    {"copies are no SYNs", "S0 C0 C1 C2",                5000, ATTEMPT_SYN_SILENT, 1, 0, 5, 0},
    {"a SYN answered late", "S0 S1000 S3000 h3020 A3021 D3030 d3050", 5000, ATTEMPT_OK, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"RST to the SYN", "S0 r1",                          5000, ATTEMPT_RESET, 0, 0, 0, FACT_TWO_WAY},
    {"RST to the third SYN", "S0 S1000 S3000 r3001",     5000, ATTEMPT_RESET, 0, 3, 0, FACT_TWO_WAY},
    {"RST after the handshake", "S0 h20 A21 r22",        5000, ATTEMPT_RESET, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"RST to a hello", "S0 h20 A21 L22 r23",             5000, ATTEMPT_HELLO_RESET, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"RST to other data", "S0 h20 A21 D22 r23",          5000, ATTEMPT_RESET, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"RST after an answer", "S0 h20 A21 L22 a30 d40 r50", 5000, ATTEMPT_OK, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"prohibited", "S0 I1",                              5000, ATTEMPT_ICMP, 0, 0, 0, 0},
    {"port unreachable, of a router", "S0 P1",           5000, ATTEMPT_ICMP, 0, 0, 0, 0},
    {"port unreachable, of the server", "U0 p20",        5000, ATTEMPT_ICMP, 0, 0, 0, 0},
    {"host unreachable after a while", "S0 S1000 Q3000", 5000, ATTEMPT_ICMP, 0, 3, 0, 0},
    {"prohibited, and yet answered", "S0 I1 S1000 h1020 A1021 D1022 d1040", 5000, ATTEMPT_OK, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"a hello again and again", "S0 h20 A21 L22 T230 T630 T1430 T3030", 5000, ATTEMPT_HELLO_SILENT, 5, 3, 5, FACT_TWO_WAY | FACT_PROVED},
    {"a hello sent twice", "S0 h20 A21 L22 T230",        5000, ATTEMPT_HELLO_SILENT, 2, 0, 5, FACT_TWO_WAY | FACT_PROVED},
    {"a hello acknowledged, and given up", "S0 h20 A21 L22 a40 F10022", 15000, ATTEMPT_NO_ANSWER, 1, 10, 13, FACT_TWO_WAY | FACT_PROVED},
    {"a hello acknowledged, what came after it lost", "S0 h20 A21 L22 a40 D50 F10022", 15000, ATTEMPT_OPEN, 1, 10, 13, FACT_TWO_WAY | FACT_PROVED},
    {"a hello acknowledged, and nothing since", "S0 h20 A21 L22 a40", 15000, ATTEMPT_OPEN, 1, 0, 13, FACT_TWO_WAY | FACT_PROVED},
    {"a hello, and an answer that was lost", "S0 h20 A21 L22 g30 a40 F10022", 15000, ATTEMPT_OK, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"a handshake alone", "S0 h20 A21",                  5000, ATTEMPT_OPEN, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"worked, then unheard", "S0 h20 A21 D22 a40 d50 A51 D9000 T9300 T10000 T12000", 15000, ATTEMPT_TAIL_SILENT, 4, 3, 5, FACT_TWO_WAY | FACT_PROVED},
    {"worked, and reset by a box after a silence", "S0 h20 A21 D22 a40 d50 A51 D40000 x40001", 50000, ATTEMPT_TAIL_RESET, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"worked, and reset by the peer after a silence", "S0 h20 A21 D22 a40 d50 A51 D40000 r40001", 50000, ATTEMPT_OK, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"worked, and reset by a box without a silence", "S0 h20 A21 D22 a40 d50 A51 D20000 x20001", 50000, ATTEMPT_OK, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"worked, and repeated once", "S0 h20 A21 D22 a40 d50 A51 D9000 T9300 a9310", 15000, ATTEMPT_OK, 0, 0, 0, FACT_TWO_WAY | FACT_PROVED},
    {"the phone's direction only, ACKs that move", "S0 A20 D21 A40 D60", 5000, ATTEMPT_UNSEEN, 0, 0, 0, FACT_PROVED},
    {"the server's direction only", "h20 a30 d40",       5000, ATTEMPT_UNSEEN, 0, 0, 0, 0},
    {"the phone's direction of a midstream", "D0 D10 D20", 5000, ATTEMPT_UNSEEN, 0, 0, 0, FACT_PROVED},
    {"midstream data both ways", "D0 d10",               5000, ATTEMPT_OK, 0, 0, 0, FACT_TWO_WAY},
    {"midstream, one repeats", "D0 T300 T900",           5000, ATTEMPT_UNSEEN, 0, 0, 0, 0},
#define TLS(rest) "S0 h20 A21 L22 a40 v50 A51 " rest, 9000
#define BOTH 0, 0, 0, FACT_TWO_WAY | FACT_PROVED
    {"TLS, alert unknown_ca", TLS("K60 F61"),            ATTEMPT_CERTIFICATE, BOTH},
    {"TLS, alert certificate_unknown", TLS("Z60 F61"),   ATTEMPT_TLS_ABORT, BOTH},
    {"TLS 1.3, an alert in place of Finished", TLS("Y60 f61 F62"), ATTEMPT_TLS_ABORT, BOTH},
    {"an alert much later is of something else", TLS("Y1060 F1061"), ATTEMPT_OK, BOTH},
    {"TLS, gone at the certificate", TLS("F60 f70"),     ATTEMPT_TLS_LEFT, BOTH},
    {"TLS, reset at the certificate", TLS("R60"),        ATTEMPT_TLS_LEFT, BOTH},
    {"TLS, gone a while after the certificate", TLS("F1060"), ATTEMPT_OK, BOTH},
    {"TLS, the server went first", TLS("f60 F61"),       ATTEMPT_OK, BOTH},
    {"TLS, Finished, then gone", TLS("D60 F61"),         ATTEMPT_OK, BOTH},
    {"TLS, still open", TLS(""),                         ATTEMPT_OK, BOTH},
    {"gone before the certificate", "S0 h20 A21 L22 a40 F45 v50", 9000, ATTEMPT_OK, BOTH},
    {"a flight too short for a certificate", "S0 h20 A21 L22 a40 w50 A51 F60", 9000, ATTEMPT_OK, BOTH},
    {"no TLS, gone at the answer", "S0 h20 A21 D22 a40 v50 A51 F60", 9000, ATTEMPT_OK, BOTH},
    {"a datagram answered", "U0 u20",                    9000, ATTEMPT_OK, 0, 0, 0, FACT_TWO_WAY},
    {"a datagram twice, unanswered", "U0 U5000",         9000, ATTEMPT_REQUEST_SILENT, 2, 5, 5, 0},
    {"a datagram and its copy", "U0 C1",                 9000, ATTEMPT_REQUEST_SILENT, 1, 0, 5, 0},
    {"an answer to what was not seen", "u0",             9000, ATTEMPT_UNSEEN, 0, 0, 0, 0},
    /* clang-format on */
};

static void check_row(void **state)
{
    const struct row *row = *state;
    struct piece piece = script_piece(row->words);
    struct cell_key key = attempt_of(&piece, script_start + row->end_ms * SCRIPT_MS);

    assert_int_equal(key.sign, row->sign);
    assert_int_equal(key.facts & (FACT_TWO_WAY | FACT_PROVED), row->facts);
    assert_int_equal(key.repeats, row->repeats);
    assert_int_equal(key.span_s, row->span_s);
    assert_int_equal(key.waited_s, row->waited_s);
    assert_int_equal(key.server_port, 5228);
    assert_int_equal(key.client_port, 0);
}

/* What the capture did not hold of an opener's first words, and connections that went
 * unheard, weaken what is said of others. */
static void check_unread(void **state)
{
    static const struct {
        const char *words;
        unsigned facts;
    } table[] = {
        {"S0 h20 A21 D22 d40", 0},
        {"S0 h20 A21 F22 f23", 0}, /* It said nothing. */
        {"S0 h20 A21 R22", 0},
        {"S0 r1", 0},
        {"S0 S1000 S3000", 0},
        {"S0 h20 A21", FACT_UNREAD}, /* It may still speak. */
        {"S0 h20 A21 G22 d40 A41", FACT_UNREAD},
        {"S0 h20 A21 G22 D23 d40", FACT_UNREAD},
        {"S0 h20 A21 G22 a40 F41 f42", FACT_UNREAD},
        {"D22 d40", FACT_UNREAD},
        {"S0 A20 D21 D40 T300 T900 T3040", FACT_STALLED},
        {"S0 A20 D21 D40 T300 T900 T2900", 0},
        {"S0 A20 D21 T300 T900 T3040", 0}, /* It never worked. */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct piece piece = script_piece(table[i].words);
        struct cell_key key = attempt_of(&piece, piece.last_ns);

        assert_int_equal(key.facts & (FACT_UNREAD | FACT_STALLED), table[i].facts);
    }
}

/* Who stopped it, and how, stands in the key. */
static void check_blocker(void **state)
{
    struct piece icmp = script_piece("S0 P1 I2"), rst = script_piece("S0 x1");
    struct cell_key key = attempt_of(&icmp, icmp.last_ns);
    struct addr router = script_addr("10.20.0.1");

    (void)state;
    assert_memory_equal(&key.by, &router, sizeof router);
    assert_int_equal(key.icmp_code, 13); /* The more telling of both. */
    key = attempt_of(&rst, rst.last_ns);
    assert_int_equal(key.rst_ttl, 64);
    assert_true(key.facts & FACT_RST_BARE);
    assert_true(key.facts & FACT_TTL_UNTOUCHED);
}

/* Alike attempts have one key, whatever their ephemeral ports and exact times. */
static void check_key(void **state)
{
    static struct script s;
    struct cell_key keys[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        script_read(&s, i ? "S0 S1010 S3050" : "S0 S1000 S3000");
        script_move(&s, "10.20.0.101", "142.250.110.188", (uint16_t)(40000 + i), 5228,
                    i * 20000);
        struct piece piece = script_sum(&s);
        keys[i] = attempt_of(&piece, piece.last_ns + 40000LL * SCRIPT_MS);
    }
    assert_memory_equal(&keys[0], &keys[1], sizeof keys[0]);
}

static void check_cell(void **state)
{
    struct piece piece = script_piece("S0 S1000 S3000 S7000");
    struct cell cell = cell_of(&piece, piece.last_ns);
    const uint32_t frames[CELL_FRAMES] = {1, 2, 4};

    (void)state;
    assert_int_equal(cell.attempts, 1);
    assert_int_equal(cell.packets[0], 4);
    assert_int_equal(cell.packets[1], 0);
    assert_int_equal(cell.bytes[0], 4 * 66);
    assert_int_equal(cell.first_ns, script_start);
    assert_int_equal(cell.last_ns, script_start + 7000LL * SCRIPT_MS);
    assert_int_equal(cell.ports[0], 40000);
    assert_memory_equal(cell.frames, frames, sizeof frames);
}

int main(void)
{
    struct CMUnitTest tests[80] = {
        cmocka_unit_test(check_unread),
        cmocka_unit_test(check_blocker),
        cmocka_unit_test(check_key),
        cmocka_unit_test(check_cell),
    };
    size_t n = 4;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[n++] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                         (void *)(uintptr_t)&rows[i]};
    }
    return _cmocka_run_group_tests("attempt", tests, n, NULL, NULL);
}
