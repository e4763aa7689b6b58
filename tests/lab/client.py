#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a phone does, where curl does not do it.

usage: client.py FOLDER COMMAND...

  push NAME PORT[,PORT...] SECONDS [IDLE]   the first port that answers; then data for SECONDS,
                                            after IDLE seconds of silence
  tls NAME PORT SECONDS [BYTES]             a TLS connection whose hello has BYTES or more
  leave NAME PORT TIMES                     goes away once it has the server's certificate
  ntp ADDRESS TIMES                         as many requests of one socket, 3 s apart
  ntp1 ADDRESS TIMES                        the same, each of a socket of its own
  tcp ADDRESS PORT SECONDS                  connects, sends and waits
  listen PORT SECONDS                       accepts
  udp ADDRESS PORT TEXT TIMES               sends
  scan ADDRESS FIRST LAST                   connects to every port
  dns NAME TIMES                            asks, 5 s apart, of one socket
"""
import os
import socket
import ssl
import struct
import sys
import time

folder = ""
SERVER = "10.50.0.10"


def context(hello=0):
    made = ssl.create_default_context(cafile=os.path.join(folder, "ca.pem"))
    if hello:
        made.set_alpn_protocols(alpn(hello))
    return made


def alpn(size):
    """Protocols of 100 bytes each, so that the hello does not fit in one segment."""
    return ["lab/%02d/" % i + "-" * 93 for i in range(size // 101 + 1)]


def connect(name, port, seconds):
    for _, _, _, _, address in socket.getaddrinfo(name, port, socket.AF_INET,
                                                  socket.SOCK_STREAM):
        try:
            return socket.create_connection(address[:2], seconds)
        except OSError as e:
            print(name, port, e)
    return None


def push(name, ports, seconds, idle="0"):
    for port in ports.split(","):
        conn = connect(name, int(port), 6.5)
        if not conn:
            continue
        try:
            conn = context().wrap_socket(conn, server_hostname=name)
            conn.settimeout(9)
            conn.sendall(b"login" * 30)
            print(len(conn.recv(4096)))
            time.sleep(float(idle))
            end = time.time() + float(seconds)
            while time.time() < end:
                conn.sendall(b"beat" * 10)
                if not conn.recv(4096):
                    break
                time.sleep(0.5)
            conn.close()
            return
        except OSError as e:
            print(name, port, e)
            conn.close()


def tls(name, port, seconds, size="0"):
    conn = connect(name, int(port), float(seconds))
    if not conn:
        return
    try:
        conn = context(int(size)).wrap_socket(conn, server_hostname=name)
        conn.sendall(b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % name.encode())
        print(len(conn.recv(4096)))
    except OSError as e:
        print(name, port, e)
    conn.close()


def leave(name, port, times):
    for _ in range(int(times)):
        conn = connect(name, int(port), 5)
        out = ssl.MemoryBIO()
        try:
            context().wrap_bio(ssl.MemoryBIO(), out, server_hostname=name).do_handshake()
        except ssl.SSLWantReadError:
            pass
        conn.sendall(out.read())
        print(len(conn.recv(16384)))
        conn.close()


def ntp(address, times, own=False):
    conn = None
    for i in range(int(times)):
        if own or not conn:
            conn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            conn.settimeout(3)
        stamp = struct.pack(">II", int(time.time() + 2208988800), i)
        try:
            conn.sendto(b"\x23" + b"\0" * 39 + stamp, (address, 123))
            conn.recv(100)
            return
        except OSError as e:
            print(address, e)


def tcp(address, port, seconds):
    try:
        conn = socket.create_connection((address, int(port)), float(seconds))
        conn.settimeout(float(seconds))
        conn.sendall(b"heartbeat\r\n")
        print(conn.recv(100))
        conn.close()
    except OSError as e:
        print(address, port, e)


def listen(port, seconds):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", int(port)))
    listener.listen()
    listener.settimeout(float(seconds))
    try:
        conn, _ = listener.accept()
        conn.sendall(conn.recv(100))
        conn.close()
    except OSError as e:
        print(port, e)


def udp(address, port, text, times):
    conn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(int(times)):
        try:
            conn.sendto(text.encode(), (address, int(port)))
        except OSError as e:
            print(address, port, e)
        time.sleep(0.5)


def scan(address, first, last):
    for port in range(int(first), int(last) + 1):
        conn = socket.socket()
        conn.settimeout(0.05)
        conn.connect_ex((address, port))
        conn.close()


def dns(name, times):
    conn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    conn.settimeout(5)
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    for _ in range(int(times)):
        conn.sendto(b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1", (SERVER, 53))
        try:
            conn.recv(512)
            return
        except OSError as e:
            print(name, e)


COMMANDS = {"push": push, "tls": tls, "leave": leave, "ntp": ntp, "tcp": tcp, "listen": listen, "udp": udp,
            "scan": scan, "dns": dns, "ntp1": lambda a, n: ntp(a, n, own=True)}


def main():
    global folder
    if len(sys.argv) < 4 or sys.argv[2] not in COMMANDS:
        sys.exit(__doc__)
    folder = sys.argv[1]
    COMMANDS[sys.argv[2]](*sys.argv[3:])


if __name__ == "__main__":
    main()
