/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The index against the linear matcher: random questions to random policies.
 *
 * Addresses, names and ports come from small pools, so that prefixes nest, suffixes
 * form chains, ranges overlap, and answers are longer than there is room for.  The seed
 * is printed; POLICAP_SEED in the environment gives another.
 */
#include "policy/internal.h" /* First: cmocka defines fail() as a macro. */

#include "unit.h"

#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLOWER 20
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOWER 20
#endif
#endif
#ifndef SLOWER
#define SLOWER 1
#endif

enum { MAX_PEERS = 5, MAX_PORTS = 3, TEXT = 256 };

static uint64_t random_state;

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators".
 */
static uint32_t below(uint32_t n)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 2685821657736338717u) >> 32) % n;
}

static bool chance(uint32_t percent)
{
    return below(100) < percent;
}

/* One of few addresses: some bits behind each other's prefixes, in each family. */
static struct addr random_addr(void)
{
    static const uint8_t starts[][4] = {
        {10, 0, 0, 0}, {10, 0, 0, 0}, {142, 250, 0, 0}, {255, 255, 255, 255}, {0}};
    struct addr addr = addr_from_v4(starts[below(ARRAY_LEN(starts))]);

    if (chance(25)) {
        memset(addr.b, 0, 12);
        addr.b[0] = chance(50) ? 0x20 : 0xff;
        addr.b[8] = (uint8_t)below(2);
    } else if (chance(10)) {
        memcpy(addr.b, "\0\x64\xff\x9b\0\0\0\0\0\0\0", 12);
    }
    for (int i = 13; i < 16; i++) {
        addr.b[i] ^= (uint8_t)(chance(60) ? 0 : below(4) << below(7));
    }
    return addr;
}

static void random_prefix(char out[static TEXT])
{
    struct addr addr = random_addr();
    struct prefix prefix;
    char text[PREFIX_TEXT_LEN];

    addr = addr_of_nat64(&addr);
    unsigned width = addr_is_v4(&addr) ? 32 : 128;
    unsigned keep = chance(30)   ? width
                    : chance(10) ? 0
                                 : width - below(width == 32 ? 24 : 60);

    prefix = (struct prefix){addr, (uint8_t)(128 - width + keep)};
    for (unsigned bit = prefix.bits; bit < 128; bit++) {
        prefix.addr.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    }
    snprintf(out, TEXT, "%s", prefix_format(&prefix, text));
}

static void random_name(char out[static TEXT], bool suffix)
{
    size_t len = 0, labels = 1 + below(5);

    if (suffix) {
        len = (size_t)snprintf(out, TEXT, "*.");
    }
    for (; labels > 0; labels--) {
        int label =
            chance(97) ? 1 : 45; /* Five long ones: over 127 letters, below 253. */

        memset(out + len, 'a' + (int)below(3), (size_t)label);
        len += (size_t)label;
        out[len++] = '.';
    }
    snprintf(out + len, TEXT - len, chance(80) ? "test" : "example");
}

static void random_peer(char out[static TEXT])
{
    switch (below(10)) {
    case 0:
        snprintf(out, TEXT, chance(50) ? "any" : chance(50) ? "media" : "google-out");
        break;
    case 1:
    case 2:
        snprintf(out, TEXT, "role:%s", role_name((enum role)below(ROLES)));
        break;
    case 3:
        snprintf(out, TEXT, "set:%s", chance(50) ? "as15169" : "other");
        break;
    case 4:
    case 5:
    case 6:
        random_prefix(out);
        break;
    default:
        random_name(out, chance(60));
    }
}

static uint16_t random_port(void)
{
    static const uint16_t edges[] = {0, 1, 53, 443, 4000, 32767, 32768, 65534, 65535};

    return chance(80) ? edges[below(ARRAY_LEN(edges))] : (uint16_t)below(65536);
}

static struct port_range random_range(void)
{
    uint16_t a = random_port(), b = chance(50) ? a : random_port();

    return (struct port_range){a < b ? a : b, a < b ? b : a};
}

static void add_random_row(struct policy *policy, uint32_t number)
{
    char id[16], texts[MAX_PEERS][TEXT];
    const char *peers[MAX_PEERS];
    struct port_range ports[MAX_PORTS], fallback[MAX_PORTS];
    static const char *const groups[] = {"on", "on", "on", "unused"};
    struct policy_row row = {
        .id = id,
        .group = groups[below(4)],
        .transports = 1 + below(7),
        .initiator = (enum initiator)below(3),
        .port_side = (enum port_side)below(4),
        .need = (enum need)below(5),
        .peers = peers,
        .n_peers = below(MAX_PEERS + 1),
        .ports = ports,
        .n_ports = below(MAX_PORTS + 1),
        .fallback_ports = fallback,
        .n_fallback_ports = below(2),
        .pack = below(2),
    };
    struct policap_error err;

    snprintf(id, sizeof id, "row-%u", number);
    for (size_t i = 0; i < MAX_PEERS; i++) {
        random_peer(texts[i]);
        peers[i] = texts[i];
    }
    for (size_t i = 0; i < MAX_PORTS; i++) {
        ports[i] = random_range();
        fallback[i] = random_range();
    }
    if (row.n_ports == 0) {
        row.n_fallback_ports = 0; /* Rows without ports never match. */
    }
    if (!policy_add_row(policy, &row, &err)) {
        fail_msg("%s", err.text);
    }
}

static void bind_roles(struct policy *policy)
{
    char text[TEXT];
    struct policap_error err;

    for (int role = 0; role < ROLES; role++) {
        bool names_only = chance(30);

        for (uint32_t n = chance(40) ? 0 : below(4); n > 0; n--) {
            if (names_only || chance(50)) {
                random_name(text, chance(50));
            } else {
                random_prefix(text);
            }
            assert_true(policy_add_binding(policy, (enum role)role, text, &err));
        }
    }
}

static struct policy *random_policy(uint32_t n_rows)
{
    struct policy *policy = policy_new();
    struct peer peer;
    struct policap_error err;
    char text[TEXT];

    assert_non_null(policy);
    policy->n_packs = 1; /* Rows of pack 1 are the site file's. */
    for (int i = 0; i < 20; i++) {
        random_prefix(text);
        assert_true(policy_add_to_set(policy, i % 2 ? "as15169" : "other", text, &err));
    }
    bind_roles(policy);
    random_prefix(text);
    assert_true(peer_parse_prefix(text, &peer, &err));
    assert_true(peer_push(&policy->private_prefixes, &peer));
    assert_true(policy_add_off(policy, "unused"));
    policy->google_out_any = chance(30);
    for (uint32_t i = 0; i < n_rows; i++) {
        add_random_row(policy, i);
    }
    assert_true(policy_finish(policy, &err));
    return policy;
}

static struct policy_question random_question(char names[POLICY_MAX_NAMES][TEXT])
{
    struct policy_question q = {
        .transport = (uint8_t)(1u << below(3)),
        .initiator = (uint8_t)below(3),
        .device_port = random_port(),
        .peer_port = random_port(),
        .peer = random_addr(),
        .n_names = chance(40) ? 0 : below(POLICY_MAX_NAMES + 1),
        .roles_given = chance(80) ? 0 : 1u << below(ROLES),
    };

    for (size_t i = 0; i < q.n_names; i++) {
        random_name(names[i], false);
        q.names[i] = names[i];
    }
    return q;
}

static void print_answer(const char *who, const struct policy_match *m, size_t n)
{
    print_error("%s: %zu rows\n", who, n);
    for (size_t i = 0; i < n; i++) {
        print_error("  row %u via %u name %u detail %u width %u\n", m[i].row, m[i].via,
                    m[i].name, m[i].detail, m[i].width);
    }
}

static bool same_match(const struct policy_match *a, const struct policy_match *b)
{
    return a->row == b->row && a->via == b->via && a->name == b->name &&
           a->detail == b->detail && a->width == b->width;
}

/* Returns the length of the answer. */
static size_t check_question(const struct policy *policy)
{
    char names[POLICY_MAX_NAMES][TEXT];
    struct policy_question q = random_question(names);
    struct policy_match by_index[POLICY_MAX_ANSWERS], linear[POLICY_MAX_ANSWERS];
    size_t n = policy_ask(policy, &q, by_index), i = 0;
    size_t n_linear = policy_ask_linear(policy, &q, linear);

    while (i < n && i < n_linear && same_match(&by_index[i], &linear[i])) {
        i++;
    }
    if (n != n_linear || i < n) {
        print_answer("index", by_index, n);
        print_answer("linear", linear, n_linear);
        fail_msg("transport %u, initiator %u, ports %u and %u: differ at %zu",
                 q.transport, q.initiator, q.device_port, q.peer_port, i);
    }
    return n;
}

static void check_against_linear(void **state)
{
    static const struct {
        uint32_t rows, policies, questions;
    } sizes[] = {{0, 2, 1000},    {1, 60, 1000},   {5, 100, 5000},  {20, 50, 8000},
                 {100, 20, 5000}, {1000, 4, 2500}, {10000, 3, 2000}};
    size_t asked = 0, answered = 0, full = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        for (uint32_t p = 0; p < sizes[i].policies; p++) {
            struct policy *policy = random_policy(sizes[i].rows);

            for (uint32_t k = 0; k < sizes[i].questions / SLOWER; k++) {
                size_t n = check_question(policy);

                asked++;
                answered += n > 0;
                full += n == POLICY_MAX_ANSWERS;
            }
            policy_free(policy);
        }
    }
    print_message("%zu questions, %zu with rows, %zu with %d rows\n", asked, answered,
                  full, POLICY_MAX_ANSWERS);
    assert_true(asked * SLOWER >= 1000000 && answered > asked / 10 &&
                full > asked / 200);
}

/* A suffix of more than 127 letters is no better a binding than one of 127: names and
 * addresses of a role are compared by one number. */
static void check_long_suffix(void **state)
{
    char suffix[160] = "*.", name[160] = "a";
    struct policy_row row = {.id = "r",
                             .peers = (const char *const[]){"role:sam-server"},
                             .n_peers = 1,
                             .ports = &(struct port_range){443, 443},
                             .n_ports = 1,
                             .transports = TRANSPORT_TCP};
    struct policy_question q = {
        .transport = TRANSPORT_TCP, .peer_port = 443, .names = {name}, .n_names = 1};
    struct policy_match out[POLICY_MAX_ANSWERS];
    struct policap_error err;

    (void)state;
    for (size_t len = 0; len < 140; len++) {
        name[1 + len] = suffix[2 + len] = len % 10 == 0 && len > 0 ? '.' : 'b';
    }
    name[1] = '.';
    memmove(suffix + 2, suffix + 3, 139);
    suffix[141] = '\0';

    struct policy *policy = policy_new();
    assert_true(policy_add_row(policy, &row, &err));
    assert_true(policy_add_binding(policy, ROLE_SAM_SERVER, suffix, &err));
    assert_true(policy_finish(policy, &err));
    assert_int_equal(policy_ask(policy, &q, out), 1);
    assert_int_equal(out[0].via, MATCH_ROLE);
    assert_int_equal(out[0].detail, 127);
    assert_int_equal(policy_ask_linear(policy, &q, out), 1);
    assert_int_equal(out[0].detail, 127);
    policy_free(policy);
}

static int by_match(const void *a, const void *b)
{
    return match_compare(a, b);
}

/* Both matchers gather by answer_add(): it is held against sorting. */
static void check_gathering(void **state)
{
    enum { MATCHES = 200 };

    (void)state;
    for (int round = 0; round < 5000 / SLOWER; round++) {
        struct policy_match all[MATCHES], out[POLICY_MAX_ANSWERS];
        struct answer answer = {out, 0};
        size_t n = below(MATCHES), kept = 0;
        bool seen[MATCHES] = {false};

        for (size_t i = 0; i < n; i++) {
            all[i] = (struct policy_match){below(1 + (uint32_t)n), (uint8_t)below(7),
                                           (uint8_t)below(2), (uint16_t)below(3),
                                           below(2) ? 1 : 2000};
            answer_add(&answer, &all[i]);
        }
        qsort(all, n, sizeof *all, by_match);
        for (size_t i = 0; i < n && kept < POLICY_MAX_ANSWERS; i++) {
            if (!seen[all[i].row]) {
                seen[all[i].row] = true;
                assert_true(kept < answer.n && same_match(&all[i], &out[kept]));
                kept++;
            }
        }
        assert_int_equal(answer.n, kept);
    }
}

int main(void)
{
    const char *seed = getenv("POLICAP_SEED");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_long_suffix),
        cmocka_unit_test(check_gathering),
        cmocka_unit_test(check_against_linear),
    };

    random_state = seed ? strtoull(seed, NULL, 0) : 20200403;
    random_state += random_state == 0; /* 0 would stay 0. */
    print_message("POLICAP_SEED=%llu\n", (unsigned long long)random_state);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
