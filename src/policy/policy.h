/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The documented table: rule packs and the site file, and the classifier over them.
 *
 * A policy is built once and never changes afterwards, so any number of threads may
 * ask it.  A row is a claim about a role, not about a port: twelve rows of CS-20-05
 * name TCP 443.  So the answer to a question is an ordered set of rows.
 *
 * The index: the peer of a question (address and names) is resolved to classes once,
 * by a boundary array of prefixes and a walk over the labels of a name; each class
 * carries the rows that name it, filed by transport and aligned power-of-two port
 * blocks.  The cost of a question does not grow with the number of rows.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/addr.h"
#include <jansson.h>
#include <policap/error.h>

enum {
    POLICY_MAX_ROWS = 1 << 20,
    POLICY_MAX_ANSWERS = 32, /* Rows that one answer lists, the best first. */
    POLICY_MAX_NAMES = 8     /* Names of a peer that one question gives. */
};

enum transport { TRANSPORT_TCP = 1, TRANSPORT_UDP = 2, TRANSPORT_ICMP = 4 };

/* Who opens the flow.  INITIATOR_ANY in a row: either side may. */
enum initiator { INITIATOR_ANY, INITIATOR_DEVICE, INITIATOR_PEER };

/* At whose end a row's ports are. */
enum port_side {
    PORT_SIDE_RESPONDER,
    PORT_SIDE_DEVICE,
    PORT_SIDE_PEER,
    PORT_SIDE_EITHER
};

enum need { NEED_REQUIRED, NEED_OPTIONAL, NEED_IF_USED, NEED_ADVICE, NEED_NOTICE };

/* How attempts of one phone are grouped: DESIGN 3.4. */
enum judge_by { JUDGE_BY_NAME, JUDGE_BY_ROLE, JUDGE_BY_GROUP };

enum role {
    ROLE_SAM_SERVER,
    ROLE_LOG_SERVER,
    ROLE_UPDATE_SERVER,
    ROLE_AMIE_GATEWAY,
    ROLE_CALL_SERVER,
    ROLE_MEDIA_GATEWAY,
    ROLE_LDAP_SERVER,
    ROLE_EMM_SERVER,
    ROLE_EMM_AGENT_SERVER,
    ROLE_DNS_SERVER,
    ROLE_DHCP_SERVER,
    ROLE_NTP_SERVER,
    ROLE_HTTP_PROXY,
    ROLES
};

/* "sam-server", ... */
const char *role_name(enum role role);

struct port_range {
    uint16_t low, high;
};

/* One row as it was read.  Texts are owned by the policy. */
struct policy_row {
    const char *id, *group, *section, *title, *app, *direction_printed;
    const char *blocked_means, *reference;
    enum initiator initiator;
    enum port_side port_side;
    enum need need;
    enum judge_by judge_by;
    unsigned transports; /* OR of enum transport. */
    const struct port_range *ports;
    size_t n_ports;
    /* Tried by the phone when 'ports' are closed (443 for FCM).  They count only for a
     * peer that is known by role, listed prefix or name: half the world is on 443. */
    const struct port_range *fallback_ports;
    size_t n_fallback_ports;
    /* As written: "any", "media", "google-out", "role:x", "set:x", a name, a suffix
     * ("*.x.y"), a prefix; rules/README.md has the words. */
    const char *const *peers;
    size_t n_peers;
    const char *const *aliases;
    size_t n_aliases;
    bool configurable;
    double wait_s;         /* From the first packet of an attempt. */
    double needs_window_s; /* 0: none is told. */
    size_t pack; /* Which pack it is of; policy_pack_count(): the site file. */
    bool wild;   /* Any peer or a prefix list, on 1024 ports or more: a last resort. */
    bool off;    /* The site does not use its group. */
};

struct policy_pack {
    const char *name, *revision, *as_of; /* as_of: "2020-04-03". */
    char sha256[65];
    const char *path; /* NULL: compiled in. */
};

struct policy; /* opaque */

/* Builds the policy: the packs that 'site' names, or the default set; then the pack
 * files in 'paths'; then the site file 'site' (NULL: none).  NULL: '*err' holds file,
 * JSON pointer, line, and what to do. */
struct policy *policy_load(const char *site, const char *const *paths, size_t n_paths,
                           struct policap_error *err);

void policy_free(struct policy *policy);

size_t policy_count(const struct policy *policy);
const struct policy_row *policy_row(const struct policy *policy, size_t i);
/* By id or alias; -1: there is none. */
long policy_find(const struct policy *policy, const char *id);
size_t policy_pack_count(const struct policy *policy);
/* With 'i' equal to the count: a stand-in named "site", for the site file's own rows.
 */
const struct policy_pack *policy_pack(const struct policy *policy, size_t i);

/* What the site file says; each has a value for "no site file". */
const char *policy_site_name(const struct policy *policy);   /* NULL: no site file. */
const char *policy_site_sha256(const struct policy *policy); /* NULL: no site file. */
bool policy_role_bound(const struct policy *policy, enum role role);
/* Is this address (or one of the names, each lower case) bound to the role? */
bool policy_role_has(const struct policy *policy, enum role role,
                     const struct addr *addr, const char *const *names, size_t n_names);
bool policy_is_off(const struct policy *policy, const char *group);
/* Private space of the site: addr_is_private() or one of private_prefixes. */
bool policy_is_inside(const struct policy *policy, const struct addr *addr);
bool policy_google_out_any(const struct policy *policy);
bool policy_outside_capture(const struct policy *policy); /* capture_point: outside */
/* Devices of the site file. */
size_t policy_n_subnets(const struct policy *policy);
const struct prefix *policy_subnet(const struct policy *policy, size_t i);
bool policy_lists_macs(const struct policy *policy); /* macs or ouis are given */
bool policy_mac_listed(const struct policy *policy, const struct mac *mac);
bool policy_subnet_listed(const struct policy *policy, const struct addr *addr);
/* Is the address in a prefix of the named set ("as15169")? */
bool policy_set_has(const struct policy *policy, const char *set,
                    const struct addr *addr);

/* How the peer was known to the row. */
enum match_via {
    MATCH_ROLE,     /* The site file binds the address or name to the row's role. */
    MATCH_PREFIX,   /* A prefix that the row lists. */
    MATCH_NAME,     /* A name that the row lists, exactly. */
    MATCH_SUFFIX,   /* A suffix that the row lists. */
    MATCH_SET,      /* A prefix list (AS15169). */
    MATCH_ANY,      /* The row allows any peer, and the site lets it. */
    MATCH_PORT_ONLY /* Nothing is known of the peer: a candidate, never more. */
};

/* How a peer of a row is held against a question.
 *
 * role:R    MATCH_ROLE where roles_given or the site file says so.  R left unbound: any
 *           peer is MATCH_PORT_ONLY; but for dns-server, dhcp-server and ntp-server,
 * for which the bulletin names no peer, MATCH_ANY.  R bound: nobody else, but MATCH_ANY
 * for a public NTP server, and for a group address as dhcp-server. R bound by names
 * alone: an unnamed peer is MATCH_PORT_ONLY. a name,   MATCH_NAME or MATCH_SUFFIX.  A
 * question without a name: MATCH_PORT_ONLY, a suffix  since a name could still save it;
 * not toward an inside peer, where a public name does not live, unless the row is of
 * the site file. set:S     MATCH_SET. google-out  set:as15169, or any, as the site
 * file's google_out says. media     MATCH_PORT_ONLY: the caller knows from SDP and RTP,
 * and may ask again with ROLE_MEDIA_GATEWAY in roles_given. any       MATCH_ANY.
 *
 * Rows of need 'advice', without ports or without peers, or off: never.  An address in
 * 64:ff9b::/96 (RFC 6052) is held to be the IPv4 address in it. */

/* One row of an answer. */
struct policy_match {
    uint32_t row;
    uint8_t via;  /* enum match_via; MATCH_PORT_ONLY is a candidate. */
    uint8_t name; /* Index of the question's name that matched, for NAME, SUFFIX. */
    /* ROLE: bits of the prefix (128: of 128), 128 for a name or roles_given, length of
     * a suffix up to 127.  PREFIX, SET: bits.  NAME, SUFFIX: length.  Else 0. */
    uint16_t detail;
    uint32_t width; /* Ports in the row's range that was hit. */
};

/* A flow, seen from the phone. */
struct policy_question {
    uint8_t transport; /* enum transport */
    uint8_t initiator; /* enum initiator; INITIATOR_ANY: unknown. */
    uint16_t device_port, peer_port;
    struct addr peer;
    const char *names[POLICY_MAX_NAMES]; /* Lower case, the best first. */
    size_t n_names;
    unsigned
        roles_given; /* Bits 1u << role that evidence (DHCP, SDP) gives the peer. */
};

/* The rows that fit, the best first: documented before candidates, then by rank of
 * evidence (role, prefix, name, set, any), then the narrower name or prefix, then the
 * narrower port range, then the order of the packs.  Returns their count, at most
 * POLICY_MAX_ANSWERS. */
size_t policy_ask(const struct policy *policy, const struct policy_question *question,
                  struct policy_match out[static POLICY_MAX_ANSWERS]);

/* The rows that list this name (exactly or by a suffix) or a role bound to it, the
 * narrowest first: whose traffic fails when the name does not resolve. */
size_t policy_rows_of_name(const struct policy *policy, const char *name,
                           struct policy_match out[static POLICY_MAX_ANSWERS]);

/* The classifier's oracle: the same answer by looking at every row.  For tests. */
size_t policy_ask_linear(const struct policy *policy,
                         const struct policy_question *question,
                         struct policy_match out[static POLICY_MAX_ANSWERS]);

/* What keeps a row from fitting, the first that does. */
enum trial_part {
    TRIAL_NONE, /* It fits. */
    TRIAL_USE,
    TRIAL_TRANSPORT,
    TRIAL_PORTS,
    TRIAL_OPENER,
    TRIAL_PEER
};

/* One row held against a question, for people. */
struct policy_trial {
    uint32_t row;
    bool fits;
    uint8_t failed;            /* enum trial_part */
    struct policy_match match; /* Where it fits, as in the answer. */
    const char *peer;          /* The row's peer that fits, as written. */
    char why[240];
};

void policy_try(const struct policy *policy, size_t row,
                const struct policy_question *question, struct policy_trial *out);

/* The rule by which match 'a' of an answer stands before 'b'. */
const char *policy_why_before(const struct policy_match *a,
                              const struct policy_match *b);
const char *match_via_name(enum match_via via); /* "role", "name", ... */

/* A new JSON array of objects {severity, kind, row, other, text}, one a fault, in order
 * of rows: kind is "shadowed", "redundant", "unreachable" or "conflicting"; other is
 * the id of the row that is in the way, or null.  Unknown references, ids and aliases
 * that clash never get here: policy_load() refuses them.  NULL: no memory. */
json_t *policy_lint(const struct policy *policy);

#endif
