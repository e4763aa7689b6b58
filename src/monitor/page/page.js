"use strict";
// Shows report.json and asks for it again and again.  Names in it come from captures and
// are hostile: they only ever become text.

const EVERY_MS = 2000, MOST_PHONES = 500, MOST_PROBLEMS = 100;

// What a state is to the eye, and to who does not see colours.
const STATES = {
  "blocked": ["bad", "\u2715"], "refused": ["bad", "\u2715"], "intercepted": ["bad", "\u2715"],
  "no-answer": ["bad", "\u2715"], "degraded": ["warn", "!"], "candidate": ["idle", "?"],
  "pending": ["idle", "\u2026"], "unjudged": ["idle", "\u2013"], "hidden": ["idle", "\u2013"],
  "ok": ["good", "\u2713"], "ok-fallback": ["good", "\u2713"],
};
const LEGEND = [["ok", "works"], ["degraded", "in part"], ["blocked", "stopped"],
                ["candidate", "unproven"], ["pending", "waiting"], ["unjudged", "not judged"]];
const BAD = ["blocked", "refused", "intercepted", "no-answer"];

const $ = id => document.getElementById(id);
let shown = "", last = null, token = sessionStorage.getItem("token") || "";

function node(kind, text, style, ...children) {
  const out = document.createElement(kind);
  if (text !== null && text !== undefined) out.textContent = String(text);
  if (style) out.className = style;
  out.append(...children);
  return out;
}

const number = n => Number(n || 0).toLocaleString("en");

// Without the day, where it is the day of 'now'.
function clock(text, now) {
  if (!text) return "";
  const from = text.slice(0, 10) === now.slice(0, 10) ? 11 : 0;
  return text.slice(from, 16).replace("T", " ") + " UTC";
}

function span(from, to) {
  const minutes = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 60000));
  if (!(minutes >= 1)) return "just now";
  if (minutes < 120) return "for " + minutes + " min";
  return "for " + (minutes < 2880 ? Math.round(minutes / 60) + " h"
                                  : Math.round(minutes / 1440) + " days");
}

function tone(kind) {
  if (BAD.includes(kind)) return "bad";
  return ["advice", "candidate", "not-seen"].includes(kind) ? "idle" : "warn";
}

// --- what is wrong ---

// A problem with its findings: when it began, and whether it is over.
function problemOf(problem, report) {
  const own = report.findings.filter(f => f.problem === problem.id);
  const open = own.filter(f => !f.resolved);
  const of = open.length ? open : own;
  const times = of.map(f => f.first_seen).filter(Boolean).sort();
  const ends = own.map(f => f.last_seen).filter(Boolean).sort();
  return {problem, first: of[0], since: times[0], until: ends[ends.length - 1],
          over: own.length > 0 && open.length === 0};
}

function where(finding) {
  if (!finding) return "";
  const peer = finding.peer || {};
  const to = peer.name || (peer.ips || [])[0] || "";
  const ports = finding.ports && finding.ports.length > 1
    ? finding.ports.slice(0, 8).join(", ") : finding.port;
  return to + (ports ? " " + (finding.transport || "") + " " + ports : "");
}

function problemCard(p, report) {
  const {problem, first} = p, n = problem.devices.affected;
  const why = [problem.cause, problem.blocked_by && "by " + problem.blocked_by].filter(Boolean);
  const text = node("div", null, "text",
    node("h3", [problem.row || "no row", where(first)].filter(Boolean).join(" \u2192 ")),
    node("p", why.join(" "), "quiet"));
  if (first && first.means) text.append(node("p", first.means, "means"));
  if (first && first.do && !p.over) text.append(node("p", first.do));
  const when = node("div", null, "when", node("b", n + (n === 1 ? " phone" : " phones")));
  if (p.over) {
    when.append(node("span", "last seen"), node("span", clock(p.until, report.now)));
  } else if (p.since) {
    when.append(node("span", span(p.since, report.now)),
                node("span", "since " + clock(p.since, report.now)));
  }
  return node("article", null, "problem " + (p.over ? "over" : tone(problem.kind)),
    node("span", problem.kind, "pill " + (p.over ? "idle" : tone(problem.kind))), text, when);
}

function showProblems(report) {
  const all = report.problems.map(p => problemOf(p, report));
  const rank = p => ["bad", "warn", "idle"].indexOf(tone(p.problem.kind));
  const open = all.filter(p => !p.over).sort((a, b) => rank(a) - rank(b) ||
    b.problem.devices.affected - a.problem.devices.affected);
  const over = all.filter(p => p.over);
  $("n-problems").textContent = open.length || "";
  $("problems").replaceChildren(...(open.length
    ? open.slice(0, MOST_PROBLEMS).map(p => problemCard(p, report)) : [node("p", "Nothing is blocked, and nothing unexpected was seen.", "empty")]));
  if (open.length > MOST_PROBLEMS) {
    $("problems").append(node("p", "and " + (open.length - MOST_PROBLEMS) + " more", "quiet"));
  }
  $("over-box").hidden = over.length === 0;
  $("n-over").textContent = over.length;
  $("over").replaceChildren(...over.slice(0, MOST_PROBLEMS).map(p => problemCard(p, report)));
}

// --- phones by rows ---

const stateOf = state => STATES[state] || ["idle", "\u00b7"];

function phoneLine(phone, rows) {
  const name = phone.hostname || phone.ips[0] || phone.key;
  const line = node("tr", null, null, node("td", name, "who",
    node("small", name === phone.key ? "" : phone.key)));
  for (const row of rows) {
    const state = phone.rows[row], [style, sign] = stateOf(state);
    const cell = node("td", null, null, state ? node("i", sign, style) : "");
    cell.title = row + ": " + (state || "not seen");
    line.append(cell);
  }
  return line;
}

function showPhones(report) {
  const badness = phone => Object.values(phone.rows).filter(s => BAD.includes(s)).length * 1000 +
    Object.values(phone.rows).filter(s => s === "degraded").length;
  const find = $("find").value.trim().toLowerCase();
  const phones = report.devices.filter(p => !find ||
    [p.key, p.hostname, ...p.ips].some(t => t && t.toLowerCase().includes(find)));
  const seen = new Set(report.devices.flatMap(p => Object.keys(p.rows)));
  const rows = report.coverage.map(c => c.row).filter(row => seen.has(row));
  phones.sort((a, b) => badness(b) - badness(a));
  const head = node("tr", null, null, node("th", "", "who"),
    ...rows.map(row => node("th", null, "row", node("span", row))));
  $("n-phones").textContent = report.devices.length || "";
  $("phones").replaceChildren(...(phones.length ? [head] : []),
    ...phones.slice(0, MOST_PHONES).map(p => phoneLine(p, rows)));
  $("more-phones").textContent = report.devices.length === 0 ? "No phone was seen yet."
    : phones.length > MOST_PHONES ? "and " + (phones.length - MOST_PHONES) + " more: find them by address"
    : phones.length ? "" : "No phone has this in its address or name.";
}

// --- tables ---

function table(id, heads, lines) {
  const head = node("tr", null, null, ...heads.map(([text, style]) => node("th", text, style)));
  $(id).replaceChildren(...(lines.length ? [head] : []), ...lines.map(cells =>
    node("tr", null, null, ...cells.map((text, i) => node("td", text, heads[i][1])))));
}

function showUnlisted(report) {
  $("n-unlisted").textContent = report.unlisted.length || "";
  $("no-unlisted").hidden = report.unlisted.length > 0;
  table("unlisted", [["peer"], ["transport"], ["port", "n"], ["phones", "n"], ["flows", "n"],
                     ["bytes", "n"]],
    report.unlisted.map(u => [u.name || u.ips[0], u.transport, u.port, number(u.devices),
                              number(u.flows), number(u.bytes)]));
}

function showCapture(report, before) {
  const seen = report.visibility;
  $("trust").textContent = seen.trust;
  $("trust").className = "pill " + ({good: "good", limited: "warn", blind: "bad"}[seen.trust] || "");
  $("reasons").textContent = seen.reasons.join(" ");
  const rate = c => {
    const old = before && before.captures.find(b => b.path === c.path);
    const seconds = old ? (Date.parse(report.now) - Date.parse(before.now)) / 1000 : 0;
    return seconds > 0 ? number(Math.max(0, Math.round((c.packets - old.packets) / seconds))) : "";
  };
  table("captures", [["interface"], ["packets", "n"], ["a second", "n"], ["bytes", "n"],
                     ["dropped", "n"], ["copies", "n"], ["last packet"]],
    report.captures.map(c => [c.path, number(c.packets), rate(c), number(c.bytes),
                              number(c.dropped), number(c.duplicates),
                              c.last ? c.last.slice(11, 19) + " UTC" : "none yet"]));
  table("scopes", [["from"], ["to"], ["flows", "n"], ["both ways", "n"], ["trust"], [""]],
    seen.scopes.map(s => [s.from, s.to, number(s.flows), number(s.two_way), s.trust,
                          s.reasons.join(" ")]));
}

function show(report) {
  $("verdict").textContent = report.verdict;
  $("verdict").className = "pill " + ({pass: "good", fail: "bad"}[report.verdict] || "warn");
  $("site").textContent = report.policy.site || "no site file";
  $("as-of").textContent = report.now
    ? "as of " + report.now.slice(0, 19).replace("T", " ") + " UTC" : "no packet yet";
  document.title = (report.verdict === "fail" ? "\u2715 " : "") + "policap " + (report.policy.site || "");
  showProblems(report);
  showPhones(report);
  showUnlisted(report);
  showCapture(report, last);
  last = report;
  $("all").hidden = false;
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

async function ask() {
  const answer = await fetch("report.json",
    {headers: token ? {Authorization: "Bearer " + token} : {}, cache: "no-store"});
  $("login").hidden = answer.status !== 401;
  if (answer.status === 401) {
    $("all").hidden = true;
    shown = "";
    notice(token ? "This is not the token." : "");
  } else if (answer.ok) {
    const text = await answer.text();
    notice("");
    return text;
  } else {
    notice(answer.status === 503 ? "" : "The sensor answers: " + answer.status);
  }
  return "";
}

async function look() {
  let text = "";
  try {
    text = await ask();
  } catch (e) {
    notice("The sensor does not answer; what is shown is as old as it says.");
  }
  if (text && text !== shown) show(JSON.parse(shown = text));
}

async function follow() {
  try {
    await look();
  } finally {
    setTimeout(follow, EVERY_MS);
  }
}

$("login").addEventListener("submit", event => {
  event.preventDefault();
  token = $("token").value.trim();
  sessionStorage.setItem("token", token);
  look();
});
$("find").addEventListener("input", () => last && showPhones(last));
$("legend").replaceChildren(...LEGEND.map(([state, text]) =>
  node("span", null, null, node("b", stateOf(state)[1], stateOf(state)[0]), text)));
follow();
