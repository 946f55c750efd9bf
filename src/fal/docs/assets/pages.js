// Puts the panels into dbt's pages, and shows Python where a page shows compiled SQL.

const PAGES = ["model", "seed", "snapshot", "source"];

// Templates are text of dbt's own; a place that is not in one is passed over.
function withPart(template, type, part) {
  const before = template.includes(`id="${part.before}"`) ? part.before : "code";
  const shown = `ng-show="falHas(model_uid, '${part.name}')"`;
  const tab = `<li ui-sref-active="active" ${shown}>` +
    `<a ui-sref="dbt.${type}({'#': '${part.name}'})">${part.title}</a></li>\n`;
  const section = `<section class="section" ${shown}><div class="section-target" id="${part.name}"></div>` +
    `<fal-panel part="${part.name}"></fal-panel></section>\n`;
  return inserted(inserted(template, `'#': '${before}'`, "<li", tab), `id="${before}"`, "<section", section);
}

function inserted(template, mark, opening, what) {
  const at = template.lastIndexOf(opening, template.indexOf(mark));
  return template.includes(mark) && at >= 0 ? template.slice(0, at) + what + template.slice(at) : template;
}

// After the panel that holds a mark, which ends with the second element that closes after it.
function belowPanel(template, mark, what) {
  const from = template.indexOf(mark);
  const at = template.indexOf("</div>", template.indexOf("</div>", from) + 1) + "</div>".length;
  return from >= 0 && at > from ? template.slice(0, at) + what + template.slice(at) : template;
}

app.run(["$templateCache", "$rootScope", ($templateCache, $rootScope) => {
  $rootScope.falHas = (uniqueId, name) => added(uniqueId)[name].length > 0;
  const overview = "/overview/overview.html";
  const text = $templateCache.get(overview);
  if (text) $templateCache.put(overview, belowPanel(text, "marked='overview_md'", "<fal-globals></fal-globals>"));
  for (const type of PAGES) {
    const path = `/docs/${type}.html`;
    const template = $templateCache.get(path);
    if (!template) continue;
    const code = type === "model" ? "<fal-code></fal-code>" : "";
    $templateCache.put(path, code + PARTS.reduce((text, part) => withPart(text, type, part), template));
  }
}]);

// The code of a script model: the placeholder's SQL, and the Python that builds it.
app.directive("falCode", () => ({
  restrict: "E",
  link: (scope) => {
    scope.$watch("model.unique_id", (uniqueId) => {
      const { python: source } = added(uniqueId);
      if (source !== null) scope.versions = { Source: scope.model.raw_code, Python: source };
    });
  },
}));

const languages = new Map();
const languageOf = (text, otherwise) => languages.get((text || "").trim()) ?? otherwise;

function tell(project, uniqueId, page) {
  const node = project.nodes[uniqueId];
  if (node && page.python !== null) {
    languages.set((node.raw_code || "").trim(), "sql").set(page.python.trim(), "python");
    Object.assign(node, { language: "python", compiled_code: page.python });
  }
  // The panel of the scripts tells it in better words.
  if (node && node.meta && page.scripts.length) delete node.meta.fal;
  for (const { node: own, source } of page.scripts) {
    if (!own || !project.nodes[own]) continue;
    Object.assign(project.nodes[own], { language: "python", raw_code: source, compiled_code: source });
  }
}

decorate({
  code: ["$delegate", (original) => {
    const highlight = original.highlight;
    original.highlight = (text, language) => highlight(text, languageOf(text, language));
    return original;
  }],

  // A page's code is of one language to dbt, which colours it by the class of the block again.
  codeBlockDirective: ["$delegate", (directives) => linked(directives, (scope) => {
    const select = scope.setSelected;
    scope.setSelected = (version) => {
      scope.language_class = `language-${languageOf(scope.versions[version], scope.language)}`;
      select(version);
    };
  })],

  project: ["$delegate", (original) => {
    const ready = original.ready;
    let told = false;
    original.ready = (callback) => ready((project) => {
      if (!told) Object.entries(DATA.nodes).forEach(([uniqueId, page]) => tell(project, uniqueId, page));
      told = true;
      callback(project);
    });
    return original;
  }],
});
