/* SPDX-License-Identifier: BSD-3-Clause
 *
 * judge(): a tally and a policy to verdicts.
 *
 * A pure function: it changes neither, reads no clock, and the same input gives the
 * same judgement.  The way of a verdict, each step in a file of its own:
 *
 *   devices.c  which addresses are one device, and is it a phone       (DESIGN 3.1)
 *   bindings.c which names a device had for an address                 (DESIGN 3.2)
 *   claim.c    which rows a flow may claim                             (DESIGN 3.2)
 *   outcome.c  what happened to an attempt, and who did it             (DESIGN 3.3)
 *   lookups.c  names that did not resolve                              (DESIGN 3.3)
 *   groups.c   attempts of one phone that stand for each other         (DESIGN 3.4)
 *   sight.c    can this capture be trusted                             (DESIGN 3.5)
 *   problems.c scope, owner, one problem a root cause                  (DESIGN 3.0)
 *   link_gap.c times without radio, which are problems without findings (DESIGN 3.5)
 *   judge.c    the order of these, and the sums
 */
#ifndef AUDIT_JUDGE_H
#define AUDIT_JUDGE_H

#include "audit/tally.h"
#include "policy/policy.h"

enum {
    JUDGE_MAX_DEVICE_OPTIONS = 256,
    FINDING_FRAMES = 16,
    FINDING_IPS = 16,
    FINDING_PORTS = 64,
    FINDING_COMMUNITY_IDS = 4,
    FINDING_EPISODES = 16,
    FINDING_CANDIDATES = 8
};

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_INCONCLUSIVE };

/* Kinds of finding, in the order of the report's schema. */
enum finding_kind {
    KIND_BLOCKED,
    KIND_DEGRADED,
    KIND_REFUSED,
    KIND_NO_ANSWER,
    KIND_INTERCEPTED,
    KIND_UNEXPECTED,
    KIND_UNEXPECTED_INBOUND,
    KIND_ADVICE,
    KIND_CANDIDATE,
    KIND_NOT_SEEN,
    KINDS
};

/* What happened to an attempt. */
enum outcome {
    OUTCOME_OK,
    OUTCOME_BLOCKED,
    OUTCOME_REFUSED,
    OUTCOME_NO_ANSWER,
    OUTCOME_INTERCEPTED,
    OUTCOME_IDLE_KILLED,
    OUTCOME_PENDING,
    OUTCOME_UNSEEN,
    OUTCOME_UNKNOWN,
    OUTCOMES
};

enum cause {
    CAUSE_NONE,
    CAUSE_SYN_DROP,
    CAUSE_TCP_RESET,
    CAUSE_ICMP_PROHIBITED,
    CAUSE_ICMP_UNREACHABLE,
    CAUSE_HELLO_DROP,
    CAUSE_HELLO_RESET,
    CAUSE_DNS_NXDOMAIN,
    CAUSE_DNS_REFUSED,
    CAUSE_DNS_SERVFAIL,
    CAUSE_DNS_SINKHOLE,
    CAUSE_DNS_NO_REPLY,
    CAUSE_NO_REPLY,
    CAUSE_CAPTIVE_PORTAL,
    CAUSE_IDLE_KILLED,
    CAUSE_SCAN,
    CAUSE_MTU_BLACKHOLE,
    CAUSE_ONE_WAY_MEDIA,
    CAUSE_FRAGMENTS_LOST,
    CAUSE_TLS_ABORT,
    CAUSE_PROXY_DENIED,
    CAUSES
};

/* What a flow is to the policy. */
enum claim_verdict {
    CLAIM_NONE, /* No end is a device. */
    CLAIM_DOCUMENTED,
    CLAIM_CANDIDATE,
    CLAIM_UNEXPECTED,
    CLAIM_UNEXPECTED_INBOUND,
    CLAIM_BACKGROUND,
    CLAIM_UNJUDGED
};

/* State of a row for a device, and of a row over all devices. */
enum row_state {
    STATE_NOT_SEEN,
    STATE_HIDDEN,
    STATE_UNJUDGED,
    STATE_PENDING,
    STATE_CANDIDATE,
    STATE_OK,
    STATE_OK_FALLBACK,
    STATE_DEGRADED,
    STATE_INTERCEPTED,
    STATE_NO_ANSWER,
    STATE_REFUSED,
    STATE_BLOCKED,
    STATES
};

/* Which way of a call's media is missing. */
enum missing_way {
    MISSING_NONE,
    MISSING_TO_PHONE,
    MISSING_FROM_PHONE, /* The phone itself was not seen to send. */
    MISSING_BEHIND /* Sent by the phone; the far end reports that it hears nothing. */
};

enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };
enum scope { SCOPE_PHONE, SCOPE_SUBNET, SCOPE_FLEET, SCOPE_PEER };
enum owner {
    OWNER_FIREWALL,
    OWNER_DNS,
    OWNER_PROXY,
    OWNER_WLAN,
    OWNER_SERVER,
    OWNER_EMM,
    OWNER_PHONE,
    OWNER_CAPTURE
};
enum trust { TRUST_GOOD, TRUST_LIMITED, TRUST_BLIND };

/* Words of the report for the enumerators above. */
const char *verdict_name(enum verdict verdict);
const char *finding_kind_name(enum finding_kind kind);
const char *outcome_name(enum outcome outcome);
const char *cause_name(enum cause cause);                   /* NULL for CAUSE_NONE. */
const char *claim_verdict_name(enum claim_verdict verdict); /* NULL: no device. */
const char *row_state_name(enum row_state state);
const char *confidence_name(enum confidence confidence);
const char *scope_name(enum scope scope);
const char *owner_name(enum owner owner);
const char *trust_name(enum trust trust);
const char *name_source_name(enum name_source source);
/* False: there is no such kind. */
bool finding_kind_parse(const char *name, enum finding_kind *out);

enum identity {
    IDENTITY_SITE,
    IDENTITY_DHCP,
    IDENTITY_OUI,
    IDENTITY_OPTION,   /* --device */
    IDENTITY_INITIATOR /* --device any */
};

const char *identity_name(enum identity identity);

/* A time in which a row was in one state for a device. */
struct stretch {
    uint32_t row;
    enum row_state state;
    int64_t from_ns, to_ns;
};

struct device {
    char key[ADDR_TEXT_LEN]; /* The MAC, else the lowest address, as text. */
    bool has_mac;
    struct mac mac;
    struct addr *addrs; /* Sorted. */
    size_t n_addrs;
    const char *host_name; /* NULL: unknown.  Shown only with show_names. */
    enum identity identified_by;
    bool is_nat;              /* Several phones stand behind its address. */
    const char *joined_by;    /* "dhcp", "mac", or NULL with one address. */
    uint8_t *rows;            /* enum row_state of each row of the policy. */
    struct stretch *timeline; /* By row, then time. */
    size_t n_timeline;
};

struct episode {
    int64_t from_ns, to_ns;
    enum outcome outcome;
    uint64_t attempts;
};

struct finding {
    char id[16];      /* "f-" and 12 hexadecimal digits. */
    char problem[16]; /* "p-...", or "". */
    enum finding_kind kind;
    uint8_t severity;                         /* 1 high, 2 medium, 3 low. */
    uint8_t advice;                           /* 1 to 11 for A1 to A11, else 0. */
    long row;                                 /* -1: no row fits. */
    uint32_t shared_with[FINDING_CANDIDATES]; /* Other rows that claim it as well. */
    size_t n_shared;
    uint32_t candidates[FINDING_CANDIDATES];
    size_t n_candidates;
    const struct device *device; /* NULL: of no device. */
    bool has_ip;
    struct addr ip;        /* Of the device, in the finding's flows. */
    const char *peer_name; /* NULL: none is known. */
    enum name_source name_source;
    struct addr peer_ips[FINDING_IPS];
    size_t n_peer_ips;
    uint8_t transport; /* enum transport */
    uint16_t port;
    uint16_t ports[FINDING_PORTS];
    size_t n_ports;
    bool from_peer; /* The peer opened the flows. */
    enum outcome outcome;
    enum cause cause;
    bool has_by;
    struct addr by;  /* Who stopped it, where the evidence tells. */
    uint8_t missing; /* enum missing_way, of one-way media. */
    uint8_t a5;      /* Signs of address translation, of advice A5. */
    enum confidence confidence;
    enum scope scope;
    enum owner owner;
    uint64_t attempts, flows, packets, bytes;
    int64_t first_ns, last_ns;
    bool resolved;
    struct episode episodes[FINDING_EPISODES];
    size_t n_episodes;
    uint32_t frames[FINDING_FRAMES]; /* The deciding ones first; over all captures. */
    size_t n_frames;
    char community_ids[FINDING_COMMUNITY_IDS][COMMUNITY_ID_LEN];
    size_t n_community_ids;
    char filter[192]; /* A Wireshark display filter. */
    char means[256];
    char todo[768];    /* What to do. */
    char located[160]; /* "between inside and outside", where taps tell; else "". */
};

/* A time in which a device was cut off. */
struct link_gap {
    const struct device *device;
    int64_t from_ns, to_ns;
    uint64_t attempts; /* In vain. */
    uint32_t frames[FINDING_FRAMES];
    size_t n_frames;
};

struct problem {
    char id[16];
    enum finding_kind kind; /* Of its findings; a link gap has none. */
    long row;               /* -1: none. */
    enum cause cause;
    bool has_by;
    struct addr by;
    enum owner owner;
    enum scope scope;
    size_t affected, unaffected;
    const struct finding **findings; /* Into the judgement's. */
    size_t n_findings;
    struct link_gap *gaps; /* Of a problem of the kind link-gap. */
    size_t n_gaps;
    int64_t first_ns, last_ns; /* Likewise. */
};

/* State of one row over the fleet. */
struct coverage {
    uint32_t row;
    enum row_state state;
    size_t devices[STATES];
    uint64_t flows;
};

struct sight_scope {
    struct prefix from;
    const char *to; /* "internet", "site", "subnet" */
    uint64_t flows, two_way;
    uint64_t heard, spoken; /* Packets toward the phones, and from them. */
    uint64_t acked_unseen;  /* Of 'flows': of which the capture misses a packet. */
    enum trust trust;
    char reason[160]; /* "" where there is none. */
};

struct unlisted {
    const char *name; /* NULL: none is known. */
    struct addr ips[FINDING_IPS];
    size_t n_ips;
    uint8_t transport;
    uint16_t port;
    size_t devices;
    uint64_t flows, bytes;
};

struct role_seen {
    enum role role;
    bool bound;
    struct addr seen[FINDING_IPS];
    size_t n_seen;
};

struct judge_summary {
    uint64_t flows, documented, unexpected, candidate, background, unjudged,
        other_flows;
};

struct judge_options {
    const char *devices[JUDGE_MAX_DEVICE_OPTIONS]; /* --device; "any" is one of them. */
    size_t n_devices;
    unsigned fail_on; /* OR of 1 << enum finding_kind. */
    bool strict;
    const char **expect; /* Row ids that must be seen. */
    size_t n_expect;
    bool show_names;
    int64_t now_ns; /* Judge as of this moment, where it is after the last packet: who
                       asks knows that nothing came since.  0: as of the last packet. */
};

struct judging;

struct judgement {
    enum verdict verdict;
    int64_t now_ns;
    bool exact;
    const char *limits[TALLY_LIMITS]; /* Caps that were reached, NULL at the end. */
    const struct tally *tally;
    const struct policy *policy;
    struct device *devices; /* Sorted by key. */
    size_t n_devices;
    struct addr *suspects; /* Hosts that behave like phones, where none was found. */
    size_t n_suspects;
    struct finding *findings; /* Sorted by severity, then device. */
    size_t n_findings;
    struct problem *problems;
    size_t n_problems;
    struct coverage *coverage; /* Of each row, in the policy's order. */
    size_t n_coverage;
    struct unlisted *unlisted;
    size_t n_unlisted;
    struct role_seen roles[ROLES];
    struct sight_scope *scopes;
    size_t n_scopes;
    enum trust trust;
    uint64_t sight_flows, sight_two_way, sight_acked_unseen;
    uint64_t named_sni, named_dns, named_http, named_none;
    uint64_t background[BACKGROUNDS];
    struct judge_summary summary;
    struct judging *judging; /* What judge_flow() asks; private. */
};

/* Judges.  'tally' must be settled; it and 'policy' are borrowed until
 * judgement_free().  NULL: '*err' says which option is wrong. */
struct judgement *judge(const struct tally *tally, const struct policy *policy,
                        const struct judge_options *options, struct policap_error *err);

void judgement_free(struct judgement *judgement);

/* What one flow is, for `flows`. */
struct flow_verdict {
    const struct device *device; /* NULL: no end is a device. */
    enum claim_verdict verdict;
    long row; /* -1: none. */
    enum outcome outcome;
    enum cause cause;
    bool has_by;
    struct addr by;
    const char *names[POLICY_MAX_NAMES];
    enum name_source sources[POLICY_MAX_NAMES];
    size_t n_names;
    bool has_ech; /* The names stood in a hello with ECH, or with its GREASE. */
};

void judge_flow(const struct judgement *judgement, const struct piece *piece,
                struct flow_verdict *out);

#endif
