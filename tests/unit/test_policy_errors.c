/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a bad rule file is told: file, line, JSON pointer, what is wrong, what to do.
 */
#include "policy/load.h" /* First: cmocka defines fail() as a macro. */

#include "unit.h"

#include <stdio.h>
#include <unistd.h>

/* Rows begin at line 3. */
#define PACK(rows)                                                                     \
    "{\"format\": \"policap-policy/1\", \"name\": \"p\", \"as_of\": \"2020-04-03\",\n" \
    " \"rows\": [\n" rows "]}"
#define ROW(rest) PACK("{\"id\": \"a\", \"title\": \"t\", " rest "}")
/* What follows the name begins at line 2. */
#define SITE(rest) "{\"name\": \"s\",\n" rest "}"
#define PEERS(list)                                                                    \
    ROW("\"transport\": [\"tcp\"], \"ports\": [1],\n \"peers\": [" list "]")

#define ROLE_LIST                                                                      \
    "sam-server, log-server, update-server, amie-gateway, call-server, "               \
    "media-gateway, "                                                                  \
    "ldap-server, emm-server, emm-agent-server, dns-server, dhcp-server, ntp-server, " \
    "http-proxy"

struct bad {
    const char *what;
    bool site; /* A site file, over the default packs; else a pack. */
    const char *text, *want;
};

/* clang-format off */
static const struct bad bads[] = {
    /* No JSON. */
    {"nothing", false, "",
     "p.json: line 1: no JSON: '[' or '{' expected near end of file: the file is cut: take a whole copy"},
    {"no JSON", false, "port 443 is open",
     "p.json: line 1: no JSON: '[' or '{' expected near 'port': mend the syntax there"},
    {"cut", false, "{\"format\": \"policap-policy/1\",\n\"name\": \"p",
     "p.json: line 2: no JSON: premature end of input near '\"p': the file is cut: take a whole copy"},
    {"cut behind a value", false, "{\"name\": \"p\",\n\n\"rows\": [",
     "p.json: line 3: no JSON: ']' expected near end of file: the file is cut: take a whole copy"},
    {"a comma too many", false, "{\"name\": \"p\",\n}",
     "p.json: line 2: no JSON: string or '}' expected near '}': mend the syntax there"},
    {"a key twice", false, "{\"name\": \"p\",\n\"name\": \"q\"}",
     "p.json: line 2: no JSON: duplicate object key near '\"name\"': keep one of them"},
    {"not UTF-8", false, "{\"name\":\n \"\xff\"}",
     "p.json: line 2: no JSON: unable to decode byte 0xff near '\"': save the file as UTF-8"},
    {"a list", false, "[]",
     "p.json: line 1: is a list: write an object, {...}"},
    {"a number", false, "\n17",
     "p.json: line 2: no JSON: '[' or '{' expected near '17': mend the syntax there"},
    /* The head of a pack. */
    {"no format", false, "{\"name\": \"p\", \"as_of\": \"2020-04-03\", \"rows\": []}",
     "p.json: line 1: has no format: add \"format\": \"policap-policy/1\""},
    {"another format", false, "{\"format\": \"policap-policy/2\"}",
     "p.json: line 1: /format: unknown word 'policap-policy/2': write one of policap-policy/1"},
    {"no rows", false, "{\"format\": \"policap-policy/1\", \"name\": \"p\", \"as_of\": \"2020-04-03\"}",
     "p.json: line 1: has no rows: add it"},
    {"no date", false, "{\"format\": \"policap-policy/1\", \"name\": \"p\",\n\"as_of\": \"2020-13-03\"}",
     "p.json: line 2: /as_of: is no date: write it as 2020-04-03"},
    {"a key of a pack", false, "{\"format\": \"policap-policy/1\",\n\n\"row\": []}",
     "p.json: line 3: /row: unknown key: the keys here are $schema, format, name, revision, as_of, source, licence, comment, sets, rows"},
    {"rows no list", false, "{\"rows\": {}}",
     "p.json: line 1: /rows: is no list: write [...]"},
    {"a control character", false, "{\"name\": \"\\u001b[2J\"}",
     "p.json: line 1: /name: has a control character: remove it"},
    /* Sets. */
    {"a set's prefix", false, "{\"sets\": {\"x\": {\"prefixes\": [\"10.0.0.0/8\",\n\"10.1.0.0/8\"]}}}",
     "p.json: line 2: /sets/x/prefixes/1: 10.1.0.0/8 has host bits: write 10.0.0.0/8"},
    {"a set's name", false, "{\"sets\": {\"X\": {\"prefixes\": []}}}",
     "p.json: line 1: /sets/X: is no name of a set: write a-z, 0-9, '-'"},
    {"a set's key", false, "{\"sets\": {\"x\": {\"prefix\": []}}}",
     "p.json: line 1: /sets/x/prefix: unknown key: the keys here are as_of, source, comment, prefixes"},
    {"no such set", false, PACK("{\"id\": \"a\", \"title\": \"t\"},\n"
     "{\"id\": \"b\", \"title\": \"t\", \"transport\": [\"tcp\"], \"ports\": [1],\n \"peers\": [\"any\",\n  \"set:x\"]}"),
     "p.json: line 6: /rows/1/peers/1: no pack has the set 'x': name the pack that has it, too"},
    {"no Google", false, PEERS("\"google-out\""),
     "p.json: line 4: /rows/0/peers/0: no pack has the set 'as15169': name the pack that has it, too"},
    /* Rows. */
    {"a row no object", false, PACK("17"),
     "p.json: line 3: /rows/0: is no object: write {...}"},
    {"no id", false, PACK("{\"title\": \"t\"}"),
     "p.json: line 3: /rows/0: has no id: add one"},
    {"no title", false, PACK("{\"id\": \"a\"}"),
     "p.json: line 3: /rows/0: row a has no title: say in a few words what it is"},
    {"an id", false, PACK("{\"title\": \"t\",\n \"id\": \"A b\"}"),
     "p.json: line 4: /rows/0/id: 'A b' is no id: write up to 64 of a-z, 0-9, '-'"},
    {"an id no text", false, PACK("{\"id\": 7}"),
     "p.json: line 3: /rows/0/id: is no text: write it in quotes"},
    {"an id twice", false, PACK("{\"id\": \"a\", \"title\": \"t\"},\n{\"title\": \"u\",\n \"id\": \"a\"}"),
     "p.json: line 5: /rows/1/id: 'a' is already the id or an alias of row a: choose another"},
    {"an alias twice", false, PACK("{\"id\": \"a\", \"title\": \"t\", \"aliases\": [\"x\"]},\n"
     "{\"id\": \"b\", \"title\": \"u\",\n \"aliases\": [\"y\",\n  \"x\"]}"),
     "p.json: line 6: /rows/1/aliases/1: 'x' is already the id or an alias of row a: choose another"},
    {"an alias that is an id", false, PACK("{\"id\": \"a\", \"title\": \"t\", \"aliases\": [\"a\"]}"),
     "p.json: line 3: /rows/0/aliases/0: 'a' is already the id or an alias of row a: choose another"},
    {"a key of a row", false, ROW("\n\"prots\": [443]"),
     "p.json: line 4: /rows/0/prots: unknown key: the keys here are id, group, judge_by, section, title, initiator, direction_printed, transport, ports, fallback_ports, port_side, peers, app, need, configurable, wait_s, needs_window_s, blocked_means, reference, aliases, comment"},
    {"a transport", false, ROW("\"transport\": [\"tcp\", \"sctp\"]"),
     "p.json: line 3: /rows/0/transport/1: unknown word 'sctp': write one of tcp, udp, icmp"},
    {"transport no list", false, ROW("\"transport\": \"tcp\""),
     "p.json: line 3: /rows/0/transport: is no list: write [...]"},
    {"an initiator", false, ROW("\"initiator\": \"server\""),
     "p.json: line 3: /rows/0/initiator: unknown word 'server': write one of any, device, peer"},
    {"a need", false, ROW("\"need\": \"maybe\""),
     "p.json: line 3: /rows/0/need: unknown word 'maybe': write one of required, optional, if-used, advice, notice"},
    {"a wait", false, ROW("\"wait_s\": -1"),
     "p.json: line 3: /rows/0/wait_s: is no time: write seconds, 0 to 31622400"},
    {"a flag", false, ROW("\"configurable\": 1"),
     "p.json: line 3: /rows/0/configurable: is neither true nor false: write one of them"},
    {"ports without a transport", false, ROW("\"ports\": [1]"),
     "p.json: line 3: /rows/0: row a has ports and neither tcp nor udp: add \"transport\": [\"tcp\"]"},
    {"a transport without ports", false, ROW("\"transport\": [\"udp\"]"),
     "p.json: line 3: /rows/0: row a has a transport and no ports: write \"ports\": [\"*\"] for all"},
    /* Ports. */
    {"a port too high", false, ROW("\"ports\": [443,\n65536]"),
     "p.json: line 4: /rows/0/ports/1: is no port: write 0 to 65535"},
    {"a port too high, as text", false, ROW("\"ports\": [\"443-70000\"]"),
     "p.json: line 3: /rows/0/ports/0: is no port: write 0 to 65535"},
    {"a negative port", false, ROW("\"ports\": [-1]"),
     "p.json: line 3: /rows/0/ports/0: is no port: write 0 to 65535"},
    {"a range upside down", false, ROW("\"ports\": [\"5230-5228\"]"),
     "p.json: line 3: /rows/0/ports/0: 5230-5228 is no range: write the lower port first"},
    {"a word", false, ROW("\"ports\": [\"https\"]"),
     "p.json: line 3: /rows/0/ports/0: is no port: write 443, \"5228-5230\", \"4000-\" or \"*\""},
    {"a fraction", false, ROW("\"ports\": [4.5]"),
     "p.json: line 3: /rows/0/ports/0: is no port: write 443, \"5228-5230\", \"4000-\" or \"*\""},
    {"a number with more behind it", false, ROW("\"ports\": [\"443-444-445\"]"),
     "p.json: line 3: /rows/0/ports/0: is no port: write 443, \"5228-5230\", \"4000-\" or \"*\""},
    {"no number", false, ROW("\"ports\": [\"-\"]"),
     "p.json: line 3: /rows/0/ports/0: is no port: write 443, \"5228-5230\", \"4000-\" or \"*\""},
    /* Peers. */
    {"a role", false, PEERS("\"role:sam\""),
     "p.json: line 4: /rows/0/peers/0: unknown role 'sam': the roles are " ROLE_LIST},
    {"host bits", false, PEERS("\"any\", \"10.1.0.0/8\""),
     "p.json: line 4: /rows/0/peers/1: 10.1.0.0/8 has host bits: write 10.0.0.0/8"},
    {"host bits, IPv6", false, PEERS("\"2001:db8::1/32\""),
     "p.json: line 4: /rows/0/peers/0: 2001:db8::1/32 has host bits: write 2001:db8::/32"},
    {"no address", false, PEERS("\"10.0.0.300\""),
     "p.json: line 4: /rows/0/peers/0: '10.0.0.300' is no address or prefix: write 10.0.0.1 or 10.0.0.0/8"},
    {"no prefix", false, PEERS("\"10.0.0.0/33\""),
     "p.json: line 4: /rows/0/peers/0: '10.0.0.0/33' is no address or prefix: write 10.0.0.1 or 10.0.0.0/8"},
    {"NAT64", false, PEERS("\"64:ff9b::a00:0/104\""),
     "p.json: line 4: /rows/0/peers/0: 64:ff9b::a00:0/104 is the NAT64 form of an IPv4 address: write the IPv4 form"},
    {"a bare word", false, PEERS("\"google\""),
     "p.json: line 4: /rows/0/peers/0: 'google' is no peer: write any, media, google-out, role:NAME, set:NAME, an address, a prefix, a name (play.google.com) or a suffix (*.google.com)"},
    {"a star within", false, PEERS("\"play.*.com\""),
     "p.json: line 4: /rows/0/peers/0: 'play.*.com' is no peer: write any, media, google-out, role:NAME, set:NAME, an address, a prefix, a name (play.google.com) or a suffix (*.google.com)"},
    {"a URL", false, PEERS("\"https://play.google.com\""),
     "p.json: line 4: /rows/0/peers/0: 'https://play.google.com' is no peer: write any, media, google-out, role:NAME, set:NAME, an address, a prefix, a name (play.google.com) or a suffix (*.google.com)"},
    {"an empty peer", false, PEERS("\"\""),
     "p.json: line 4: /rows/0/peers/0: '' is no peer: write any, media, google-out, role:NAME, set:NAME, an address, a prefix, a name (play.google.com) or a suffix (*.google.com)"},
    {"a name that ends in a number", false, PEERS("\"a.b.300\""),
     "p.json: line 4: /rows/0/peers/0: 'a.b.300' is no peer: write any, media, google-out, role:NAME, set:NAME, an address, a prefix, a name (play.google.com) or a suffix (*.google.com)"},
    {"behind a quote in a text", false, PACK("{\"id\": \"a\", \"title\": \"a \\\", [ text\",\n \"need\": \"x\"}"),
     "p.json: line 4: /rows/0/need: unknown word 'x': write one of required, optional, if-used, advice, notice"},
    {"behind brackets in a value", false, PACK("{\"id\": \"a\", \"comment\": [{\"x\": [1, \"]\"]}, {}],\n \"need\": \"x\"}"),
     "p.json: line 4: /rows/0/need: unknown word 'x': write one of required, optional, if-used, advice, notice"},
    {"a number of six digits", false, ROW("\"ports\": [\"1-100000\"]"),
     "p.json: line 3: /rows/0/ports/0: is no port: write 443, \"5228-5230\", \"4000-\" or \"*\""},
    {"an empty label", false, PEERS("\"a..b\""),
     "p.json: line 4: /rows/0/peers/0: 'a..b' is no peer: write any, media, google-out, role:NAME, set:NAME, an address, a prefix, a name (play.google.com) or a suffix (*.google.com)"},
    {"a peer no text", false, PEERS("[]"),
     "p.json: line 4: /rows/0/peers/0: is no text: write it in quotes"},
    /* The site file. */
    {"no name", true, "{}",
     "site.json: line 1: has no name: add \"name\": \"your site\""},
    {"a key of a site file", true, SITE("\"role\": {}"),
     "site.json: line 2: /role: unknown key: the keys here are $schema, comment, name, devices, private_prefixes, roles, packs, google_out, ports, off, rows, capture_point"},
    {"a role of the site", true, SITE("\"roles\": {\"sam-server\": [\"10.0.0.1\"],\n \"sam\": [\"10.0.0.1\"]}"),
     "site.json: line 3: /roles/sam: unknown role 'sam': the roles are " ROLE_LIST},
    {"a binding", true, SITE("\"roles\": {\"sam-server\": [\"10.0.0.1\", \"any\"]}"),
     "site.json: line 2: /roles/sam-server/1: 'any' cannot be bound to a role: write addresses, prefixes, names or suffixes"},
    {"a binding with host bits", true, SITE("\"roles\": {\"sam-server\": [\"10.0.0.1/24\"]}"),
     "site.json: line 2: /roles/sam-server/0: 10.0.0.1/24 has host bits: write 10.0.0.0/24"},
    {"a binding no list", true, SITE("\"roles\": {\"sam-server\": \"10.0.0.1\"}"),
     "site.json: line 2: /roles/sam-server: is no list: write [...]"},
    {"a subnet", true, SITE("\"devices\": {\"subnets\": [\"10.20.0.1/24\"]}"),
     "site.json: line 2: /devices/subnets/0: 10.20.0.1/24 has host bits: write 10.20.0.0/24"},
    {"a subnet by name", true, SITE("\"devices\": {\"subnets\": [\"phones\"]}"),
     "site.json: line 2: /devices/subnets/0: 'phones' is no address or prefix: write 10.0.0.1 or 10.0.0.0/8"},
    {"a MAC", true, SITE("\"devices\": {\"macs\": [\"00:90:7a\"]}"),
     "site.json: line 2: /devices/macs/0: '00:90:7a' is no hardware address: write 00:90:7a:12:34:01"},
    {"an OUI", true, SITE("\"devices\": {\"ouis\": [\"00:90:7a\", \"00:90:7a:12:34:01\"]}"),
     "site.json: line 2: /devices/ouis/1: '00:90:7a:12:34:01' is no vendor prefix: write 00:90:7a"},
    {"a key of devices", true, SITE("\"devices\": {\"mac\": []}"),
     "site.json: line 2: /devices/mac: unknown key: the keys here are subnets, macs, ouis, comment"},
    {"a pack", true, SITE("\"packs\": [\"versity\",\n \"airwatch\"]"),
     "site.json: line 3: /packs/1: unknown pack 'airwatch': write one of versity, google, android, background, emm/airwatch, emm/intune, emm/soti, emm/mobileiron, or the path of a .json file"},
    {"a pack that is no file", true, SITE("\"packs\": [\"no-such-pack.json\"]"),
     "no-such-pack.json: No such file or directory: give the path of a rule file"},
    {"a pack without its sets", true, SITE("\"packs\": [\"versity\"]"),
     "versity: line 24: /rows/0/peers/0: no pack has the set 'as15169': name the pack that has it, too"},
    {"a pack twice", true, SITE("\"packs\": [\"google\", \"google\"]"),
     "google: line 12: /sets/as15169: another pack has this set: rename one"},
    {"google_out", true, SITE("\"google_out\": \"asn15169\""),
     "site.json: line 2: /google_out: unknown word 'asn15169': write one of as15169, any"},
    {"ports of no row", true, SITE("\"ports\": {\"log-http\": [8080],\n \"log\": [1]}"),
     "site.json: line 3: /ports/log: no row has this id: 'policap rules list' shows them"},
    {"ports that are fixed", true, SITE("\"ports\": {\"google-fcm\": [443]}"),
     "site.json: line 2: /ports/google-fcm: the ports of this row are fixed: add a row of your own under \"rows\""},
    {"no ports", true, SITE("\"ports\": {\"log-http\": []}"),
     "site.json: line 2: /ports/log-http: is empty: write the ports, or put the group log under \"off\""},
    {"a bad port of the site", true, SITE("\"ports\": {\"log-http\": [\"x\"]}"),
     "site.json: line 2: /ports/log-http/0: is no port: write 443, \"5228-5230\", \"4000-\" or \"*\""},
    {"a group", true, SITE("\"off\": [\"sam\",\n\"emm-server\"]"),
     "site.json: line 3: /off/1: no row is of the group 'emm-server': write a group, as sam, log, update, amie, emm"},
    {"a group twice", true, SITE("\"off\": [\"sam\",\n\"sam\"]"),
     "site.json: line 3: /off/1: 'sam' is listed twice: remove one"},
    {"a site's row", true, SITE("\"rows\": [{\"id\": \"google-fcm\", \"title\": \"t\"}]"),
     "site.json: line 2: /rows/0/id: 'google-fcm' is already the id or an alias of row google-fcm: choose another"},
    {"a site's set", true, SITE("\"rows\": [{\"id\": \"z\", \"title\": \"t\", \"transport\": [\"tcp\"], \"ports\": [1],\n \"peers\": [\"set:none\"]}]"),
     "site.json: line 3: /rows/0/peers/0: no pack has the set 'none': name the pack that has it, too"},
    {"capture_point", true, SITE("\"capture_point\": 1"),
     "site.json: line 2: /capture_point: is no text: write it in quotes"},
};
/* clang-format on */

/* The bytes lie in a block of exactly their size. */
static struct policy *load(bool site, const char *text, struct policap_error *err)
{
    struct cursor bytes = frame_copy((const uint8_t *)text, strlen(text));
    struct policy *policy =
        site ? policy_load_bytes(NULL, NULL, 0, "site.json", bytes.at, bytes.left, err)
             : policy_load_bytes("p.json", bytes.at, bytes.left, NULL, NULL, 0, err);

    frame_free(bytes);
    return policy;
}

static void check_bad(void **state)
{
    const struct bad *bad = *state;
    struct policap_error err = {""};
    struct policy *policy = load(bad->site, bad->text, &err);

    assert_null(policy);
    assert_string_equal(err.text, bad->want);
}

static void check_too_deep(void **state)
{
    enum { DEPTH = 5000 };
    char text[DEPTH + 1];
    struct policap_error err;

    (void)state;
    memset(text, '[', DEPTH);
    text[DEPTH] = '\0';
    assert_null(load(false, text, &err));
    assert_string_equal(err.text,
                        "p.json: line 1: no JSON: maximum parsing depth reached "
                        "near '[': nest less deeply");
}

/* Each cut of a good pack is refused, and nothing is read behind its end. */
static void check_every_cut(void **state)
{
    static const char good[] = PACK("{\"id\": \"a\", \"title\": \"t\", \"transport\": "
                                    "[\"tcp\"], \"ports\": [443], \"peers\": "
                                    "[\"*.x.example\", \"10.0.0.0/8\"]}");
    struct policap_error err;
    struct policy *policy = load(false, good, &err);

    (void)state;
    assert_non_null(policy);
    policy_free(policy);
    for (size_t len = 0; len < sizeof good - 1; len++) {
        char cut[sizeof good];

        memcpy(cut, good, len);
        cut[len] = '\0';
        assert_null(load(false, cut, &err));
        assert_non_null(strstr(err.text, "p.json: line "));
    }
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void check_files(void **state)
{
    static const char *const paths[] = {"/nonexistent/rules.json"};
    char path[] = "/tmp/policap-rules-XXXXXX", want[200];
    struct policap_error err;

    (void)state;
    assert_null(policy_load(NULL, paths, 1, &err));
    assert_string_equal(err.text, "/nonexistent/rules.json: No such file or directory: "
                                  "give the path of a rule file");
    assert_null(policy_load("/", NULL, 0, &err));
    assert_string_equal(err.text, "/: Is a directory: give the path of a rule file");

    close(mkstemp(path));
    write_file(path, "{\n\n17}");
    assert_null(policy_load(path, NULL, 0, &err));
    snprintf(want, sizeof want,
             "%s: line 3: no JSON: string or '}' expected near '17': mend the syntax "
             "there",
             path);
    assert_string_equal(err.text, want);
    unlink(path);
}

/* A pack is looked for beside the site file, or where its whole path says. */
static void check_pack_beside(void **state)
{
    char folder[] = "/tmp/policap-rules-XXXXXX", pack[80], site[80], text[300];
    struct policap_error err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(pack, sizeof pack, "%s/own.json", folder);
    snprintf(site, sizeof site, "%s/site.json", folder);
    write_file(pack, ROW("\"transport\": [\"tcp\"], \"ports\": [1], \"peers\": "
                         "[\"Play.Example.COM\"]"));
    for (int whole = 0; whole < 2; whole++) {
        snprintf(text, sizeof text, "{\"name\": \"s\", \"packs\": [\"%s\"]}",
                 whole ? pack : "own.json");
        write_file(site, text);
        struct policy *policy = policy_load(site, NULL, 0, &err);
        if (!policy) {
            fail_msg("%s", err.text);
        }
        struct policy_match out[POLICY_MAX_ANSWERS];
        assert_string_equal(policy_pack(policy, 0)->path, pack);
        /* Names are told in lower case, however a file writes them. */
        assert_int_equal(policy_rows_of_name(policy, "play.example.com", out), 1);
        policy_free(policy);
    }
    unlink(pack);
    unlink(site);
    rmdir(folder);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(bads) + 4] = {
        cmocka_unit_test(check_too_deep), cmocka_unit_test(check_every_cut),
        cmocka_unit_test(check_files), cmocka_unit_test(check_pack_beside)};

    for (size_t i = 0; i < ARRAY_LEN(bads); i++) {
        tests[4 + i] = (struct CMUnitTest){.name = bads[i].what,
                                           .test_func = check_bad,
                                           .initial_state = (void *)&bads[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
