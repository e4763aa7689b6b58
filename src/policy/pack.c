/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A pack: where it comes from, lists of prefixes, and rows.
 */
#include "policy/load.h"

#include <ctype.h>
#include <stdlib.h>

/* A pack while its keys are read. */
struct pack_draft {
    struct policy *policy;
    struct policy_pack *pack;
    size_t number;
    bool has_rows;
};

static bool read_format(const struct json_place *place, json_t *value, void *into,
                        struct policap_error *err)
{
    static const char *const words[] = {"policap-policy/1"};
    unsigned unused;

    (void)into;
    return json_want_word(place, value, words, 1, &unused, err);
}

static bool keep_text(const struct json_place *place, json_t *value,
                      struct pack_draft *draft, const char **out,
                      struct policap_error *err)
{
    const char *text;

    if (!json_want_text(place, value, &text, err)) {
        return false;
    }
    *out = arena_text(&draft->policy->arena, text);
    return *out ? true : no_memory(err);
}

static bool read_name(const struct json_place *place, json_t *value, void *into,
                      struct policap_error *err)
{
    return keep_text(place, value, into, &((struct pack_draft *)into)->pack->name, err);
}

static bool read_revision(const struct json_place *place, json_t *value, void *into,
                          struct policap_error *err)
{
    return keep_text(place, value, into, &((struct pack_draft *)into)->pack->revision,
                     err);
}

static bool is_date(const char *text)
{
    static const char form[] = "0000-00-00";
    size_t i = 0;

    for (; i < sizeof form - 1 && text[i] != '\0'; i++) {
        if (form[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != form[i]) {
            return false;
        }
    }
    return i == sizeof form - 1 && text[i] == '\0' && atoi(text + 5) >= 1 &&
           atoi(text + 5) <= 12 && atoi(text + 8) >= 1 && atoi(text + 8) <= 31;
}

static bool read_as_of(const struct json_place *place, json_t *value, void *into,
                       struct policap_error *err)
{
    struct pack_draft *draft = into;

    if (!keep_text(place, value, draft, &draft->pack->as_of, err)) {
        return false;
    }
    return is_date(draft->pack->as_of)
               ? true
               : json_fault(place, err, "is no date: write it as 2020-04-03");
}

/* One entry of a set. */
struct set_draft {
    struct policy *policy;
    const char *name;
};

static bool read_set_prefix(const struct json_place *place, json_t *value, void *into,
                            struct policap_error *err)
{
    struct set_draft *draft = into;
    struct policap_error why;
    const char *text;

    if (!json_want_text(place, value, &text, err)) {
        return false;
    }
    if (!policy_add_to_set(draft->policy, draft->name, text, &why)) {
        return json_fault(place, err, "%s", why.text);
    }
    return true;
}

static bool read_set_prefixes(const struct json_place *place, json_t *value, void *into,
                              struct policap_error *err)
{
    return json_read_list(place, value, read_set_prefix, into, err);
}

static bool read_sets(const struct json_place *place, json_t *value, void *into,
                      struct policap_error *err)
{
    static const struct json_key keys[] = {{"as_of", json_take_any},
                                           {"source", json_take_any},
                                           {"comment", json_take_any},
                                           {"prefixes", read_set_prefixes}};
    struct pack_draft *draft = into;
    const char *name;
    json_t *set;

    if (!json_want_object(place, value, err)) {
        return false;
    }
    json_object_foreach(value, name, set)
    {
        struct json_place inner = json_under(place, name);
        struct set_draft of_set = {draft->policy, name};

        if (!is_id(name)) {
            return json_fault(&inner, err, "is no name of a set: write a-z, 0-9, '-'");
        }
        if (set_find(draft->policy, name) >= 0) {
            return json_fault(&inner, err, "another pack has this set: rename one");
        }
        if (!json_read_object(&inner, set, keys, sizeof keys / sizeof *keys, &of_set,
                              err)) {
            return false;
        }
    }
    return true;
}

static bool read_rows(const struct json_place *place, json_t *value, void *into,
                      struct policap_error *err)
{
    struct pack_draft *draft = into;
    struct row_reader reader = {.policy = draft->policy, .pack = draft->number};

    draft->has_rows = true;
    return rows_read(place, value, &reader, err);
}

bool pack_read(const struct json_file *file, struct policy *policy, size_t number,
               struct policy_pack *pack, struct policap_error *err)
{
    static const struct json_key keys[] = {
        {"$schema", json_take_any}, {"format", read_format},
        {"name", read_name},        {"revision", read_revision},
        {"as_of", read_as_of},      {"source", json_take_any},
        {"licence", json_take_any}, {"comment", json_take_any},
        {"sets", read_sets},        {"rows", read_rows}};
    struct json_place root = json_root(file);
    struct pack_draft draft = {.policy = policy, .pack = pack, .number = number};

    if (!json_read_object(&root, file->root, keys, sizeof keys / sizeof *keys, &draft,
                          err)) {
        return false;
    }
    if (!json_object_get(file->root, "format")) {
        return json_fault(&root, err,
                          "has no format: add \"format\": "
                          "\"policap-policy/1\"");
    }
    if (!pack->name || !pack->as_of || !draft.has_rows) {
        const char *missing = !pack->name ? "name" : !pack->as_of ? "as_of" : "rows";

        return json_fault(&root, err, "has no %s: add it", missing);
    }
    pack->revision = pack->revision ? pack->revision : "";
    return true;
}

bool pack_check_sets(const struct json_file *file, const struct policy *policy,
                     struct policap_error *err)
{
    struct json_place root = json_root(file), rows = json_under(&root, "rows");
    json_t *list = json_object_get(file->root, "rows");

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct json_place row = json_element(&rows, i),
                          peers = json_under(&row, "peers");
        json_t *texts = json_object_get(json_array_get(list, i), "peers");

        for (size_t j = 0; j < json_array_size(texts); j++) {
            const char *text = json_string_value(json_array_get(texts, j));
            struct json_place peer = json_element(&peers, j);
            bool google = strcmp(text, "google-out") == 0 && !policy->google_out_any;
            const char *set = google ? "as15169" : text + 4;

            if ((google || strncmp(text, "set:", 4) == 0) &&
                set_find(policy, set) < 0) {
                return json_fault(&peer, err,
                                  "no pack has the set '%.64s': name the "
                                  "pack that has it, too",
                                  set);
            }
        }
    }
    return true;
}
