/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Rows, roles and the rest of the fleet in the JSON report.
 */
#include "report/json_parts.h"

#include "report/words.h"

static json_t *coverage_object(const struct judgement *judgement,
                               const struct coverage *coverage)
{
    const struct policy_row *row = policy_row(judgement->policy, coverage->row);
    json_t *devices = json_object();
    json_t *needs = row->needs_window_s > 0
                        ? json_integer((json_int_t)row->needs_window_s)
                        : json_null();
    bool ok = devices;

    for (size_t state = 0; state < STATES; state++) {
        if (coverage->devices[state]) {
            ok = json_object_set_new(devices, row_state_name((enum row_state)state),
                                     json_count(coverage->devices[state])) == 0 &&
                 ok;
        }
    }
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "row", json_text(row->id), "group",
        json_text(row->group), "need", json_text(words_need(row->need)), "state",
        json_text(row_state_name(coverage->state)), "devices", json_whole(devices, ok),
        "flows", json_count(coverage->flows), "needs_window_s", needs);
}

json_t *json_coverage(const struct judgement *judgement)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < judgement->n_coverage; i++) {
        ok = json_append(array, coverage_object(judgement, &judgement->coverage[i])) &&
             ok;
    }
    return json_whole(array, ok);
}

json_t *json_roles(const struct judgement *judgement)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < ROLES; i++) {
        const struct role_seen *role = &judgement->roles[i];

        if (role->bound || role->n_seen > 0) {
            ok =
                json_append(array, json_pack("{s:o, s:o, s:o}", "role",
                                             json_text(role_name((enum role)i)),
                                             "bound", json_boolean(role->bound), "seen",
                                             json_addrs(role->seen, role->n_seen))) &&
                ok;
        }
    }
    return json_whole(array, ok);
}

json_t *json_unlisted(const struct judgement *judgement)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < judgement->n_unlisted; i++) {
        const struct unlisted *u = &judgement->unlisted[i];

        ok = json_append(array, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                                          json_text(u->name), "ips",
                                          json_addrs(u->ips, u->n_ips), "transport",
                                          json_text(words_transport(u->transport)),
                                          "port", json_count(u->port), "devices",
                                          json_count(u->devices), "flows",
                                          json_count(u->flows), "bytes",
                                          json_count(u->bytes))) &&
             ok;
    }
    return json_whole(array, ok);
}

json_t *json_background(const struct judgement *judgement)
{
    json_t *object = json_object();
    bool ok = object;

    for (size_t i = 0; i < BACKGROUNDS; i++) {
        if (judgement->background[i]) {
            ok = json_object_set_new(object, background_name((enum background)i),
                                     json_count(judgement->background[i])) == 0 &&
                 ok;
        }
    }
    return json_whole(object, ok);
}
