#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hold reports on the lab's captures against their truth, with a site file and without.

usage: judge_lab.py POLICAP ROOT [NAME...]

ROOT is the repository.  NAME.truth.json lists the findings that a report must have, or
may have ("optional", or without a site file those that are not "bare"); any other finding
that accuses is wrong.  Of a wanted finding kind, row (start of its id), cause, name,
port, phone (its last byte, less 100), scope and owner are compared where they are given;
a list means one of these.  Exit status 1: something is wrong.
"""
import json
import os
import subprocess
import sys
import tempfile

QUIET = {"advice", "candidate", "not-seen"}
VERDICTS = {"pass": 0, "fail": 1, "inconclusive": 3}


def one_of(wanted):
    return wanted if isinstance(wanted, list) else [wanted]


def is_it(wanted, finding, bare=False):
    """Is this finding the one that is wanted?"""
    def fits(key, value):
        return wanted.get(key) is None or value in one_of(wanted[key])

    rows = one_of(wanted.get("row"))
    if bare and not wanted.get("bare", True):
        rows = [None]  # Who the peer is, only the site file tells.
    row_fits = None in rows or any(str(finding["row"]).startswith(r) for r in rows)
    names = {finding["peer"].get("name"), *finding["peer"].get("names", [])}
    ports = {finding["port"], *finding.get("ports", [])}
    device = finding["device"] or {}  # Advice may be of the whole fleet.
    phone, address = device.get("mac") or "", device.get("ip") or ""
    return (fits("kind", finding["kind"]) and row_fits and
            fits("cause", finding.get("cause")) and fits("scope", finding.get("scope")) and
            fits("owner", finding.get("owner")) and
            (wanted.get("name") is None or names & set(one_of(wanted["name"]))) and
            (wanted.get("port") is None or ports & set(one_of(wanted["port"]))) and
            (not device.get("key") or phone.endswith(":%02d" % wanted["phone"]) or
             address.endswith(".%d" % (100 + wanted["phone"]))))


def brief(finding):
    return "%s %s row %s cause %s %s/%s %s %s frames %s" % (
        finding["device"].get("ip"), finding["kind"], finding["row"], finding.get("cause"),
        finding.get("transport"), finding.get("port"), finding["peer"].get("name"),
        finding["peer"].get("ips"), finding["evidence"] and finding["evidence"][0]["frames"][:6])


def site_of(root, truth):
    with open(os.path.join(root, "pcaps", "site.json"), encoding="utf-8") as file:
        site = json.load(file)
    site["roles"].update(truth.get("roles", {}))
    site.update(truth.get("site", {}))
    return site


def run(binary, site, capture):
    """(report, what is wrong with the run)"""
    args = [binary, "check", "--format", "json"]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        if site:
            json.dump(site, file)
            file.flush()
            args += ["--site", file.name]
        done = subprocess.run(args + [capture], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError as e:
        return None, "no report: %s %s" % (e, done.stderr[-200:])
    if done.returncode != VERDICTS[report["verdict"]]:
        return None, "exit status %d with %s" % (done.returncode, report["verdict"])
    return report, None


def judge(truth, report, bare):
    """What is wrong, a line each."""
    findings = [f for f in report["findings"] if f["kind"] not in QUIET]
    for wanted in truth["findings"]:
        needed = not wanted.get("optional") and (wanted.get("bare", True) or not bare)
        advised = QUIET.issuperset(one_of(wanted["kind"]))
        if needed and not any(is_it(wanted, f, bare)
                              for f in (report["findings"] if advised else findings)):
            yield "missed: %s" % {k: v for k, v in wanted.items() if v is not None}
    for finding in findings:
        if not any(is_it(w, finding, bare) for w in truth["findings"]):
            yield "wrong: " + brief(finding)
    kinds = {d["kind"] for d in report["devices"]}
    if not bare and kinds - {truth.get("device_kind", "phone")}:
        yield "the devices are %s" % sorted(kinds)
    accused = [w for w in truth["findings"] if not QUIET.issuperset(one_of(w["kind"]))]
    fails = any(not w.get("optional") for w in accused)
    may_fail = bool(accused)
    if "verdict" in truth:
        good = one_of(truth["verdict"])
    elif bare or "at" in truth or "expression" in truth:
        good = ["pass", "inconclusive"] + (["fail"] if may_fail else [])
    else:
        good = ["fail"] if fails else ["pass", "fail"] if may_fail else ["pass"]
    gaps = [p for p in report["problems"] if p["kind"] == "link-gap"]
    if len(gaps) != truth.get("gaps", 0) or any(p["owner"] != "wlan" for p in gaps):
        yield "radio gaps: %s" % [p["gaps"] for p in gaps]
    if report["verdict"] not in good:
        yield "the verdict is %s, not %s" % (report["verdict"], " or ".join(good))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    binary, root, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    folder = os.path.join(root, "tests", "lab", "captures")
    end = ".truth.json"
    names = names or sorted(f[:-len(end)] for f in os.listdir(folder) if f.endswith(end))
    bad = 0
    for name in names:
        with open(os.path.join(folder, name + end), encoding="utf-8") as file:
            truth = json.load(file)
        for bare in (False, True):
            report, fault = run(binary, None if bare else site_of(root, truth),
                                os.path.join(folder, name + ".pcap"))
            lines = [fault] if fault else list(judge(truth, report, bare))
            bad += bool(lines)
            for line in lines:
                print("%s%s: %s" % (name, " (no site file)" if bare else "", line))
    print("%d captures, %d of %d reports wrong" % (len(names), bad, 2 * len(names)))
    return 1 if bad or not names else 0


if __name__ == "__main__":
    sys.exit(main())
