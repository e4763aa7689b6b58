/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text report: rows with their states, what is in no list, and the phones.
 */
#include "report/text_parts.h"
#include "report/words.h"

enum {
    STATE_COLUMN = 24,
    COUNTS_COLUMN = 48,
    MAC_COLUMN = 22,
    HOW_COLUMN = 42,
    MAX_UNLISTED = 25,
    MAX_DEVICES = 200
};

static enum text_style state_style(enum row_state state)
{
    switch (state) {
    case STATE_OK:
    case STATE_OK_FALLBACK:
        return STYLE_GOOD;
    case STATE_DEGRADED:
    case STATE_INTERCEPTED:
    case STATE_NO_ANSWER:
    case STATE_REFUSED:
    case STATE_BLOCKED:
        return STYLE_BAD;
    case STATE_HIDDEN:
    case STATE_UNJUDGED:
    case STATE_PENDING:
    case STATE_CANDIDATE:
        return STYLE_WARN;
    case STATE_NOT_SEEN:
    case STATES:
        break;
    }
    return STYLE_PLAIN;
}

static void put_row(struct text_writer *text, const struct judgement *judgement,
                    const struct coverage *coverage)
{
    const struct policy_row *row = policy_row(judgement->policy, coverage->row);
    bool is_first = true;

    page_line(text, 2, COUNTS_COLUMN);
    text_say(text, "%s", row->id);
    text_tab(text, STATE_COLUMN);
    text_styled(text, state_style(coverage->state), words_state(coverage->state));
    text_tab(text, COUNTS_COLUMN);
    for (size_t state = STATES; state-- > 0;) {
        if (coverage->devices[state]) {
            text_say(text, "%s%zu %s", is_first ? "" : "+ ", coverage->devices[state],
                     row_state_name((enum row_state)state));
            is_first = false;
        }
    }
}

/* Is it a row that somebody may miss?  Not if the site does not use it, no capture can
 * show it, or background claims it. */
static bool is_missed(const struct policy_row *row)
{
    return !row->off && row->n_ports > 0 && row->need != NEED_ADVICE &&
           row->need != NEED_NOTICE && strncmp(row->id, "bg-", 3) != 0;
}

static bool put_not_seen(struct text_writer *text, const struct judgement *judgement,
                         const char *label, bool required)
{
    bool is_first = true;

    for (size_t i = 0; i < judgement->n_coverage; i++) {
        const struct coverage *coverage = &judgement->coverage[i];
        const struct policy_row *row = policy_row(judgement->policy, coverage->row);

        if (coverage->state != STATE_NOT_SEEN || !is_missed(row) ||
            (row->need == NEED_REQUIRED) != required) {
            continue;
        }
        if (is_first) {
            text_label(text, 2, label, STATE_COLUMN);
        }
        text_say(text, "%s%s", is_first ? "" : "| ", row->id);
        if (row->needs_window_s >= 3600) {
            text_say(text, "(may need %.0f h)", row->needs_window_s / 3600);
        }
        is_first = false;
    }
    return !is_first;
}

void text_rows(struct text_writer *text, const struct judgement *judgement)
{
    if (judgement->n_devices == 0) {
        return; /* Then no row was seen, and the next steps say why. */
    }
    text_heading(text, "Rows");
    for (size_t i = 0; i < judgement->n_coverage; i++) {
        if (judgement->coverage[i].state != STATE_NOT_SEEN) {
            put_row(text, judgement, &judgement->coverage[i]);
        }
    }
    bool required = put_not_seen(text, judgement, "required, not seen", true);
    bool optional = put_not_seen(text, judgement, "optional, not seen", false);

    if (required || optional) {
        page_line(text, 2, 2);
        text_say(text, "A row not seen is no fault: nobody tried it while this was "
                       "captured.");
    }
}

void text_unlisted(struct text_writer *text, const struct judgement *judgement)
{
    size_t n = judgement->n_unlisted;
    char address[ADDR_TEXT_LEN];

    if (n == 0) {
        return;
    }
    text_heading(text, "In no list");
    for (size_t i = 0; i < n && i < MAX_UNLISTED; i++) {
        const struct unlisted *u = &judgement->unlisted[i];

        page_line(text, 2, 6);
        text_say(text, "%s",
                 u->name    ? u->name
                 : u->n_ips ? addr_format(&u->ips[0], address)
                            : "(no name)");
        text_say(text, "%s %u:", words_transport_upper(u->transport), u->port);
        page_number(text, u->devices, text_device_noun(judgement), ",");
        page_number(text, u->flows, "flow", ",");
        page_number(text, u->bytes, "byte", "");
    }
    if (n > MAX_UNLISTED) {
        page_line(text, 2, 2);
        text_say(text, "and %zu more; --format json has all.", n - MAX_UNLISTED);
    }
}

static const char *how_found(enum identity identity)
{
    static const char *const words[] = {
        [IDENTITY_SITE] = "by the site file",       [IDENTITY_DHCP] = "by DHCP",
        [IDENTITY_OUI] = "by its hardware address", [IDENTITY_OPTION] = "by --device",
        [IDENTITY_INITIATOR] = "opened a flow",
    };

    return words[identity];
}

static void put_device(struct text_writer *text, const struct device *device,
                       bool show_names)
{
    char address[ADDR_TEXT_LEN], mac[MAC_TEXT_LEN];

    page_line(text, 2, HOW_COLUMN);
    text_say(text, "%s",
             device->n_addrs ? addr_format(&device->addrs[0], address)
                             : "(no address)");
    text_tab(text, MAC_COLUMN);
    text_say(text, "%s", device->has_mac ? mac_format(&device->mac, mac) : "-");
    text_tab(text, HOW_COLUMN);
    text_say(text, "%s", how_found(device->identified_by));
    if (device->n_addrs > 1) {
        text_say(text, "(%zu addresses)", device->n_addrs);
    }
    if (device->is_nat) {
        text_say(text, "several phones behind NAT: not judged");
    }
    if (show_names && device->host_name) {
        text_say(text, "%s", device->host_name);
    }
}

void text_devices(struct text_writer *text, const struct judgement *judgement,
                  bool show_names)
{
    size_t n = judgement->n_devices;

    if (n == 0) {
        return;
    }
    text_heading(text, text_device_noun(judgement)[0] == 'h' ? "Hosts" : "Phones");
    for (size_t i = 0; i < n && i < MAX_DEVICES; i++) {
        put_device(text, &judgement->devices[i], show_names);
    }
    if (n > MAX_DEVICES) {
        page_line(text, 2, 2);
        text_say(text, "and %zu more; --format json has all.", n - MAX_DEVICES);
    }
}
