/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A question to the index.  First the peer: the classes that its address, its names and
 * its roles belong to.  Then, for each class, the buckets of the question's ports.
 */
#include "policy/internal.h"

#include <assert.h>

/* The best reason why the peer has a role. */
struct known_role {
    uint16_t detail;
    uint8_t name;
};

struct asking {
    const struct policy *policy;
    const struct policy_question *question;
    const struct index *index;
    struct answer answer;
    struct addr peer;
    unsigned roles; /* Those the peer is known to have. */
    struct known_role known[ROLES];
    unsigned arms;
    bool of_name; /* policy_rows_of_name(): whatever the ports. */
};

/* Adds the rows of a bucket, which stand in the order of an answer: once one has no
 * place, none behind it has. */
static void take_bucket(struct asking *asking, const struct bucket *bucket,
                        struct policy_match match)
{
    const struct filed *filed = asking->index->filed + bucket->first;

    for (uint32_t i = 0; i < bucket->n; i++) {
        match.row = filed[i].row;
        match.width = filed[i].width;
        if (!answer_add(&asking->answer, &match)) {
            break;
        }
    }
}

/* The arms of the question, as bits. */
static unsigned question_arms(const struct policy_question *q)
{
    unsigned transport = (unsigned)__builtin_ctz(q->transport);
    unsigned by_device = 1u << arm_of(transport, INITIATOR_DEVICE, END_DEVICE) |
                         1u << arm_of(transport, INITIATOR_DEVICE, END_PEER);
    unsigned by_peer = by_device << 2;

    return (q->initiator != INITIATOR_PEER ? by_device : 0) |
           (q->initiator != INITIATOR_DEVICE ? by_peer : 0);
}

/* The question's port at the end that the arm speaks of; ICMP is filed under 0. */
static unsigned port_at(const struct policy_question *q, unsigned arm)
{
    if (q->transport == TRANSPORT_ICMP) {
        return 0;
    }
    return (arm & 1) == END_PEER ? q->peer_port : q->device_port;
}

static bool item_is_hit(const struct item *item, unsigned arms,
                        const struct policy_question *q)
{
    for (unsigned left = item->arms & arms; left != 0; left &= left - 1) {
        unsigned port = port_at(q, (unsigned)__builtin_ctz(left));

        if (item->range.low <= port && port <= item->range.high) {
            return true;
        }
    }
    return false;
}

/* Looks at each item; 'of_name' takes them all. */
static void take_items(struct asking *asking, const struct class *class,
                       struct policy_match match)
{
    const struct item *items = asking->index->items + class->first;

    for (uint32_t i = 0; i < class->n; i++) {
        match.row = items[i].row;
        match.width = items[i].width;
        if ((asking->of_name ||
             item_is_hit(&items[i], asking->arms, asking->question)) &&
            !answer_add(&asking->answer, &match)) {
            break;
        }
    }
}

static void take_large(struct asking *asking, uint32_t number,
                       struct policy_match match)
{
    const struct index *index = asking->index;
    const struct large_class *large = &index->large[index->classes[number].large];

    for (unsigned arms = asking->arms; arms != 0; arms &= arms - 1) {
        unsigned arm = (unsigned)__builtin_ctz(arms),
                 port = port_at(asking->question, arm);

        for (uint32_t left = large->levels[arm]; left != 0; left &= left - 1) {
            unsigned level = (unsigned)__builtin_ctz(left);
            struct bucket_key key = {number, (uint16_t)(port >> level), (uint8_t)level,
                                     (uint8_t)arm};
            const struct bucket *bucket = pool_find(&index->buckets, &key);

            if (bucket) {
                take_bucket(asking, bucket, match);
            }
        }
    }
}

static void take_class(struct asking *asking, uint32_t number, enum match_via via,
                       unsigned detail, unsigned name)
{
    const struct class *class = &asking->index->classes[number];
    struct policy_match match = {
        .via = (uint8_t)via, .detail = (uint16_t)detail, .name = (uint8_t)name};

    if (asking->of_name || class->n <= FEW_ITEMS) {
        take_items(asking, class, match);
    } else {
        take_large(asking, number, match);
    }
}

static void know_roles(struct asking *asking, unsigned roles, unsigned detail,
                       unsigned name)
{
    for (; roles != 0; roles &= roles - 1) {
        unsigned role = (unsigned)__builtin_ctz(roles);
        struct known_role *known = &asking->known[role];

        if (!(asking->roles >> role & 1) || detail > known->detail) {
            *known = (struct known_role){(uint16_t)detail, (uint8_t)name};
        }
        asking->roles |= 1u << role;
    }
}

static void take_sets(struct asking *asking, uint32_t sets, unsigned bits)
{
    for (; sets != 0; sets &= sets - 1) {
        take_class(asking, asking->index->set_class[__builtin_ctz(sets)], MATCH_SET,
                   bits, 0);
    }
}

/* The prefixes that hold the peer, the narrowest first. */
static void take_address(struct asking *asking)
{
    const struct prefix_table *table = &asking->index->prefixes;
    uint32_t node = prefix_table_find(table, &asking->peer), sets_seen = 0;

    for (; node != NODE_NONE; node = table->nodes[node].parent) {
        const struct prefix_node *n = &table->nodes[node];

        if (n->meaning.class != CLASS_NONE) {
            take_class(asking, n->meaning.class, MATCH_PREFIX, n->prefix.bits, 0);
        }
        take_sets(asking, n->meaning.sets & ~sets_seen, n->prefix.bits);
        sets_seen |= n->meaning.sets;
        know_roles(asking, n->meaning.roles, n->prefix.bits, 0);
    }
}

static void take_meaning(struct asking *asking, const struct meaning *meaning,
                         enum match_via via, size_t len, unsigned name)
{
    size_t detail = via == MATCH_NAME ? 128 : len < 127 ? len : 127;

    if (meaning->class != CLASS_NONE) {
        take_class(asking, meaning->class, via, (unsigned)len, name);
    }
    know_roles(asking, meaning->roles, (unsigned)detail, name);
}

/* The name, then what stands behind each of its dots: the longest suffix first. */
static void take_name(struct asking *asking, unsigned name)
{
    const struct index *index = asking->index;
    const char *text = asking->question->names[name];
    size_t len = strlen(text);
    uint32_t number =
        len <= NAME_MAX_LEN ? intern_find(&index->names, text, len) : INTERN_NONE;

    if (number != INTERN_NONE) {
        take_meaning(asking, &index->exact[number], MATCH_NAME, len, name);
    }
    for (size_t i = 1; i < len && len <= NAME_MAX_LEN; i++) {
        if (text[i] != '.') {
            continue;
        }
        number = intern_find(&index->names, text + i + 1, len - i - 1);
        if (number != INTERN_NONE) {
            take_meaning(asking, &index->suffix[number], MATCH_SUFFIX, len - i - 1,
                         name);
        }
    }
}

/* For a peer that is not known to have the role: may it match all the same? */
static bool loose_via(const struct asking *asking, enum role role, enum match_via *via)
{
    const struct policy *policy = asking->policy;
    bool group = addr_is_group(&asking->peer);
    bool general =
        role == ROLE_DNS_SERVER || role == ROLE_DHCP_SERVER || role == ROLE_NTP_SERVER;

    *via = MATCH_ANY;
    if (!policy_role_bound(policy, role)) {
        *via = general ? MATCH_ANY : MATCH_PORT_ONLY;
        return true;
    }
    if (role == ROLE_NTP_SERVER && !group && !policy_is_inside(policy, &asking->peer)) {
        return true; /* "By default, public NTP servers": advice, not a fault. */
    }
    if (role == ROLE_DHCP_SERVER && group) {
        return true; /* A DISCOVER is broadcast. */
    }
    *via = MATCH_PORT_ONLY;
    return !policy->has_address[role] && asking->question->n_names == 0;
}

static void take_known_roles(struct asking *asking)
{
    for (unsigned left = asking->roles; left != 0; left &= left - 1) {
        unsigned role = (unsigned)__builtin_ctz(left);

        take_class(asking, asking->index->role_class[role], MATCH_ROLE,
                   asking->known[role].detail, asking->known[role].name);
    }
}

static void take_other_roles(struct asking *asking)
{
    for (unsigned role = 0; role < ROLES; role++) {
        enum match_via via;

        if (!(asking->roles >> role & 1) && loose_via(asking, role, &via)) {
            take_class(asking, asking->index->role_loose[role], via, 0, 0);
        }
    }
}

size_t policy_ask(const struct policy *policy, const struct policy_question *question,
                  struct policy_match out[static POLICY_MAX_ANSWERS])
{
    struct asking asking = {.policy = policy,
                            .question = question,
                            .index = &policy->index,
                            .answer = {out, 0},
                            .arms = question_arms(question),
                            .peer = addr_of_nat64(&question->peer)};

    assert(question->n_names <= POLICY_MAX_NAMES);
    know_roles(&asking, question->roles_given, 128, 0);
    take_address(&asking);
    for (unsigned i = 0; i < question->n_names; i++) {
        take_name(&asking, i);
    }
    take_known_roles(&asking);
    take_other_roles(&asking);
    take_class(&asking, CLASS_ANY, MATCH_ANY, 0, 0);
    take_class(&asking, CLASS_MEDIA, MATCH_PORT_ONLY, 0, 0);
    if (question->n_names == 0) {
        take_class(&asking, CLASS_NAMELESS_SITE, MATCH_PORT_ONLY, 0, 0);
        if (!policy_is_inside(policy, &asking.peer)) {
            take_class(&asking, CLASS_NAMELESS, MATCH_PORT_ONLY, 0, 0);
        }
    }
    return asking.answer.n;
}

size_t policy_rows_of_name(const struct policy *policy, const char *name,
                           struct policy_match out[static POLICY_MAX_ANSWERS])
{
    struct policy_question question = {
        .transport = TRANSPORT_TCP, .names = {name}, .n_names = 1};
    struct asking asking = {.policy = policy,
                            .question = &question,
                            .index = &policy->index,
                            .answer = {out, 0},
                            .of_name = true};

    take_name(&asking, 0);
    take_known_roles(&asking);
    return asking.answer.n;
}
