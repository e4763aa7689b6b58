/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bytes as a pack, and as a site file over the default packs.  A file that is refused
 * is told why; one that is taken answers as the linear matcher does, and can be linted.
 */
#include "policy/load.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
    if (!held) {
        abort();
    }
}

static bool same_answer(const struct policy *policy, const struct policy_question *q)
{
    struct policy_match a[POLICY_MAX_ANSWERS], b[POLICY_MAX_ANSWERS];
    size_t n = policy_ask(policy, q, a);

    if (policy_ask_linear(policy, q, b) != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (a[i].row != b[i].row || a[i].via != b[i].via || a[i].width != b[i].width) {
            return false;
        }
    }
    return true;
}

/* Asks for the row's own first port and peer, and for their neighbours. */
static void ask_row(const struct policy *policy, const struct policy_row *row)
{
    struct policy_question q = {.transport = TRANSPORT_TCP};

    if (row->n_ports > 0) {
        q.device_port = row->ports[0].high;
        q.peer_port = (uint16_t)(row->ports[0].low - 1);
    }
    if (row->n_peers > 0 && !addr_parse(row->peers[0], &q.peer)) {
        q.names[q.n_names++] = row->peers[0];
    }
    for (q.transport = TRANSPORT_TCP; q.transport <= TRANSPORT_ICMP; q.transport *= 2) {
        for (q.initiator = 0; q.initiator <= INITIATOR_PEER; q.initiator++) {
            must(same_answer(policy, &q));
            q.peer_port++;
        }
    }
}

static void try_policy(struct policy *policy, const struct policap_error *err)
{
    if (!policy) {
        must(err->text[0] != '\0');
        return;
    }
    for (size_t i = 0; i < policy_count(policy) && i < 100; i++) {
        const struct policy_row *row = policy_row(policy, i);

        must(policy_find(policy, row->id) == (long)i);
        must(policy_pack(policy, row->pack)->name != NULL);
        ask_row(policy, row);
    }

    json_t *faults = policy_lint(policy);
    must(faults != NULL);
    json_decref(faults);
    policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policap_error err = {""};

    try_policy(policy_load_bytes("p", data, size, NULL, NULL, 0, &err), &err);
    err.text[0] = '\0';
    /* A site file may name files to read: what lies there is not the fuzzer's. */
    if (!memmem(data, size, ".json", 5) && !memmem(data, size, "\\u", 2)) {
        try_policy(policy_load_bytes(NULL, NULL, 0, "s", data, size, &err), &err);
    }
    return 0;
}
