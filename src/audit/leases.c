/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DHCP (rows net-dhcp-server, net-dhcp-client): judged by its messages for each
 * hardware address, since they go to everybody and come from relays.
 *
 * A phone that repeats DISCOVER or REQUEST and is never answered gets no address.  A
 * NAK is an answer: it is told by the phone's next DISCOVER, and accuses nobody.
 */
#include "audit/judging.h"

#include <string.h>

enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6, INFORM = 8, TYPES = 9 };

enum { REPEATS = 2, WAIT_S = 10, DHCP_SERVER_PORT = 67 };

static const int64_t second_ns = 1000000000;

/* All messages of one device. */
struct messages {
    uint64_t n[TYPES];
    int64_t first_ns, last_ns; /* Of what the phone asked. */
    int64_t answered_ns;       /* Last answer. */
    uint32_t frames[TYPES];
};

static bool is_asked(size_t type)
{
    return type == DISCOVER || type == REQUEST;
}

static bool is_answer(size_t type)
{
    return type == OFFER || type == ACK || type == NAK;
}

static void sum_add(struct messages *sum, const struct dhcp *dhcp)
{
    for (size_t t = 0; t < TYPES; t++) {
        if (dhcp->n[t] == 0) {
            continue;
        }
        sum->n[t] += dhcp->n[t];
        sum->frames[t] = sum->frames[t] ? sum->frames[t] : dhcp->frames[t];
        if (is_asked(t)) {
            sum->first_ns = sum->first_ns == 0 || dhcp->first_ns[t] < sum->first_ns
                                ? dhcp->first_ns[t]
                                : sum->first_ns;
            sum->last_ns =
                dhcp->last_ns[t] > sum->last_ns ? dhcp->last_ns[t] : sum->last_ns;
        } else if (is_answer(t) && dhcp->last_ns[t] > sum->answered_ns) {
            sum->answered_ns = dhcp->last_ns[t];
        }
    }
}

static bool is_ignored(const struct judging *j, const struct messages *sum)
{
    return sum->answered_ns == 0 && sum->n[DISCOVER] + sum->n[REQUEST] >= REPEATS &&
           sum->last_ns - sum->first_ns >= WAIT_S * second_ns / 2 &&
           j->out->now_ns - sum->first_ns >= WAIT_S * second_ns;
}

static void report(struct judging *j, const struct messages *sum, long row,
                   uint32_t device)
{
    struct finding *f = finding_new(j, KIND_BLOCKED, row, device);

    if (!f) {
        return;
    }
    f->outcome = OUTCOME_BLOCKED;
    f->cause = CAUSE_NO_REPLY;
    f->confidence = CONFIDENCE_MEDIUM;
    f->transport = TRANSPORT_UDP;
    f->port = DHCP_SERVER_PORT;
    finding_add_port(f, DHCP_SERVER_PORT);
    f->attempts = sum->n[DISCOVER] + sum->n[REQUEST];
    f->packets = f->attempts;
    f->first_ns = sum->first_ns;
    f->last_ns = sum->last_ns;
    for (size_t t = 0; t < TYPES; t++) {
        finding_add_frame(f, sum->frames[t]);
    }
    finding_finish(j, f);
}

static void device_judge(struct judging *j, uint32_t device, const struct messages *sum)
{
    long row = policy_find(j->policy, "net-dhcp-server");
    long answers = policy_find(j->policy, "net-dhcp-client");
    enum row_state state = STATE_PENDING;

    if (row < 0 || sum->first_ns == 0) {
        return;
    }
    if (sum->answered_ns) {
        state = STATE_OK;
    } else if (is_ignored(j, sum)) {
        state = STATE_BLOCKED;
        report(j, sum, row, device);
    }
    row_state_raise(j, device, (uint32_t)row, state);
    if (answers >= 0 && sum->answered_ns) {
        row_state_raise(j, device, (uint32_t)answers, STATE_OK);
    }
}

void leases_judge(struct judging *j)
{
    for (size_t d = 0; d < j->out->n_devices; d++) {
        const struct device *device = &j->out->devices[d];
        struct messages sum = {0};

        for (uint32_t i = 0; device->has_mac && i < j->tally->dhcp.n; i++) {
            const struct dhcp *dhcp = pool_at(&j->tally->dhcp, i);

            if (memcmp(&dhcp->key.mac, &device->mac, sizeof device->mac) == 0) {
                sum_add(&sum, dhcp);
            }
        }
        device_judge(j, (uint32_t)d, &sum);
    }
}
