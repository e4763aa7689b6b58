#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Records what a browser does, and writes the truth beside each: scenes of record.py.

usage: browser.py [--out FOLDER] [NAME...]      as root; without a name, all

Chromium is the client, as near to a phone's as a machine has it: the same TLS and QUIC
library as Android's, and what it does about a certificate that it does not trust.  Caddy
serves HTTP/3.  As everything of the lab it stays within the namespaces of net.py.
"""
import os
import signal
import subprocess
import time

import net
import record
from record import ADDRESS, PLAY, may, morning, ordinary, scene, want

API, UPDATE = "www.googleapis.com", "update.googleapis.com"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-extensions", "--disable-default-apps", "--disable-domain-reliability",
         "--disable-client-side-phishing-detection", "--no-pings", "--dns-prefetch-disable",
         "--disable-features=OptimizationHints,MediaRouter,NetworkTimeServiceQuerying,"
         "AsyncDns,DialMediaRouteProvider,HttpsUpgrades,AutofillServerCommunication",
         "--disable-quic-dns-https-alpn"]


def trusting_home(lab):
    """A home directory whose certificate store holds the lab's authority."""
    home = os.path.join(lab.scratch, "home")
    store = os.path.join(home, ".pki", "nssdb")
    if not os.path.isdir(store):
        os.makedirs(store)
        net.run("certutil", "-d", "sql:" + store, "-N", "--empty-password")
        net.run("certutil", "-d", "sql:" + store, "-A", "-t", "C,,", "-n", "lab", "-i",
                os.path.join(lab.scratch, "ca.pem"))
    return home


def browse(lab, phone, url, seconds, *flags):
    """Looks at a page with a fresh profile, until it is there."""
    stay(lab, phone, url, seconds, "--dump-dom", *flags)


def stay(lab, phone, url, seconds, *flags):
    """The same, for so many seconds."""
    home = trusting_home(lab)
    profile = "--user-data-dir=%s/profile-%d" % (lab.scratch, len(lab.children))
    child = lab.start(phone, "env", "HOME=" + home, "setsid", "chromium", *FLAGS, profile, *flags,
                      url)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        pass
    end_session(child)


def end_session(child):
    """Chromium is many processes, in a session of their own."""
    for entry in os.listdir("/proc"):
        try:
            with open("/proc/%s/stat" % entry) as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if fields[3] == str(child.pid):
            try:
                os.kill(int(entry), signal.SIGKILL)
            except OSError:
                pass
    child.wait()


def intercept(lab, *options):
    """A proxy that puts itself in the way of all TLS, with certificates of its own."""
    lab.exec("fw", "nft", "add rule ip n inwards iifname phones tcp dport 443 redirect to :8443")
    lab.start("fw", "env", "HOME=" + lab.scratch, "mitmdump", "--mode", "transparent",
              "--listen-host", "10.20.0.1", "--listen-port", "8443", "--ssl-insecure", *options)
    time.sleep(4)


def h3(lab, *addresses):
    """Caddy with HTTP/3, and HTTP/2 over TCP beside it that offers it."""
    path = os.path.join(lab.scratch, "Caddyfile")
    with open(path, "w") as file:
        file.write("{\n admin off\n auto_https off\n}\n:443 {\n bind %s\n tls %s %s\n"
                   ' header Alt-Svc "h3=\\":443\\"; ma=3600"\n header Content-Type text/html\n'
                   " respond `<p>hello<script>let n = 0; setInterval(() => { if (n++ < 4) "
                   "fetch('/' + n) }, 900)</script>`\n}\n" % (
                       " ".join(addresses), os.path.join(lab.scratch, "ca-leaf.pem"),
                       os.path.join(lab.scratch, "ca-leaf.key")))
    lab.start("net", "env", "HOME=" + lab.scratch, "caddy", "run", "--config", path, "--adapter",
              "caddyfile")


def day(lab, play="tls@%s:443"):
    """An ordinary day, with names that a browser asks for by itself."""
    record.internet(lab, play=play)
    record.site(lab)
    lab.dns()
    lab.serve("net", "web@%s:80" % ADDRESS[UPDATE], "tls@%s:443" % ADDRESS[UPDATE])
    time.sleep(1)
    morning(lab)


def quic_day(lab):
    """play.google.com is Caddy's."""
    h3(lab, ADDRESS[PLAY])
    day(lab, play="tls@%s:9443")


FORCED = "--origin-to-force-quic-on=%s:443" % PLAY


@scene(title="Chromium over QUIC, version 1")
def quic_good(lab):
    quic_day(lab)
    browse(lab, "ph01", "https://%s/" % PLAY, 20, FORCED)
    return []


@scene(title="QUIC is dropped, Chromium goes over TCP")
def quic_dropped(lab):
    lab.nft("        udp dport 443 drop\n")
    quic_day(lab)
    stay(lab, "ph01", "https://%s/" % PLAY, 8)
    return []


@scene(title="QUIC is rejected with ICMP, Chromium goes over TCP")
def quic_rejected(lab):
    lab.nft("        udp dport 443 reject with icmp type admin-prohibited\n")
    quic_day(lab)
    stay(lab, "ph01", "https://%s/" % PLAY, 8)
    return []


@scene(title="Chromium, a trusted certificate")
def browser_good(lab):
    day(lab)
    for name in (PLAY, API):
        browse(lab, "ph01", "https://%s/" % name, 20)
    return []


def given_up(*names):
    """Chromium asks for two of Google's names by itself, too."""
    by_itself = [UPDATE, "accounts.google.com"]
    return ([want("intercepted", "google-", "tls-abort", n, 443) for n in names] +
            [may("intercepted", ["google-", "x-google"], "tls-abort", n, 443)
             for n in by_itself])


@scene(title="mitmproxy reads along, TLS 1.3: Chromium does not know its certificates")
def browser_intercepted(lab):
    day(lab)
    intercept(lab)
    for name in (PLAY, API, PLAY, API):
        browse(lab, "ph01", "https://%s/" % name, 12)
    return given_up(PLAY, API)


@scene(title="mitmproxy reads along, TLS 1.2: Chromium says certificate_unknown")
def browser_intercepted_12(lab):
    day(lab)
    intercept(lab, "--set", "tls_version_client_max=TLS1_2")
    for name in (PLAY, API):
        browse(lab, "ph01", "https://%s/" % name, 12)
    return given_up(PLAY, API)


@scene(title="one name of many has a stranger's certificate: its server may just be so")
def browser_one_name(lab):
    day(lab, play="evil@%s:443")
    for name in (PLAY, API, PLAY):
        browse(lab, "ph01", "https://%s/" % name, 12)
    return []


@scene(title="the site's own servers have certificates that no phone knows", phones=2)
def browser_own_servers(lab):
    record.internet(lab)
    lab.serve("srv", *["evil@%s:443" % net.SITE[name] for name in ("sam", "update")])
    lab.dns()
    lab.serve("net", "web@%s:80" % ADDRESS[UPDATE], "tls@%s:443" % ADDRESS[UPDATE])
    time.sleep(1)
    for phone in lab.phones:
        morning(lab, phone)
        for name in ("sam", "update"):
            browse(lab, phone, "https://%s.corp.example/" % name, 12)
    return [may("intercepted", [row], None, phone=phone)
            for row in ("sam-", "update-") for phone in (1, 2)]


@scene(title="a client goes away at the certificates of two names, once each")
def leaves_once(lab):
    day(lab)
    for name in (PLAY, API):
        lab.client("ph01", "leave", name, 443, 1)
    return []


@scene(title="a client goes away at the certificates of two names often, and works with them too")
def leaves_often(lab):
    day(lab)
    for name in (PLAY, API):
        lab.client("ph01", "leave", name, 443, 3)
        lab.get("ph01", "https://%s/" % name)
    return []


if __name__ == "__main__":
    record.main(__name__, __doc__)
