/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/filter.h"

#include "base/error.h"
#include "capture/format.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct program {
    uint16_t link;
    struct bpf_program code;
};

struct filter {
    int64_t from_ns, to_ns;
    bool saw_later;
    struct program programs[FILTER_MAX_LINKS];
    size_t n_programs;
    char *expression; /* Owned; NULL: none. */
};

/* False: 'why' gets what libpcap says. */
static bool compile(const char *expression, uint16_t link, struct bpf_program *out,
                    char why[static PCAP_ERRBUF_SIZE])
{
    pcap_t *pcap = pcap_open_dead(capture_link_dlt(link), CAPTURE_MAX_FRAME);
    bool ok = pcap && pcap_compile(pcap, out, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;

    if (!ok) {
        snprintf(why, PCAP_ERRBUF_SIZE, "%s", pcap ? pcap_geterr(pcap) : "no memory");
    }
    if (pcap) {
        pcap_close(pcap);
    }
    return ok;
}

/* An expression that no link type of these knows is a mistyped one.  The message is
 * that for Ethernet. */
static bool check(const char *expression, struct policap_error *err)
{
    static const uint16_t links[] = {1, 127, 101, 113, 9};
    char why[PCAP_ERRBUF_SIZE] = "", other[PCAP_ERRBUF_SIZE] = "";

    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct bpf_program code;

        if (compile(expression, links[i], &code, i == 0 ? why : other)) {
            pcap_freecode(&code);
            return true;
        }
    }
    return fail(err, "-f '%.120s': %s: see `man pcap-filter`", expression, why);
}

struct filter *filter_new(const char *expression, int64_t from_ns, int64_t to_ns,
                          struct policap_error *err)
{
    struct filter *f;

    if (expression && !check(expression, err)) {
        return NULL;
    }
    f = calloc(1, sizeof *f);
    if (f && expression) {
        f->expression = strdup(expression);
    }
    if (!f || (expression && !f->expression)) {
        free(f);
        fail(err, "-f: out of memory");
        return NULL;
    }
    f->from_ns = from_ns;
    f->to_ns = to_ns;
    return f;
}

void filter_free(struct filter *filter)
{
    for (size_t i = 0; filter && i < filter->n_programs; i++) {
        pcap_freecode(&filter->programs[i].code);
    }
    if (filter) {
        free(filter->expression);
        free(filter);
    }
}

static const struct program *program_of(struct filter *f, uint16_t link,
                                        struct policap_error *err)
{
    struct program *program = &f->programs[f->n_programs];
    char why[PCAP_ERRBUF_SIZE], name[8];

    for (size_t i = 0; i < f->n_programs; i++) {
        if (f->programs[i].link == link) {
            return &f->programs[i];
        }
    }
    if (f->n_programs == FILTER_MAX_LINKS) {
        fail(err, "-f: frames of more than %d link types: filter each interface alone",
             FILTER_MAX_LINKS);
        return NULL;
    }
    if (!compile(f->expression, link, &program->code, why)) {
        fail(err, "-f '%.120s': for frames of link type %s: %s: see `man pcap-filter`",
             f->expression, capture_link_name(link, name), why);
        return NULL;
    }
    program->link = link;
    f->n_programs++;
    return program;
}

static bool matches(const struct program *program, const struct frame *frame)
{
    const struct pcap_pkthdr header = {.caplen = frame->cap_len,
                                       .len = frame->wire_len};

    return pcap_offline_filter(&program->code, &header, frame->bytes) != 0;
}

bool filter_saw_later(const struct filter *filter)
{
    return filter->saw_later;
}

bool filter_apply(struct filter *filter, struct frame *frames, size_t *n,
                  struct policap_error *err)
{
    const struct program *program = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < *n; i++) {
        const struct frame *frame = &frames[i];

        filter->saw_later |= frame->ns >= filter->to_ns;
        if (frame->ns < filter->from_ns || frame->ns >= filter->to_ns) {
            continue;
        }
        if (filter->expression && (!program || program->link != frame->link)) {
            program = program_of(filter, frame->link, err);
            if (!program) {
                return false;
            }
        }
        if (!program || matches(program, frame)) {
            frames[kept++] = *frame;
        }
    }
    *n = kept;
    return true;
}
