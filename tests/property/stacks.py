#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A conversation is the same in whatever tunnels it is mirrored.

usage: stacks.py POLICAP [STACKS] [--seed N] [--keep FOLDER]

Wraps a short conversation of its own in each of STACKS random stacks of up to six
encapsulations, their headers made by scapy (CAPWAP, LWAPP and PBB, which it does not
know, and VXLAN-GPE by hand), and compares what `policap flows` says
with what was wrapped: every conversation once, by its inner addresses and ports, with
its packets each way; nothing else.  Exit status 77: scapy is not there.
"""
import argparse
import ipaddress
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

try:
    import logging
    logging.getLogger("scapy").setLevel(logging.ERROR)
    from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III, ERSPAN_PlatformSpecific
    from scapy.contrib.etherip import EtherIP
    from scapy.contrib.geneve import GENEVE, GeneveOptions
    from scapy.contrib.gtp import GTP_U_Header
    from scapy.contrib.mpls import EoMCW, MPLS
    from scapy.contrib.tzsp import TZSP, TZSPTagEnd, TZSPTagRawRSSIByte
    from scapy.layers.dot11 import Dot11, Dot11QoS
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Dot1AD, Dot1Q, Ether, GRE, LLC, SNAP
    from scapy.layers.l2tp import L2TP
    from scapy.layers.ppp import PPP, PPPoE
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import Raw
except ImportError as e:
    print("skipped: %s" % e)
    sys.exit(77)

MAX_DEPTH, A_FILE = 6, 1000
TRANSPORT_LEN = 48  # Of every inner packet's TCP or UDP, so that headers stay the same.


def mac(rng):
    return "02:" + ":".join("%02x" % rng.randrange(256) for _ in range(5))


def v4(rng):
    return "172.%d.%d.%d" % (rng.randrange(16, 32), rng.randrange(256), rng.randrange(1, 255))


def v6(rng):
    return "fd00::%x:%x" % (rng.randrange(1, 65536), rng.randrange(1, 65536))


def ether(rng):
    return Ether(src=mac(rng), dst=mac(rng))


def ip(rng, proto=None):
    """An outer IP header of either version.  Without 'proto' scapy sees what follows."""
    if rng.random() < 0.7:
        return IP(src=v4(rng), dst=v4(rng), id=rng.randrange(1, 65536), ttl=64,
                  **({"proto": proto} if proto else {}))
    return IPv6(src=v6(rng), dst=v6(rng), hlim=64, **({"nh": proto} if proto else {}))


def udp(rng, port, source=None):
    return ip(rng) / UDP(sport=source or rng.randrange(49152, 65536), dport=port)


def gre(rng, **fields):
    if rng.random() < 0.5:
        fields.update(key_present=1, key=rng.randrange(1 << 32))
    if rng.random() < 0.3 and "seqnum_present" not in fields:
        fields.update(seqnum_present=1, seqence_number=rng.randrange(1 << 32))
    return ip(rng) / GRE(**fields)


def geneve(rng):
    options = [GeneveOptions(classid=0x0102, type=3, data=b"opts" * rng.randrange(1, 4))]
    return udp(rng, 6081) / GENEVE(vni=rng.randrange(1 << 24),
                                   options=options if rng.random() < 0.4 else [])


def wifi(rng):
    """A data frame, in each of the four forms of addresses, with an IP packet in it."""
    bits = rng.randrange(4)
    head = Dot11(type=2, subtype=rng.choice((0, 8)), FCfield=bits, addr1=mac(rng),
                 addr2=mac(rng), addr3=mac(rng), addr4=mac(rng) if bits == 3 else None)
    if head.subtype == 8:
        head = head / Dot11QoS(TID=rng.randrange(8))
    return head / LLC(dsap=0xaa, ssap=0xaa, ctrl=3) / SNAP(OUI=0)


def erspan3(rng):
    head = gre(rng, proto=0x22eb, seqnum_present=1, seqence_number=rng.randrange(1 << 32)) / \
        ERSPAN_III(ver=2, vlan=rng.randrange(1, 4095), session_id=rng.randrange(1024), p=0, ft=0,
                   o=rng.randrange(2))
    return head / ERSPAN_PlatformSpecific() / ether(rng) if head[ERSPAN_III].o else \
        head / ether(rng)


def erspan1(rng):
    """Scapy's own has a header that type I does not have."""
    return ip(rng) / GRE(proto=0x88be) / ether(rng)


def capwap(rng, native):
    """RFC 5415 4.3: header of 8 or, with the radio's address, of 16 bytes; T is 'native'."""
    radio = rng.random() < 0.5
    head = struct.pack(">IHH", (4 if radio else 2) << 19 | 1 << 9 | (native << 8) | radio << 4,
                       0, 0)
    return udp(rng, 5247) / Raw(head + (b"\6abcdef\0" if radio else b""))


def lwapp(rng):
    """RFC 5412 3.3."""
    return udp(rng, 12222) / Raw(struct.pack(">BBHBB", rng.randrange(4) << 3, 0, 64, 0, 0))


def vxlan_gpe(rng):
    """draft-ietf-nvo3-vxlan-gpe: next is IP, by the version that 'ip' chose."""
    inner = ip(rng)
    head = struct.pack(">BHBI", 0x0c, 0, 1 if inner.version == 4 else 2, rng.randrange(1 << 24) << 8)
    return udp(rng, 4790) / Raw(head) / inner


def pbb(rng):
    """IEEE 802.1Q 9.7: what announces it is the type before."""
    return Raw(struct.pack(">I", rng.randrange(1 << 24))) / ether(rng)


def vlan(rng):
    return Dot1Q(vlan=rng.randrange(1, 4095), prio=rng.randrange(8))


def mpls(rng):
    labels = rng.randrange(1, 4)
    stack = None
    for i in range(labels):
        label = MPLS(label=rng.randrange(16, 1 << 20), s=int(i == labels - 1), ttl=64)
        stack = stack / label if stack else label
    return stack


# What stands behind an Ethernet header ("ether") or is an IP packet ("ip"), and what
# stands inside: "type" wants an EtherType's payload.
LAYERS = {
    "type": [
        ("vlan", lambda rng: vlan(rng), "type"),
        ("qinq", lambda rng: Dot1AD(vlan=rng.randrange(1, 4095)) / vlan(rng), "type"),
        ("mpls", mpls, "ip"),
        ("eompls", lambda rng: mpls(rng) / EoMCW(seq=rng.randrange(1, 65536)) / ether(rng),
         "type"),
        ("pbb", lambda rng: Dot1AD(vlan=rng.randrange(1, 4095), type=0x88e7) / pbb(rng), "type"),
        ("pppoe-qinq", lambda rng: Dot1AD(vlan=rng.randrange(1, 4095)) / vlan(rng) /
         PPPoE(sessionid=rng.randrange(1, 65536)) / PPP(), "ip"),
        ("pppoe", lambda rng: PPPoE(sessionid=rng.randrange(1, 65536)) / PPP(), "ip"),
        ("", None, "ip"), ("", None, "ip"), ("", None, "ip"), ("", None, "ip"),
    ],
    "ip": [
        ("ipip", lambda rng: ip(rng), "ip"),
        ("gre", lambda rng: gre(rng), "ip"),
        ("gre-mpls", lambda rng: gre(rng, proto=0x8847) / mpls(rng), "ip"),
        ("gretap", lambda rng: gre(rng, proto=0x6558) / ether(rng), "type"),
        ("erspan2", lambda rng: gre(rng, proto=0x88be, seqnum_present=1,
                                    seqence_number=rng.randrange(1 << 32)) /
         ERSPAN_II(ver=1, vlan=rng.randrange(1, 4095), session_id=rng.randrange(1024)) / ether(rng),
         "type"),
        ("erspan1", erspan1, "type"),
        ("erspan3", erspan3, "type"),
        ("gre-ppp", lambda rng: gre(rng, proto=0x880b) / PPP(), "ip"),
        ("aruba", lambda rng: gre(rng, proto=rng.randrange(0x8200, 0x8371)) / wifi(rng), "ip"),
        ("l2tp", lambda rng: udp(rng, 1701, 1701) /
         L2TP(hdr="", version=2, tunnel_id=7, session_id=8) / PPP(), "ip"),
        ("capwap-802.11", lambda rng: capwap(rng, 1) / wifi(rng), "ip"),
        ("capwap-802.3", lambda rng: capwap(rng, 0) / ether(rng), "type"),
        ("lwapp", lambda rng: lwapp(rng) / wifi(rng), "ip"),
        ("tzsp", lambda rng: udp(rng, 37008) / TZSP(encapsulated_protocol=1) /
         TZSPTagRawRSSIByte() / TZSPTagEnd() / ether(rng), "type"),
        ("tzsp-802.11", lambda rng: udp(rng, 37008) / TZSP(encapsulated_protocol=18) /
         TZSPTagEnd() / wifi(rng), "ip"),
        ("vxlan-gpe/ipip", vxlan_gpe, "ip"),
        ("etherip", lambda rng: ip(rng, 97) / EtherIP() / ether(rng), "type"),
        ("vxlan", lambda rng: udp(rng, 4789) / VXLAN(flags=8, vni=rng.randrange(1 << 24)) /
         ether(rng), "type"),
        ("geneve", lambda rng: geneve(rng) / ether(rng), "type"),
        ("gtp-u", lambda rng: udp(rng, 2152, 2152) /
         GTP_U_Header(gtp_type=255, teid=rng.randrange(1 << 32)), "ip"),
    ],
}


def make_stack(rng, inner):
    """Names of the layers, and the bytes in front of the inner IP packet."""
    depth = rng.randrange(MAX_DEPTH + 1)
    packet, inside, names = ether(rng), "type", []
    while len(names) < depth:
        name, layer, then = rng.choice(LAYERS[inside])
        if layer:
            packet = packet / layer(rng)
            names.append(name)
        inside = then
    return names, bytes(packet / inner)[:-len(inner)]


class Conversation:
    """One that no other stack has: the number is in its addresses."""

    def __init__(self, rng, number):
        self.rng = rng
        self.version = 4 if rng.random() < 0.7 else 6
        self.proto = rng.choice((6, 17))
        base = ("10.%d.%d.%d", "198.18.%d.%d") if self.version == 4 else (
            "fd01::%x:%x:%x", "2001:db8::%x:%x")
        high, low = number >> 8 & 255, number & 255
        self.client = ipaddress.ip_address(base[0] % (number >> 16 & 255, high, low))
        self.server = ipaddress.ip_address(base[1] % (high, low))
        self.ports = rng.randrange(20000, 30000), rng.choice((7777, 8080, 9999))
        self.packets = [0, 0]

    def inner(self):
        """As scapy makes it: what the headers around are computed over."""
        head = IP(src=str(self.client), dst=str(self.server)) if self.version == 4 else \
            IPv6(src=str(self.client), dst=str(self.server))
        head = head / (TCP(sport=self.ports[0], dport=self.ports[1]) if self.proto == 6
                       else UDP(sport=self.ports[0], dport=self.ports[1]))
        return head / Raw(b"x" * (TRANSPORT_LEN - (20 if self.proto == 6 else 8)))

    def transport(self, way, step):
        ports = struct.pack(">HH", *(self.ports if way == 0 else self.ports[::-1]))
        text = bytes(self.rng.randrange(97, 123) for _ in range(40))
        if self.proto == 17:
            return ports + struct.pack(">HH", TRANSPORT_LEN, 0) + text
        seq, ack = ((1000, 0), (2000, 1001), (1001, 2001), (2001, 1029), (1029, 2029))[step]
        if step < 2:  # SYN and its answer, with 28 bytes of options that do nothing.
            return ports + struct.pack(">IIBBHHH", seq, ack, 12 << 4, 2 if step == 0 else 18,
                                       64240, 0, 0) + b"\1" * 28
        return ports + struct.pack(">IIBBHHH", seq, ack, 5 << 4, 24, 64240, 0, 0) + text[:28]

    def train(self):
        """Inner IP packets, back and forth."""
        for step in range(self.rng.randrange(1, 6)):
            way = step % 2
            src, dst = (self.client, self.server)[::1 if way == 0 else -1]
            body = self.transport(way, step)
            if self.version == 4:
                head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body),
                                   self.rng.randrange(1, 65536), 0x4000, 64, self.proto, 0)
            else:
                head = struct.pack(">IHBB", 6 << 28, len(body), self.proto, 64)
            self.packets[way] += 1
            yield head + src.packed + dst.packed + body

    def key(self):
        return (str(self.client), self.ports[0], str(self.server), self.ports[1],
                "TCP" if self.proto == 6 else "UDP")


def write_file(path, rng, numbers):
    """A capture of one stack a number.  What it holds: key to packets and stack."""
    held, at = {}, 0
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for number in numbers:
            talk = Conversation(rng, number)
            names, front = make_stack(rng, talk.inner())
            for packet in talk.train():
                frame = front + packet
                at += 700
                out.write(struct.pack("<IIII", 1795334515 + at // 1000000, at % 1000000,
                                      len(frame), len(frame)) + frame)
            held[talk.key()] = (talk.packets, names)
    return held


def flows_of(binary, path):
    run = subprocess.run([binary, "flows", "--device", "any", path], capture_output=True,
                         text=True, timeout=600, check=True)
    for line in run.stdout.splitlines():
        flow = json.loads(line)
        yield (str(ipaddress.ip_address(flow["src_ip"])), flow.get("src_port"),
               str(ipaddress.ip_address(flow["dest_ip"])), flow.get("dest_port"),
               flow["proto"].upper()), [flow["flow"]["pkts_toserver"],
                                        flow["flow"]["pkts_toclient"]]


def wrong_in(binary, path, held):
    """Lines about what differs."""
    seen = {}
    for key, packets in flows_of(binary, path):
        if key in seen or key not in held:
            yield "%s: not wrapped, or twice" % (key,)
        elif packets != held[key][0]:
            yield "%s: %s packets, not %s, in %s" % (key, packets, *held[key])
        seen[key] = packets
    for key in held:
        if key not in seen:
            yield "%s: missing, in %s" % (key, held[key][1])


def run_part(binary, folder, seed, first, n):
    """What one process does: stacks 'first' and on."""
    bad = 0
    path = os.path.join(folder, "%d.pcap" % first)
    held = write_file(path, random.Random("%d %d" % (seed, first)), range(first, first + n))
    for i, line in enumerate(wrong_in(binary, path, held)):
        bad += 1
        if i < 20:
            print("%s: %s" % (os.path.basename(path), line))
    return bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("stacks", nargs="?", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep")
    args = parser.parse_args()
    print("seed %d" % args.seed)
    with tempfile.TemporaryDirectory() as folder:
        import concurrent.futures
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
            parts = [pool.submit(run_part, os.path.abspath(args.binary), args.keep or folder,
                                 args.seed, first, min(A_FILE, args.stacks - first))
                     for first in range(0, args.stacks, A_FILE)]
            bad = sum(part.result() for part in parts)
    print("%d stacks, %d wrong" % (args.stacks, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
