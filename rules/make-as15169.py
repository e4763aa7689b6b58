#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Rewrite the set "as15169" of google.json from tables of address ranges.

usage: make-as15169.py VERSION AS_OF CSV...

CSV lines are "first,last,AS number,name"; the tables for both families are the files
asn-ipv4.csv and asn-ipv6.csv of the package @ip-location-db/asn (CC-BY-4.0; made from
RouteViews, NRO and DB-IP).  VERSION is that package's version, AS_OF its date.  Ranges
are joined and cut into the fewest prefixes.  The build does not run this.
"""
import csv
import ipaddress
import json
import os
import sys

AS_NUMBER = "15169"
WIDTH = 88


def dump(value, indent=0, lead=0):
    """JSON text: an object a key a line, a list of plain values filled to WIDTH."""
    pad = " " * (indent + 2)
    if isinstance(value, dict) and value:
        items = [pad + json.dumps(k) + ": "
                 + dump(v, indent + 2, len(pad) + len(json.dumps(k)) + 2)
                 for k, v in value.items()]
        return "{\n" + ",\n".join(items) + "\n" + " " * indent + "}"
    if isinstance(value, list) and value:
        texts = [dump(v, indent + 2) for v in value]
        flat = "[" + ", ".join(texts) + "]"
        if "\n" not in flat and lead + len(flat) < WIDTH:
            return flat
        if any(isinstance(v, (dict, list)) for v in value):
            return "[\n" + ",\n".join(pad + t for t in texts) + "\n" + " " * indent + "]"
        lines = [pad + texts[0]]
        for text in texts[1:]:
            if len(lines[-1]) + len(text) + 3 > WIDTH:
                lines[-1] += ","
                lines.append(pad + text)
            else:
                lines[-1] += ", " + text
        return "[\n" + "\n".join(lines) + "\n" + " " * indent + "]"
    return json.dumps(value, ensure_ascii=False)


def ranges_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        for first, last, number, *_ in csv.reader(file):
            if number == AS_NUMBER:
                yield (ipaddress.ip_address(first), ipaddress.ip_address(last))


def prefixes_of(paths):
    found = [p for path in paths for first, last in ranges_of(path)
             for p in ipaddress.summarize_address_range(first, last)]
    return [str(p) for version in (4, 6)
            for p in ipaddress.collapse_addresses(q for q in found if q.version == version)]


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    version, as_of, *tables = sys.argv[1:]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "google.json")
    with open(path, encoding="utf-8") as file:
        pack = json.load(file)
    prefixes = prefixes_of(tables)
    if not prefixes:
        sys.exit("no range of AS%s in %s: give the unpacked csv files" % (AS_NUMBER, tables))
    pack["sets"]["as15169"] = {
        "as_of": as_of,
        "source": "Package @ip-location-db/asn, version %s (CC-BY-4.0), made from "
                  "RouteViews, NRO and DB-IP" % version,
        "prefixes": prefixes,
    }
    with open(path, "w", encoding="utf-8") as file:
        file.write(dump(pack) + "\n")
    print("%s: %d prefixes" % (path, len(prefixes)))


if __name__ == "__main__":
    main()
