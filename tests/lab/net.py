# SPDX-License-Identifier: BSD-3-Clause
"""A network in namespaces: phones - switch (mirror) - firewall - site's servers, Internet.

    ph01..ph05   10.20.0.101.. MAC 00:90:7a:12:34:NN, one namespace each
    sw           a bridge; the capture is taken at its port toward the firewall
    fw           10.20.0.1, 10.50.0.1, 198.51.100.2: nftables, NAT, DHCP relay
    srv          10.50.0.10 and up: the site's servers
    isp, far     two routers with a narrow link between them, where a scenario wants one
    net          Google's and everybody else's addresses, TTL 118 when they leave

Nothing leaves the namespaces.  Their names hold the process id: two recordings may run at
once.  Needs root, iproute2, nftables, tcpdump, ethtool and dnsmasq.
"""
import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"
SITE = {"dns": "10.50.0.10", "ntp": "10.50.0.11", "sam": "10.50.0.12", "log": "10.50.0.13",
        "update": "10.50.0.14", "amie": "10.50.0.15", "ldap": "10.50.0.16",
        "sip": "10.50.0.17"}
GOOGLE = {"connectivitycheck.gstatic.com": "142.250.74.67",
          "play.google.com": "142.250.74.110", "www.google.com": "142.250.74.100",
          "accounts.google.com": "142.250.74.84", "www.googleapis.com": "142.250.74.42",
          "update.googleapis.com": "142.250.74.35", "mtalk.google.com": "142.250.110.188"}
OTHERS = {"techp.awm.com": "205.139.50.20", "tracker.example.net": "198.18.0.66"}
PROXY, PORTAL, UNLISTED, DEAD = "10.50.0.30", "10.50.0.66", "10.50.0.77", "10.50.0.99"
V6 = "2a00:1450:4001:80b::200e"


def run(*args, check=True, **more):
    done = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **more)
    if check and done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(map(str, args)), done.stdout))
    return done


class Lab:
    """Built when made, torn down by close()."""

    def __init__(self, phones=1, v6=False, mtu=1500):
        self.tag = "pl%d" % os.getpid()
        self.names, self.children, self.configs = [], [], []
        self.scratch = tempfile.mkdtemp(prefix="policap-lab-")
        self.v6 = v6
        self.phones = ["ph%02d" % (i + 1) for i in range(phones)]
        atexit.register(self.close)
        for name in ["sw", "fw", "srv", "isp", "far", "net"] + self.phones:
            self.add(name)
        self.wire_site()
        self.wire_internet(mtu)
        self.certificates()
        self.nft("")

    # --- namespaces, links, addresses ---

    def ns(self, name):
        return "%s-%s" % (self.tag, name)

    def add(self, name):
        run("ip", "netns", "add", self.ns(name))
        self.names.append(name)
        folder = "/etc/netns/" + self.ns(name)
        os.makedirs(folder)
        self.configs.append(folder)
        with open(folder + "/resolv.conf", "w") as file:
            file.write("nameserver %s\n" % SITE["dns"])
        for key in ("all", "default"):
            if not self.v6:
                self.sysctl(name, "net.ipv6.conf.%s.disable_ipv6" % key, 1)
            self.sysctl(name, "net.ipv6.conf.%s.accept_dad" % key, 0)
        self.ip(name, "link", "set", "lo", "up")

    def sysctl(self, name, key, value):
        self.exec(name, "sysctl", "-qw", "%s=%s" % (key, value))

    def exec(self, name, *args, check=True):
        return run("ip", "netns", "exec", self.ns(name), *args, check=check)

    def ip(self, name, *args, check=True):
        return run("ip", "-n", self.ns(name), *args, check=check)

    def start(self, name, *args):
        """A program in the background, ended with the lab."""
        log = open(os.path.join(self.scratch, "%s-%d.log" % (name, len(self.children))), "w")
        child = subprocess.Popen(["ip", "netns", "exec", self.ns(name)] +
                                 [str(a) for a in args], stdout=log, stderr=log)
        self.children.append(child)
        return child

    def link(self, a, a_if, b, b_if, mac=None, mtu=1500):
        self.ip(a, "link", "add", a_if, "type", "veth", "peer", "name", b_if, "netns",
                self.ns(b))
        if mac:
            self.ip(a, "link", "set", a_if, "address", mac)
        for name, interface in ((a, a_if), (b, b_if)):
            self.exec(name, "ethtool", "-K", interface, "tx", "off", "rx", "off", "tso",
                      "off", "gso", "off", "gro", "off", check=False)
            self.ip(name, "link", "set", interface, "mtu", mtu, "up")

    def wire_site(self):
        self.ip("sw", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        self.ip("sw", "link", "set", "br0", "up")
        self.link("fw", "phones", "sw", "uplink", mac="02:00:00:00:20:01")
        self.ip("sw", "link", "set", "uplink", "master", "br0")
        self.ip("fw", "addr", "add", "10.20.0.1/24", "dev", "phones")
        for i, phone in enumerate(self.phones, 1):
            self.link(phone, "wlan0", "sw", phone, mac="00:90:7a:12:34:%02d" % i)
            self.ip("sw", "link", "set", phone, "master", "br0")
            self.ip(phone, "addr", "add", "10.20.0.%d/24" % (100 + i), "dev", "wlan0")
            self.ip(phone, "route", "add", "default", "via", "10.20.0.1")
        self.link("fw", "site", "srv", "eth0", mac="02:00:00:00:50:01")
        self.ip("fw", "addr", "add", "10.50.0.1/24", "dev", "site")
        for address in list(SITE.values()) + [PROXY, PORTAL, UNLISTED]:
            self.ip("srv", "addr", "add", address + "/24", "dev", "eth0")
        self.ip("srv", "route", "add", "default", "via", "10.50.0.1")
        self.sysctl("fw", "net.ipv4.ip_forward", 1)
        if self.v6:
            self.wire_v6()

    def wire_v6(self):
        self.ip("fw", "-6", "addr", "add", "2001:db8:20::1/64", "dev", "phones")
        self.sysctl("fw", "net.ipv6.conf.all.forwarding", 1)
        for i, phone in enumerate(self.phones, 1):
            self.ip(phone, "-6", "addr", "add", "2001:db8:20::%d/64" % (100 + i), "dev",
                    "wlan0")
            self.ip(phone, "-6", "route", "add", "default", "via", "2001:db8:20::1")

    def wire_internet(self, mtu):
        self.link("fw", "wan", "isp", "in", mac="02:00:00:00:98:02")
        self.link("isp", "out", "far", "in", mtu=mtu)
        self.link("far", "out", "net", "eth0")
        for name, interface, address in (
                ("fw", "wan", "198.51.100.2/24"), ("isp", "in", "198.51.100.1/24"),
                ("isp", "out", "192.0.2.1/30"), ("far", "in", "192.0.2.2/30"),
                ("far", "out", "192.0.2.5/30"), ("net", "eth0", "192.0.2.6/30")):
            self.ip(name, "addr", "add", address, "dev", interface)
        for name in ("isp", "far"):
            self.sysctl(name, "net.ipv4.ip_forward", 1)
        for name, hop in (("fw", "198.51.100.1"), ("isp", "192.0.2.2"),
                          ("far", "192.0.2.6"), ("net", "192.0.2.5")):
            self.ip(name, "route", "add", "default", "via", hop)
        self.ip("far", "route", "add", "198.51.100.0/24", "via", "192.0.2.1")
        self.sysctl("net", "net.ipv4.ip_default_ttl", 120)  # 117 where the phones are.
        for address in list(GOOGLE.values()) + list(OTHERS.values()):
            self.ip("net", "addr", "add", address + "/32", "dev", "lo")

    def internet_v6(self):
        """A straight road for IPv6: the firewall knows Google's network itself."""
        self.link("fw", "wan6", "net", "eth6")
        self.ip("fw", "-6", "addr", "add", "2001:db8:98::1/64", "dev", "wan6")
        self.ip("net", "-6", "addr", "add", "2001:db8:98::2/64", "dev", "eth6")
        self.ip("net", "-6", "addr", "add", V6 + "/128", "dev", "lo")
        self.ip("net", "-6", "route", "add", "2001:db8:20::/64", "via", "2001:db8:98::1")
        self.ip("fw", "-6", "route", "add", "2a00:1450::/32", "via", "2001:db8:98::2")

    # --- the firewall ---

    def nft(self, rules, prerouting="", name="fw"):
        """Sets the forward chain, before what accepts all, and NAT toward the Internet."""
        text = """flush ruleset
table inet f {
    chain pre { type filter hook prerouting priority -150; %s }
    chain forward { type filter hook forward priority 0; policy accept;
%s
    }
}
table ip n {
    chain inwards { type nat hook prerouting priority -100; }
    chain outwards { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}
""" % (prerouting, rules)
        path = os.path.join(self.scratch, "rules.nft")
        with open(path, "w") as file:
            file.write(text)
        self.exec(name, "nft", "-f", path)

    # --- servers and clients ---

    def certificates(self):
        """An authority that the phones trust, and one of the man in the middle."""
        for who in ("ca", "evil"):
            run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                "-subj", "/CN=Lab %s" % who, "-keyout", who + ".key", "-out", who + ".pem",
                cwd=self.scratch)
        names = list(GOOGLE) + list(OTHERS) + [n + ".corp.example" for n in SITE]
        with open(os.path.join(self.scratch, "alt.txt"), "w") as file:
            file.write("subjectAltName=" + ",".join("DNS:" + n for n in names))
        for who in ("ca", "evil"):
            run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=lab",
                "-keyout", who + "-leaf.key", "-out", who + ".csr", cwd=self.scratch)
            run("openssl", "x509", "-req", "-in", who + ".csr", "-CA", who + ".pem",
                "-CAkey", who + ".key", "-CAcreateserial", "-days", "20", "-extfile",
                "alt.txt", "-out", who + "-leaf.pem", cwd=self.scratch)

    def serve(self, name, *what):
        """what: KIND@ADDRESS:PORT, see server.py."""
        self.start(name, PYTHON, os.path.join(HERE, "server.py"), self.scratch, *what)

    def dns(self, *more, names=None):
        """The site's resolver; 'more' are options of dnsmasq."""
        hosts = dict(GOOGLE, **OTHERS) if names is None else names
        records = ["--host-record=%s,%s" % (n, a) for n, a in hosts.items()]
        records += ["--host-record=%s.corp.example,%s" % (n, a) for n, a in SITE.items()]
        self.start("srv", "dnsmasq", "-k", "--no-resolv", "--no-hosts", "--conf-file=",
                   "--user=root", "--pid-file=", "--listen-address=" + SITE["dns"],
                   "--bind-interfaces", "--local=/#/", "--log-facility=-", *records, *more)

    def directory(self):
        """slapd, whose administrator is the one user."""
        place = os.path.join(self.scratch, "ldap")
        os.mkdir(place)
        with open(place + ".conf", "w") as file:
            file.write("include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\n"
                       "moduleload back_mdb\ndatabase mdb\nsuffix dc=corp,dc=example\n"
                       "directory %s\nrootdn cn=phone,dc=corp,dc=example\nrootpw right\n" % place)
        self.start("srv", "slapd", "-f", place + ".conf", "-d", "0", "-h",
                   "ldap://%s:389" % SITE["ldap"])

    def dhcp(self):
        """The firewall relays to the site's DHCP server."""
        self.start("srv", "dnsmasq", "-k", "--port=0", "--conf-file=", "--user=root",
                   "--pid-file=", "--dhcp-range=10.20.0.101,10.20.0.199,255.255.255.0,1h",
                   "--dhcp-leasefile=" + os.path.join(self.scratch, "leases"),
                   "--dhcp-option=3,10.20.0.1", "--dhcp-option=6," + SITE["dns"],
                   *["--dhcp-host=00:90:7a:12:34:%02d,10.20.0.%d" % (i, 100 + i)
                     for i in range(1, 10)])
        self.start("fw", "dnsmasq", "-k", "--port=0", "--conf-file=", "--user=root",
                   "--pid-file=", "--dhcp-relay=10.20.0.1," + SITE["dns"])

    def client(self, phone, *args, wait=True):
        """A command of client.py on a phone."""
        child = self.start(phone, PYTHON, os.path.join(HERE, "client.py"), self.scratch, *args)
        if wait:
            child.wait()
        return child

    def get(self, phone, url, *more, wait=True, seconds=12):
        child = self.start(phone, "curl", "-sS", "-o", "/dev/null", "--http1.1", "--cacert",
                           os.path.join(self.scratch, "ca.pem"), "--max-time", seconds,
                           "-A", "Dalvik/2.1.0 (Linux; U; Android 10; Versity)", *more, url)
        if wait:
            child.wait()
        return child

    # --- the mirror ---

    def capture(self, path, name="sw", interface="uplink", expression="", precision="micro"):
        child = self.start(name, "tcpdump", "-i", interface, "-s", "0", "-U", "-n",
                           "--immediate-mode", "-Z", "root", "--time-stamp-precision", precision,
                           "-w", path, *([expression] if expression else []))
        for _ in range(50):
            if os.path.exists(path):
                break
            time.sleep(0.1)
        time.sleep(0.3)
        return child

    def close(self):
        atexit.unregister(self.close)
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(2)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for name in self.names:
            run("ip", "netns", "del", self.ns(name), check=False)
        for folder in self.configs:
            shutil.rmtree(folder, ignore_errors=True)
        if not os.environ.get("LAB_KEEP"):
            shutil.rmtree(self.scratch, ignore_errors=True)
        self.names, self.children, self.configs = [], [], []
