/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The site file: which devices are phones, who has which role, what is not used here.
 */
#include "policy/load.h"

#include <stdio.h>
#include <stdlib.h>

static bool read_name(const struct json_place *place, json_t *value, void *into,
                      struct policap_error *err)
{
    struct policy *policy = into;
    const char *text;

    if (!json_want_text(place, value, &text, err)) {
        return false;
    }
    policy->site_name = arena_text(&policy->arena, text);
    return policy->site_name ? true : no_memory(err);
}

static bool read_prefix(const struct json_place *place, json_t *value, void *into,
                        struct policap_error *err)
{
    struct policap_error why;
    struct peer peer;
    const char *text;

    if (!json_want_text(place, value, &text, err)) {
        return false;
    }
    if (!peer_parse_prefix(text, &peer, &why)) {
        return json_fault(place, err, "%s", why.text);
    }
    return peer_push(into, &peer) ? true : no_memory(err);
}

static bool read_subnets(const struct json_place *place, json_t *value, void *into,
                         struct policap_error *err)
{
    return json_read_list(place, value, read_prefix, &((struct policy *)into)->subnets,
                          err);
}

static bool read_private(const struct json_place *place, json_t *value, void *into,
                         struct policap_error *err)
{
    return json_read_list(place, value, read_prefix,
                          &((struct policy *)into)->private_prefixes, err);
}

/* Hardware addresses, or the first three bytes of them. */
static bool read_hardware(const struct json_place *place, json_t *value,
                          struct policy *policy, struct mac **out, size_t *n, bool oui,
                          struct policap_error *err)
{
    if (!json_want_list(place, value, err)) {
        return false;
    }

    size_t size = json_array_size(value);
    *out = arena_take(&policy->arena, size * sizeof **out);
    if (!*out) {
        return no_memory(err);
    }
    for (*n = 0; *n < size; ++*n) {
        struct json_place inner = json_element(place, *n);
        const char *text;
        char whole[32];

        if (!json_want_text(&inner, json_array_get(value, *n), &text, err)) {
            return false;
        }
        snprintf(whole, sizeof whole, "%s%s", text, oui ? ":00:00:00" : "");
        if (strlen(text) > 17 || !mac_parse(whole, &(*out)[*n])) {
            return json_fault(&inner, err, "'%.32s' is no %s: write %s", text,
                              oui ? "vendor prefix" : "hardware address",
                              oui ? "00:90:7a" : "00:90:7a:12:34:01");
        }
    }
    return true;
}

static bool read_macs(const struct json_place *place, json_t *value, void *into,
                      struct policap_error *err)
{
    struct policy *policy = into;

    if (!read_hardware(place, value, policy, &policy->macs, &policy->n_macs, false,
                       err)) {
        return false;
    }
    qsort(policy->macs, policy->n_macs, sizeof *policy->macs, mac_compare);
    return true;
}

static bool read_ouis(const struct json_place *place, json_t *value, void *into,
                      struct policap_error *err)
{
    struct policy *policy = into;

    return read_hardware(place, value, policy, &policy->ouis, &policy->n_ouis, true,
                         err);
}

static bool read_devices(const struct json_place *place, json_t *value, void *into,
                         struct policap_error *err)
{
    static const struct json_key keys[] = {{"subnets", read_subnets},
                                           {"macs", read_macs},
                                           {"ouis", read_ouis},
                                           {"comment", json_take_any}};

    return json_read_object(place, value, keys, sizeof keys / sizeof *keys, into, err);
}

struct binding_draft {
    struct policy *policy;
    enum role role;
};

static bool read_binding(const struct json_place *place, json_t *value, void *into,
                         struct policap_error *err)
{
    struct binding_draft *draft = into;
    struct policap_error why;
    const char *text;

    if (!json_want_text(place, value, &text, err)) {
        return false;
    }
    return policy_add_binding(draft->policy, draft->role, text, &why)
               ? true
               : json_fault(place, err, "%s", why.text);
}

static bool read_roles(const struct json_place *place, json_t *value, void *into,
                       struct policap_error *err)
{
    const char *name;
    json_t *list;

    if (!json_want_object(place, value, err)) {
        return false;
    }
    json_object_foreach(value, name, list)
    {
        struct json_place inner = json_under(place, name);
        struct binding_draft draft = {.policy = into};
        struct policap_error why;
        long role = role_find(name);

        if (role < 0) {
            role_unknown(name, &why);
            return json_fault(&inner, err, "%s", why.text);
        }
        draft.role = (enum role)role;
        if (!json_read_list(&inner, list, read_binding, &draft, err)) {
            return false;
        }
    }
    return true;
}

static bool read_google_out(const struct json_place *place, json_t *value, void *into,
                            struct policap_error *err)
{
    static const char *const words[] = {"as15169", "any"};
    unsigned word;

    if (!json_want_word(place, value, words, 2, &word, err)) {
        return false;
    }
    ((struct policy *)into)->google_out_any = word == 1;
    return true;
}

static bool read_capture_point(const struct json_place *place, json_t *value,
                               void *into, struct policap_error *err)
{
    static const char *const words[] = {"inside", "outside"};
    unsigned word;

    if (!json_want_word(place, value, words, 2, &word, err)) {
        return false;
    }
    ((struct policy *)into)->outside_capture = word == 1;
    return true;
}

static bool override_ports(const struct json_place *place, json_t *value,
                           struct policy *policy, const char *id,
                           struct policap_error *err)
{
    long i = policy_find(policy, id);

    if (i < 0) {
        return json_fault(place, err,
                          "no row has this id: 'policap rules list' shows them");
    }
    struct policy_row *row = &policy->rows[i];
    if (!row->configurable) {
        return json_fault(place, err,
                          "the ports of this row are fixed: add a row of your "
                          "own under \"rows\"");
    }
    if (json_array_size(value) == 0 && json_is_array(value)) {
        return json_fault(place, err,
                          "is empty: write the ports, or put the group %s "
                          "under \"off\"",
                          row->group);
    }
    return ports_read(place, value, &policy->arena, &row->ports, &row->n_ports, err);
}

/* After the rows, whatever stands first in the file. */
static bool apply_ports(const struct json_file *file, struct policy *policy,
                        struct policap_error *err)
{
    struct json_place root = json_root(file), place = json_under(&root, "ports");
    json_t *object = json_object_get(file->root, "ports"), *ports;
    const char *id;

    if (object && !json_want_object(&place, object, err)) {
        return false;
    }
    json_object_foreach(object, id, ports)
    {
        struct json_place inner = json_under(&place, id);

        if (!override_ports(&inner, ports, policy, id, err)) {
            return false;
        }
    }
    return true;
}

static bool has_group(const struct policy *policy, const char *group)
{
    for (size_t i = 0; i < policy->n_rows; i++) {
        if (strcmp(policy->rows[i].group, group) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_off(const struct json_place *place, json_t *value, void *into,
                     struct policap_error *err)
{
    struct policy *policy = into;
    const char *group;

    if (!json_want_text(place, value, &group, err)) {
        return false;
    }
    if (policy_is_off(policy, group)) {
        return json_fault(place, err, "'%.64s' is listed twice: remove one", group);
    }
    if (!has_group(policy, group)) {
        return json_fault(place, err,
                          "no row is of the group '%.64s': write a group, as "
                          "sam, log, update, amie, emm",
                          group);
    }
    return policy_add_off(policy, group) ? true : no_memory(err);
}

static bool apply_off(const struct json_file *file, struct policy *policy,
                      struct policap_error *err)
{
    struct json_place root = json_root(file), place = json_under(&root, "off");
    json_t *list = json_object_get(file->root, "off");

    return !list || json_read_list(&place, list, read_off, policy, err);
}

static bool read_rows(const struct json_place *place, json_t *value, void *into,
                      struct policap_error *err)
{
    struct policy *policy = into;
    struct row_reader reader = {.policy = policy, .pack = policy->n_packs};

    return rows_read(place, value, &reader, err);
}

bool site_read(const struct json_file *file, struct policy *policy,
               struct policap_error *err)
{
    static const struct json_key keys[] = {
        {"$schema", json_take_any},
        {"comment", json_take_any},
        {"name", read_name},
        {"devices", read_devices},
        {"private_prefixes", read_private},
        {"roles", read_roles},
        {"packs", json_take_any}, /* Read before. */
        {"google_out", read_google_out},
        {"ports", json_take_any}, /* Read after the rows. */
        {"off", json_take_any},
        {"rows", read_rows},
        {"capture_point", read_capture_point},
    };
    struct json_place root = json_root(file);

    if (!json_read_object(&root, file->root, keys, sizeof keys / sizeof *keys, policy,
                          err)) {
        return false;
    }
    if (!policy->site_name) {
        return json_fault(&root, err, "has no name: add \"name\": \"your site\"");
    }
    return apply_ports(file, policy, err) && apply_off(file, policy, err);
}
