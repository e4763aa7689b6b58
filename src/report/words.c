/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Words, and times as text.
 */
#include "report/words.h"

static char *digits(char *at, uint32_t value, unsigned n)
{
    for (unsigned i = n; i-- > 0; value /= 10) {
        at[i] = (char)('0' + value % 10);
    }
    return at + n;
}

/* Days since 1970 to a date of the Gregorian calendar, counted in eras of 400 years
 * that begin on 1 March, so that a leap day is the last of its year.  gmtime_r() takes
 * a lock, and `flows` prints three times a line. */
static char *date_put(char *at, int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    uint32_t day = (uint32_t)(shifted - era * 146097);
    uint32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint32_t day_of_year = day - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * day_of_year + 2) / 153;

    day = day_of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    at = digits(at, (uint32_t)(era * 400 + year + (month <= 2)), 4);
    *at++ = '-';
    at = digits(at, month, 2);
    *at++ = '-';
    return digits(at, day, 2);
}

size_t words_time(int64_t ns, const char *zone, char out[static TIME_TEXT_LEN])
{
    const int64_t day_us = 86400000000;
    int64_t us = ns / 1000 - (ns % 1000 < 0);
    int64_t days = us / day_us - (us % day_us < 0);
    int64_t rest = us - days * day_us;
    uint32_t second = (uint32_t)(rest / 1000000);
    char *at = date_put(out, days);

    *at++ = 'T';
    at = digits(at, second / 3600, 2);
    *at++ = ':';
    at = digits(at, second / 60 % 60, 2);
    *at++ = ':';
    at = digits(at, second % 60, 2);
    *at++ = '.';
    at = digits(at, (uint32_t)(rest % 1000000), 6);
    while (*zone && at < out + TIME_TEXT_LEN - 1) {
        *at++ = *zone++;
    }
    *at = '\0';
    return (size_t)(at - out);
}

const char *words_transport(uint8_t transport)
{
    return transport == TRANSPORT_TCP    ? "tcp"
           : transport == TRANSPORT_UDP  ? "udp"
           : transport == TRANSPORT_ICMP ? "icmp"
                                         : NULL;
}

const char *words_transport_upper(uint8_t transport)
{
    return transport == TRANSPORT_TCP    ? "TCP"
           : transport == TRANSPORT_UDP  ? "UDP"
           : transport == TRANSPORT_ICMP ? "ICMP"
                                         : "?";
}

const char *words_need(enum need need)
{
    static const char *const names[] = {
        [NEED_REQUIRED] = "required", [NEED_OPTIONAL] = "optional",
        [NEED_IF_USED] = "if-used",   [NEED_ADVICE] = "advice",
        [NEED_NOTICE] = "notice",
    };

    return names[need];
}

const char *words_severity(uint8_t severity)
{
    return severity == 1 ? "high" : severity == 2 ? "medium" : "low";
}

unsigned words_default_fail_on(void)
{
    return ((1u << KINDS) - 1) & ~(1u << KIND_ADVICE);
}

const char *words_row_id(const struct policy *policy, long row)
{
    return row < 0 ? NULL : policy_row(policy, (size_t)row)->id;
}

const char *words_kind_title(enum finding_kind kind)
{
    static const char *const titles[KINDS] = {
        [KIND_BLOCKED] = "Blocked",
        [KIND_DEGRADED] = "Partly blocked",
        [KIND_REFUSED] = "Refused by the server",
        [KIND_NO_ANSWER] = "Server does not answer",
        [KIND_INTERCEPTED] = "Intercepted",
        [KIND_UNEXPECTED] = "Unexpected traffic",
        [KIND_UNEXPECTED_INBOUND] = "Unexpected traffic to a phone",
        [KIND_ADVICE] = "Advice",
        [KIND_CANDIDATE] = "Unproven traffic",
        [KIND_NOT_SEEN] = "Expected, and not seen",
    };

    return titles[kind];
}

const char *words_kind_clause(enum finding_kind kind)
{
    static const char *const clauses[KINDS] = {
        [KIND_BLOCKED] = "the network stops this traffic",
        [KIND_DEGRADED] = "some attempts are stopped while others work",
        [KIND_REFUSED] = "the asked side itself says no",
        [KIND_NO_ANSWER] = "the server accepts the connection and then says nothing",
        [KIND_INTERCEPTED] =
            "something on the way presents its own certificate, and the "
            "phone rejects it",
        [KIND_UNEXPECTED] = "no row documents this traffic",
        [KIND_UNEXPECTED_INBOUND] = "a host that no row lists opens connections to the "
                                    "phone",
        [KIND_ADVICE] = "it works, but the bulletin recommends otherwise",
        [KIND_CANDIDATE] =
            "a row may fit, but the capture does not prove who the peer is",
        [KIND_NOT_SEEN] = "the row was expected, and nobody tried it while this was "
                          "captured",
    };

    return clauses[kind];
}

const char *words_cause(enum cause cause)
{
    static const char *const clauses[CAUSES] = {
        [CAUSE_SYN_DROP] = "connection attempts vanish: no answer to repeated SYNs",
        [CAUSE_TCP_RESET] = "connection attempts are reset before any answer",
        [CAUSE_ICMP_PROHIBITED] =
            "a device on the way says by ICMP that this traffic is "
            "prohibited",
        [CAUSE_ICMP_UNREACHABLE] = "a device on the way says by ICMP that the "
                                   "destination cannot be reached",
        [CAUSE_HELLO_DROP] = "the connection opens, but the TLS hello is never "
                             "acknowledged: a filter on the server's name, or packets "
                             "too large for the path",
        [CAUSE_HELLO_RESET] = "the connection opens and is reset right after the TLS "
                              "hello: a filter on the server's name",
        [CAUSE_DNS_NXDOMAIN] = "the resolver says that the name does not exist",
        [CAUSE_DNS_REFUSED] = "the resolver refuses to answer for the name",
        [CAUSE_DNS_SERVFAIL] = "the resolver fails to look the name up",
        [CAUSE_DNS_SINKHOLE] =
            "the resolver answers with an address that leads nowhere",
        [CAUSE_DNS_NO_REPLY] =
            "the resolver never answers, though the phone asks again",
        [CAUSE_NO_REPLY] = "requests vanish: no answer, though the phone asks again",
        [CAUSE_CAPTIVE_PORTAL] =
            "a login page (captive portal) answers in place of the "
            "server",
        [CAUSE_PROXY_DENIED] = "the proxy answers 403 to the request for a tunnel",
        [CAUSE_IDLE_KILLED] = "a working connection went silent: the network forgot it "
                              "while it was idle",
        [CAUSE_MTU_BLACKHOLE] =
            "the small packets of the answer arrive, the large ones "
            "never do: a path MTU black hole",
        [CAUSE_TLS_ABORT] = "phones go away again and again when they see the server's "
                            "certificate: it may not be the server's own",
        [CAUSE_ONE_WAY_MEDIA] = "sound of the call arrives in one direction only",
        [CAUSE_FRAGMENTS_LOST] =
            "packets in fragments never arrive whole: something on "
            "the way drops fragments",
        [CAUSE_SCAN] = "many ports or hosts are tried in a short time: a scan",
    };

    return clauses[cause];
}

const char *words_owner(enum owner owner)
{
    static const char *const words[] = {
        [OWNER_FIREWALL] = "the firewall team",
        [OWNER_DNS] = "whoever runs DNS",
        [OWNER_PROXY] = "whoever runs the proxy",
        [OWNER_WLAN] = "the Wi-Fi team",
        [OWNER_SERVER] = "whoever runs the server",
        [OWNER_EMM] = "the EMM team",
        [OWNER_PHONE] = "whoever manages the phones",
        [OWNER_CAPTURE] = "whoever made the capture",
    };

    return words[owner];
}

const char *words_scope(enum scope scope)
{
    static const char *const words[] = {
        [SCOPE_PHONE] = "this phone only",
        [SCOPE_SUBNET] = "the phones of one subnet",
        [SCOPE_FLEET] = "all phones that tried",
        [SCOPE_PEER] = "one server",
    };

    return words[scope];
}

const char *words_state(enum row_state state)
{
    static const char *const words[STATES] = {
        [STATE_NOT_SEEN] = "not seen",
        [STATE_HIDDEN] = "hidden in a tunnel",
        [STATE_UNJUDGED] = "cannot be judged",
        [STATE_PENDING] = "capture ended too soon",
        [STATE_CANDIDATE] = "unproven",
        [STATE_OK] = "ok",
        [STATE_OK_FALLBACK] = "ok by another way",
        [STATE_DEGRADED] = "PARTLY BLOCKED",
        [STATE_INTERCEPTED] = "INTERCEPTED",
        [STATE_NO_ANSWER] = "NO ANSWER",
        [STATE_REFUSED] = "REFUSED",
        [STATE_BLOCKED] = "BLOCKED",
    };

    return words[state];
}
