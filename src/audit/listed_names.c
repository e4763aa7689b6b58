/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit/listed_names.h"

#include "audit/records.h"
#include "names/name.h"

#include <string.h>

static void bind(struct tally *tally, const struct addr *addr, uint32_t name,
                 int64_t first_ns, int64_t last_ns)
{
    struct binding_key key;
    struct binding *b;

    memset(&key, 0, sizeof key);
    key.addr = *addr;
    key.name = name;
    b = pool_add(&tally->bindings, &key, NULL);
    if (b) {
        stretch_note(&b->first_ns, &b->last_ns, first_ns);
        stretch_note(&b->first_ns, &b->last_ns, last_ns);
        b->until_ns = b->last_ns;
    }
}

void tally_add_listed(struct tally *tally, const struct listed_names *names,
                      int64_t first_ns, int64_t last_ns)
{
    char name[NAME_MAX_LEN + 1];

    for (size_t i = 0; i < names->n; i++) {
        const char *text = names->at[i].text;
        struct cursor bytes = {(const uint8_t *)text, strlen(text)};
        uint32_t id = name_read(bytes, name) ? tally_name(tally, name) : 0;

        if (id != 0) {
            bind(tally, &names->at[i].addr, id, first_ns, last_ns);
        }
    }
    tally->bindings.n_refused += names->n_left_out;
}
