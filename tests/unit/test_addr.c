/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "base/addr.h"

static void check_prefix_text(void **state)
{
    static const struct {
        const char *text;
        const char *want; /* NULL: no prefix. */
        bool canonical;
    } rows[] = {
        {"10.0.0.0/8", "10.0.0.0/8", true},
        {"10.1.0.0/8", "10.1.0.0/8", false},
        {"10.0.0.1", "10.0.0.1/32", true},
        {"0.0.0.0/0", "0.0.0.0/0", true},
        {"2001:db8::/32", "2001:db8::/32", true},
        {"2001:db8::1/32", "2001:db8::1/32", false},
        {"::/0", "::/0", true},
        {"10.0.0.0/33", NULL, false},
        {"10.0.0.0/", NULL, false},
        {"10.0.0.0/-1", NULL, false},
        {"10.0.0.0/8x", NULL, false},
        {"10.0.0", NULL, false},
        {"2001:db8::/129", NULL, false},
        {"", NULL, false},
        {"a-text-that-is-longer-than-any-address-can-ever-be/8", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct prefix p;
        char text[PREFIX_TEXT_LEN];

        assert_int_equal(prefix_parse(rows[i].text, &p), rows[i].want != NULL);
        if (rows[i].want) {
            assert_string_equal(prefix_format(&p, text), rows[i].want);
            assert_int_equal(prefix_is_canonical(&p), rows[i].canonical);
        }
    }
}

static void check_contains(void **state)
{
    static const struct {
        const char *prefix, *addr;
        bool want;
    } rows[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"192.168.4.0/23", "192.168.5.9", true},
        {"192.168.4.0/23", "192.168.6.0", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"10.0.0.1/32", "10.0.0.1", true},
        {"10.0.0.1/32", "10.0.0.0", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct prefix p;
        struct addr a;

        assert_true(prefix_parse(rows[i].prefix, &p));
        assert_true(addr_parse(rows[i].addr, &a));
        assert_int_equal(prefix_contains(&p, &a), rows[i].want);
    }
}

static void check_kinds(void **state)
{
    static const struct {
        const char *addr;
        bool private, group, link_local, unspecified, loopback;
    } rows[] = {
        {"10.1.2.3", .private = true},
        {"172.31.0.1", .private = true},
        {"172.32.0.1", .private = false},
        {"192.168.0.1", .private = true},
        {"100.64.0.1", .private = true},
        {"100.128.0.1", .private = false},
        {"169.254.1.1", .private = true, .link_local = true},
        {"8.8.8.8", .private = false},
        {"224.0.1.116", .group = true},
        {"255.255.255.255", .group = true},
        {"10.0.0.255", .private = true, .group = true},
        {"8.8.8.255", .group = false},
        {"0.0.0.0", .unspecified = true},
        {"127.0.0.1", .loopback = true},
        {"fd00::1", .private = true},
        {"fe80::1", .private = true, .link_local = true},
        {"2001:db8::1", .private = false},
        {"ff02::fb", .group = true},
        {"::", .unspecified = true},
        {"::1", .loopback = true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct addr a;

        assert_true(addr_parse(rows[i].addr, &a));
        assert_int_equal(addr_is_private(&a), rows[i].private);
        assert_int_equal(addr_is_group(&a), rows[i].group);
        assert_int_equal(addr_is_link_local(&a), rows[i].link_local);
        assert_int_equal(addr_is_unspecified(&a), rows[i].unspecified);
        assert_int_equal(addr_is_loopback(&a), rows[i].loopback);
    }
}

static void check_mac(void **state)
{
    struct mac m;
    char text[MAC_TEXT_LEN];

    (void)state;
    assert_true(mac_parse("00:90:7A:12:34:01", &m));
    assert_string_equal(mac_format(&m, text), "00:90:7a:12:34:01");
    assert_false(mac_is_local(&m));
    assert_true(mac_parse("02-00-00-00-00-01", &m));
    assert_true(mac_is_local(&m));
    assert_false(mac_parse("00:90:7a:12:34", &m));
    assert_false(mac_parse("00:90:7a:12:34:01:02", &m));
    assert_false(mac_parse("00:90:7a:12:34:xx", &m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_prefix_text),
        cmocka_unit_test(check_contains),
        cmocka_unit_test(check_kinds),
        cmocka_unit_test(check_mac),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
