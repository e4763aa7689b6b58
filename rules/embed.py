#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write the rule packs as C arrays.

usage: embed.py OUTPUT DEFAULTS NAME=FILE...

NAME is what a site file calls the pack; the first DEFAULTS of them, in this order, are
used where no site file names packs.
"""
import sys

HEAD = """/* Made by rules/embed.py. */
#include "policy/builtin.h"

"""


def array(name, data):
    lines = [",".join(map(str, data[i:i + 24])) for i in range(0, len(data), 24)]
    return "static const unsigned char %s[] = {\n%s};\n" % (name, ",\n".join(lines))


def main():
    output, defaults, *packs = sys.argv[1:]
    arrays, rows = [], []
    for i, pack in enumerate(packs):
        name, path = pack.split("=", 1)
        with open(path, "rb") as file:
            arrays.append(array("pack_%d" % i, file.read()))
        rows.append('    {"%s", pack_%d, sizeof pack_%d, %d},\n'
                    % (name, i, i, i < int(defaults)))
    with open(output, "w", encoding="utf-8") as file:
        file.write(HEAD + "\n".join(arrays))
        file.write("\nconst struct builtin_pack builtin_packs[] = {\n%s};\n" % "".join(rows))
        file.write("const size_t n_builtin_packs = %d;\n" % len(rows))


if __name__ == "__main__":
    main()
