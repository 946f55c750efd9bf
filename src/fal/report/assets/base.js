// What all parts of the page share: the facts, elements made of text, words for numbers.

const DATA = JSON.parse(document.getElementById("data").textContent);
const RUN = DATA.run;
const SVG = "http://www.w3.org/2000/svg";
const START = Date.parse(RUN.started);
const TOTAL = Math.max(RUN.seconds, 0.001);

const NODES = RUN.nodes.map((node, index) => ({
  ...node,
  index,
  at: node.started ? (Date.parse(node.started) - START) / 1000 : null,
  until: node.ended ? (Date.parse(node.ended) - START) / 1000 : null,
  children: [],
  parts: [],
}));
const BY_ID = new Map(NODES.map((node) => [node.id, node]));
for (const node of NODES) {
  node.isPart = node.kind === "hook" || node.kind === "batch";
  node.parents = node.parents.filter((id) => BY_ID.has(id) && id !== node.id);
  for (const id of node.parents) {
    (node.isPart ? BY_ID.get(id).parts : BY_ID.get(id).children).push(node);
  }
  node.rowsRead = node.reads.some((read) => read.rows !== null)
    ? node.reads.reduce((sum, read) => sum + (read.rows ?? 0), 0)
    : null;
}

const OUTCOMES = {
  success: "ok", pass: "ok", "no-op": "ok",
  warn: "warn",
  error: "bad", fail: "bad", "runtime error": "bad", "partial success": "bad",
  skipped: "skipped", "not started": "skipped",
  interrupted: "stopped",
};
const GLYPHS = { ok: "✓", warn: "!", bad: "✕", skipped: "–", stopped: "■", other: "·" };

function outcome(node) {
  return OUTCOMES[node.status] ?? "other";
}

// Make an element. Attributes are set as they are, children are elements or text.
function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name || "div");
  return fill(made, classes, attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  return fill(document.createElementNS(SVG, name), classes, attributes, children);
}

function fill(made, classes, attributes, children) {
  if (classes.length) made.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "style") Object.assign(made.style, value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

function glyph(node) {
  const kind = outcome(node);
  return el(`span.glyph.${kind}`, { "aria-hidden": "true" }, GLYPHS[kind]);
}

function seconds(value) {
  if (value === null || value === undefined) return "";
  if (value < 0.001) return "0 s";
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 60) return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  const whole = Math.round(value);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours} h ${String(minutes).padStart(2, "0")} min` : `${minutes} min ${rest} s`;
}

function count(value) {
  return value === null || value === undefined ? "" : value.toLocaleString("en-US");
}

function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function bytes(value) {
  if (value === null || value === undefined) return "";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let place = 0;
  while (value >= 1024 && place < units.length - 1) {
    value /= 1024;
    place += 1;
  }
  return `${value >= 100 || place === 0 ? Math.round(value) : value.toFixed(1)} ${units[place]}`;
}

function metricValue(value) {
  if (typeof value !== "number") return String(value);
  if (Number.isSafeInteger(value)) return value.toLocaleString("en-US");
  return Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4
    ? value.toExponential(4)
    : String(Number(value.toPrecision(6)));
}

function told(node) {
  const time = node.seconds === null ? "" : `, ${seconds(node.seconds)}`;
  return `${node.name}, ${node.kind}, ${node.status}${time}`;
}

// What the reader looks at: the chosen node, and the nodes that the filters leave.
const VIEW = { chosen: null, shown: new Set(NODES), listeners: [] };

function choose(node, { focus = false, from = null } = {}) {
  VIEW.chosen = node;
  if (from) VIEW.from = from;
  for (const listener of VIEW.listeners) listener("chosen");
  if (focus) document.querySelector("#details h2").focus();
}

// Keys for a group of things of which one can be reached by Tab and the others by arrows.
function roving(group, items, move) {
  let current = null;
  const reach = (item) => {
    if (current) current.setAttribute("tabindex", "-1");
    current = item;
    if (current) current.setAttribute("tabindex", "0");
  };
  group.addEventListener("keydown", (event) => {
    const item = event.target.closest("[data-node]");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const node = NODES[Number(item.dataset.node)];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(node, { focus: true, from: item });
      return;
    }
    const next = move(event.key, node, item);
    if (next) {
      event.preventDefault();
      reach(next);
      next.focus();
    }
  });
  group.addEventListener("click", (event) => {
    const item = event.target.closest("[data-node]");
    if (!item) return;
    reach(item);
    choose(NODES[Number(item.dataset.node)], { from: item });
  });
  reach(items.find((item) => item) ?? null);
  return reach;
}

// A small box beside the pointer, for what has no room for its words.
function tips(group) {
  const tip = document.getElementById("tip");
  group.addEventListener("pointermove", (event) => {
    const item = event.target.closest("[data-node]");
    if (!item) {
      tip.hidden = true;
      return;
    }
    const node = NODES[Number(item.dataset.node)];
    const lines = [
      el("b", {}, node.name),
      el("span", {}, `${node.kind} · ${node.status} · ${seconds(node.seconds)}`),
    ];
    if (node.at !== null) lines.push(el("span", {}, `began ${seconds(node.at) || "0 s"} into the run`));
    tip.replaceChildren(...lines);
    tip.hidden = false;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const above = event.clientY + 18 + tip.offsetHeight > innerHeight;
    tip.style.left = `${left}px`;
    tip.style.top = `${above ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18}px`;
  });
  group.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
}
