/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Flows that are written down for judge(), and what it says of them as text.
 */
#ifndef JUDGED_H
#define JUDGED_H

#include "script.h"

#include "audit/judge.h"

enum { TEXT_LEN = 1024 };

struct flow {
    const char *phone, *server;
    uint16_t port;
    const char *name; /* As SNI; NULL: none was read. */
    double at_s;
    const char *words;
};

static inline void add_flow(struct tally *tally, const struct flow *flow, unsigned i)
{
    static struct script script;
    struct piece piece;

    script_read(&script, flow->words);
    script_move(&script, flow->phone, flow->server, (uint16_t)(40000 + i), flow->port,
                (int64_t)(flow->at_s * 1000));
    piece = script_sum(&script);
    if (flow->name) {
        piece_add_name(&piece, (struct flow_name){.name = tally_name(tally, flow->name),
                                                  .source = NAME_SNI});
    }
    assert_true(tally_add_piece(tally, &piece));
    tally_add_hosts_of(tally, &piece);
}

static inline void put_line(char *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void put_line(char *text, const char *format, ...)
{
    size_t len = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + len, TEXT_LEN - len, format, args);
    va_end(args);
}

static inline void summary(const struct judgement *judgement,
                           const struct policy *policy, char text[TEXT_LEN])
{
    text[0] = '\0';
    for (size_t i = 0; i < judgement->n_findings; i++) {
        const struct finding *f = &judgement->findings[i];
        const char *cause = cause_name(f->cause);

        if (f->kind != KIND_ADVICE) {
            put_line(text, "%s %s %s %s\n", finding_kind_name(f->kind),
                     f->row < 0 ? "-" : policy_row(policy, (size_t)f->row)->id,
                     cause ? cause : "-", confidence_name(f->confidence));
        }
    }
    for (size_t i = 0; i < judgement->n_problems; i++) {
        const struct problem *p = &judgement->problems[i];

        put_line(text, "problem %s %zu/%zu\n", scope_name(p->scope), p->affected,
                 p->unaffected);
    }
}

#endif
