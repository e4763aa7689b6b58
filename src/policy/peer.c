/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading a peer as rule files write it.
 */
#include "policy/internal.h"

#include <ctype.h>
#include <stdio.h>

static const char *const role_names[ROLES] = {
    [ROLE_SAM_SERVER] = "sam-server",
    [ROLE_LOG_SERVER] = "log-server",
    [ROLE_UPDATE_SERVER] = "update-server",
    [ROLE_AMIE_GATEWAY] = "amie-gateway",
    [ROLE_CALL_SERVER] = "call-server",
    [ROLE_MEDIA_GATEWAY] = "media-gateway",
    [ROLE_LDAP_SERVER] = "ldap-server",
    [ROLE_EMM_SERVER] = "emm-server",
    [ROLE_EMM_AGENT_SERVER] = "emm-agent-server",
    [ROLE_DNS_SERVER] = "dns-server",
    [ROLE_DHCP_SERVER] = "dhcp-server",
    [ROLE_NTP_SERVER] = "ntp-server",
    [ROLE_HTTP_PROXY] = "http-proxy",
};

const char *role_name(enum role role)
{
    return role_names[role];
}

long role_find(const char *name)
{
    for (int role = 0; role < ROLES; role++) {
        if (strcmp(role_names[role], name) == 0) {
            return role;
        }
    }
    return -1;
}

bool role_unknown(const char *name, struct policap_error *err)
{
    char list[256] = "";
    size_t len = 0;

    for (int role = 0; role < ROLES; role++) {
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s",
                                role > 0 ? ", " : "", role_names[role]);
    }
    return fail(err, "unknown role '%.64s': the roles are %s", name, list);
}

static bool peer_parse_role(const char *name, struct peer *out,
                            struct policap_error *err)
{
    long role = role_find(name);

    if (role < 0) {
        return role_unknown(name, err);
    }
    *out = (struct peer){.kind = PEER_ROLE, .number = (unsigned)role};
    return true;
}

static struct prefix without_host_bits(struct prefix prefix)
{
    for (unsigned bit = prefix.bits; bit < 128; bit++) {
        prefix.addr.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    }
    return prefix;
}

bool peer_parse_prefix(const char *text, struct peer *out, struct policap_error *err)
{
    static const struct prefix nat64 = {{{0, 0x64, 0xff, 0x9b}}, 96};
    struct prefix prefix;
    char better[PREFIX_TEXT_LEN];

    if (!prefix_parse(text, &prefix)) {
        return fail(
            err, "'%.64s' is no address or prefix: write 10.0.0.1 or 10.0.0.0/8", text);
    }
    if (!prefix_is_canonical(&prefix)) {
        struct prefix canonical = without_host_bits(prefix);

        return fail(err, "%.64s has host bits: write %s", text,
                    prefix_format(&canonical, better));
    }
    if (prefix.bits >= nat64.bits && prefix_contains(&nat64, &prefix.addr)) {
        return fail(err,
                    "%.64s is the NAT64 form of an IPv4 address: write the IPv4 form",
                    text);
    }
    *out = (struct peer){.kind = PEER_PREFIX, .prefix = prefix};
    return true;
}

/* Labels of letters, digits, '-' and '_' (RFC 1123 2.1; hosts with '_' exist), two of
 * them at least; the last is no number, or it would be a mistyped address. */
static bool is_name(const char *text)
{
    size_t label = 0, n_labels = 1, len = strlen(text);
    bool digits = true;

    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '.') {
            if (label == 0) {
                return false;
            }
            label = 0;
            digits = true;
            n_labels++;
        } else if (isalnum((unsigned char)*c) || *c == '-' || *c == '_') {
            digits = digits && isdigit((unsigned char)*c);
            label++;
        } else {
            return false;
        }
        if (label > 63) {
            return false;
        }
    }
    return label > 0 && n_labels > 1 && !digits && len <= NAME_MAX_LEN;
}

static bool peer_parse_name(const char *text, struct arena *arena, struct peer *out,
                            struct policap_error *err)
{
    bool suffix = strncmp(text, "*.", 2) == 0;
    const char *name = suffix ? text + 2 : text;

    if (!is_name(name)) {
        return fail(err,
                    "'%.64s' is no peer: write any, media, google-out, role:NAME, "
                    "set:NAME, an address, a prefix, a name (play.google.com) or a "
                    "suffix (*.google.com)",
                    text);
    }

    size_t len = strlen(name);
    char *lower = arena_take(arena, len + 1);
    if (!lower) {
        return no_memory(err);
    }
    for (size_t i = 0; i <= len; i++) {
        lower[i] = (char)tolower((unsigned char)name[i]);
    }
    *out = (struct peer){.kind = suffix ? PEER_SUFFIX : PEER_NAME, .text = lower};
    return true;
}

/* Is the text meant as an address?  Names have no colon, no slash, and other letters.
 */
static bool looks_like_address(const char *text)
{
    size_t len = strlen(text);

    return (strpbrk(text, "/:") && strspn(text, "0123456789abcdefABCDEF.:/") == len) ||
           strspn(text, "0123456789.") == len;
}

bool peer_parse(const char *text, struct arena *arena, struct peer *out,
                struct policap_error *err)
{
    static const struct {
        const char *word;
        enum peer_kind kind;
    } words[] = {
        {"any", PEER_ANY}, {"media", PEER_MEDIA}, {"google-out", PEER_GOOGLE_OUT}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i].word) == 0) {
            *out = (struct peer){.kind = words[i].kind};
            return true;
        }
    }
    if (strncmp(text, "role:", 5) == 0) {
        return peer_parse_role(text + 5, out, err);
    }
    if (strncmp(text, "set:", 4) == 0) {
        *out = (struct peer){.kind = PEER_SET, .text = arena_text(arena, text + 4)};
        return out->text ? true : no_memory(err);
    }
    if (text[0] != '\0' && looks_like_address(text)) {
        return peer_parse_prefix(text, out, err);
    }
    return peer_parse_name(text, arena, out, err);
}
