// Which thread ran which node when.

const LANE = 28;

// A lane for each thread that ran nodes, and as many as are needed for what ran beside them.
function lanes() {
  const ran = NODES.filter((node) => node.at !== null);
  const own = new Map();
  for (const node of ran) {
    if (!node.isPart && !own.has(node.thread)) own.set(node.thread, { label: "", bars: [], busy: 0 });
  }
  const named = [...own.entries()].sort(([a], [b]) => String(a).localeCompare(String(b), "en", { numeric: true }));
  let place = 0;
  for (const [thread, lane] of named) {
    lane.label = /^Thread/.test(thread) ? `Thread ${(place += 1)}` : thread === "MainThread" ? "main" : (thread ?? "unknown");
  }
  const beside = [];
  for (const node of ran) {
    let lane = own.get(node.thread);
    if (!lane) {
      lane = beside.find((other) => other.until <= node.at);
      if (!lane) beside.push((lane = { label: `beside ${beside.length + 1}`, bars: [], busy: 0 }));
      lane.until = node.until ?? TOTAL;
    }
    const inner = node.isPart && own.has(node.thread);
    lane.bars.push({ node, inner });
    node.lane = lane.label;
    if (!inner) lane.busy += node.seconds ?? 0;
  }
  const idle = NODES.filter((node) => node.at === null);
  const found = [...named.map(([, lane]) => lane), ...beside];
  if (idle.length) found.push({ label: "not begun", bars: idle.map((node) => ({ node, idle: true })), busy: null });
  return found;
}

function timeline() {
  const panel = document.getElementById("timeline");
  const chart = el("div.chart", { role: "group", "aria-label": "Bars; arrow keys move, Enter shows details" });
  const scroll = el("div.scroll", {}, chart);
  let zoom = 1;
  const zoomed = (factor) => {
    const middle = (scroll.scrollLeft + scroll.clientWidth / 2) / chart.offsetWidth;
    zoom = factor === 0 ? 1 : Math.min(200, Math.max(1, zoom * factor));
    chart.style.width = `${100 * zoom}%`;
    axis();
    scroll.scrollLeft = middle * chart.offsetWidth - scroll.clientWidth / 2;
  };
  panel.append(
    el("div.bar", {},
      el("h2", {}, "Timeline"),
      el("span.key.sql", {}, "SQL"), el("span.key.python", {}, "Python"), el("span.key.failed", {}, "failed"),
      el("span.grow"),
      zoomButtons(zoomed)),
  );
  if (!NODES.length) {
    panel.append(el("p.empty", {}, "No node was to run."));
    return;
  }
  const rows = lanes();
  const labels = el("div.labels", { "aria-hidden": "true" }, el("div.label"), rows.map((lane) =>
    el("div.label", {}, lane.label, lane.busy === null ? null : el("small", {}, `${Math.min(100, Math.round((100 * lane.busy) / TOTAL))} %`))));
  const ticks = el("div.ticks", { "aria-hidden": "true" });
  const items = [];
  chart.append(ticks, ...rows.map((lane) => el("div.lane", {}, lane.bars.map((one, place) => (items[one.node.index] = bar(one, place))))));
  panel.append(el("div.timeline", {}, labels, scroll));

  function axis() {
    const wanted = Math.max(2, Math.floor(chart.offsetWidth / 110));
    const raw = TOTAL / wanted;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= raw);
    const marks = [];
    for (let at = 0; at <= 0.97 * TOTAL && marks.length < 2000; at += step) {
      marks.push(el("span", { style: { left: `${(100 * at) / TOTAL}%` } }, at === 0 ? "0" : seconds(Number(at.toPrecision(6)))));
    }
    ticks.replaceChildren(...marks);
  }

  const ordered = NODES.filter((node) => items[node.index]);
  const laneOf = new Map(rows.flatMap((lane, place) => lane.bars.map((one) => [one.node, place])));
  const move = (key, node) => {
    const place = laneOf.get(node);
    if (key === "ArrowRight" || key === "ArrowLeft") {
      const row = rows[place].bars.map((one) => one.node).filter((one) => VIEW.shown.has(one));
      const next = row[row.indexOf(node) + (key === "ArrowRight" ? 1 : -1)];
      return next && items[next.index];
    }
    if (key === "ArrowDown" || key === "ArrowUp") {
      const step = key === "ArrowDown" ? 1 : -1;
      for (let other = place + step; rows[other]; other += step) {
        const near = rows[other].bars.filter((one) => VIEW.shown.has(one.node));
        near.sort((a, b) => Math.abs((a.node.at ?? 0) - (node.at ?? 0)) - Math.abs((b.node.at ?? 0) - (node.at ?? 0)));
        if (near.length) return items[near[0].node.index];
      }
    }
    if (key === "Home" || key === "End") {
      const row = ordered.filter((one) => VIEW.shown.has(one));
      return items[(key === "Home" ? row[0] : row[row.length - 1])?.index];
    }
    return null;
  };
  roving(chart, items, move);
  tips(chart);
  VIEW.listeners.push(() => {
    for (const node of ordered) {
      items[node.index].classList.toggle("dim", !VIEW.shown.has(node));
      items[node.index].classList.toggle("chosen", node === VIEW.chosen);
    }
  });
  scroll.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomed(event.deltaY < 0 ? 1.25 : 0.8);
  }, { passive: false });
  addEventListener("resize", axis);
  axis();
}

function bar({ node, inner, idle }, place) {
  const left = idle ? place * 14 : (100 * node.at) / TOTAL;
  const width = idle ? 12 : (100 * Math.max(0, (node.until ?? TOTAL) - node.at)) / TOTAL;
  return el(`div.node.${node.language}.${outcome(node)}${inner ? ".inner" : ""}`, {
    role: "button", tabindex: "-1", "data-node": node.index, "aria-label": `${told(node)}${node.at === null ? "" : `, began at ${seconds(node.at) || "0 s"}`}`,
    style: { left: idle ? `${left}px` : `${left}%`, width: idle ? "12px" : `${width}%` },
  }, el("span", {}, outcome(node) === "ok" ? node.name : `${GLYPHS[outcome(node)]} ${node.name}`));
}

function zoomButtons(zoomed) {
  const button = (text, label, factor) =>
    el("button.icon", { type: "button", "aria-label": label, title: label, onclick: () => zoomed(factor) }, text);
  return el("div.buttons", {}, button("−", "Zoom out", 1 / 1.5), button("+", "Zoom in", 1.5), button("⤢", "Fit", 0));
}
