/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/health.h"

#include "flow/flow.h"

enum { OF_A_BATCH = 8, PACKETS_A_FRAME = 64 };

static const int64_t second_ns = 1000000000;

const char *health_name(enum health_state state)
{
    static const char *const names[HEALTH_STATES] = {
        [HEALTH_GOOD] = "good",
        [HEALTH_SILENT] = "silent",
        [HEALTH_NO_ANSWERS] = "no-answers",
        [HEALTH_NO_REQUESTS] = "no-requests",
        [HEALTH_DOWN] = "down",
    };

    return names[state];
}

const char *health_words(enum health_state state)
{
    static const char *const words[HEALTH_STATES] = {
        [HEALTH_GOOD] = "the mirror shows what it did",
        [HEALTH_SILENT] = "no packets come from the mirror",
        [HEALTH_NO_ANSWERS] = "packets toward the phones do not come any more",
        [HEALTH_NO_REQUESTS] = "packets from the phones do not come any more",
        [HEALTH_DOWN] = "the interface is down",
    };

    return words[state];
}

void health_init(struct health *health, int64_t now_ns)
{
    *health = (struct health){.since_ns = now_ns, .last_ns = now_ns};
}

/* 0: from the inside, 1: toward it, -1: it can not be told. */
static int direction_of(const struct packet *p)
{
    bool src = addr_is_private(&p->src), dst = addr_is_private(&p->dst);
    bool asked, asking;

    if (src != dst) {
        return dst;
    }
    if (p->kind != PACKET_TCP && p->kind != PACKET_UDP) {
        return -1;
    }
    asking = flow_is_server_port(p->proto, p->dst_port);
    asked = flow_is_server_port(p->proto, p->src_port);
    return asking == asked ? -1 : asked;
}

static void packet_note(struct health *health, const struct packet *p)
{
    int direction;

    if (p->kind == PACKET_ARP || p->kind == PACKET_LINK || addr_is_group(&p->dst)) {
        return;
    }
    health->last_ns = p->ns > health->last_ns ? p->ns : health->last_ns;
    direction = direction_of(p);
    if (direction >= 0) {
        health->seen_ns[direction] = p->ns;
        health->n_since[direction]++;
        health->n_since[!direction] = 0;
    }
}

void health_note(struct health *health, const struct frame *frames, size_t n)
{
    struct packet packets[PACKETS_A_FRAME];
    size_t n_packets, step = n / OF_A_BATCH + 1;

    for (size_t i = 0; i < n; i += step) {
        decode_frame(&frames[i], packets, PACKETS_A_FRAME, &n_packets);
        for (size_t k = 0; k < n_packets; k++) {
            packet_note(health, &packets[k]);
        }
    }
}

/* Has 'direction' been there, and is it gone while the other goes on? */
static bool is_lost(const struct health *health, int direction, int64_t now_ns)
{
    return health->seen_ns[direction] != 0 &&
           now_ns - health->seen_ns[direction] > HEALTH_LOST_S * second_ns &&
           health->n_since[!direction] >= HEALTH_LOST_PACKETS;
}

bool health_look(struct health *health, int64_t now_ns)
{
    enum health_state before = health->state;

    if (health->is_down) {
        health->state = HEALTH_DOWN;
        health->since_ns = health->last_ns;
    } else if (now_ns - health->last_ns > HEALTH_SILENT_S * second_ns) {
        health->state = HEALTH_SILENT;
        health->since_ns = health->last_ns;
    } else if (is_lost(health, 1, now_ns)) {
        health->state = HEALTH_NO_ANSWERS;
        health->since_ns = health->seen_ns[1];
    } else if (is_lost(health, 0, now_ns)) {
        health->state = HEALTH_NO_REQUESTS;
        health->since_ns = health->seen_ns[0];
    } else {
        health->state = HEALTH_GOOD;
    }
    return health->state != before;
}
