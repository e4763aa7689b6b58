#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hold each rule pack and the example site file against its JSON Schema.

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


def main():
    rules = pathlib.Path(sys.argv[1])
    faults = 0
    packs = sorted(p for p in rules.rglob("*.json")
                   if not p.name.endswith(".schema.json") and not p.name.startswith("site."))
    files = [("policy", p) for p in packs] + [("site", rules / "site.example.json")]
    bad = [("policy", b) for b in BAD_PACKS] + [("site", b) for b in BAD_SITES]
    schemas = {}
    for name in ("policy", "site"):
        schema = json.loads((rules / (name + ".schema.json")).read_text("utf-8"))
        jsonschema.Draft7Validator.check_schema(schema)
        schemas[name] = jsonschema.Draft7Validator(schema)
    for name, path in files:
        for error in schemas[name].iter_errors(json.loads(path.read_text("utf-8"))):
            print("%s: /%s: %s" % (path, "/".join(map(str, error.path)), error.message))
            faults += 1
    for name, value in bad:
        if schemas[name].is_valid(value):
            print("%s.schema.json takes %s" % (name, json.dumps(value)))
            faults += 1
    print("%d files, %d bad ones, %d faults" % (len(files), len(bad), faults))
    return faults > 0 or len(packs) < 8


if __name__ == "__main__":
    sys.exit(main())
