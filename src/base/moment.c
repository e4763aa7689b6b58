/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t second_ns = 1000000000;

/* Takes exactly 'n' digits.  -1: there are fewer. */
static int take_digits(const char **at, int n)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        if (**at < '0' || **at > '9') {
            return -1;
        }
        value = value * 10 + (*(*at)++ - '0');
    }
    return value;
}

static bool take(const char **at, const char *one_of)
{
    bool there = **at != '\0' && strchr(one_of, **at) != NULL;

    *at += there;
    return there;
}

static bool take_date(const char **at, struct tm *tm)
{
    tm->tm_year = take_digits(at, 4) - 1900;
    if (!take(at, "-")) {
        return false;
    }
    tm->tm_mon = take_digits(at, 2) - 1;
    if (!take(at, "-")) {
        return false;
    }
    tm->tm_mday = take_digits(at, 2);
    return tm->tm_year >= 70 && tm->tm_year < 362 && tm->tm_mon >= 0 &&
           tm->tm_mon < 12 && tm->tm_mday > 0;
}

/* ".25": digits beyond the ninth say nothing. */
static bool take_fraction(const char **at, int64_t *ns)
{
    int64_t unit = 100000000;
    int digit = take_digits(at, 1);

    if (digit < 0) {
        return false;
    }
    while (digit >= 0) {
        *ns += digit * unit;
        unit /= 10;
        digit = take_digits(at, 1);
    }
    return true;
}

/* The time since midnight. */
static bool take_clock(const char **at, int64_t *ns)
{
    int hour = take_digits(at, 2), minute, second = 0;

    if (!take(at, ":")) {
        return false;
    }
    minute = take_digits(at, 2);
    if (take(at, ":")) {
        second = take_digits(at, 2);
        if (take(at, ".") && !take_fraction(at, ns)) {
            return false;
        }
    }
    take(at, "Zz");
    *ns += (hour * 3600 + minute * 60 + second) * second_ns;
    return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
           second <= 60;
}

bool moment_parse(const char *text, int64_t *ns)
{
    struct tm tm = {0};
    int64_t of_day_ns = 0;

    if (!take_date(&text, &tm) ||
        (take(&text, "Tt ") && !take_clock(&text, &of_day_ns)) || *text != '\0') {
        return false;
    }

    int day = tm.tm_mday;
    int64_t seconds = timegm(&tm);
    if (tm.tm_mday != day) {
        return false; /* timegm() makes 1 May of 31 April. */
    }
    *ns = seconds * second_ns + of_day_ns;
    return true;
}

bool duration_parse(const char *text, unsigned *seconds)
{
    static const struct {
        char letter;
        unsigned long factor;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end;
    unsigned long n;

    if (*text < '0' || *text > '9') {
        return false;
    }
    errno = 0;
    n = strtoul(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (*end == units[i].letter && end[1] == '\0' && errno == 0 && n > 0 &&
            n <= DURATION_MAX_S / units[i].factor) {
            *seconds = (unsigned)(n * units[i].factor);
            return true;
        }
    }
    return false;
}
