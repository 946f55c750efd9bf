// Places the nodes of the graph: layers from left to right, few crossings inside them.

const COLUMN = 236;
const ROW = 44;
const BOX = { width: 188, height: 34 };
const SWEEPS = 6;

function layered(all) {
  const everything = new Set(all);
  const linked = (node) => [...node.parents.map((id) => BY_ID.get(id)), ...node.children].some((one) => everything.has(one));
  const nodes = all.filter(linked);
  const inside = new Set(nodes);
  const up = new Map(nodes.map((node) => [node, node.parents.map((id) => BY_ID.get(id)).filter((one) => inside.has(one))]));
  const down = new Map(nodes.map((node) => [node, []]));
  for (const [node, parents] of up) for (const parent of parents) down.get(parent).push(node);
  const layer = new Map();
  const waiting = new Map(nodes.map((node) => [node, up.get(node).length]));
  const queue = nodes.filter((node) => waiting.get(node) === 0);
  for (const node of queue) {
    layer.set(node, Math.max(-1, ...up.get(node).map((one) => layer.get(one))) + 1);
    for (const child of down.get(node)) {
      waiting.set(child, waiting.get(child) - 1);
      if (waiting.get(child) === 0) queue.push(child);
    }
  }
  // A node with children only moves beside the first of them, which keeps its edge short.
  for (const node of [...queue].reverse()) {
    if (!up.get(node).length && down.get(node).length) {
      layer.set(node, Math.min(...down.get(node).map((one) => layer.get(one))) - 1);
    }
  }
  const columns = [];
  for (const node of queue) (columns[layer.get(node)] ??= []).push(node);
  for (let at = 0; at < columns.length; at += 1) columns[at] ??= [];
  untangle(columns, up, down);
  const at = places(columns);
  alone(all.filter((node) => !inside.has(node)), columns, at, up, down);
  return { columns, up, down, at };
}

function untangle(columns, up, down) {
  const place = new Map();
  const number = (column) => column.forEach((node, index) => place.set(node, index / Math.max(1, column.length)));
  columns.forEach(number);
  const sorted = (column, beside) => {
    const weight = new Map(column.map((node) => {
      const near = beside.get(node);
      return [node, near.length ? near.reduce((sum, one) => sum + place.get(one), 0) / near.length : place.get(node)];
    }));
    column.sort((a, b) => weight.get(a) - weight.get(b));
    number(column);
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of columns) sorted(column, up);
    for (const column of [...columns].reverse()) sorted(column, down);
  }
}

function places(columns) {
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const at = new Map();
  columns.forEach((column, x) => {
    const top = ((tallest - column.length) * ROW) / 2;
    column.forEach((node, y) => at.set(node, { x: x * COLUMN, y: top + y * ROW }));
  });
  return at;
}

// Nodes without neighbours stand below the others, in as many columns.
function alone(nodes, columns, at, up, down) {
  const wide = Math.max(4, columns.length);
  const top = Math.max(0, ...[...at.values()].map((place) => place.y + ROW)) + (at.size ? ROW / 2 : 0);
  nodes.forEach((node, index) => {
    const x = index % wide;
    (columns[x] ??= []).push(node);
    at.set(node, { x: x * COLUMN, y: top + Math.floor(index / wide) * ROW });
    up.set(node, []);
    down.set(node, []);
  });
}
