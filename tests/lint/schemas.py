#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hold each rule pack, the example site file and events against their JSON Schemas.

usage: schemas.py RULES_DIR

Exit 77 (skipped) where python3-jsonschema is missing.  That the schemas refuse what the
loader refuses is tried on a few bad files, or a schema of {} would pass.
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is missing")
    sys.exit(77)

HEAD = {"format": "policap-policy/1", "name": "p", "as_of": "2020-04-03"}
ROW = {"id": "a", "title": "t"}
BAD_PACKS = [
    {},
    dict(HEAD),
    dict(HEAD, rows=[], more=1),
    dict(HEAD, rows=[{"id": "a"}]),
    dict(HEAD, rows=[dict(ROW, prots=[1])]),
    dict(HEAD, rows=[dict(ROW, ports=[65536])]),
    dict(HEAD, rows=[dict(ROW, ports=["https"])]),
    dict(HEAD, rows=[dict(ROW, peers=["role:sam"])]),
    dict(HEAD, rows=[dict(ROW, peers=["google"])]),
    dict(HEAD, rows=[dict(ROW, transport=["sctp"])]),
    dict(HEAD, rows=[], sets={"x": {"prefixes": ["a.example"]}}),
]
BAD_SITES = [
    {},
    {"name": "s", "role": {}},
    {"name": "s", "roles": {"sam": []}},
    {"name": "s", "roles": {"sam-server": ["any"]}},
    {"name": "s", "google_out": "asn15169"},
    {"name": "s", "off": ["sam", "sam"]},
    {"name": "s", "devices": {"ouis": ["00:90:7a:12:34:01"]}},
]

STATS = {"timestamp": "2026-11-22T08:00:00.000001+0000", "event_type": "stats",
         "stats": {"uptime": 60, "decoder": {"pkts": 10, "bytes": 1000},
                   "capture": {"kernel_packets": 13, "kernel_drops": 3, "kernel_ifdrops": 2},
                   "tcp": {"ack_unseen_data": 4}},
         "host": "h", "in_iface": "i"}
ALERT = {"timestamp": "2026-11-22T08:00:00.000001+0000", "event_type": "alert",
         "src_ip": "10.20.0.101", "dest_ip": "142.250.110.188", "dest_port": 5228, "proto": "TCP",
         "alert": {"action": "allowed", "gid": 1, "signature_id": 9000001, "rev": 1,
                   "signature": "s", "category": "Policy Violation", "severity": 1, "metadata": {
                       "policap_verdict": ["blocked"], "policap_state": ["new"],
                       "policap_problem": ["p-1"], "policap_rule": ["google-fcm"],
                       "policap_policy": ["p@1"], "policap_devices": ["187"]}}}
HEALTH = {"timestamp": "2026-11-22T08:00:00.000001+0000", "event_type": "health", "in_iface": "i",
          "alert": {"action": "allowed", "gid": 1, "signature_id": 9000100, "rev": 1,
                    "signature": "s", "category": "Mirror Health", "severity": 2, "metadata": {
                        "policap_verdict": ["inconclusive"], "policap_state": ["new"],
                        "policap_health": ["silent"],
                        "policap_since": ["2026-11-22T07:59:00.000001+0000"]}}}
GOOD_EVENTS = [STATS, ALERT, HEALTH]
BAD_EVENTS = [
    {},
    dict(STATS, policap={}),
    dict(STATS, timestamp="2026-11-22T08:00:00.000001Z"),
    dict(ALERT, event_type="stats"),
    dict(ALERT, event_type="health"),
    dict(HEALTH, event_type="alert"),
    dict(ALERT, proto="tcp"),
    dict(ALERT, alert=dict(ALERT["alert"], metadata=dict(ALERT["alert"]["metadata"],
                                                         policap_rule="google-fcm"))),
    dict(ALERT, alert=dict(ALERT["alert"], metadata=dict(ALERT["alert"]["metadata"],
                                                         policap_devices=[187]))),
]


def main():
    rules = pathlib.Path(sys.argv[1])
    faults = 0
    packs = sorted(p for p in rules.rglob("*.json")
                   if not p.name.endswith(".schema.json") and not p.name.startswith("site."))
    files = [("policy", p) for p in packs] + [("site", rules / "site.example.json")]
    bad = [("policy", b) for b in BAD_PACKS] + [("site", b) for b in BAD_SITES]
    bad += [("eve", b) for b in BAD_EVENTS]
    schemas = {}
    for name in ("policy", "site", "eve"):
        schema = json.loads((rules / (name + ".schema.json")).read_text("utf-8"))
        jsonschema.Draft7Validator.check_schema(schema)
        schemas[name] = jsonschema.Draft7Validator(schema)
    for name, path in files:
        for error in schemas[name].iter_errors(json.loads(path.read_text("utf-8"))):
            print("%s: /%s: %s" % (path, "/".join(map(str, error.path)), error.message))
            faults += 1
    for event in GOOD_EVENTS:
        for error in schemas["eve"].iter_errors(event):
            print("eve.schema.json: %s: %s" % (event["event_type"], error.message))
            faults += 1
    for name, value in bad:
        if schemas[name].is_valid(value):
            print("%s.schema.json takes %s" % (name, json.dumps(value)))
            faults += 1
    print("%d files, %d bad ones, %d faults" % (len(files), len(bad), faults))
    return faults > 0 or len(packs) < 8


if __name__ == "__main__":
    sys.exit(main())
