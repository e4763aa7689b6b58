/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How a policy is held: rows with their peers parsed, what the site file binds, and the
 * index over both.  For the files of this module and their tests.
 *
 * A policy is built by policy_new(), the policy_add_... and policy_set_... calls in any
 * order, then policy_finish(), which resolves references and makes the index.
 */
#ifndef POLICY_INTERNAL_H
#define POLICY_INTERNAL_H

#include "base/error.h"
#include "base/pool.h"
#include "policy/policy.h"

#include <stdint.h>

enum {
    PORT_LEVELS = 17,    /* Blocks of 2^0 to 2^16 ports. */
    TRANSPORTS = 3,      /* TCP, UDP, ICMP: bit numbers of enum transport. */
    NAME_MAX_LEN = 253,  /* RFC 1035 2.3.4, without the last dot. */
    WILD_PORTS = 1024,   /* A range this wide does not narrow anything. */
    MAX_SETS = 32,       /* Bits of a mask. */
    MAX_FILED = 1 << 28, /* Entries of all buckets. */
    MAX_LIST = 1 << 20,  /* Entries of any list of a file. */
    MAX_FILE = 256 << 20 /* Bytes of a file. */
};

/* No such number.  Macros, since an enumerator must fit an int. */
#define CLASS_NONE UINT32_MAX
#define INTERN_NONE UINT32_MAX
#define NODE_NONE UINT32_MAX

enum peer_kind {
    PEER_ANY,
    PEER_MEDIA,
    PEER_GOOGLE_OUT,
    PEER_ROLE,
    PEER_SET,
    PEER_NAME,
    PEER_SUFFIX,
    PEER_PREFIX
};

/* One peer of a row, one binding of a role, or one entry of a list of the site file. */
struct peer {
    enum peer_kind kind;
    const char *text;     /* Of NAME and SUFFIX (without "*."), SET: lower case. */
    struct prefix prefix; /* Of PREFIX. */
    unsigned number;      /* Role or set; in the index, prefix node or name, too. */
};

/* Memory that is released at once. */
struct arena {
    struct arena_block *blocks;
    size_t left; /* In the newest block. */
    char *at;
    bool failed; /* Once: memory was refused. */
};

void *arena_take(struct arena *arena, size_t size);
const char *arena_text(struct arena *arena, const char *text);
void arena_fini(struct arena *arena);

/* A growing array of peers. */
struct peer_list {
    struct peer *at;
    size_t n, room;
};

struct prefix_set {
    const char *name;
    struct peer_list peers;
};

/* Text to number: 0, 1, ... in order of first sight. */
struct intern {
    const char **texts;
    uint32_t *slots; /* Number + 1, or 0. */
    uint32_t n, room, mask;
};

bool intern_add(struct intern *table, const char *text, size_t len, struct arena *arena,
                uint32_t *out);
uint32_t intern_find(const struct intern *table, const char *text, size_t len);
void intern_fini(struct intern *table);

/* What a prefix or a name stands for.  'class' is the number of a class of the index,
 * or CLASS_NONE: no row lists it. */

struct meaning {
    uint32_t class;
    uint32_t roles; /* Roles bound to it. */
    uint32_t sets;  /* Sets that hold it. */
};

/* All prefixes of a policy, and for each address the narrowest that holds it. */
struct prefix_node {
    struct prefix prefix;
    uint32_t parent; /* The narrowest that holds this one; NODE_NONE. */
    struct meaning meaning;
};

struct boundary {
    struct addr from;
    uint32_t node; /* Of all addresses up to the next boundary; NODE_NONE. */
};

struct prefix_table {
    struct prefix_node *nodes;
    struct boundary *boundaries;
    size_t n_nodes, n_boundaries;
};

/* Takes the 'n' nodes (prefix and meaning filled; equal prefixes are joined). */
bool prefix_table_make(struct prefix_table *table, struct prefix_node *nodes, size_t n);
uint32_t prefix_table_find(const struct prefix_table *table, const struct addr *addr);
void prefix_table_fini(struct prefix_table *table);

/* One range of a row, as a class lists it. */
struct item {
    uint32_t row, width;
    struct port_range range;
    uint16_t arms; /* Bits of arm_of(): in which ways it can be hit. */
};

/* Rows of one class, arm and block of ports, by width, then row. */
struct filed {
    uint32_t row, width;
};

struct bucket_key {
    uint32_t class;
    uint16_t block;
    uint8_t level;
    uint8_t arm;
};

struct bucket {
    struct bucket_key key;
    uint32_t n, first;
};

enum {
    ARMS = TRANSPORTS * 4, /* Transport, who opens, at whose end the ports are. */
    END_DEVICE = 0,
    END_PEER = 1,
    FEW_ITEMS = 16 /* So many are looked at one by one: it is one or two cache lines. */
};

/* 'opener' is INITIATOR_DEVICE or INITIATOR_PEER, 'end' END_DEVICE or END_PEER. */
static inline unsigned arm_of(unsigned transport, enum initiator opener, unsigned end)
{
    return transport * 4 + (opener == INITIATOR_PEER ? 2 : 0) + end;
}

/* A class is a peer that rows list: a prefix, a name, a set, ...  Its items stand by
 * width, then row: in the order of an answer. */
struct class
{
    uint32_t n, first; /* Of 'items'. */
    uint32_t large;    /* Of 'large', where there are more than a few items. */
};

/* What a class with many items has besides: which sizes of blocks its buckets have. */
struct large_class {
    uint32_t levels[ARMS]; /* Bit l: there are buckets of 2^l ports. */
};

struct index {
    struct prefix_table prefixes;
    struct intern names;            /* Exact names and suffixes. */
    struct meaning *exact, *suffix; /* By number of the name. */
    struct class *classes;
    uint32_t n_classes, room;
    /* Rows of a role for peers known to have it, and for all others; of a set. */
    uint32_t role_class[ROLES], role_loose[ROLES], set_class[MAX_SETS];
    struct item *items;
    struct large_class *large;
    uint32_t n_large;
    struct pool buckets;
    struct filed *filed;
};

/* The classes that each index has. */
enum {
    CLASS_ANY,
    CLASS_MEDIA,
    CLASS_NAMELESS,      /* Rows that list names, without their names. */
    CLASS_NAMELESS_SITE, /* The same of the site file's rows. */
    CLASS_FIXED
};

struct row_peers {
    struct peer *at;
    size_t n;
};

struct policy {
    struct arena arena;
    struct policy_row *rows;
    struct row_peers *peers; /* Of each row. */
    size_t n_rows, rows_room;
    struct intern ids; /* Ids and aliases. */
    uint32_t *id_rows; /* Row of each. */
    size_t id_room;
    struct policy_pack *packs;
    size_t n_packs;
    struct policy_pack site_pack;
    struct prefix_set sets[MAX_SETS];
    size_t n_sets;
    struct peer_list bindings[ROLES];
    bool has_address[ROLES]; /* A binding is an address or a prefix. */
    /* The site file. */
    const char *site_name, *site_sha256;
    bool google_out_any, outside_capture;
    struct peer_list subnets, private_prefixes;
    struct mac *macs, *ouis;
    size_t n_macs, n_ouis;
    const char **off;
    size_t n_off;
    struct index index;
};

struct policy *policy_new(void);
/* Copies the row with its texts.  'row->pack' is set; 'off' and 'wild' are found out.
 */
bool policy_add_row(struct policy *policy, const struct policy_row *row,
                    struct policap_error *err);
bool policy_add_binding(struct policy *policy, enum role role, const char *peer,
                        struct policap_error *err);
/* Adds the set when it is new. */
bool policy_add_to_set(struct policy *policy, const char *set, const char *prefix,
                       struct policap_error *err);
bool policy_add_off(struct policy *policy, const char *group);
bool policy_finish(struct policy *policy, struct policap_error *err);

bool no_memory(struct policap_error *err);

/* Reads a peer as it is written.  False: '*err' says "what is wrong: what to do". */
bool peer_parse(const char *text, struct arena *arena, struct peer *out,
                struct policap_error *err);
/* The same for a prefix alone. */
bool peer_parse_prefix(const char *text, struct peer *out, struct policap_error *err);
bool peer_push(struct peer_list *list, const struct peer *peer);
long role_find(const char *name);
/* Says so, with the list of roles.  Returns false. */
bool role_unknown(const char *name, struct policap_error *err);
long set_find(const struct policy *policy, const char *name);

/* Makes the index of a policy whose rows are complete. */
bool index_make(struct policy *policy, struct policap_error *err);
void index_fini(struct index *index);
/* Files the items of classes that have many. */
bool buckets_make(struct index *index);

/* Walks the ways in which a row can be hit: (opener, end) pairs.  At most four. */
struct row_arm {
    enum initiator opener;
    unsigned end;
};
size_t row_arms(const struct policy_row *row, struct row_arm out[static 4]);
/* Can the row match at all? */
bool row_is_live(const struct policy_row *row);
/* The IPv4 address in one of 64:ff9b::/96; else the address itself. */
struct addr addr_of_nat64(const struct addr *addr);

/* The order of policy->macs. */
int mac_compare(const void *a, const void *b);

static inline uint32_t range_width(struct port_range range)
{
    return (uint32_t)range.high - range.low + 1;
}

/* An answer being gathered: the best POLICY_MAX_ANSWERS rows, the best first. */
struct answer {
    struct policy_match *out;
    size_t n;
};

/* One peer of a row against a question, and the width of the row's narrowest range that
 * fits it (0: none does; 'known': fallback ports count too): linear.c. */
bool linear_peer_fits(const struct policy *policy, const struct policy_row *row,
                      const struct peer *peer, const struct policy_question *q,
                      struct policy_match *m);
uint32_t linear_ports_fit(const struct policy_row *row, const struct policy_question *q,
                          bool known);

/* Negative: 'a' comes before 'b'. */
int match_compare(const struct policy_match *a, const struct policy_match *b);
/* False: the match, and each that is worse, has no place. */
bool answer_add(struct answer *answer, const struct policy_match *match);

#endif
