/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The texts of --help.
 */
#include "cli/options.h"

#include <string.h>

static const char program_help[] =
    "usage: policap COMMAND [OPTION]... FILE...\n"
    "\n"
    "Holds the traffic of Spectralink Versity phones in a packet capture against the\n"
    "documented table of ports and hosts (bulletin CS-20-05), and reports what is\n"
    "unexpected (no row documents it) and what is blocked (documented, and the "
    "network\n"
    "stops it).\n"
    "\n"
    "  policap check CAPTURE...   the report: verdict, problems, findings, rows\n"
    "  policap inspect CAPTURE... can this capture be trusted\n"
    "  policap live -i IFACE      the report of an interface, while it is captured\n"
    "  policap flows CAPTURE...   every flow with its verdict, one JSON object a line\n"
    "  policap merge TALLY...     one report out of what `check --tally` wrote\n"
    "  policap rules ...          the rows that captures are held against\n"
    "\n"
    "  policap COMMAND --help     what a command takes\n"
    "  policap --version\n"
    "\n"
    "exit status: 0 the traffic fits the policy, 1 there are findings, 2 usage, rules "
    "or\n"
    "input error, 3 inconclusive\n";

#define COMMON_HELP                                                                    \
    "  --site FILE        site file: which servers have which role, which hosts are "  \
    "phones\n"                                                                         \
    "  --policy FILE      a rule pack more; repeatable\n"                              \
    "  --device D         only this is a phone: an address, prefix or hardware "       \
    "address;\n"                                                                       \
    "                     `any`: whoever opens a flow; repeatable\n"

#define PACKETS_HELP                                                                   \
    "  -f EXPR            only packets for which this BPF expression holds (`man "     \
    "pcap-filter`)\n"                                                                  \
    "  --from T, --to T   only packets from this time on, and before that; in UTC, "   \
    "as\n"                                                                             \
    "                     2026-11-22T07:30:01Z or '2026-11-22 07:30'\n"                \
    "  --max-packets N    only the first N of these packets\n"                         \
    "  -j N               threads that read (default 1): faster, and the same "        \
    "report\n"

#define TAP_HELP                                                                       \
    "  --tap NAME=FILE    a capture of one of several points on the way; repeatable: " \
    "says\n"                                                                           \
    "                     between which of them a flow is stopped\n"

#define REPORT_HELP                                                                    \
    "  --format FORMAT    text or json; text on a terminal, else json\n"               \
    "  -o, --output FILE  write the report there; - is standard output\n"              \
    "  --fail-on LIST     kinds of finding that fail (default: all but advice):\n"     \
    "                     "                                                            \
    "blocked,degraded,refused,no-answer,intercepted,unexpected,\n"                     \
    "                     unexpected-inbound,advice,candidate\n"                       \
    "  --expect ROW,...   a row that is not seen fails\n"                              \
    "  --strict           traffic that only fits a row by its port fails as well\n"    \
    "  --show-names       print host names that phones told by DHCP\n"

static const char check_help[] =
    "usage: policap check [OPTION]... CAPTURE...\n"
    "\n"
    "Reads pcap and pcapng files, also compressed with gzip, zstd or lz4 (- is "
    "standard\n"
    "input; a directory is all captures in it), and reports what is unexpected and "
    "what is\n"
    "blocked, with the frames that prove it.  Several captures are read as one, in "
    "order\n"
    "of time.\n"
    "\n" COMMON_HELP PACKETS_HELP
    "  --max-memory SIZE  of evidence, as 512M or 2G; what there is no room for is "
    "counted\n"
    "  --until T          the report of this moment: only packets before it, judged as "
    "of then\n" REPORT_HELP TAP_HELP
    "  --tally FILE       write the evidence too, for `policap merge`\n"
    "  --explain FINDING  why one finding (F3, or its id) says what it says, instead "
    "of "
    "the\n"
    "                     report\n"
    "\n"
    "exit status: 0 fits the policy, 1 findings that fail, 2 usage, rules or input "
    "error,\n"
    "3 inconclusive: no phone was found, or the capture can not tell\n";

static const char flows_help[] =
    "usage: policap flows [OPTION]... CAPTURE...\n"
    "\n"
    "Prints every flow as an EVE `flow` object, one a line, in order of first packet,\n"
    "with the key `policap`: device, verdict, row, outcome, cause, names, and more.\n"
    "\n" COMMON_HELP PACKETS_HELP TAP_HELP "  -o, --output FILE  write there\n"
    "\n"
    "exit status: 0 done, 2 usage, rules or input error\n";

static const char inspect_help[] =
    "usage: policap inspect [OPTION]... CAPTURE...\n"
    "\n"
    "Says whether a capture can be trusted before anybody is accused: both "
    "directions,\n"
    "copies, losses, holes, tunnels, who the phones are, and for each row whether "
    "this\n"
    "capture can judge it, and if not why.  The first line is the verdict.\n"
    "\n" COMMON_HELP PACKETS_HELP TAP_HELP
    "  --format FORMAT    text or json; text on a terminal, else json\n"
    "  -o, --output FILE  write there\n"
    "\n"
    "exit status: 0 done, 2 usage, rules or input error\n";

static const char live_help[] =
    "usage: policap live [OPTION]... -i INTERFACE\n"
    "\n"
    "Captures an interface, such as the one a mirror port is wired to, until SIGINT "
    "or\n"
    "SIGTERM, and then reports as `policap check` does on a file of the same packets.\n"
    "SIGUSR1 asks for a report at once; SIGHUP loads the rules and the site file again "
    "and\n"
    "opens the file of events anew.\n"
    "\n"
    "  -i INTERFACE       what is captured; `any`: all of them; repeatable\n"
    "  -f EXPR            only packets for which this BPF expression holds\n"
    "  --filter auto      the kernel keeps only what concerns the subnets of the site "
    "file\n"
    "                     (ARP and DHCP stay, tagged or not); with -f both hold\n"
    "  --report FILE      write reports on the way, and the last one, there as JSON: "
    "a new\n"
    "                     file is written, then takes the old one's name\n"
    "  --every TIME       between reports on the way: 90s, 5m (the default), 1h\n"
    "  --events TARGET    what turns, as EVE lines of JSON: to a file, -, unix:SOCKET, "
    "or to\n"
    "                     syslog (RFC 5424): syslog:udp:ADDR:PORT, "
    "syslog:tcp:ADDR:PORT, or\n"
    "                     syslog:SOCKET (/dev/log); repeatable\n"
    "  --events-flow      each flow that is over is an event, too\n"
    "  --listen ADDR:PORT serve a page, /report.json, /metrics and /healthz by HTTP, "
    "such as\n"
    "                     on 127.0.0.1:9477; on other addresses only with a token\n"
    "  --token-file FILE  the token that who asks must know: Authorization: Bearer "
    "TOKEN\n"
    "  --max-memory SIZE  of what is kept (default 1G); a report that is being made "
    "takes "
    "up\n"
    "                     to as much again\n"
    "  --window TIME      reports are of the last so many hours (default 24h, at most "
    "167h)\n"
    "  --evidence DIR     write the first packets of what is found there, a pcapng "
    "file "
    "a\n"
    "                     finding, named by its id; of each packet 128 bytes\n"
    "  --state FILE       keep what was seen and told there, every 5 minutes and at "
    "the "
    "end,\n"
    "                     and go on from it at the next start; `policap merge` reads "
    "it\n"
    "  --check-config     say what is wrong with options, rules, site file, filter, "
    "sinks and\n"
    "                     addresses, a line a fault, and capture nothing; exit status "
    "0 "
    "or 2\n"
    "  -u, --user USER    become this user once the interface is open\n"
    "  -p, --no-promisc   only what is sent to this host\n"
    "  --ring MIB         of memory for packets that wait (default 64)\n"
    "  --snaplen BYTES    of each packet that are read (default: all)\n"
    "  --block-time MS    how long a packet may wait for others (default 100)\n"
    "\n" COMMON_HELP REPORT_HELP "\n"
    "exit status: as of `policap check`; 2 also when an interface went away\n";

static const char merge_help[] =
    "usage: policap merge [OPTION]... TALLY...\n"
    "\n"
    "Makes one report out of the evidence that several `policap check --tally` wrote: "
    "of\n"
    "many sites, of many hours, of several capture points.\n"
    "\n" COMMON_HELP REPORT_HELP "\n"
    "exit status: as of `policap check`\n";

static const char rules_help[] =
    "usage: policap rules list [OPTION]...\n"
    "       policap rules show [OPTION]... ROW\n"
    "       policap rules lint [OPTION]...\n"
    "       policap rules explain [OPTION]... TRANSPORT SRC[:PORT] DST:PORT [NAME]\n"
    "\n"
    "list: every row, one a line.  show: all that is known of one row.  lint: rows "
    "that\n"
    "are shadowed, redundant, never reached or in conflict; exit status 1 if there "
    "are.\n"
    "explain: what a flow would be, which rows were tried, and why one won.  The phone "
    "is "
    "SRC,\n"
    "or DST where the site file says so.\n"
    "\n"
    "  --site FILE        the site file's packs, ports and rows too\n"
    "  --policy FILE      a rule pack more; repeatable\n"
    "  --format FORMAT    text or json\n"
    "  -o, --output FILE  write there\n"
    "\n"
    "exit status: 0 done, 1 lint found more than notes, 2 usage or rules error\n";

const char *help_text(const char *command)
{
    static const struct {
        const char *command, *text;
    } texts[] = {{"check", check_help},     {"flows", flows_help},
                 {"inspect", inspect_help}, {"live", live_help},
                 {"merge", merge_help},     {"rules", rules_help}};

    for (size_t i = 0; command && i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(texts[i].command, command) == 0) {
            return texts[i].text;
        }
    }
    return program_help;
}
