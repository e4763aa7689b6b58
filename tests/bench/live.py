#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the sensor loses at full rate, and what a packet costs it, beside other receivers.

usage: live.py POLICAP BENCH_GEN SENDERS [--runs N] [--packets N] [--sender NAME] [RECEIVER...]

SENDERS is a folder with txring.c, which sends a capture into one end of a veth pair as
fast as it can (about 0.5 million packets a second), and xdpgen.c, which makes the kernel
receive UDP of 16384 flows (about 1.4 million).  Sender and receiver have a processor each.
Prints a table; as root, in a network of its own.  Receivers: policap, sensor (policap with
events, page and reports on the way), tcpdump, softflowd.
"""
import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

INSIDE = "POLICAP_BENCH_LIVE_INSIDE"
SITE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "pcaps", "site.json")
SENDER_CPU, RECEIVER_CPU = "0", "1"
SETTLE_S = 1.5


def run(*args, **more):
    return subprocess.run(list(args), check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def make_wire():
    with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w") as file:
        file.write("1")
    run("ip", "link", "add", "pb0", "type", "veth", "peer", "name", "pb1")
    for end in ("lo", "pb0", "pb1"):
        run("ip", "link", "set", end, "up")


class Receiver:
    """A program that captures pb1, until it is told to end."""

    def __init__(self, name, binary, folder):
        self.name, self.report = name, os.path.join(folder, "report.json")
        live = [binary, "live", "-i", "pb1", "--site", SITE]
        self.args = {
            "policap": live + ["-o", self.report],
            "sensor": live + ["--report", self.report, "--every", "5m", "--events",
                              os.path.join(folder, "eve.json"), "--listen", "127.0.0.1:9477"],
            "tcpdump": ["tcpdump", "-nn", "-i", "pb1", "-B", "65536", "-w", "/dev/null"],
            "softflowd": ["softflowd", "-d", "-i", "pb1", "-n", "127.0.0.1:9999", "-m", "600000"],
        }[name]
        self.err = os.path.join(folder, "err")
        self.process = subprocess.Popen(["taskset", "-c", RECEIVER_CPU] + self.args,
                                        stdout=subprocess.DEVNULL, stderr=open(self.err, "w"))
        time.sleep(SETTLE_S)

    def end(self):
        """(captured, dropped, seconds of processor until then, and with what it does at
        the end): None for what it does not tell."""
        time.sleep(SETTLE_S)
        fields = open("/proc/%d/stat" % self.process.pid).read().rsplit(")", 1)[1].split()
        until = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(120)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return self.counts() + (until, cpu)

    def counts(self):
        if self.name in ("policap", "sensor"):
            capture = json.load(open(self.report))["captures"][0]
            return capture["packets"], capture["dropped"]
        words = open(self.err).read().replace("\n", " ").split(" ")
        if self.name == "tcpdump":
            return (int(words[words.index("captured") - 2].strip()),
                    int(words[words.index("dropped") - 2].strip()))
        return None, None


def prepare(generator, senders, folder):
    for name in ("txring", "xdpgen"):
        run("cc", "-O2", "-w", "-o", os.path.join(folder, name), os.path.join(senders, name + ".c"))
    run(generator, os.path.join(folder, "small.pcap"), "1000000", "50000", "20")


def send(sender, packets, folder):
    """(sent, seconds)"""
    args = {"txring": ["pb0", os.path.join(folder, "small.pcap"), str(packets // 1000000), "0", "1000000"],
            "xdpgen": ["pb1", str(packets), "64"]}[sender]
    words = run("taskset", "-c", SENDER_CPU, os.path.join(folder, sender), *args).split()
    return int(words[1]), float(words[3].rstrip("s"))


def measure(options, folder):
    row = "%-8s %-10s %6s %9s %10s %9s %12s %14s"
    print(row % ("sender", "receiver", "Mpps", "sent", "captured", "dropped", "us a packet",
                 "with its end"))
    for _ in range(options.runs):
        for sender in options.sender or ("txring", "xdpgen"):
            for name in options.receiver or ("policap", "sensor", "tcpdump", "softflowd"):
                if not shutil.which(name) and name in ("tcpdump", "softflowd"):
                    continue
                receiver = Receiver(name, options.policap, folder)
                sent, seconds = send(sender, options.packets, folder)
                captured, dropped, *cpu = receiver.end()
                print(row % (sender, name, "%.2f" % (sent / seconds / 1e6), sent, captured, dropped,
                             *["%.3f" % (s / sent * 1e6) for s in cpu]), flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("policap", "generator", "senders"):
        parser.add_argument(name, type=os.path.abspath)
    parser.add_argument("receiver", nargs="*")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--packets", type=int, default=6000000)
    parser.add_argument("--sender", action="append")
    options = parser.parse_intermixed_args()
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, "-B"] + sys.argv)
    make_wire()
    with tempfile.TemporaryDirectory() as folder:
        prepare(options.generator, options.senders, folder)
        measure(options, folder)


if __name__ == "__main__":
    main()
