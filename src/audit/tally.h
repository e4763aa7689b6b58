/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The tally: everything that was seen, as keyed and bounded records.
 *
 * Nothing in a tally is a verdict, and no key is a row: the same tally can be judged
 * by another policy.  Each record combines with another of the same key field by field
 * (sums, smallest, largest, ORs), so tallies of parts merge to the tally of the whole,
 * in any order.  The fields of each kind, and how each combines, stand in one table
 * (records.c) that merging, writing and reading share.
 *
 * Times are nanoseconds since 1970 UTC, 0 where there is none.  Frames are numbered
 * over all captures of a tally, from 1: these ordinals come in runs (struct frame_run)
 * that tell capture and number.
 */
#ifndef AUDIT_TALLY_H
#define AUDIT_TALLY_H

#include "audit/attempt.h"
#include "audit/days.h"
#include "audit/tally_voice.h"
#include "base/pages.h"
#include "base/pool.h"
#include "flow/flow.h"
#include "names/names.h"

#include <policap/error.h>
#include <stdio.h>

enum {
    TALLY_MAX_SOURCES = 256, /* Interfaces of one tap. */
    TALLY_MAX_TAPS = 16,     /* Named ones. */
    TAP_NAME_LEN = 64,
    TALLY_MAX_CAPTURES = 65536,
    TALLY_MAX_BLINDS = 1024,
    RECORD_KINDS = 11, /* Of records that lie in pools (records.h). */
    TALLY_LIMITS = 20  /* Caps that can be named, and the end. */
};

/* Lookups of one name by one host at one resolver, in one slot. */
struct lookup_key {
    struct addr host, resolver;
    uint32_t name;
    uint32_t slot;
    uint16_t type;
    uint16_t zero;
};

enum lookup_answer {
    LOOKUP_ADDRESS,  /* With an address that can be used. */
    LOOKUP_EMPTY,    /* No error, and no address. */
    LOOKUP_PRIVATE,  /* All addresses private, unspecified or loopback. */
    LOOKUP_NXDOMAIN, /* RCODE 3 */
    LOOKUP_REFUSED,  /* RCODE 5 */
    LOOKUP_SERVFAIL, /* RCODE 2 */
    LOOKUP_OTHER,
    LOOKUP_ANSWERS
};

struct lookup {
    struct lookup_key key;
    uint32_t queries;
    uint32_t answers[LOOKUP_ANSWERS];
    int64_t first_query_ns, last_query_ns;
    int64_t first_answer_ns, last_answer_ns;
    uint32_t frames[4]; /* First and last query, first and last answer. */
};

/* The name that 'host' was told for 'addr'; of host :: one that the capture itself
 * lists, good for as long as that capture (first_ns to until_ns). */
struct binding_key {
    struct addr host, addr;
    uint32_t name;
    uint32_t zero;
};

struct binding {
    struct binding_key key;
    int64_t first_ns, last_ns; /* Of the answers. */
    int64_t until_ns;          /* Latest end of a TTL. */
    uint32_t frame;
};

/* A DHCP lease: which hardware has which address. */
struct lease_key {
    struct mac mac;
    struct addr addr; /* ::, until one is given. */
    uint16_t zero;
};

struct lease {
    struct lease_key key;
    int64_t first_ns, last_ns;
    struct addr server, relay; /* The largest seen, :: for none. */
    struct addr router;
    struct addr resolvers[2], ntp[2];
    uint32_t host_name, vendor_class; /* Names; 0: none. */
    uint8_t mask_bits;
};

/* DHCP messages of one hardware address, in one slot. */
struct dhcp_key {
    struct mac mac;
    uint16_t zero;
    uint32_t slot;
};

struct dhcp {
    struct dhcp_key key;
    uint32_t n[9]; /* By message type. */
    int64_t first_ns[9], last_ns[9];
    uint32_t frames[9];
};

/* An address in frames of a hardware address. */
struct host_key {
    struct addr addr;
    struct mac mac; /* Zero where the link layer has none. */
    uint16_t vlan;
    uint16_t source; /* The tap alone: farther away, the same packet has less TTL. */
    uint16_t zero[3];
};

struct host {
    struct host_key key;
    int64_t first_ns, last_ns;
    uint32_t arp;              /* Times the owner said so itself (ARP). */
    uint8_t ttl_low, ttl_high; /* Of its packets, RSTs left out; 0: none. */
};

/* Messages of one kind with one result, in one slot. */
enum exchange_kind {
    EXCHANGE_SIP_REGISTER,
    EXCHANGE_SIP_INVITE,
    EXCHANGE_SIP_OTHER,
    EXCHANGE_LDAP_BIND,
    EXCHANGE_KINDS
};

/* Below 100: of requests.  Of answers: SIP's status, LDAP's resultCode plus 100. */
enum exchange_result {
    EXCHANGE_ASKED,
    EXCHANGE_ASKED_AS_USER,   /* With credentials. */
    EXCHANGE_ASKED_IN_PIECES, /* In IP fragments that all were seen; counted besides. */
    EXCHANGE_FRAGMENTS_MISSING, /* Of which some were not. */
    EXCHANGE_ANSWERS = 100
};

struct exchange_key {
    struct addr host, peer; /* Who asked, and who was asked. */
    uint32_t slot;
    uint16_t port; /* Of who was asked. */
    uint16_t result;
    uint8_t kind; /* enum exchange_kind */
    uint8_t proto;
    uint16_t zero;
};

struct exchange {
    struct exchange_key key;
    uint32_t n;
    int64_t first_ns, last_ns;
    uint32_t frames[4];
};

/* Packets that are of no flow, by class. */
enum background {
    BACKGROUND_ARP,
    BACKGROUND_EAPOL,
    BACKGROUND_LINK, /* LLDP, STP, CDP, LACP and other link layer control. */
    BACKGROUND_IGMP,
    BACKGROUND_ICMP,
    BACKGROUND_ND, /* Neighbour discovery and multicast listeners. */
    BACKGROUND_OTHER_IP,
    BACKGROUND_ORPHAN_FRAGMENT,
    BACKGROUND_MDNS,
    BACKGROUND_SSDP,
    BACKGROUND_LLMNR,
    BACKGROUND_NETBIOS,
    BACKGROUND_DHCPV6,
    BACKGROUND_LINK_LOCAL,
    BACKGROUND_MULTICAST,
    BACKGROUNDS
};

const char *background_name(enum background class);

/* When a source captured: windows at most 60 s apart are joined. */
struct window {
    uint16_t source;
    uint16_t zero;
    uint32_t n; /* Makes the key unique. */
    int64_t first_ns, last_ns;
};

/* A capture that frames are numbered in. */
struct tally_capture {
    char *path; /* Owned. */
    char format[12];
    uint16_t links[8];
    uint32_t n_links;
    uint64_t packets, bytes, snaplen_cut_packets, dropped, copies;
    bool
        is_live; /* Of 'dropped' these are known apart; a tally as text has them not. */
    uint64_t dropped_kernel, dropped_interface;
    int64_t first_ns, last_ns;
    bool cut;
    uint64_t undecoded[DECODE_RESULTS];
    uint64_t encap[ENCAPS]; /* Packets in each kind of tunnel. */
    uint16_t tap;           /* 0: of no named one. */
    size_t run; /* Index of its latest run, from 1; 0 without one.  While reading. */
};

/* The ordinal of a frame for which there was none left. */
#define FRAME_UNKNOWN UINT32_MAX

/* Frames 'number' and on of a capture have the ordinals 'first' and on, 'n' of them.
 * Some of these may be no frame's. */
struct frame_run {
    uint32_t first, n;
    uint32_t capture; /* Index. */
    uint64_t number;
};

/* Interned names.  Id 0 is no name. */
struct name_table {
    char *bytes;
    uint32_t *offsets; /* By id. */
    uint32_t *slots;
    uint32_t n, room, mask;
    uint32_t n_free, hint; /* Ids up to 'n' that are no name's any more. */
    size_t used, capacity;
    size_t max_bytes; /* 0: as many as any tally may have. */
    uint64_t n_refused;
};

struct tally {
    struct name_table names;
    struct pool cells, lookups, bindings, leases, dhcp, hosts;
    struct pool exchanges, calls, expectations, nat_signs, media;
    struct piece **pieces; /* Flows that are not over. */
    size_t n_pieces, pieces_room;
    struct window *windows;
    size_t n_windows;
    struct window *blinds; /* In which a source saw one direction alone. */
    size_t n_blinds;
    struct tally_capture *captures;
    size_t n_captures;
    struct frame_run *runs; /* In order of their ordinals, which do not overlap. */
    size_t n_runs, runs_room;
    char taps[TALLY_MAX_TAPS][TAP_NAME_LEN]; /* Tap n is named taps[n - 1]. */
    size_t n_taps;
    struct day *days; /* In order. */
    size_t n_days;
    char **notes; /* Of whoever writes the tally to himself; not merged.  Owned. */
    size_t n_notes;
    uint64_t background[BACKGROUNDS];
    uint64_t evicted; /* Flows driven out early, or that could not stay ... */
    uint64_t driven[FLOW_CLASSES]; /* ... and of what class the former were. */
    uint64_t early_hours; /* Of a sensor, that left for want of memory (hours.h). */
    uint32_t max_stay;    /* Flows that stay; 0: as many as in any tally. */
    bool keep_pieces;     /* Closed pieces are kept as they are too: `flows`. */
    bool stay; /* Flows that are over stay pieces, while there is room: another
                  part of the capture or another source may complete them. */
    struct piece **spare; /* Memory of pieces that are needed no longer. */
    size_t n_spare, spare_room;
    struct piece **closed;
    size_t n_closed, closed_room;
    struct pages own_pages; /* In which pieces lie ... */
    struct pages *pages;    /* ... or, not NULL, in these, which outlive the tally. */
};

void tally_init(struct tally *tally);
void tally_fini(struct tally *tally);

/* The id of 'name', made where it is new.  0: the table is full, or 'name' is "". */
uint32_t tally_name(struct tally *tally, const char *name);
/* Forgets the names for which 'used', by id, is 0; ids of others stay as they are.
 * False: out of memory, and nothing is forgotten. */
bool tally_keep_names(struct tally *tally, const uint8_t *used);
/* Borrowed until the next tally_name(). */
const char *tally_name_text(const struct tally *tally, uint32_t id);

/* The tap of a source; 0 where captures have no named one. */
static inline unsigned source_tap(uint16_t source)
{
    return source >> 8;
}

/* The number of the tap 'name', made where it is new.  0: there are too many, or the
 * name is empty or too long. */
uint16_t tally_tap(struct tally *tally, const char *name);
/* NULL: there is no such tap. */
const char *tally_tap_name(const struct tally *tally, unsigned tap);

/* Notes who sends from where: 'sight' is of one packet, or of what one end of a flow
 * sent. */
void tally_add_host(struct tally *tally, const struct host *sight);

/* Notes the hosts at both ends of a flow. */
void tally_add_hosts_of(struct tally *tally, const struct piece *piece);

/* The TTLs of an address's packets, as the tap of 'source' saw them; of a settled
 * tally. False: no packet that counts was seen. */
bool tally_ttls(const struct tally *tally, const struct addr *addr, uint16_t source,
                uint8_t *low, uint8_t *high);

/* Adds a flow that is not over. */
bool tally_add_piece(struct tally *tally, const struct piece *piece);
/* Likewise one that lies in the tally's pages already. */
bool tally_adopt_piece(struct tally *tally, struct piece *piece);

/* Says that a piece, which is no longer among them, is not needed. */
void tally_spare_piece(struct tally *tally, struct piece *piece);

/* Folds flows of which no source saw a packet from 'ns' on (live.c). */
void live_fold(struct tally *tally, int64_t ns);

/* Folds a flow that is over into its cell. */
void tally_fold(struct tally *tally, const struct piece *piece);

/* Takes a flow that is over: into its cell, or as it is where it may stay. */
void tally_close_piece(struct tally *tally, const struct piece *piece);

/* Notes that 'source' captured from 'first_ns' to 'last_ns'. */
bool tally_add_window(struct tally *tally, uint16_t source, int64_t first_ns,
                      int64_t last_ns);

/* Notes that a source saw one direction alone (blind.c); overlapping times are one. The
 * oldest goes where there are too many.  False: out of memory. */
bool tally_add_blind(struct tally *tally, const struct window *blind);
/* Did 'source' for some of this time? */
bool tally_is_blind(const struct tally *tally, uint16_t source, int64_t first_ns,
                    int64_t last_ns);

/* Adds all of 'from' to 'into': union, equal keys combined.  Frames of 'from' are
 * renumbered behind the captures of 'into'.  False: out of memory, or too many
 * captures. */
bool tally_merge(struct tally *into, const struct tally *from);
/* Likewise, where the pieces of both lie in pages of the same owner: those of 'from'
 * become pieces of 'into'. */
bool tally_absorb(struct tally *into, struct tally *from);

/* Stitches the flows that are not over, folds those that can get no more packets, and
 * sorts all records by their keys: the form in which equal evidence is equal bytes. */
bool tally_settle(struct tally *tally);

/* --- a tally that goes on for months (cut.c) --- */

/* Moves captures, runs of frames, taps, windows and days of 'from' into 'into', which
 * has none of them. */
void tally_move_head(struct tally *into, struct tally *from);

/* Moves the records of 'from' into 'into'; frames stay as they are.  'from' keeps its
 * memory for more.  False: out of memory. */
bool tally_move_records(struct tally *into, struct tally *from);

/* Adds what 'from' knows of who has which address. */
void tally_merge_identities(struct tally *into, const struct tally *from);

/* Forgets captures that ended before 'ns', and of the others all but the last 'most'.
 * Frames of theirs can then be told no more. */
void tally_forget_captures(struct tally *tally, int64_t ns, size_t most);

/* Forgets windows that ended before 'ns', and cuts those that began before. */
void tally_forget_windows(struct tally *tally, int64_t ns);

/* Latest packet of any source. */
int64_t tally_end_ns(const struct tally *tally);

/* --- ordinals of frames (frames.c) --- */

/* The ordinal of frame 'number' of a capture, which grows from call to call. */
uint32_t tally_frame(struct tally *tally, size_t capture, uint64_t number);

/* The first ordinal of 'n' frames of a capture that are numbered from 'number' on; the
 * others follow.  0: they do not lie in a row, each has to be asked for. */
uint32_t tally_frames(struct tally *tally, size_t capture, uint64_t number, size_t n);

/* The highest ordinal so far. */
uint32_t tally_last_frame(const struct tally *tally);

/* Adds a run behind the others.  False: it does not fit there, or no memory. */
bool tally_add_run(struct tally *tally, const struct frame_run *run);

/* The capture that holds the frame with ordinal 'frame', and the frame's number in it;
 * NULL: none is known. */
const struct tally_capture *tally_capture_of(const struct tally *tally, uint32_t frame,
                                             uint64_t *number);

/* Counters that hit a cap, as "cells", ... ; NULL ends the list. */
const char *const *tally_limits(const struct tally *tally,
                                const char *room[static TALLY_LIMITS]);

/* --- the tally as text (tally_json.c) --- */

/* Writes the records as lines of JSON.  False: '*err' says why. */
bool tally_write(const struct tally *tally, const char *path,
                 struct policap_error *err);

/* The same into an open file.  False: not all could be written. */
bool tally_write_lines(const struct tally *tally, FILE *out);

/* Reads what tally_write() wrote.  NULL: '*err' says where it is broken.  The caller
 * releases with tally_fini() and free(). */
struct tally *tally_read(const char *path, struct policap_error *err);

#endif
