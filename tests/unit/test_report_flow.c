/* SPDX-License-Identifier: BSD-3-Clause */
#include "test_report.h"

static const int64_t start_ns = INT64_C(1795332601123456789);
static const int64_t second_ns = 1000000000;

static void note(struct flow_end *end, enum sign_kind kind, int64_t ns)
{
    end->signs[kind] = (struct sign){.first_ns = ns, .last_ns = ns, .n = 1};
}

/* A TLS connection from the end that is second in the key. */
static struct piece tls_piece(void)
{
    struct piece piece = {
        .key = {.a = address("10.20.0.1"),
                .b = address("10.20.0.101"),
                .port_a = 443,
                .port_b = 40000,
                .proto = 6},
        .first_ns = start_ns,
        .last_ns = start_ns + 90 * second_ns,
        .n_encap = 2,
        .encap = {ENCAP_VLAN, ENCAP_GRE},
    };

    piece.end[1] = (struct flow_end){.bytes = 900,
                                     .packets = 5,
                                     .first_ns = start_ns,
                                     .tcp_flags = TCP_SYN | TCP_ACK | TCP_PSH,
                                     .first_payload = PAYLOAD_TLS_HELLO,
                                     .copies = 2};
    piece.end[0] = (struct flow_end){.bytes = 4000,
                                     .packets = 4,
                                     .first_ns = start_ns + 1000,
                                     .tcp_flags = TCP_SYN | TCP_ACK,
                                     .later_fragments = 1};
    note(&piece.end[1], SIGN_SYN, start_ns);
    note(&piece.end[0], SIGN_SYN_ACK, start_ns + 1000);
    note(&piece.end[1], SIGN_ACK, start_ns + 2000);
    return piece;
}

static struct flow_verdict verdict_none(void)
{
    return (struct flow_verdict){.row = -1, .outcome = OUTCOME_UNKNOWN};
}

/* The line that is written of 'piece', read again. */
static json_t *line_of(struct fixture *f, const struct piece *piece,
                       const struct flow_verdict *verdict)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    json_error_t err;
    json_t *line;

    assert_non_null(out);
    assert_true(report_write_flow_verdict(out, &f->judgement, piece, verdict));
    fclose(out);
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    line = json_loads(text, JSON_REJECT_DUPLICATES, &err);
    if (!line) {
        fail_msg("%s in %s", err.text, text);
    }
    free(text);
    return line;
}

static void assert_part(json_t *line, const char *key, const char *want)
{
    json_t *value = json_object_get(line, key);
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

    if (!text) {
        fail_msg("no %s", key);
    }
    assert_string_equal(text, want);
    free(text);
}

static void check_tls(void **state)
{
    struct fixture f;
    struct piece piece = tls_piece();
    struct flow_verdict verdict = {.verdict = CLAIM_CANDIDATE,
                                   .outcome = OUTCOME_BLOCKED,
                                   .cause = CAUSE_SYN_DROP,
                                   .names = {"mtalk.google.com", HOSTILE},
                                   .sources = {NAME_SNI, NAME_DNS},
                                   .n_names = 2};
    json_t *line;

    (void)state;
    fixture_init(&f);
    verdict.device = &f.devices[0];
    verdict.row = policy_find(f.policy, "google-fcm");
    line = line_of(&f, &piece, &verdict);
    assert_part(line, "timestamp", "\"2026-11-22T07:31:31.123456+0000\"");
    assert_part(line, "event_type", "\"flow\"");
    assert_part(line, "src_ip", "\"10.20.0.101\"");
    assert_part(line, "src_port", "40000");
    assert_part(line, "dest_ip", "\"10.20.0.1\"");
    assert_part(line, "dest_port", "443");
    assert_part(line, "proto", "\"TCP\"");
    assert_part(line, "ip_v", "4");
    assert_part(line, "app_proto", "\"tls\"");
    assert_part(line, "flow",
                "{\"pkts_toserver\":5,\"pkts_toclient\":4,\"bytes_toserver\":900,"
                "\"bytes_toclient\":4000,\"start\":\"2026-11-22T07:30:01.123456+0000\","
                "\"end\":\"2026-11-22T07:31:31.123456+0000\",\"age\":90,"
                "\"state\":\"established\",\"reason\":\"shutdown\",\"alerted\":false}");
    assert_part(line, "tcp",
                "{\"tcp_flags\":\"1a\",\"tcp_flags_ts\":\"1a\",\"tcp_flags_tc\":\"12\","
                "\"syn\":true,\"psh\":true,\"ack\":true,\"state\":\"established\"}");
    assert_part(line, "policap",
                "{\"device\":\"00:90:7a:12:34:01\",\"verdict\":\"candidate\","
                "\"row\":\"google-fcm\",\"outcome\":\"blocked\",\"cause\":\"syn-drop\","
                "\"names\":[{\"name\":\"mtalk.google.com\",\"source\":\"sni\"},"
                "{\"name\":\"a\\u001B[31mb\\u0007\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                "\\\"\\\\\\n\",\"source\":\"dns\"}],\"conn_state\":\"S1\","
                "\"history\":\"ShA\",\"encap\":[\"vlan\",\"gre\"],"
                "\"later_fragments\":[0,1],\"duplicates\":[2,0]}");
    json_decref(line);
    fixture_fini(&f);
}

static void check_no_device(void **state)
{
    struct fixture f;
    struct piece piece = tls_piece();
    struct flow_verdict verdict = verdict_none();
    json_t *line, *id;

    (void)state;
    fixture_init(&f);
    piece.key.a = address("2001:db8::1");
    piece.key.b = address("2001:db8::2");
    piece.key.port_a = 53;
    piece.key.proto = 17;
    memset(&piece.end[0], 0, sizeof piece.end[0]);
    piece.end[1].first_payload = PAYLOAD_OTHER;
    line = line_of(&f, &piece, &verdict);
    assert_part(line, "src_ip", "\"2001:db8::2\"");
    assert_part(line, "proto", "\"UDP\"");
    assert_part(line, "ip_v", "6");
    assert_part(line, "app_proto", "\"dns\"");
    assert_null(json_object_get(line, "tcp"));
    assert_part(json_object_get(line, "flow"), "state", "\"new\"");
    assert_part(json_object_get(line, "policap"), "device", "null");
    assert_part(json_object_get(line, "policap"), "verdict", "null");
    assert_part(json_object_get(line, "policap"), "row", "null");
    assert_part(json_object_get(line, "policap"), "cause", "null");
    assert_part(json_object_get(line, "policap"), "names", "[]");
    assert_part(json_object_get(line, "policap"), "outcome", "\"unknown\"");
    id = json_object_get(line, "flow_id");
    assert_true(json_integer_value(id) > 0);
    assert_true(json_integer_value(id) < INT64_C(1) << 53);
    json_decref(line);
    fixture_fini(&f);
}

/* One change of the connection above, and what Suricata would call it. */
struct state_row {
    const char *name;
    enum sign_kind kind;
    unsigned end;
    const char *tcp, *flow;
};

static const struct state_row states[] = {
    {"RST of the client", SIGN_RST, 1, "\"closed\"", "\"closed\""},
    {"RST of the server", SIGN_RST, 0, "\"closed\"", "\"closed\""},
    {"FIN of the client", SIGN_FIN, 1, "\"fin_wait1\"", "\"established\""},
    {"FIN of the server", SIGN_FIN, 0, "\"close_wait\"", "\"established\""},
};

static void check_state(void **state)
{
    const struct state_row *row = *state;
    struct fixture f;
    struct piece piece = tls_piece();
    struct flow_verdict verdict = verdict_none();
    json_t *line;

    fixture_init(&f);
    note(&piece.end[row->end], row->kind, start_ns + second_ns);
    line = line_of(&f, &piece, &verdict);
    assert_part(json_object_get(line, "tcp"), "state", row->tcp);
    assert_part(json_object_get(line, "flow"), "state", row->flow);
    json_decref(line);
    fixture_fini(&f);
}

static void check_half_open(void **state)
{
    struct fixture f;
    struct piece piece = tls_piece();
    struct flow_verdict verdict = verdict_none();
    json_t *line;

    (void)state;
    fixture_init(&f);
    memset(&piece.end[1].signs[SIGN_ACK], 0, sizeof(struct sign));
    line = line_of(&f, &piece, &verdict);
    assert_part(json_object_get(line, "tcp"), "state", "\"syn_recv\"");
    json_decref(line);
    memset(&piece.end[0], 0, sizeof piece.end[0]);
    line = line_of(&f, &piece, &verdict);
    assert_part(json_object_get(line, "tcp"), "state", "\"syn_sent\"");
    assert_part(json_object_get(line, "flow"), "state", "\"new\"");
    json_decref(line);
    fixture_fini(&f);
}

static void check_reason(void **state)
{
    struct fixture f;
    struct piece piece = tls_piece();
    struct flow_verdict verdict = verdict_none();
    struct window window = {.first_ns = start_ns};
    json_t *line;

    (void)state;
    fixture_init(&f);
    f.tally.windows = &window;
    f.tally.n_windows = 1;
    window.last_ns = piece.last_ns + piece_idle_ns(&piece) - 1;
    line = line_of(&f, &piece, &verdict);
    assert_part(json_object_get(line, "flow"), "reason", "\"shutdown\"");
    json_decref(line);
    window.last_ns++;
    line = line_of(&f, &piece, &verdict);
    assert_part(json_object_get(line, "flow"), "reason", "\"timeout\"");
    json_decref(line);
    piece.inexact = 1;
    line = line_of(&f, &piece, &verdict);
    assert_part(json_object_get(line, "flow"), "reason", "\"forced\"");
    json_decref(line);
    fixture_fini(&f);
}

/* The buffer of the writer ends somewhere in each of these lines, at every place. */
static void check_long_names(void **state)
{
    struct fixture f;
    struct piece piece = tls_piece();
    struct flow_verdict verdict = verdict_none();
    char name[1200];

    (void)state;
    fixture_init(&f);
    verdict.n_names = POLICY_MAX_NAMES;
    for (size_t len = sizeof name - 150; len < sizeof name; len++) {
        json_t *line;

        memset(name, '\x1f', sizeof name);
        name[len] = '\0';
        for (size_t i = 0; i < POLICY_MAX_NAMES; i++) {
            verdict.names[i] = name;
        }
        line = line_of(&f, &piece, &verdict);
        assert_int_equal(
            json_array_size(json_object_get(json_object_get(line, "policap"), "names")),
            POLICY_MAX_NAMES);
        json_decref(line);
    }
    fixture_fini(&f);
}

static void check_same_id(void **state)
{
    struct fixture f;
    struct piece piece = tls_piece();
    struct flow_verdict verdict = verdict_none();
    json_t *one, *two;

    (void)state;
    fixture_init(&f);
    one = line_of(&f, &piece, &verdict);
    piece.end[0].packets++;
    two = line_of(&f, &piece, &verdict);
    assert_true(
        json_equal(json_object_get(one, "flow_id"), json_object_get(two, "flow_id")));
    json_decref(two);
    piece.first_ns++;
    two = line_of(&f, &piece, &verdict);
    assert_false(
        json_equal(json_object_get(one, "flow_id"), json_object_get(two, "flow_id")));
    json_decref(two);
    json_decref(one);
    fixture_fini(&f);
}

int main(void)
{
    enum { FIXED = 6 };
    struct CMUnitTest tests[FIXED + ARRAY_LEN(states)] = {
        cmocka_unit_test(check_tls),        cmocka_unit_test(check_no_device),
        cmocka_unit_test(check_half_open),  cmocka_unit_test(check_reason),
        cmocka_unit_test(check_long_names), cmocka_unit_test(check_same_id),
    };

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        tests[FIXED + i] = (struct CMUnitTest){.name = states[i].name,
                                               .test_func = check_state,
                                               .initial_state = (void *)&states[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
