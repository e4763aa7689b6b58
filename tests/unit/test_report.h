/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A small judgement, made by hand, that the tests of reports share: two phones, one of
 * them kept from Google's push hosts and talking to a hostile name.
 */
#ifndef TEST_REPORT_H
#define TEST_REPORT_H

#include "unit.h"

#include "report/report.h"

#include <stdio.h>

/* What a terminal would obey, and a byte that is no UTF-8. */
#define HOSTILE "a\x1b[31mb\x07\x7f\xc2\x9b\xff\"\\\n"

struct fixture {
    struct policy *policy;
    struct tally tally;
    struct tally_capture captures[2];
    struct frame_run runs[2];
    struct addr phone_addrs[2];
    struct device devices[2];
    struct finding findings[3];
    const struct finding *of_problem[1];
    struct problem problem;
    struct coverage coverage[3];
    struct sight_scope scope;
    struct unlisted unlisted;
    struct judgement judgement;
    struct judge_options options;
};

static inline struct addr address(const char *text)
{
    struct addr addr;

    assert_true(addr_parse(text, &addr));
    return addr;
}

static inline void fixture_captures(struct fixture *f)
{
    static char paths[2][32] = {"ward3.pcapng", HOSTILE ".pcap"};

    f->captures[0] = (struct tally_capture){
        .path = paths[0],
        .format = "pcapng",
        .links = {1, 147},
        .n_links = 2,
        .packets = 100,
        .bytes = 81234,
        .first_ns = INT64_C(1795332601123456789),
        .last_ns = INT64_C(1795333500000000999),
        .dropped = 7,
        .copies = 3,
        .undecoded = {[DECODE_OK] = 90, [DECODE_TRUNCATED] = 2},
    };
    f->captures[1] =
        (struct tally_capture){.path = paths[1], .format = "pcap", .cut = true};
    f->tally.captures = f->captures;
    f->tally.n_captures = 2;
    f->runs[0] = (struct frame_run){.first = 1, .n = 100, .capture = 0, .number = 1};
    f->runs[1] = (struct frame_run){.first = 101, .n = 100, .capture = 1, .number = 1};
    f->tally.runs = f->runs;
    f->tally.n_runs = 2;
}

static inline void fixture_devices(struct fixture *f)
{
    size_t n_rows = policy_count(f->policy);

    for (size_t i = 0; i < 2; i++) {
        struct device *d = &f->devices[i];

        f->phone_addrs[i] = address(i ? "2001:db8::5" : "10.20.0.101");
        *d = (struct device){.addrs = &f->phone_addrs[i],
                             .n_addrs = 1,
                             .rows = calloc(n_rows, 1),
                             .identified_by = i ? IDENTITY_SITE : IDENTITY_OUI,
                             .host_name = i ? NULL : "nurse-joy" HOSTILE};
        assert_non_null(d->rows);
        snprintf(d->key, sizeof d->key, "%s", i ? "2001:db8::5" : "00:90:7a:12:34:01");
    }
    f->devices[0].has_mac = mac_parse("00:90:7a:12:34:01", &f->devices[0].mac);
    f->devices[0].rows[policy_find(f->policy, "google-fcm")] = STATE_BLOCKED;
}

static inline void fixture_blocked(struct fixture *f)
{
    f->findings[0] = (struct finding){
        .id = "f-91b2c3d4e5f6",
        .problem = "p-4f0c2a9b11d2",
        .kind = KIND_BLOCKED,
        .severity = 1,
        .row = policy_find(f->policy, "google-fcm"),
        .device = &f->devices[0],
        .has_ip = true,
        .ip = f->phone_addrs[0],
        .peer_name = "mtalk.google.com",
        .name_source = NAME_DNS,
        .peer_ips = {address("142.250.110.188")},
        .n_peer_ips = 1,
        .transport = TRANSPORT_TCP,
        .port = 5228,
        .outcome = OUTCOME_BLOCKED,
        .cause = CAUSE_ICMP_PROHIBITED,
        .has_by = true,
        .by = address("10.20.0.1"),
        .confidence = CONFIDENCE_HIGH,
        .scope = SCOPE_FLEET,
        .owner = OWNER_FIREWALL,
        .attempts = 3,
        .flows = 2,
        .packets = 9,
        .first_ns = INT64_C(1795332601123456789),
        .last_ns = INT64_C(1795332661000000000),
        .episodes = {{INT64_C(1795332601123456789), INT64_C(1795332661000000000),
                      OUTCOME_BLOCKED, 3}},
        .n_episodes = 1,
        .frames = {96, 103, 97},
        .n_frames = 3,
        .community_ids = {"1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
        .n_community_ids = 1,
        .filter = "tcp.port==5228 && ip.addr==10.20.0.101",
        .means = "Push messages and alarms do not arrive.",
        .todo = "Allow TCP 10.20.0.0/24 -> 142.250.110.188 (mtalk.google.com) port "
                "5228-5230.",
    };
}

static inline void fixture_others(struct fixture *f)
{
    f->findings[1] = (struct finding){
        .id = "f-000000000001",
        .kind = KIND_UNEXPECTED_INBOUND,
        .severity = 2,
        .row = -1,
        .device = &f->devices[1],
        .peer_name = HOSTILE,
        .name_source = NAME_SNI,
        .transport = TRANSPORT_UDP,
        .port = 4444,
        .ports = {4444, 4445},
        .n_ports = 2,
        .from_peer = true,
        .candidates = {(uint32_t)policy_find(f->policy, "google-https")},
        .n_candidates = 1,
        .outcome = OUTCOME_OK,
        .filter = "udp.port==4444",
        .means = "",
        .todo = HOSTILE,
    };
    f->findings[2] = (struct finding){
        .id = "f-000000000002",
        .kind = KIND_ADVICE,
        .severity = 3,
        .advice = 6,
        .row = policy_find(f->policy, "net-ntp"),
        .transport = TRANSPORT_UDP,
        .port = 123,
    };
    f->of_problem[0] = &f->findings[0];
    f->problem = (struct problem){
        .id = "p-4f0c2a9b11d2",
        .kind = KIND_BLOCKED,
        .row = f->findings[0].row,
        .cause = CAUSE_ICMP_PROHIBITED,
        .has_by = true,
        .by = address("10.20.0.1"),
        .owner = OWNER_FIREWALL,
        .scope = SCOPE_FLEET,
        .affected = 1,
        .unaffected = 0,
        .findings = f->of_problem,
        .n_findings = 1,
    };
}

static inline void fixture_fleet(struct fixture *f)
{
    f->coverage[0] =
        (struct coverage){.row = (uint32_t)policy_find(f->policy, "google-fcm"),
                          .state = STATE_BLOCKED,
                          .devices = {[STATE_BLOCKED] = 1, [STATE_NOT_SEEN] = 1},
                          .flows = 2};
    f->coverage[1] = (struct coverage){
        .row = (uint32_t)policy_find(f->policy, "net-ntp"), .devices = {2}};
    f->coverage[2] =
        (struct coverage){.row = (uint32_t)policy_find(f->policy, "net-dns"),
                          .state = STATE_OK,
                          .devices = {[STATE_OK] = 2},
                          .flows = 5};
    f->scope = (struct sight_scope){.to = "internet",
                                    .flows = 10,
                                    .two_way = 4,
                                    .trust = TRUST_LIMITED,
                                    .reason = "most answers are missing"};
    assert_true(prefix_parse("10.20.0.0/24", &f->scope.from));
    f->unlisted = (struct unlisted){.name = "tracker.example.net",
                                    .transport = TRANSPORT_TCP,
                                    .port = 443,
                                    .devices = 2,
                                    .flows = 9,
                                    .bytes = 51234};
}

static inline void fixture_init(struct fixture *f)
{
    struct policap_error err;

    memset(f, 0, sizeof *f);
    f->policy = policy_load(NULL, NULL, 0, &err);
    assert_non_null(f->policy);
    fixture_captures(f);
    fixture_devices(f);
    fixture_blocked(f);
    fixture_others(f);
    fixture_fleet(f);
    f->judgement = (struct judgement){
        .verdict = VERDICT_FAIL,
        .now_ns = INT64_C(1795333500000000999),
        .exact = false,
        .limits = {"cells"},
        .tally = &f->tally,
        .policy = f->policy,
        .devices = f->devices,
        .n_devices = 2,
        .findings = f->findings,
        .n_findings = 3,
        .problems = &f->problem,
        .n_problems = 1,
        .coverage = f->coverage,
        .n_coverage = 3,
        .unlisted = &f->unlisted,
        .n_unlisted = 1,
        .roles = {[ROLE_NTP_SERVER] = {.role = ROLE_NTP_SERVER, .bound = true},
                  [ROLE_DNS_SERVER] = {.role = ROLE_DNS_SERVER,
                                       .seen = {address("10.50.0.10")},
                                       .n_seen = 1}},
        .scopes = &f->scope,
        .n_scopes = 1,
        .trust = TRUST_LIMITED,
        .sight_flows = 10,
        .sight_two_way = 4,
        .named_dns = 300,
        .named_none = 12,
        .background = {[BACKGROUND_ARP] = 12, [BACKGROUND_MDNS] = 4},
        .summary = {.flows = 911,
                    .documented = 880,
                    .unexpected = 5,
                    .other_flows = 40},
    };
    f->options.fail_on = ((1u << KINDS) - 1) & ~(1u << KIND_ADVICE);
}

static inline void fixture_fini(struct fixture *f)
{
    free(f->devices[0].rows);
    free(f->devices[1].rows);
    policy_free(f->policy);
}

#endif
