#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Records the captures of calls, and writes the truth beside each: scenes of record.py.

usage: voice.py [--out FOLDER] [NAME...]      as root; without a name, all

sipp speaks SIP (Debian: sip-tester), on both sides or with Kamailio between;
voice_rtp.py is the audio.  As
everything of the lab it stays within the namespaces of net.py.
"""
import glob
import os
import time

import net
import record
from record import scene, want

PHONE, PBX, CLOUD = "10.20.0.101", net.SITE["sip"], "203.0.113.50"

HEAD = """Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
From: <sip:2001@corp.example>;tag=[call_number]
To: <sip:%s@corp.example>%s
Call-ID: [call_id]
CSeq: %d %s
Contact: <sip:2001@[local_ip]:[local_port]>
Max-Forwards: 70
"""
BACK = """[last_Via:]%s
[last_From:]
[last_To:];tag=far
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:pbx@[local_ip]:[local_port]>
"""
NO_BODY = "Content-Length: 0\n\n"


def sdp(address, port, more=""):
    return ("Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\n"
            "o=- 1 1 IN IP4 %s\ns=call\nc=IN IP4 %s\nt=0 0\nm=audio %d RTP/AVP 0\n"
            "a=rtpmap:0 PCMU/8000\n%s" % (address, address, port, more))


def send(text, retrans=False):
    return "<send%s><![CDATA[\n%s]]></send>" % (' retrans="500"' if retrans else "", text)


def play(lab, who, name, steps, *args, calls=1):
    """Starts sipp in a namespace with a scenario of these steps."""
    path = os.path.join(lab.scratch, "%s-%s.xml" % (name, who))
    with open(path, "w") as file:
        file.write('<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="%s">\n%s\n'
                   "</scenario>\n" % (name, "\n".join(steps)))
    return lab.start(who, "sipp", "-sf", path, "-m", calls, "-nostdin", *args)


def registers(lab, server=PBX, port=5060, transport="u1", phone=1):
    user, own = str(2000 + phone), port if port == 5060 else 40123
    head = "REGISTER sip:%s SIP/2.0\n" % server + HEAD % (user, "", 1, "REGISTER")
    return play(lab, "ph%02d" % phone, "register", [
        send(head + "Expires: 3600\n" + NO_BODY, retrans=True),
        '<recv response="200" optional="true" next="1"/>', '<recv response="403"/>',
        '<label id="1"/>'], "-i", "10.20.0.%d" % (100 + phone), "-p", own, "-t", transport,
                "%s:%d" % (server, port))


def registrar(lab, status, who="srv", address=PBX, seen="", port=5060, transport="u1",
              times=1):
    return play(lab, who, "registrar", [
        '<recv request="REGISTER"/>',
        send("SIP/2.0 %s\n" % status + BACK % seen + NO_BODY)], "-i", address, "-p", port, "-t",
                transport, calls=times)


def calls(lab, server=PBX, more=""):
    uri = "sip:2002@%s SIP/2.0\n" % server
    peer = ";tag=far"
    return play(lab, "ph01", "caller", [
        send("INVITE " + uri + HEAD % ("2002", "", 1, "INVITE") + sdp(PHONE, 2222, more),
             retrans=True),
        '<recv response="100" optional="true"/>', '<recv response="180" optional="true"/>',
        '<recv response="200"/>',
        send("ACK " + uri + HEAD % ("2002", peer, 1, "ACK") + NO_BODY),
        '<pause milliseconds="4600"/>',
        send("BYE " + uri + HEAD % ("2002", peer, 2, "BYE") + NO_BODY, retrans=True),
        '<recv response="200"/>'], "-i", PHONE, "-p", "5060", server)


def answers(lab, who="srv", address=PBX, seen="", more=""):
    return play(lab, who, "answerer", [
        '<recv request="INVITE"/>',
        send("SIP/2.0 180 Ringing\n" + BACK % seen + NO_BODY),
        '<pause milliseconds="300"/>',
        send("SIP/2.0 200 OK\n" + BACK % seen + sdp(address, 4012, more), retrans=True),
        '<recv request="ACK"/>', '<recv request="BYE"/>',
        send("SIP/2.0 200 OK\n" + BACK % seen + NO_BODY)], "-i", address, "-p", "5060")


def audio(lab, who="srv", address=PBX, far=True, near=True):
    tool = os.path.join(net.HERE, "voice_rtp.py")
    ends = [lab.start("ph01", net.PYTHON, tool, PHONE, 2222, address, 4012, 4.4,
                      *([] if near else ["listen"]))]
    ends.append(lab.start(who, net.PYTHON, tool, address, 4012, PHONE, 2222, 4.4,
                          *([] if far else ["listen"])))
    return ends


def call(lab, who="srv", server=PBX, seen="", offer="", answer="", **more):
    """A call of 4.6 s; the servers' resolver is there, so that the mirror is known to
    carry what comes back."""
    lab.dns()
    time.sleep(0.5)
    lab.client("ph01", "dns", "sip.corp.example", 1)
    answers(lab, who, server, seen, answer)
    time.sleep(0.5)
    caller = calls(lab, server, offer)
    time.sleep(0.7)
    for end in audio(lab, who, server, **more):
        end.wait()
    caller.wait()


@scene(title="a registration, and a call with audio both ways")
def call_good(lab):
    registrar(lab, "200 OK")
    time.sleep(0.5)
    registers(lab).wait()
    call(lab)
    return []


PROXY = """#!KAMAILIO
children=1
mpath="%s"
listen=udp:%s:5060
%s
request_route {
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("$td", "secret", "0")) {
            www_challenge("$td", "0");
            exit;
        }
        save("location");
        exit;
    }
    if (!lookup("location")) {
        sl_send_reply("404", "Not Found");
        exit;
    }
    t_relay();
}
"""
MODULES = ["kex", "tm", "sl", "pv", "maxfwd", "textops", "siputils", "usrloc", "registrar",
           "auth"]


def proxy(lab):
    """Kamailio, registrar and proxy of the site."""
    path = os.path.join(lab.scratch, "kamailio.cfg")
    places = glob.glob("/usr/lib/*/kamailio/modules")
    with open(path, "w") as file:
        file.write(PROXY % (places[0] if places else "", PBX,
                            "\n".join('loadmodule "%s.so"' % m for m in MODULES)))
    lab.start("srv", "kamailio", "-f", path, "-DD", "-E", "-Y", lab.scratch, "-m", "32")
    time.sleep(1)


def registers_as(lab, phone):
    """Challenged, and then let in."""
    user, own = 2000 + phone, "10.20.0.%d" % (100 + phone)
    head = "REGISTER sip:corp.example SIP/2.0\n"
    lines = HEAD.replace("sip:2001@corp", "sip:%d@corp" % user).replace(
        "Contact: <sip:2001@", "Contact: <sip:%d@" % user)
    play(lab, "ph%02d" % phone, "register", [
        send(head + lines % (user, "", 1, "REGISTER") + "Expires: 3600\n" + NO_BODY,
             retrans=True),
        '<recv response="401" auth="true"/>',
        send(head + lines % (user, "", 2, "REGISTER") + "[authentication username=%d "
             "password=secret]\nExpires: 3600\n" % user + NO_BODY, retrans=True),
        '<recv response="200"/>'], "-i", own, "-p", "5060", PBX).wait()


def call_between(lab, **more):
    """From one phone to the other by the proxy; the audio goes straight."""
    lab.dns()
    proxy(lab)
    for phone in (1, 2):
        registers_as(lab, phone)
    lab.client("ph01", "dns", "sip.corp.example", 1)
    answers(lab, "ph02", "10.20.0.102")
    time.sleep(0.5)
    caller = calls(lab)
    time.sleep(0.7)
    for end in audio(lab, "ph02", "10.20.0.102", **more):
        end.wait()
    caller.wait()


@scene(title="two phones register with a password, and call each other by a proxy", phones=2,
       at=("ph01", "wlan0"))
def call_by_proxy(lab):
    call_between(lab)
    return []


@scene(title="the Wi-Fi drops audio between phones, one way", phones=2, at=("ph01", "wlan0"))
def call_isolated(lab):
    lab.exec("sw", "nft", "add table bridge b; add chain bridge b f { type filter hook forward "
             "priority 0; }; add rule bridge b f ip saddr 10.20.0.102 udp sport { 4012, 4013 } "
             "drop")
    call_between(lab)
    return [want("blocked", "uc-rtp", "one-way-media", None, 2222),
            want("blocked", "uc-rtcp", "one-way-media", None, 2223),
            want("blocked", "uc-rtp", "one-way-media", None, 4012, phone=2),
            want("blocked", "uc-rtcp", "one-way-media", None, 4013, phone=2)]


@scene(title="the firewall drops the far end's audio")
def call_deaf_phone(lab):
    lab.nft('ip daddr 10.20.0.0/24 udp sport { 4012, 4013 } drop')
    call(lab)
    return [want("blocked", "uc-rtp", "one-way-media", None, 2222),
            want("blocked", "uc-rtcp", "one-way-media", None, 2223)]


@scene(title="the firewall drops the phone's audio behind the mirror")
def call_mute_phone(lab):
    lab.nft('ip saddr 10.20.0.0/24 udp dport { 4012, 4013 } drop')
    call(lab)
    return [want("blocked", "uc-rtp", "one-way-media", None, 2222)]


@scene(title="the firewall rejects the phone's audio with ICMP")
def call_rejected(lab):
    lab.nft('ip saddr 10.20.0.0/24 udp dport { 4012, 4013 } reject with icmp type '
            'admin-prohibited')
    call(lab)
    return [want("blocked", "uc-rtp", "icmp-prohibited", None, 2222),
            record.may("blocked", "uc-rtcp", ["icmp-prohibited", "one-way-media"], None, 2223)]


@scene(title="on hold from the start: the phone sends, and nothing comes")
def call_on_hold(lab):
    call(lab, offer="a=sendonly\n", answer="a=recvonly\n", far=False)
    return []


@scene(title="early media: the far end announces something, and never answers")
def call_early_media(lab):
    play(lab, "srv", "announcer", [
        '<recv request="INVITE"/>',
        send("SIP/2.0 183 Session Progress\n" + BACK % "" + sdp(PBX, 4012)),
        '<pause milliseconds="5200"/>',
        send("SIP/2.0 486 Busy Here\n" + BACK % "" + NO_BODY, retrans=True),
        '<recv request="ACK"/>'], "-i", PBX, "-p", "5060")
    time.sleep(0.5)
    uri = "sip:2002@%s SIP/2.0\n" % PBX
    caller = play(lab, "ph01", "caller", [
        send("INVITE " + uri + HEAD % ("2002", "", 1, "INVITE") + sdp(PHONE, 2222),
             retrans=True),
        '<recv response="183"/>', '<recv response="486"/>',
        send("ACK " + uri + HEAD % ("2002", ";tag=far", 1, "ACK") + NO_BODY)],
        "-i", PHONE, "-p", "5060", PBX)
    time.sleep(0.4)
    for end in audio(lab, near=False):
        end.wait()
    caller.wait()
    return []


@scene(title="the registrar says 403")
def register_refused(lab):
    registrar(lab, "403 Forbidden")
    time.sleep(0.5)
    registers(lab).wait()
    return [want("advice", "uc-sip", None, None, 5060)]


@scene(title="the registrar says 403, over TCP and at a port of the site's own",
       site={"rows": [{"id": "site-sip", "title": "SIP at the site's port", "group": "voice",
                       "judge_by": "role", "initiator": "any", "transport": ["tcp"],
                       "ports": [5065], "peers": ["role:call-server"], "wait_s": 32}]})
def register_refused_5065(lab):
    registrar(lab, "403 Forbidden", port=5065, transport="t1")
    time.sleep(0.5)
    registers(lab, port=5065, transport="t1").wait()
    return [want("advice", "site-sip", None, None, 5065, bare=False),
            record.may("unexpected", None, None, None, 5065)]


@scene(title="the firewall drops SIP, for longer than a phone asks")
def register_unanswered(lab):
    lab.nft('udp dport 5060 drop')
    lab.dns()
    time.sleep(0.5)
    asking = registers(lab)
    lab.client("ph01", "dns", "sip.corp.example", 1)
    asking.wait()
    time.sleep(2.5)
    lab.client("ph01", "dns", "sip.corp.example", 1)
    return [want("blocked", "uc-sip", "no-reply", None, 5060, bare=False)]


@scene(title="the firewall drops fragments: a long INVITE is lost, small requests are answered")
def call_fragments_lost(lab):
    lab.exec("fw", "nft", "add table ip g; add chain ip g p { type filter hook prerouting "
             "priority -450; }; add rule ip g p ip frag-off & 0x3fff != 0 drop")
    lab.dns()
    registrar(lab, "200 OK")
    time.sleep(0.5)
    registers(lab).wait()
    answers(lab)
    time.sleep(0.5)
    calls(lab, more="".join("a=fmtp:%d some words of a long offer\n" % i for i in range(60)))
    time.sleep(34)
    lab.client("ph01", "dns", "sip.corp.example", 1)
    return [want("blocked", "uc-sip", "fragments-lost", None, 5060, bare=False)]


@scene(title="the firewall drops SIP; the capture ends before the phone gives up")
def register_pending(lab):
    lab.nft('udp dport 5060 drop')
    lab.dns()
    time.sleep(0.5)
    registers(lab)
    lab.client("ph01", "dns", "sip.corp.example", 1)
    time.sleep(6)
    return []


@scene(title="a call server in the cloud, behind NAT: it sends audio to the private address",
       roles={"call-server": [CLOUD]})
def cloud_call_server(lab):
    lab.ip("net", "addr", "add", CLOUD + "/32", "dev", "lo")
    call(lab, "net", CLOUD, seen=";received=198.51.100.2;rport=5060")
    return [want("blocked", "uc-rtp", "one-way-media", None, 2222, bare=False),
            want("blocked", "uc-rtcp", "one-way-media", None, 2223, bare=False),
            want("advice", "uc-call-server", None, None, None)]


@scene(title="three phones behind NAT, seen outside",
       phones=3, at=("fw", "wan"), roles={"call-server": [CLOUD]}, device_kind="nat",
       site={"devices": {"subnets": ["198.51.100.2/32"]}})
def nat_users(lab):
    record.ordinary(lab)
    lab.ip("net", "addr", "add", CLOUD + "/32", "dev", "lo")
    registrar(lab, "200 OK", "net", CLOUD, times=6)
    time.sleep(1)
    for _ in range(2):
        for phone in (1, 2, 3):
            registers(lab, CLOUD, phone=phone).wait()
    for phone in lab.phones:
        lab.client(phone, "push", record.MTALK, "5228", 1)
    return [want("advice", "uc-call-server", None, None, None, bare=False)]


if __name__ == "__main__":
    record.main(__name__, __doc__)
