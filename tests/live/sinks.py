#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Where events go: syslog to rsyslog by all ways, a server that is gone, a full disk, and
logrotate.

usage: sinks.py POLICAP SOURCE_ROOT [CHECK...]

Exit status 77: not root, or a tool is missing.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from wire import (WAIT_S, Program, equal, lines_of, records, run_checks, schema_of_events, send,
                  skip, wait_for)

RSYSLOG = """
module(load="imudp") module(load="imtcp")
module(load="imuxsock" SysSock.Use="off")
template(name="seen" type="string"
    string="%%inputname%% %%hostname%% %%app-name%% %%procid%% %%msgid%% %%syslogseverity%% %%msg%%\\n")
ruleset(name="all") { action(type="omfile" file="%(folder)s/%(file)s" template="seen") }
input(type="imudp" address="127.0.0.1" port="5514" ruleset="all")
input(type="imtcp" address="127.0.0.1" port="5601" ruleset="all")
input(type="imuxsock" socket="%(folder)s/log" useSpecialParser="off" ruleset="all")
"""
WAYS = ("imudp", "imtcp", "imuxsock")


def rsyslog(t, name):
    """Writes what it gets to a file of this name."""
    if not shutil.which("rsyslogd"):
        skip("rsyslogd is not there")
    with open(t.path(name + ".conf"), "w") as file:
        file.write(RSYSLOG % {"folder": t.folder, "file": name})
    server = subprocess.Popen(["rsyslogd", "-n", "-f", t.path(name + ".conf"), "-i",
                               t.path(name + ".pid")], stdin=subprocess.DEVNULL,
                              stderr=open(t.path(name + ".err"), "w"))
    wait_for("rsyslog listens", lambda: os.path.exists(t.path("log")) and b":5601" in
             subprocess.check_output(["ss", "-ltn"]))
    return server


def received(t, name):
    """By way: (host, program, process, type, severity, event) of each message."""
    ways = {way: [] for way in WAYS}
    path = t.path(name)
    for line in open(path) if os.path.exists(path) else []:
        way, *head = line.rstrip("\n").split(" ", 6)
        ways[way].append(tuple(head[:5]) + (json.loads(head[5]),))
    return ways


def check_syslog(t):
    """What a real server reads is what stands in the file; while it is gone, lines wait."""
    server = rsyslog(t, "seen")
    path = t.path("eve.json")
    live = t.live("--events", path, "--events", "syslog:udp:127.0.0.1:5514", "--events",
                  "syslog:tcp:127.0.0.1:5601", "--events", "syslog:" + t.path("log"),
                  "-o", t.path("report.json"))
    send(t.sample("03_fcm_icmp_prohibited"))
    wait_for("an alert by all ways", lambda: all(received(t, "seen").values()))
    for way, messages in received(t, "seen").items():
        equal([m[5] for m in messages], lines_of(path), "events by " + way)
        equal(messages[0][:5], (os.uname().nodename, "policap", str(live.process.pid), "alert",
                                "3"), "header by " + way)

    server.send_signal(signal.SIGTERM)
    server.wait(WAIT_S)
    if os.path.exists(t.path("log")):
        os.unlink(t.path("log"))
    told = len(lines_of(path))
    send(t.sample("15_unexpected"), 8.0)
    wait_for("alerts in the file", lambda: len(lines_of(path)) > told)
    for way in ("tcp", "log"):
        wait_for("word of the sinks", lambda: way in live.err() and "trying again" in live.err())
    time.sleep(2)
    told = lines_of(path)[told:]
    server = rsyslog(t, "later")
    wait_for("what waited for the server", lambda: all(
        len(received(t, "later")[way]) >= len(told) for way in ("imtcp", "imuxsock")))
    for way in ("imtcp", "imuxsock"):
        equal([m[5] for m in received(t, "later")[way]], told, "what waited, by " + way)
    wait_for("word of their return", lambda: live.err().count("works again") >= 2)
    live.end()
    server.send_signal(signal.SIGTERM)
    server.wait(WAIT_S)
    packets = sum(len(list(records(t.sample(name)))) for name in
                  ("03_fcm_icmp_prohibited", "15_unexpected"))
    equal(json.load(open(t.path("report.json")))["captures"][0]["packets"], packets, "packets")


def check_flow_events(t):
    """Each flow is told once, as `policap flows` tells it of the same packets."""
    validate = schema_of_events(t.root)
    path = t.path("eve.json")
    live = t.live("--events", path, "--events-flow", "-o", t.path("report.json"))
    with t.tcpdump(t.path("same.pcap")):
        for name in ("03_fcm_icmp_prohibited", "15_unexpected"):
            send(t.sample(name), 8.0)
    live.end()
    run = subprocess.run([t.binary, "flows", "--device", "any", t.path("same.pcap")],
                         capture_output=True, text=True, check=True, timeout=60)
    want = {}
    for line in run.stdout.splitlines():
        flow = json.loads(line)
        del flow["policap"], flow["flow"]["reason"]
        want[flow["flow_id"]] = flow
    got = {}
    for event in lines_of(path):
        validate(event)
        if event["event_type"] == "flow":
            equal((event.pop("in_iface"), event.pop("host")), ("pl1", os.uname().nodename), "where")
            equal(event["flow"].pop("reason"), "shutdown", "reason")
            event.pop("response_icmp_type", None)
            event.pop("response_icmp_code", None)
            equal(event["flow_id"] in got, False, "told twice")
            got[event["flow_id"]] = event
    equal(got, want, "flows")
    equal(len(got) > 20, True, "number of flows")


if __name__ == "__main__":
    sys.exit(run_checks(globals()))
