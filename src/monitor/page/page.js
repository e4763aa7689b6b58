"use strict";
// Shows report.json and asks for it again and again.  Names in it come from captures and
// are hostile: they only ever become text.

function cell(row, kind, text, style) {
  const out = document.createElement(kind);
  out.textContent = text === null || text === undefined ? "" : String(text);
  if (style) out.className = style;
  row.appendChild(out);
}

function table(id, heads, rows) {
  const out = document.getElementById(id);
  const fresh = [];
  const head = document.createElement("tr");
  for (const text of heads) cell(head, "th", text);
  fresh.push(head);
  for (const cells of rows) {
    const row = document.createElement("tr");
    for (const [text, style] of cells) cell(row, "td", text, style);
    fresh.push(row);
  }
  out.replaceChildren(...(rows.length ? fresh : []));
}

const time = text => text ? text.slice(0, 19).replace("T", " ") : "";

function problems(report) {
  return report.problems.map(p => {
    const own = report.findings.filter(f => f.problem === p.id);
    const since = own.map(f => f.first_seen).sort()[0];
    const peer = own.length ? own[0].peer.name || own[0].peer.ips[0] : "";
    const over = own.length > 0 && own.every(f => f.resolved);
    return [[over ? p.kind + ", over" : p.kind, over ? "ok" : p.kind], [p.row || "no row"],
            [peer], [own.length ? own[0].port : ""], [p.cause], [p.blocked_by],
            [p.devices.affected], [time(since)], [own.length ? own[0].do : ""]];
  });
}

function phones(report) {
  return report.devices.map(d => {
    const bad = Object.entries(d.rows).filter(([, s]) => s !== "ok" && s !== "candidate");
    const good = Object.values(d.rows).filter(s => s === "ok").length;
    return [[d.ips[0]], [d.key], [good, "ok"],
            [bad.map(([row, s]) => row + ": " + s).join(", "), bad.length ? bad[0][1] : ""]];
  });
}

function show(report) {
  const verdict = document.getElementById("verdict");
  verdict.textContent = report.verdict;
  verdict.className = report.verdict;
  document.getElementById("about").textContent =
    "As of " + time(report.now) + " UTC. Site: " + (report.policy.site || "no site file") +
    ". Trust: " + report.visibility.trust + ". " + report.visibility.reasons.join(" ") +
    (report.exact ? "" : " Memory was short for: " + report.limits_hit.join(", ") + ".");
  table("problems", ["kind", "row", "peer", "port", "cause", "by", "phones", "since (UTC)", "do"],
        problems(report));
  table("phones", ["address", "phone", "rows ok", "rows not ok"], phones(report));
  table("unlisted", ["name", "transport", "port", "phones", "flows", "bytes"],
        report.unlisted.map(u => [[u.name || u.ips[0]], [u.transport], [u.port], [u.devices],
                                  [u.flows], [u.bytes]]));
  table("captures", ["interface", "packets", "bytes", "dropped", "copies", "last (UTC)"],
        report.captures.map(c => [[c.path], [c.packets], [c.bytes], [c.dropped], [c.duplicates],
                                  [time(c.last)]]));
}

async function look() {
  try {
    const answer = await fetch("report.json");
    if (answer.ok) show(await answer.json());
  } catch (e) {
    document.getElementById("verdict").textContent = "the sensor does not answer";
  }
  setTimeout(look, 2000);
}

look();
