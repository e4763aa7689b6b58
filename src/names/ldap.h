/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What LDAP says of a bind: RFC 4511 4.2, in the BER of its section 5.1.
 *
 * What it leaves out: who binds and with what (no user's name is read), everything else
 * that is asked and answered, and what StartTLS or a SASL layer hides.
 */
#ifndef NAMES_LDAP_H
#define NAMES_LDAP_H

#include "names/names.h"

enum ldap_kind { LDAP_BIND, LDAP_BIND_ANSWER, LDAP_OTHER };

enum { LDAP_SUCCESS = 0, LDAP_SASL_GOES_ON = 14 };

struct ldap_message {
    enum ldap_kind kind;
    uint8_t result; /* Of LDAP_BIND_ANSWER: its resultCode. */
};

/* Takes the next whole message off '*stream'.  PARSE_MORE: its end is not there, and
 * nothing is taken.  PARSE_NOT: it is no LDAP. */
enum parse_result ldap_next(struct cursor *stream, struct ldap_message *out);

#endif
