// All nodes as rows, sorted by any column.

const COLUMNS = [
  { title: "Node", value: (node) => node.name.toLowerCase(), show: (node) => [glyph(node), el("span.name", {}, node.name)] },
  { title: "Kind", value: (node) => node.kind, show: (node) => el(`span.tag.${node.language}`, {}, node.kind) },
  { title: "Status", value: (node) => node.status, show: (node) => node.status },
  { title: "Began", number: true, value: (node) => node.at, show: (node) => (node.at === null ? "" : seconds(node.at) || "0 s") },
  { title: "Took", number: true, value: (node) => node.seconds, show: (node) => [seconds(node.seconds), el("i.amount", { "aria-hidden": "true", style: { width: `${(100 * (node.seconds ?? 0)) / LONGEST}%` } })] },
  { title: "Rows read", number: true, value: (node) => node.rowsRead, show: (node) => count(node.rowsRead) },
  { title: "Rows written", number: true, value: (node) => node.rows_written, show: (node) => count(node.rows_written) },
  { title: "Memory", number: true, value: (node) => node.memory?.peak_bytes ?? null, show: (node) => bytes(node.memory?.peak_bytes) },
];
const LONGEST = Math.max(0.001, ...NODES.map((node) => node.seconds ?? 0));

function table(panel) {
  const rows = NODES.map((node) =>
    el(`tr.${node.language}.${outcome(node)}`, { tabindex: "-1", "data-node": node.index, "aria-label": told(node) },
      COLUMNS.map((column) => el(column.number ? "td.number" : "td", {}, column.show(node)))));
  const body = el("tbody", {}, rows);
  let order = [...NODES];
  let by = { column: COLUMNS[3], down: false };
  const heads = COLUMNS.map((column) => el("th", { scope: "col", class: column.number ? "number" : null },
    el("button", { type: "button", onclick: () => sort(column) }, column.title, el("span.arrow", { "aria-hidden": "true" }))));
  const sort = (column) => {
    by = { column, down: by.column === column ? !by.down : Boolean(column.number) };
    arrange();
  };
  const arrange = () => {
    const sign = by.down ? -1 : 1;
    const compare = (a, b) => {
      const [x, y] = [by.column.value(a), by.column.value(b)];
      // What is not known comes last, whichever way.
      if (x === null || y === null) return (x === null) - (y === null) || a.index - b.index;
      return sign * (x < y ? -1 : x > y ? 1 : 0) || a.index - b.index;
    };
    order = [...NODES].sort(compare);
    body.replaceChildren(...order.filter((node) => VIEW.shown.has(node)).map((node) => rows[node.index]));
    heads.forEach((head, place) => {
      const chosen = COLUMNS[place] === by.column;
      if (chosen) head.setAttribute("aria-sort", by.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
      head.querySelector(".arrow").textContent = chosen ? (by.down ? " ↓" : " ↑") : "";
    });
  };
  arrange();
  const move = (key, node, row) => ({
    ArrowDown: () => row.nextElementSibling,
    ArrowUp: () => row.previousElementSibling,
    Home: () => body.firstElementChild,
    End: () => body.lastElementChild,
  })[key]?.();
  const reach = roving(body, [body.firstElementChild], move);
  VIEW.listeners.push((what) => {
    if (what === "shown") {
      arrange();
      reach(body.firstElementChild);
    }
    for (const node of NODES) rows[node.index].classList.toggle("chosen", node === VIEW.chosen);
  });
  panel.append(el("div.rows", {}, el("table", {}, el("thead", {}, el("tr", {}, heads)), body)));
}
