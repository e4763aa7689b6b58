/* SPDX-License-Identifier: BSD-3-Clause
 *
 * argv to exit status.
 */
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run(const struct options *options)
{
    if (strcmp(options->command, "check") == 0) {
        return command_check(options);
    }
    if (strcmp(options->command, "flows") == 0) {
        return command_flows(options);
    }
    if (strcmp(options->command, "merge") == 0) {
        return command_merge(options);
    }
    if (strcmp(options->command, "live") == 0) {
        return command_live(options);
    }
    if (strcmp(options->command, "inspect") == 0) {
        return command_inspect(options);
    }
    return command_rules(options);
}

int main(int argc, char **argv)
{
    static struct options options;
    struct policap_error err;

    if (argc < 2) {
        fputs(help_text(NULL), stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(help_text(NULL), stdout);
        return EXIT_FITS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("policap " POLICAP_VERSION);
        return EXIT_FITS;
    }
    if (!is_command(argv[1])) {
        char text[160];

        snprintf(text, sizeof text, "%.100s: no such command: see `policap --help`",
                 argv[1]);
        return complain(text);
    }
    options.command = argv[1];
    if (!options_parse(&options, argc - 2, argv + 2, &err)) {
        return complain(err.text);
    }
    if (options.help) {
        fputs(help_text(options.command), stdout);
        return EXIT_FITS;
    }
    return run(&options);
}
