#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Records the captures of this folder, and writes the truth beside each.

usage: record.py [--out FOLDER] [NAME...]      as root; without a name, all

A scene does something to the network of net.py, lets phones act, and says what a report
must accuse (want) and may accuse (may); README.md says how.  Whatever else a report
accuses is wrong.
"""
import argparse
import glob
import inspect
import json
import os
import struct
import sys
import time

import net

CHECK, PLAY, MTALK = "connectivitycheck.gstatic.com", "play.google.com", "mtalk.google.com"
ADDRESS = net.GOOGLE
SCENES = {}


def scene(**setup):
    def keep(function):
        SCENES[function.__name__] = (function, setup)
        return function
    return keep


def want(kind, row, cause=None, name=None, port=None, phone=1, bare=True, **more):
    """A finding; lists mean: one of these.  'bare': also where no site file is given."""
    return dict(kind=kind, row=row, cause=cause, name=name, port=port, phone=phone, bare=bare,
                **more)


def may(*args, **kwargs):
    return want(*args, bare=False, **kwargs, optional=True)


# --- what the network and the phones do on an ordinary day ---

def internet(lab, web="web@%s:80", play="tls@%s:443", mtalk="push"):
    what = [web % ADDRESS[CHECK], play % ADDRESS[PLAY],
            "tls@%s:443" % ADDRESS["www.googleapis.com"],
            "tls@%s:443" % ADDRESS["accounts.google.com"]]
    what += ["%s@%s:%d" % (mtalk, ADDRESS[MTALK], p) for p in (5228, 5229, 5230)]
    lab.serve("net", *what)


def site(lab, *more, ntp="ntp", update="web"):
    lab.serve("srv", "tls@%s:443" % net.SITE["sam"], "%s@%s:123" % (ntp, net.SITE["ntp"]),
              "%s@%s:80" % (update, net.SITE["update"]), *more)


def quiet(lab):
    """Push sends nothing by itself, and the firewall forgets after 2 s."""
    internet(lab, mtalk="quiet")
    site(lab)
    lab.dns()
    lab.sysctl("fw", "net.netfilter.nf_conntrack_tcp_timeout_established", 2)
    lab.sysctl("fw", "net.netfilter.nf_conntrack_tcp_loose", 0)
    time.sleep(0.8)


def ordinary(lab):
    internet(lab)
    site(lab)
    lab.dns()
    time.sleep(0.8)


def morning(lab, phone="ph01"):
    lab.get(phone, "http://%s/generate_204" % CHECK)
    lab.get(phone, "https://sam.corp.example/")


def drop(match):
    return "        %s drop\n" % match


def hello_match(lab, name, size=0, at=None):
    """What nftables compares of a hello's segment: 12 bytes of its name, or of 'at' on."""
    import ssl
    sys.path.insert(0, net.HERE)
    import client
    client.folder = lab.scratch
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client.context(size).wrap_bio(into, out, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = out.read()
    where = hello.index(name.encode()) if at is None else at
    base = where if at is None else 0
    return "meta l4proto tcp @ih,%d,96 0x%s" % (base * 8, hello[where:where + 12].hex())


# --- nothing is wrong ---

@scene(title="every service works")
def good(lab):
    ordinary(lab)
    morning(lab)
    lab.get("ph01", "https://%s/" % PLAY)
    lab.client("ph01", "ntp", net.SITE["ntp"], 1)
    lab.client("ph01", "push", MTALK, 5228, 2)
    return []


@scene(title="a server that thinks for 4 s, one that shuts, one that answers 403 and 503")
def slow_servers(lab):
    internet(lab, play="slow@%s:443")
    site(lab, "shut@%s:443" % net.SITE["log"], update="page403")
    lab.dns()
    time.sleep(0.8)
    morning(lab)
    lab.get("ph01", "https://%s/" % PLAY)
    lab.get("ph01", "http://update.corp.example/firmware", seconds=3)
    lab.get("ph01", "https://log.corp.example/upload", seconds=3)
    return [may("no-answer", "log-")]


@scene(title="the radio is gone for 7 s, in the midst of two connections")
def radio_gap(lab):
    ordinary(lab)
    morning(lab)
    push = lab.client("ph01", "push", MTALK, 5228, 12, wait=False)
    time.sleep(2)
    lab.ip("sw", "link", "set", "ph01", "nomaster")
    time.sleep(7)
    lab.ip("sw", "link", "set", "ph01", "master", "br0")
    push.wait()
    morning(lab)
    return []


@scene(title="as radio_gap, but seen on the phone: what it sends in vain is in the capture",
       at=("ph01", "wlan0"))
def radio_gap_at_phone(lab):
    ordinary(lab)
    morning(lab)
    push = lab.client("ph01", "push", MTALK, 5228, 12, wait=False)
    time.sleep(2)
    lab.ip("sw", "link", "set", "ph01", "nomaster")
    get = lab.get("ph01", "https://%s/" % PLAY, wait=False)
    time.sleep(7)
    lab.ip("sw", "link", "set", "ph01", "master", "br0")
    push.wait()
    get.wait()
    morning(lab)
    return []


@scene(title="the server comes up after three lost SYNs")
def late_server(lab):
    ordinary(lab)
    morning(lab)
    lab.nft(drop("ip daddr %s tcp dport 443" % ADDRESS[PLAY]))
    get = lab.get("ph01", "https://%s/" % PLAY, wait=False)
    time.sleep(3.5)
    lab.nft("")
    get.wait()
    return []


# --- TLS: names, hellos, certificates ---

@scene(title="a filter drops hellos that name play.google.com")
def hello_dropped(lab):
    ordinary(lab)
    lab.nft(drop(hello_match(lab, PLAY)))
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 8)
    lab.client("ph01", "tls", "accounts.google.com", 443, 5)
    return [want("blocked", "google-", "hello-drop", PLAY, 443)]


@scene(title="a filter resets hellos that name play.google.com")
def hello_reset(lab):
    ordinary(lab)
    lab.nft("        %s reject with tcp reset\n" % hello_match(lab, PLAY))
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 8)
    lab.client("ph01", "tls", "accounts.google.com", 443, 5)
    return [want("blocked", "google-", "hello-reset", PLAY, 443)]


@scene(title="the server itself resets after the hello")
def hello_reset_by_server(lab):
    internet(lab, play="rst@%s:443")
    site(lab)
    lab.dns()
    time.sleep(0.8)
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 8)
    return [want("refused", "google-", None, PLAY, 443)]


@scene(title="a hello in two segments; the one with the name is dropped")
def split_first(lab):
    ordinary(lab)
    lab.nft(drop(hello_match(lab, PLAY, 1800)))
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 8, 1800)
    return [want("blocked", "google-", "hello-drop", PLAY, 443)]


@scene(title="a hello in two segments; the second is dropped")
def split_second(lab):
    ordinary(lab)
    lab.nft(drop(hello_match(lab, PLAY, 1800, at=1448)))
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 8, 1800)
    return [want("blocked", "google-", "hello-drop", PLAY, 443)]


@scene(title="a hello in two segments that works")
def split_good(lab):
    ordinary(lab)
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 8, 1800)
    return []


@scene(title="a man in the middle: the certificate of play.google.com is a stranger's")
def intercepted(lab):
    internet(lab, play="evil@%s:443")
    site(lab)
    lab.dns()
    time.sleep(0.8)
    morning(lab)
    for _ in range(2):
        lab.get("ph01", "https://%s/" % PLAY)
    lab.client("ph01", "tls", "accounts.google.com", 443, 5)
    return [want("intercepted", "google-", None, PLAY, 443)]


@scene(title="TLS fails for want of a common cipher: alert 40 of the server")
def weak_cipher(lab):
    internet(lab, play="weak@%s:443")
    site(lab)
    lab.dns()
    time.sleep(0.8)
    morning(lab)
    lab.get("ph01", "https://%s/" % PLAY)
    return []


@scene(title="play.google.com accepts the hello and never answers")
def hung_server(lab):
    internet(lab, play="hang@%s:443")
    site(lab)
    lab.dns()
    time.sleep(0.8)
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 8)
    lab.get("ph01", "https://%s/" % PLAY, seconds=8)
    return [want("no-answer", "google-", None, PLAY, 443)]


@scene(title="a narrow link whose ICMP is filtered: large answers vanish", mtu=1200)
def mtu_blackhole(lab):
    ordinary(lab)
    for name in ("isp", "far"):
        lab.exec(name, "nft", "add table ip g; add chain ip g o { type filter hook output "
                 "priority 0; }; add rule ip g o icmp type destination-unreachable drop")
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 8)
    return [want(["blocked", "no-answer"], "google-", ["mtu-blackhole", None], PLAY, 443)]


@scene(title="the same narrow link with its ICMP: works", mtu=1200)
def mtu_good(lab):
    ordinary(lab)
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 8, 1800)
    return []


# --- connections that are stopped at once ---

@scene(title="push dropped on all ports")
def fcm_dropped(lab):
    ordinary(lab)
    lab.nft(drop("tcp dport 5228-5230"))
    morning(lab)
    lab.client("ph01", "push", MTALK, "5228,5229", 1)
    return [want("blocked", ["google-fcm", "x-fcm"], "syn-drop", MTALK, p)
            for p in (5228, 5229)]


@scene(title="push dropped on 5228, works on 5229")
def fcm_second_port(lab):
    ordinary(lab)
    lab.nft(drop("tcp dport 5228"))
    morning(lab)
    lab.client("ph01", "push", MTALK, "5228,5229,5230", 2)
    return [want(["degraded", "blocked"], ["google-fcm", "x-fcm"], "syn-drop", MTALK, 5228)]


def rejected(lab, how, kind, cause, bare=True):
    ordinary(lab)
    lab.nft("        tcp dport 5228-5230 reject with %s\n"
            "        ip daddr %s tcp dport 443 reject with %s\n" % (how, net.SITE["sam"], how))
    lab.get("ph01", "http://%s/generate_204" % CHECK)
    lab.client("ph01", "push", MTALK, "5228,5229,5230", 1)
    lab.get("ph01", "https://sam.corp.example/")
    lab.client("ph01", "tls", PLAY, 443, 5)
    return [want(kind, ["google-fcm", "x-fcm"], cause, MTALK, p) for p in
            (5228, 5229, 5230)] + [want(kind, "sam-heartbeat", cause, None, 443, bare=False)]


@scene(title="REJECT with a TCP reset")
def reject_reset(lab):
    return rejected(lab, "tcp reset", "blocked", "tcp-reset")


@scene(title="REJECT with ICMP port unreachable, for TCP")
def reject_port(lab):
    return rejected(lab, "icmp type port-unreachable", "blocked", "icmp-unreachable")


@scene(title="REJECT with ICMP host unreachable")
def reject_host(lab):
    return rejected(lab, "icmp type host-unreachable", "blocked", "icmp-unreachable")


@scene(title="REJECT with ICMP administratively prohibited")
def reject_prohibited(lab):
    return rejected(lab, "icmp type admin-prohibited", "blocked", "icmp-prohibited")


@scene(title="the update server's host is down, the directory's port closed")
def dead_and_closed(lab):
    internet(lab)
    site(lab)
    lab.ip("srv", "addr", "del", net.SITE["update"] + "/24", "dev", "eth0")
    lab.dns()
    time.sleep(0.8)
    morning(lab)
    lab.client("ph01", "tcp", net.SITE["ldap"], 389, 3)
    for _ in range(2):
        lab.get("ph01", "http://update.corp.example/firmware", seconds=8)
    return [want("refused", "update-http", ["icmp-unreachable", None], None, 80, bare=False),
            want("refused", "uc-ldap", None, None, 389, bare=False)]


@scene(title="push: the socket is idle, the firewall forgets it and drops")
def idle_dropped(lab):
    quiet(lab)
    lab.nft(drop("ct state invalid"))
    morning(lab)
    push = lab.client("ph01", "push", MTALK, 5228, 1, 4, wait=False)
    for _ in range(10):
        time.sleep(1)
        lab.get("ph01", "http://%s/generate_204" % CHECK)
    push.wait()
    lab.client("ph01", "push", MTALK, 5228, 1)
    return [want("blocked", ["google-fcm", "x-fcm"], "idle-killed", MTALK, 5228)]


@scene(title="push: the firewall forgets the idle socket and resets it")
def idle_reset(lab):
    quiet(lab)
    lab.nft("        ct state invalid meta l4proto tcp reject with tcp reset\n")
    morning(lab)
    lab.client("ph01", "push", MTALK, 5228, 1, 33)
    lab.client("ph01", "push", MTALK, 5228, 1)
    return [want("blocked", ["google-fcm", "x-fcm"], "idle-killed", MTALK, 5228)]


@scene(title="one of two addresses of a name is not in the firewall's list")
def stale_list(lab):
    internet(lab)
    site(lab)
    second = "142.250.74.74"
    lab.ip("net", "addr", "add", second + "/32", "dev", "lo")
    lab.serve("net", "tls@%s:443" % second)
    lab.dns("--host-record=www.googleapis.com," + second)
    lab.nft(drop("ip daddr %s tcp dport 443" % second))
    time.sleep(0.8)
    morning(lab)
    for address in (second, ADDRESS["www.googleapis.com"]):
        lab.client("ph01", "dns", "www.googleapis.com", 1)
        lab.get("ph01", "https://www.googleapis.com/", "--resolve",
                "www.googleapis.com:443:" + address, seconds=6)
    return [want(["degraded", "blocked"], "google-", "syn-drop", "www.googleapis.com", 443)]


# --- UDP ---

@scene(title="NTP dropped")
def ntp_dropped(lab):
    ordinary(lab)
    lab.nft(drop("udp dport 123"))
    morning(lab)
    lab.client("ph01", "ntp1", net.SITE["ntp"], 3)
    return [want("blocked", "net-ntp", "no-reply", None, 123, bare=False)]


@scene(title="NTP: no service on the server; a kiss of death of another")
def ntp_refused(lab):
    internet(lab)
    site(lab, ntp="sink")
    lab.dns()
    lab.serve("srv", "kod@%s:123" % net.SITE["sam"])
    time.sleep(0.8)
    morning(lab)
    lab.client("ph01", "ntp", net.SITE["log"], 2)
    lab.client("ph01", "ntp", net.SITE["sam"], 1)
    return [may(["refused", "degraded", "unexpected"], [None, "net-ntp"], None, None, 123),
            want(["unexpected", "refused"], [None, "net-ntp"], None, None, 123, bare=False)]


@scene(title="syslog rejected by the firewall, and never answered by the server")
def syslog(lab):
    ordinary(lab)
    lab.serve("srv", "sink@%s:514" % net.SITE["log"])
    morning(lab)
    time.sleep(0.5)
    lab.client("ph01", "udp", net.SITE["log"], 514, "<14>ok", 4)
    lab.nft("        udp dport 514 reject with icmp type admin-prohibited\n")
    time.sleep(0.5)
    lab.client("ph01", "udp", net.SITE["log"], 514, "<14>stopped", 4)
    return [want("blocked", "log-syslog", "icmp-prohibited", None, 514, bare=False)]


# --- names ---

def failing_names(lab, cause, *options, names=None, code=None, **more):
    internet(lab)
    site(lab)
    if code is None:
        lab.dns(*options, names=names)
    else:
        lab.serve("srv", "dns-%d@%s:53" % (code, net.SITE["dns"]))
    time.sleep(0.8)
    lab.get("ph01", "https://%s/" % net.SITE["sam"], "-k")
    for url in ("http://%s/generate_204" % CHECK, "https://%s/" % PLAY):
        lab.get("ph01", url, seconds=6)
    lab.client("ph01", "ntp", net.SITE["ntp"], 1)
    return [want("blocked", ["google-", "x-"], cause, CHECK, None),
            want("blocked", "google-", cause, PLAY, 443)]


@scene(title="DNS: NXDOMAIN")
def dns_nxdomain(lab):
    return failing_names(lab, "dns-nxdomain", names={})


@scene(title="DNS: REFUSED")
def dns_refused(lab):
    return failing_names(lab, "dns-refused", code=5)


@scene(title="DNS: SERVFAIL")
def dns_servfail(lab):
    return failing_names(lab, "dns-servfail", code=2)


@scene(title="DNS: a blocker answers 0.0.0.0")
def dns_zero(lab):
    return failing_names(lab, "dns-sinkhole", "--address=/gstatic.com/google.com/0.0.0.0",
                         names={})


@scene(title="DNS: a blocker answers its own address, a page there says 302")
def dns_portal(lab):
    lab.serve("srv", "portal@%s:80" % net.PORTAL, "evil@%s:443" % net.PORTAL)
    wanted = failing_names(lab, "dns-sinkhole", names={CHECK: net.PORTAL, PLAY: net.PORTAL})
    for w in wanted:
        w["cause"] = ["dns-sinkhole", "captive-portal"]
        w["kind"] = ["blocked", "intercepted"]
    return wanted + [may(["blocked", "intercepted"], ["google-", "x-"], None, n)
                     for n in (CHECK, PLAY)]


@scene(title="DNS: no reply")
def dns_silent(lab):
    internet(lab)
    site(lab)
    lab.dns()
    lab.nft(drop("udp dport 53"))
    time.sleep(0.8)
    lab.get("ph01", "https://%s/" % net.SITE["sam"], "-k")
    lab.client("ph01", "dns", CHECK, 3)
    return [want("blocked", "net-dns", ["no-reply", "dns-no-reply"], None, 53),
            may("blocked", ["google-", "x-"], "dns-no-reply", CHECK)]


@scene(title="DNS: the first question is lost, the second answered")
def dns_late(lab):
    ordinary(lab)
    morning(lab)
    lab.nft(drop("udp dport 53"))
    get = lab.get("ph01", "https://%s/" % PLAY, wait=False)
    time.sleep(2.5)
    lab.nft("")
    get.wait()
    return []


@scene(title="the check is answered by a portal that the firewall puts in the way")
def portal(lab):
    ordinary(lab)
    lab.serve("fw", "portal@10.20.0.1:8080")
    lab.exec("fw", "nft", "add rule ip n inwards iifname phones tcp dport 80 redirect to :8080")
    time.sleep(0.5)
    lab.get("ph01", "https://sam.corp.example/")
    for _ in range(2):
        lab.get("ph01", "http://%s/generate_204" % CHECK)
    return [want("blocked", ["google-", "x-connectivity"], "captive-portal", CHECK, 80)]


# --- IPv6 ---

@scene(title="Happy Eyeballs: IPv6 dropped, IPv4 works", v6=True)
def happy_eyeballs(lab):
    lab.internet_v6()
    internet(lab)
    site(lab)
    lab.dns("--host-record=%s,%s" % (PLAY, net.V6))
    lab.serve("net", "tls@[%s]:443" % net.V6)
    lab.nft("        meta nfproto ipv6 tcp dport 443 drop\n")
    time.sleep(0.8)
    morning(lab)
    for _ in range(3):
        lab.get("ph01", "https://%s/" % PLAY)
    return []


@scene(title="IPv6 dropped for long, then IPv4 works", v6=True)
def v6_dropped_v4_ok(lab):
    lab.internet_v6()
    internet(lab)
    site(lab)
    lab.dns("--host-record=%s,%s" % (PLAY, net.V6))
    lab.nft("        meta nfproto ipv6 tcp dport 443 drop\n")
    time.sleep(0.8)
    morning(lab)
    lab.get("ph01", "https://%s/" % PLAY, "-6", seconds=7)
    lab.get("ph01", "https://%s/" % PLAY, "-4", seconds=7)
    return []


# --- DHCP ---

@scene(title="DHCP works through a relay, then the phone works", address=False)
def dhcp_good(lab):
    ordinary(lab)
    lab.dhcp()
    time.sleep(0.5)
    lab.start("ph01", "udhcpc", "-i", "wlan0", "-n", "-q", "-f", "-s", "/bin/true", "-V",
              "android-dhcp-10", "-x", "hostname:versity").wait()
    lab.ip("ph01", "addr", "add", "10.20.0.101/24", "dev", "wlan0")
    lab.ip("ph01", "route", "add", "default", "via", "10.20.0.1", check=False)
    morning(lab)
    return []


@scene(title="DHCP: nobody offers", address=False, phones=2)
def dhcp_silent(lab):
    ordinary(lab)
    time.sleep(0.5)
    for _ in range(2):
        lab.start("ph01", "udhcpc", "-i", "wlan0", "-n", "-q", "-f", "-t", "4", "-T", "3",
                  "-s", "/bin/true", "-V", "android-dhcp-10").wait()
        morning(lab, "ph02")
    return [want("blocked", "net-dhcp", "no-reply", None, 67)]


# --- who is it, and who is not ---

@scene(title="another host scans the phone", phones=1)
def scanned(lab):
    ordinary(lab)
    morning(lab)
    lab.start("srv", net.PYTHON, os.path.join(net.HERE, "client.py"), lab.scratch, "scan",
              "10.20.0.101", 20, 60).wait()
    return [want("unexpected-inbound", None, "scan")]


@scene(title="the phone scans a host")
def scanning(lab):
    ordinary(lab)
    morning(lab)
    lab.client("ph01", "scan", net.UNLISTED, 20, 60)
    return [want("unexpected", None, "scan")]


@scene(title="SAM triggers a heartbeat: the phone takes it, and once it does not")
def sam_trigger(lab):
    ordinary(lab)
    morning(lab)
    lab.client("ph01", "listen", 9090, 5, wait=False)
    time.sleep(0.5)
    for _ in range(2):
        trigger(lab)
    lab.get("ph01", "https://sam.corp.example/")
    return [may(["refused", "degraded"], "sam-trigger", owner="phone")]


@scene(title="traffic that no row knows: telnet, a tracker, UDP")
def unexpected(lab):
    ordinary(lab)
    lab.serve("net", "tls@%s:443" % net.OTHERS["tracker.example.net"])
    lab.serve("srv", "shut@%s:23" % net.UNLISTED)
    morning(lab)
    lab.client("ph01", "tcp", net.UNLISTED, 23, 2)
    lab.client("ph01", "udp", net.UNLISTED, 6666, "hello", 3)
    lab.client("ph01", "tls", "tracker.example.net", 443, 3)
    return [want("unexpected", None, None, None, 23),
            want("unexpected", None, None, None, 6666),
            want("unexpected", None, None, "tracker.example.net", 443, bare=False)]


@scene(title="two phones, one of them stopped", phones=2)
def siblings(lab):
    ordinary(lab)
    lab.nft(drop("ip saddr 10.20.0.101 tcp dport 5228-5230"))
    for phone in ("ph01", "ph02"):
        morning(lab, phone)
    pushes = [lab.client(p, "push", MTALK, 5228, 4, wait=False) for p in ("ph01", "ph02")]
    for push in pushes:
        push.wait()
    return [want("blocked", ["google-fcm", "x-fcm"], "syn-drop", MTALK, 5228,
                 scope="phone")]


@scene(title="five phones, all of them stopped", phones=5)
def fleet(lab):
    ordinary(lab)
    lab.nft(drop("tcp dport 5228-5230"))
    pushes = []
    for phone in lab.phones:
        morning(lab, phone)
        pushes.append(lab.client(phone, "push", MTALK, 5228, 1, wait=False))
    for push in pushes:
        push.wait()
    return [want("blocked", ["google-fcm", "x-fcm"], "syn-drop", MTALK, 5228, phone=i,
                 scope=["fleet", "subnet"]) for i in range(1, 6)]


# --- where the mirror stands ---

def mixed_day(lab):
    ordinary(lab)
    lab.nft(drop("tcp dport 5228-5230"))
    morning(lab)
    lab.client("ph01", "push", MTALK, 5228, 1)
    lab.get("ph01", "https://%s/" % PLAY)
    return [want("blocked", ["google-fcm", "x-fcm"], "syn-drop", MTALK, 5228)]


@scene(title="each packet from both sides of the router: TTL one less, other MACs",
       also=("srv", "eth0"))
def both_sides(lab):
    ordinary(lab)
    lab.nft("        ip daddr %s tcp dport 443 reject with tcp reset\n" % net.SITE["sam"])
    lab.get("ph01", "http://%s/generate_204" % CHECK)
    lab.client("ph01", "ntp", net.SITE["ntp"], 1)
    lab.get("ph01", "http://update.corp.example/firmware")
    lab.get("ph01", "https://sam.corp.example/")
    return [want("blocked", "sam-heartbeat", "tcp-reset", None, 443, bare=False)]


@scene(title="behind the firewall and its NAT: what it dropped is not to be seen",
       at=("fw", "wan"))
def outside(lab):
    mixed_day(lab)
    return []


@scene(title="on the servers' side: phones are known by their network only",
       at=("srv", "eth0"))
def server_side(lab):
    mixed_day(lab)
    lab.client("ph01", "ntp", net.SITE["ntp"], 1)
    return []


@scene(title="the mirror carries only what the phones send",
       expression="ether src 00:90:7a:12:34:01")
def only_sent(lab):
    mixed_day(lab)
    return [may("blocked", ["google-fcm", "x-fcm"], "syn-drop", None, 5228)]


@scene(title="the mirror carries only what comes to the phones",
       expression="not ether src 00:90:7a:12:34:01")
def only_received(lab):
    mixed_day(lab)
    return []


# --- a proxy ---

def via_proxy(lab, kind):
    ordinary(lab)
    lab.serve("srv", "%s@%s:3128" % (kind, net.PROXY))
    morning(lab)
    for name in (PLAY, "accounts.google.com"):
        lab.get("ph01", "https://%s/" % name, "-x", "http://%s:3128" % net.PROXY)


@scene(title="a proxy (CONNECT), known to the site file", roles={"http-proxy": [net.PROXY]})
def proxy_good(lab):
    via_proxy(lab, "proxy")
    return []


@scene(title="a proxy that denies play.google.com", roles={"http-proxy": [net.PROXY]})
def proxy_denied(lab):
    via_proxy(lab, "deny")
    return [want("blocked", "google-", "proxy-denied", PLAY)]


# --- more of the same kind, where a judge is easily wrong ---

@scene(title="two phones' subnet behind a router, seen at the servers: one port is closed",
       at=("srv", "eth0"), site={"devices": {"subnets": ["10.20.0.0/24"]}})
def server_side_closed(lab):
    ordinary(lab)
    morning(lab)
    lab.get("ph01", "http://update.corp.example/firmware")
    lab.client("ph01", "tcp", net.SITE["ldap"], 389, 3)
    lab.client("ph01", "ntp", net.SITE["ntp"], 1)
    return [want("refused", "uc-ldap", None, None, 389, bare=False)]


@scene(title="seen at the servers: the firewall drops their answers on the way back",
       at=("srv", "eth0"), site={"devices": {"subnets": ["10.20.0.0/24"]}})
def answers_dropped(lab):
    ordinary(lab)
    lab.nft(drop("ip saddr %s tcp sport 80" % net.SITE["update"]))
    morning(lab)
    lab.get("ph01", "http://update.corp.example/firmware", seconds=8)
    return [may(["blocked", "no-answer"], "update-", None, None, 80)]


@scene(title="outside the NAT, which the site file names as the phones",
       at=("fw", "wan"), site={"devices": {"subnets": ["198.51.100.2/32"]}})
def outside_nat(lab):
    mixed_day(lab)
    return []


@scene(title="DNS: no service on the resolver, which says so by ICMP")
def dns_closed(lab):
    internet(lab)
    site(lab)
    time.sleep(0.8)
    lab.get("ph01", "https://%s/" % net.SITE["sam"], "-k")
    lab.client("ph01", "dns", CHECK, 2)
    lab.get("ph01", "http://%s/generate_204" % CHECK)
    return [want(["refused", "no-answer"], "net-dns", None, None, 53, bare=False)]


@scene(title="DNS: the firewall rejects it")
def dns_prohibited(lab):
    ordinary(lab)
    lab.nft("        udp dport 53 reject with icmp type admin-prohibited\n")
    lab.get("ph01", "https://%s/" % net.SITE["sam"], "-k")
    lab.client("ph01", "dns", CHECK, 2)
    lab.get("ph01", "http://%s/generate_204" % CHECK)
    return [want("blocked", "net-dns", "icmp-prohibited", None, 53, bare=False),
            may("blocked", ["google-", "x-"], "dns-no-reply", CHECK)]


@scene(title="DNS: the first resolver is deaf, the second answers")
def dns_second(lab):
    ordinary(lab)
    lab.nft(drop("ip daddr %s udp dport 53" % net.SITE["log"]))
    with open(lab.configs[lab.names.index("ph01")] + "/resolv.conf", "w") as file:
        file.write("options timeout:2\nnameserver %s\nnameserver %s\n" % (
            net.SITE["log"], net.SITE["dns"]))
    for name in (PLAY, "accounts.google.com"):
        lab.get("ph01", "https://%s/" % name)
    lab.get("ph01", "http://%s/generate_204" % CHECK)
    return [may(["degraded", "blocked", "unexpected"], [None, "net-dns"], None, None, 53)]


@scene(title="DNS: AAAA is never answered, A is")
def dns_no_aaaa(lab):
    ordinary(lab)
    lab.nft(drop("udp dport 53 @ih,%d,32 0x001c0001" % ((12 + len(PLAY) + 2) * 8)))
    morning(lab)
    lab.get("ph01", "https://%s/" % PLAY)
    lab.client("ph01", "dns", PLAY, 1)
    lab.get("ph01", "https://%s/" % PLAY, "-4")
    return []


@scene(title="push: 5228 to 5230 are dropped, 443 of the same host works")
def fcm_443(lab):
    ordinary(lab)
    lab.serve("net", "push@%s:443" % ADDRESS[MTALK])
    lab.nft(drop("tcp dport 5228-5230"))
    morning(lab)
    lab.client("ph01", "push", MTALK, "5228,443", 2)
    return [want(["degraded", "blocked"], ["google-fcm", "x-fcm"], "syn-drop", MTALK, 5228)]


@scene(title="push: the server's own ports are closed, 5230 is open")
def fcm_closed(lab):
    internet(lab, mtalk="push")
    site(lab)
    lab.dns()
    second = "142.250.110.189"
    lab.ip("net", "addr", "add", second + "/32", "dev", "lo")
    time.sleep(0.8)
    morning(lab)
    lab.client("ph01", "push", MTALK, 5228, 1)
    lab.client("ph01", "tcp", ADDRESS[PLAY], 5228, 2)
    return [may(["refused", "degraded"], ["google-fcm", "x-fcm"], None, None, 5228)]


@scene(title="a client that gives an address up after two SYNs and takes the next")
def short_syn(lab):
    ordinary(lab)
    second = "142.250.74.74"
    lab.nft(drop("ip daddr %s tcp dport 443" % second))
    morning(lab)
    for address, seconds in ((second, 1.6), (ADDRESS["www.googleapis.com"], 6)):
        lab.get("ph01", "https://www.googleapis.com/", "--resolve",
                "www.googleapis.com:443:" + address, seconds=seconds)
    return []


@scene(title="the certificate is of another name: the client goes away")
def bad_name(lab):
    ordinary(lab)
    morning(lab)
    for _ in range(2):
        lab.get("ph01", "https://other.google.com/", "--resolve",
                "other.google.com:443:" + ADDRESS[PLAY])
    return []


@scene(title="NTP: one of two servers is dropped, the other answers")
def ntp_second(lab):
    ordinary(lab)
    lab.serve("net", "ntp@%s:123" % ADDRESS["www.google.com"])
    lab.nft(drop("ip daddr %s udp dport 123" % net.SITE["ntp"]))
    morning(lab)
    lab.client("ph01", "ntp", net.SITE["ntp"], 3)
    lab.client("ph01", "ntp", ADDRESS["www.google.com"], 1)
    return [may(["degraded", "blocked"], "net-ntp", "no-reply", None, 123)]


def trigger(lab, seconds=3):
    text = "import socket; s = socket.create_connection(('10.20.0.101', 9090), %s, " \
           "('%s', 0)); s.sendall(b'go'); s.recv(9)" % (seconds, net.SITE["sam"])
    lab.start("srv", net.PYTHON, "-c", text).wait()


@scene(title="SAM's trigger is dropped by the firewall: nothing of it is here")
def sam_trigger_dropped(lab):
    ordinary(lab)
    lab.nft(drop("tcp dport 9090"))
    morning(lab)
    trigger(lab)
    morning(lab)
    return []


@scene(title="SAM's trigger reaches the switch, and the phone never says a word")
def sam_trigger_deaf(lab):
    ordinary(lab)
    lab.exec("ph01", "nft", "add table ip g; add chain ip g i { type filter hook input "
             "priority 0; }; add rule ip g i tcp dport 9090 drop")
    morning(lab)
    trigger(lab, 6)
    morning(lab)
    return [may(["blocked", "no-answer"], "sam-trigger", None, None, 9090)]


@scene(title="a narrow link on the way out whose ICMP is filtered: a large hello vanishes",
       mtu=1200)
def mtu_hello(lab):
    ordinary(lab)
    for name in ("isp", "far"):
        lab.exec(name, "nft", "add table ip g; add chain ip g o { type filter hook output "
                 "priority 0; }; add rule ip g o icmp type destination-unreachable drop")
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 9, 1800)
    return [want("blocked", "google-", ["mtu-blackhole", "hello-drop"], PLAY, 443)]


@scene(title="a filter on the Host of HTTP drops the request")
def http_dropped(lab):
    ordinary(lab)
    lab.nft(drop("ip daddr %s tcp dport 80 @ih,0,32 0x47455420" % net.SITE["update"]))
    morning(lab)
    lab.get("ph01", "http://update.corp.example/firmware", seconds=8)
    return [want("blocked", "update-http", None, None, 80, bare=False)]


@scene(title="a filter on the Host of HTTP resets the request")
def http_reset(lab):
    ordinary(lab)
    lab.nft("        ip daddr %s tcp dport 80 @ih,0,32 0x47455420 reject with tcp reset\n"
            % net.SITE["update"])
    morning(lab)
    lab.get("ph01", "http://update.corp.example/firmware", seconds=8)
    return [want("blocked", "update-http", None, None, 80, bare=False)]


@scene(title="the check over HTTP is dropped, over HTTPS it works")
def check_by_https(lab):
    ordinary(lab)
    lab.serve("net", "tls@%s:443" % ADDRESS[CHECK])
    lab.nft(drop("ip daddr %s tcp dport 80" % ADDRESS[CHECK]))
    time.sleep(0.5)
    lab.get("ph01", "https://sam.corp.example/")
    get = lab.get("ph01", "http://%s/generate_204" % CHECK, wait=False, seconds=14)
    lab.get("ph01", "https://%s/generate_204" % CHECK)
    get.wait()
    lab.get("ph01", "https://sam.corp.example/")
    return [want(["degraded", "blocked"], ["google-connectivity", "x-connectivity"],
                 "syn-drop", CHECK, 80)]


@scene(title="the firewall drops three packets of ten for a while: all works in the end")
def lossy(lab):
    ordinary(lab)
    lab.nft("        numgen random mod 10 < 3 drop\n")
    for _ in range(3):
        lab.get("ph01", "http://%s/generate_204" % CHECK, seconds=20)
        lab.get("ph01", "https://%s/" % PLAY, seconds=20)
    lab.client("ph01", "ntp", net.SITE["ntp"], 4)
    lab.nft("")
    morning(lab)
    lab.get("ph01", "https://%s/" % PLAY)
    lab.client("ph01", "ntp", net.SITE["ntp"], 1)
    return []


@scene(title="the radio is gone for 9 s, seen on the phone: names and new connections fail",
       at=("ph01", "wlan0"), gaps=1)
def radio_gap_new(lab):
    ordinary(lab)
    morning(lab)
    push = lab.client("ph01", "push", MTALK, 5228, 14, wait=False)
    time.sleep(2)
    lab.ip("sw", "link", "set", "ph01", "nomaster")
    gets = [lab.get("ph01", "https://%s/" % PLAY, wait=False),
            lab.get("ph01", "https://www.googleapis.com/", "--resolve",
                    "www.googleapis.com:443:" + ADDRESS["www.googleapis.com"], wait=False,
                    seconds=7),
            lab.get("ph01", "https://%s/" % net.SITE["sam"], "-k", seconds=7, wait=False)]
    lab.client("ph01", "ntp1", net.SITE["ntp"], 3)
    lab.ip("sw", "link", "set", "ph01", "master", "br0")
    for child in gets + [push]:
        child.wait()
    morning(lab)
    return []


@scene(title="two names at one address, one of them filtered by its hello")
def shared_address(lab):
    ordinary(lab)
    lab.nft("        %s reject with tcp reset\n" % hello_match(lab, PLAY))
    morning(lab)
    lab.client("ph01", "tls", PLAY, 443, 4)
    for name in ("accounts.google.com", "www.googleapis.com"):
        lab.get("ph01", "https://%s/" % name, "--resolve",
                "%s:443:%s" % (name, ADDRESS[PLAY]))
    return [want("blocked", "google-", "hello-reset", PLAY, 443)]


@scene(title="EMM's cloud: one of its hosts is dropped")
def emm_dropped(lab):
    ordinary(lab)
    lab.serve("net", "tls@%s:443" % net.OTHERS["techp.awm.com"])
    lab.nft(drop("ip daddr %s tcp dport 443" % net.OTHERS["techp.awm.com"]))
    morning(lab)
    lab.get("ph01", "https://techp.awm.com/", seconds=8)
    return [want("blocked", "emm-", "syn-drop", "techp.awm.com", 443)]


@scene(title="a host of the Internet knocks at the phone")
def inbound(lab):
    ordinary(lab)
    lab.client("ph01", "listen", 8080, 6, wait=False)
    morning(lab)
    text = "import socket; s = socket.create_connection(('10.20.0.101', 8080), 3, " \
           "('%s', 0)); s.sendall(b'x'); s.recv(9)" % net.UNLISTED
    lab.start("srv", net.PYTHON, "-c", text).wait()
    return [want("unexpected-inbound", None, None, None, 8080)]


@scene(title="the directory accepts, and hangs; the log server is not there at all")
def hung_and_gone(lab):
    ordinary(lab)
    lab.serve("srv", "hang@%s:389" % net.SITE["ldap"])
    lab.nft(drop("ip daddr %s tcp dport 443" % net.SITE["log"]))
    morning(lab)
    lab.client("ph01", "tcp", net.SITE["ldap"], 389, 5)
    lab.client("ph01", "tls", "log.corp.example", 443, 7)
    return [want("no-answer", "uc-ldap", None, None, 389, bare=False),
            want(["blocked", "degraded"], "log-https", "syn-drop", None, 443, bare=False)]


@scene(title="two phones want the same dead host, the second when the router is about to "
       "give up", phones=2)
def dead_for_two(lab):
    internet(lab)
    site(lab)
    lab.ip("srv", "addr", "del", net.SITE["update"] + "/24", "dev", "eth0")
    lab.dns()
    time.sleep(0.8)
    for phone in lab.phones:
        morning(lab, phone)
    first = lab.get("ph01", "http://update.corp.example/firmware", seconds=6, wait=False)
    time.sleep(2.7)
    lab.get("ph02", "http://update.corp.example/firmware", seconds=6)
    first.wait()
    return [want("refused", "update-http", None, None, 80, phone=i, bare=False)
            for i in (1, 2)]


@scene(title="the radio is gone for 8 s, seen on the phone: push gives up and comes again",
       at=("ph01", "wlan0"))
def radio_gap_push(lab):
    ordinary(lab)
    lab.serve("srv", "quiet@%s:8883" % net.SITE["amie"])
    time.sleep(0.5)
    morning(lab)
    push = lab.client("ph01", "push", MTALK, 5228, 4, wait=False)
    other = lab.client("ph01", "push", "amie.corp.example", 8883, 12, wait=False)
    time.sleep(1.5)
    lab.ip("sw", "link", "set", "ph01", "nomaster")
    time.sleep(8)
    lab.ip("sw", "link", "set", "ph01", "master", "br0")
    push.wait()
    lab.client("ph01", "push", MTALK, 5228, 1)
    other.wait()
    return []


def bind(lab, password):
    lab.start("ph01", "ldapsearch", "-x", "-H", "ldap://" + net.SITE["ldap"], "-D",
              "cn=phone,dc=corp,dc=example", "-w", password, "-b", "dc=corp,dc=example",
              "sn=smith").wait()


@scene(title="the directory takes the phone's bind")
def bind_good(lab):
    ordinary(lab)
    lab.directory()
    morning(lab)
    time.sleep(1)
    bind(lab, "right")
    return []


@scene(title="the directory refuses the phone's bind: the password is wrong")
def bind_refused(lab):
    ordinary(lab)
    lab.directory()
    morning(lab)
    time.sleep(1)
    bind(lab, "wrong")
    return [want("advice", "uc-ldap", None, None, 389, bare=False)]


@scene(title="the directory refuses a wrong password, and takes the right one")
def bind_second(lab):
    ordinary(lab)
    lab.directory()
    morning(lab)
    time.sleep(1)
    bind(lab, "wrong")
    bind(lab, "right")
    return []


# --- recording ---

def read_pcap(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        yield struct.unpack_from("<II", data, at), data[at:at + 16 + length]
        at += 16 + length


def record(name, out):
    function, setup = SCENES[name]
    lab = net.Lab(setup.get("phones", 1), setup.get("v6", False), setup.get("mtu", 1500))
    try:
        if not setup.get("address", True):
            lab.ip("ph01", "addr", "flush", "dev", "wlan0")
        places = [setup.get("at", ("sw", "uplink"))] + [setup[k] for k in ("also",) if k in setup]
        paths = [os.path.join(lab.scratch, "%d.pcap" % i) for i in range(len(places))]
        taps = [lab.capture(path, *place, setup.get("expression", ""))
                for path, place in zip(paths, places)]
        wanted = function(lab)
        time.sleep(0.6)
        for tap in taps:
            tap.terminate()
            tap.wait()
        packets = sorted(p for path in paths for p in read_pcap(path))
        with open(paths[0], "rb") as file:
            head = file.read(24)
        with open(os.path.join(out, name + ".pcap"), "wb") as file:
            file.write(head + b"".join(p for _, p in packets))
        if os.environ.get("LAB_KEEP"):
            for log in sorted(glob.glob(lab.scratch + "/*.log")):
                with open(log) as file:
                    print(os.path.basename(log), file.read()[-300:])
    finally:
        lab.close()
    truth = {"title": setup["title"], "packets": len(packets), "findings": wanted,
             "does": inspect.getsource(function).split("\n", 2)[2].strip().split("\n")}
    for key in ("at", "also", "expression", "roles", "site", "gaps", "device_kind"):
        if key in setup:
            truth[key] = setup[key]
    with open(os.path.join(out, name + ".truth.json"), "w") as file:
        json.dump(truth, file, indent=1)
        file.write("\n")
    if not packets:
        sys.exit(name + ": nothing was captured")
    print("%s: %d packets" % (name, len(packets)), flush=True)


def main(module, usage):
    """Records the scenes that are asked for; without a name, all of the module."""
    parser = argparse.ArgumentParser(usage=usage.split("usage: ")[1].split("\n")[0])
    parser.add_argument("--out", default=os.path.join(net.HERE, "captures"))
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    own = [name for name, (function, _) in SCENES.items() if function.__module__ == module]
    for name in args.names or own:
        record(name, args.out)


if __name__ == "__main__":
    main(__name__, __doc__)
