/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What happened to an attempt, and who did it (DESIGN 3.3).
 *
 * Silence accuses only by the phone's own repetitions; a RST or an ICMP error is
 * positive evidence, and who sent it is told by its TTL or its address.
 */
#include "audit/judging.h"

enum {
    SYN_REPEATS = 3,      /* The same SYN at least so often ... */
    SYN_SPAN_S = 3,       /* ... over so many seconds (2.9, see seconds_step()). */
    SYN_REPEATS_HIGH = 5, /* From here on there is no doubt. */
    HELLO_REPEATS = 3,
    HELLO_SPAN_S = 1,
    HOLE_SPAN_S = 3,
    ANSWER_WAIT_S = 3, /* So long the phone waited for an answer before it gave up. */
    PROTO_UDP = 17,
    PORT_DNS = 53,
    PORT_NTP = 123,
    RESOLVE_S = 1 /* A router asks so long for a host that is down. */
};

static struct result result_of(enum outcome outcome, enum cause cause,
                               enum confidence confidence)
{
    return (struct result){
        .outcome = outcome, .cause = cause, .confidence = confidence};
}

static struct result waiting(const struct cell_key *key, double wait_s)
{
    return result_of(key->waited_s < wait_s ? OUTCOME_PENDING : OUTCOME_UNKNOWN,
                     CAUSE_NONE, CONFIDENCE_LOW);
}

static struct result syn_silent(const struct cell_key *key, double wait_s)
{
    if (key->waited_s < wait_s || key->repeats < SYN_REPEATS ||
        key->span_s < SYN_SPAN_S) {
        return waiting(key, wait_s);
    }
    if (key->span_s == SYN_SPAN_S && key->waited_s == key->span_s &&
        !(key->facts & FACT_CLOSED)) {
        /* It may still have been trying when the window ended. */
        return result_of(OUTCOME_PENDING, CAUSE_NONE, CONFIDENCE_LOW);
    }
    return result_of(OUTCOME_BLOCKED, CAUSE_SYN_DROP,
                     key->repeats < SYN_REPEATS_HIGH ? CONFIDENCE_MEDIUM
                                                     : CONFIDENCE_HIGH);
}

/* Did no router count it down yet? */
static bool ttl_is_untouched(uint8_t ttl)
{
    return ttl == 64 || ttl == 128 || ttl == 255;
}

/* Did a box on the way send this RST?  The peer's own packets arrive with its TTL; a
 * box that stands nearer sends with another.  Where the peer sent nothing else, a TTL
 * that no router has counted down can not be a far peer's. */
static struct result reset_by(const struct judging *j, const struct cell_key *key,
                              enum cause cause, bool inbound)
{
    uint8_t low, high;
    struct prefix near = subnet_of(j, &key->client);
    bool untouched = ttl_is_untouched(key->rst_ttl);
    struct result refused = result_of(OUTCOME_REFUSED, CAUSE_NONE, CONFIDENCE_MEDIUM);

    refused.has_by = true;
    refused.by = key->server;
    if (inbound) {
        return refused;
    }
    if (tally_ttls(j->tally, &key->server, key->source, &low, &high)) {
        /* A proxy on the way that speaks for the peer is nearer than the peer, whose
         * own RST then is the one that routers counted down. */
        bool farther = ttl_is_untouched(low) && !untouched &&
                       !prefix_contains(&near, &key->server);

        if (!farther && (key->rst_ttl < low || key->rst_ttl > high)) {
            return result_of(OUTCOME_BLOCKED, cause, CONFIDENCE_HIGH);
        }
        refused.confidence = CONFIDENCE_HIGH;
        return refused;
    }
    if (untouched && (key->facts & FACT_TTL_UNTOUCHED) &&
        !prefix_contains(&near, &key->server)) {
        return result_of(OUTCOME_BLOCKED, cause, CONFIDENCE_MEDIUM);
    }
    return refused;
}

static bool icmp_prohibits(const struct cell_key *key)
{
    if (addr_is_v4(&key->client)) {
        return key->icmp_code == 9 || key->icmp_code == 10 || key->icmp_code == 13;
    }
    return key->icmp_code == 1 || key->icmp_code == 5 || key->icmp_code == 6;
}

bool outcome_says_port(const struct cell_key *key)
{
    return addr_is_v4(&key->client) ? key->icmp_code == 3 : key->icmp_code == 4;
}

static struct result icmp_stopped(const struct cell_key *key, bool inbound)
{
    struct result result =
        result_of(OUTCOME_BLOCKED, CAUSE_ICMP_UNREACHABLE, CONFIDENCE_HIGH);

    result.has_by = true;
    result.by = key->by;
    if (icmp_prohibits(key)) {
        result.cause = CAUSE_ICMP_PROHIBITED;
    }
    /* Who asked, or a phone that hung up, says so about a late answer: that is normal.
     */
    if (addr_equal(&key->by, &key->client) ||
        (inbound && key->proto == PROTO_UDP && addr_equal(&key->by, &key->server))) {
        return result_of(OUTCOME_UNKNOWN, CAUSE_NONE, CONFIDENCE_LOW);
    }
    if (addr_equal(&key->by, &key->server)) {
        result.outcome = OUTCOME_REFUSED;
    } else if (!icmp_prohibits(key) && !outcome_says_port(key) &&
               key->span_s >= RESOLVE_S) {
        /* The last router looked for the host, and there is none. */
        result.outcome = OUTCOME_REFUSED;
    }
    return result;
}

static struct result hello_silent(const struct cell_key *key, double wait_s)
{
    if (key->repeats >= HELLO_REPEATS && key->span_s >= HELLO_SPAN_S &&
        key->waited_s >= wait_s) {
        return result_of(OUTCOME_BLOCKED, CAUSE_HELLO_DROP,
                         key->repeats < SYN_REPEATS_HIGH ? CONFIDENCE_MEDIUM
                                                         : CONFIDENCE_HIGH);
    }
    return waiting(key, wait_s);
}

bool outcome_expects_answer(const struct cell_key *key)
{
    static const uint16_t ports[] = {PORT_DNS, PORT_NTP, 5060, 5061, 5070, 5071};

    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        if (key->server_port == ports[i]) {
            return !(key->facts & (FACT_GROUP | FACT_RTP));
        }
    }
    return false;
}

static struct result request_silent(const struct cell_key *key, double wait_s)
{
    enum cause cause =
        key->server_port == PORT_DNS ? CAUSE_DNS_NO_REPLY : CAUSE_NO_REPLY;

    if (!outcome_expects_answer(key)) {
        return result_of(OUTCOME_UNKNOWN, CAUSE_NONE, CONFIDENCE_LOW);
    }
    if (key->repeats > 1 && key->span_s >= wait_s && key->waited_s >= wait_s) {
        return result_of(OUTCOME_BLOCKED, cause, CONFIDENCE_MEDIUM);
    }
    return waiting(key, wait_s);
}

static struct result answered(const struct cell_key *key)
{
    if (key->check == CHECK_DENIED) {
        struct result denied =
            result_of(OUTCOME_BLOCKED, CAUSE_PROXY_DENIED, CONFIDENCE_HIGH);

        denied.has_by = true;
        denied.by = key->server;
        return denied;
    }
    return key->check == CHECK_PORTAL
               ? result_of(OUTCOME_BLOCKED, CAUSE_CAPTIVE_PORTAL, CONFIDENCE_HIGH)
               : result_of(OUTCOME_OK, CAUSE_NONE, CONFIDENCE_HIGH);
}

struct result outcome_of(const struct judging *j, const struct cell_key *key,
                         double wait_s, bool inbound)
{
    switch ((enum attempt_sign)key->sign) {
    case ATTEMPT_OK:
        return answered(key);
    case ATTEMPT_OPEN:
    case ATTEMPT_TLS_LEFT: /* See aborts_settle(). */
        return result_of(OUTCOME_OK, CAUSE_NONE, CONFIDENCE_MEDIUM);
    case ATTEMPT_SYN_SILENT:
        return syn_silent(key, wait_s);
    case ATTEMPT_RESET:
        return reset_by(j, key, CAUSE_TCP_RESET, inbound);
    case ATTEMPT_HELLO_RESET:
        return reset_by(j, key, CAUSE_HELLO_RESET, inbound);
    case ATTEMPT_HELLO_SILENT:
        return hello_silent(key, wait_s);
    case ATTEMPT_NO_ANSWER:
        return key->span_s >= ANSWER_WAIT_S
                   ? result_of(OUTCOME_NO_ANSWER, CAUSE_NONE, CONFIDENCE_MEDIUM)
                   : waiting(key, ANSWER_WAIT_S);
    case ATTEMPT_REQUEST_SILENT:
        return request_silent(key, wait_s);
    case ATTEMPT_ICMP:
        return icmp_stopped(key, inbound);
    case ATTEMPT_TAIL_RESET:
        return result_of(OUTCOME_IDLE_KILLED, CAUSE_IDLE_KILLED, CONFIDENCE_MEDIUM);
    case ATTEMPT_TAIL_SILENT:
        return key->waited_s >= wait_s ? result_of(OUTCOME_IDLE_KILLED,
                                                   CAUSE_IDLE_KILLED, CONFIDENCE_MEDIUM)
                                       : waiting(key, wait_s);
    case ATTEMPT_HOLE:
        return key->span_s >= HOLE_SPAN_S
                   ? result_of(OUTCOME_BLOCKED, CAUSE_MTU_BLACKHOLE, CONFIDENCE_MEDIUM)
                   : waiting(key, wait_s);
    case ATTEMPT_CERTIFICATE:
        return result_of(OUTCOME_INTERCEPTED, CAUSE_NONE, CONFIDENCE_MEDIUM);
    case ATTEMPT_TLS_ABORT: /* Likewise. */
        return result_of(OUTCOME_UNKNOWN, CAUSE_NONE, CONFIDENCE_LOW);
    case ATTEMPT_UNSEEN:
    case ATTEMPT_SIGNS:
        break;
    }
    return result_of(OUTCOME_UNSEEN, CAUSE_NONE, CONFIDENCE_LOW);
}

/* Is it told from what did not come? */
static bool is_of_silence(const struct result *result)
{
    switch (result->cause) {
    case CAUSE_SYN_DROP:
    case CAUSE_HELLO_DROP:
    case CAUSE_NO_REPLY:
    case CAUSE_DNS_NO_REPLY:
    case CAUSE_ONE_WAY_MEDIA:
    case CAUSE_FRAGMENTS_LOST:
    case CAUSE_MTU_BLACKHOLE:
    case CAUSE_IDLE_KILLED:
        return true;
    default: /* Of others something was seen. */
        return result->outcome == OUTCOME_NO_ANSWER;
    }
}

struct result outcome_unless_blind(const struct judging *j, const struct cell *cell,
                                   struct result result)
{
    if (is_of_silence(&result) &&
        tally_is_blind(j->tally, cell->key.source, cell->first_ns, cell->last_ns)) {
        return result_of(OUTCOME_UNSEEN, CAUSE_NONE, CONFIDENCE_LOW);
    }
    return result;
}
