/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One flow as an EVE object of type "flow", as Suricata writes it, and what policap
 * says of it under "policap".
 *
 * To the server is away from whoever opened the flow.  Copies and later fragments are
 * packets too; "policap" tells how many of each there are.
 */
#include "report/report.h"

#include "base/hash.h"
#include "report/line_writer.h"
#include "report/words.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58 };

/* A flow, seen from whoever opened it. */
struct view {
    const struct piece *piece;
    const struct flow_end *client, *server;
    const struct addr *client_addr, *server_addr;
    uint16_t client_port, server_port;
};

static struct view view_of(const struct piece *piece)
{
    const struct flow_key *key = &piece->key;
    struct opener basis = piece_opener(piece);
    unsigned opener = basis.end;

    return (struct view){
        .piece = piece,
        .client = &piece->end[opener],
        .server = &piece->end[!opener],
        .client_addr = opener ? &key->b : &key->a,
        .server_addr = opener ? &key->a : &key->b,
        .client_port = opener ? key->port_b : key->port_a,
        .server_port = opener ? key->port_a : key->port_b,
    };
}

static const char *proto_name(uint8_t proto, char room[static 4])
{
    switch (proto) {
    case PROTO_TCP:
        return "TCP";
    case PROTO_UDP:
        return "UDP";
    case PROTO_ICMP:
        return "ICMP";
    case PROTO_ICMPV6:
        return "IPv6-ICMP";
    default:
        snprintf(room, 4, "%u", proto);
        return room;
    }
}

/* What the payload shows; for DNS its port must do.  NULL: nothing is known. */
static const char *app_proto(const struct view *view)
{
    uint8_t kinds[2] = {view->client->first_payload, view->server->first_payload};

    for (unsigned i = 0; i < 2; i++) {
        switch ((enum payload_kind)kinds[i]) {
        case PAYLOAD_TLS_HELLO:
        case PAYLOAD_TLS_SERVER:
        case PAYLOAD_TLS_ALERT:
            return "tls";
        case PAYLOAD_HTTP:
            return "http";
        case PAYLOAD_QUIC:
            /* Elsewhere a datagram that begins with these bits may be anything. */
            if (view->server_port == 443) {
                return "quic";
            }
            break;
        case PAYLOAD_NONE:
        case PAYLOAD_OTHER:
        case PAYLOAD_RTP:
        case PAYLOAD_KINDS:
            break;
        }
    }
    return view->server_port == 53 && (kinds[0] || kinds[1]) ? "dns" : NULL;
}

static bool has(const struct flow_end *end, enum sign_kind kind)
{
    return end->signs[kind].n > 0;
}

/* Suricata's words for where a connection stands. */
static const char *tcp_state(const struct view *view)
{
    const struct flow_end *client = view->client, *server = view->server;

    if (has(client, SIGN_RST) || has(server, SIGN_RST) ||
        (has(client, SIGN_FIN) && has(server, SIGN_FIN))) {
        return "closed";
    }
    if (has(client, SIGN_FIN)) {
        return "fin_wait1";
    }
    if (has(server, SIGN_FIN)) {
        return "close_wait";
    }
    if (has(client, SIGN_ACK) || has(client, SIGN_DATA)) {
        return "established";
    }
    if (has(server, SIGN_SYN_ACK)) {
        return "syn_recv";
    }
    return has(client, SIGN_SYN) ? "syn_sent"
           : server->packets     ? "established"
                                 : "none";
}

static const char *flow_state(const struct view *view)
{
    if (view->piece->key.proto == PROTO_TCP) {
        const char *state = tcp_state(view);

        if (strcmp(state, "closed") == 0) {
            return "closed";
        }
        return strcmp(state, "syn_sent") == 0 || strcmp(state, "syn_recv") == 0 ||
                       strcmp(state, "none") == 0
                   ? "new"
                   : "established";
    }
    return view->client->packets && view->server->packets ? "established" : "new";
}

/* Why no more packets are counted: driven out, idle, or the capture was over. */
static const char *end_reason(const struct piece *piece, int64_t end_ns)
{
    if (piece->inexact) {
        return "forced";
    }
    return end_ns - piece->last_ns >= piece_idle_ns(piece) ? "timeout" : "shutdown";
}

static void put_time(struct line_writer *line, const char *key, int64_t ns)
{
    char text[TIME_TEXT_LEN];

    words_time(ns, "+0000", text);
    line_text(line, key, text);
}

/* Not a counter, so that the same flow has the same id in every run; below 2^53, or
 * readers that hold numbers as doubles would round it. */
static uint64_t flow_id(const struct piece *piece)
{
    return hash_bytes(&piece->key, sizeof piece->key, (uint64_t)piece->first_ns) &
           ((UINT64_C(1) << 53) - 1);
}

static void put_head(struct line_writer *line, const struct view *view)
{
    const struct flow_key *key = &view->piece->key;
    char room[4], community_id[COMMUNITY_ID_LEN];
    const char *app = app_proto(view);

    put_time(line, "timestamp", view->piece->last_ns);
    line_count(line, "flow_id", flow_id(view->piece));
    line_text(line, "event_type", "flow");
    line_addr(line, "src_ip", view->client_addr);
    line_count(line, "src_port", view->client_port);
    line_addr(line, "dest_ip", view->server_addr);
    line_count(line, "dest_port", view->server_port);
    line_text(line, "proto", proto_name(key->proto, room));
    line_count(line, "ip_v", addr_is_v4(&key->a) && addr_is_v4(&key->b) ? 4 : 6);
    line_text(line, "community_id", flow_community_id(key, community_id));
    if (app) {
        line_text(line, "app_proto", app);
    }
}

static void put_flow(struct line_writer *line, const struct view *view, int64_t end_ns)
{
    const struct piece *piece = view->piece;
    int64_t age_s = (piece->last_ns - piece->first_ns) / 1000000000;

    line_open(line, "flow", '{');
    line_count(line, "pkts_toserver", view->client->packets);
    line_count(line, "pkts_toclient", view->server->packets);
    line_count(line, "bytes_toserver", view->client->bytes);
    line_count(line, "bytes_toclient", view->server->bytes);
    put_time(line, "start", piece->first_ns);
    put_time(line, "end", piece->last_ns);
    line_count(line, "age", age_s > 0 ? (uint64_t)age_s : 0);
    line_text(line, "state", flow_state(view));
    line_text(line, "reason", end_reason(piece, end_ns));
    line_bool(line, "alerted", false);
    line_close(line, '}');
}

/* A flag that was never set is left out, as Suricata does. */
static void put_tcp(struct line_writer *line, const struct view *view)
{
    static const struct {
        uint8_t flag;
        const char *key;
    } flags[] = {{TCP_SYN, "syn"}, {TCP_FIN, "fin"}, {TCP_RST, "rst"},
                 {TCP_PSH, "psh"}, {TCP_ACK, "ack"}, {TCP_URG, "urg"}};
    uint8_t ours = view->client->tcp_flags, theirs = view->server->tcp_flags;

    line_open(line, "tcp", '{');
    line_hex8(line, "tcp_flags", ours | theirs);
    line_hex8(line, "tcp_flags_ts", ours);
    line_hex8(line, "tcp_flags_tc", theirs);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if ((ours | theirs) & flags[i].flag) {
            line_bool(line, flags[i].key, true);
        }
    }
    line_text(line, "state", tcp_state(view));
    line_close(line, '}');
}

static void put_pair(struct line_writer *line, const char *key, uint32_t to_server,
                     uint32_t to_client)
{
    line_open(line, key, '[');
    line_count(line, NULL, to_server);
    line_count(line, NULL, to_client);
    line_close(line, ']');
}

static void put_names(struct line_writer *line, const struct flow_verdict *verdict)
{
    line_open(line, "names", '[');
    for (size_t i = 0; i < verdict->n_names; i++) {
        line_open(line, NULL, '{');
        line_text(line, "name", verdict->names[i]);
        line_text(line, "source", name_source_name(verdict->sources[i]));
        if (verdict->has_ech) {
            line_bool(line, "ech", true);
        }
        line_close(line, '}');
    }
    line_close(line, ']');
}

static void put_policap(struct line_writer *line, const struct view *view,
                        const struct flow_verdict *verdict, const char *row)
{
    const struct piece *piece = view->piece;
    char history[HISTORY_LEN];

    line_open(line, "policap", '{');
    line_text(line, "device", verdict->device ? verdict->device->key : NULL);
    line_text(line, "verdict", claim_verdict_name(verdict->verdict));
    line_text(line, "row", row);
    line_text(line, "outcome", outcome_name(verdict->outcome));
    line_text(line, "cause", cause_name(verdict->cause));
    put_names(line, verdict);
    line_text(line, "conn_state", piece_conn_state(piece));
    line_text(line, "history", piece_history(piece, history));
    line_open(line, "encap", '[');
    for (size_t i = 0; i < piece->n_encap; i++) {
        line_text(line, NULL, encap_name((enum encap)piece->encap[i]));
    }
    line_close(line, ']');
    put_pair(line, "later_fragments", view->client->later_fragments,
             view->server->later_fragments);
    put_pair(line, "duplicates", view->client->copies, view->server->copies);
    line_close(line, '}');
}

/* What a router said of the flow's packets. */
static void put_icmp(struct line_writer *line, const struct flow_icmp *icmp)
{
    if (icmp->n > 0) {
        line_count(line, "response_icmp_type", icmp->type);
        line_count(line, "response_icmp_code", icmp->code);
    }
}

bool report_write_flow_event(FILE *out, const struct piece *piece, const char *host,
                             const char *iface, int64_t now_ns)
{
    struct view view = view_of(piece);
    struct line_writer line;

    line_begin(&line, out);
    line_open(&line, NULL, '{');
    put_head(&line, &view);
    if (*host) {
        line_text(&line, "host", host);
    }
    line_text(&line, "in_iface", iface);
    put_icmp(&line, &piece->icmp);
    put_flow(&line, &view, now_ns);
    if (piece->key.proto == PROTO_TCP) {
        put_tcp(&line, &view);
    }
    line_close(&line, '}');
    return line_end(&line);
}

bool report_write_flow_verdict(FILE *out, const struct judgement *judgement,
                               const struct piece *piece,
                               const struct flow_verdict *verdict)
{
    struct view view = view_of(piece);
    struct line_writer line;

    line_begin(&line, out);
    line_open(&line, NULL, '{');
    put_head(&line, &view);
    put_flow(&line, &view, tally_end_ns(judgement->tally));
    if (piece->key.proto == PROTO_TCP) {
        put_tcp(&line, &view);
    }
    put_policap(&line, &view, verdict, words_row_id(judgement->policy, verdict->row));
    line_close(&line, '}');
    return line_end(&line);
}

bool report_write_flow(FILE *out, const struct judgement *judgement,
                       const struct piece *piece, const struct judge_options *options)
{
    struct flow_verdict verdict;

    (void)options; /* A flow's line has nothing that an option hides. */
    judge_flow(judgement, piece, &verdict);
    return report_write_flow_verdict(out, judgement, piece, &verdict);
}
