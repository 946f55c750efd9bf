// The heading, the figures below it, and the filters.

function heading() {
  const kind = { success: "ok", error: "bad", interrupted: "stopped" }[RUN.status];
  const words = { success: "Succeeded", error: "Failed", interrupted: "Interrupted" };
  const command = RUN.command === "scripts" ? "fal run" : RUN.command;
  const started = new Date(START);
  document.getElementById("header").append(
    el("div.title", {},
      el("h1", {}, RUN.project),
      el(`span.pill.${kind}`, {}, `${GLYPHS[kind]} ${words[RUN.status] ?? RUN.status}`),
    ),
    el("p.facts", {},
      el("code", {}, command),
      el("span", {}, `target ${RUN.target.name} (${RUN.target.type})`),
      el("time", { datetime: RUN.started }, started.toLocaleString(undefined, {
        dateStyle: "medium", timeStyle: "medium",
      })),
    ),
  );
  if (RUN.message) {
    document.getElementById("header").append(el("pre.message", {}, RUN.message));
  }
}

function summary() {
  const whole = NODES.filter((node) => !node.isPart);
  const counted = { ok: 0, warn: 0, bad: 0, skipped: 0, stopped: 0, other: 0 };
  for (const node of whole) counted[outcome(node)] += 1;
  const spent = { sql: 0, python: 0 };
  for (const node of whole) spent[node.language] += node.seconds ?? 0;
  const busy = spent.sql + spent.python;
  const parallel = busy / TOTAL;
  const tile = (label, value, note, kind = "") =>
    el(`div.tile${kind && `.${kind}`}`, {}, el("span.label", {}, label), el("b", {}, value), el("small", {}, note));
  const memory = Math.max(0, ...NODES.map((node) => node.memory?.peak_bytes ?? 0));
  document.getElementById("tiles").append(
    ...[
      tile("Duration", seconds(RUN.seconds), `${parallel.toFixed(1)} of ${plural(RUN.target.threads, "thread")} busy`),
      tile("Nodes", count(whole.length), `${count(counted.ok)} well${counted.warn ? `, ${count(counted.warn)} warned` : ""}`),
      tile("Failed", count(counted.bad + counted.stopped), counted.stopped ? `${count(counted.stopped)} interrupted` : "errors and failed tests", counted.bad + counted.stopped ? "bad" : ""),
      tile("Skipped", count(counted.skipped), "after a failure", counted.skipped ? "skipped" : ""),
      shares(spent, busy),
      memory ? tile("Peak memory", bytes(memory), "while scripts ran") : null,
    ].filter(Boolean),
  );
}

function shares(spent, busy) {
  const part = (language) => (busy ? (100 * spent[language]) / busy : 0);
  return el("div.tile.wide", {},
    el("span.label", {}, "Time in SQL and in Python"),
    el("div.share", { "aria-hidden": "true" },
      el("i.sql", { style: { width: `${part("sql")}%` } }),
      el("i.python", { style: { width: `${part("python")}%` } })),
    el("small", {},
      el("span.key.sql", {}, `SQL ${seconds(spent.sql) || "0 s"}`),
      el("span.key.python", {}, `Python ${seconds(spent.python) || "0 s"}`)),
  );
}

const FILTERS = {
  All: () => true,
  Failed: (node) => ["bad", "stopped"].includes(outcome(node)),
  Skipped: (node) => outcome(node) === "skipped",
  SQL: (node) => node.language === "sql" && !node.kind.includes("test"),
  Python: (node) => node.language === "python",
  Tests: (node) => node.kind.includes("test"),
};

function toolbar() {
  let filter = "All";
  const search = el("input", {
    type: "search", placeholder: "Find a node  ( / )", "aria-label": "Find nodes by name", spellcheck: "false",
  });
  const result = el("span.found", { role: "status" });
  const apply = () => {
    const word = search.value.trim().toLowerCase();
    VIEW.shown = new Set(NODES.filter((node) =>
      FILTERS[filter](node) && (!word || node.name.toLowerCase().includes(word) || node.id.toLowerCase().includes(word))));
    result.textContent = VIEW.shown.size === NODES.length ? "" : `${count(VIEW.shown.size)} of ${count(NODES.length)}`;
    for (const listener of VIEW.listeners) listener("shown");
  };
  const buttons = Object.keys(FILTERS)
    .filter((name) => name === "All" || NODES.some(FILTERS[name]))
    .map((name) =>
      el("button.chip", {
        type: "button", "aria-pressed": String(name === filter),
        onclick: () => {
          filter = name;
          for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === name));
          apply();
        },
      }, name));
  search.addEventListener("input", apply);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    search.value = "";
    apply();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea")) {
      event.preventDefault();
      search.focus();
    }
  });
  document.getElementById("toolbar").append(search, el("div.chips", { role: "group", "aria-label": "Show" }, buttons), result);
}
