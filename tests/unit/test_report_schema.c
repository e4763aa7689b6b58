/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The report against rules/report.schema.json.
 *
 * The validator knows the keywords that the schema uses and no others, and refuses a
 * schema with another, so that a rule it would pass over cannot be written.
 */
#include "test_report.h"

#include <regex.h>

static const char *source_root;

struct place {
    json_t *root;
    char path[256]; /* Of the value, as in "/findings/0/kind". */
};

static bool is_valid(struct place *place, json_t *schema, json_t *value);

static bool is_type(const char *type, json_t *value)
{
    if (strcmp(type, "boolean") == 0) {
        return json_is_boolean(value);
    }
    for (int i = JSON_OBJECT; i <= JSON_NULL; i++) {
        static const char *const names[] = {[JSON_OBJECT] = "object",
                                            [JSON_ARRAY] = "array",
                                            [JSON_STRING] = "string",
                                            [JSON_INTEGER] = "integer",
                                            [JSON_NULL] = "null"};

        if (names[i] && strcmp(type, names[i]) == 0) {
            return json_typeof(value) == (json_type)i;
        }
    }
    fail_msg("the test does not know the type %s", type);
    return false;
}

/* 'type' is one word, or an array of which one must fit. */
static bool is_any_type(json_t *type, json_t *value)
{
    json_t *one;
    size_t i;

    if (json_is_string(type)) {
        return is_type(json_string_value(type), value);
    }
    json_array_foreach(type, i, one)
    {
        if (is_type(json_string_value(one), value)) {
            return true;
        }
    }
    return false;
}

static bool fits_pattern(const char *pattern, const char *text)
{
    regex_t regex;
    bool fits;

    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    fits = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return fits;
}

static bool is_child_valid(struct place *place, const char *key, json_t *schema,
                           json_t *value)
{
    size_t len = strlen(place->path);
    bool ok;

    snprintf(place->path + len, sizeof place->path - len, "/%s", key);
    ok = is_valid(place, schema, value);
    if (ok) {
        place->path[len] = '\0'; /* Else it stays, to tell where the fault is. */
    }
    return ok;
}

/* Members that stand under no property need 'additionalProperties'. */
static bool are_members_valid(struct place *place, json_t *schema, json_t *value)
{
    json_t *properties = json_object_get(schema, "properties");
    json_t *others = json_object_get(schema, "additionalProperties");
    json_t *names = json_object_get(schema, "propertyNames");
    const char *key;
    json_t *member;

    json_object_foreach(value, key, member)
    {
        json_t *own = json_object_get(properties, key);
        json_t *name = json_string(key);
        bool ok =
            (!names || is_valid(place, names, name)) && (own || !json_is_false(others));

        json_decref(name);
        own = own ? own : others;
        if (!ok || (own && !is_child_valid(place, key, own, member))) {
            return false;
        }
    }
    return true;
}

static bool is_object_valid(struct place *place, json_t *schema, json_t *value)
{
    json_t *required = json_object_get(schema, "required"), *key;
    size_t i;

    json_array_foreach(required, i, key)
    {
        if (!json_object_get(value, json_string_value(key))) {
            return false;
        }
    }
    return are_members_valid(place, schema, value);
}

static bool is_array_valid(struct place *place, json_t *schema, json_t *value)
{
    json_t *items = json_object_get(schema, "items"), *item;
    json_t *least = json_object_get(schema, "minItems");
    json_t *most = json_object_get(schema, "maxItems");
    json_int_t n = (json_int_t)json_array_size(value);
    size_t i;

    if ((least && n < json_integer_value(least)) ||
        (most && n > json_integer_value(most))) {
        return false;
    }
    json_array_foreach(value, i, item)
    {
        char key[24];

        snprintf(key, sizeof key, "%zu", i);
        if (!is_child_valid(place, key, items, item)) {
            return false;
        }
    }
    return true;
}

static bool is_scalar_valid(json_t *schema, json_t *value)
{
    json_t *pattern = json_object_get(schema, "pattern");
    json_t *shortest = json_object_get(schema, "minLength");
    json_t *least = json_object_get(schema, "minimum");
    json_t *most = json_object_get(schema, "maximum");
    json_t *constant = json_object_get(schema, "const");

    if (json_is_string(value)) {
        const char *text = json_string_value(value);

        if ((pattern && !fits_pattern(json_string_value(pattern), text)) ||
            (shortest && (json_int_t)strlen(text) < json_integer_value(shortest))) {
            return false;
        }
    }
    if (json_is_integer(value) &&
        ((least && json_integer_value(value) < json_integer_value(least)) ||
         (most && json_integer_value(value) > json_integer_value(most)))) {
        return false;
    }
    return !constant || json_equal(constant, value);
}

static bool is_any_valid(struct place *place, json_t *choices, json_t *value)
{
    size_t len = strlen(place->path), i;
    json_t *choice;

    json_array_foreach(choices, i, choice)
    {
        if (is_valid(place, choice, value)) {
            place->path[len] = '\0';
            return true;
        }
    }
    return false;
}

static void assert_keywords_known(json_t *schema)
{
    static const char *const known[] = {"$schema",
                                        "$id",
                                        "$defs",
                                        "$ref",
                                        "title",
                                        "description",
                                        "examples",
                                        "type",
                                        "properties",
                                        "required",
                                        "additionalProperties",
                                        "propertyNames",
                                        "items",
                                        "minItems",
                                        "maxItems",
                                        "minimum",
                                        "maximum",
                                        "minLength",
                                        "pattern",
                                        "const",
                                        "anyOf"};
    const char *key;
    json_t *value;

    json_object_foreach(schema, key, value)
    {
        bool is_known = false;

        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
            is_known = is_known || strcmp(known[i], key) == 0;
        }
        if (!is_known) {
            fail_msg("the test does not know the keyword %s", key);
        }
    }
}

static bool is_valid(struct place *place, json_t *schema, json_t *value)
{
    json_t *ref = json_object_get(schema, "$ref");
    json_t *any = json_object_get(schema, "anyOf");
    json_t *type = json_object_get(schema, "type");

    assert_true(json_is_object(schema));
    assert_keywords_known(schema);
    if (ref) {
        const char *name = json_string_value(ref) + strlen("#/$defs/");
        json_t *target = json_object_get(json_object_get(place->root, "$defs"), name);

        assert_non_null(target);
        if (!is_valid(place, target, value)) {
            return false;
        }
    }
    if ((any && !is_any_valid(place, any, value)) ||
        (type && !is_any_type(type, value)) || !is_scalar_valid(schema, value)) {
        return false;
    }
    return json_is_object(value)  ? is_object_valid(place, schema, value)
           : json_is_array(value) ? is_array_valid(place, schema, value)
                                  : true;
}

static json_t *schema_load(void)
{
    char path[4096];
    json_error_t err;
    json_t *schema;

    snprintf(path, sizeof path, "%s/rules/report.schema.json", source_root);
    schema = json_load_file(path, JSON_REJECT_DUPLICATES, &err);
    if (!schema) {
        fail_msg("%s:%d: %s", path, err.line, err.text);
    }
    return schema;
}

static void assert_fits(const struct fixture *f)
{
    struct place place = {.root = schema_load()};
    json_t *report = report_json(&f->judgement, &f->options);

    if (!is_valid(&place, place.root, report)) {
        fail_msg("the report does not fit its schema at '%s'", place.path);
    }
    json_decref(report);
    json_decref(place.root);
}

static void check_full(void **state)
{
    const char *expect[] = {"google-fcm"};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    assert_fits(&f);
    f.options.devices[0] = "any";
    f.options.n_devices = 1;
    f.options.strict = true;
    f.options.expect = expect;
    f.options.n_expect = 1;
    f.options.fail_on = 0;
    f.options.show_names = true;
    assert_fits(&f);
    fixture_fini(&f);
}

static void check_days(void **state)
{
    struct day day = {.day = 20000, .n[DAY_HOURS] = 24};
    struct fixture f;
    json_t *report;

    (void)state;
    fixture_init(&f);
    f.tally.days = &day;
    f.tally.n_days = 1;
    assert_fits(&f);
    f.judgement.exact = false;
    assert_fits(&f);
    report = report_json(&f.judgement, &f.options);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(report, "days"), 0), "day")),
                        "2024-10-04");
    json_decref(report);
    fixture_fini(&f);
}

static void check_empty(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    f.judgement = (struct judgement){
        .verdict = VERDICT_INCONCLUSIVE, .tally = &f.tally, .policy = f.policy};
    f.tally.n_captures = 0;
    assert_fits(&f);
    fixture_fini(&f);
}

/* Every word that the program has for a finding is one that the schema allows. */
static void check_words(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (unsigned i = 0; i < CAUSES; i++) {
        f.findings[0].kind = f.problem.kind = (enum finding_kind)(i % KINDS);
        f.findings[0].cause = f.problem.cause = (enum cause)i;
        f.findings[0].outcome = (enum outcome)(i % OUTCOMES);
        f.findings[0].name_source = (enum name_source)(i % NAME_SOURCES);
        f.findings[0].owner = (enum owner)(i % (OWNER_CAPTURE + 1));
        f.findings[0].scope = (enum scope)(i % (SCOPE_PEER + 1));
        f.coverage[0].state = (enum row_state)(i % STATES);
        f.judgement.verdict = (enum verdict)(i % (VERDICT_INCONCLUSIVE + 1));
        assert_fits(&f);
    }
    fixture_fini(&f);
}

/* A change of a report that the schema must refuse. */
struct fault_row {
    const char *name, *path, *key, *value; /* A NULL value takes the member away. */
};

static const struct fault_row faults[] = {
    {"another schema", "", "schema", "\"policap-report/2\""},
    {"a member is missing", "", "unlisted", NULL},
    {"an unknown member", "", "extra", "1"},
    {"a time that is rounded", "", "now", "\"2026-11-22T07:45:00Z\""},
    {"a kind of two words", "findings", "kind", "\"was blocked\""},
    {"a finding without cause", "findings", "cause", NULL},
    {"a number below one", "findings", "no", "0"},
    {"an empty list of ports", "findings", "ports", "[]"},
    {"a port too large", "findings", "port", "65536"},
    {"a peer that is null", "findings", "peer", "null"},
    {"an id of another kind", "problems", "id", "\"f-4f0c2a9b11d2\""},
    {"a count as text", "captures", "packets", "\"1\""},
    {"a state in capitals", "coverage", "state", "\"OK\""},
    {"an address that is a name", "devices", "ips", "[\"phone.example\"]"},
};

static void check_fault(void **state)
{
    const struct fault_row *row = *state;
    struct place place = {.root = schema_load()};
    struct fixture f;
    json_t *report, *object;

    fixture_init(&f);
    report = report_json(&f.judgement, &f.options);
    object =
        row->path[0] ? json_array_get(json_object_get(report, row->path), 0) : report;
    assert_non_null(object);
    if (row->value) {
        json_object_set_new(object, row->key,
                            json_loads(row->value, JSON_DECODE_ANY, NULL));
    } else {
        assert_int_equal(json_object_del(object, row->key), 0);
    }
    assert_false(is_valid(&place, place.root, report));
    json_decref(report);
    json_decref(place.root);
    fixture_fini(&f);
}

int main(int argc, char **argv)
{
    enum { FIXED = 3 };
    struct CMUnitTest tests[FIXED + ARRAY_LEN(faults)] = {
        cmocka_unit_test(check_full),
        cmocka_unit_test(check_days),
        cmocka_unit_test(check_empty),
        cmocka_unit_test(check_words),
    };

    if (argc < 2) {
        fprintf(stderr, "usage: %s SOURCE_ROOT\n", argv[0]);
        return 1;
    }
    source_root = argv[1];
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        tests[FIXED + i] = (struct CMUnitTest){.name = faults[i].name,
                                               .test_func = check_fault,
                                               .initial_state = (void *)&faults[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
