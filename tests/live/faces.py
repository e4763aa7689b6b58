#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What an admin sets and sees: the kernel filter, the check of a configuration, logrotate,
the token.

usage: faces.py POLICAP SOURCE_ROOT [CHECK...]

Exit status 77: not root, or a tool is missing.
"""
import gzip
import http.client
import ipaddress
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from wire import WAIT_S, equal, lines_of, records, run_checks, send, wait_for

SUBNET = "10.20.0.0/24"


def write_site(t, **changes):
    """The samples' site file with other members; t.site from now on."""
    site = json.load(open(os.path.join(t.root, "pcaps", "site.json")))
    site.update(changes)
    t.site = t.path("site.json")
    with open(t.site, "w") as file:
        json.dump(site, file)


def concerns(frame, subnet):
    """Must --filter auto keep this frame?"""
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    kind, packet = frame[at:at + 2], frame[at + 2:]
    if kind in (b"\x08\x06", b"\x86\xdd"):
        return True  # ARP; IPv6, of which the site lists no subnet.
    if kind != b"\x08\x00":
        return False
    ends = [ipaddress.ip_address(packet[i:i + 4]) for i in (12, 16)]
    ports = {int.from_bytes(packet[20 + i:22 + i], "big") for i in (0, 2)}
    return (any(end in ipaddress.ip_network(subnet) for end in ends) or
            (packet[9] == 17 and bool(ports & {67, 68})))


def check_filter_auto(t):
    """The kernel gives what concerns the subnet, tagged or not, and nothing else."""
    for subnet in (SUBNET, "10.20.0.102/32"):
        write_site(t, devices={"subnets": [subnet]})
        live = t.live("--filter", "auto")
        want = 0
        for name in ("23_vlan", "05a_dns_nxdomain", "17b_ipv6_blocked"):
            send(t.sample(name), 50.0)
            want += sum(concerns(frame, subnet) for _, frame in records(t.sample(name)))
        time.sleep(0.3)
        live.end()
        equal(json.loads(live.out())["captures"][0]["packets"], want, "packets of " + subnet)

    write_site(t, devices={"subnets": [SUBNET]})
    live = t.live("--filter", "auto", "-f", "udp")
    with t.tcpdump(t.path("udp.pcap"), "udp"):
        send(t.sample("05a_dns_nxdomain"), 50.0)
    live.end()
    want = sum(concerns(frame, SUBNET) for _, frame in records(t.path("udp.pcap")))
    equal(json.loads(live.out())["captures"][0]["packets"], want, "packets of UDP")


def check_filter_reload(t):
    """New subnets in the site file are the kernel's from the reload on."""
    write_site(t, devices={"subnets": ["10.99.0.0/24"]})
    live = t.live("--filter", "auto", "--report", t.path("report.json"))
    send(t.sample("03_fcm_icmp_prohibited"), 50.0)
    write_site(t, devices={"subnets": [SUBNET]})
    live.tell(signal.SIGHUP)
    wait_for("word of the rules", lambda: "the rules are: " in live.err())
    send(t.sample("03_fcm_icmp_prohibited"), 50.0)
    time.sleep(0.3)
    live.end()
    frames = [frame for _, frame in records(t.sample("03_fcm_icmp_prohibited"))]
    want = sum(concerns(f, "10.99.0.0/24") + concerns(f, SUBNET) for f in frames)
    equal(json.load(open(t.path("report.json")))["captures"][0]["packets"], want, "packets")


def check_config(t):
    """--check-config says every fault, a line each, and touches nothing."""
    def run(*args):
        done = subprocess.run([t.binary, "live", "--check-config"] + list(args), text=True,
                              capture_output=True, timeout=WAIT_S)
        return done.returncode, done.stderr.splitlines()

    write_site(t, devices={"subnets": [SUBNET]})
    with socket.create_server(("127.0.0.1", 5601)), \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(t.path("log"))
        status, lines = run("-i", "pl1", "--site", t.site, "--filter", "auto", "-f", "udp or tcp",
                            "--events", t.path("eve.json"), "--events", "syslog:" + t.path("log"),
                            "--events", "syslog:tcp:127.0.0.1:5601", "--report", t.path("report"),
                            "--listen", "127.0.0.1:9477", "-u", "nobody")
    equal((status, len(lines), "the configuration is sound" in lines[0]), (0, 1, True), lines)
    equal((os.path.exists(t.path("eve.json")), os.path.exists(t.path("report"))), (False, False), "files")

    with open(t.site, "w") as file:
        file.write('{"name": "x", "rolls": {}}')
    status, lines = run("-i", "nosuch0", "--site", t.site, "-f", "tcp port", "--events",
                        "/no/such/folder/eve.json", "--events", "syslog:tcp:127.0.0.1:5999",
                        "--events", "syslog:udp:log.example:514", "--report", "/no/such/report",
                        "--listen", "0.0.0.0:9477", "-u", "no-such-user")
    wanted = ("rolls", "nosuch0: no such interface", "man pcap-filter", "/no/such/folder/",
              "5999: Connection refused", "and no name", "/no/such/report", "--token-file", "useradd")
    equal((status, len(lines)), (2, len(wanted)), "\n".join(lines))
    for want, line in zip(wanted, lines):
        equal(want in line, True, "%s in %s" % (want, line))
    status, lines = run("-i", "pl1", "--filter", "auto")
    equal((status, "subnets" in lines[0]), (2, True), lines)


def check_logrotate(t):
    """The example that is installed, run by logrotate itself: no line is lost or cut."""
    if not shutil.which("logrotate"):
        print("skipped: logrotate is not there")
        return
    path = t.path("pl1.eve.json")
    live = t.live("--events", path, "--events-flow", "-o", t.path("report.json"))
    text = open(os.path.join(t.root, "src", "monitor", "logrotate.conf")).read()
    text = text.replace("/var/log/policap", t.folder)
    text = re.sub(r"systemctl kill .*", "kill -HUP %d" % live.process.pid, text)
    with open(t.path("logrotate.conf"), "w") as file:
        file.write(text)
    os.chmod(t.path("logrotate.conf"), 0o644)
    os.chmod(t.folder, 0o755)
    for turn, name in enumerate(("03_fcm_icmp_prohibited", "15_unexpected", "05a_dns_nxdomain"), 1):
        send(t.sample(name), 8.0, turn)
        told = len(lines_of(path))
        wait_for("an alert", lambda: len(lines_of(path)) > told or told > 0)
        subprocess.run(["logrotate", "--force", "--state", t.path("state"), t.path("logrotate.conf")],
                       check=True, timeout=60)
        wait_for("word of the rules", lambda: live.err().count("the rules are: ") == turn)
    live.end()
    plain = [path, path + ".1"]
    packed = [path + ".%d.gz" % i for i in (2, 3)]
    lines = [json.loads(line) for p in plain for line in open(p)]
    lines += [json.loads(line) for p in packed for line in gzip.open(p, "rt")]
    flows = {line["flow_id"] for line in lines if line["event_type"] == "flow"}
    alerts = [line for line in lines if line["event_type"] == "alert"]
    equal(len(flows) > 40 and len(alerts) > 4, True, "events: %d, %d" % (len(flows), len(alerts)))
    equal(json.load(open(t.path("report.json")))["summary"]["flows"] <= len(flows), True, "flows")


TOKEN = "0123456789abcdef0123456789abcdef"


def ask(path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", 9478, timeout=WAIT_S)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def check_token(t):
    """On an address that others reach, what was seen is for who knows the token."""
    with open(t.path("token"), "w") as file:
        file.write(TOKEN + "\n")
    os.chmod(t.path("token"), 0o600)
    live = t.live("--listen", "0.0.0.0:9478", "--token-file", t.path("token"))
    send(t.sample("03_fcm_icmp_prohibited"), 4.0)
    known = {"Authorization": "Bearer " + TOKEN}
    wait_for("a report", lambda: ask("/report.json", **known)[0] == 200)
    equal(json.loads(ask("/report.json", **known)[1])["schema"], "policap-report/1", "report")
    for path in ("/report.json", "/metrics"):
        equal(ask(path)[0], 401, "without a token " + path)
        equal(ask(path, Authorization="Bearer " + TOKEN[:-1] + "0")[0], 401, "a wrong token " + path)
        equal(ask(path, **known)[0], 200, "the token " + path)
        equal(ask(path, Host="evil.example", **known)[0], 403, "another host")
        equal(ask(path, Origin="http://evil.example", **known)[0], 403, "another page")
        equal(ask(path, method="POST", **known)[0], 405, "writing")
    equal((ask("/")[0], ask("/page.js")[0], ask("/healthz")[0]), (200, 200, 200), "what is no secret")
    live.end()


if __name__ == "__main__":
    sys.exit(run_checks(globals()))
