/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is left of what is kept no longer, or never was, and the notes of a tally's
 * writer.
 */
#include "audit/records.h"

#include <stdlib.h>

const char *day_count_name(enum day_count count)
{
    static const char *const names[DAY_COUNTS] = {
        [DAY_HOURS] = "hours",       [DAY_FLOWS] = "flows",
        [DAY_ANSWERED] = "answered", [DAY_SILENT] = "silent",
        [DAY_RESET] = "reset",       [DAY_ICMP] = "icmp",
        [DAY_PACKETS] = "packets",   [DAY_BYTES] = "bytes",
        [DAY_LOOKUPS] = "lookups",   [DAY_BACKGROUND] = "background",
    };

    return names[count];
}

const char *flow_class_name(enum flow_class class)
{
    static const char *const names[FLOW_CLASSES] = {
        [FLOW_UNANSWERED] = "unanswered",
        [FLOW_CLOSED] = "closed",
        [FLOW_DATAGRAMS] = "datagrams",
        [FLOW_ESTABLISHED] = "established",
    };

    return names[class];
}

uint64_t tally_refused(const struct tally *tally, size_t kind, const char **name)
{
    *name = record_kinds[kind].name;
    return record_pool_of(tally, &record_kinds[kind])->n_refused;
}

static void days_make_room(struct tally *tally)
{
    if (tally->n_days > TALLY_MAX_DAYS) {
        tally->n_days--;
        memmove(tally->days, tally->days + 1, tally->n_days * sizeof *tally->days);
    }
}

bool tally_add_day(struct tally *tally, const struct day *day)
{
    size_t at = tally->n_days;

    while (at > 0 && tally->days[at - 1].day > day->day) {
        at--;
    }
    if (at == 0 || tally->days[at - 1].day != day->day) {
        struct day *grown =
            realloc(tally->days, ((size_t)TALLY_MAX_DAYS + 1) * sizeof *tally->days);

        if (!grown) {
            return false;
        }
        tally->days = grown;
        memmove(grown + at + 1, grown + at, (tally->n_days - at) * sizeof *grown);
        grown[at] = *day;
        tally->n_days++;
        days_make_room(tally);
        return true;
    }
    for (size_t i = 0; i < DAY_COUNTS; i++) {
        tally->days[at - 1].n[i] += day->n[i];
    }
    return true;
}

/* Which count of a day an attempt is of; DAY_FLOWS: of none but that. */
static enum day_count count_of(const struct cell *cell)
{
    switch ((enum attempt_sign)cell->key.sign) {
    case ATTEMPT_OK:
    case ATTEMPT_OPEN:
        return DAY_ANSWERED;
    case ATTEMPT_SYN_SILENT:
    case ATTEMPT_HELLO_SILENT:
    case ATTEMPT_TAIL_SILENT:
    case ATTEMPT_REQUEST_SILENT:
        return DAY_SILENT;
    case ATTEMPT_RESET:
    case ATTEMPT_HELLO_RESET:
    case ATTEMPT_TAIL_RESET:
        return DAY_RESET;
    case ATTEMPT_ICMP:
        return DAY_ICMP;
    case ATTEMPT_UNSEEN:
    case ATTEMPT_NO_ANSWER:
    case ATTEMPT_HOLE:
    case ATTEMPT_CERTIFICATE:
    case ATTEMPT_TLS_ABORT:
    case ATTEMPT_TLS_LEFT:
    case ATTEMPT_SIGNS:
        break;
    }
    return DAY_FLOWS;
}

void tally_sum_up(const struct tally *tally, struct day *day)
{
    for (uint32_t i = 0; i < tally->cells.n; i++) {
        const struct cell *cell = pool_at(&tally->cells, i);
        enum day_count count = count_of(cell);

        day->n[DAY_FLOWS] += cell->attempts;
        day->n[count] += count == DAY_FLOWS ? 0 : cell->attempts;
        day->n[DAY_PACKETS] += cell->packets[0] + cell->packets[1];
        day->n[DAY_BYTES] += cell->bytes[0] + cell->bytes[1];
    }
    for (uint32_t i = 0; i < tally->lookups.n; i++) {
        const struct lookup *lookup = pool_at(&tally->lookups, i);

        day->n[DAY_LOOKUPS] += lookup->queries;
    }
    for (size_t i = 0; i < BACKGROUNDS; i++) {
        day->n[DAY_BACKGROUND] += tally->background[i];
    }
}

bool tally_add_note(struct tally *tally, const char *text)
{
    char **grown;
    char *copy;

    if (tally->n_notes == TALLY_MAX_NOTES) {
        return false;
    }
    grown = realloc(tally->notes, (tally->n_notes + 1) * sizeof *grown);
    if (!grown) {
        return false;
    }
    tally->notes = grown;
    copy = strdup(text);
    if (copy) {
        grown[tally->n_notes++] = copy;
    }
    return copy != NULL;
}

void tally_free_notes(struct tally *tally)
{
    for (size_t i = 0; i < tally->n_notes; i++) {
        free(tally->notes[i]);
    }
    free(tally->notes);
    tally->notes = NULL;
    tally->n_notes = 0;
}

const char *const *tally_limits(const struct tally *tally,
                                const char *room[static TALLY_LIMITS])
{
    size_t n = 0;

    for (size_t k = 0; k < RECORD_KINDS; k++) {
        if (record_pool_of(tally, &record_kinds[k])->n_refused) {
            room[n++] = record_kinds[k].name;
        }
    }
    if (tally->names.n_refused) {
        room[n++] = "name";
    }
    if (tally->evicted) {
        room[n++] = "flow";
    }
    room[n] = NULL;
    return room;
}
