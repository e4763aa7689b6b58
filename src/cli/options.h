/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The command line: argv to options, and the texts of --help.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "audit/judge.h"
#include "monitor/monitor.h"

enum exit_status {
    EXIT_FITS = 0,
    EXIT_FINDINGS = 1,
    EXIT_USAGE = 2, /* Usage, rules or input. */
    EXIT_INCONCLUSIVE = 3
};

enum format { FORMAT_DEFAULT, FORMAT_JSON, FORMAT_TEXT };

enum { MAX_OPERANDS = 65536, MAX_POLICIES = 64, MAX_EXPECT = 256, MAX_TAPS = 256 };

/* --tap NAME=FILE, into argv. */
struct tap_option {
    const char *name;
    size_t name_len;
    const char *path;
};

struct options {
    const char *command;
    const char *site;
    const char *policies[MAX_POLICIES];
    size_t n_policies;
    const char *output;  /* -o; NULL: standard output. */
    const char *tally;   /* --tally */
    const char *explain; /* --explain; NULL: the report. */
    enum format format;
    const char *expect[MAX_EXPECT];
    struct judge_options judge;
    const char *filter;     /* -f; NULL: none. */
    int64_t from_ns, to_ns; /* --from, --to: INT64_MIN and INT64_MAX without. */
    bool until;             /* --until: to_ns is the moment to judge as of, too. */
    uint64_t max_packets;   /* --max-packets; 0: no limit. */
    unsigned threads;       /* -j */
    size_t max_memory;      /* --max-memory; 0: no limit but of entries. */
    struct tap_option taps[MAX_TAPS]; /* --tap */
    size_t n_taps;
    struct monitor_options monitor; /* -i and what else `live` takes */
    const char *report;             /* --report; NULL: none. */
    bool check_config;              /* --check-config */
    const char **operands;          /* Into argv. */
    size_t n_operands;
    bool help;
};

/* Reads argv behind the command's name.  False: '*err' says what is wrong. */
bool options_parse(struct options *options, int argc, char **argv,
                   struct policap_error *err);

/* Takes the value of --tap (taps.c). */
bool tap_parse(struct options *options, const char *value, struct policap_error *err);

/* Take the values of options of `live` (live_options.c). */
bool live_set_interface(struct options *options, const char *value,
                        struct policap_error *err);
bool live_set_report(struct options *options, const char *value,
                     struct policap_error *err);
bool live_set_every(struct options *options, const char *value,
                    struct policap_error *err);
bool live_set_filter(struct options *options, const char *value,
                     struct policap_error *err);
bool live_set_check_config(struct options *options, const char *value,
                           struct policap_error *err);
bool live_set_events(struct options *options, const char *value,
                     struct policap_error *err);
bool live_set_state(struct options *options, const char *value,
                    struct policap_error *err);
bool live_set_evidence(struct options *options, const char *value,
                       struct policap_error *err);
bool live_set_window(struct options *options, const char *value,
                     struct policap_error *err);
bool live_set_events_flow(struct options *options, const char *value,
                          struct policap_error *err);
bool live_set_user(struct options *options, const char *value,
                   struct policap_error *err);
bool live_set_listen(struct options *options, const char *value,
                     struct policap_error *err);
bool live_set_token_file(struct options *options, const char *value,
                         struct policap_error *err);
bool live_set_ring(struct options *options, const char *value,
                   struct policap_error *err);
bool live_set_snaplen(struct options *options, const char *value,
                      struct policap_error *err);
bool live_set_block_time(struct options *options, const char *value,
                         struct policap_error *err);
bool live_set_quiet_port(struct options *options, const char *value,
                         struct policap_error *err);

/* The text of --help of a command, or of the program for NULL. */
const char *help_text(const char *command);

/* Is there such a command? */
bool is_command(const char *name);

/* Commands: each returns an exit status and has said on stderr what failed. */
int command_check(const struct options *options);
int command_flows(const struct options *options);
int command_live(const struct options *options);
int command_inspect(const struct options *options);
int command_merge(const struct options *options);
int command_rules(const struct options *options);

/* Prints "policap: TEXT" on stderr, with control bytes made harmless, and returns
 * EXIT_USAGE. */
int complain(const char *text);

#endif
