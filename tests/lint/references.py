#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the repository's text must say, and what it must not.

usage: references.py ROOT

Every row of every rule pack says where it is written ("reference"), and every pack and
set how old it is ("as_of").  No text names a folder of somebody's machine or the host of
a package registry, and none holds a note to do something later.
"""
import json
import os
import re
import sys

# Written in parts, so that this file does not find itself.
PATTERNS = [
    (re.compile(r"(^|[^.a-zA-Z0-9_-])/(work|ro" r"ot|farm|home)/"), "a folder of a machine"),
    (re.compile(r"registry\.npm|npmjs\.|pypi\.|pythonhosted\.|crates\.i" r"o|"
                r"rubygems\.|proxy\.golang|jsdelivr\.|unpkg\.com|maven\.org"),
     "the host of a package registry"),
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"), "a note for later"),
]
SKIPPED = {".git", "__pycache__"}


def texts(root):
    """(path in the repository, lines) of every text file; folders of builds are left out."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith("build"))
        if "meson-info" in folders:
            folders[:] = []
            continue
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                data = file.read()
            if b"\0" in data:
                continue
            try:
                yield os.path.relpath(path, root), data.decode().split("\n")
            except UnicodeDecodeError:
                continue


def check_texts(root):
    for path, lines in texts(root):
        if path == os.path.join("tests", "lint", "references.py"):
            continue
        for number, line in enumerate(lines, 1):
            for pattern, what in PATTERNS:
                if pattern.search(line):
                    yield "%s:%d: %s: %s" % (path, number, what, line.strip()[:100])


def check_pack(path, pack):
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(pack.get("as_of"))):
        yield "%s: no date as_of" % path
    for name, held in pack.get("sets", {}).items():
        if not held.get("as_of") or not held.get("source"):
            yield "%s: set %s: no as_of or source" % (path, name)
    for row in pack.get("rows", []):
        if len(str(row.get("reference", "")).strip()) < 4:
            yield "%s: row %s: no reference" % (path, row.get("id"))


def check_packs(root):
    n = 0
    for folder, _, names in sorted(os.walk(os.path.join(root, "rules"))):
        for name in sorted(names):
            if name.endswith(".json") and not name.endswith(".schema.json") \
                    and not name.startswith("site"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    yield from check_pack(name, json.load(file))
                n += 1
    if n == 0:
        yield "rules: no packs"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    bad = list(check_packs(sys.argv[1])) + list(check_texts(sys.argv[1]))
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
