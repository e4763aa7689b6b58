/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Rows that lint complains of, and rows that it leaves alone.
 */
#include "policy/load.h" /* First: cmocka defines fail() as a macro. */

#include "unit.h"

#include <stdio.h>

#define FORM "\"title\": \"t\", \"transport\": [\"tcp\"], \"ports\": [443], "
#define PEER "\"peers\": [\"a.example\"]"

struct linted {
    const char *what, *rows;
    /* "severity kind row other;" for each complaint. */
    const char *want;
};

/* clang-format off */
static const struct linted cases[] = {
    {"one row", "{\"id\": \"a\", " FORM PEER "}", ""},
    {"a sentence", "{\"id\": \"a\", \"title\": \"t\"}", ""},
    {"advice with ports", "{\"id\": \"a\", " FORM "\"need\": \"advice\"}", ""},
    {"ports, no peers", "{\"id\": \"a\", " FORM "\"peers\": []}", "warning unreachable a -;"},
    {"peers, no ports", "{\"id\": \"a\", \"title\": \"t\", " PEER "}", "warning unreachable a -;"},
    {"twice the same", "{\"id\": \"a\", " FORM PEER "}, {\"id\": \"b\", " FORM PEER "}", "note redundant b a;"},
    {"the same with another need", "{\"id\": \"a\", " FORM PEER "}, {\"id\": \"b\", \"need\": \"notice\", " FORM PEER "}",
     "note conflicting b a;"},
    {"less than a row before", "{\"id\": \"a\", " FORM "\"peers\": [\"a.example\", \"any\"]}, {\"id\": \"b\", " FORM PEER "}",
     "note shadowed b a;"},
    {"more than a row before", "{\"id\": \"a\", " FORM PEER "}, {\"id\": \"b\", " FORM "\"peers\": [\"a.example\", \"any\"]}", ""},
    {"another peer", "{\"id\": \"a\", " FORM PEER "}, {\"id\": \"b\", " FORM "\"peers\": [\"b.example\"]}", ""},
    {"another end", "{\"id\": \"a\", " FORM PEER "}, {\"id\": \"b\", \"port_side\": \"device\", " FORM PEER "}", ""},
    {"another opener", "{\"id\": \"a\", " FORM PEER "}, {\"id\": \"b\", \"initiator\": \"peer\", " FORM PEER "}", ""},
    {"wider ports", "{\"id\": \"a\", " FORM PEER "}, {\"id\": \"b\", \"title\": \"t\", \"transport\": [\"tcp\"], \"ports\": [\"443-444\"], " PEER "}", ""},
    {"prefixes alike", "{\"id\": \"a\", " FORM "\"peers\": [\"10.0.0.0/8\"]}, {\"id\": \"b\", " FORM "\"peers\": [\"10.0.0.0/8\"]}",
     "note redundant b a;"},
    {"prefixes nested", "{\"id\": \"a\", " FORM "\"peers\": [\"10.0.0.0/8\"]}, {\"id\": \"b\", " FORM "\"peers\": [\"10.0.0.0/9\"]}", ""},
    {"roles alike", "{\"id\": \"a\", " FORM "\"peers\": [\"role:sam-server\"]}, {\"id\": \"b\", " FORM "\"peers\": [\"role:sam-server\"]}",
     "note redundant b a;"},
    {"roles apart", "{\"id\": \"a\", " FORM "\"peers\": [\"role:sam-server\"]}, {\"id\": \"b\", " FORM "\"peers\": [\"role:log-server\"]}", ""},
};
/* clang-format on */

static const char *text_of(const json_t *complaint, const char *key)
{
    const char *text = json_string_value(json_object_get(complaint, key));

    return text ? text : "-";
}

static void check_case(void **state)
{
    const struct linted *c = *state;
    struct policap_error err;
    char pack[2000], got[400] = "";
    size_t i, len = 0;
    json_t *complaint;

    snprintf(pack, sizeof pack,
             "{\"format\": \"policap-policy/1\", \"name\": \"p\", \"as_of\": "
             "\"2020-04-03\", \"rows\": [%s]}",
             c->rows);
    struct policy *policy =
        policy_load_bytes("p", pack, strlen(pack), NULL, NULL, 0, &err);
    if (!policy) {
        fail_msg("%s", err.text);
    }
    json_t *complaints = policy_lint(policy);
    json_array_foreach(complaints, i, complaint)
    {
        len +=
            (size_t)snprintf(got + len, sizeof got - len, "%s %s %s %s;",
                             text_of(complaint, "severity"), text_of(complaint, "kind"),
                             text_of(complaint, "row"), text_of(complaint, "other"));
        assert_string_not_equal(text_of(complaint, "text"), "-");
    }
    assert_string_equal(got, c->want);
    json_decref(complaints);
    policy_free(policy);
}

/* The shipped packs: the bulletin names two services twice, and nothing else. */
static void check_shipped(void **state)
{
    struct policap_error err;
    struct policy *policy = policy_load(NULL, NULL, 0, &err);
    size_t i;
    json_t *complaint;

    (void)state;
    assert_non_null(policy);
    json_t *complaints = policy_lint(policy);
    json_array_foreach(complaints, i, complaint)
    {
        assert_string_equal(text_of(complaint, "kind"), "conflicting");
    }
    assert_int_equal(json_array_size(complaints), 2);
    json_decref(complaints);
    policy_free(policy);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(cases) + 1] = {cmocka_unit_test(check_shipped)};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tests[1 + i] = (struct CMUnitTest){.name = cases[i].what,
                                           .test_func = check_case,
                                           .initial_state = (void *)&cases[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
