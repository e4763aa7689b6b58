/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/syslog.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FACILITY_DAEMON = 3, HOST_LEN = 255, TYPE_LEN = 32 };

/* PRINTUSASCII; nothing at all is "-". */
static void word(char *out, const char *text, size_t most)
{
    size_t n = 0;

    for (; n < most && text[n] != '\0'; n++) {
        out[n] = text[n] > ' ' && text[n] < 127 ? text[n] : '-';
    }
    if (n == 0) {
        out[n++] = '-';
    }
    out[n] = '\0';
}

size_t syslog_header(char out[static SYSLOG_HEADER_ROOM], enum syslog_severity severity,
                     int64_t ns, const char *host, const char *type)
{
    char host_word[HOST_LEN + 1], type_word[TYPE_LEN + 1], when[24] = "-";
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm tm;

    if (gmtime_r(&seconds, &tm)) {
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    }
    word(host_word, host, HOST_LEN);
    word(type_word, type, TYPE_LEN);
    return (size_t)snprintf(
        out, SYSLOG_HEADER_ROOM, "<%d>1 %s.%06dZ %s policap %ld %s - ",
        FACILITY_DAEMON * 8 + (int)severity, when, (int)(ns % 1000000000 / 1000),
        host_word, (long)getpid(), type_word);
}
