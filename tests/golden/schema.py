#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hold reports, inspections and explanations against their schemas in rules/.

usage: schema.py POLICAP

Every golden case that gives a report is run and its report checked; so are the samples'
site file and the cases' own pack.  Reports made wrong on purpose must be refused.  Exit
status 77 if python3-jsonschema is missing.
"""
import json
import os
import sys

import golden


def load(path):
    with open(os.path.join(golden.ROOT, path), encoding="utf-8") as file:
        return json.load(file)


def complaints(schema, value):
    return ["%s: %s" % ("/".join(map(str, e.absolute_path)) or "(top)", e.message[:300])
            for e in schema.iter_errors(value)]


def broken(report):
    """Reports that no schema of ours may let through."""
    yield dict(report, more=1)
    yield {k: v for k, v in report.items() if k != "verdict"}
    yield dict(report, captures=1)
    yield dict(report, schema=report["schema"][:-1] + "2")
    for finding in report.get("findings", [])[:1]:
        yield dict(report, findings=[dict(finding, port="5228")])
        yield dict(report, findings=[{k: v for k, v in finding.items() if k != "id"}])


def check_reports(binary, schemas):
    bad, n = [], 0
    for case in golden.cases().values():
        if case.kind != "json":
            continue
        n += 1
        _, out, err = golden.run(binary, case)
        try:
            report = json.loads(out)
        except ValueError as e:
            bad.append((case.name, "%s %s" % (e, err[-300:])))
            continue
        schema = schemas.get(report.get("schema", "").partition("/")[0][len("policap-"):])
        if not schema:
            bad.append((case.name, "it is of no schema"))
            continue
        bad += [(case.name, text) for text in complaints(schema, report)]
        bad += [(case.name, "the schema accepts a broken report")
                for wrong in broken(report) if not complaints(schema, wrong)]
    print("%d reports checked" % n)
    return bad if n > 0 else [("cases", "none gives a report")]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        import jsonschema
    except ImportError:
        print("skipped: python3-jsonschema is not installed")
        return 77
    schemas = {}
    for kind in ("policy", "site", "report", "inspect", "explain"):
        text = load("rules/%s.schema.json" % kind)
        validator = jsonschema.validators.validator_for(text)
        validator.check_schema(text)
        schemas[kind] = validator(text)
    bad = check_reports(sys.argv[1], schemas)
    for path, kind in (("pcaps/site.json", "site"),
                       ("tests/golden/inputs/rules.json", "policy")):
        bad += [(path, text) for text in complaints(schemas[kind], load(path))]
    for place, text in bad:
        print("%s: %s" % (place, text))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
