/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/evidence_file.h"

#include "base/error.h"
#include "report/words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* draft-ietf-opsawg-pcapng */
enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    ORDER_MAGIC = 0x1a2b3c4d,
    OPTION_COMMENT = 1,
    OPTION_NAME = 2,
    OPTION_RESOLUTION = 9,
    NANOSECONDS = 9,
    MAX_INTERFACES = 64,
    SETTLED_S = 60, /* So long after it was seen last nothing comes to a finding. */
    MAX_PATH = 4096
};

static void put32(FILE *out, uint32_t v)
{
    fwrite(&v, sizeof v, 1, out);
}

static void put16(FILE *out, uint32_t v)
{
    uint16_t half = (uint16_t)v;

    fwrite(&half, sizeof half, 1, out);
}

static uint32_t padded(size_t len)
{
    return (uint32_t)((len + 3) / 4 * 4);
}

static void put_padded(FILE *out, const void *bytes, size_t len)
{
    static const char zeros[4];

    fwrite(bytes, 1, len, out);
    fwrite(zeros, 1, padded(len) - len, out);
}

static void put_option(FILE *out, uint32_t code, const void *bytes, size_t len)
{
    put16(out, code);
    put16(out, (uint32_t)len);
    put_padded(out, bytes, len);
}

static void put_section(FILE *out)
{
    put32(out, BLOCK_SECTION);
    put32(out, 28);
    put32(out, ORDER_MAGIC);
    put16(out, 1);
    put16(out, 0);
    put32(out, UINT32_MAX); /* The section's length is not told. */
    put32(out, UINT32_MAX);
    put32(out, 28);
}

static void put_interface(FILE *out, const struct kept *kept, const char *name)
{
    static const uint8_t resolution = NANOSECONDS;
    uint32_t len = 20 + 4 + padded(strlen(name)) + 8 + 4;

    put32(out, BLOCK_INTERFACE);
    put32(out, len);
    put16(out, kept->link);
    put16(out, 0);
    put32(out, KEEP_BYTES);
    put_option(out, OPTION_NAME, name, strlen(name));
    put_option(out, OPTION_RESOLUTION, &resolution, 1);
    put32(out, 0); /* No more options. */
    put32(out, len);
}

static void put_packet(FILE *out, const struct kept *kept, uint32_t interface,
                       const char *comment)
{
    uint32_t len = 32 + padded(kept->len) + 4 + padded(strlen(comment)) + 4;

    put32(out, BLOCK_PACKET);
    put32(out, len);
    put32(out, interface);
    put32(out, (uint32_t)((uint64_t)kept->ns >> 32));
    put32(out, (uint32_t)kept->ns);
    put32(out, kept->len);
    put32(out, kept->wire_len);
    put_padded(out, kept->bytes, kept->len);
    put_option(out, OPTION_COMMENT, comment, strlen(comment));
    put32(out, 0); /* No more options. */
    put32(out, len);
}

bool evidence_write(FILE *out, const struct kept *kept, size_t n, const char *comment,
                    const char *const *names, size_t n_names)
{
    uint32_t seen[MAX_INTERFACES], n_seen = 0;

    put_section(out);
    for (size_t k = 0; k < n; k++) {
        uint32_t key = (uint32_t)kept[k].interface << 16 | kept[k].link, i = 0;

        while (i < n_seen && seen[i] != key) {
            i++;
        }
        if (i == MAX_INTERFACES) {
            continue;
        }
        if (i == n_seen) {
            seen[n_seen++] = key;
            put_interface(out, &kept[k],
                          kept[k].interface < n_names ? names[kept[k].interface] : "");
        }
        put_packet(out, &kept[k], i, comment);
    }
    return !ferror(out);
}

/* "policap f-91b2c3d4e5f6: blocked, google-fcm, syn-drop" */
static void comment_of(const struct judgement *judgement, const struct finding *f,
                       char *out, size_t room)
{
    const char *row = words_row_id(judgement->policy, f->row);
    const char *cause = cause_name(f->cause);

    snprintf(out, room, "policap %s: %s, %s%s%s", f->id, finding_kind_name(f->kind),
             row ? row : "no row", cause ? ", " : "", cause ? cause : "");
}

static bool replace(const char *path, const char *text, size_t len)
{
    char aside[MAX_PATH];
    int fd;
    bool ok;

    if ((size_t)snprintf(aside, sizeof aside, "%s.new", path) >= sizeof aside) {
        errno = ENAMETOOLONG;
        return false;
    }
    /* What phones sent is for the sensor's user alone. */
    fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ok = fd >= 0 && write(fd, text, len) == (ssize_t)len;
    ok = (fd < 0 || close(fd) == 0) && ok;
    if (ok && rename(aside, path) == 0) {
        return true;
    }
    unlink(aside);
    return false;
}

static bool has_as_much(const char *path, size_t len)
{
    struct stat have;

    return stat(path, &have) == 0 && have.st_size >= (off_t)len;
}

static bool finding_save(const char *path, const struct judgement *judgement,
                         const struct finding *f, const struct keep *keep,
                         const char *const *names, size_t n_names)
{
    size_t n, len = 0;
    struct kept *kept = keep_flows_of(keep, f->frames, f->n_frames, &n);
    char comment[200], *text = NULL;
    FILE *out = n > 0 ? open_memstream(&text, &len) : NULL;
    bool ok = true;

    if (out) {
        comment_of(judgement, f, comment, sizeof comment);
        ok = evidence_write(out, kept, n, comment, names, n_names);
        ok = fclose(out) == 0 && ok;
        ok = ok && (has_as_much(path, len) || replace(path, text, len));
    }
    free(text);
    free(kept);
    return ok;
}

/* Takes the oldest files away where there are too many. */
static void folder_trim(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char oldest[256] = "";
    time_t when = 0;
    size_t n = 0;

    while (dir && (entry = readdir(dir))) {
        struct stat have;

        if (strncmp(entry->d_name, "f-", 2) == 0 &&
            fstatat(dirfd(dir), entry->d_name, &have, 0) == 0) {
            if (n++ == 0 || have.st_mtime < when) {
                when = have.st_mtime;
                snprintf(oldest, sizeof oldest, "%s", entry->d_name);
            }
        }
    }
    if (n > EVIDENCE_MAX_FILES) {
        unlinkat(dirfd(dir), oldest, 0);
    }
    if (dir) {
        closedir(dir);
    }
}

bool evidence_save(const char *folder, const struct judgement *judgement,
                   const struct keep *keep, const char *const *names, size_t n_names,
                   struct policap_error *err)
{
    for (size_t i = 0; i < judgement->n_findings; i++) {
        const struct finding *f = &judgement->findings[i];
        int64_t quiet_ns = judgement->now_ns - f->last_ns;
        char path[MAX_PATH];
        bool is_new;

        snprintf(path, sizeof path, "%s/%s.pcapng", folder, f->id);
        is_new = access(path, F_OK) != 0;
        if (!is_new && quiet_ns > (int64_t)SETTLED_S * 1000000000) {
            continue;
        }
        if (!finding_save(path, judgement, f, keep, names, n_names)) {
            return fail(err,
                        "--evidence %.200s: %s: make room, or let the sensor's user "
                        "write there",
                        folder, strerror(errno));
        }
        if (is_new) {
            folder_trim(folder);
        }
    }
    return true;
}
