/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An inspection as JSON: schema rules/inspect.schema.json.
 */
#include "report/inspect.h"

#include "report/json_parts.h"
#include "report/version.h"
#include "report/words.h"

static json_t *windows_part(const struct tally *tally, const struct window *windows,
                            size_t n)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < n; i++) {
        const struct window *w = &windows[i];

        ok = json_append(
                 array,
                 json_pack("{s:o, s:o, s:o, s:o}", "tap",
                           json_text(tally_tap_name(tally, source_tap(w->source))),
                           "interface", json_count(w->source & 0xff), "first",
                           json_time(w->first_ns), "last", json_time(w->last_ns))) &&
             ok;
    }
    return json_whole(array, ok);
}

static json_t *undecoded_part(const struct inspection *in)
{
    json_t *object = json_object();
    bool ok = object;

    for (unsigned i = DECODE_OK + 1; i < DECODE_RESULTS; i++) {
        if (in->undecoded[i]) {
            ok = json_object_set_new(object, decode_result_name((enum decode_result)i),
                                     json_count(in->undecoded[i])) == 0 &&
                 ok;
        }
    }
    return json_whole(object, ok);
}

static json_t *tunnels_part(const struct inspection *in)
{
    json_t *object = json_object();
    bool ok = object;

    for (unsigned i = ENCAP_VLAN + 1; i < ENCAPS; i++) {
        if (in->encap[i]) {
            ok = json_object_set_new(object, encap_name((enum encap)i),
                                     json_count(in->encap[i])) == 0 &&
                 ok;
        }
    }
    return json_whole(object, ok);
}

static json_t *vlans_part(const struct inspect_vlans *vlans)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < vlans->n; i++) {
        ok = json_append(array, json_count(vlans->ids[i])) && ok;
    }
    return json_whole(array, ok);
}

static json_t *scopes_part(const struct judgement *judgement)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < judgement->n_scopes; i++) {
        const struct sight_scope *s = &judgement->scopes[i];
        char from[PREFIX_TEXT_LEN];

        ok = json_append(array,
                         json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                                   "from", json_text(prefix_format(&s->from, from)),
                                   "to", json_text(s->to), "spoken",
                                   json_count(s->spoken), "heard", json_count(s->heard),
                                   "flows", json_count(s->flows), "two_way",
                                   json_count(s->two_way), "acked_unseen",
                                   json_count(s->acked_unseen), "trust",
                                   json_text(trust_name(s->trust)), "reason",
                                   json_text(s->reason[0] ? s->reason : NULL))) &&
             ok;
    }
    return json_whole(array, ok);
}

static json_t *notes_part(const struct inspection *in)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < in->n_notes; i++) {
        const struct inspect_note *note = &in->notes[i];

        ok = json_append(array,
                         json_pack("{s:o, s:o, s:o}", "kind",
                                   json_text(inspect_kind_name(note->kind)), "text",
                                   json_text(note->text), "do",
                                   json_text(note->todo[0] ? note->todo : NULL))) &&
             ok;
    }
    return json_whole(array, ok);
}

static json_t *row_object(const struct inspection *in, const struct inspect_row *row)
{
    const struct judgement *judgement = in->judgement;
    const struct policy_row *r = policy_row(judgement->policy, row->row);
    json_t *needs =
        r->needs_window_s > 0 ? json_count((uint64_t)r->needs_window_s) : json_null();

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "row", json_text(r->id),
                     "group", json_text(r->group), "need",
                     json_text(words_need(r->need)), "state",
                     json_text(row_state_name(judgement->coverage[row->row].state)),
                     "judged", json_boolean(row->judged), "why",
                     json_text(row->why[0] ? row->why : NULL), "needs_window_s", needs);
}

static json_t *rows_part(const struct inspection *in)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < in->n_rows; i++) {
        ok = json_append(array, row_object(in, &in->rows[i])) && ok;
    }
    return json_whole(array, ok);
}

static json_t *phones_part(const struct judgement *judgement)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < judgement->n_devices; i++) {
        const struct device *d = &judgement->devices[i];
        char mac[MAC_TEXT_LEN];

        ok = json_append(
                 array,
                 json_pack("{s:o, s:o, s:o, s:o, s:o}", "key", json_text(d->key), "ips",
                           json_addrs(d->addrs, d->n_addrs), "mac",
                           json_text(d->has_mac ? mac_format(&d->mac, mac) : NULL),
                           "identified_by", json_text(identity_name(d->identified_by)),
                           "joined_by", json_text(d->joined_by))) &&
             ok;
    }
    return json_whole(array, ok);
}

static json_t *subnets_part(const struct inspection *in)
{
    json_t *array = json_array();
    bool ok = array;

    for (size_t i = 0; i < in->n_subnets; i++) {
        char text[PREFIX_TEXT_LEN];

        ok = json_append(array, json_text(prefix_format(&in->subnets[i], text))) && ok;
    }
    return json_whole(array, ok);
}

/* Numbers of what was seen of the phones. */
static json_t *sight_part(const struct inspection *in)
{
    const struct judgement *j = in->judgement;

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "trust", json_text(trust_name(j->trust)),
        "spoken", json_count(in->spoken), "heard", json_count(in->heard), "flows",
        json_count(j->sight_flows), "two_way", json_count(j->sight_two_way),
        "acked_unseen", json_count(j->sight_acked_unseen), "scopes", scopes_part(j));
}

static json_t *names_part(const struct judgement *j)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "sni", json_count(j->named_sni), "dns",
                     json_count(j->named_dns), "http-host", json_count(j->named_http),
                     "none", json_count(j->named_none));
}

static json_t *inspection_json(const struct inspection *in)
{
    const struct judgement *j = in->judgement;
    const struct tally *tally = j->tally;
    json_t *tool =
        json_pack("{s:s, s:s}", "name", "policap", "version", POLICAP_VERSION);
    json_t *vlans = json_pack("{s:o, s:o}", "phones", vlans_part(&in->phone_vlans),
                              "peers", vlans_part(&in->peer_vlans));

    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:o, s:o, s:o, s:o, s:o}",
        "schema", "policap-inspect/1", "tool", tool, "verdict",
        json_text(inspect_kind_name(in->notes[0].kind)), "summary",
        json_text(in->notes[0].text), "notes", notes_part(in), "captures",
        json_captures(tally), "packets", json_count(in->packets), "copies",
        json_count(in->copies), "cut_packets", json_count(in->cut_packets), "dropped",
        json_count(in->dropped), "windows",
        windows_part(tally, tally->windows, tally->n_windows), "holes",
        windows_part(tally, in->holes, in->n_holes), "undecoded", undecoded_part(in),
        "tunnels", tunnels_part(in), "vlans", vlans, "sight", sight_part(in), "names",
        names_part(j), "phones", phones_part(j), "suspects",
        json_pack("{s:o, s:o}", "ips", json_addrs(j->suspects, j->n_suspects),
                  "subnets", subnets_part(in)),
        "rows", rows_part(in));
}

bool report_write_inspection_json(FILE *out, const struct inspection *inspection)
{
    json_t *json = inspection_json(inspection);
    bool ok = json && json_dumpf(json, out, JSON_INDENT(2)) == 0 &&
              fputc('\n', out) != EOF && fflush(out) == 0;

    json_decref(json);
    return ok;
}
