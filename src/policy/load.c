/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which files make a policy, and in which order.
 *
 * The files stay in memory until the policy is complete: a reference that leads nowhere
 * can only be told then, and the complaint names its line.
 */
#include "policy/load.h"

#include "base/digest.h"
#include "policy/builtin.h"

#include <stdio.h>
#include <stdlib.h>

/* The files of a policy. */
struct loading {
    struct policy *policy;
    struct json_file site; /* root NULL: there is none. */
    struct json_file *packs;
    size_t n, room;
};

static void loading_fini(struct loading *loading)
{
    json_file_fini(&loading->site);
    for (size_t i = 0; i < loading->n; i++) {
        json_file_fini(&loading->packs[i]);
    }
    free(loading->packs);
}

/* Makes room for one more pack; its place is packs[n]. */
static bool grow(struct loading *loading)
{
    struct policy *policy = loading->policy;
    size_t room = loading->room ? loading->room * 2 : 16;

    if (loading->n < loading->room) {
        return true;
    }

    struct json_file *files = realloc(loading->packs, room * sizeof *files);
    if (!files) {
        return false;
    }
    loading->packs = files;

    struct policy_pack *packs = realloc(policy->packs, room * sizeof *packs);
    if (!packs) {
        return false;
    }
    policy->packs = packs;
    loading->room = room;
    return true;
}

/* The file stands at packs[n], read or not; from here on it is one of 'loading'. */
static bool take_pack(struct loading *loading, bool read, bool builtin,
                      struct policap_error *err)
{
    struct json_file *file = &loading->packs[loading->n];
    struct policy_pack *pack = &loading->policy->packs[loading->n];

    *pack = (struct policy_pack){0};
    loading->n++;
    if (!read || !pack_read(file, loading->policy, loading->n - 1, pack, err)) {
        return false;
    }
    digest_sha256_text(file->bytes, file->len, pack->sha256);
    pack->path = builtin ? NULL : arena_text(&loading->policy->arena, file->name);
    return true;
}

static bool add_builtin(struct loading *loading, const struct builtin_pack *pack,
                        struct policap_error *err)
{
    if (!grow(loading)) {
        return no_memory(err);
    }

    struct json_file *file = &loading->packs[loading->n];
    *file = (struct json_file){0};
    return take_pack(loading,
                     json_file_parse(file, pack->name, pack->bytes, pack->len, err),
                     true, err);
}

static bool add_file(struct loading *loading, const char *path,
                     struct policap_error *err)
{
    if (!grow(loading)) {
        return no_memory(err);
    }
    return take_pack(loading, json_file_read(&loading->packs[loading->n], path, err),
                     false, err);
}

static bool add_defaults(struct loading *loading, struct policap_error *err)
{
    for (size_t i = 0; i < n_builtin_packs; i++) {
        if (builtin_packs[i].is_default &&
            !add_builtin(loading, &builtin_packs[i], err)) {
            return false;
        }
    }
    return true;
}

/* A relative path is meant from where the site file lies. */
static const char *beside(struct loading *loading, const char *path)
{
    const char *slash = strrchr(loading->site.name, '/');
    size_t folder =
        slash && path[0] != '/' ? (size_t)(slash - loading->site.name) + 1 : 0;
    char *whole = arena_take(&loading->policy->arena, folder + strlen(path) + 1);

    if (whole) {
        memcpy(whole, loading->site.name, folder);
        strcpy(whole + folder, path);
    }
    return whole;
}

static bool read_pack_name(const struct json_place *place, json_t *value, void *into,
                           struct policap_error *err)
{
    struct loading *loading = into;
    const char *name;

    if (!json_want_text(place, value, &name, err)) {
        return false;
    }
    for (size_t i = 0; i < n_builtin_packs; i++) {
        if (strcmp(builtin_packs[i].name, name) == 0) {
            return add_builtin(loading, &builtin_packs[i], err);
        }
    }

    size_t len = strlen(name);
    if (len < 6 || strcmp(name + len - 5, ".json") != 0) {
        char list[200] = "";
        size_t used = 0;

        for (size_t i = 0; i < n_builtin_packs && used < sizeof list; i++) {
            used += (size_t)snprintf(list + used, sizeof list - used, "%s, ",
                                     builtin_packs[i].name);
        }
        return json_fault(place, err,
                          "unknown pack '%.64s': write one of %sor the path "
                          "of a .json file",
                          name, list);
    }

    const char *path = beside(loading, name);
    return path ? add_file(loading, path, err) : no_memory(err);
}

/* The packs that the site file names, or the default set. */
static bool add_packs_of_site(struct loading *loading, struct policap_error *err)
{
    json_t *packs = json_object_get(loading->site.root, "packs");
    struct json_place root = json_root(&loading->site);
    struct json_place place = json_under(&root, "packs");

    if (!packs) {
        return add_defaults(loading, err);
    }
    return json_read_list(&place, packs, read_pack_name, loading, err);
}

static bool add_site(struct loading *loading, struct policap_error *err)
{
    struct policy *policy = loading->policy;
    struct json_file *site = &loading->site;
    char sum[SHA256_TEXT_LEN];

    if (!site->root) {
        return true;
    }
    if (!site_read(site, policy, err)) {
        return false;
    }
    digest_sha256_text(site->bytes, site->len, sum);
    policy->site_sha256 = arena_text(&policy->arena, sum);
    policy->site_pack.path = arena_text(&policy->arena, site->name);
    return policy->site_sha256 && policy->site_pack.path ? true : no_memory(err);
}

/* The complaint of policy_finish() does not know the file: a set that is missing is
 * looked for where it is written. */
static bool complain_of_sets(struct loading *loading, struct policap_error *err)
{
    for (size_t i = 0; i < loading->n; i++) {
        if (!pack_check_sets(&loading->packs[i], loading->policy, err)) {
            return false;
        }
    }
    if (loading->site.root) {
        pack_check_sets(&loading->site, loading->policy, err);
    }
    return false;
}

static bool complete(struct loading *loading, struct policap_error *err)
{
    loading->policy->n_packs = loading->n;
    if (!add_site(loading, err)) {
        return false;
    }
    return policy_finish(loading->policy, err) || complain_of_sets(loading, err);
}

/* Releases the files; returns the policy, or releases it, too. */
static struct policy *loading_end(struct loading *loading, bool ok)
{
    struct policy *policy = loading->policy;

    loading_fini(loading);
    if (!ok) {
        policy_free(policy);
        policy = NULL;
    }
    return policy;
}

struct policy *policy_load(const char *site, const char *const *paths, size_t n_paths,
                           struct policap_error *err)
{
    struct loading loading = {.policy = policy_new()};
    bool ok = loading.policy || no_memory(err);

    ok = ok && (!site || json_file_read(&loading.site, site, err));
    ok = ok && add_packs_of_site(&loading, err);
    for (size_t i = 0; ok && i < n_paths; i++) {
        ok = add_file(&loading, paths[i], err);
    }
    return loading_end(&loading, ok && complete(&loading, err));
}

struct policy *policy_load_bytes(const char *pack_name, const void *pack,
                                 size_t pack_len, const char *site_name,
                                 const void *site, size_t site_len,
                                 struct policap_error *err)
{
    struct builtin_pack bytes = {pack_name, pack, pack_len, false};
    struct loading loading = {.policy = policy_new()};
    bool ok = loading.policy || no_memory(err);

    ok =
        ok && (!site || json_file_parse(&loading.site, site_name, site, site_len, err));
    ok = ok &&
         (pack ? add_builtin(&loading, &bytes, err) : add_packs_of_site(&loading, err));
    return loading_end(&loading, ok && complete(&loading, err));
}
