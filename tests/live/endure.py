#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The sensor over months: what it keeps from one run to the next, and what it lives through.

usage: endure.py POLICAP SOURCE_ROOT [CHECK...]

Exit status 77: not root, or a tool is missing.
"""
import json
import os
import subprocess
import sys
import time

from wire import (WAIT_S, equal, lines_of, run_checks, schema_of_events, send, wait_for)


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


if __name__ == "__main__":
    sys.exit(run_checks(globals()))
