#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""One end of a call's audio: G.711 every 20 ms, and RTCP on the next port every second.

usage: voice_rtp.py ADDRESS PORT PEER PEER_PORT SECONDS [listen]

Its reports tell what it heard: one block, or none while it heard nothing.  "listen" keeps
the ports open, and sends nothing.
"""
import random
import socket
import struct
import sys
import time


def open_port(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    s.setblocking(False)
    return s


def drain(s):
    got = []
    try:
        while True:
            got.append(s.recv(2048))
    except (BlockingIOError, ConnectionError):
        return got


def report(ssrc, sent, heard):
    block = struct.pack("!IIIIII", heard[0], 0, heard[1], 0, 0, 0) if heard else b""
    head = struct.pack("!BBHI", 0x80 | bool(heard), 200, 6 + len(block) // 4, ssrc)
    return (head + struct.pack("!IIIII", 1, 2, sent * 160, sent, sent * 160) + block +
            struct.pack("!BBHI", 0x81, 202, 3, ssrc) + b"\x01\x03lab\0\0\0")


def main():
    address, port, peer, peer_port, seconds = sys.argv[1:6]
    rtp, rtcp = open_port(address, int(port)), open_port(address, int(port) + 1)
    ssrc, seq = random.getrandbits(32), random.getrandbits(16)
    heard, sent, start = None, 0, time.monotonic()
    if sys.argv[6:] == ["listen"]:
        time.sleep(float(seconds))
        return
    while time.monotonic() - start < float(seconds):
        packet = struct.pack("!BBHII", 0x80, 0, (seq + sent) & 0xFFFF, sent * 160, ssrc)
        try:
            rtp.sendto(packet + b"\xd5" * 160, (peer, int(peer_port)))
            if sent % 50 == 49:
                rtcp.sendto(report(ssrc, sent, heard), (peer, int(peer_port) + 1))
        except OSError as e:
            print(e)
        sent += 1
        for got in drain(rtp):
            heard = struct.unpack("!I", got[8:12])[0], struct.unpack("!H", got[2:4])[0]
        drain(rtcp)
        time.sleep(max(0, start + sent * 0.02 - time.monotonic()))
    print("sent", sent, "heard", heard)


if __name__ == "__main__":
    main()
