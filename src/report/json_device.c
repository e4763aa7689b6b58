/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Devices of the JSON report, each with its rows and when they were in which state:
 * written field by field, as findings are.
 */
#include "report/json_parts.h"

/* Rows in another state than not-seen. */
static void put_device_rows(struct line_writer *line, const struct judgement *judgement,
                            const struct device *device)
{
    size_t n = device->rows ? policy_count(judgement->policy) : 0;

    line_open(line, "rows", '{');
    for (size_t i = 0; i < n; i++) {
        if (device->rows[i] != STATE_NOT_SEEN) {
            line_text(line, policy_row(judgement->policy, i)->id,
                      row_state_name((enum row_state)device->rows[i]));
        }
    }
    line_close(line, '}');
}

/* Stretches come sorted by row. */
static void put_timeline(struct line_writer *line, const struct judgement *judgement,
                         const struct device *device)
{
    line_open(line, "timeline", '{');
    for (size_t i = 0; i < device->n_timeline; i++) {
        const struct stretch *s = &device->timeline[i];

        if (i == 0 || s->row != s[-1].row) {
            line_open(line, policy_row(judgement->policy, s->row)->id, '[');
        }
        line_open(line, NULL, '{');
        json_put_time(line, "from", s->from_ns);
        json_put_time(line, "to", s->to_ns);
        line_text(line, "state", row_state_name(s->state));
        line_close(line, '}');
        if (i + 1 == device->n_timeline || s->row != s[1].row) {
            line_close(line, ']');
        }
    }
    line_close(line, '}');
}

static void put_device(struct line_writer *line, const struct judgement *judgement,
                       const struct device *device, bool show_names)
{
    /* With --device any whoever opened a flow is a device, phone or not. */
    const char *kind = device->identified_by == IDENTITY_INITIATOR ? "host"
                       : device->is_nat                            ? "nat"
                                                                   : "phone";
    char mac[MAC_TEXT_LEN];

    line_open(line, NULL, '{');
    line_text(line, "key", device->key);
    json_put_addrs(line, "ips", device->addrs, device->n_addrs);
    line_text(line, "mac", device->has_mac ? mac_format(&device->mac, mac) : NULL);
    line_text(line, "hostname", show_names ? device->host_name : NULL);
    line_text(line, "kind", kind);
    line_text(line, "identified_by", identity_name(device->identified_by));
    put_device_rows(line, judgement, device);
    put_timeline(line, judgement, device);
    line_close(line, '}');
}

void json_put_devices(struct line_writer *line, const struct judgement *judgement,
                      bool show_names)
{
    line_open(line, "devices", '[');
    for (size_t i = 0; i < judgement->n_devices; i++) {
        put_device(line, judgement, &judgement->devices[i], show_names);
    }
    line_close(line, ']');
}
