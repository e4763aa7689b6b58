/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Two BPF expressions as one program for the kernel: frames for which both hold.
 *
 * They are compiled apart and joined as programs.  In one text, "vlan" in the first
 * would move what the second looks at (pcap-filter(7)).
 */
#ifndef CAPTURE_LIVE_FILTER_H
#define CAPTURE_LIVE_FILTER_H

#include <pcap/pcap.h>
#include <policap/error.h>
#include <stdbool.h>

/* Each of the two may be NULL, for which every frame holds.  The caller releases '*out'
 * with pcap_freecode().  False: '*err' says what is wrong with 'filter'. */
bool live_filter_compile(pcap_t *pcap, const char *filter, const char *narrow,
                         struct bpf_program *out, struct policap_error *err);

#endif
