#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hold what README.md shows against what the program says.

usage: readme.py POLICAP            compare
       readme.py --write POLICAP    put what it says now into README.md

The text report, line by line ("[...]" stands for lines left out), the finding as JSON, and
the site file, which must be accepted.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import golden

SAMPLE = "pcaps/03_fcm_icmp_prohibited.pcap"
README = os.path.join(golden.ROOT, "README.md")
WIDTH = 88


def block(readme, name):
    """The fenced lines behind the comment that has this name."""
    found = re.search(r"<!-- %s -->\n+```\w*\n(.*?)```\n" % re.escape(name), readme, re.S)
    if not found:
        sys.exit("README.md has no block '%s'" % name)
    return found[1]


def run(binary, *args):
    done = subprocess.run([os.path.abspath(binary), "check", *args], cwd=golden.ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=golden.TIMEOUT_S, check=False)
    if done.returncode not in (0, 1):
        sys.exit("check %s: exit status %d: %s" % (args, done.returncode, done.stderr))
    return done.stdout


def check_text(shown, said):
    said = iter(said.splitlines())
    for line in shown.splitlines():
        if line != "[...]" and line not in said:  # Takes from 'said' up to the line.
            sys.exit("README.md shows, and the program does not say there:\n" + line)


def short_text(said):
    """The report without the findings behind the first: they look alike."""
    head, second, _ = said.partition("\n  F2 ")
    return head + "\n[...]\n" + said[said.index("\nRows\n"):] if second else said


def short_json(value, indent=0, lead=0):
    """JSON text in which what fits on a line stands on one."""
    flat, pad = json.dumps(value), " " * (indent + 2)
    if not isinstance(value, (dict, list)) or indent and lead + len(flat) < WIDTH:
        return flat
    if isinstance(value, list):
        items = [pad + short_json(v, indent + 2, len(pad)) for v in value]
        return "[\n" + ",\n".join(items) + "\n" + " " * indent + "]"
    items = []
    for key, item in value.items():
        name = json.dumps(key) + ": "
        items.append(name + short_json(item, indent + 2, len(pad) + len(name)))
    lines = [pad + items[0]]
    for item in items[1:]:
        if "\n" in item or "\n" in lines[-1] or len(lines[-1]) + len(item) + 2 >= WIDTH:
            lines.append(pad + item)
        else:
            lines[-1] += ", " + item
    return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"


def write(binary, readme):
    finding = json.loads(run(binary, SAMPLE))["findings"][0]
    for name, text in (("output: run", short_text(run(binary, "--format", "text", SAMPLE))),
                       ("output: finding", short_json(finding) + "\n")):
        readme = readme.replace(block(readme, name), text)
    with open(README, "w", encoding="utf-8") as file:
        file.write(readme)


def main():
    args = [a for a in sys.argv[1:] if a != "--write"]
    if len(args) != 1:
        sys.exit(__doc__)
    binary = args[0]
    with open(README, encoding="utf-8") as file:
        readme = file.read()
    if "--write" in sys.argv:
        return write(binary, readme)
    if SAMPLE not in block(readme, "command: run"):
        sys.exit("the command of README.md does not check " + SAMPLE)
    check_text(block(readme, "output: run"), run(binary, "--format", "text", SAMPLE))
    finding = json.loads(run(binary, SAMPLE))["findings"][0]
    if json.loads(block(readme, "output: finding")) != finding:
        sys.exit("README.md shows another finding than\n" + json.dumps(finding, indent=2))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as site:
        site.write(block(readme, "site file"))
        site.flush()
        run(binary, "--site", site.name, SAMPLE)
    return 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
