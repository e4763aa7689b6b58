/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DHCP for IPv4: RFC 2131, options of RFC 2132.
 *
 * What it leaves out: BOOTP without a message type, client identifiers (option 61),
 * what relays add (option 82, RFC 3046), DHCPv6.  DHCP libraries are servers or clients
 * of their own; none at hand reads the message of somebody else.
 */
#include "names/names.h"

enum {
    /* Offsets of the fixed part; see dhcp_parse(). */
    AT_CIADDR = 12,
    AT_YIADDR = 16,
    AT_GIADDR = 24,
    AT_CHADDR = 28,
    AT_SNAME = 44,
    AT_FILE = 108,
    AT_MAGIC = 236,
    FIXED_LEN = 240,
    SNAME_LEN = AT_FILE - AT_SNAME,
    FILE_LEN = AT_MAGIC - AT_FILE,

    OP_REQUEST = 1,
    OP_REPLY = 2,
    HARDWARE_ETHERNET = 1,

    OPTION_PAD = 0,
    OPTION_MASK = 1,
    OPTION_ROUTERS = 3,
    OPTION_RESOLVERS = 6,
    OPTION_HOST_NAME = 12,
    OPTION_NTP = 42,
    OPTION_REQUESTED = 50,
    OPTION_OVERLOAD = 52,
    OPTION_TYPE = 53,
    OPTION_SERVER_ID = 54,
    OPTION_PARAMETERS = 55,
    OPTION_VENDOR_CLASS = 60,
    OPTION_END = 255,

    OVERLOAD_FILE = 1, /* RFC 2132 9.3: which fields hold options too. */
    OVERLOAD_SNAME = 2
};

static const uint8_t magic[4] = {0x63, 0x82, 0x53, 0x63}; /* RFC 2131 3 */

/* An address, or :: where the field says 0.0.0.0. */
static struct addr address_read(const uint8_t *p)
{
    static const struct addr none;

    return load_be32(p) == 0 ? none : addr_from_v4(p);
}

static void address_option(struct cursor value, struct addr *out)
{
    if (value.left == 4) {
        *out = address_read(value.at);
    }
}

/* Appends: a long option comes in pieces (RFC 3396). */
static void address_list(struct cursor value, struct addr out[static DHCP_MAX_SERVERS],
                         uint8_t *n)
{
    const uint8_t *p;

    while (*n < DHCP_MAX_SERVERS && cursor_take(&value, 4, &p)) {
        out[(*n)++] = address_read(p);
    }
}

/* Keeps printable bytes; some clients end their text with a NUL. */
static void text_option(struct cursor value, char out[static 64])
{
    size_t n = 0;

    for (size_t i = 0; i < value.left && n < 63; i++) {
        if (value.at[i] > ' ' && value.at[i] < 0x7f) {
            out[n++] = (char)value.at[i];
        }
    }
    out[n] = '\0';
}

/* The length of a mask of ones followed by zeros; any other tells nothing. */
static void mask_option(struct cursor value, uint8_t *bits)
{
    uint32_t mask = value.left == 4 ? load_be32(value.at) : 0;
    uint8_t n = 0;

    while (n < 32 && (mask & (UINT32_C(1) << (31 - n)))) {
        n++;
    }
    *bits = n == 32 || mask << n == 0 ? n : 0;
}

static void parameters_option(struct cursor value, struct dhcp_message *out)
{
    while (out->n_parameters < DHCP_PARAMETERS &&
           cursor_u8(&value, &out->parameters[out->n_parameters])) {
        out->n_parameters++;
    }
}

static void option_read(uint8_t code, struct cursor value, struct dhcp_message *out)
{
    switch (code) {
    case OPTION_MASK:
        mask_option(value, &out->mask_bits);
        break;
    case OPTION_ROUTERS:
        address_list(value, out->routers, &out->n_routers);
        break;
    case OPTION_RESOLVERS:
        address_list(value, out->resolvers, &out->n_resolvers);
        break;
    case OPTION_HOST_NAME:
        text_option(value, out->host_name);
        break;
    case OPTION_NTP:
        address_list(value, out->ntp, &out->n_ntp);
        break;
    case OPTION_REQUESTED:
        address_option(value, &out->requested);
        break;
    case OPTION_TYPE:
        out->type = value.left == 1 ? value.at[0] : 0;
        break;
    case OPTION_SERVER_ID:
        address_option(value, &out->server_id);
        break;
    case OPTION_PARAMETERS:
        parameters_option(value, out);
        break;
    case OPTION_VENDOR_CLASS:
        text_option(value, out->vendor_class);
        break;
    default:
        break; /* Most options are of no use here. */
    }
}

/* Reads options up to END, or up to where they were cut.  Returns the overload option,
 * 0 where it is absent. */
static uint8_t options_read(struct cursor options, struct dhcp_message *out)
{
    uint8_t code, len, overload = 0;

    while (cursor_u8(&options, &code) && code != OPTION_END) {
        if (code == OPTION_PAD) {
            continue;
        }
        if (!cursor_u8(&options, &len) || options.left < len) {
            break;
        }
        struct cursor value = cursor_first(options, len);
        cursor_skip(&options, len);
        if (code == OPTION_OVERLOAD && len == 1) {
            overload = value.at[0];
        } else {
            option_read(code, value, out);
        }
    }
    return overload;
}

/* RFC 2131 2, offsets in bytes:
 *
 *      0  op     1  htype    2  hlen     3  hops
 *      4  xid    8  secs    10  flags   12  ciaddr   16  yiaddr
 *     20  siaddr           24  giaddr   28  chaddr (16)
 *     44  sname (64)      108  file (128)
 *    236  magic           240  options
 */
enum parse_result dhcp_parse(struct cursor message, struct dhcp_message *out)
{
    struct dhcp_message parsed = {0};
    const uint8_t *p;

    if (!cursor_take(&message, FIXED_LEN, &p) ||
        (p[0] != OP_REQUEST && p[0] != OP_REPLY) ||
        memcmp(p + AT_MAGIC, magic, sizeof magic) != 0) {
        return PARSE_NOT;
    }
    parsed.from_server = p[0] == OP_REPLY;
    parsed.client = address_read(p + AT_CIADDR);
    parsed.your = address_read(p + AT_YIADDR);
    parsed.relay = address_read(p + AT_GIADDR);
    if (p[1] == HARDWARE_ETHERNET && p[2] == sizeof parsed.chaddr.b) {
        memcpy(parsed.chaddr.b, p + AT_CHADDR, sizeof parsed.chaddr.b);
    }

    /* RFC 2131 4.1: the options field first, then 'file', then 'sname'. */
    uint8_t overload = options_read(message, &parsed);
    if (overload & OVERLOAD_FILE) {
        options_read((struct cursor){p + AT_FILE, FILE_LEN}, &parsed);
    }
    if (overload & OVERLOAD_SNAME) {
        options_read((struct cursor){p + AT_SNAME, SNAME_LEN}, &parsed);
    }
    if (parsed.type == 0) {
        return PARSE_NOT;
    }
    *out = parsed;
    return PARSE_OK;
}
