// Whatever a project names or describes is text or harmless markup, wherever dbt's page shows it.

const app = window.angular.module("dbt");

const TAGS = new Set((
  "a abbr b blockquote br caption code dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img " +
  "ins kbd li mark ol p pre q s small span strong sub summary sup table tbody td tfoot th thead tr u ul"
).split(" "));
const ATTRIBUTES = new Set("align alt class colspan height href open rowspan src start title width".split(" "));
// What these hold is no text to be read.
const DROPPED = new Set("script style template iframe frame object embed noscript svg math textarea title head".split(" "));
const LINKS = new Set(["http:", "https:", "mailto:"]);

function safeUrl(text, isImage) {
  try {
    const url = new URL(text, document.baseURI);
    if (isImage && /^data:image\/(png|jpeg|gif|webp);base64,/i.test(url.href)) return true;
    return LINKS.has(url.protocol) || (url.protocol === "file:" && window.location.protocol === "file:");
  } catch {
    return false;
  }
}

function keepAttribute(element, { name, value }) {
  if (!ATTRIBUTES.has(name)) return false;
  if (name === "href") return element.localName === "a" && safeUrl(value, false);
  if (name === "src") return element.localName === "img" && safeUrl(value, true);
  return true;
}

// Copy what is allowed; elements that are not are left out, and what stands in them is kept.
function copyInto(target, source) {
  for (const node of source.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) target.append(node.nodeValue);
    if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(node.localName)) continue;
    if (!TAGS.has(node.localName)) {
      copyInto(target, node);
      continue;
    }
    const made = target.ownerDocument.createElement(node.localName);
    for (const one of node.attributes) {
      if (keepAttribute(node, one)) made.setAttribute(one.name, one.value);
    }
    if (made.localName === "a") made.rel = "noopener noreferrer";
    copyInto(made, node);
    target.append(made);
  }
}

function sanitized(html) {
  if (typeof html !== "string" || !/[<&]/.test(html)) return html;
  // A document without a window runs nothing and loads nothing.
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const made = parsed.createElement("div");
  copyInto(made, parsed.body);
  return made.innerHTML;
}

const forText = document.createElement("div");

function escaped(text) {
  forText.textContent = text;
  return forText.innerHTML;
}

// What the search shows, with the words that were found marked; dbt's own page takes it for HTML.
function marked(text, query) {
  const words = (query || "").match(/[\p{L}\p{N}_]+/gu);
  if (!words) return escaped(text);
  let html = "";
  let at = 0;
  for (const match of text.matchAll(new RegExp(words.join("|"), "gi"))) {
    html += `${escaped(text.slice(at, match.index))}<span class="search-result-match">${escaped(match[0])}</span>`;
    at = match.index + match[0].length;
  }
  return html + escaped(text.slice(at));
}

// Let a directive of dbt's page do what it does, and something after it.
function linked(directives, after) {
  const compile = directives[0].compile;
  directives[0].compile = function (...given) {
    const link = compile.apply(this, given);
    return function (scope, ...rest) {
      link.call(this, scope, ...rest);
      after(scope);
    };
  };
  return directives;
}

// Change what dbt's module has, before it starts; what a release lacks is passed over.
function decorate(changes) {
  app.config(["$provide", "$injector", ($provide, $injector) => {
    for (const [name, change] of Object.entries(changes)) {
      if ($injector.has(`${name}Provider`)) $provide.decorator(name, change);
    }
  }]);
}

decorate({
  marked: ["$delegate", (original) => Object.assign((...given) => sanitized(original(...given)), original)],

  $sce: ["$delegate", (original) => {
    const trust = original.trustAsHtml;
    original.trustAsHtml = (html) => trust(sanitized(html));
    return original;
  }],

  docsSearchDirective: ["$delegate", "$sce", (directives, $sce) => linked(directives, (scope) => {
    scope.highlight = (text) => $sce.trustAsHtml(marked(String(text ?? ""), scope.query));
  })],

  // dbt's page tells its makers that it was opened, where the project does not forbid it.
  trackingService: ["$delegate", (original) => {
    original.init = () => {};
    return original;
  }],
});
