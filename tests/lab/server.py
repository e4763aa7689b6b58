#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The servers of the lab.

usage: server.py FOLDER KIND@ADDRESS:PORT...

FOLDER holds the certificates.  Kinds:
  web      HTTP: 204 for /generate_204, else 200       portal   HTTP: 302 to a log-in page
  tls      the same over TLS                           evil     the same, signed by a stranger
  slow     TLS, but the first answer takes 4 s         push     TLS, sends by itself
  quiet    TLS, sends when it is sent to
  hang     accepts, and never answers                  rst      resets after the first bytes
  shut     closes after the first bytes                weak     TLS that shares no cipher
  proxy    HTTP CONNECT                                deny     HTTP CONNECT: 403
  page403  HTTP: 403                                   page503  HTTP: 503
  ntp      NTP                                         kod      NTP: kiss of death
  dns-R    DNS: response code R to everything          sink     UDP: never answers
"""
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time

PAGES = {"web": b"", "tls": b"", "page403": b"403 Forbidden", "page503": b"503 Unavailable"}
folder = ""


def context(kind):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    who = "evil" if kind == "evil" else "ca"
    made.load_cert_chain(os.path.join(folder, who + "-leaf.pem"),
                         os.path.join(folder, who + "-leaf.key"))
    if kind == "weak":
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")  # The key is RSA.
    return made


def http(conn, kind):
    while True:
        head = conn.recv(4096)
        if not head:
            return
        if kind == "portal":
            status, body = b"302 Found\r\nLocation: http://portal.corp.example/", b"log in"
        elif PAGES.get(kind):
            status, body = PAGES[kind], b"no"
        elif b"/generate_204" in head:
            status, body = b"204 No Content", b""
        else:
            status, body = b"200 OK", b"x" * 900
        conn.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


def push(conn, kind):
    conn.settimeout(1 if kind == "push" else 60)
    while True:
        try:
            if not conn.recv(4096):
                return
        except socket.timeout:
            pass
        conn.sendall(b"push" * 10)


def tunnel(a, b):
    try:
        while True:
            data = a.recv(8192)
            if not data:
                break
            b.sendall(data)
    except OSError:
        pass
    try:
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def proxy(conn, kind):
    head = conn.recv(4096)
    if kind == "deny" and b"play.google.com" in head.split(b"\r\n")[0]:
        conn.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ndenied")
        return
    host, port = head.split()[1].decode().rsplit(":", 1)
    far = socket.create_connection((host, int(port)), 5)
    conn.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    thread = threading.Thread(target=tunnel, args=(conn, far), daemon=True)
    thread.start()
    tunnel(far, conn)
    thread.join()


def serve(conn, kind):
    try:
        if kind == "hang":
            conn.recv(4096)
            time.sleep(30)
        elif kind in ("rst", "shut"):
            conn.recv(4096)
            if kind == "rst":
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif kind in ("proxy", "deny"):
            proxy(conn, kind)
        else:
            if kind == "slow":
                time.sleep(4)
            if kind in ("tls", "evil", "slow", "push", "quiet", "weak"):
                conn = context(kind).wrap_socket(conn, server_side=True)
            push(conn, kind) if kind in ("push", "quiet") else http(conn, kind)
    except (OSError, ValueError):
        pass
    finally:
        conn.close()


def tcp(kind, address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(32)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, kind), daemon=True).start()


def ntp_answer(request, kind):
    now = struct.pack(">II", int(time.time() + 2208988800), 0)
    stratum, ref = (0, b"DENY") if kind == "kod" else (2, b"\x7f\0\0\1")
    return (bytes([0x24, stratum, 6, 0xec]) + b"\0" * 8 + ref + now + request[40:48] +
            now + now)


def udp(kind, address):
    conn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    conn.bind(address)
    while True:
        request, client = conn.recvfrom(2048)
        if kind in ("ntp", "kod"):
            conn.sendto(ntp_answer(request, kind), client)
        elif kind.startswith("dns-"):
            end = 12
            while request[end]:
                end += request[end] + 1
            head = request[:2] + bytes([0x81, 0x80 | int(kind[4:])]) + b"\0\1" + b"\0" * 6
            conn.sendto(head + request[12:end + 5], client)


def main():
    global folder
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder = sys.argv[1]
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    for what in sys.argv[2:]:
        kind, place = what.split("@")
        host, port = place.rsplit(":", 1)
        of = udp if kind in ("ntp", "kod", "sink") or kind.startswith("dns-") else tcp
        threading.Thread(target=of, args=(kind, (host.strip("[]"), int(port))),
                         daemon=True).start()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
