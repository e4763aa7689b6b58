#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Functions and files that are too long to be read in one go.

usage: lengths.py ROOT

A function is what stands between a brace alone at the line's start and the next one that
closes there; the formatting check sees to it that this is so.  Bars: 95 % of functions
within 40 lines, none over 80, files within 500 lines.
"""
import os
import sys

USUAL, MOST, USUAL_SHARE, FILE = 40, 80, 0.95, 500


def functions(lines):
    """(line number of the opening brace, lines between the braces)"""
    start = None
    for i, line in enumerate(lines):
        if line == "{":
            start = i
        elif line == "}" and start is not None:
            yield start + 1, i - start - 1
            start = None


def sources(root):
    for top in ("include", "src", "tests"):
        for folder, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.join(folder, name)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found, bad = [], 0
    for path in sources(sys.argv[1]):
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        if len(lines) > FILE:
            print("%s: %d lines, more than %d" % (path, len(lines), FILE))
            bad += 1
        found += [(n, path, at) for at, n in functions(lines)]
    found.sort(reverse=True)
    for n, path, at in found:
        if n > MOST:
            print("%s:%d: a function of %d lines, more than %d" % (path, at, n, MOST))
            bad += 1
    usual = sum(n <= USUAL for n, _, _ in found)
    print("%d of %d functions within %d lines, the longest has %d"
          % (usual, len(found), USUAL, found[0][0] if found else 0))
    if not found or usual < USUAL_SHARE * len(found):
        for n, path, at in found:
            if n > USUAL:
                print("%s:%d: a function of %d lines" % (path, at, n))
        bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
