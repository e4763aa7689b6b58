#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""However a capture is delivered, the report is the same.

usage: inputs.py POLICAP SOURCE_ROOT [--seed N]

Gives sample captures compressed, through pipes and slow FIFOs, as hundreds of rotated
files, as files that overlap in time, as pcapng of several interfaces, and with parts
left out by -f, --from, --to and --max-packets.  Each time the report must be that of
the plain capture but for `captures`, and every frame named as evidence must be the
same packet.  What a tool is missing for is skipped and said.
"""
import argparse
import gzip
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

SAMPLES = ("02_fcm_dropped", "15_unexpected", "22_late_start_early_end", "17b_ipv6_blocked")


class Pcap:
    """Records with their times, of a plain little-endian pcap."""

    def __init__(self, path):
        data = open(path, "rb").read()
        assert data[:4] == b"\xd4\xc3\xb2\xa1", path
        self.head, self.records = data[:24], []
        at = 24
        while at + 16 <= len(data):
            length = struct.unpack_from("<I", data, at + 8)[0]
            self.records.append(data[at:at + 16 + length])
            at += 16 + length

    def time(self, i):
        return struct.unpack_from("<II", self.records[i])

    def part(self, path, numbers):
        """Writes the frames of these numbers, from 1."""
        with open(path, "wb") as out:
            out.write(self.head + b"".join(self.records[n - 1] for n in numbers))


class Checker:
    def __init__(self, binary, root, folder, seed):
        self.binary, self.folder = binary, folder
        self.site = os.path.join(root, "pcaps", "site.json")
        self.rng = random.Random(seed)
        self.n = self.bad = 0

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def report(self, args, stdin=None):
        run = subprocess.run([self.binary, "check", "--format", "json", "--site", self.site]
                             + args, stdin=stdin or subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=120)
        if run.returncode not in (0, 1, 3):
            raise RuntimeError("exit status %d: %s" % (run.returncode, run.stderr.strip()))
        return json.loads(run.stdout)

    def compare(self, how, want, args, where=None, stdin=None):
        """'where' says which of the wanted report's frames is frame N of a capture."""
        self.n += 1
        try:
            got = self.report(args, stdin)
            a, b = neutral(want, None), neutral(got, where)
            problem = None if a == b else first_difference(a, b)
        except (RuntimeError, KeyError, ValueError) as e:
            problem = repr(e)
        if problem:
            self.bad += 1
            print("%s: %s" % (how, problem))


def neutral(report, where):
    """Without what the input's form may change; evidence as frames of the plain file."""
    report = json.loads(json.dumps(report))
    totals = [sum(c[k] for c in report["captures"])
              for k in ("packets", "bytes", "snaplen_cut_packets", "duplicates")]
    del report["captures"]
    for finding in report["findings"]:
        frames = [where(os.path.basename(e["capture"]), n) if where else n
                  for e in finding["evidence"] for n in e["frames"]]
        ids = [i for e in finding["evidence"] for i in e.get("community_ids", [])]
        finding["evidence"] = [sorted(frames), sorted(ids)]
    report["totals"] = totals
    return report


def first_difference(a, b, at=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            if a.get(key) != b.get(key):
                return first_difference(a.get(key), b.get(key), at + "/" + key)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y:
                return first_difference(x, y, "%s/%d" % (at, i))
    return "%s: %s where the plain capture has %s" % (at, json.dumps(b)[:200],
                                                      json.dumps(a)[:200])


def slow_writer(path, data):
    """Into a FIFO, in pieces that split every structure."""
    with open(path, "wb", buffering=0) as out:
        for at in range(0, len(data), 701):
            out.write(data[at:at + 701])
            if at % 7010 == 0:
                time.sleep(0.002)


def compressors():
    """Name, ending and function; what its program is missing for is left out."""
    yield "gzip", "gz", lambda data: gzip.compress(data)
    yield "gzip, members", "gz", lambda data: b"".join(
        gzip.compress(data[i:i + 9999]) for i in range(0, len(data), 9999))
    for name, args in (("zstd", ["-qc"]), ("zstd", ["-qc", "-19", "--no-check"]),
                       ("lz4", ["-qc"]), ("lz4", ["-qc", "-BD", "-B4"])):
        if shutil.which(name):
            yield " ".join([name] + args), name, lambda data, n=name, a=args: subprocess.run(
                [n] + a, input=data, stdout=subprocess.PIPE, check=True).stdout
        else:
            print("skipped: %s is not there" % name)


def check_streams(c, name, want, path):
    """Compressed or not: a file, standard input, a FIFO."""
    forms = {"pcap": open(path, "rb").read()}
    if shutil.which("editcap"):
        subprocess.run(["editcap", "-F", "pcapng", path, c.path("x.pcapng")], check=True)
        forms["pcapng"] = open(c.path("x.pcapng"), "rb").read()
    for form, data in list(forms.items()):
        for tool, ending, pack in compressors():
            forms["%s, %s" % (form, tool)] = pack(data)
    same = lambda capture, n: n
    for form, data in forms.items():
        how = "%s as %s" % (name, form)
        open(c.path("x"), "wb").write(data)
        c.compare(how, want, [c.path("x")], same)
        with open(c.path("x"), "rb") as file:
            cat = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
            c.compare(how + " by a pipe", want, ["-"], same, cat.stdout)
            cat.stdout.close()
            cat.wait()
        os.mkfifo(c.path("fifo"))
        writer = threading.Thread(target=slow_writer, args=(c.path("fifo"), data))
        writer.start()
        c.compare(how + " by a slow FIFO", want, [c.path("fifo")], same)
        writer.join()
        os.unlink(c.path("fifo"))


def split(c, pcap, folder, parts):
    """Writes parts (lists of frame numbers) as files with names in no order."""
    os.mkdir(folder)
    names = ["%04d.pcap" % i for i in range(len(parts))]
    c.rng.shuffle(names)
    for name, numbers in zip(names, parts):
        pcap.part(os.path.join(folder, name), numbers)
    table = dict(zip(names, parts))
    return lambda capture, n: table[capture][n - 1]


def check_files(c, name, want, pcap):
    n = len(pcap.records)
    cuts = sorted(c.rng.sample(range(2, n + 1), min(199, n - 1)))
    edges = [1] + cuts + [n + 1]
    parts = [list(range(a, b)) for a, b in zip(edges, edges[1:])]
    where = split(c, pcap, c.path("rotated"), parts)
    open(c.path("rotated", "README.md"), "w").write("# no capture\n")
    c.compare("%s in %d rotated files" % (name, len(parts)), want, [c.path("rotated")], where)
    for k in (2, 7, 60):
        # Frames of one time stay together: between files their order is not known.
        parts = [[] for _ in range(k)]
        at = 0
        for i in range(n):
            if i == 0 or pcap.time(i) != pcap.time(i - 1):
                at = c.rng.randrange(k)
            parts[at].append(i + 1)
        folder = c.path("overlap%d" % k)
        where = split(c, pcap, folder, parts)
        files = [os.path.join(folder, f) for f in os.listdir(folder)]
        c.compare("%s in %d overlapping files" % (name, k), want, files, where)
        shutil.rmtree(folder)
    shutil.rmtree(c.path("rotated"))


def check_rotators(c, name, want, pcap, path):
    """Files as a ring buffer writes them: by seconds, and by packets."""
    if not shutil.which("editcap"):
        print("skipped: editcap is not there")
        return
    for args in (["editcap", "-F", "pcap", "-i", "1", path, "part.pcap"],
                 ["editcap", "-F", "pcapng", "-c", "3", path, "part.pcapng"]):
        folder = c.path("tool")
        os.mkdir(folder)
        subprocess.run(args, cwd=folder, check=True, stderr=subprocess.DEVNULL)
        first, number = {}, 1
        for file in sorted(os.listdir(folder), key=lambda f: (len(f), f)):
            first[file] = number
            number += packets_of(c, os.path.join(folder, file))
        c.compare("%s in %d files of %s" % (name, len(first), " ".join(args[:5])), want,
                  [folder], lambda capture, n: first[capture] + n - 1)
        shutil.rmtree(folder)


def packets_of(c, path):
    return c.report([path])["captures"][0]["packets"]


def check_interfaces(c, name, want, pcap):
    """Three interfaces, each with whole conversations."""
    if not shutil.which("mergecap"):
        print("skipped: mergecap is not there")
        return
    parts = [[], [], []]
    for i, record in enumerate(pcap.records):
        # Addresses of both ends in either order: those of a conversation stay together.
        parts[sum(record[16 + 12 + 14:16 + 20 + 14]) % 3].append(i + 1)
    files = []
    for i, numbers in enumerate(parts):
        files.append(c.path("if%d.pcap" % i))
        pcap.part(files[i], numbers)
    subprocess.run(["mergecap", "-I", "none", "-w", c.path("three.pcapng")] + files, check=True)
    c.compare("%s of three interfaces" % name, want, [c.path("three.pcapng")],
              lambda capture, n: n)


def check_filters(c, name, pcap, path):
    n = len(pcap.records)

    def against(how, numbers, options):
        pcap.part(c.path("kept.pcap"), numbers)
        want = c.report([c.path("kept.pcap")])
        back = {number: i + 1 for i, number in enumerate(numbers)}
        c.compare("%s %s" % (name, how), want, options + [path],
                  lambda capture, frame: back[frame])

    against("--max-packets", list(range(1, n // 2 + 1)), ["--max-packets", str(n // 2)])
    a, b = pcap.time(n // 4), pcap.time(n // 2)
    text = lambda t: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t[0])) + ".%06dZ" % t[1]
    against("--from --to", [i + 1 for i in range(n) if a <= pcap.time(i) < b],
            ["--from", text(a), "--to=" + text(b)])
    if shutil.which("tcpdump"):
        expression = "udp or tcp port 5228 or arp"
        with open(c.path("bpf.pcap"), "wb") as out:
            subprocess.run(["tcpdump", "-r", path, "-w", "-", expression], check=True,
                           stdout=out, stderr=subprocess.DEVNULL)
        kept, at = Pcap(c.path("bpf.pcap")).records, 0
        numbers = []
        for i, record in enumerate(pcap.records):
            if at < len(kept) and record == kept[at]:
                numbers.append(i + 1)
                at += 1
        against("-f", numbers, ["-f", expression])
    else:
        print("skipped: tcpdump is not there")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("root")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print("seed %d" % args.seed)
    with tempfile.TemporaryDirectory() as folder:
        c = Checker(os.path.abspath(args.binary), args.root, folder, args.seed)
        for name in SAMPLES:
            path = os.path.abspath(os.path.join(args.root, "pcaps", name + ".pcap"))
            pcap = Pcap(path)
            want = c.report([path])
            check_files(c, name, want, pcap)
            check_rotators(c, name, want, pcap, path)
            check_interfaces(c, name, want, pcap)
            check_filters(c, name, pcap, path)
            if name == SAMPLES[0]:
                check_streams(c, name, want, path)
    print("%d deliveries, %d reports differ" % (c.n, c.bad))
    return 1 if c.bad else 0


if __name__ == "__main__":
    sys.exit(main())
