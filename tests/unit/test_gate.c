/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who may ask the HTTP server: by the host they name, their page's origin, their token.
 */
#include "unit.h"

#include "monitor/gate.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN "0123456789abcdef0123456789abcdef"

static struct policap_error err;

static const char *token_file(const char *text, mode_t mode)
{
    static const char path[] = P_tmpdir "/test_gate.token";
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static void check_addresses(void **state)
{
    static const struct {
        const char *address;
        bool alone, with_token;
    } rows[] = {
        {"127.0.0.1:9477", true, true},
        {"[::1]:9477", true, true},
        {":9477", true, true},
        {"127.1.2.3:80", true, true},
        {"0.0.0.0:9477", false, true},
        {"[::]:9477", false, true},
        {"10.0.0.5:9477", false, true},
        {"127.0.0.1:0", false, false},
        {"127.0.0.1", false, false},
        {"127.0.0.1:99999", false, false},
        {"localhost:1", false, false},
        {"127.0.0.1:9477x", false, false},
        {"", false, false},
        {"[::1:9477", false, false},
    };
    struct gate gate;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(gate_init(&gate, rows[i].address, NULL, &err), rows[i].alone);
        assert_int_equal(
            gate_init(&gate, rows[i].address, token_file(TOKEN "\n", 0600), &err),
            rows[i].with_token);
    }
}

static void check_token_files(void **state)
{
    struct gate gate;

    (void)state;
    assert_false(gate_init(&gate, ":1", "/no/such", &err));
    assert_false(gate_init(&gate, ":1", token_file("", 0600), &err));
    assert_false(gate_init(&gate, ":1", token_file("short\n", 0600), &err));
    assert_non_null(strstr(err.text, "openssl rand"));
    assert_false(
        gate_init(&gate, ":1", token_file("with a space in it\n", 0600), &err));
    assert_false(gate_init(&gate, ":1", token_file(TOKEN, 0644), &err));
    assert_non_null(strstr(err.text, "chmod o="));
    assert_true(gate_init(&gate, ":1", token_file(TOKEN "\r\nmore\n", 0640), &err));
    assert_string_equal(gate.token, TOKEN);
}

static void check_tokens(void **state)
{
    struct gate gate, open;
    char long_one[600];

    (void)state;
    memset(long_one, 'x', sizeof long_one);
    memcpy(long_one, "Bearer ", 7);
    long_one[sizeof long_one - 1] = '\0';
    assert_true(gate_init(&open, ":1", NULL, &err));
    assert_true(gate_opens(&open, NULL));
    assert_true(gate_init(&gate, ":1", token_file(TOKEN, 0600), &err));
    assert_true(gate_opens(&gate, "Bearer " TOKEN));
    assert_true(gate_opens(&gate, "bearer " TOKEN));
    assert_false(gate_opens(&gate, NULL));
    assert_false(gate_opens(&gate, ""));
    assert_false(gate_opens(&gate, "Bearer "));
    assert_false(gate_opens(&gate, TOKEN));
    assert_false(gate_opens(&gate, "Basic " TOKEN));
    assert_false(gate_opens(&gate, "Bearer " TOKEN "0"));
    assert_false(gate_opens(&gate, "Bearer 0123456789abcdef0123456789abcde"));
    assert_false(gate_opens(&gate, "Bearer 1123456789abcdef0123456789abcdef"));
    assert_false(gate_opens(&gate, long_one));
}

static void check_hosts(void **state)
{
    static const struct {
        const char *host;
        bool on_loopback, elsewhere;
    } rows[] = {
        {"127.0.0.1:9477", true, true},
        {"localhost", true, true},
        {"[::1]:9477", true, true},
        {"10.0.0.5:9477", false, true},
        {"[2001:db8::5]:9477", false, true},
        {"sensor:9477", false, true},
        {"sensor.corp.example", false, true},
        {"evil.example", false, false},
        {"sensor-evil.example", false, false},
        {"127.evil.example", false, false},
        {"localhost.evil.example", false, false},
        {"", false, false},
        {NULL, false, false},
        {"[::1", false, false},
        {"10.0.0.5.evil.example", false, false},
        {":9477", false, false},
    };
    struct gate loopback, other;

    (void)state;
    assert_true(gate_init(&loopback, ":9477", NULL, &err));
    assert_true(gate_init(&other, "0.0.0.0:9477", token_file(TOKEN, 0600), &err));
    strcpy(loopback.host, "sensor.corp.example");
    strcpy(other.host, "sensor.corp.example");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(gate_knows_host(&loopback, rows[i].host), rows[i].on_loopback);
        assert_int_equal(gate_knows_host(&other, rows[i].host), rows[i].elsewhere);
    }
    assert_true(gate_knows_origin(NULL, "a:1"));
    assert_true(gate_knows_origin("http://a:1", "a:1"));
    assert_false(gate_knows_origin("http://b:1", "a:1"));
    assert_false(gate_knows_origin("null", "a:1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_addresses),
        cmocka_unit_test(check_token_files),
        cmocka_unit_test(check_tokens),
        cmocka_unit_test(check_hosts),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    unlink(P_tmpdir "/test_gate.token");
    return failed;
}
