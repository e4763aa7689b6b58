/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The shipped packs and the example site file: who answers which flow.
 */
#include "policy/load.h" /* First: cmocka defines fail() as a macro. */

#include "unit.h"

#include "policy/builtin.h"

#include <stdio.h>

#define NAT64 "64:ff9b::"

static char root[512];          /* Of the source tree. */
static struct policy *bare;     /* The default packs, no site file. */
static struct policy *example;  /* rules/site.example.json */
static struct policy *hospital; /* As an administrator lists his servers. */
static struct policy *any_out;  /* google_out: any */

static const char hospital_site[] =
    "{\"name\": \"hospital\", \"devices\": {\"subnets\": [\"10.20.0.0/24\"]},"
    " \"private_prefixes\": [\"192.0.2.0/24\"],"
    " \"roles\": {"
    "  \"sam-server\": [\"10.50.0.12\", \"sam.corp.example\"],"
    "  \"log-server\": [\"10.50.0.13\", \"log.corp.example\"],"
    "  \"update-server\": [\"10.50.0.14\", \"update.corp.example\"],"
    "  \"amie-gateway\": [\"10.50.0.15\"], \"ldap-server\": [\"10.50.0.16\"],"
    "  \"call-server\": [\"10.50.0.17\"], \"ntp-server\": [\"10.50.0.11\"],"
    "  \"dns-server\": [\"10.50.0.10\"], \"dhcp-server\": [\"10.50.0.10\"],"
    "  \"emm-server\": [\"techp.awm.com\", \"*.airwatchportals.com\"],"
    "  \"emm-agent-server\": [\"awagent.com\"]}}";

struct ask {
    const char *what;
    struct policy **policy;
    enum transport transport;
    enum initiator initiator;
    uint16_t device_port, peer_port;
    const char *peer; /* With "+ROLE": evidence gives it the role. */
    const char *name;
    /* The first rows, each as "id" when documented, "id?" when a candidate; "-" ends
     * the answer.  What follows the listed rows is not looked at. */
    const char *want[6];
};

#define TCP TRANSPORT_TCP
#define UDP TRANSPORT_UDP
#define BY_DEVICE INITIATOR_DEVICE
#define BY_PEER INITIATOR_PEER
#define UNKNOWN INITIATOR_ANY

/* clang-format off */
static const struct ask asks[] = {
    /* Push. */
    {"push", &bare, TCP, BY_DEVICE, 40000, 5228, "142.250.110.188", "mtalk.google.com",
     {"google-fcm", "emm-push", "x-fcm-hosts", "google-any-out", "-"}},
    {"push, other host", &bare, TCP, BY_DEVICE, 40000, 5230, "198.18.0.9", "alt3-mtalk.google.com",
     {"google-fcm", "emm-push", "x-fcm-hosts", "-"}},
    {"push falls back to 443", &bare, TCP, BY_DEVICE, 40000, 443, "142.250.110.188", "mtalk.google.com",
     {"google-fcm", "emm-push", "x-fcm-hosts", "google-hosts", "google-https"}},
    {"push, no name, Google's address", &bare, TCP, BY_DEVICE, 40000, 5229, "142.250.110.188", NULL,
     {"google-fcm", "emm-push", "google-any-out", "x-fcm-hosts?", "-"}},
    {"push, no name, IPv6", &bare, TCP, BY_DEVICE, 40000, 5228, "2607:f8b0:4004:c1b::bc", NULL,
     {"google-fcm", "emm-push"}},
    {"push, no name, another address", &bare, TCP, BY_DEVICE, 40000, 5228, "198.18.0.9", NULL,
     {"google-fcm?", "emm-push?", "x-fcm-hosts?", "-"}},
    {"push's port, another name", &bare, TCP, BY_DEVICE, 40000, 5228, "198.18.0.9", "tracker.example.net",
     {"-"}},
    {"push's port, inside", &bare, TCP, BY_DEVICE, 40000, 5228, "10.50.0.77", NULL, {"-"}},
    {"push opened from outside", &bare, TCP, BY_PEER, 5228, 40000, "142.250.110.188", "mtalk.google.com",
     {"-"}},
    {"push through NAT64", &bare, TCP, BY_DEVICE, 40000, 5228, NAT64 "142.250.110.188", NULL,
     {"google-fcm"}},
    {"a name in more labels is another name", &bare, TCP, BY_DEVICE, 40000, 5228, "198.18.0.9", "mtalk.google.com.evil.example",
     {"-"}},
    /* Google's hosts. */
    {"connectivity, HTTP", &bare, TCP, BY_DEVICE, 40000, 80, "142.250.65.67", "connectivitycheck.gstatic.com",
     {"google-connectivity", "x-connectivity-80", "google-any-out"}},
    {"connectivity, HTTPS", &bare, TCP, BY_DEVICE, 40000, 443, "142.250.65.67", "connectivitycheck.android.com",
     {"google-connectivity", "google-hosts"}},
    {"connectivity, other hosts", &bare, TCP, BY_DEVICE, 40000, 80, "142.250.65.67", "play.googleapis.com",
     {"x-connectivity-80"}},
    {"below google.com", &bare, TCP, BY_DEVICE, 40000, 443, "142.250.65.100", "www.google.com",
     {"google-hosts", "google-https", "google-any-out"}},
    {"google.com itself", &bare, TCP, BY_DEVICE, 40000, 443, "142.250.65.100", "google.com",
     {"google-hosts"}},
    {"not below google.com", &bare, TCP, BY_DEVICE, 40000, 443, "198.18.0.9", "notgoogle.com",
     {"emm-agent-download?"}},
    {"gstatic.com itself is in no list", &hospital, TCP, BY_DEVICE, 40000, 443, "198.18.0.9", "gstatic.com",
     {"-"}},
    {"Play downloads", &bare, TCP, BY_DEVICE, 40000, 443, "198.18.0.9", "r3---sn-4g5e6n7s.gvt1.com",
     {"x-google-ae"}},
    {"FCM registration is not push", &bare, TCP, BY_DEVICE, 40000, 443, "142.250.65.1", "firebaseinstallations.googleapis.com",
     {"x-fcm-services", "google-hosts"}},
    {"Google, no name", &bare, TCP, BY_DEVICE, 40000, 443, "142.250.65.67", NULL,
     {"google-https", "google-any-out", "google-connectivity?"}},
    {"Google, any port", &bare, TCP, BY_DEVICE, 40000, 7777, "142.250.65.67", NULL,
     {"google-any-out", "-"}},
    {"Google by UDP is no TCP", &bare, UDP, BY_DEVICE, 40000, 3000, "142.250.65.67", NULL, {"-"}},
    {"no Google", &bare, TCP, BY_DEVICE, 40000, 7777, "198.18.0.99", NULL, {"-"}},
    {"any", &any_out, TCP, BY_DEVICE, 40000, 7777, "198.18.0.99", NULL, {"google-any-out", "-"}},
    {"any is the last resort", &any_out, TCP, BY_DEVICE, 40000, 853, "198.18.0.99", NULL,
     {"x-dot", "google-any-out", "-"}},
    {"Google's DoT is no plain Google", &bare, TCP, BY_DEVICE, 40000, 853, "8.8.8.8", NULL,
     {"x-dot", "google-any-out", "-"}},
    {"QUIC", &bare, UDP, BY_DEVICE, 40000, 443, "142.250.65.67", "www.google.com", {"x-quic", "-"}},
    /* What is not listed. */
    {"unlisted name, no site file", &bare, TCP, BY_DEVICE, 40000, 443, "198.18.0.99", "tracker.example.net",
     {"emm-agent-download?", "emm-poll?", "emm-enroll?", "sam-heartbeat?", "log-https?", "update-https?"}},
    {"unlisted name", &hospital, TCP, BY_DEVICE, 40000, 443, "198.18.0.99", "tracker.example.net", {"-"}},
    {"a name could still save it", &hospital, TCP, BY_DEVICE, 40000, 443, "198.18.0.99", NULL,
     {"google-connectivity?", "google-hosts?"}},
    {"telnet", &bare, TCP, BY_DEVICE, 40000, 23, "198.18.0.99", NULL, {"-"}},
    {"ssh to the SAM server is no phone's", &hospital, TCP, BY_DEVICE, 40000, 22, "10.50.0.12", NULL, {"-"}},
    /* EMM. */
    {"agent", &bare, TCP, BY_DEVICE, 40000, 443, "198.18.4.4", "awagent.com", {"emm-agent-download"}},
    {"agent, bound", &hospital, TCP, BY_DEVICE, 40000, 443, "198.18.4.4", "awagent.com", {"emm-agent-download", "-"}},
    {"EMM by name of the role", &hospital, TCP, BY_DEVICE, 40000, 443, "205.139.50.20", "techp.awm.com",
     {"emm-poll", "emm-enroll", "emm-airwatch-cloud", "-"}},
    {"EMM by prefix", &bare, TCP, BY_DEVICE, 40000, 80, "205.139.51.20", NULL, {"emm-airwatch-cloud"}},
    {"EMM by suffix", &bare, TCP, BY_DEVICE, 40000, 443, "198.18.0.9", "ds137.airwatchportals.com",
     {"emm-airwatch-cloud"}},
    {"EMM by suffix of the role", &hospital, TCP, BY_DEVICE, 40000, 443, "198.18.0.9", "ds137.airwatchportals.com",
     {"emm-poll", "emm-enroll", "emm-airwatch-cloud", "-"}},
    {"EMM bound by names, no name", &hospital, TCP, BY_DEVICE, 40000, 443, "10.50.9.9", NULL,
     {"emm-agent-download?", "emm-poll?", "emm-enroll?", "-"}},
    {"awm.com is not shipped", &hospital, TCP, BY_DEVICE, 40000, 443, "198.18.0.9", "other.awm.com", {"-"}},
    {"APAC", &bare, TCP, BY_DEVICE, 40000, 443, "202.80.149.89", NULL, {"emm-airwatch-apac"}},
    {"AWCM is a candidate", &bare, TCP, BY_DEVICE, 40000, 2001, "10.50.0.77", NULL, {"emm-airwatch-awcm?", "-"}},
    /* Spectralink's servers. */
    {"heartbeat", &hospital, TCP, BY_DEVICE, 40000, 443, "10.50.0.12", NULL, {"sam-heartbeat"}},
    {"heartbeat, by name", &hospital, TCP, BY_DEVICE, 40000, 443, "10.50.0.99", "sam.corp.example", {"sam-heartbeat", "-"}},
    {"heartbeat, unbound", &bare, TCP, BY_DEVICE, 40000, 443, "10.50.0.12", NULL,
     {"emm-agent-download?", "emm-poll?", "emm-enroll?", "sam-heartbeat?", "log-https?", "update-https?"}},
    {"trigger", &hospital, TCP, BY_PEER, 9090, 51000, "10.50.0.12", NULL, {"sam-trigger", "-"}},
    {"trigger, opener unknown", &hospital, TCP, UNKNOWN, 9090, 51000, "10.50.0.12", NULL, {"sam-trigger", "-"}},
    {"trigger by somebody else", &hospital, TCP, BY_PEER, 9090, 51000, "10.50.0.77", NULL, {"-"}},
    {"trigger, unbound", &bare, TCP, BY_PEER, 9090, 51000, "10.50.0.77", NULL, {"sam-trigger?", "-"}},
    {"no trigger: the phone opens", &hospital, TCP, BY_DEVICE, 9090, 51000, "10.50.0.12", NULL, {"-"}},
    {"no trigger: the SAM server's 9090", &hospital, TCP, BY_DEVICE, 40000, 9090, "10.50.0.12", NULL, {"-"}},
    {"adb", &hospital, TCP, BY_PEER, 5555, 40000, "10.50.0.77", NULL, {"-"}},
    {"syslog", &hospital, UDP, BY_DEVICE, 40000, 514, "10.50.0.13", NULL, {"log-syslog", "-"}},
    {"logs", &hospital, TCP, BY_DEVICE, 40000, 443, "10.50.0.13", NULL, {"log-https"}},
    {"logs, HTTP", &hospital, TCP, BY_DEVICE, 40000, 80, "10.50.0.13", "log.corp.example", {"log-http", "-"}},
    {"update", &hospital, TCP, BY_DEVICE, 40000, 80, "10.50.0.14", NULL, {"update-http", "-"}},
    {"AMIE", &hospital, TCP, BY_DEVICE, 40000, 8883, "10.50.0.15", NULL, {"amie-mqtts", "-"}},
    {"ports set by the site", &example, TCP, BY_DEVICE, 40000, 8443, "10.50.0.13", NULL, {"log-https"}},
    {"a port that the site replaced", &example, TCP, BY_DEVICE, 40000, 443, "10.50.0.13", "log.x.example", {"-"}},
    {"a group that is off", &example, TCP, BY_DEVICE, 40000, 8883, "10.50.0.15", NULL, {"-"}},
    {"a row of the site", &example, TCP, BY_DEVICE, 40000, 8443, "10.60.0.3", NULL, {"nurse-call", "-"}},
    {"a row of the site, inside, no name", &example, TCP, BY_DEVICE, 40000, 8443, "10.61.0.3", NULL, {"nurse-call?", "-"}},
    /* Calls. */
    {"SIP", &hospital, UDP, BY_DEVICE, 5060, 5060, "10.50.0.17", NULL, {"uc-sip", "uc-rtp-dyn", "-"}},
    {"SIP from the server", &hospital, UDP, BY_PEER, 40000, 5060, "10.50.0.17", NULL, {"uc-sip"}},
    {"SIP over TLS", &hospital, TCP, BY_DEVICE, 40000, 5061, "10.50.0.17", NULL, {"uc-sips", "-"}},
    {"SIP, second pair", &hospital, TCP, BY_DEVICE, 40000, 5071, "10.50.0.17", NULL, {"uc-sip-alt", "-"}},
    {"SIP to somebody else", &hospital, TCP, BY_DEVICE, 40000, 5060, "10.50.0.77", NULL, {"-"}},
    {"RTP from 2222", &hospital, UDP, BY_DEVICE, 2222, 4012, "10.50.0.18", NULL, {"uc-rtp?", "uc-rtp-dyn?", "-"}},
    {"RTP that SDP named", &hospital, UDP, BY_DEVICE, 2222, 4012, "10.50.0.18+media-gateway", NULL, {"uc-rtp", "uc-rtp-dyn", "-"}},
    {"RTCP", &hospital, UDP, BY_PEER, 2223, 4013, "10.50.0.18", NULL, {"uc-rtcp?"}},
    {"RTP to a bound server", &hospital, UDP, BY_DEVICE, 4000, 16384, "10.50.0.17", NULL, {"uc-rtp-dyn", "-"}},
    {"UDP below 4000", &hospital, UDP, BY_DEVICE, 40000, 3999, "10.50.0.77", NULL, {"-"}},
    {"UDP from 4000 up", &hospital, UDP, BY_DEVICE, 40000, 41641, "198.18.0.99", NULL, {"uc-rtp-dyn?", "-"}},
    {"directory", &hospital, TCP, BY_DEVICE, 40000, 636, "10.50.0.16", NULL, {"uc-ldaps", "-"}},
    {"push-to-talk", &bare, UDP, BY_DEVICE, 5001, 5001, "224.0.1.116", NULL, {"x-ptt"}},
    {"STUN", &bare, UDP, BY_DEVICE, 40000, 3478, "198.18.0.9", NULL, {"x-stun", "-"}},
    /* The network. */
    {"DNS", &hospital, UDP, BY_DEVICE, 40000, 53, "10.50.0.10", NULL, {"net-dns", "-"}},
    {"DNS, no site file", &bare, UDP, BY_DEVICE, 40000, 53, "10.50.0.10", NULL, {"net-dns", "-"}},
    {"DNS elsewhere", &hospital, UDP, BY_DEVICE, 40000, 53, "8.8.8.8", NULL, {"-"}},
    {"DNS that DHCP gave", &hospital, UDP, BY_DEVICE, 40000, 53, "10.50.0.9+dns-server", NULL, {"net-dns", "-"}},
    {"DNS over TCP", &bare, TCP, BY_DEVICE, 40000, 53, "10.50.0.10", NULL, {"x-dns-tcp", "-"}},
    {"DHCP", &hospital, UDP, BY_DEVICE, 68, 67, "255.255.255.255", NULL, {"net-dhcp-server", "-"}},
    {"DHCP by relay", &hospital, UDP, BY_DEVICE, 68, 67, "10.20.0.1+dhcp-server", NULL, {"net-dhcp-server", "-"}},
    {"DHCP of a stranger", &hospital, UDP, BY_DEVICE, 68, 67, "10.20.0.66", NULL, {"-"}},
    {"DHCP's answer", &bare, UDP, BY_PEER, 68, 67, "10.20.0.1", NULL, {"net-dhcp-client", "-"}},
    {"NTP", &hospital, UDP, BY_DEVICE, 123, 123, "10.50.0.11", NULL, {"net-ntp", "-"}},
    {"NTP, public", &hospital, UDP, BY_DEVICE, 123, 123, "216.239.35.0", "time.android.com", {"net-ntp", "-"}},
    {"NTP, another inside", &hospital, UDP, BY_DEVICE, 123, 123, "10.50.0.77", NULL, {"-"}},
    {"NTP, another of the site's prefix", &hospital, UDP, BY_DEVICE, 123, 123, "192.0.2.7", NULL, {"-"}},
    {"mDNS", &bare, UDP, BY_DEVICE, 5353, 5353, "224.0.0.251", NULL, {"bg-mdns"}},
    {"ping", &hospital, TRANSPORT_ICMP, BY_PEER, 0, 0, "10.50.0.77", NULL, {"bg-icmp", "-"}},
};
/* clang-format on */

static void read_peer(const char *text, struct policy_question *q)
{
    const char *plus = strchr(text, '+');
    char address[ADDR_TEXT_LEN] = "";

    memcpy(address, text, plus ? (size_t)(plus - text) : strlen(text));
    assert_true(addr_parse(address, &q->peer));
    if (plus) {
        assert_true(role_find(plus + 1) >= 0);
        q->roles_given = 1u << role_find(plus + 1);
    }
}

static void check_ask(void **state)
{
    const struct ask *ask = *state;
    struct policy_question q = {.transport = (uint8_t)ask->transport,
                                .initiator = (uint8_t)ask->initiator,
                                .device_port = ask->device_port,
                                .peer_port = ask->peer_port,
                                .names = {ask->name},
                                .n_names = ask->name != NULL};
    struct policy_match out[POLICY_MAX_ANSWERS], linear[POLICY_MAX_ANSWERS];

    read_peer(ask->peer, &q);
    size_t n = policy_ask(*ask->policy, &q, out);
    assert_int_equal(policy_ask_linear(*ask->policy, &q, linear), n);
    assert_memory_equal(out, linear, n * sizeof *out);
    for (size_t i = 0; i < ARRAY_LEN(ask->want) && ask->want[i]; i++) {
        char got[80] = "-";

        if (i < n) {
            snprintf(got, sizeof got, "%s%s", policy_row(*ask->policy, out[i].row)->id,
                     out[i].via == MATCH_PORT_ONLY ? "?" : "");
        }
        assert_string_equal(got, ask->want[i]);
    }
}

static void check_rows_of_name(void **state)
{
    static const char *const names[][2] = {
        {"mtalk.google.com", "google-fcm emm-push x-fcm-hosts google-hosts "},
        {"connectivitycheck.gstatic.com",
         "google-connectivity google-hosts x-connectivity-80 x-google-ae "},
        {"accounts.google.com", "google-hosts x-google-ae "},
        {"sam.corp.example", "sam-heartbeat sam-trigger "},
        {"awagent.com", "emm-agent-download "},
        {"as137.airwatchportals.com",
         "emm-poll emm-enroll emm-airwatch-awcm emm-airwatch-cloud "},
        {"google.com.example", ""},
    };
    struct policy_match out[POLICY_MAX_ANSWERS];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t n = policy_rows_of_name(hospital, names[i][0], out), len = 0;
        char ids[400] = "";

        for (size_t j = 0; j < n; j++) {
            len += (size_t)snprintf(ids + len, sizeof ids - len, "%s ",
                                    policy_row(hospital, out[j].row)->id);
        }
        assert_string_equal(ids, names[i][1]);
    }
}

/* Every row of the bulletin is there, and its pack says where it comes from. */
static void check_packs(void **state)
{
    (void)state;
    assert_int_equal(policy_pack_count(bare), 5);
    const struct policy_pack *versity = policy_pack(bare, 0);
    assert_string_equal(versity->name, "spectralink-versity");
    assert_string_equal(versity->revision, "CS-20-05 I03");
    assert_string_equal(versity->as_of, "2020-04-03");
    assert_int_equal(strlen(versity->sha256), 64);
    assert_null(versity->path);

    size_t of_bulletin = 0;
    for (size_t i = 0; i < policy_count(bare); i++) {
        const struct policy_row *row = policy_row(bare, i);

        of_bulletin += row->pack == 0;
        assert_true(row->title[0] != '\0' && row->reference[0] != '\0');
        assert_int_equal(policy_find(bare, row->id), i);
        if (row->n_ports > 0 && row->need != NEED_NOTICE && row->need != NEED_ADVICE &&
            strcmp(row->group, "background") != 0) {
            assert_true(row->blocked_means[0] != '\0');
        }
    }
    assert_int_equal(of_bulletin, 41);
    assert_int_equal(policy_find(bare, "c2dm"), policy_find(bare, "google-fcm"));
    assert_int_equal(policy_find(bare, "nothing"), -1);

    const struct policy_row *wild =
        policy_row(bare, (size_t)policy_find(bare, "uc-rtp-dyn"));
    const struct policy_row *fcm =
        policy_row(bare, (size_t)policy_find(bare, "google-fcm"));
    assert_true(wild->wild && !fcm->wild);
    assert_true(fcm->wait_s > 0 && fcm->judge_by == JUDGE_BY_GROUP);
    assert_string_equal(fcm->direction_printed, "IN");
}

static void check_site(void **state)
{
    const char *name = "sam.corp.example", *sub = "x.update.corp.example";
    struct addr sam, other;
    struct mac mac;

    (void)state;
    assert_null(policy_site_name(bare));
    assert_null(policy_site_sha256(bare));
    assert_string_equal(policy_site_name(example), "St. Anna");
    assert_int_equal(strlen(policy_site_sha256(example)), 64);
    assert_true(policy_role_bound(example, ROLE_SAM_SERVER));
    assert_false(policy_role_bound(example, ROLE_HTTP_PROXY));
    assert_true(addr_parse("10.50.0.12", &sam) && addr_parse("198.51.100.9", &other));
    assert_true(policy_role_has(example, ROLE_SAM_SERVER, &sam, NULL, 0));
    assert_false(policy_role_has(example, ROLE_SAM_SERVER, &other, NULL, 0));
    assert_true(policy_role_has(example, ROLE_SAM_SERVER, &other, &name, 1));
    assert_false(policy_role_has(example, ROLE_UPDATE_SERVER, NULL, &sub, 1));
    assert_true(policy_is_off(example, "amie") && !policy_is_off(example, "sam"));
    assert_true(policy_is_inside(example, &other) && !policy_is_inside(bare, &other));
    assert_false(policy_google_out_any(example) || policy_outside_capture(example));
    assert_int_equal(policy_n_subnets(example), 1);
    assert_int_equal(policy_subnet(example, 0)->bits, 120);
    assert_true(policy_lists_macs(example) && !policy_lists_macs(bare));
    assert_true(mac_parse("00:90:7a:1:2:3", &mac) && policy_mac_listed(example, &mac));
    assert_true(mac_parse("00:90:7b:1:2:3", &mac) && !policy_mac_listed(example, &mac));
    assert_true(addr_parse("10.20.0.200", &sam) && policy_subnet_listed(example, &sam));
    assert_true(addr_parse("10.21.0.200", &sam) &&
                !policy_subnet_listed(example, &sam));
    assert_true(addr_parse("8.8.8.8", &sam) && policy_set_has(bare, "as15169", &sam));
    assert_true(addr_parse("8.8.9.8", &sam) && !policy_set_has(bare, "as15169", &sam));
    assert_false(policy_set_has(bare, "none", &sam));

    const struct policy_row *own =
        policy_row(example, (size_t)policy_find(example, "nurse-call"));
    assert_string_equal(policy_pack(example, own->pack)->name, "site");
    assert_true(policy_row(example, (size_t)policy_find(example, "amie-mqtts"))->off);
}

/* Each pack that is compiled in loads by its name; so do files beside the site file. */
static void check_pack_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_builtin_packs; i++) {
        char site[200], path[700];
        const char *paths[] = {path};
        struct policap_error err;

        snprintf(site, sizeof site,
                 "{\"name\": \"x\", \"packs\": [\"google\"%s%s%s], "
                 "\"google_out\": \"any\"}",
                 i == 1 ? "" : ", \"", i == 1 ? "" : builtin_packs[i].name,
                 i == 1 ? "" : "\"");
        struct policy *policy =
            policy_load_bytes(NULL, NULL, 0, "site", site, strlen(site), &err);
        if (!policy) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(policy_pack_count(policy), i == 1 ? 1 : 2);
        policy_free(policy);

        snprintf(path, sizeof path, "%s/rules/%s.json", root, builtin_packs[i].name);
        policy = policy_load(NULL, paths, 1, &err);
        if (!builtin_packs[i].is_default) {
            assert_non_null(policy);
            assert_string_equal(policy_pack(policy, 5)->path, path);
        } else {
            assert_null(policy); /* Its rows are there twice. */
        }
        policy_free(policy);
    }
}

static int load_all(void **state)
{
    static const char any[] = "{\"name\": \"any\", \"google_out\": \"any\"}";
    char path[600];
    struct policap_error err = {""};

    (void)state;
    snprintf(path, sizeof path, "%s/rules/site.example.json", root);
    bare = policy_load(NULL, NULL, 0, &err);
    example = policy_load(path, NULL, 0, &err);
    hospital = policy_load_bytes(NULL, NULL, 0, "hospital", hospital_site,
                                 sizeof hospital_site - 1, &err);
    any_out = policy_load_bytes(NULL, NULL, 0, "any", any, sizeof any - 1, &err);
    if (err.text[0] != '\0') {
        print_error("%s\n", err.text);
    }
    return bare && example && hospital && any_out ? 0 : -1;
}

static int free_all(void **state)
{
    (void)state;
    policy_free(bare);
    policy_free(example);
    policy_free(hospital);
    policy_free(any_out);
    return 0;
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ARRAY_LEN(asks) + 4] = {
        cmocka_unit_test(check_rows_of_name), cmocka_unit_test(check_packs),
        cmocka_unit_test(check_site), cmocka_unit_test(check_pack_names)};

    snprintf(root, sizeof root, "%s", argc > 1 ? argv[1] : ".");
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        tests[4 + i] = (struct CMUnitTest){.name = asks[i].what,
                                           .test_func = check_ask,
                                           .initial_state = (void *)&asks[i]};
    }
    return cmocka_run_group_tests(tests, load_all, free_all);
}
