#!/usr/bin/python3
"""A capture of which something is missing accuses nobody whom the whole one does not.

usage: cuts.py POLICAP SOURCE_ROOT [SHARED] [--seed N] [--runs N]

Takes each sample capture, drops its first or last packets, one direction, 1 to 20 % of
its packets at random, cuts them to 96 bytes, or doubles them, and compares the findings
with those of the whole capture.  A finding of any kind but advice is an accusation, by
phone, row and name; a missing one is allowed, a new one is not.  Exit status 1: there
are wrong ones.
"""
import argparse
import concurrent.futures
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

# What a cut may turn a cause into: the same, or one that says less.
WEAKER = {
    "hello-drop": {"no-answer"},
    "hello-reset": {"tcp-reset", "no-answer"},
    "idle-killed": {"no-answer"},
    "mtu-blackhole": {"no-answer"},
    "icmp-prohibited": {"syn-drop", "no-reply"},
    "icmp-unreachable": {"syn-drop", "no-reply"},
    "dns-nxdomain": {"dns-no-reply"},
    "dns-refused": {"dns-no-reply"},
    "dns-servfail": {"dns-no-reply"},
    "dns-sinkhole": {"dns-no-reply"},
}


def read_pcap(path):
    """The file's head and its records, or None where it is no plain pcap."""
    data = open(path, "rb").read()
    if data[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        return None
    records, at = [], 24
    while at + 16 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        if at + 16 + length > len(data):
            break
        records.append(data[at:at + 16 + length])
        at += 16 + length
    return data[:24], records


def source_of(record):
    """The sender's hardware address: which side of the mirror a frame came from."""
    return record[16 + 6:16 + 12]


def snap(record, limit):
    length = struct.unpack_from("<I", record, 8)[0]
    if length <= limit:
        return record
    return record[:8] + struct.pack("<I", limit) + record[12:16 + limit]


def variants(records, rng, runs):
    """Names and records of cut captures."""
    n = len(records)
    senders = sorted({source_of(r) for r in records})
    for sender in senders:
        yield "only from " + sender.hex(), [r for r in records if source_of(r) == sender]
        yield "none from " + sender.hex(), [r for r in records if source_of(r) != sender]
    yield "snaplen 96", [snap(r, 96) for r in records]
    yield "snaplen 60", [snap(r, 60) for r in records]
    yield "doubled", [r for r in records for _ in (0, 1)]
    for _ in range(runs):
        k = rng.randrange(1, n)
        yield "first %d dropped" % k, records[k:]
        yield "last %d dropped" % k, records[:n - k]
        share = rng.choice((0.01, 0.02, 0.05, 0.1, 0.2))
        yield "%d %% lost" % (share * 100), [r for r in records if rng.random() >= share]
        a, b = sorted((rng.randrange(n), rng.randrange(n)))
        yield "hole of %d" % (b - a), records[:a] + records[b:]


def accusations(binary, path, site):
    command = [binary, "check", "--format", "json"]
    command += ["--site", site] if site else []
    run = subprocess.run(command + [path], capture_output=True, text=True, timeout=60)
    if run.returncode not in (0, 1, 3):
        raise SystemExit("%s: exit status %d: %s" % (path, run.returncode, run.stderr))
    found = {}
    for f in json.loads(run.stdout)["findings"]:
        if f["kind"] == "advice":
            continue
        # What happened to an unexpected flow does not matter: it is not blocked.
        said = "unexpected" if f["kind"].startswith("unexpected") \
            else f["cause"] or f["outcome"]
        phone = f["device"]["mac"] or f["device"]["key"]
        for peer in [f["peer"]["name"]] + f["peer"]["ips"]:
            for port in f["ports"]:
                if peer:
                    found.setdefault((phone, f["row"], port, peer), set()).add(said)
    return found


def wrong(whole, cut):
    """Accusations of the cut capture that the whole one does not bear out."""
    out = []
    for key, causes in cut.items():
        allowed = set()
        for other, known in whole.items():
            if other[0] == key[0] and other[2] == key[2] and \
                    (other[3] == key[3] or other[1] == key[1]):
                for cause in known:
                    allowed |= {cause} | WEAKER.get(cause, set())
        if not causes <= allowed:
            out.append((key, sorted(causes - allowed)))
    return out


def captures(root, shared):
    own = [os.path.join(root, "pcaps"), os.path.join(root, "tests", "lab", "captures")]
    for folder in own + ([shared] if shared else []):
        if os.path.isdir(folder):
            for name in sorted(os.listdir(folder)):
                if name.endswith(".pcap"):
                    yield os.path.join(folder, name)


def site_of(root, path, folder):
    """The site file of a capture: the common one, changed as its scene was."""
    with open(os.path.join(root, "pcaps", "site.json"), encoding="utf-8") as file:
        site = json.load(file)
    truth = path[:-len(".pcap")] + ".truth.json"
    if os.path.dirname(path).endswith("captures"):
        with open(truth, encoding="utf-8") as file:
            scene = json.load(file)
        site["roles"].update(scene.get("roles", {}))
        site.update(scene.get("site", {}))
    out = os.path.join(folder, "site-%s.json" % os.path.basename(path))
    with open(out, "w", encoding="utf-8") as file:
        json.dump(site, file)
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("root")
    parser.add_argument("shared", nargs="?")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=12)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    lab = os.path.join(args.shared, "lab") if args.shared else None
    if not lab or not os.path.isdir(lab):
        print("the shared captures are not there: only those of pcaps/ are cut")
        lab = None
    print("seed %d" % args.seed)
    runs = bad = 0
    seen = set()
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path in captures(args.root, lab):
            name = os.path.basename(path)
            capture = read_pcap(path)
            if not capture or name in seen:
                continue
            seen.add(name)
            head, records = capture
            jobs = []
            for site in (site_of(args.root, path, folder), None):
                whole = accusations(args.binary, path, site)
                for i, (how, kept) in enumerate(variants(records, rng, args.runs)):
                    part = os.path.join(folder, "%s-%s-%d.pcap" % (name, bool(site), i))
                    open(part, "wb").write(head + b"".join(kept))
                    jobs.append((how, site, whole, part,
                                 pool.submit(accusations, args.binary, part, site)))
            for how, site, whole, part, job in jobs:
                runs += 1
                for key, causes in wrong(whole, job.result()):
                    bad += 1
                    print("%s, %s, %s: accuses %s of %s" % (
                        name, how, "site" if site else "bare", key, causes))
                os.unlink(part)
    print("%d cut captures, %d wrong accusations" % (runs, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
