/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the two halves of the SIP parser share: header values (sip_header.c) and the
 * message around them (sip.c).
 */
#ifndef VOICE_SIP_H
#define VOICE_SIP_H

#include "voice/voice.h"

enum sip_header {
    SIP_HEADER_OTHER,
    SIP_HEADER_VIA,
    SIP_HEADER_CALL_ID,
    SIP_HEADER_CSEQ,
    SIP_HEADER_CONTACT,
    SIP_HEADER_CONTENT_LENGTH,
    SIP_HEADER_CONTENT_TYPE,
    SIP_HEADER_EXPIRES,
    SIP_HEADER_CREDENTIALS,
    SIP_HEADER_TO
};

enum sip_method sip_method_of(struct cursor token);

/* The header that 'name' names, long or compact (RFC 3261 7.3.3). */
enum sip_header sip_header_of(struct cursor name);

/* "314159 INVITE" */
bool sip_cseq_read(struct cursor value, uint32_t *number, enum sip_method *method);

/* "SIP/2.0/UDP 10.0.0.1:5060;received=...;rport=..." and more behind a comma. */
void sip_via_read(struct cursor value, struct sip_host *sent_by,
                  struct sip_host *received);

/* "\"Alice\" <sip:alice@10.0.0.1:5060;transport=udp>;expires=60" */
void sip_contact_read(struct cursor value, struct sip_host *out);

/* The URI in it without "sip:", parameters and headers: "alice@10.0.0.1:5060". */
struct cursor sip_user_read(struct cursor value);

#endif
