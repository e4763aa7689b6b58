#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The sensor over months: what it keeps from one run to the next, and what it lives through.

usage: endure.py POLICAP SOURCE_ROOT [CHECK...]

Exit status 77: not root, or a tool is missing.
"""
import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

from wire import (WAIT_S, equal, ip, lines_of, records, run_checks, schema_of_events, send, wait_for)


def states_of(path):
    return [a["alert"]["metadata"]["policap_state"][0] for a in lines_of(path)
            if a["event_type"] == "alert"]


def since_of(path):
    return {a["alert"]["metadata"]["policap_since"][0] for a in lines_of(path)
            if a["event_type"] == "alert"}


def first_seen(report):
    return {f["id"]: f["first_seen"] for f in report["findings"]}


def check_state(t):
    """A sensor that is started again goes on: no second alert, and the same since when."""
    events, state, report = t.path("eve.json"), t.path("state"), t.path("report.json")
    args = ("--events", events, "--state", state, "--report", report)
    live = t.live(*args)
    send(t.sample("03_fcm_icmp_prohibited"))
    wait_for("an alert", lambda: states_of(events))
    equal(live.end(), 1, "exit status")
    before = json.load(open(report))
    equal(states_of(events), ["new"], "alerts of the first run")
    equal(os.path.exists(state + ".new"), False, "a file aside")

    live = t.live(*args)
    time.sleep(5)  # Two looks.
    equal(states_of(events), ["new"], "alerts after a new start")
    send(t.sample("03_fcm_icmp_prohibited"))
    time.sleep(5)
    equal(live.end(), 1, "exit status of the second run")
    after = json.load(open(report))
    equal(states_of(events), ["new"], "alerts of both runs")
    was, now = first_seen(before), first_seen(after)
    equal({i: now.get(i) for i in was}, was, "since when")
    equal(len(after["captures"]), 2, "captures")
    packets = [sum(f["packets"] for f in r["findings"]) for r in (before, after)]
    equal(packets[1], 2 * packets[0], "packets of the findings")

    validate = schema_of_events(t.root)
    for event in lines_of(events):
        validate(event)
    equal(len(since_of(events)), 1, "since when, in the alerts")
    equal(since_of(events) <= set(was.values()), True, "since when")
    merged = subprocess.run([t.binary, "merge", "--site", t.site, "--format", "json", state],
                            capture_output=True, text=True, timeout=WAIT_S)
    equal((merged.returncode, first_seen(json.loads(merged.stdout))), (1, now), "merge of the state")


def check_state_of_others(t):
    """A state that is broken is put aside, and a file that is none is left alone."""
    state = t.path("state")
    live = t.live("--state", state)
    send(t.sample("03_fcm_icmp_prohibited"))
    live.end()
    whole = open(state).read()
    for broken in (whole[:len(whole) // 2], whole.replace("tally/2", "tally/0"),
                   whole.replace('"head"', '"heap"')):
        with open(state, "w") as file:
            file.write(broken)
        live = t.live("--state", state)
        equal("starts without its state" in live.err(), True, live.err())
        equal(open(state + ".broken").read(), broken, "what is kept")
        equal(live.end(), 3, "exit status without a state")
        os.unlink(state + ".broken")
    with open(state, "w") as file:
        file.write("root:x:0:0\n")
    run = subprocess.run([t.binary, "live", "-i", "pl1", "--state", state], capture_output=True,
                         text=True, timeout=WAIT_S)
    equal((run.returncode, "name another file" in run.stderr), (2, True), run.stderr)
    equal(open(state).read(), "root:x:0:0\n", "somebody else's file")
    open(state, "w").close()
    equal(t.live("--state", state).end(), 3, "exit status with an empty state")


def check_down(t):
    """An interface that is taken down and up again is captured on, and both are told."""
    live = t.live("--events", t.path("eve.json"), "-o", t.path("report.json"))
    send(t.sample("03_fcm_icmp_prohibited"))
    time.sleep(0.3)
    ip("link", "set", "pl1", "down")
    # Taking a link down waits for all others of the system that are being made or ended.
    wait_for("word of it", lambda: "pl1: the interface is down" in live.err(), 60)
    ip("link", "set", "pl1", "up")
    wait_for("carrier", lambda: b"state UP" in subprocess.check_output(["ip", "link", "show", "pl1"]))
    send(t.sample("03_fcm_icmp_prohibited"))
    wait_for("word of it", lambda: "pl1: the mirror shows what it did" in live.err(), 60)
    equal(live.end(), 1, "exit status")
    want = 2 * len(list(records(t.sample("03_fcm_icmp_prohibited"))))
    equal(json.load(open(t.path("report.json")))["captures"][0]["packets"], want, "packets")
    equal(health_of(t.path("eve.json")), [("down", "new"), ("good", "recovered")], "events")


def tcpreplay(name, *args):
    """Sends a sample capture, and gives how many packets it sent."""
    run = subprocess.run(["tcpreplay", "-q", "-i", "pl0"] + list(args) + [name],
                         capture_output=True, text=True, timeout=120)
    return int(re.search(r"Successful packets: +(\d+)", run.stdout).group(1))


def check_reloads(t):
    """Ten reloads while packets come lose none, and change no verdict."""
    if not shutil.which("tcpreplay"):
        raise AssertionError("tcpreplay is not there")
    merged, kinds = t.path("all.pcap"), []
    names = ("03_fcm_icmp_prohibited", "15_unexpected", "01_all_good")
    with open(merged, "wb") as file:
        file.write(open(t.sample(names[0]), "rb").read(24))
        for name in names:
            file.write(open(t.sample(name), "rb").read()[24:])
    for reloads in (0, 10):
        report = t.path("report.json")
        live = t.live("--report", report, "--events", t.path("eve.json"))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            sent = pool.submit(tcpreplay, merged, "--pps", "8000", "--loop", "40")
            for i in range(reloads):
                time.sleep(0.3)
                live.tell(signal.SIGHUP)
                wait_for("reload %d" % i, lambda: live.err().count("the rules are: ") > i)
            sent = sent.result()
        time.sleep(0.5)
        live.end()
        got = json.load(open(report))
        equal((got["captures"][0]["packets"], got["captures"][0]["dropped"]), (sent, 0), "packets")
        kinds.append(sorted((f["id"], f["kind"], f["outcome"], f["cause"]) for f in got["findings"]))
    equal(kinds[1], kinds[0], "findings")
    equal(len(kinds[0]) > 5, True, "number of findings")


@contextlib.contextmanager
def small_disk(path):
    os.mkdir(path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def check_full_disk(t):
    """Reports, state and evidence on a disk that is full: said, and written when there is room."""
    with small_disk(t.path("disk")) as disk:
        report, state, evidence = (os.path.join(disk, n) for n in ("report.json", "state", "ev"))
        os.mkdir(evidence)
        live = t.live("--report", report, "--state", state, "--evidence", evidence)
        send(t.sample("01_all_good"), 8.0)
        live.tell(signal.SIGUSR1)
        wait_for("a report", lambda: os.path.exists(report))
        whole, before = open(report).read(), set(os.listdir(evidence))
        filler = os.path.join(disk, "filler")
        subprocess.run(["dd", "if=/dev/zero", "of=" + filler, "bs=4k"], capture_output=True)
        send(t.sample("03_fcm_icmp_prohibited"))
        wait_for("word of the evidence", lambda: "--evidence " + evidence in live.err())
        live.tell(signal.SIGUSR1)
        wait_for("word of the report", lambda: "the report is not written" in live.err())
        equal(open(report).read(), whole, "the report from before")
        equal(set(os.listdir(evidence)), before, "evidence")
        os.unlink(filler)
        live.tell(signal.SIGUSR1)
        wait_for("the next report", lambda: open(report).read() != whole)
        wait_for("the evidence", lambda: len(os.listdir(evidence)) >= len(before) + 3)
        equal(live.err().count("--evidence"), 1, "words about the evidence")
        subprocess.run(["dd", "if=/dev/zero", "of=" + filler, "bs=4k"], capture_output=True)
        equal(live.end(), 2, "exit status without room for the last report")
        equal("the state is not written" in live.err(), True, live.err())
        equal(json.load(open(report))["verdict"], "fail", "the report from before")
        equal(sorted(os.listdir(disk)), ["ev", "filler", "report.json"], "what is left")


def direction(frame):
    """Of a frame between the phone and the internet: "out" or "in"; else None."""
    inside = [frame[at] == 10 for at in (26, 30)]
    if frame[12:14] != b"\x08\x00" or inside[0] == inside[1]:
        return None
    return "out" if inside[0] else "in"


def send_for(t, seconds, directions):
    """Frames of a capture that go in one of the directions, 20 a second."""
    frames = [f for _, f in records(t.sample("01_all_good")) if direction(f) in directions]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind(("pl0", 0))
        for i in range(20 * seconds):
            out.send(frames[i % len(frames)])
            time.sleep(0.05)


def health_of(path):
    return [(e["alert"]["metadata"]["policap_health"][0], e["alert"]["metadata"]["policap_state"][0])
            for e in lines_of(path) if e["event_type"] == "health"]


def check_health(t):
    """A mirror that loses a direction, or shows nothing any more, is told of, and when it is
    good again; nobody is accused of what did not come."""
    events, tally = t.path("eve.json"), t.path("state")
    live = t.live("--events", events, "--state", tally)
    send(t.sample("01_all_good"), 8.0)
    send_for(t, 24, ("out",))
    wait_for("word of the lost direction", lambda: health_of(events) == [("no-answers", "new")])
    send_for(t, 2, ("out", "in"))
    wait_for("word of the direction", lambda: health_of(events)[1:] == [("good", "recovered")])
    time.sleep(60)
    wait_for("word of the silence", lambda: health_of(events)[2:] == [("silent", "new")])
    send(t.sample("01_all_good"), 8.0)
    wait_for("word of its end", lambda: health_of(events)[3:] == [("good", "recovered")])
    equal(live.end(), 0, "exit status")
    validate = schema_of_events(t.root)
    for event in lines_of(events):
        validate(event)
    equal(states_of(events), [], "alerts")
    blinds = json.loads(open(tally).read().splitlines()[1])["head"]["blinds"]
    equal(len(blinds), 1, "times with one direction")
    if not 20e9 < blinds[0][2] - blinds[0][1] < 40e9:
        raise AssertionError("one direction for %d ns" % (blinds[0][2] - blinds[0][1]))


def check_blind(t):
    """Silence while one direction alone was seen accuses nobody; what was seen does."""
    for name, kinds in (("02_fcm_dropped", set()), ("03_fcm_icmp_prohibited", {"blocked"})):
        tally, report = t.path("tally"), t.path("report.json")
        for blind in (False, True):
            subprocess.run([t.binary, "check", "--site", t.site, "--tally", tally, "-o", report,
                            t.sample(name)], timeout=WAIT_S)
            lines = open(tally).read().splitlines()
            head = json.loads(lines[1])
            if blind:
                head["head"]["blinds"] = head["head"]["windows"]
            with open(tally, "w") as file:
                file.write("\n".join([lines[0], json.dumps(head)] + lines[2:]) + "\n")
            subprocess.run([t.binary, "merge", "--site", t.site, "--format", "json", "-o", report,
                            tally], timeout=WAIT_S)
            got = {f["kind"] for f in json.load(open(report))["findings"]} - {"advice"}
            equal(got, kinds if blind else {"blocked"}, "%s, blind: %s" % (name, blind))


def packets_of(path):
    """Bytes and comments of the packets of a pcapng file of this machine's byte order."""
    data, at, out = open(path, "rb").read(), 0, []
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            cap = struct.unpack_from("<I", data, at + 20)[0]
            options = at + 28 + (cap + 3) // 4 * 4
            code, size = struct.unpack_from("<HH", data, options)
            equal(code, 1, "option of a packet")
            out.append((data[at + 28:at + 28 + cap], data[options + 4:options + 4 + size].decode()))
        equal(struct.unpack_from("<I", data, at + length - 4)[0], length, "length of a block")
        at += length
    return out


def check_evidence(t):
    """Packets of what is found are there while the sensor runs: the same bytes, cut short."""
    folder, report = t.path("evidence"), t.path("report.json")
    os.mkdir(folder)
    live = t.live("--evidence", folder, "--report", report)
    send(t.sample("03_fcm_icmp_prohibited"))
    wait_for("a file", lambda: [n for n in os.listdir(folder) if n.endswith(".pcapng")])
    send(t.sample("15_unexpected"), 8.0)
    time.sleep(1)
    live.end()
    found = {f["id"]: f for f in json.load(open(report))["findings"]}
    equal({n[:-7] for n in os.listdir(folder)}, set(found), "findings with packets")
    sent = {f[:128] for name in ("03_fcm_icmp_prohibited", "15_unexpected")
            for _, f in records(t.sample(name))}
    for i, finding in found.items():
        path = os.path.join(folder, i + ".pcapng")
        packets = packets_of(path)
        equal({p for p, _ in packets} <= sent, True, "packets of " + i)
        equal({i in c and finding["kind"] in c for _, c in packets}, {True}, "comments of " + i)
        equal(len(packets) >= min(2, finding["packets"]), True, "number of packets of " + i)
        equal(len(packets) <= 16 * finding["flows"], True, "number of packets of " + i)
        equal(os.stat(path).st_mode & 0o777, 0o600, "mode")
        run = subprocess.run(["tcpdump", "-nr", path], capture_output=True, text=True, timeout=WAIT_S)
        equal(len(run.stdout.splitlines()), len(packets), "what tcpdump reads of " + i)
    icmp = [p for f in found if found[f]["cause"] == "icmp-prohibited"
            for p, _ in packets_of(os.path.join(folder, f + ".pcapng")) if p[23] == 1]
    equal(len(icmp) > 0, True, "ICMP errors")


if __name__ == "__main__":
    sys.exit(run_checks(globals()))
