/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Writes a capture to time: clients of a site and their servers, in TCP connections
 * with handshake, data, acknowledgements and end, and in calls of RTP.  The same
 * arguments give the same bytes.
 *
 * usage: gen FILE PACKETS FLOWS DATA_BYTES
 *
 * DATA_BYTES is the payload of a data segment.  Flows overlap: at any time a fifth of
 * them is open, but never more than 10,000.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ETHERNET = 14, IP = 20, TCP = 20, UDP = 8, RTP = 172, MAX_OPEN = 10000 };

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

struct flow {
    uint32_t client, server, seq[2];
    uint16_t client_port, server_port;
    uint32_t step, steps; /* Packets that were sent, and that will be. */
    int is_call;
};

struct generator {
    FILE *out;
    uint64_t random, us;
    uint32_t n_flows, data_len, per_flow;
    uint16_t ip_id;
};

static uint32_t next_random(struct generator *g, uint32_t below)
{
    g->random = g->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(g->random >> 33) % below;
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

static void flow_begin(struct generator *g, struct flow *f)
{
    *f = (struct flow){
        .client = 0x0a140000 + next_random(g, 1000) + 1,
        .server = 0x5db80000 + next_random(g, 5000) + 1,
        .seq = {next_random(g, 1u << 31), next_random(g, 1u << 31)},
        .client_port = (uint16_t)(32768 + g->n_flows % 28000),
        .is_call = next_random(g, 8) == 0,
        .steps = 1 + next_random(g, 2 * g->per_flow),
    };
    f->server_port = f->is_call ? 2222 : next_random(g, 4) ? 443 : 5228;
    g->n_flows++;
}

/* Writes a record of 'len' bytes, of which Ethernet and IP are made here. */
static void packet_write(struct generator *g, const struct flow *f, int back,
                         uint8_t *frame, uint32_t len)
{
    uint32_t head[4] = {1700000000 + (uint32_t)(g->us / 1000000),
                        (uint32_t)(g->us % 1000000), len, len};
    uint8_t *ip = frame + ETHERNET, *ports = ip + IP;

    memcpy(frame,
           back ? "\0\x90\x7a\1\2\3\2\0\0\0\0\1" : "\2\0\0\0\0\1\0\x90\x7a\1\2\3", 12);
    put16(frame + 12, 0x0800);
    memcpy(ip, "\x45\0\0\0\0\0\x40\0\x40", 9);
    put16(ip + 2, len - ETHERNET);
    put16(ip + 4, g->ip_id++);
    ip[9] = f->is_call ? 17 : 6;
    put32(ip + 12, back ? f->server : f->client);
    put32(ip + 16, back ? f->client : f->server);
    put16(ports, back ? f->server_port : f->client_port);
    put16(ports + 2, back ? f->client_port : f->server_port);
    fwrite(head, sizeof head, 1, g->out);
    fwrite(frame, len, 1, g->out);
    g->us += 10 + next_random(g, 20);
}

/* SYN, SYN-ACK, ACK; then two segments of data and one acknowledgement; FINs. */
static void tcp_next(struct generator *g, struct flow *f)
{
    static const uint8_t hands[3] = {SYN, SYN | ACK, ACK};
    uint8_t frame[2048] = {0}, *tcp = frame + ETHERNET + IP;
    int back = f->step < 3 ? f->step == 1 : f->step % 3 != 0;
    uint32_t data = f->step < 3 || f->step % 3 == 0 ? 0 : g->data_len;
    uint8_t flags = f->step < 3 ? hands[f->step] : data ? PSH | ACK : ACK;

    if (f->step == 3) { /* A request. */
        data = g->data_len < 100 ? g->data_len : 100;
    }
    if (f->step >= 4 && f->step + 2 >= f->steps) {
        flags |= FIN;
        back = f->step % 2;
    }
    put32(tcp + 4, f->seq[back]);
    put32(tcp + 8, flags & ACK ? f->seq[!back] : 0);
    tcp[12] = TCP / 4 << 4;
    tcp[13] = flags;
    put16(tcp + 14, 65535);
    f->seq[back] += data + ((flags & (SYN | FIN)) != 0);
    packet_write(g, f, back, frame, ETHERNET + IP + TCP + data);
}

static void call_next(struct generator *g, struct flow *f)
{
    uint8_t frame[ETHERNET + IP + UDP + RTP] = {0}, *udp = frame + ETHERNET + IP;
    int back = f->step % 2;

    put16(udp + 4, UDP + RTP);
    udp[8] = 0x80;
    put16(udp + 10, f->step / 2);
    put32(udp + 12, f->step / 2 * 160);
    put32(udp + 16, f->seq[back]);
    packet_write(g, f, back, frame, sizeof frame);
}

static void generate(struct generator *g, uint32_t n_packets, uint32_t n_flows)
{
    uint32_t n_open = n_flows / 5 < MAX_OPEN ? n_flows / 5 + 1 : MAX_OPEN;
    struct flow *open = calloc(n_open, sizeof *open);

    g->per_flow = n_packets / n_flows;
    for (uint32_t i = 0; open && i < n_packets; i++) {
        struct flow *f = &open[next_random(g, n_open)];

        if (f->step >= f->steps) {
            flow_begin(g, f);
        }
        if (f->is_call) {
            call_next(g, f);
        } else {
            tcp_next(g, f);
        }
        f->step++;
    }
    free(open);
}

int main(int argc, char **argv)
{
    static const uint32_t head[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
    struct generator g = {.random = 1};

    if (argc != 5 || !(g.out = fopen(argv[1], "wb"))) {
        fprintf(stderr, "usage: gen FILE PACKETS FLOWS DATA_BYTES\n");
        return 2;
    }
    g.data_len = (uint32_t)atoi(argv[4]) % 1460;
    fwrite(head, sizeof head, 1, g.out);
    generate(&g, (uint32_t)atol(argv[2]), (uint32_t)atol(argv[3]));
    printf("%u flows\n", g.n_flows);
    return fclose(g.out) == 0 ? 0 : 1;
}
