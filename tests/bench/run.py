#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What `policap check` costs, as a ratio to an empty libpcap loop over the same file.

usage: run.py POLICAP GEN FLOOR [PAIRS]

The two are run in turns, so that what else the machine does meets both; the median of
the ratios is told.  CPU is user and system time together.
"""
import os
import statistics
import subprocess
import sys
import tempfile

CAPTURES = [  # name, packets, flows, payload of a data segment
    ("mixed", 2000000, 20000, 500),
    ("small", 2000000, 20000, 10),
    ("flows", 500000, 150000, 10),
]


def cpu(command):
    """Seconds of CPU, and the peak of resident memory in MiB."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1, 3):
        sys.exit("failed: " + " ".join(command))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    policap, gen, floor = sys.argv[1:4]
    pairs = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    ways = [("check", []), ("unjudged", ["--device", "192.0.2.1"])]
    print(f"{'capture':8} {'what':9} {'ratio':>6} {'ns/packet':>10} {'MiB':>5}")
    for name, packets, flows, payload in CAPTURES:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, name + ".pcap")
            numbers = [str(n) for n in (packets, flows, payload)]
            subprocess.run([gen, path] + numbers, check=True, stdout=subprocess.DEVNULL)
            for way, options in ways:
                ratios, costs, peaks = [], [], []
                for _ in range(pairs):
                    base, _ = cpu([floor, path])
                    cost, peak = cpu([policap, "check", "-o", path + ".json"] + options + [path])
                    ratios.append(cost / base)
                    costs.append(cost)
                    peaks.append(peak)
                print(f"{name:8} {way:9} {statistics.median(ratios):6.2f} "
                      f"{statistics.median(costs) / packets * 1e9:10.1f} {max(peaks):5.0f}")


main()
