/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Protection of QUIC's Initial packets: RFC 9001 5, with the salts of each version.
 */
#include "names/quic_packet.h"

#include "base/digest.h"

#include <gcrypt.h>

enum { SECRET_LEN = 32, SALT_LEN = 20, TAG_LEN = 16, PN_MAX = 4, SAMPLE_LEN = 16 };

struct salt {
    uint8_t bytes[SALT_LEN];
    bool is_v2; /* Labels of RFC 9369 3.3.2. */
};

/* RFC 9001 5.2; drafts 33 and 34 have it already. */
static const struct salt salt_v1 = {{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
                                     0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
                                     0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
                                    false};
/* RFC 9369 3.3.1 */
static const struct salt salt_v2 = {{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6,
                                     0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26,
                                     0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
                                    true};
/* draft-ietf-quic-tls-29 5.2 */
static const struct salt salt_draft_29 = {{0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2,
                                           0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
                                           0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
                                          false};
/* draft-ietf-quic-tls-23 5.2 */
static const struct salt salt_draft_23 = {{0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb,
                                           0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
                                           0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02},
                                          false};

static const struct version_range {
    uint32_t first, last;
    const struct salt *salt;
} versions[] = {
    {1, 1, &salt_v1},
    {0x6b3343cf, 0x6b3343cf, &salt_v2},
    {0xff000017, 0xff00001c, &salt_draft_23}, /* Drafts 23 to 28. */
    {0xff00001d, 0xff000020, &salt_draft_29}, /* Drafts 29 to 32. */
    {0xff000021, 0xff000022, &salt_v1},
    {0xfaceb002, 0xfaceb002, &salt_draft_23}, /* mvfst, which is draft 27. */
};

/* RFC 9000 15: 0x?a?a?a?a is there to be refused. */
static bool version_is_reserved(uint32_t version)
{
    return (version & 0x0f0f0f0f) == 0x0a0a0a0a;
}

static const struct salt *salt_of(uint32_t version, unsigned way)
{
    static const struct salt *const any[] = {&salt_v1, &salt_draft_29, &salt_draft_23};

    if (version_is_reserved(version)) {
        return way < 3 ? any[way] : NULL;
    }
    for (size_t i = 0; way == 0 && i < sizeof versions / sizeof *versions; i++) {
        if (version >= versions[i].first && version <= versions[i].last) {
            return versions[i].salt;
        }
    }
    return NULL;
}

bool quic_version_is_known(uint32_t version)
{
    return salt_of(version, 0) != NULL;
}

static bool hmac(const void *key, size_t key_len, const void *bytes, size_t len,
                 uint8_t out[static SECRET_LEN])
{
    gcry_md_hd_t md;

    if (gcry_md_open(&md, GCRY_MD_SHA256, GCRY_MD_FLAG_HMAC)) {
        return false;
    }
    bool ok = !gcry_md_setkey(md, key, key_len);
    if (ok) {
        gcry_md_write(md, bytes, len);
        memcpy(out, gcry_md_read(md, GCRY_MD_SHA256), SECRET_LEN);
    }
    gcry_md_close(md);
    return ok;
}

/* HKDF-Expand-Label (RFC 8446 7.1) without context; 'len' is at most one block of
 * SHA-256, so HKDF-Expand (RFC 5869 2.3) is a single HMAC. */
static bool expand_label(const uint8_t secret[static SECRET_LEN], const char *label,
                         uint8_t *out, uint8_t len)
{
    uint8_t info[64] = {0, len}, block[SECRET_LEN];
    size_t label_len = strlen(label), n = 3;

    info[2] = (uint8_t)(6 + label_len);
    memcpy(info + n, "tls13 ", 6);
    memcpy(info + n + 6, label, label_len);
    n += 6 + label_len;
    info[n++] = 0; /* No context. */
    info[n++] = 1; /* The first and only block. */
    if (!hmac(secret, SECRET_LEN, info, n, block)) {
        return false;
    }
    memcpy(out, block, len);
    return true;
}

bool quic_keys_derive(uint32_t version, unsigned way, struct cursor cid,
                      struct quic_keys *out)
{
    const struct salt *salt = salt_of(version, way);
    uint8_t initial[SECRET_LEN], client[SECRET_LEN];

    if (!salt) {
        return false;
    }
    digest_ready();
    return hmac(salt->bytes, SALT_LEN, cid.at, cid.left, initial) &&
           expand_label(initial, "client in", client, SECRET_LEN) &&
           expand_label(client, salt->is_v2 ? "quicv2 key" : "quic key", out->key,
                        sizeof out->key) &&
           expand_label(client, salt->is_v2 ? "quicv2 iv" : "quic iv", out->iv,
                        sizeof out->iv) &&
           expand_label(client, salt->is_v2 ? "quicv2 hp" : "quic hp", out->hp,
                        sizeof out->hp);
}

/* The mask of header protection (RFC 9001 5.4.3). */
static bool header_mask(const struct quic_keys *keys, const uint8_t *sample,
                        uint8_t mask[static SAMPLE_LEN])
{
    gcry_cipher_hd_t aes;

    if (gcry_cipher_open(&aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_ECB, 0)) {
        return false;
    }
    bool ok = !gcry_cipher_setkey(aes, keys->hp, sizeof keys->hp) &&
              !gcry_cipher_encrypt(aes, mask, SAMPLE_LEN, sample, SAMPLE_LEN);
    gcry_cipher_close(aes);
    return ok;
}

/* A packet with its header laid open. */
struct opened {
    uint8_t first;
    uint8_t number[PN_MAX];
    size_t number_len;
    struct cursor middle; /* The header between these two. */
    struct cursor sealed; /* Payload and tag. */
};

/* The nonce: the packet number, exclusive-ored into the end of the IV (RFC 9001 5.3).
 * Initial packets have small numbers, so the bytes that are not sent are 0. */
static void nonce_make(const struct quic_keys *keys, const struct opened *p,
                       uint8_t nonce[static 12])
{
    memcpy(nonce, keys->iv, 12);
    for (size_t i = 0; i < p->number_len; i++) {
        nonce[12 - p->number_len + i] ^= p->number[i];
    }
}

static bool gcm_open(const struct quic_keys *keys, const struct opened *p,
                     uint8_t *room)
{
    gcry_cipher_hd_t aes;
    uint8_t nonce[12];
    size_t len = p->sealed.left - TAG_LEN;

    if (gcry_cipher_open(&aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_GCM, 0)) {
        return false;
    }
    nonce_make(keys, p, nonce);
    bool ok = !gcry_cipher_setkey(aes, keys->key, sizeof keys->key) &&
              !gcry_cipher_setiv(aes, nonce, sizeof nonce) &&
              !gcry_cipher_authenticate(aes, &p->first, 1) &&
              !gcry_cipher_authenticate(aes, p->middle.at, p->middle.left) &&
              !gcry_cipher_authenticate(aes, p->number, p->number_len) &&
              !gcry_cipher_decrypt(aes, room, len, p->sealed.at, len) &&
              !gcry_cipher_checktag(aes, p->sealed.at + len, TAG_LEN);
    gcry_cipher_close(aes);
    return ok;
}

bool quic_packet_open(const struct quic_packet *packet, const struct quic_keys *keys,
                      uint8_t room[static QUIC_PAYLOAD_MAX], struct cursor *payload)
{
    uint8_t mask[SAMPLE_LEN];
    struct opened p = {.middle = packet->header, .sealed = packet->body};
    const uint8_t *first, *number;

    if (packet->body.left < PN_MAX + SAMPLE_LEN ||
        packet->body.left > QUIC_PAYLOAD_MAX || !cursor_take(&p.middle, 1, &first) ||
        !header_mask(keys, packet->body.at + PN_MAX, mask)) {
        return false;
    }
    number = packet->body.at;
    p.first = (uint8_t)(first[0] ^ (mask[0] & 0x0f));
    p.number_len = (p.first & 3u) + 1;
    cursor_skip(&p.sealed, p.number_len);
    for (size_t i = 0; i < p.number_len; i++) {
        p.number[i] = number[i] ^ mask[1 + i];
    }
    /* The tag is there: it is as long as a sample, which was asked for above. */
    if (!gcm_open(keys, &p, room)) {
        return false;
    }
    *payload = (struct cursor){room, p.sealed.left - TAG_LEN};
    return true;
}
