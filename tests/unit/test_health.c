/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is said of a mirror, by what it shows.
 */
#include "monitor/health.h"
#include "unit.h"

#include "base/addr.h"

#include <stdio.h>

enum { ETHER_LEN = 14, UDP_LEN = ETHER_LEN + 28, STP_LEN = 60 };

static const int64_t second_ns = 1000000000;

struct row {
    const char *name;
    /* Words: OUT and IN are 10 packets of a direction, LAN_OUT and LAN_IN between
     * private addresses, PEER between two where no port tells, STP one of a switch; a
     * number is so many seconds. */
    const char *text;
    const char *want; /* States that it turned to. */
};

/* clang-format off */
static const struct row rows[] = {
    {"both ways", "OUT IN 30 OUT IN 30 OUT IN 30 OUT IN", ""},
    {"a quiet minute", "OUT IN 59 OUT IN", ""},
    {"silent", "OUT IN 61 10 10", "silent "},
    {"silent from the start", "61", "silent "},
    {"what the switch sends is no traffic", "OUT IN 30 STP 30 STP 30", "silent "},
    {"silent, and back", "OUT IN 70 OUT IN 1", "silent good "},
    {"answers are lost", "OUT IN 5 OUT*10 17 OUT 1", "no-answers "},
    {"too few packets to say so", "OUT IN 5 OUT*5 17 OUT 1", ""},
    {"too early to say so", "OUT IN 5 OUT*20 10 OUT 1", ""},
    {"answers are lost, and back", "OUT IN 5 OUT*20 17 OUT 1 IN 1", "no-answers good "},
    {"requests are lost", "OUT IN 5 IN*20 17 IN 1 OUT 1", "no-requests good "},
    {"a mirror of one direction never had the other", "OUT*20 30 OUT*20 30 OUT*20", ""},
    {"between private addresses, by ports", "LAN_OUT LAN_IN 5 LAN_OUT*20 17 LAN_OUT 1", "no-answers "},
    {"where no port tells nothing is lost", "PEER 5 PEER*20 17 PEER 1", ""},
    {"down, and up again", "OUT IN 1 DOWN 1 UP 1", "down good "},
    {"one direction, then silence", "OUT IN 5 OUT*20 17 OUT 1 61", "no-answers silent "},
};
/* clang-format on */

static void put_addr(uint8_t *at, const char *text)
{
    struct addr addr;

    assert_true(addr_parse(text, &addr));
    memcpy(at, addr.b + 12, 4);
}

static void put_port(uint8_t *at, unsigned port)
{
    at[0] = (uint8_t)(port >> 8);
    at[1] = (uint8_t)port;
}

static void udp(uint8_t *bytes, const char *src, unsigned sport, const char *dst,
                unsigned dport)
{
    memset(bytes, 0, UDP_LEN);
    bytes[0] = 2;
    bytes[6] = 4;
    bytes[12] = 8;
    bytes[ETHER_LEN] = 0x45;
    bytes[ETHER_LEN + 3] = 28;
    bytes[ETHER_LEN + 8] = 64;
    bytes[ETHER_LEN + 9] = 17;
    put_addr(bytes + ETHER_LEN + 12, src);
    put_addr(bytes + ETHER_LEN + 16, dst);
    put_port(bytes + ETHER_LEN + 20, sport);
    put_port(bytes + ETHER_LEN + 22, dport);
    bytes[ETHER_LEN + 25] = 8;
}

/* The frame that a word names.  Returns its length. */
static uint32_t frame_of(const char *word, uint8_t *bytes)
{
    if (strncmp(word, "STP", 3) == 0) {
        memset(bytes, 0, STP_LEN);
        memcpy(bytes, "\x01\x80\xc2\0\0\0\0\x11\x22\x33\x44\x55\0\x26\x42\x42\x03", 17);
        return STP_LEN;
    }
    if (strncmp(word, "OUT", 3) == 0) {
        udp(bytes, "10.20.0.101", 40000, "8.8.8.8", 40001);
    } else if (strncmp(word, "IN", 2) == 0) {
        udp(bytes, "8.8.8.8", 40001, "10.20.0.101", 40000);
    } else if (strncmp(word, "LAN_OUT", 7) == 0) {
        udp(bytes, "10.20.0.101", 40000, "10.50.0.10", 53);
    } else if (strncmp(word, "LAN_IN", 6) == 0) {
        udp(bytes, "10.50.0.10", 53, "10.20.0.101", 40000);
    } else {
        udp(bytes, "10.20.0.101", 40000, "10.20.0.102", 40002);
    }
    return UDP_LEN;
}

static void send_word(struct health *health, const char *word, int64_t ns)
{
    const char *times = strchr(word, '*');
    unsigned n = 10;
    uint8_t bytes[64];
    struct frame frame = {.bytes = bytes, .ns = ns, .link = 1};

    if (times) {
        n *= (unsigned)strtoul(times + 1, NULL, 10);
    }
    frame.cap_len = frame.wire_len = frame_of(word, bytes);
    for (unsigned i = 0; i < n; i++) {
        health_note(health, &frame, 1);
    }
}

static void check_row(void **state)
{
    const struct row *row = *state;
    char text[200], got[100] = "";
    int64_t now = 1795334400 * second_ns;
    struct health health;
    char *rest = NULL;

    health_init(&health, now);
    snprintf(text, sizeof text, "%s", row->text);
    for (char *word = strtok_r(text, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        unsigned long seconds = strtoul(word, NULL, 10);

        if (strcmp(word, "DOWN") == 0 || strcmp(word, "UP") == 0) {
            health.is_down = word[0] == 'D';
        } else if (seconds == 0) {
            send_word(&health, word, now);
        }
        for (; seconds > 0; seconds--) {
            now += second_ns;
            if (health_look(&health, now)) {
                strcat(strcat(got, health_name(health.state)), " ");
            }
        }
    }
    assert_string_equal(got, row->want);
}

/* All of a small batch is looked at: of question and answer not the question alone. */
static void check_batch(void **state)
{
    struct frame frames[64];
    uint8_t bytes[2][64];
    struct health health;

    (void)state;
    health_init(&health, 0);
    for (unsigned i = 0; i < 64; i++) {
        uint32_t len = frame_of(i % 2 ? "IN" : "OUT", bytes[i % 2]);

        frames[i] = (struct frame){.bytes = bytes[i % 2],
                                   .ns = i + 1,
                                   .cap_len = len,
                                   .wire_len = len,
                                   .link = 1};
    }
    health_note(&health, frames, 2);
    assert_int_equal(health.seen_ns[0], 1);
    assert_int_equal(health.seen_ns[1], 2);
    health_note(&health, frames, 64);
    assert_true(health.seen_ns[0] > 40 && health.seen_ns[1] > 40);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = {cmocka_unit_test(check_batch)};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[i + 1] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL,
                                           (void *)(uintptr_t)&rows[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
