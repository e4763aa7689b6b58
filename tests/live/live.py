#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The sensor on a wire of its own: what it reports is what the same packets in a file give.

usage: live.py POLICAP SOURCE_ROOT [CHECK...]

Exit status 77: not root, or a tool is missing.
"""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from wire import (WAIT_S, equal, ip, lines_of, make_wire, neutral, records, run_checks,
                  schema_of_events, send, status_of, wait_for)


def check_final(t):
    """The last report is that of the same packets in a file, and so is the exit status."""
    for name in ("03_fcm_icmp_prohibited", "15_unexpected", "01_all_good"):
        live = t.live()
        with t.tcpdump(t.path("same.pcap")):
            send(t.sample(name), 4.0)
        status = live.end()
        want_status, want = t.check(t.path("same.pcap"))
        got = json.loads(live.out())
        if want["captures"][0]["packets"] != len(list(records(t.sample(name)))):
            raise AssertionError("%s: tcpdump has not all packets" % name)
        equal(neutral(got), neutral(want), name)
        equal(got["captures"][0]["format"], "live", "format")
        equal(got["captures"][0]["dropped"], 0, "dropped")
        equal(status, want_status, "exit status of " + name)


def check_on_the_way(t):
    """Reports on the way change nothing of the last one, and are whole."""
    report = t.path("report.json")
    live = t.live("--report", report, "--every", "1s")
    with t.tcpdump(t.path("same.pcap")):
        send(t.sample("02_fcm_dropped"), 8.0)
        wait_for("a report by time", lambda: os.path.exists(report))
        before = json.load(open(report))
        send(t.sample("03_fcm_icmp_prohibited"))
        os.unlink(report)
        live.tell(signal.SIGUSR1)
        wait_for("a report by signal", lambda: os.path.exists(report))
        json.load(open(report))
    status = live.end(signal.SIGINT)
    want_status, want = t.check(t.path("same.pcap"))
    equal(neutral(json.load(open(report))), neutral(want), "the last report")
    equal(status, want_status, "exit status")
    equal(live.out(), "", "standard output")
    if not before["captures"][0]["packets"] < want["captures"][0]["packets"]:
        raise AssertionError("the report on the way is not of its time")


def check_now(t):
    """SIGUSR1 without --report: on standard output."""
    live = t.live()
    send(t.sample("03_fcm_icmp_prohibited"))
    time.sleep(0.4)
    live.tell(signal.SIGUSR1)
    wait_for("a report", lambda: live.out().endswith("}\n"))
    equal(json.loads(live.out())["verdict"], "fail", "verdict")
    live.end()


def check_filter(t):
    live = t.live("-f", "udp")
    with t.tcpdump(t.path("same.pcap"), "udp"):
        send(t.sample("03_fcm_icmp_prohibited"))
    live.end()
    equal(neutral(json.loads(live.out())), neutral(t.check(t.path("same.pcap"))[1]), "-f")


def check_vlan(t):
    """A tag that the kernel takes off is put back."""
    live = t.live()
    send(t.sample("23_vlan"), 8.0)
    time.sleep(0.3)
    live.end()
    want = t.check(t.sample("23_vlan"))[1]
    got = json.loads(live.out())
    for key in ("captures", "summary"):
        for field in ("packets", "bytes", "flows", "documented", "unexpected"):
            a, b = (x[key][0] if key == "captures" else x[key] for x in (got, want))
            equal(a.get(field), b.get(field), "%s of VLANs" % field)


def check_events(t):
    """A problem is one alert, soon after it can be told; what happens to the sink or to
    the rules changes no verdict."""
    path, site = t.path("eve.json"), t.path("site.json")
    validate = schema_of_events(t.root)
    shutil.copy(t.site, site)
    t.site = site
    live = t.live("--events", path, "--report", t.path("report.json"))
    send(t.sample("03_fcm_icmp_prohibited"))
    begun = time.monotonic()
    wait_for("an alert", lambda: lines_of(path))
    if time.monotonic() - begun > 10:
        raise AssertionError("the alert came after %.1f s" % (time.monotonic() - begun))
    time.sleep(3)
    alerts = lines_of(path)
    for alert in alerts:
        validate(alert)
    equal([(a["alert"]["metadata"]["policap_state"], a["alert"]["metadata"]["policap_rule"],
            a["src_ip"], a["dest_port"]) for a in alerts],
          [(["new"], ["google-fcm"], "10.20.0.101", 5228)], "alerts")

    os.rename(path, path + ".1")
    with open(site, "w") as file:
        file.write("{")
    live.tell(signal.SIGHUP)
    wait_for("word of the bad file", lambda: "the rules stay in force" in live.err())
    shutil.copy(os.path.join(t.root, "pcaps", "site.json"), site)
    live.tell(signal.SIGHUP)
    wait_for("word of the rules", lambda: "the rules are: " in live.err())
    send(t.sample("15_unexpected"), 8.0)
    wait_for("alerts in the new file", lambda: len(lines_of(path)) >= 2)
    for alert in lines_of(path):
        validate(alert)
    equal(len(lines_of(path + ".1")), 1, "alerts in the old file")
    equal(live.end(), 1, "exit status")
    kinds = {f["kind"] for f in json.load(open(t.path("report.json")))["findings"]}
    equal({"blocked", "unexpected"} <= kinds, True, "kinds in the last report")


def check_confined(t):
    """With -u no right is left but to read, and to write where the user may."""
    folder = t.path("out")
    os.mkdir(folder)
    os.chmod(t.folder, 0o755)
    shutil.chown(folder, "nobody", "nogroup")
    report = os.path.join(folder, "report.json")
    live = t.live("-u", "nobody", "--report", report, "--events", os.path.join(folder, "eve.json"))
    status = status_of(live.process)
    for field in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        equal(int(status[field][0], 16), 0, field)
    equal(set(status["Uid"]), {"65534"}, "Uid")
    equal(set(status["Gid"]), {"65534"}, "Gid")
    equal(set(status["Groups"]) <= {"65534"}, True, "Groups")
    equal((status["NoNewPrivs"], status["Seccomp"]), (["1"], ["2"]), "filter")
    with t.tcpdump(t.path("same.pcap")):
        send(t.sample("03_fcm_icmp_prohibited"))
        live.tell(signal.SIGUSR1)
        wait_for("a report", lambda: os.path.exists(report))
        wait_for("an alert", lambda: lines_of(os.path.join(folder, "eve.json")))
    equal(live.end(), 1, "exit status")
    equal(neutral(json.load(open(report))), neutral(t.check(t.path("same.pcap"))[1]), "report")

    live = t.live()
    status = status_of(live.process)
    equal((status["NoNewPrivs"], status["Seccomp"]), (["1"], ["2"]), "filter without -u")
    live.end()


def metrics_of(text):
    """Names to values; every line must be of the format."""
    out = {}
    for line in text.splitlines():
        if line.startswith("#"):
            if not re.match(r"# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge))$", line):
                raise AssertionError("metrics: " + line)
            continue
        match = re.match(r'([a-z_]+(?:\{[a-z0-9_]+="[^"]*"(?:,[a-z0-9_]+="[^"]*")*\})?) ([0-9.]+)$', line)
        if not match or match.group(1) in out:
            raise AssertionError("metrics: " + line)
        out[match.group(1)] = float(match.group(2))
    return out


METRICS = """policap_build_info policap_policy_info policap_capture_packets_total
policap_capture_drops_total policap_decoded_packets_total
policap_duplicate_packets_total policap_truncated_packets_total policap_flows_active
policap_flows_total policap_flow_evictions_total policap_verdicts_total
policap_rule_last_match_timestamp_seconds policap_devices_seen policap_visibility_ratio
policap_output_queue_depth policap_output_dropped_total
policap_policy_reload_success_timestamp_seconds policap_policy_reloads_total
process_resident_memory_bytes""".split()


def promtool(text):
    if not shutil.which("promtool"):
        print("skipped: promtool is not there")
        return
    run = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                         capture_output=True, timeout=60)
    equal((run.returncode, run.stderr), (0, ""), "promtool check metrics")


def ask(path, method="GET", host="127.0.0.1:9477"):
    connection = http.client.HTTPConnection("127.0.0.1", 9477, timeout=WAIT_S)
    connection.request(method, path, headers={"Host": host})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, answer.headers


def check_web(t):
    """What is served is what was seen, to whoever is on this host, for reading."""
    live = t.live("--listen", "127.0.0.1:9477", "-u", "nobody", "--events",
                  "syslog:udp:127.0.0.1:5999")
    equal(ask("/report.json")[0], 503, "a report before there is one")
    equal(ask("/healthz")[:2], (200, "ok\n"), "health")
    send(t.sample("03_fcm_icmp_prohibited"))
    blocked = lambda: ask("/report.json")[0] == 200 and json.loads(ask("/report.json")[1])["problems"]
    wait_for("the block in the report", blocked)
    report = json.loads(ask("/report.json")[1])
    equal((report["verdict"], report["problems"][0]["row"]), ("fail", "google-fcm"), "report")
    values = metrics_of(ask("/metrics")[1])
    packets = len(list(records(t.sample("03_fcm_icmp_prohibited"))))
    equal(values['policap_capture_packets_total{iface="pl1"}'], packets, "packets")
    equal(values['policap_capture_drops_total{iface="pl1",where="kernel"}'], 0, "drops")
    equal(values['policap_findings{verdict="blocked",rule="google-fcm"}'], 3, "findings")
    equal(values["policap_devices_seen"], 1, "devices")
    equal(values['policap_verdicts_total{verdict="blocked",rule="google-fcm"}'], 1, "verdicts")
    equal(values['policap_visibility_ratio{check="bidirectional"}'], 1, "visibility")
    match = values['policap_rule_last_match_timestamp_seconds{rule="google-fcm"}']
    equal(abs(time.time() - match) < 60, True, "time of the last match")
    equal(values["policap_flows_active"] > 10, True, "live flows")
    equal(sorted(set(METRICS) - {name.split("{")[0] for name in values}), [], "missing metrics")
    promtool(ask("/metrics")[1])
    live.tell(signal.SIGHUP)
    wait_for("the reload", lambda: metrics_of(ask("/metrics")[1])[
        'policap_policy_reloads_total{result="success"}'] == 1)
    status, page, headers = ask("/")
    equal((status, "<title>policap</title>" in page, headers["Content-Type"]),
          (200, True, "text/html; charset=utf-8"), "page")
    equal("default-src 'none'" in headers["Content-Security-Policy"], True, "policy of the page")
    equal((ask("/page.js")[0], ask("/page.css")[0], ask("/../etc/passwd")[0]), (200, 200, 404), "files")
    equal(ask("/", host="evil.example")[0], 403, "a page from elsewhere")
    equal((ask("/", method="POST")[0], ask("/report.json", method="DELETE")[0]), (405, 405), "writing")
    idle = [socket.create_connection(("127.0.0.1", 9477)) for _ in range(64)]
    send(t.sample("03_fcm_icmp_prohibited"))
    for connection in idle:
        connection.close()
    wait_for("an answer after many connections", lambda: ask("/healthz")[0] == 200)
    equal(live.end(), 1, "exit status")
    equal(json.loads(live.out())["captures"][0]["packets"], 2 * packets, "packets at the end")


def check_service(t):
    """A service manager is told when it is ready, that it lives, and when it stops."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(t.path("notify"))
        os.chmod(t.path("notify"), 0o777)
        os.chmod(t.folder, 0o755)
        manager.settimeout(WAIT_S)
        os.environ.update(NOTIFY_SOCKET=t.path("notify"), WATCHDOG_USEC="400000")
        live = t.live("-u", "nobody")
        for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC"):
            del os.environ[name]
        equal(manager.recv(100), b"READY=1", "first word")
        begun = time.monotonic()
        for _ in range(5):
            equal(manager.recv(100), b"WATCHDOG=1", "sign of life")
        if not 0.5 < time.monotonic() - begun < 10:
            raise AssertionError("signs of life at a wrong pace")
        live.tell(signal.SIGTERM)
        said = b""
        while said != b"STOPPING=1":
            said = manager.recv(100)
        live.process.wait(WAIT_S)


def check_unit(t):
    """The unit of systemd is sound."""
    unit = os.path.join(os.path.dirname(os.path.dirname(t.binary)), "monitor", "policap@.service")
    if not shutil.which("systemd-analyze"):
        print("skipped: the unit of systemd: systemd-analyze is not there")
        return
    text = open(unit).read()
    os.mkdir(t.path("system"))
    with open(t.path("system/policap@pl1.service"), "w") as file:
        file.write(re.sub("^ExecStart=[^ ]*", "ExecStart=" + t.binary, text, flags=re.M))
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", t.path("system/policap@pl1.service")],
                         capture_output=True, text=True, timeout=60)
    wrong = [line for line in run.stderr.splitlines() if "policap" in line]
    equal(wrong, [], "systemd-analyze verify")
    run = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20",
                          t.path("system/policap@pl1.service")], capture_output=True, text=True,
                         timeout=60)
    equal(run.returncode, 0, "exposure above 2.0: " + run.stdout[-200:])


def check_gone(t):
    """One that is taken away ends the sensor, with a report of what was seen."""
    live = t.live()
    send(t.sample("03_fcm_icmp_prohibited"))
    time.sleep(0.3)
    ip("link", "del", "pl0")
    equal(live.process.wait(WAIT_S), 2, "exit status")
    make_wire()
    equal("disappeared" in live.err(), True, live.err())
    equal(json.loads(live.out())["verdict"], "fail", "verdict")


def check_refusals(t):
    for args, said in ((["-i", "nosuch0"], "no such interface"),
                       ([], "no interface"),
                       (["-i", "pl1", "x.pcap"], "reads no files"),
                       (["-i", "pl1", "-f", "tcp port"], "man pcap-filter"),
                       (["-i", "pl1", "--every", "5m"], "--report"),
                       (["-i", "pl1", "--events", "-"], "-o or --report"),
                       (["-i", "pl1", "--events", "/no/such/file"], "can be written"),
                       (["-i", "pl1", "--events", "unix:/no/such"], "server running"),
                       (["-i", "pl1", "-u", "no-such-user"], "useradd"),
                       (["-i", "pl1", "-u", "root"], "this is root"),
                       (["-i", "pl1", "--listen", "0.0.0.0:9477"], "--token-file"),
                       (["-i", "pl1", "--listen", "127.0.0.1:0"], "write ADDRESS:PORT"),
                       (["-i", "pl1", "--ring", "0"], "from 1 to")):
        run = subprocess.run([t.binary, "live"] + args, capture_output=True, text=True,
                             timeout=WAIT_S)
        equal((run.returncode, said in run.stderr), (2, True), "live %s: %s" % (args, run.stderr))
    shutil.copy(t.binary, t.path("policap"))
    os.chmod(t.folder, 0o755)
    run = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                          t.path("policap"), "live", "-i", "pl1"], capture_output=True, text=True,
                         timeout=WAIT_S)
    equal((run.returncode, "setcap cap_net_raw" in run.stderr), (2, True), run.stderr)


if __name__ == "__main__":
    sys.exit(run_checks(globals()))
