# SPDX-License-Identifier: BSD-3-Clause
"""A wire of its own for tests of the sensor, what is sent into it, and the sensor at its end.

A network namespace with a pair of veth ends: sample captures go into pl0 at their own pace,
and pl1 is captured.
"""
import contextlib
import datetime
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

WAIT_S = 20
INSIDE = "POLICAP_TEST_LIVE_INSIDE"


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def enter_namespace():
    """Starts this script again in a network of its own, which ends with it."""
    if os.geteuid() != 0:
        skip("capturing and making a network need root")
    for tool in ("ip", "unshare", "tcpdump", "setpriv"):
        if not shutil.which(tool):
            skip("%s is not there" % tool)
    if subprocess.run(["unshare", "--net", "ip", "link", "add", "pl0", "type", "veth", "peer",
                       "name", "pl1"], capture_output=True).returncode:
        skip("no network namespaces or veth here")
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, "-B"] + sys.argv)


def ip(*args):
    subprocess.run(["ip"] + list(args), check=True)


def make_wire():
    with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w") as file:
        file.write("1")  # No packets but ours.
    ip("link", "add", "pl0", "type", "veth", "peer", "name", "pl1")
    ip("link", "set", "lo", "up")
    for end in ("pl0", "pl1"):
        ip("link", "set", end, "mtu", "9000", "up")


def wait_for(what, done, seconds=WAIT_S):
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain: %s" % (seconds, what))
        time.sleep(0.02)


def records(path):
    data = open(path, "rb").read()
    at = 24
    while at + 16 <= len(data):
        seconds, micros, length = struct.unpack_from("<III", data, at)
        yield seconds * 1000000 + micros, data[at + 16:at + 16 + length]
        at += 16 + length


def of_phone(frame, n):
    """A frame of the samples' phone 1, as if it were of phone n; checksums do not matter."""
    return (frame.replace(bytes.fromhex("00907a123401"), bytes.fromhex("00907a1234%02x" % n))
            .replace(bytes([10, 20, 0, 101]), bytes([10, 20, 0, 100 + n])))


def send(path, pace=1.0, phone=1):
    """Plays a capture into the wire, at its own pace or faster."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind(("pl0", 0))
        begun, first = time.monotonic(), None
        for micros, frame in records(path):
            first = micros if first is None else first
            ahead = (micros - first) / 1e6 / pace - (time.monotonic() - begun)
            if ahead > 0:
                time.sleep(ahead)
            out.send(frame if phone == 1 else of_phone(frame, phone))


class Program:
    """One that runs until it is told to end; what it says on stderr is in a file."""

    begun = []

    def __init__(self, folder, name, args, ready):
        self.err_path = os.path.join(folder, name + ".err")
        self.out_path = os.path.join(folder, name + ".out")
        self.process = subprocess.Popen(args, stdout=open(self.out_path, "w"),
                                        stderr=open(self.err_path, "w"), stdin=subprocess.DEVNULL)
        Program.begun.append(self.process)
        wait_for("%s says %s" % (name, ready), lambda: ready in self.err() or self.ended())
        if self.ended():
            raise AssertionError("%s ended: %s" % (name, self.err()))

    def err(self):
        return open(self.err_path).read()

    def out(self):
        return open(self.out_path).read()

    def ended(self):
        return self.process.poll() is not None

    def tell(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(WAIT_S)


class Test:
    def __init__(self, binary, root, folder):
        self.binary, self.root, self.folder = binary, root, folder
        self.site = os.path.join(root, "pcaps", "site.json")

    def path(self, name):
        return os.path.join(self.folder, name)

    def sample(self, name):
        return os.path.join(self.root, "pcaps", name + ".pcap")

    def live(self, *args):
        return Program(self.folder, "policap", [self.binary, "live", "-i", "pl1", "--site",
                                                self.site] + list(args), "capturing")

    @contextlib.contextmanager
    def tcpdump(self, path, *expression):
        """Ends after what it captures has been written."""
        dump = Program(self.folder, "tcpdump",
                       ["tcpdump", "-i", "pl1", "-U", "--immediate-mode", "--nano", "-s", "9216", "-w",
                        path] + list(expression), "listening on")
        yield
        time.sleep(0.5)
        dump.end(signal.SIGINT)

    def check(self, path):
        run = subprocess.run([self.binary, "check", "--site", self.site, "--format", "json", path],
                             capture_output=True, text=True, timeout=60)
        return run.returncode, json.loads(run.stdout)


def neutral(report):
    """Without what differs between an interface and a file."""
    report = json.loads(json.dumps(report))
    for capture in report["captures"]:
        capture["path"] = capture["format"] = None
        capture.pop("drops", None)
    for finding in report["findings"]:
        for evidence in finding["evidence"]:
            evidence["capture"] = None
    return report


def moment(value):
    """Seconds, of a time in a report; None: it is none."""
    try:
        return datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").timestamp()
    except (TypeError, ValueError):
        return None


def equal(got, want, what, within_s=0.0):
    """Times may differ by so many seconds."""
    if isinstance(got, dict) and isinstance(want, dict) and set(got) == set(want):
        for key in want:
            equal(got[key], want[key], "%s: %s" % (what, key), within_s)
    elif isinstance(got, list) and isinstance(want, list) and len(got) == len(want):
        for i, pair in enumerate(zip(got, want)):
            equal(*pair, "%s, %d" % (what, i), within_s)
    elif got != want:
        a, b = moment(got), moment(want)
        if a is None or b is None or abs(a - b) > within_s:
            raise AssertionError("%s: %.300s, not %.300s" % (what, json.dumps(got), json.dumps(want)))


def schema_of_events(root):
    try:
        import jsonschema
    except ImportError:
        print("skipped: events against their schema: python3-jsonschema is missing")
        return lambda event: None
    with open(os.path.join(root, "rules", "eve.schema.json")) as file:
        return jsonschema.Draft7Validator(json.load(file)).validate


def lines_of(path):
    return [json.loads(line) for line in open(path)] if os.path.exists(path) else []


def status_of(process):
    fields = {}
    for line in open("/proc/%d/status" % process.pid):
        name, _, value = line.partition(":")
        fields[name] = value.split()
    return fields


def run_checks(checks):
    """Runs the functions check_... of a module, each in a folder of its own, in a network of
    its own."""
    binary, root = (os.path.abspath(arg) for arg in sys.argv[1:3])
    if INSIDE not in os.environ:
        enter_namespace()
    make_wire()
    bad = 0
    for name, check in sorted(checks.items()):
        if not name.startswith("check_") or (sys.argv[3:] and name not in sys.argv[3:]):
            continue
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(Test(binary, root, folder))
                print("ok   %s (%.1f s)" % (name, time.monotonic() - begun))
            except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as e:
                bad += 1
                print("FAIL %s: %s" % (name, e))
            for process in Program.begun:
                process.kill()  # Where a check failed in the middle.
    return 1 if bad else 0
