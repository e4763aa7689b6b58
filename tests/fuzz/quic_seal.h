/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Makes QUIC packets: what the tests and the fuzz target of QUIC feed their parser.
 * check_rfc_packet() of the unit test holds it against RFC 9001 appendix A.2.
 */
#ifndef QUIC_SEAL_H
#define QUIC_SEAL_H

#include "names/quic_packet.h"

#include <gcrypt.h>
#include <stdlib.h>

enum { SEAL_V2 = 0x6b3343cf };

/* The other half of quic_packet_open(): seals with a packet number of four bytes. */
struct quic_sealer {
    uint32_t version;
    const char *keys_cid; /* From which the keys come; 'dcid' where it is NULL. */
    const char *dcid, *token;
    uint8_t type; /* The two bits of the first byte. */
    uint32_t number;
};

static inline void gcrypt_seal(const struct quic_keys *keys,
                               const struct quic_sealer *s, uint8_t *packet,
                               size_t header_len, size_t payload_len)
{
    gcry_cipher_hd_t aes;
    uint8_t nonce[12], mask[16], *body = packet + header_len;

    memcpy(nonce, keys->iv, 12);
    for (size_t i = 0; i < 4; i++) {
        nonce[8 + i] ^= (uint8_t)(s->number >> (24 - 8 * i));
    }
    if (gcry_cipher_open(&aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_GCM, 0)) {
        abort();
    }
    gcry_cipher_setkey(aes, keys->key, 16);
    gcry_cipher_setiv(aes, nonce, 12);
    gcry_cipher_authenticate(aes, packet, header_len);
    gcry_cipher_encrypt(aes, body, payload_len, NULL, 0);
    gcry_cipher_gettag(aes, body + payload_len, 16);
    gcry_cipher_close(aes);

    if (gcry_cipher_open(&aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_ECB, 0)) {
        abort();
    }
    gcry_cipher_setkey(aes, keys->hp, 16);
    gcry_cipher_encrypt(aes, mask, 16, body, 16);
    gcry_cipher_close(aes);
    packet[0] ^= mask[0] & 0x0f;
    for (size_t i = 0; i < 4; i++) {
        packet[header_len - 4 + i] ^= mask[1 + i];
    }
}

static inline size_t quic_seal(const struct quic_sealer *s, const uint8_t *payload,
                               size_t payload_len, uint8_t *out)
{
    const char *keys_cid = s->keys_cid ? s->keys_cid : s->dcid;
    size_t body_len = 4 + payload_len + 16, len = 0;
    struct quic_keys keys;

    out[len++] = (uint8_t)(0xc3 | s->type << 4);
    for (int shift = 24; shift >= 0; shift -= 8) {
        out[len++] = (uint8_t)(s->version >> shift);
    }
    out[len++] = (uint8_t)strlen(s->dcid);
    memcpy(out + len, s->dcid, strlen(s->dcid));
    len += strlen(s->dcid);
    out[len++] = 0;
    if (s->type == 0 || s->version == SEAL_V2) {
        out[len++] = (uint8_t)strlen(s->token);
        memcpy(out + len, s->token, strlen(s->token));
        len += strlen(s->token);
    }
    out[len++] = (uint8_t)(0x40 | body_len >> 8);
    out[len++] = (uint8_t)body_len;
    for (int shift = 24; shift >= 0; shift -= 8) {
        out[len++] = (uint8_t)(s->number >> shift);
    }
    size_t header_len = len;
    memcpy(out + len, payload, payload_len);
    len += payload_len;
    if (!quic_keys_derive(s->version, 0,
                          (struct cursor){(const uint8_t *)keys_cid, strlen(keys_cid)},
                          &keys)) {
        abort();
    }
    gcrypt_seal(&keys, s, out, header_len, payload_len);
    return len + 16;
}

#endif
