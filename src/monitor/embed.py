#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write the files of the live page as C arrays.

usage: embed.py OUTPUT FILE...
"""
import os
import sys

TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}


def main():
    output, *files = sys.argv[1:]
    arrays, rows = [], []
    for i, path in enumerate(files):
        data = open(path, "rb").read()
        lines = [",".join(map(str, data[k:k + 24])) for k in range(0, len(data), 24)]
        arrays.append("static const unsigned char file_%d[] = {\n%s};\n" % (i, ",\n".join(lines)))
        name, kind = os.path.basename(path), TYPES[os.path.splitext(path)[1]]
        url = "/" if name == "index.html" else "/" + name
        rows.append('    {"%s", "%s", file_%d, sizeof file_%d},\n' % (url, kind, i, i))
    with open(output, "w") as out:
        out.write('/* Made by src/monitor/embed.py. */\n#include "monitor/page.h"\n\n'
                  + "\n".join(arrays) + "\nconst struct page_file page_files[PAGE_FILES] = {\n"
                  + "".join(rows) + "};\n")


if __name__ == "__main__":
    main()
