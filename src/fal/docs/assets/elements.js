// What all panels share: the facts, elements made of text, Python in colours.

const DATA = JSON.parse(document.getElementById("fal-docs-data").textContent);
const PROJECT = "project"; // under this name, what belongs to no node
const EMPTY = { python: null, scripts: [], metrics: [], plots: [] };

function added(uniqueId) {
  return Object.hasOwn(DATA.nodes, uniqueId) ? DATA.nodes[uniqueId] : EMPTY;
}

// Make an element. Attributes are set as they are, children are elements or text.
function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name || "div");
  if (classes.length) made.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "style") Object.assign(made.style, value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// A section of a page, as dbt's own are.
function panel(title, ...content) {
  return el("div.section-content", {}, el("h6", {}, title),
    el("div.panel", {}, el("div.panel-body", {}, ...content)));
}

// The highlighter of dbt's page, which keeps it behind a function in some releases.
function highlighter() {
  const found = typeof window.Prism === "function" ? window.Prism() : window.Prism;
  return found && found.languages && found.languages.python ? found : null;
}

// A block of code as dbt's own are, with numbers of lines.
function python(source) {
  const text = source.trimEnd();
  const found = highlighter();
  const tokens = found ? found.tokenize(text, found.languages.python) : [text];
  const numbers = text.split("\n").map(() => el("span"));
  return el("pre.code.line-numbers.fal-source", { tabindex: "0" }, el("code.source-code.highlight", {},
    ...tokens.map(token), el("span.line-numbers-rows", { "aria-hidden": "true" }, ...numbers)));
}

function token(one) {
  if (typeof one === "string") return one;
  const made = el("span.token", {}, ...[one.content].flat().map(token));
  made.classList.add(one.type, ...[one.alias || []].flat());
  return made;
}
