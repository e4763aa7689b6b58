/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A row of a pack or of the site file.
 */
#include "policy/load.h"

#include <stdio.h>
#include <stdlib.h>

enum { ID_MAX = 64, MAX_PORT = 65535 };

/* A row while its keys are read. */
struct draft {
    struct row_reader *reader;
    struct policy_row row;
    bool has_wait;
};

/* Ids go into file names, URLs and metrics. */
bool is_id(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= ID_MAX && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool want_id(const struct json_place *place, json_t *value, const char **out,
                    struct policap_error *err)
{
    if (!json_want_text(place, value, out, err)) {
        return false;
    }
    if (!is_id(*out)) {
        return json_fault(place, err,
                          "'%.80s' is no id: write up to %d of a-z, 0-9, '-'", *out,
                          ID_MAX);
    }
    return true;
}

static bool read_id(const struct json_place *place, json_t *value, void *into,
                    struct policap_error *err)
{
    return want_id(place, value, &((struct draft *)into)->row.id, err);
}

static bool read_group(const struct json_place *place, json_t *value, void *into,
                       struct policap_error *err)
{
    return want_id(place, value, &((struct draft *)into)->row.group, err);
}

#define READ_TEXT(field)                                                               \
    static bool read_##field(const struct json_place *place, json_t *value,            \
                             void *into, struct policap_error *err)                    \
    {                                                                                  \
        return json_want_text(place, value, &((struct draft *)into)->row.field, err);  \
    }

READ_TEXT(section)
READ_TEXT(title)
READ_TEXT(app)
READ_TEXT(direction_printed)
READ_TEXT(blocked_means)
READ_TEXT(reference)

/* Each list of words stands in the order of its enum. */
#define READ_WORD(field, type, ...)                                                    \
    static bool read_##field(const struct json_place *place, json_t *value,            \
                             void *into, struct policap_error *err)                    \
    {                                                                                  \
        static const char *const words[] = {__VA_ARGS__};                              \
        unsigned word;                                                                 \
                                                                                       \
        if (!json_want_word(place, value, words, sizeof words / sizeof *words, &word,  \
                            err)) {                                                    \
            return false;                                                              \
        }                                                                              \
        ((struct draft *)into)->row.field = (type)word;                                \
        return true;                                                                   \
    }

READ_WORD(initiator, enum initiator, "any", "device", "peer")
READ_WORD(port_side, enum port_side, "responder", "device", "peer", "either")
READ_WORD(need, enum need, "required", "optional", "if-used", "advice", "notice")
READ_WORD(judge_by, enum judge_by, "name", "role", "group")

static bool read_transport(const struct json_place *place, json_t *value, void *into,
                           struct policap_error *err)
{
    static const char *const words[] = {"tcp", "udp", "icmp"};
    unsigned word;

    if (!json_want_word(place, value, words, 3, &word, err)) {
        return false;
    }
    ((struct draft *)into)->row.transports |= 1u << word;
    return true;
}

static bool read_transports(const struct json_place *place, json_t *value, void *into,
                            struct policap_error *err)
{
    return json_read_list(place, value, read_transport, into, err);
}

/* Reads a number of up to five digits.  Returns what follows it, NULL: no number. */
static const char *take_port(const char *text, long *out)
{
    size_t digits = strspn(text, "0123456789");

    *out = digits > 0 && digits < 6 ? atol(text) : -1;
    return digits > 0 && digits < 6 ? text + digits : NULL;
}

static bool range_of_text(const char *text, long *low, long *high)
{
    if (strcmp(text, "*") == 0) {
        *low = 0;
        *high = MAX_PORT;
        return true;
    }

    const char *rest = take_port(text, low);
    if (!rest || *rest == '\0') {
        *high = *low;
        return rest != NULL;
    }
    if (strcmp(rest, "-") == 0) {
        *high = MAX_PORT;
        return true;
    }
    rest = *rest == '-' ? take_port(rest + 1, high) : NULL;
    return rest && *rest == '\0';
}

static bool read_port(const struct json_place *place, json_t *value,
                      struct port_range *out, struct policap_error *err)
{
    long low, high;

    if (json_is_integer(value)) {
        json_int_t port = json_integer_value(value);

        low = high = port < 0 || port > MAX_PORT ? MAX_PORT + 1 : (long)port;
    } else if (!json_is_string(value) ||
               !range_of_text(json_string_value(value), &low, &high)) {
        return json_fault(place, err,
                          "is no port: write 443, \"5228-5230\", \"4000-\" "
                          "or \"*\"");
    }
    if (low > MAX_PORT || high > MAX_PORT) {
        return json_fault(place, err, "is no port: write 0 to %d", MAX_PORT);
    }
    if (low > high) {
        return json_fault(place, err, "%ld-%ld is no range: write the lower port first",
                          low, high);
    }
    *out = (struct port_range){(uint16_t)low, (uint16_t)high};
    return true;
}

bool ports_read(const struct json_place *place, json_t *value, struct arena *arena,
                const struct port_range **out, size_t *n, struct policap_error *err)
{
    if (!json_want_list(place, value, err)) {
        return false;
    }

    struct port_range *ranges =
        arena_take(arena, json_array_size(value) * sizeof *ranges);
    if (!ranges) {
        return no_memory(err);
    }
    *n = json_array_size(value);
    *out = ranges;
    for (size_t i = 0; i < *n; i++) {
        struct json_place inner = json_element(place, i);

        if (!read_port(&inner, json_array_get(value, i), &ranges[i], err)) {
            return false;
        }
    }
    return true;
}

static bool read_ports(const struct json_place *place, json_t *value, void *into,
                       struct policap_error *err)
{
    struct draft *draft = into;

    return ports_read(place, value, &draft->reader->scratch, &draft->row.ports,
                      &draft->row.n_ports, err);
}

static bool read_fallback(const struct json_place *place, json_t *value, void *into,
                          struct policap_error *err)
{
    struct draft *draft = into;

    return ports_read(place, value, &draft->reader->scratch, &draft->row.fallback_ports,
                      &draft->row.n_fallback_ports, err);
}

static bool read_texts(const struct json_place *place, json_t *value,
                       struct draft *draft, const char *const **out, size_t *n,
                       struct policap_error *err)
{
    if (!json_want_list(place, value, err)) {
        return false;
    }

    size_t size = json_array_size(value);
    const char **texts = arena_take(&draft->reader->scratch, size * sizeof *texts);
    if (!texts) {
        return no_memory(err);
    }
    for (size_t i = 0; i < size; i++) {
        struct json_place inner = json_element(place, i);

        if (!json_want_text(&inner, json_array_get(value, i), &texts[i], err)) {
            return false;
        }
    }
    *out = texts;
    *n = size;
    return true;
}

static bool read_peers(const struct json_place *place, json_t *value, void *into,
                       struct policap_error *err)
{
    struct draft *draft = into;

    return read_texts(place, value, draft, &draft->row.peers, &draft->row.n_peers, err);
}

static bool read_aliases(const struct json_place *place, json_t *value, void *into,
                         struct policap_error *err)
{
    struct draft *draft = into;
    struct policy_row *row = &draft->row;

    if (!read_texts(place, value, draft, &row->aliases, &row->n_aliases, err)) {
        return false;
    }
    for (size_t i = 0; i < row->n_aliases; i++) {
        struct json_place inner = json_element(place, i);
        const char *same;

        if (!want_id(&inner, json_array_get(value, i), &same, err)) {
            return false;
        }
    }
    return true;
}

static bool read_configurable(const struct json_place *place, json_t *value, void *into,
                              struct policap_error *err)
{
    if (!json_is_boolean(value)) {
        return json_fault(place, err, "is neither true nor false: write one of them");
    }
    ((struct draft *)into)->row.configurable = json_is_true(value);
    return true;
}

static bool want_seconds(const struct json_place *place, json_t *value, double *out,
                         struct policap_error *err)
{
    double seconds = json_number_value(value);

    if (!json_is_number(value) || !(seconds >= 0 && seconds <= 366 * 86400.0)) {
        return json_fault(place, err, "is no time: write seconds, 0 to 31622400");
    }
    *out = seconds;
    return true;
}

static bool read_wait(const struct json_place *place, json_t *value, void *into,
                      struct policap_error *err)
{
    struct draft *draft = into;

    draft->has_wait = true;
    return want_seconds(place, value, &draft->row.wait_s, err);
}

static bool read_window(const struct json_place *place, json_t *value, void *into,
                        struct policap_error *err)
{
    return want_seconds(place, value, &((struct draft *)into)->row.needs_window_s, err);
}

static const struct json_key row_keys[] = {
    {"id", read_id},
    {"group", read_group},
    {"judge_by", read_judge_by},
    {"section", read_section},
    {"title", read_title},
    {"initiator", read_initiator},
    {"direction_printed", read_direction_printed},
    {"transport", read_transports},
    {"ports", read_ports},
    {"fallback_ports", read_fallback},
    {"port_side", read_port_side},
    {"peers", read_peers},
    {"app", read_app},
    {"need", read_need},
    {"configurable", read_configurable},
    {"wait_s", read_wait},
    {"needs_window_s", read_window},
    {"blocked_means", read_blocked_means},
    {"reference", read_reference},
    {"aliases", read_aliases},
    {"comment", json_take_any},
};

static bool check_row(const struct json_place *place, const struct policy_row *row,
                      struct policap_error *err)
{
    if (!row->id) {
        return json_fault(place, err, "has no id: add one");
    }
    if (!row->title) {
        return json_fault(
            place, err, "row %s has no title: say in a few words what it is", row->id);
    }
    if (row->n_ports + row->n_fallback_ports > 0 &&
        !(row->transports & (TRANSPORT_TCP | TRANSPORT_UDP))) {
        return json_fault(place, err,
                          "row %s has ports and neither tcp nor udp: add "
                          "\"transport\": [\"tcp\"]",
                          row->id);
    }
    if (row->transports & (TRANSPORT_TCP | TRANSPORT_UDP) && row->n_ports == 0) {
        return json_fault(place, err,
                          "row %s has a transport and no ports: write "
                          "\"ports\": [\"*\"] for all",
                          row->id);
    }
    return true;
}

/* policy_add_row() complains of "/peers/3: ...": finds that place. */
static bool add_fault(const struct json_place *place, const char *complaint,
                      struct policap_error *err)
{
    char field[16] = "";
    size_t i = 0;

    if (complaint[0] != '/') {
        return fail(err, "%s: %s", place->file->name, complaint);
    }
    const char *text = strstr(complaint, ": ") + 2;
    int parts = sscanf(complaint, "/%15[a-z]/%zu", field, &i);
    struct json_place key = json_under(place, field);
    struct json_place element = json_element(&key, i);

    return json_fault(parts == 2 ? &element : &key, err, "%s", text);
}

static bool read_row(const struct json_place *place, json_t *value, void *into,
                     struct policap_error *err)
{
    struct draft draft = {.reader = into,
                          .row = {.group = "site",
                                  .initiator = INITIATOR_DEVICE,
                                  .need = NEED_OPTIONAL,
                                  .pack = ((struct row_reader *)into)->pack}};
    struct policap_error why;

    if (!json_read_object(place, value, row_keys, sizeof row_keys / sizeof *row_keys,
                          &draft, err) ||
        !check_row(place, &draft.row, err)) {
        return false;
    }
    if (!draft.has_wait) {
        draft.row.wait_s = draft.row.transports == TRANSPORT_TCP ? 3 : 5;
    }
    if (!policy_add_row(draft.reader->policy, &draft.row, &why)) {
        return add_fault(place, why.text, err);
    }
    return true;
}

bool rows_read(const struct json_place *place, json_t *value, struct row_reader *reader,
               struct policap_error *err)
{
    bool ok = json_read_list(place, value, read_row, reader, err);

    arena_fini(&reader->scratch);
    return ok;
}
