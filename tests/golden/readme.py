#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hold what README.md shows against what the program says.

usage: readme.py POLICAP

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


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(os.path.join(golden.ROOT, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    if SAMPLE not in block(readme, "command: run"):
        sys.exit("the command of README.md does not check " + SAMPLE)
    check_text(block(readme, "output: run"), run(sys.argv[1], "--format", "text", SAMPLE))
    finding = json.loads(run(sys.argv[1], SAMPLE))["findings"][0]
    if json.loads(block(readme, "output: finding")) != finding:
        sys.exit("README.md shows another finding than\n" + json.dumps(finding, indent=2))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as site:
        site.write(block(readme, "site file"))
        site.flush()
        run(sys.argv[1], "--site", site.name, SAMPLE)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
