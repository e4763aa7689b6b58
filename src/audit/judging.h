/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the steps of judge() share.  Nothing here outlives a judgement.
 */
#ifndef AUDIT_JUDGING_H
#define AUDIT_JUDGING_H

#include "audit/judge.h"

#include <string.h>

/* A finding of no device. */
#define NO_DEVICE UINT32_MAX

/* From 'first_ns' on, 'addr' is an address of the device. */
struct addr_owner {
    struct addr addr;
    int64_t first_ns;
    uint32_t device;
};

/* 'device' was told 'name' for 'addr'.  Sorted by address. */
struct named_addr {
    struct addr addr;
    int64_t first_ns, until_ns;
    const char *name;
    long device; /* -1: a host that is no device. */
    bool listed; /* By the capture, not told to any host. */
};

/* What a flow may claim. */
struct claim {
    enum claim_verdict verdict;
    struct policy_match rows[POLICY_MAX_ANSWERS];
    size_t n_rows;
    const char *names[POLICY_MAX_NAMES];
    enum name_source sources[POLICY_MAX_NAMES];
    size_t n_names;
    bool names_are_idle;   /* They are known, but decide nothing: claim.c. */
    bool has_ech;          /* A name stood in a hello with Encrypted Client Hello. */
    bool is_doubtful;      /* The device knows the address by other names. */
    const char *peer_name; /* The name that the row was found by, or the best known. */
    enum name_source peer_source;
};

/* What happened to one attempt. */
struct result {
    enum outcome outcome;
    enum cause cause;
    enum confidence confidence;
    uint8_t missing; /* enum missing_way */
    bool has_by;
    struct addr by;
};

/* Attempts of a cell, seen from one of its devices. */
struct attempt {
    const struct cell *cell;
    const char *peer_name; /* NULL: none is known. */
    uint32_t device;
    uint32_t rows[FINDING_CANDIDATES]; /* The best first. */
    uint8_t n_rows;
    uint8_t verdict;     /* enum claim_verdict */
    uint8_t via;         /* enum match_via, of the best row. */
    uint8_t peer_source; /* enum name_source */
    bool inbound;        /* The peer opened the flow. */
    uint16_t port;       /* That the row speaks of. */
    struct addr ip, peer;
    struct result result;
};

enum { JUDGING_PROXIES = 32 };

struct judging {
    struct judgement *out;
    const struct tally *tally;
    const struct policy *policy;
    const struct judge_options *options;
    struct addr_owner *owners;
    size_t n_owners;
    bool any; /* --device any */
    struct named_addr *named;
    size_t n_named;
    struct attempt *attempts; /* By device. */
    size_t n_attempts;
    const struct attempt **by_time; /* By device, then time. */
    const struct attempt
        *proxies[JUDGING_PROXIES]; /* One to each that is asked as one. */
    size_t n_proxies;
    struct down *down; /* Hosts that a router found to be down. */
    size_t n_down;
    const struct attempt **stalled; /* FACT_STALLED */
    size_t n_stalled;
    struct cell *cells; /* Of the pieces that are not over. */
    size_t n_cells;
    struct tally own; /* The tally with what is over folded, where 'tally' is this. */
    struct calls *calls; /* voice_calls.c */
    struct asked *asked; /* asked.c: owned, changed also where the rest is not. */
    size_t findings_room;
    uint64_t n_dhcp_flows; /* Judged by their messages, not as attempts. */
    bool failed;           /* Memory ran out. */
};

/* The cells that are judged: those of the tally, then those of flows that are not over.
 */
static inline size_t cell_count(const struct judging *j)
{
    return j->tally->cells.n + j->n_cells;
}

static inline const struct cell *cell_at(const struct judging *j, size_t i)
{
    return i < j->tally->cells.n ? pool_at(&j->tally->cells, (uint32_t)i)
                                 : &j->cells[i - j->tally->cells.n];
}

/* live.c: fills cells, and folds what is over into cells of its own. */
bool live_cells(struct judging *j);
void live_free(struct judging *j);

/* Order of two names, of which either may be unknown (NULL). */
static inline int name_cmp(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* devices.c: fills out->devices and owners.  False: an option is no device. */
bool devices_join(struct judging *j, struct policap_error *err);
/* The device that has 'addr' at 'ns', or -1. */
long device_at(const struct judging *j, const struct addr *addr, int64_t ns);
/* Roles that the device's leases give to 'addr', as bits. */
unsigned roles_given(const struct judging *j, const struct addr *addr);
/* The prefix of the device's subnet that holds 'addr'. */
struct prefix subnet_of(const struct judging *j, const struct addr *addr);
void suspects_list(struct judging *j);

/* bindings.c */
bool bindings_index(struct judging *j);
/* Names that lookups gave for 'addr' at 'ns', the device's own first. */
void names_add_bound(const struct judging *j, uint32_t device, const struct addr *addr,
                     int64_t ns, struct claim *claim);

/* Was the device told an IPv4 address of the name? */
bool names_have_v4(const struct judging *j, uint32_t device, const char *name);

/* asked.c: policy_ask(), remembered.  Names are compared by their place: they are
 * interned, or the policy's own. */
bool asked_init(struct judging *j);
size_t asked_rows(const struct judging *j, const struct policy_question *question,
                  struct policy_match out[static POLICY_MAX_ANSWERS]);

/* claim.c */
void claim_of(const struct judging *j, const struct cell *cell, uint32_t device,
              bool inbound, struct claim *out);
/* The question that the policy is asked, once the claim's names are known. */
void claim_question(const struct judging *j, const struct cell *cell, bool inbound,
                    const struct claim *claim, struct policy_question *q);
/* The port that the claim's row speaks of. */
uint16_t claim_port(const struct judging *j, const struct claim *claim,
                    const struct cell_key *key, bool inbound);
/* The row that the claim is judged by, or -1. */
long claim_row(const struct claim *claim);

/* attempts.c */
/* Each cell, seen from each of its ends that is a device: j->attempts, by device. */
bool attempts_make(struct judging *j);
/* Sorts attempts that are by device, as j->attempts are: those of each device by
 * 'cmp', whose context is 'context'. */
void attempts_sort_by(const struct attempt **attempts, size_t n,
                      int (*cmp)(const void *, const void *, void *), void *context);
/* How long an attempt of 'row', or of none (-1), is waited for, seconds. */
double attempt_wait_s(const struct judging *j, long row);
/* What the flow itself says, and what is known better from the call it belongs to. */
struct result attempt_result(const struct judging *j, const struct cell *cell,
                             const struct claim *claim, bool inbound);
/* DHCP is judged by its messages, not by its flows: they go to everybody. */
bool attempt_is_dhcp(const struct cell_key *key);

/* outcome.c */
struct result outcome_of(const struct judging *j, const struct cell_key *key,
                         double wait_s, bool inbound);

/* 'result', but where it is told from silence while the source saw one direction alone.
 */
struct result outcome_unless_blind(const struct judging *j, const struct cell *cell,
                                   struct result result);

/* Is it of a protocol in which a request is always answered?  Of any other datagrams,
 * syslog, traps, media, silence is no sign. */
bool outcome_expects_answer(const struct cell_key *key);

/* Does the ICMP error speak of the port, not of the host? */
bool outcome_says_port(const struct cell_key *key);

/* One transport, port and peer of a group. */
struct lane {
    const struct attempt **attempts; /* By time. */
    size_t n;
    bool ok;                   /* Something worked. */
    bool pending;              /* Something may still be answered. */
    const struct attempt *bad; /* The worst failure that nothing saved. */
    struct result result;      /* Its result; of datagrams that of all together. */
    bool resolved;             /* The last attempt worked. */
};

/* lanes.c */
bool outcome_is_bad(enum outcome outcome);
/* Judges a lane whose attempts are in. */
void lane_judge(const struct judging *j, struct lane *lane);
/* Does a later success in the lane make up for this failure?  Not for a connection that
 * was killed: what was to come through it did not. */
bool lane_saves(const struct judging *j, const struct lane *lane,
                const struct attempt *bad);

/* voice_calls.c: what was signalled, and the media that were announced. */
bool calls_index(struct judging *j);
void calls_free(struct judging *j);
/* Is the flow, seen from the device, media of a call? */
bool calls_have(const struct judging *j, const struct cell *cell, bool inbound);
/* 'result', or what is known better of media that go only one way. */
struct result calls_result(const struct judging *j, const struct cell *cell,
                           bool inbound, struct result result);
/* Is the flow of SIP, by its ports or because its messages say so? */
bool calls_is_signalling(const struct judging *j, const struct cell_key *key);

/* exchanges.c: exchanges of one kind between two hosts, at one port over one transport,
 * by time. */
typedef void (*exchanges_judge)(struct judging *j, const struct exchange *const *run,
                                size_t n);
void exchanges_each(struct judging *j, enum exchange_kind kind, exchanges_judge each);
/* An attempt of a device that the exchange was in, or NULL. */
const struct attempt *exchange_attempt(const struct judging *j,
                                       const struct exchange *e);

/* binds.c: what directories themselves said no to: findings of advice. */
void binds_advise(struct judging *j);

/* voice_signs.c: 'result', or what is known better of SIP that is not answered. */
struct result registration_result(const struct judging *j, const struct cell *cell,
                                  bool inbound, struct result result);
/* What call servers themselves said no to, and A5: findings of advice. */
void registrations_advise(struct judging *j);

/* nats.c: marks the devices that are several. */
bool nats_find(struct judging *j);

/* aborts.c: handshakes that phones end again and again at the certificate. */
bool aborts_settle(struct judging *j);

/* links.c */
bool links_index(struct judging *j);
/* A router that said after a while that a host is not there means the same where it
 * says so at once. */
bool links_settle(struct judging *j);
struct result link_result(const struct judging *j, const struct cell *cell,
                          bool inbound, struct result result);
/* Did an attempt of the device both begin and get an answer in this time? */
bool link_heard(const struct judging *j, uint32_t device, int64_t from, int64_t to);
/* Was the device cut off in this time?  It heard nothing, and somebody else than
 * 'peer', who answers at other times, did not answer either. */
bool link_gap(const struct judging *j, uint32_t device, const struct addr *peer,
              int64_t from, int64_t to);
/* Did it get no answer, at all or to its first words? */
bool link_was_in_vain(const struct attempt *a);
/* Does the peer answer the device, at any time? */
bool link_answers(const struct judging *j, uint32_t device, const struct addr *peer,
                  uint8_t proto, uint16_t port);
/* What an ICMP error makes of the device's attempts there; OUTCOME_OK: there is none.
 */
enum outcome link_icmp(const struct judging *j, uint32_t device,
                       const struct addr *peer, uint16_t port);
/* Is the peer a proxy, by the site file or because it is asked as one at this port? */
bool link_is_proxy(const struct judging *j, const struct attempt *attempt);
/* Did the device open a flow to the name?  Then it had an address for it. */
bool link_has_name(const struct judging *j, uint32_t device, const char *name);
/* Does the same port work for the device over IPv4, with whomever? */
bool link_has_v4(const struct judging *j, const struct attempt *bad);
/* Did the device open a flow well after that time? */
bool link_goes_on(const struct judging *j, uint32_t device, int64_t ns);
/* Is the failed attempt one of a scan by the device? */
bool link_is_scan(const struct judging *j, const struct attempt *bad);

/* groups.c: findings of documented flows, states of rows. */
void groups_judge(struct judging *j);

/* strangers.c: findings of undocumented flows. */
void strangers_judge(struct judging *j);

/* lookups.c: findings of names that did not resolve. */
void lookups_judge(struct judging *j);

/* leases.c: DHCP. */
void leases_judge(struct judging *j);

/* advice.c: what the bulletin recommends, and a capture can check. */
void advise(struct judging *j);

/* sight.c */
void sight_judge(struct judging *j);
/* Was anything seen that came to the phones of ip's subnet from where 'peer' is?  If
 * not, what is missing there is no silence. */
bool sight_hears(const struct judging *j, const struct addr *ip,
                 const struct addr *peer);
/* Likewise of what the phones sent: if not, who opened a flow can not be told. */
bool sight_sees_phones(const struct judging *j, const struct addr *ip,
                       const struct addr *peer);

/* timeline.c: when each row was in which state for each device. */
void timeline_draw(struct judging *j);

/* locate.c: where on the way, by several taps; once findings are as they stay. */
void taps_locate(struct judging *j);

/* problems.c */
void problems_find(struct judging *j);

/* link_gap.c: adds the problems that have no findings. */
void gaps_find(struct judging *j);

/* findings.c */
/* 'device' is an index into out->devices, or NO_DEVICE. */
struct finding *finding_new(struct judging *j, enum finding_kind kind, long row,
                            uint32_t device);
void finding_add_attempt(struct judging *j, struct finding *finding,
                         const struct attempt *attempt);
void finding_add_ip(struct finding *finding, const struct addr *ip);
void finding_add_port(struct finding *finding, uint16_t port);
void finding_add_frame(struct finding *finding, uint32_t frame);
/* Severity, owner, id, filter, and what it means: once all attempts are in. */
void finding_finish(struct judging *j, struct finding *finding);

/* words.c: means, todo. */
void finding_words(const struct judging *j, struct finding *finding);

/* Raises the state of a row for a device. */
void row_state_raise(struct judging *j, uint32_t device, uint32_t row,
                     enum row_state state);

#endif
