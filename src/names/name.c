/* SPDX-License-Identifier: BSD-3-Clause */
#include "names/name.h"

char name_label_byte(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return (char)(byte | 0x20);
    }
    if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
        byte == '_') {
        return (char)byte;
    }
    return 0;
}

/* An IPv6 literal, brackets included (RFC 3986 3.2.2); with a zone it is no name. */
static bool literal_read(struct cursor text, char out[static NAME_MAX_LEN + 1])
{
    char address[ADDR_TEXT_LEN];
    struct addr unused;
    size_t len = text.left - 1;

    if (text.left < 2 || text.left - 2 >= sizeof address || text.at[len] != ']') {
        return false;
    }
    out[0] = '[';
    for (size_t i = 1; i < len; i++) {
        char byte = name_label_byte(text.at[i]);

        out[i] = address[i - 1] = byte ? byte : (char)text.at[i];
    }
    address[len - 1] = '\0';
    memcpy(out + len, "]", 2);
    return !memchr(text.at, '\0', len) && memchr(text.at, ':', len) &&
           addr_parse(address, &unused);
}

/* Labels with one dot between them. */
static bool labels_read(struct cursor text, char out[static NAME_MAX_LEN + 1])
{
    bool in_label = false;

    for (size_t i = 0; i < text.left; i++) {
        char byte = text.at[i] == '.' ? '.' : name_label_byte(text.at[i]);

        if (byte == 0 || (byte == '.' && !in_label)) {
            return false;
        }
        in_label = byte != '.';
        out[i] = byte;
    }
    out[text.left] = '\0';
    return in_label;
}

bool name_read(struct cursor text, char out[static NAME_MAX_LEN + 1])
{
    if (text.left > 0 && text.at[text.left - 1] == '.') {
        text.left--;
    }
    if (text.left > 0 && text.left <= NAME_MAX_LEN &&
        (text.at[0] == '[' ? literal_read(text, out) : labels_read(text, out))) {
        return true;
    }
    out[0] = '\0';
    return false;
}
