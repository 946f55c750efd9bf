// Puts the page together.

function nodesPanel() {
  const panel = document.getElementById("nodes");
  const views = {
    Graph: { panel: el("div.view", { id: "view-graph", role: "tabpanel", "aria-labelledby": "tab-graph" }), build: graph },
    Table: { panel: el("div.view", { id: "view-table", role: "tabpanel", "aria-labelledby": "tab-table" }), build: table },
  };
  const tabs = Object.keys(views).map((name) => el("button.tab", {
    type: "button", role: "tab", id: `tab-${name.toLowerCase()}`, "aria-controls": views[name].panel.id,
    onclick: () => open(name),
  }, name));
  // A view is made when it is first looked at; printing looks at both.
  const make = (view) => {
    if (!view.made) view.made = [view.build(view.panel)];
  };
  const open = (name) => {
    for (const [other, view] of Object.entries(views)) view.panel.classList.toggle("closed", other !== name);
    make(views[name]);
    views[name].made[0]?.();
    tabs.forEach((tab) => {
      const chosen = tab.textContent === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.setAttribute("tabindex", chosen ? "0" : "-1");
    });
  };
  const list = el("div.tabs", { role: "tablist", "aria-label": "Nodes as" }, tabs);
  list.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const next = tabs[(tabs.indexOf(document.activeElement) + 1) % tabs.length];
    next.focus();
    next.click();
  });
  panel.append(el("div.bar", {}, list), ...Object.values(views).map((view) => view.panel));
  open("Graph");
  addEventListener("beforeprint", () => Object.values(views).forEach(make));
}

heading();
summary();
if (NODES.length) toolbar();
timeline();
if (NODES.length) nodesPanel();
else document.getElementById("nodes").remove();
details();
const versions = Object.entries(RUN.versions).map(([name, value]) => `${name} ${value}`).join(" · ");
document.getElementById("footer").append(el("span", {}, versions), el("code", {}, RUN.invocation_id));
document.documentElement.dataset.ready = "true";
