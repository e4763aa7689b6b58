#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What `inspect`, `--tap` and `--explain` say of captures that are made for it.

usage: trust.py POLICAP

Each is a sample of pcaps/ with something done to it that a mirror does: a direction
taken away, every packet doubled, packets cut, the phone hidden; or the same traffic as a
second tap behind a router saw it.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

import golden

FCM = {5228, 5229, 5230}


def load(name):
    """The file's header, and its records [seconds, microseconds, bytes, wire length]."""
    with open(os.path.join(golden.ROOT, "pcaps", name + ".pcap"), "rb") as file:
        data = file.read()
    at, records = 24, []
    while at + 16 <= len(data):
        s, us, cap, wire = struct.unpack_from("<IIII", data, at)
        records.append([s, us, data[at + 16:at + 16 + cap], wire])
        at += 16 + cap
    return data[:24], records


def store(path, header, records):
    with open(path, "wb") as file:
        file.write(header)
        for s, us, data, wire in records:
            file.write(struct.pack("<IIII", s, us, len(data), wire) + data)
    return path


def is_ip(data):
    return data[12:14] == b"\x08\x00"


def from_phone(data):
    return data[6:9] == b"\x00\x90\x7a"


def tcp(data):
    """Source port, destination port, flags, of plain IPv4; else zeros."""
    if not is_ip(data) or data[23] != 6:
        return 0, 0, 0
    at = 14 + (data[14] & 15) * 4
    return struct.unpack_from(">HH", data, at) + (data[at + 13],)


def fcm(data):
    return bool(set(tcp(data)[:2]) & FCM)


def routed(record):
    """As behind a router: the phone's packets with another MAC, and a lower TTL."""
    s, us, data, wire = record
    if is_ip(data) and from_phone(data):
        data = bytearray(data)
        data[6:12] = b"\x02\x00\x00\x00\x00\x99"
        data[22] -= 1
    return [s, us, bytes(data), wire]


def syn_ack(record):
    """The answer to a SYN, from the same segment turned around."""
    s, us, data, wire = record
    at = 14 + (data[14] & 15) * 4
    data = bytearray(data)
    data[0:6], data[6:12] = data[6:12], b"\x02\x00\x00\x00\x00\x77"
    data[18:20] = bytes([data[19], data[18] ^ 0x55])
    data[26:30], data[30:34] = data[30:34], data[26:30]
    data[at:at + 2], data[at + 2:at + 4] = data[at + 2:at + 4], data[at:at + 2]
    acked = struct.unpack_from(">I", data, at + 4)[0] + 1
    struct.pack_into(">II", data, at + 4, 4000, acked & 0xffffffff)
    data[at + 13] = 0x12
    return [s, us + 5, bytes(data), wire]


class Bench:
    def __init__(self, binary, folder):
        self.binary, self.folder, self.bad = os.path.abspath(binary), folder, 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *args):
        done = subprocess.run([self.binary, *args], capture_output=True, check=False,
                              cwd=golden.ROOT, stdin=subprocess.DEVNULL, timeout=60)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def json(self, *args):
        status, out, err = self.run(*args, "--format", "json")
        try:
            return json.loads(out)
        except ValueError:
            self.expect("%s gives JSON" % args[0], (status, err[-300:]), "JSON")
            return {}

    def expect(self, what, got, want):
        if got != want:
            print("%s:\n  got  %r\n  want %r" % (what, got, want))
            self.bad += 1

    def expect_in(self, what, part, text):
        if part not in text:
            print("%s: no %r in\n%s" % (what, part, text[-1500:]))
            self.bad += 1


def inspections(bench):
    header, records = load("23_vlan")
    plain_header, plain = load("02_fcm_dropped")
    to_phone = [r for r in plain if not from_phone(r[2])]
    only_phone = [r for r in plain if from_phone(r[2])]
    doubled = [r for one in plain for r in (one, [one[0], one[1] + 1, one[2], one[3]])]
    cut = [[s, us, data[:96], wire] for s, us, data, wire in plain]
    hidden = [[s, us, data.replace(b"\x00\x90\x7a", b"\x02\x90\x7a"), wire]
              for s, us, data, wire in plain if not tcp(data)[0] == 0]
    lost = [r for r in plain if from_phone(r[2]) or not tcp(r[2])[2] & 9]  # PSH, FIN
    return [
        ("empty", plain_header, [], "Empty:", "empty"),
        ("egress", plain_header, only_phone,
         "One direction only: nothing that the network sent", "one-direction"),
        ("ingress", plain_header, to_phone,
         "One direction only: nothing that the phones sent", "one-direction"),
        ("doubled", plain_header, doubled, "Every packet is in it twice:", "doubled"),
        ("cut", plain_header, cut, "Cut short:", "cut"),
        ("hidden", plain_header, hidden, "No phone:", "no-phone"),
        ("lost", plain_header, lost, "Incomplete:", "lossy"),
        ("whole", plain_header, plain, "Good:", "good"),
        ("vlan", header, records, "Good:", "good"),
    ]


def check_inspect(bench):
    # DHCP would still name the phone of "ingress" by its messages; so may the site.
    site = ["--site", "pcaps/site.json"]
    for name, header, records, words, kind in inspections(bench):
        path = store(bench.path(name + ".pcap"), header, records)
        options = [] if name == "hidden" else site
        status, text, _ = bench.run("inspect", *options, "--format", "text", path)
        got = bench.json("inspect", *options, path)
        bench.expect(name + ": status", status, 0)
        bench.expect_in(name + ": first line", words, text.split("\n\n")[0].replace("\n", " "))
        bench.expect(name + ": verdict", got.get("verdict"), kind)
        bench.expect(name + ": summary is the first note", got["summary"],
                     got["notes"][0]["text"])
    got = bench.json("inspect", bench.path("hidden.pcap"))
    bench.expect("suspects", got["suspects"]["subnets"], ["10.20.0.0/24"])
    bench.expect_in("a ready line", '"subnets": ["10.20.0.0/24"]', got["notes"][0]["do"])
    got = bench.json("inspect", *site, bench.path("vlan.pcap"))
    bench.expect("VLANs", got["vlans"], {"phones": [20], "peers": [20]})
    rows = {row["row"]: row for row in got["rows"]}
    bench.expect("a judged row", (rows["uc-sip"]["judged"], rows["uc-sip"]["why"]),
                 (True, None))
    bench.expect("a row not seen", rows["uc-ldap"]["judged"], False)
    status, _, err = bench.run("inspect", bench.path("none.pcap"))
    bench.expect("no file", (status, bool(err)), (2, True))


def taps(bench, name, outside, inside=None):
    header, records = load(name)
    near = records if inside is None else [r for r in records if inside(r[2])]
    far = [routed(r) for r in records if outside(r[2])]
    last = records[-1]
    # What both see to the end: else the far one may just have stopped.
    noise = [last[0] + 1, 0, records[0][2], records[0][3]]
    return [store(bench.path(name + "-in.pcap"), header, near + [noise]),
            store(bench.path(name + "-out.pcap"), header, far + [noise])]


def located(bench, pair, *more):
    report = bench.json("check", "--site", "pcaps/site.json", "--tap", "inside=" + pair[0],
                        "--tap", "outside=" + pair[1], *more)
    return [(f["cause"], f["located"]) for f in report["findings"]
            if f["kind"] == "blocked" and f["row"] in ("google-fcm", "google-hosts")]


def check_taps(bench):
    between = "between inside and outside"
    pair = taps(bench, "02_fcm_dropped", lambda d: not fcm(d))
    bench.expect("silence", located(bench, pair), [("syn-drop", between)] * 3)
    bench.expect("passed", located(bench, taps(bench, "02_fcm_dropped", lambda d: True)),
                 [("syn-drop", "beyond outside")] * 3)
    bench.expect("reset", located(bench, taps(bench, "04_fcm_tcp_reset",
                                              lambda d: not fcm(d))),
                 [("tcp-reset", between)] * 3)
    bench.expect("reset from between",
                 located(bench, taps(bench, "04_fcm_tcp_reset", lambda d: not tcp(d)[2] & 4)),
                 [("tcp-reset", between)] * 3)
    bench.expect("ICMP", located(bench, taps(bench, "03_fcm_icmp_prohibited",
                                             lambda d: is_ip(d) and d[23] != 1)),
                 [("icmp-prohibited", between)] * 3)
    hello = lambda d: not (from_phone(d) and b"play.google.com" in d and tcp(d)[1] == 443)
    bench.expect("hello", located(bench, taps(bench, "16a_sni_reset",
                                              lambda d: hello(d) and not tcp(d)[2] & 4)),
                 [("hello-reset", between)])
    bench.expect("hello, reset on both sides",
                 located(bench, taps(bench, "16a_sni_reset", hello)),
                 [("hello-reset", between)])

    header, records = load("02_fcm_dropped")
    pair = taps(bench, "02_fcm_dropped", lambda d: True)
    answers = [syn_ack(r) for r in records if fcm(r[2])]
    store(pair[1], header, sorted([routed(r) for r in records] + answers))
    bench.expect("answers lost on the way back", located(bench, pair),
                 [("syn-drop", "between outside and inside")] * 3)

    nat = [[s, us, d.replace(b"\x0a\x14\x00\x65", b"\xc6\x33\x64\x02"), w]
           for s, us, d, w in (routed(r) for r in records if not fcm(r[2]))]
    store(pair[1], header, nat + [[records[-1][0] + 1, 0, nat[-1][2], nat[-1][3]]])
    bench.expect("NAT", located(bench, pair), [("syn-drop", None)] * 3)


def check_merge(bench):
    site = ["--site", "pcaps/site.json"]
    pair = taps(bench, "02_fcm_dropped", lambda d: not fcm(d))
    tallies = []
    for tap, path in zip(("inside", "outside"), pair):
        tallies.append(bench.path(tap + ".tally"))
        bench.run("check", *site, "--tap", tap + "=" + path, "--tally", tallies[-1])
    reports = [bench.json("merge", *site, *order) for order in (tallies, tallies[::-1])]
    whole = bench.json("check", *site, "--tap", "outside=" + pair[1], "--tap",
                       "inside=" + pair[0])
    for report in reports + [whole]:
        report["captures"].sort(key=lambda c: c["path"])
        for finding in report["findings"]:
            finding["evidence"].sort(key=lambda e: e["capture"])
            for evidence in finding["evidence"]:
                evidence["community_ids"] = []
    bench.expect("order of tallies", reports[0], reports[1])
    bench.expect("merged as read together", reports[0], whole)
    bench.expect("tap of a capture", [c["tap"] for c in whole["captures"]],
                 ["inside", "outside"])
    for wrong in (["--tap", "inside"], ["--tap", "=x"], ["--tap", "a b=x"],
                  ["--tap", "inside=" + pair[0], pair[1]]):
        status, _, err = bench.run("check", *wrong)
        bench.expect("%s is refused" % wrong, (status, "--tap" in err), (2, True))


def check_explain(bench):
    site = ["--site", "pcaps/site.json"]
    for name, parts in (
            ("02_fcm_dropped", ["the SYN 5 times or more", "frame 89", "google-fcm",
                                "found as a phone by", "No other device"]),
            ("03_fcm_icmp_prohibited", ["ICMP type 3 code 13 from 10.20.0.1"]),
            ("04_fcm_tcp_reset", ["a RST came before any answer or data, with TTL 64"]),
            ("05a_dns_nxdomain", ["1 answers: NXDOMAIN", "dns.qry.name"])):
        path = "pcaps/%s.pcap" % name
        status, text, _ = bench.run("check", *site, "--format", "text", "--explain", "F1",
                                    path)
        flat = " ".join(text.split())
        bench.expect(name + ": status as of the report", status, 1)
        for part in parts:
            bench.expect_in(name, part, flat)
        first = bench.json("check", *site, path)["findings"][0]
        got = bench.json("check", *site, "--explain", first["id"], path)
        bench.expect(name + ": by id", (got["finding"], got["verdict"], got["cause"]),
                     (first["id"], first["kind"], first["cause"]))
        for section in got["sections"]:
            for line in section["lines"]:
                bench.expect_in(name + ": text and JSON are one", " ".join(line.split()),
                                flat)
    status, _, err = bench.run("check", "--explain", "F9", "pcaps/02_fcm_dropped.pcap")
    bench.expect("no such finding", (status, "F9" in err), (2, True))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(sys.argv[1], folder)
        check_inspect(bench)
        check_taps(bench)
        check_merge(bench)
        check_explain(bench)
    return 1 if bench.bad else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
