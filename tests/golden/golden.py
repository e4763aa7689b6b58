#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Run the golden cases: policap's output against the files that lie here.

usage: golden.py POLICAP NAME...      compare, exit status 1 if one differs
       golden.py --list               the names

The table 'cases' names them.  What may change without a change of behaviour is
neutralised before: the tool's version, and digests of files of this repository, which
are checked against the file and replaced by its path.
"""
import difflib
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TIMEOUT_S = 120


class Case:
    def __init__(self, line):
        self.name, status, *args = shlex.split(line)
        self.status, self.args = int(status), args

    @property
    def kind(self):
        if self.status == 2 or "text" in self.args or self.args[0] == "rules":
            return "txt"
        return "ndjson" if self.args[0] == "flows" else "json"

    @property
    def path(self):
        return os.path.join(HERE, self.name + "." + self.kind)


def cases():
    with open(os.path.join(HERE, "cases"), encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return {c.name: c for c in map(Case, (l for l in lines if l and l[0] != "#"))}


def run(binary, case):
    """What the program answers: exit status, standard output, standard error."""
    env = dict(os.environ, TZ="Asia/Kolkata", LC_ALL="C", NO_COLOR="1", COLUMNS="80")
    done = subprocess.run([os.path.abspath(binary)] + case.args, cwd=ROOT, env=env,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=TIMEOUT_S, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def digests():
    """Path by digest, of every file a report may give the digest of."""
    known = {}
    for top in ("rules", "pcaps", "tests/golden/inputs"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in (n for n in names if n.endswith(".json")):
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
                known[digest] = os.path.relpath(path, ROOT)
    return known


def neutral(text):
    known = digests()
    text = re.sub(r"\b[0-9a-f]{64}\b",
                  lambda m: "of " + known[m[0]] if m[0] in known else m[0], text)
    return re.sub(r"policap \d+\.\d+\.\d+\S*", "policap -", text)


def report_text(text):
    report = json.loads(text)
    if "tool" in report:
        report["tool"]["version"] = "-"
    return json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def shape(case, out, err):
    """The output as it is kept: JSON with its keys sorted, so that lines can differ."""
    if case.kind == "json":
        out = neutral(report_text(out))
    elif case.kind == "ndjson":
        rows = [json.dumps(json.loads(l), sort_keys=True) for l in out.splitlines()]
        out = "".join(row + "\n" for row in rows)
    else:
        out = neutral(out)
    return out + ("--- standard error\n" + neutral(err) if err else "")


def compare(binary, case):
    status, out, err = run(binary, case)
    if status != case.status:
        return ["exit status %d, not %d" % (status, case.status), out[-2000:], err[-4000:]]
    try:
        got = shape(case, out, err)
    except (ValueError, KeyError, TypeError) as e:
        return ["standard output is no report: %r" % e, out[:500], err[-4000:]]
    if not os.path.exists(case.path):
        return ["%s is missing: tests/golden/update %s" % (case.path, case.name)]
    with open(case.path, encoding="utf-8") as file:
        want = file.read()
    return list(difflib.unified_diff(want.splitlines(), got.splitlines(),
                                     "expected", "now", lineterm=""))


def main():
    args = sys.argv[1:]
    table = cases()
    if args == ["--list"]:
        print("\n".join(table))
        return 0
    if len(args) < 2 or any(name not in table for name in args[1:]):
        sys.exit(__doc__)
    bad = 0
    for name in args[1:]:
        difference = compare(args[0], table[name])
        bad += bool(difference)
        if difference:
            print("policap " + shlex.join(table[name].args))
            print("\n".join(difference))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
