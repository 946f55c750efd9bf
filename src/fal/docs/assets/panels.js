// The panels that are added to a page: metrics, plots, scripts with their source.

const WHEN = {
  before: "before the model", after: "after the model", "pre-hook": "pre-hook", "post-hook": "post-hook",
};

const WHEN_GLOBAL = { before: "before everything", after: "after everything" };

function stage(script, type) {
  if (type === PROJECT) return WHEN_GLOBAL[script.stage];
  if (script.builds) return "builds the table";
  return type === "source" ? "loads the source" : WHEN[script.stage];
}

function scriptsPanel({ scripts }, type) {
  const kind = type === PROJECT ? "Global script" : "Script";
  return panel(scripts.length === 1 ? kind : `${kind}s`, ...scripts.map((one) => scriptBlock(one, type)));
}

function scriptBlock(script, type) {
  const given = Object.entries(script.arguments).map(([name, value]) => `${name}: ${value}`).join(", ");
  const head = el("summary", {},
    el("span.fal-name", {}, script.name),
    el("span.fal-stage", {}, stage(script, type)),
    script.environment ? el("span.text-light", {}, `environment ${script.environment}`) : null,
    given ? el("span.text-light", {}, `with ${given}`) : null,
    el("span.fal-path.text-light", {}, script.path));
  // What builds the model is shown as its code too.
  return el("details.fal-script", { open: !script.builds }, head, python(script.source));
}

function metricsPanel({ metrics, scripts }) {
  const several = scripts.length > 1;
  const row = (one) => el("tr", {},
    el("td", {}, el("span.text-dark", {}, one.name)),
    el("td.fal-number", {}, el("span.text-dark", {}, shown(one.value))),
    several ? el("td", {}, el("span.text-light", {}, one.script)) : null);
  return panel("Metrics of the last run", el("table.table.table-borderless.table-hover.fal-metrics", {},
    el("thead", {}, el("tr", {},
      el("th", {}, "Metric"), el("th.fal-number", {}, "Value"), several ? el("th", {}, "Script") : null)),
    el("tbody", {}, ...metrics.map(row))));
}

// Numbers come as Python writes them, so that none is rounded on the way.
function shown(value) {
  if (typeof value === "boolean") return value ? "true" : "false";
  if (/^-?\d+$/.test(value)) return value.replace(/\B(?=(\d{3})+$)/g, ",");
  const number = Number(value);
  if (!Number.isFinite(number)) return value;
  const extreme = Math.abs(number) >= 1e9 || (number !== 0 && Math.abs(number) < 1e-4);
  return extreme ? number.toExponential(4) : number.toLocaleString("en-US", { maximumSignificantDigits: 7 });
}

function plotsPanel({ plots }) {
  return panel(plots.length === 1 ? "Plot of the last run" : "Plots of the last run",
    el("div.fal-plots", {}, ...plots.map((one) => plot(one))));
}

// In the order of a page: name, title, which section of dbt's it stands before, what it shows.
const PARTS = [
  { name: "metrics", title: "Metrics", before: "referenced_by", make: metricsPanel },
  { name: "plots", title: "Plots", before: "referenced_by", make: plotsPanel },
  { name: "scripts", title: "Scripts", before: "code", make: scriptsPanel },
];

// The project's global scripts, below its overview; not on those of installed packages.
app.directive("falGlobals", ["$state", ($state) => ({
  restrict: "E",
  link: (scope, element) => {
    const page = added(PROJECT);
    if (![undefined, null, "", DATA.project].includes($state.params.project_name)) return;
    const shown = [PARTS[2], PARTS[0], PARTS[1]].filter(({ name }) => page[name].length);
    element[0].append(...shown.map(({ make }) => make(page, PROJECT)));
  },
})]);

app.directive("falPanel", () => ({
  restrict: "E",
  link: (scope, element, attributes) => {
    const { name, make } = PARTS.find((part) => part.name === attributes.part);
    scope.$watch("model_uid", (uniqueId) => {
      const page = added(uniqueId);
      element[0].replaceChildren();
      if (page[name].length) element[0].append(make(page, String(uniqueId).split(".")[0]));
    });
  },
}));
