/* SPDX-License-Identifier: BSD-3-Clause */
#include "test_report.h"

#include "report/clean.h"
#include "report/words.h"

static json_t *at(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    assert_non_null(value);
    return value;
}

static void assert_text(json_t *object, const char *key, const char *want)
{
    assert_string_equal(json_string_value(at(object, key)), want);
}

static void assert_count(json_t *object, const char *key, json_int_t want)
{
    assert_true(json_is_integer(at(object, key)));
    assert_int_equal(json_integer_value(at(object, key)), want);
}

static void assert_null_at(json_t *object, const char *key)
{
    assert_true(json_is_null(at(object, key)));
}

/* 'value' as compact JSON equals 'want'. */
static void assert_dump(json_t *value, const char *want)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    assert_non_null(text);
    assert_string_equal(text, want);
    free(text);
}

struct time_row {
    const char *name;
    int64_t ns;
    const char *want;
};

static const struct time_row times[] = {
    {"the last nanosecond is cut", INT64_C(1795333500000000999),
     "2026-11-22T07:45:00.000000Z"},
    {"never rounded up", INT64_C(1795333499999999999), "2026-11-22T07:44:59.999999Z"},
    {"a leap day", INT64_C(1709210096789000000), "2024-02-29T12:34:56.789000Z"},
    {"behind the leap day", INT64_C(1709251200000001000),
     "2024-03-01T00:00:00.000001Z"},
    {"1900 was none, 2000 was", INT64_C(951782400000000000),
     "2000-02-29T00:00:00.000000Z"},
    {"2100 is none either", INT64_C(4107542400000000000),
     "2100-03-01T00:00:00.000000Z"},
    {"the first nanosecond", 1, "1970-01-01T00:00:00.000000Z"},
    {"before 1970", -1, "1969-12-31T23:59:59.999999Z"},
    {"the largest", INT64_MAX, "2262-04-11T23:47:16.854775Z"},
    {"the smallest", INT64_MIN, "1677-09-21T00:12:43.145224Z"},
};

static void check_time(void **state)
{
    const struct time_row *row = *state;
    char text[TIME_TEXT_LEN];

    assert_int_equal(words_time(row->ns, "Z", text), strlen(row->want));
    assert_string_equal(text, row->want);
}

struct clean_row {
    const char *name;
    const char *in, *terminal, *json;
};

#define LOST "\xef\xbf\xbd"

static const struct clean_row cleans[] = {
    {"plain", "ward 3", "ward 3", "ward 3"},
    {"two to four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e",
     "\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e"},
    {"C0, which JSON escapes", "a\x1b[0m\n", "a" LOST "[0m" LOST, "a\x1b[0m\n"},
    {"DEL and C1", "\x7f\xc2\x9b\xc2\x80", LOST LOST LOST, LOST LOST LOST},
    {"turned text",
     "\xe2\x80\xae"
     "x\xe2\x81\xa6\xd8\x9c",
     LOST "x" LOST LOST, LOST "x" LOST LOST},
    {"no UTF-8", "\xff\x80z", LOST LOST "z", LOST LOST "z"},
    {"cut before its end", "\xe2\x82", LOST LOST, LOST LOST},
    {"cut by another", "\xe2\x82z", LOST LOST "z", LOST LOST "z"},
    {"written too long", "\xc0\xaf\xe0\x80\xaf", LOST LOST LOST LOST LOST,
     LOST LOST LOST LOST LOST},
    {"a surrogate", "\xed\xa0\x80", LOST LOST LOST, LOST LOST LOST},
    {"above Unicode", "\xf4\x90\x80\x80", LOST LOST LOST LOST, LOST LOST LOST LOST},
};

static void check_clean(void **state)
{
    const struct clean_row *row = *state;
    struct cursor copy = frame_copy((const uint8_t *)row->in, strlen(row->in) + 1);

    for (int json = 0; json < 2; json++) {
        const char *in = (const char *)copy.at;
        char out[64] = "";
        size_t len = 0;

        while (*in) {
            len += clean_put(clean_next(&in, json), out + len);
        }
        assert_string_equal(out, json ? row->json : row->terminal);
    }
    frame_free(copy);
}

static void check_top(void **state)
{
    static const char *const keys[] = {"schema",   "tool",       "verdict", "now",
                                       "exact",    "limits_hit", "options", "policy",
                                       "captures", "visibility", "summary", "problems",
                                       "findings", "coverage",   "devices", "roles",
                                       "unlisted", "background", "left_out"};
    struct fixture f;
    json_t *report;
    size_t i = 0;
    const char *key;
    json_t *value;

    (void)state;
    fixture_init(&f);
    report = report_json(&f.judgement, &f.options);
    json_object_foreach(report, key, value)
    {
        assert_true(i < ARRAY_LEN(keys));
        assert_string_equal(key, keys[i++]);
    }
    assert_int_equal(i, ARRAY_LEN(keys));
    assert_text(report, "verdict", "fail");
    assert_text(report, "now", "2026-11-22T07:45:00.000000Z");
    assert_dump(at(report, "exact"), "false");
    assert_dump(at(report, "limits_hit"), "[\"cells\"]");
    assert_dump(at(report, "left_out"), "{\"flows\":{},\"records\":{},\"hours\":0}");
    assert_dump(at(report, "options"), "{}");
    assert_text(json_array_get(at(at(report, "policy"), "packs"), 0), "name",
                "spectralink-versity");
    assert_null_at(at(report, "policy"), "site");
    assert_dump(at(report, "background"), "{\"arp\":12,\"mdns\":4}");
    assert_dump(at(report, "roles"),
                "[{\"role\":\"dns-server\",\"bound\":false,\"seen\":[\"10.50.0.10\"]},"
                "{\"role\":\"ntp-server\",\"bound\":true,\"seen\":[]}]");
    assert_dump(at(report, "summary"),
                "{\"devices\":2,\"flows\":911,\"documented\":880,\"unexpected\":5,"
                "\"candidate\":0,\"background\":0,\"unjudged\":0,\"other_flows\":40}");
    json_decref(report);
    fixture_fini(&f);
}

static void check_read(void **state)
{
    struct fixture f;
    json_t *report, *capture;

    (void)state;
    fixture_init(&f);
    report = report_json(&f.judgement, &f.options);
    capture = json_array_get(at(report, "captures"), 0);
    assert_text(capture, "first", "2026-11-22T07:30:01.123456Z");
    assert_dump(at(capture, "link_types"), "[\"EN10MB\",\"147\"]");
    assert_dump(at(capture, "undecoded"), "{\"truncated\":2}");
    assert_count(capture, "dropped", 7);
    assert_count(capture, "duplicates", 3);
    capture = json_array_get(at(report, "captures"), 1);
    assert_null_at(capture, "first");
    assert_dump(at(capture, "cut"), "true");
    assert_text(capture, "path", "a\x1b[31mb\x07" LOST LOST LOST "\"\\\n.pcap");
    assert_dump(
        at(report, "visibility"),
        "{\"trust\":\"limited\",\"reasons\":[\"most answers are missing\"],"
        "\"flows\":10,\"two_way\":4,\"acked_unseen\":0,"
        "\"names\":{\"sni\":0,\"dns\":300,\"http-host\":0,\"none\":12},"
        "\"scopes\":[{\"from\":\"10.20.0.0/24\",\"to\":\"internet\",\"flows\":10,"
        "\"two_way\":4,\"trust\":\"limited\","
        "\"reasons\":[\"most answers are missing\"]}]}");
    json_decref(report);
    fixture_fini(&f);
}

static void check_finding(void **state)
{
    struct fixture f;
    json_t *report, *finding;

    (void)state;
    fixture_init(&f);
    report = report_json(&f.judgement, &f.options);
    finding = json_array_get(at(report, "findings"), 0);
    assert_count(finding, "no", 1);
    assert_text(finding, "problem", "p-4f0c2a9b11d2");
    assert_text(finding, "kind", "blocked");
    assert_text(finding, "severity", "high");
    assert_text(finding, "row", "google-fcm");
    assert_text(finding, "group", "google-push");
    assert_dump(at(finding, "device"),
                "{\"key\":\"00:90:7a:12:34:01\",\"ip\":\"10.20.0.101\","
                "\"ips\":[\"10.20.0.101\"],\"mac\":\"00:90:7a:12:34:01\","
                "\"identified_by\":\"oui\",\"joined_by\":null}");
    assert_dump(at(finding, "peer"), "{\"name\":\"mtalk.google.com\",\"name_source\":"
                                     "\"dns\",\"ips\":[\"142.250.110.188\"]}");
    assert_dump(at(finding, "ports"), "[5228]");
    assert_text(finding, "cause", "icmp-prohibited");
    assert_text(finding, "blocked_by", "10.20.0.1");
    assert_text(finding, "first_seen", "2026-11-22T07:30:01.123456Z");
    assert_dump(
        json_array_get(at(finding, "episodes"), 0),
        "{\"from\":\"2026-11-22T07:30:01.123456Z\",\"to\":\"2026-11-22T07:31:01."
        "000000Z\",\"outcome\":\"blocked\",\"attempts\":3}");
    json_decref(report);
    fixture_fini(&f);
}

/* Frames 96 and 97 are of the first capture, 103 is the third of the second. */
static void check_evidence(void **state)
{
    struct fixture f;
    json_t *report, *evidence;

    (void)state;
    fixture_init(&f);
    report = report_json(&f.judgement, &f.options);
    evidence = at(json_array_get(at(report, "findings"), 0), "evidence");
    assert_int_equal(json_array_size(evidence), 2);
    assert_dump(json_array_get(evidence, 0),
                "{\"capture\":\"ward3.pcapng\",\"frames\":[96,97],"
                "\"filter\":\"tcp.port==5228 && ip.addr==10.20.0.101\","
                "\"community_ids\":[\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\"]}");
    assert_dump(at(json_array_get(evidence, 1), "frames"), "[3]");
    assert_dump(at(json_array_get(evidence, 1), "community_ids"), "[]");
    evidence = at(json_array_get(at(report, "findings"), 1), "evidence");
    assert_int_equal(json_array_size(evidence), 0);
    json_decref(report);
    fixture_fini(&f);
}

static void check_unknowns(void **state)
{
    struct fixture f;
    json_t *report, *finding;

    (void)state;
    fixture_init(&f);
    report = report_json(&f.judgement, &f.options);
    finding = json_array_get(at(report, "findings"), 1);
    assert_null_at(finding, "problem");
    assert_null_at(finding, "advice");
    assert_null_at(finding, "row");
    assert_null_at(finding, "group");
    assert_null_at(finding, "cause");
    assert_null_at(finding, "blocked_by");
    assert_null_at(finding, "reference");
    assert_null_at(finding, "first_seen");
    assert_null_at(at(finding, "device"), "ip");
    assert_null_at(at(finding, "device"), "mac");
    assert_text(finding, "initiator", "peer");
    assert_dump(at(finding, "candidates"), "[\"google-https\"]");
    assert_dump(at(finding, "ports"), "[4444,4445]");
    finding = json_array_get(at(report, "findings"), 2);
    assert_text(finding, "advice", "A6");
    assert_null_at(at(finding, "device"), "key");
    assert_null_at(at(finding, "peer"), "name");
    assert_null_at(at(finding, "peer"), "name_source");
    json_decref(report);
    fixture_fini(&f);
}

static void check_fleet(void **state)
{
    struct fixture f;
    json_t *report, *coverage;

    (void)state;
    fixture_init(&f);
    report = report_json(&f.judgement, &f.options);
    coverage = at(report, "coverage");
    assert_int_equal(json_array_size(coverage), 3);
    assert_dump(json_array_get(coverage, 0),
                "{\"row\":\"google-fcm\",\"group\":\"google-push\",\"need\":"
                "\"required\",\"state\":\"blocked\",\"devices\":{\"not-seen\":1,"
                "\"blocked\":1},\"flows\":2,\"needs_window_s\":null}");
    assert_count(json_array_get(coverage, 1), "needs_window_s", 64800);
    assert_dump(
        at(report, "problems"),
        "[{\"id\":\"p-4f0c2a9b11d2\",\"kind\":\"blocked\",\"row\":\"google-fcm\","
        "\"cause\":\"icmp-prohibited\",\"blocked_by\":\"10.20.0.1\",\"owner\":"
        "\"firewall\",\"scope\":\"fleet\",\"devices\":{\"affected\":1,"
        "\"unaffected\":0},\"findings\":[\"f-91b2c3d4e5f6\"]}]");
    assert_dump(at(json_array_get(at(report, "devices"), 0), "rows"),
                "{\"google-fcm\":\"blocked\"}");
    assert_dump(at(json_array_get(at(report, "devices"), 1), "rows"), "{}");
    assert_dump(json_array_get(at(report, "unlisted"), 0),
                "{\"name\":\"tracker.example.net\",\"ips\":[],\"transport\":\"tcp\","
                "\"port\":443,\"devices\":2,\"flows\":9,\"bytes\":51234}");
    json_decref(report);
    fixture_fini(&f);
}

/* A host name is often a person's. */
static void check_host_names(void **state)
{
    struct fixture f;
    json_t *report;
    char *text;

    (void)state;
    fixture_init(&f);
    report = report_json(&f.judgement, &f.options);
    text = json_dumps(report, 0);
    assert_null(strstr(text, "nurse-joy"));
    free(text);
    json_decref(report);

    f.options.show_names = true;
    report = report_json(&f.judgement, &f.options);
    assert_text(json_array_get(at(report, "devices"), 0), "hostname",
                "nurse-joya\x1b[31mb\x07" LOST LOST LOST "\"\\\n");
    assert_null_at(json_array_get(at(report, "devices"), 1), "hostname");
    assert_dump(at(report, "options"), "{\"show_names\":true}");
    json_decref(report);
    fixture_fini(&f);
}

static void check_options(void **state)
{
    const char *expect[] = {"google-fcm"};
    struct fixture f;
    json_t *report;

    (void)state;
    fixture_init(&f);
    f.options.devices[0] = "10.20.0.0/24";
    f.options.n_devices = 1;
    f.options.strict = true;
    f.options.expect = expect;
    f.options.n_expect = 1;
    f.options.fail_on = 1u << KIND_BLOCKED | 1u << KIND_ADVICE;
    report = report_json(&f.judgement, &f.options);
    assert_dump(at(report, "options"),
                "{\"devices\":[\"10.20.0.0/24\"],\"strict\":true,\"expect\":"
                "[\"google-fcm\"],\"fail_on\":[\"blocked\",\"advice\"]}");
    json_decref(report);
    fixture_fini(&f);
}

static char *written(const struct fixture *f, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    assert_non_null(out);
    assert_true(report_write_json(out, &f->judgement, &f->options));
    fclose(out);
    return text;
}

static void check_writing(void **state)
{
    struct fixture f;
    size_t len[2];
    char *text[2];
    json_t *report, *again;

    (void)state;
    fixture_init(&f);
    for (int i = 0; i < 2; i++) {
        text[i] = written(&f, &len[i]);
    }
    assert_string_equal(text[0], text[1]);
    assert_ptr_equal(strstr(text[0], "{\n  \"schema\": \"policap-report/1\",\n"),
                     text[0]);
    assert_string_equal(text[0] + len[0] - 2, "}\n");
    for (size_t i = 0; i < len[0]; i++) {
        assert_true(text[0][i] == '\n' || (unsigned char)text[0][i] >= 0x20);
        assert_true(text[0][i] != 0x7f);
    }
    report = report_json(&f.judgement, &f.options);
    again = json_loads(text[0], 0, NULL);
    assert_true(json_equal(report, again));
    json_decref(again);
    json_decref(report);
    free(text[0]);
    free(text[1]);
    fixture_fini(&f);
}

static void check_full_disk(void **state)
{
    FILE *full = fopen("/dev/full", "w");
    struct fixture f;

    (void)state;
    if (!full) {
        skip();
    }
    fixture_init(&f);
    assert_false(report_write_json(full, &f.judgement, &f.options));
    fixture_fini(&f);
    fclose(full);
}

int main(void)
{
    enum { FIXED = 10 };
    struct CMUnitTest tests[ARRAY_LEN(times) + ARRAY_LEN(cleans) + FIXED] = {
        cmocka_unit_test(check_top),        cmocka_unit_test(check_read),
        cmocka_unit_test(check_finding),    cmocka_unit_test(check_evidence),
        cmocka_unit_test(check_unknowns),   cmocka_unit_test(check_fleet),
        cmocka_unit_test(check_host_names), cmocka_unit_test(check_options),
        cmocka_unit_test(check_writing),    cmocka_unit_test(check_full_disk),
    };
    size_t n = FIXED;

    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        tests[n++] = (struct CMUnitTest){.name = times[i].name,
                                         .test_func = check_time,
                                         .initial_state = (void *)&times[i]};
    }
    for (size_t i = 0; i < ARRAY_LEN(cleans); i++) {
        tests[n++] = (struct CMUnitTest){.name = cleans[i].name,
                                         .test_func = check_clean,
                                         .initial_state = (void *)&cleans[i]};
    }
    return _cmocka_run_group_tests("report", tests, n, NULL, NULL);
}
