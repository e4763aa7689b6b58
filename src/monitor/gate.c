/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/gate.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static bool token_is_good(const char *token)
{
    size_t n = 0;

    for (; token[n] != '\0'; n++) {
        if (token[n] <= ' ' || token[n] >= 127) {
            return false;
        }
    }
    return n >= GATE_TOKEN_MIN && n <= GATE_TOKEN_MAX;
}

static bool token_check(FILE *file, char line[static GATE_TOKEN_MAX + 2],
                        const char *path, struct policap_error *err)
{
    struct stat info;

    if (fstat(fileno(file), &info) != 0 || (info.st_mode & S_IROTH)) {
        return fail(err, "--token-file %.200s: everybody may read it: chmod o= it",
                    path);
    }
    if (!fgets(line, GATE_TOKEN_MAX + 2, file)) {
        line[0] = '\0';
    }
    line[strcspn(line, "\r\n")] = '\0';
    return token_is_good(line) ||
           fail(err,
                "--token-file %.200s: its first line must be a token of %d to %d "
                "characters without spaces: openssl rand -hex 32",
                path, GATE_TOKEN_MIN, GATE_TOKEN_MAX);
}

static bool token_read(struct gate *gate, const char *path, struct policap_error *err)
{
    char line[GATE_TOKEN_MAX + 2];
    FILE *file = fopen(path, "re");
    bool ok;

    if (!file) {
        return fail(err, "--token-file %.200s: %s", path, strerror(errno));
    }
    ok = token_check(file, line, path, err);
    if (ok) {
        strcpy(gate->token, line);
    }
    fclose(file);
    return ok;
}

bool gate_init(struct gate *gate, const char *address, const char *token_file,
               struct policap_error *err)
{
    memset(gate, 0, sizeof *gate);
    if (!endpoint_parse(address, 0, &gate->at)) {
        return fail(err,
                    "--listen %.60s: write ADDRESS:PORT, such as 127.0.0.1:9477 or "
                    "[::1]:9477",
                    address);
    }
    if (!endpoint_is_loopback(&gate->at) && !token_file) {
        return fail(err,
                    "--listen %.60s: on an address that others reach, name a token "
                    "with --token-file",
                    address);
    }
    if (gethostname(gate->host, sizeof gate->host - 1) != 0) {
        gate->host[0] = '\0';
    }
    return !token_file || token_read(gate, token_file, err);
}

/* Of a header, what stands before the port. */
static size_t host_len(const char *host)
{
    return *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
}

static bool is_address(const char *host, size_t len)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr addr;
    bool bracket = *host == '[';

    len -= bracket ? 2 : 0;
    if (len == 0 || len >= sizeof text) {
        return false;
    }
    memcpy(text, host + bracket, len);
    text[len] = '\0';
    return inet_pton(bracket ? AF_INET6 : AF_INET, text, &addr) == 1;
}

static bool is_name(const char *host, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(host, name, len) == 0;
}

/* Without its domain, the name is that of this host? */
static bool is_own_name(const struct gate *gate, const char *host, size_t len)
{
    size_t own = strcspn(gate->host, "."), label = strcspn(host, ".");

    label = label < len ? label : len;
    return own > 0 && own == label && strncasecmp(host, gate->host, own) == 0;
}

static bool is_loopback(const char *host, size_t len)
{
    return is_name(host, len, "localhost") || is_name(host, len, "[::1]") ||
           (is_address(host, len) && strncmp(host, "127.", 4) == 0);
}

bool gate_knows_host(const struct gate *gate, const char *host)
{
    size_t len = host ? host_len(host) : 0;

    if (len == 0 || len > strlen(host) || (host[len] != '\0' && host[len] != ':')) {
        return false;
    }
    if (is_loopback(host, len)) {
        return true;
    }
    return !endpoint_is_loopback(&gate->at) &&
           (is_address(host, len) || is_own_name(gate, host, len));
}

bool gate_knows_origin(const char *origin, const char *host)
{
    static const char scheme[] = "http://";

    return !origin || (host && strncmp(origin, scheme, sizeof scheme - 1) == 0 &&
                       strcasecmp(origin + sizeof scheme - 1, host) == 0);
}

bool gate_opens(const struct gate *gate, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    char given[GATE_TOKEN_MAX + 1] = "";
    unsigned char differs = 0;

    if (gate->token[0] == '\0') {
        return true;
    }
    if (!authorization || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0 ||
        strlen(authorization) >= sizeof given + sizeof scheme - 1) {
        return false;
    }
    strcpy(given, authorization + sizeof scheme - 1);
    /* Both are filled with zeros: all is compared, however much is equal. */
    for (size_t i = 0; i < sizeof given; i++) {
        differs |= (unsigned char)(given[i] ^ gate->token[i]);
    }
    return differs == 0;
}
