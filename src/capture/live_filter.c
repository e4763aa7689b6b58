/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/live_filter.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

static bool compile(pcap_t *pcap, const char *expression, struct bpf_program *out,
                    struct policap_error *err)
{
    return pcap_compile(pcap, out, expression ? expression : "", 1,
                        PCAP_NETMASK_UNKNOWN) == 0 ||
           fail(err, "-f '%.120s': %s: see `man pcap-filter`",
                expression ? expression : "", pcap_geterr(pcap));
}

/* Where the first says yes, it goes on with the second: a jump to behind its end, which
 * is where the second begins. */
static bool join(const struct bpf_program *a, const struct bpf_program *b,
                 struct bpf_program *out)
{
    struct bpf_insn *insns = calloc((size_t)a->bf_len + b->bf_len, sizeof *insns);

    if (!insns) {
        return false;
    }
    memcpy(insns, a->bf_insns, a->bf_len * sizeof *insns);
    memcpy(insns + a->bf_len, b->bf_insns, b->bf_len * sizeof *insns);
    for (u_int i = 0; i < a->bf_len; i++) {
        if (insns[i].code == (BPF_RET | BPF_K) && insns[i].k != 0) {
            insns[i] =
                (struct bpf_insn){.code = BPF_JMP | BPF_JA, .k = a->bf_len - i - 1};
        }
    }
    *out = (struct bpf_program){.bf_len = a->bf_len + b->bf_len, .bf_insns = insns};
    return true;
}

bool live_filter_compile(pcap_t *pcap, const char *filter, const char *narrow,
                         struct bpf_program *out, struct policap_error *err)
{
    struct bpf_program first, second;
    bool ok;

    if (!narrow) {
        return compile(pcap, filter, out, err);
    }
    if (!compile(pcap, filter, &first, err)) {
        return false;
    }
    ok = compile(pcap, narrow, &second, err);
    if (ok) {
        ok = join(&first, &second, out) || fail(err, "-f: out of memory");
        pcap_freecode(&second);
    }
    pcap_freecode(&first);
    return ok;
}
