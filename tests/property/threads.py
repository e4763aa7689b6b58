#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Any number of threads finds the same: the same bytes, the same exit status.

usage: threads.py POLICAP GENERATOR SOURCE_ROOT SHARED

Every capture at hand; all of a folder as one stream of several files; two taps; what is
kept for a merge; a broken and a cut file; a capture of many flows, from a file, through a
pipe and compressed.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

THREADS = ("2", "5")


def run(binary, args, pipe_from=None):
    source = open(pipe_from, "rb") if pipe_from else subprocess.DEVNULL
    done = subprocess.run([binary, *args], stdin=source, capture_output=True, timeout=600)
    if done.returncode < 0 or done.returncode > 3:
        sys.exit("%s: exit status %d: %s" % (args, done.returncode, done.stderr.decode()))
    return done.returncode, done.stdout, done.stderr


class Checker:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.n = self.bad = 0

    def check(self, *args, pipe_from=None):
        command, *rest = args
        want = run(self.binary, [command, "-j", "1", *rest], pipe_from)
        for threads in THREADS:
            self.n += 1
            if run(self.binary, [command, "-j" + threads, *rest], pipe_from) != want:
                self.bad += 1
                print("-j%s differs: %s" % (threads, " ".join(args)))

    def check_tally(self, *captures):
        """Also what is written for a merge is the same."""
        tallies = []
        for threads in ("1", *THREADS):
            path = os.path.join(self.folder, "tally")
            run(self.binary, ["check", "-j", threads, "--tally", path, *captures])
            tallies.append(open(path, "rb").read())
            os.remove(path)
        self.n += 1
        if len(set(tallies)) != 1:
            self.bad += 1
            print("tallies differ: %s" % " ".join(captures))


def captures(root, shared):
    found = []
    for folder in (root + "/pcaps", root + "/tests/lab/captures", shared + "/lab", shared + "/corpus"):
        found += glob.glob(folder + "/**/*.pcap*", recursive=True)
    return sorted(path for path in found if os.path.getsize(path) < 20 << 20)


def of_files(checker, root, shared):
    for path in captures(root, shared):
        checker.check("check", "--device", "any", path)
    samples = sorted(glob.glob(root + "/pcaps/*.pcap"))
    checker.check("check", root + "/pcaps")
    checker.check("flows", *samples)
    checker.check_tally(*samples)
    checker.check_tally(samples[1])
    checker.check("check", "--tap", "inside=" + samples[0], "--tap", "outside=" + samples[1])
    checker.check("check", "-f", "tcp", "--max-packets", "77", samples[1])


def of_damage(checker, root):
    data = open(sorted(glob.glob(root + "/pcaps/*.pcap"))[1], "rb").read()
    for name, content in (("cut.pcap", data[:len(data) - 7]),
                          ("broken.pcap", data[:5000] + b"\xff" * 64 + data[5064:])):
        path = os.path.join(checker.folder, name)
        with open(path, "wb") as out:
            out.write(content)
        checker.check("check", path)


def of_many_flows(checker, generator):
    path = os.path.join(checker.folder, "many.pcap")
    subprocess.run([generator, path, "300000", "20000", "120"], check=True,
                   stdout=subprocess.DEVNULL)
    checker.check("check", "--device", "10.0.0.0/8", path)
    checker.check("check", "--device", "10.0.0.0/8", "-", pipe_from=path)
    checker.check("check", "--device", "10.0.0.0/8", "--max-memory", "64M", path)
    if shutil.which("gzip"):
        subprocess.run(["gzip", "-1", path], check=True)
        checker.check("check", "--device", "10.0.0.0/8", path + ".gz")


def main():
    binary, generator, root, shared = (os.path.abspath(arg) for arg in sys.argv[1:5])
    folder = tempfile.mkdtemp(prefix="threads.")
    try:
        checker = Checker(binary, folder)
        of_files(checker, root, shared)
        of_damage(checker, root)
        of_many_flows(checker, generator)
    finally:
        shutil.rmtree(folder)
    print("%d runs, %d differ" % (checker.n, checker.bad))
    return checker.bad > 0 or checker.n < 50


if __name__ == "__main__":
    sys.exit(main())
