// One node in full; the run as a whole while none is chosen.

function details() {
  const panel = document.getElementById("details");
  const show = () => panel.replaceChildren(...(VIEW.chosen ? ofNode(VIEW.chosen) : ofRun()));
  VIEW.listeners.push((what) => {
    if (what !== "chosen") return;
    show();
    panel.scrollTop = 0;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !VIEW.chosen || document.querySelector("dialog") || event.target.closest("input")) return;
    const from = VIEW.from;
    choose(null);
    if (from?.isConnected) from.focus();
  });
  show();
}

function ofRun() {
  const failed = NODES.filter((node) => ["bad", "stopped"].includes(outcome(node)));
  const slow = NODES.filter((node) => node.seconds && !node.isPart).sort((a, b) => b.seconds - a.seconds).slice(0, 8);
  const chain = longestChain();
  const metrics = NODES.flatMap((node) => node.metrics.map((metric) => ({ ...metric, node })));
  const plots = NODES.flatMap((node) => node.plots.map((one) => ({ one, node })));
  return [
    el("div.bar", {}, el("h2", { tabindex: "-1" }, "This run")),
    section("Failed", failed.map((node) => link(node, el("small", {}, reason(node))))),
    section("Slowest", slow.map((node) => link(node, seconds(node.seconds)))),
    chain.length > 1 ? section(`Longest chain, ${seconds(chain.reduce((sum, node) => sum + (node.seconds ?? 0), 0))}`,
      [el("p.note", {}, "Each of these waited for the one before. To be faster, begin here.")], chain.map((node) => link(node, seconds(node.seconds)))) : null,
    section("Metrics", metrics.map(({ name, value, node }) => link(node, metricValue(value), name))),
    section("Plots", plots.map(({ one, node }) => link(node, "", one.name))),
    el("p.note.hint", {}, "Choose a node in the timeline, the graph or the table to see all about it."),
  ].filter(Boolean);
}

// The line of a message that tells most: dbt begins with where, and tells why in the next one.
function reason(node) {
  const lines = (node.message ?? "").split("\n").map((line) => line.trim()).filter(Boolean);
  return (/ in (model|script|test|seed|snapshot) /.test(lines[0]) ? lines[1] : lines[0]) ?? node.status;
}

// From what ended last back to what it waited for longest.
function longestChain() {
  const ended = (node) => node.until ?? -1;
  const last = (nodes) => nodes.reduce((found, node) => (found && ended(found) >= ended(node) ? found : node), null);
  const ran = NODES.filter((node) => !node.isPart && node.at !== null && outcome(node) !== "skipped");
  const chain = [];
  for (let node = last(ran); node && chain.length <= NODES.length; ) {
    chain.unshift(node);
    node = last(node.parents.map((id) => BY_ID.get(id)).filter((one) => one.at !== null));
  }
  return chain;
}

function ofNode(node) {
  const kind = outcome(node);
  const facts = [
    ["Table", node.relation && el("code", {}, node.relation)],
    ["Built as", node.materialized],
    ["File", node.path && el("code", {}, node.path)],
    ["Scripts", node.scripts.length ? el("code", {}, node.scripts.join(", ")) : null],
    ["Trained models", node.models.map((one) => `${one.action} ${one.name} version ${one.version}${one.asked === null ? "" : ` (${one.asked})`}`).join(", ")],
    ["Environment", node.environment],
    ["Answer", kind === "ok" && node.message !== "OK" ? node.message : null],
    ["Thread", node.lane],
    ["Began", node.at === null ? null : `${seconds(node.at) || "0 s"} into the run`],
    ["Took", node.seconds === null ? null : seconds(node.seconds)],
    ["Rows written", node.rows_written === null ? null : count(node.rows_written)],
    ["Failing rows", node.failures ? count(node.failures) : null],
    ["Peak memory", node.memory && `${bytes(node.memory.peak_bytes)} ${node.memory.measure === "own process" ? "of its own process" : "of the flow's process, which scripts share"}`],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  const told = node.message && !node.traceback && !["ok", "other"].includes(kind);
  return [
    el("div.bar", {},
      el("h2", { tabindex: "-1" }, node.name),
      el("span.grow"),
      el("button.icon", { type: "button", "aria-label": "Close", title: "Close (Esc)", onclick: () => choose(null) }, "✕")),
    el("p.head", {}, el(`span.pill.${kind}`, {}, `${GLYPHS[kind]} ${node.status}`), el(`span.tag.${node.language}`, {}, node.kind)),
    node.description ? el("p.note", {}, node.description) : null,
    told ? el(`pre.message.${kind}`, {}, node.message) : null,
    node.traceback ? section("Traceback", [el("pre.traceback", { tabindex: "0" }, node.traceback)]) : null,
    el("dl", {}, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    section("Metrics", [node.metrics.length ? el("div.metrics", {}, node.metrics.map((one) => el("div", {}, el("span", {}, one.name), el("b", {}, metricValue(one.value))))) : null]),
    section("Plots", node.plots.map(plot)),
    section("Output", [output(node)]),
    section("Read", [reads(node)]),
    section("Written", [writes(node)]),
    section("Ran inside it", node.parts.map((one) => link(one, seconds(one.seconds)))),
    section(node.isPart ? "Ran inside" : "Waited for", node.parents.map((id) => link(BY_ID.get(id), seconds(BY_ID.get(id).seconds)))),
    section("Waited for it", node.children.map((one) => link(one, seconds(one.seconds)))),
    el("p.note.id", {}, el("code", {}, node.id)),
  ].filter(Boolean);
}

function section(title, ...content) {
  const inside = content.flat().filter(Boolean);
  return inside.length ? el("section", {}, el("h3", {}, title), inside) : null;
}

function link(node, note, name = node.name) {
  return el("button.link", { type: "button", onclick: () => choose(node, { focus: true }) },
    el(`i.dot.${node.language}`, { "aria-hidden": "true" }), glyph(node), el("span.name", {}, name), note instanceof Node ? note : el("small.whole", {}, note));
}

function output(node) {
  if (!node.output.lines.length) return null;
  const several = new Set(node.output.lines.map((line) => line.script)).size > 1;
  return el("pre.output", { tabindex: "0" },
    node.output.dropped ? el("span.dropped", {}, `${plural(node.output.dropped, "line")} before these are in dbt's log\n`) : null,
    node.output.lines.map((line) => el(`span.${/^[a-z]+$/.test(line.level) ? line.level : "info"}`, {}, `${several ? `${line.script} | ` : ""}${line.text}\n`)));
}

function reads(node) {
  if (!node.reads.length) return null;
  return el("table.small", {}, el("tbody", {}, node.reads.map((one) => el("tr", {},
    el("td", {}, el("code", {}, one.call), one.relation ? el("small", {}, one.relation) : null),
    el("td.number", {}, one.rows === null ? "" : plural(one.rows, "row"))))));
}

function writes(node) {
  if (!node.writes.length) return null;
  return el("table.small", {}, el("tbody", {}, node.writes.map((one) => el("tr", {},
    el("td", {}, el("code", {}, one.relation), el("small", {}, one.mode)),
    el("td.number", {}, one.rows === null ? "" : plural(one.rows, "row"))))));
}
