/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The header of a syslog message, RFC 5424 6.2, without structured data.
 */
#ifndef MONITOR_SYSLOG_H
#define MONITOR_SYSLOG_H

#include <stddef.h>
#include <stdint.h>

enum { SYSLOG_HEADER_ROOM = 400 };

enum syslog_severity {
    SYSLOG_ERROR = 3,
    SYSLOG_WARNING = 4,
    SYSLOG_NOTICE = 5,
    SYSLOG_INFO = 6
};

/* Writes "<PRI>1 TIME HOST policap PID TYPE - " of facility daemon.  'host' and 'type'
 * are shortened, and bytes of them that may not stand there become '-'.  Returns its
 * length. */
size_t syslog_header(char out[static SYSLOG_HEADER_ROOM], enum syslog_severity severity,
                     int64_t ns, const char *host, const char *type);

#endif
