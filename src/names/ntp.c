/* SPDX-License-Identifier: BSD-3-Clause
 *
 * See ntp.h.  Time daemons' parsers come with their clocks; four bytes need none.
 */
#include "names/ntp.h"

enum {
    MESSAGE_LEN = 48,
    AT_REFERENCE_ID = 12,
    LEAP_UNKNOWN = 3, /* The clock is not synchronised. */
    STRATUM_MAX = 16
};

/* RFC 5905 7.4: four ASCII characters, or fewer and zeros. */
static void kiss_read(const uint8_t *id, char out[static 5])
{
    size_t n = 0;

    while (n < 4 && id[n] >= 'A' && id[n] <= 'Z') {
        out[n] = (char)id[n];
        n++;
    }
    for (size_t i = n; i < 4; i++) {
        if (id[i] != 0) {
            n = 0;
        }
    }
    out[n] = '\0';
}

/*      0   1   2   3   4   5   6   7
 *    +-------+-----------+-----------+
 *  0 | leap  |  version  |   mode    |   then stratum, poll, precision
 *    +-------+-----------+-----------+
 */
enum parse_result ntp_parse(struct cursor message, struct ntp_message *out)
{
    const uint8_t *p;

    if (!cursor_take(&message, MESSAGE_LEN, &p)) {
        return PARSE_NOT;
    }
    struct ntp_message parsed = {
        .version = p[0] >> 3 & 7,
        .mode = p[0] & 7,
        .stratum = p[1],
        .synchronised = p[0] >> 6 != LEAP_UNKNOWN,
    };
    if (parsed.version < 1 || parsed.version > 4 ||
        parsed.mode < NTP_SYMMETRIC_ACTIVE || parsed.mode > NTP_BROADCAST ||
        parsed.stratum > STRATUM_MAX) {
        return PARSE_NOT;
    }
    if (parsed.mode == NTP_SERVER && parsed.stratum == 0) {
        kiss_read(p + AT_REFERENCE_ID, parsed.kiss);
    }
    *out = parsed;
    return PARSE_OK;
}
