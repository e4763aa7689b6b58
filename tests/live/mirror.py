#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The sensor at a mirror port of the lab: alerts while phones, servers and a firewall act.

usage: mirror.py POLICAP SOURCE_ROOT

Real clients and servers of tests/lab, and sample captures that tcpreplay sends into the
mirror beside them.  Each thing that the network does must be told within the wait of its
row and two seconds, and the last report must be that of what tcpdump wrote.  Exit status
77: not root, or a tool is missing.
"""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import net  # noqa: E402
import record  # noqa: E402
from wire import WAIT_S, equal, lines_of, neutral, schema_of_events, skip, wait_for  # noqa: E402

TOOLS = ("ip", "nft", "ethtool", "dnsmasq", "curl", "openssl", "tcpdump", "tcpreplay")
AFTER_S = 2
FCM, TRACKER = record.MTALK, net.OTHERS["tracker.example.net"]
PHONES = {3: "10.20.0.103", 4: "10.20.0.104"}
STATES = ("policap_state", "policap_rule", "policap_verdict", "policap_devices")


def nano_records(path):
    """(seconds, nanoseconds, frame) of a capture that is still written."""
    data = open(path, "rb").read()
    at = 24
    while at + 16 <= len(data):
        seconds, nanos, length = struct.unpack_from("<III", data, at)
        yield seconds, nanos, data[at + 16:at + 16 + length]
        at += 16 + length


class Mirror:
    """The lab, whose switch forgets where everybody is: port 'watch' gets all there is."""

    def __init__(self, binary, root, folder):
        self.folder, self.binary = folder, binary
        self.events = os.path.join(folder, "eve.json")
        self.site = os.path.join(root, "pcaps", "site.json")
        self.lab = net.Lab(phones=4)
        lab = self.lab
        lab.add("eye")
        lab.link("sw", "mirror", "eye", "watch", mtu=9000)
        lab.ip("sw", "link", "set", "mirror", "master", "br0")
        lab.ip("sw", "link", "set", "br0", "type", "bridge", "ageing_time", "0")

    def path(self, name):
        return os.path.join(self.folder, name)

    def begin(self):
        self.dump = self.lab.capture(self.path("same.pcap"), "eye", "watch", precision="nano")
        self.lab.start("eye", "sh", "-c", '"$@" >"$0" 2>&1', self.path("live.out"), self.binary,
                       "live", "-i", "watch", "--site", self.site, "--events", self.events,
                       "--report", self.path("report.json"))
        self.live = self.lab.children[-1]
        wait_for("the sensor captures", lambda: "capturing" in self.said())

    def said(self):
        path = self.path("live.out")
        return open(path).read() if os.path.exists(path) else ""

    def alerts(self):
        lines = [line for line in lines_of(self.events) if line["event_type"] == "alert"]
        return [tuple(a["alert"]["metadata"][k][0] for k in STATES) for a in lines]

    def first_packet(self, begun, source, port):
        """When a phone began to send to this port."""
        for seconds, nanos, frame in nano_records(self.path("same.pcap")):
            at = seconds + nanos / 1e9
            if (at >= begun and frame[12:14] == b"\x08\x00" and
                    frame[26:30] == socket.inet_aton(source) and
                    frame[36:38] == port.to_bytes(2, "big")):
                return at
        raise AssertionError("no packet from %s to port %d" % (source, port))

    def expect(self, wanted, wait_s, begun, source, port):
        """An alert that begins with 'wanted' comes in time after the phone's first packet."""
        said = lambda: any(a[:len(wanted)] == wanted for a in self.alerts())
        try:
            wait_for("%s" % (wanted,), said)
        except AssertionError as error:
            raise AssertionError("%s; alerts are %s" % (error, self.alerts())) from None
        took = time.time() - self.first_packet(begun, source, port)
        print("     %s after %.1f s" % (" ".join(wanted), took))
        if took > wait_s + AFTER_S:
            raise AssertionError("%s took %.1f s, not %d" % (wanted, took, wait_s + AFTER_S))

    def end(self):
        """Nothing more comes, then both end."""
        self.lab.ip("sw", "link", "set", "mirror", "nomaster")
        time.sleep(0.5)
        self.live_pid(signal.SIGTERM)
        status = self.live.wait(WAIT_S)
        self.dump.send_signal(signal.SIGINT)
        self.dump.wait(WAIT_S)
        return status

    def live_pid(self, number):
        """The program is a child of the shell."""
        children = "/proc/%d/task/%d/children" % (self.live.pid, self.live.pid)
        for pid in open(children).read().split():
            os.kill(int(pid), number)


def replay(mirror, root, name):
    """A sample capture into the mirror, at its own pace, beside what goes on."""
    path = os.path.join(root, "pcaps", name + ".pcap")
    return mirror.lab.start("sw", "tcpreplay", "-q", "-i", "mirror", path)


def act(mirror, root):
    """What is done to phones, and what must be told."""
    lab, no_push = mirror.lab, record.drop("ip saddr 10.20.0.0/24 tcp dport 5228-5230")
    lab.nft(no_push)
    begun = time.time()
    lab.client("ph03", "push", FCM, "5228", 2, wait=False)
    mirror.expect(("new", "google-fcm", "blocked", "1"), 3, begun, PHONES[3], 5228)
    player = replay(mirror, root, "15_unexpected")
    begun = time.time()
    lab.client("ph03", "tcp", TRACKER, 8883, 1, wait=False)
    mirror.expect(("new", "default-deny", "unexpected", "1"), 3, begun, PHONES[3], 8883)

    lab.nft(no_push + record.drop("ip saddr 10.20.0.0/24 udp dport 123"))
    begun = time.time()
    lab.client("ph04", "push", FCM, "5228", 2, wait=False)
    lab.client("ph04", "ntp", net.SITE["ntp"], 3, wait=False)
    mirror.expect(("update", "google-fcm", "blocked", "2"), 3, begun, PHONES[4], 5228)
    mirror.expect(("new", "net-ntp", "blocked", "1"), 5, begun, PHONES[4], 123)
    player.wait(60)

    lab.nft("")
    begun = time.time()
    for phone in ("ph03", "ph04"):
        lab.client(phone, "push", FCM, "5228", 2, wait=False)
    mirror.expect(("recovered", "google-fcm"), 3, begun, PHONES[4], 5228)


def check(binary, root, folder):
    mirror = Mirror(binary, root, folder)
    try:
        record.ordinary(mirror.lab)
        wait_for("the lab's resolver", lambda: mirror.lab.exec(
            "ph03", "getent", "ahostsv4", FCM, check=False).returncode == 0)
        mirror.begin()
        act(mirror, root)
        status = mirror.end()
    finally:
        mirror.lab.close()
    validate = schema_of_events(root)
    for event in lines_of(mirror.events):
        validate(event)
    run = subprocess.run([binary, "check", "--site", mirror.site, "--format", "json",
                          mirror.path("same.pcap")], capture_output=True, text=True, timeout=60)
    want, got = json.loads(run.stdout), json.load(open(mirror.path("report.json")))
    # Behind a bridge of Linux, each who looks takes the time of a packet anew.
    equal(neutral(got), neutral(want), "the last report", 0.01)
    equal(status, run.returncode, "exit status")
    print("     %d packets, %d findings, %d alerts" % (
        got["captures"][0]["packets"], len(got["findings"]), len(mirror.alerts())))


def main():
    binary, root = (os.path.abspath(arg) for arg in sys.argv[1:3])
    if os.geteuid() != 0:
        skip("a network of namespaces needs root")
    for tool in TOOLS:
        if not shutil.which(tool):
            skip("%s is not there" % tool)
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(binary, root, folder)
        except (AssertionError, RuntimeError, OSError, subprocess.SubprocessError) as e:
            print("FAIL: %s" % e)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
