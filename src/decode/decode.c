/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The loop over the layers of a frame, and the names of what comes out of it.
 */
#include "decode/decode.h"

#include "decode/walk.h"

#include <assert.h>

static enum decode_result (*const decoders[LAYERS])(struct walk *w) = {
    [LAYER_LINK] = decode_link,
    [LAYER_ETHERNET] = decode_ethernet,
    [LAYER_TYPE] = decode_type,
    [LAYER_LLC] = decode_llc,
    [LAYER_IP] = decode_ip,
    [LAYER_IPV4] = decode_ipv4,
    [LAYER_IPV6] = decode_ipv6,
    [LAYER_TRANSPORT] = decode_transport,
    [LAYER_WIFI] = decode_wifi,
    [LAYER_WIFI_TUNNELED] = decode_wifi_tunneled,
    [LAYER_MPLS] = decode_mpls,
    [LAYER_PPP] = decode_ppp,
    [LAYER_PPPOE] = decode_pppoe,
    [LAYER_GRE] = decode_gre,
    [LAYER_ETHERIP] = decode_etherip,
    [LAYER_VXLAN] = decode_vxlan,
    [LAYER_VXLAN_GPE] = decode_vxlan_gpe,
    [LAYER_GENEVE] = decode_geneve,
    [LAYER_L2TP] = decode_l2tp,
    [LAYER_TEREDO] = decode_teredo,
    [LAYER_GTP] = decode_gtp,
    [LAYER_CAPWAP] = decode_capwap,
    [LAYER_LWAPP] = decode_lwapp,
    [LAYER_TZSP] = decode_tzsp,
};

/* Follows the layers until a packet is whole. */
static enum decode_result walk_run(struct walk *w)
{
    for (int depth = 0; depth < DECODE_MAX_STEPS; depth++) {
        enum decode_result result = decoders[w->next](w);

        if (result != DECODE_OK || w->next == LAYER_END) {
            return result;
        }
    }
    return DECODE_TOO_DEEP;
}

/* Encryption is told even where the packet around it is. */
static bool is_encrypted(enum decode_result result)
{
    return result == DECODE_ENCRYPTED_WIFI || result == DECODE_ENCRYPTED_TUNNEL;
}

enum decode_result decode_walk(const struct frame *frame, struct packet *out,
                               size_t room, size_t *n)
{
    struct walk w = {
        .in = {frame->bytes, frame->cap_len},
        .wire = frame->wire_len < frame->cap_len ? frame->cap_len : frame->wire_len,
        .out = out,
        .room = room,
        .frame = frame,
        .link = frame->link,
        .next = LAYER_LINK,
    };
    enum decode_result result;

    /* Once, but for an A-MSDU.  Ends because the subframes get fewer. */
    do {
        result = walk_run(&w);
        if (result == DECODE_OK && !w.outer) {
            w.n++;
        }
    } while (w.n < room && wifi_next_subframe(&w));
    if (w.outer && w.n < room) {
        w.n++; /* Nothing in the tunnel was believed. */
    }
    *n = w.n;
    return w.n > 0 && !is_encrypted(result) ? DECODE_OK : result;
}

const char *decode_result_name(enum decode_result result)
{
    switch (result) {
    case DECODE_OK:
        return "ok";
    case DECODE_TRUNCATED:
        return "truncated";
    case DECODE_BAD_LENGTH:
        return "bad_length";
    case DECODE_BAD_VERSION:
        return "bad_version";
    case DECODE_BAD_HEADER:
        return "bad_header";
    case DECODE_TOO_DEEP:
        return "too_deep";
    case DECODE_UNKNOWN_LINK:
        return "unknown_link";
    case DECODE_UNKNOWN_TYPE:
        return "unknown_type";
    case DECODE_ENCRYPTED_WIFI:
        return "encrypted_wifi";
    case DECODE_ENCRYPTED_TUNNEL:
        return "encrypted_tunnel";
    case DECODE_RESULTS:
        break;
    }
    return "?";
}

const char *encap_name(enum encap encap)
{
    static const char *const names[ENCAPS] = {
        [ENCAP_VLAN] = "vlan",     [ENCAP_IPV4] = "ipv4",
        [ENCAP_IPV6] = "ipv6",     [ENCAP_GRE] = "gre",
        [ENCAP_ERSPAN] = "erspan", [ENCAP_VXLAN] = "vxlan",
        [ENCAP_GENEVE] = "geneve", [ENCAP_MPLS] = "mpls",
        [ENCAP_PPPOE] = "pppoe",   [ENCAP_PPP] = "ppp",
        [ENCAP_L2TP] = "l2tp",     [ENCAP_TEREDO] = "teredo",
        [ENCAP_GTP] = "gtp",       [ENCAP_CAPWAP] = "capwap",
        [ENCAP_ARUBA] = "aruba",   [ENCAP_TZSP] = "tzsp",
        [ENCAP_LWAPP] = "lwapp",   [ENCAP_PBB] = "pbb",
        [ENCAP_WIFI] = "wifi",     [ENCAP_SLL] = "sll",
        [ENCAP_LLC] = "llc",       [ENCAP_ETHERIP] = "etherip",
    };

    return encap < ENCAPS ? names[encap] : "?";
}
