// Places the nodes of the graph: layers from left to right, few crossings inside them, and a way
// around the nodes between for edges over several layers.

const GAP = 44;
const ROW = 44;
const BEND = 14;
const BOX = { narrowest: 96, widest: 194, height: 34 };
const SWEEPS = 6;
// Beyond, edges go straight; a graph so large is looked at in parts.
const MOST_BENDS = 1500;

function layered(all) {
  const everything = new Set(all);
  const linked = (node) => [...node.parents.map((id) => BY_ID.get(id)), ...node.children].some((one) => everything.has(one));
  const nodes = all.filter(linked);
  const inside = new Set(nodes);
  const up = new Map(nodes.map((node) => [node, node.parents.map((id) => BY_ID.get(id)).filter((one) => inside.has(one))]));
  const down = new Map(nodes.map((node) => [node, []]));
  for (const [node, parents] of up) for (const parent of parents) down.get(parent).push(node);
  const layer = layers(nodes, up, down);
  const columns = [];
  for (const [node, at] of layer) (columns[at] ??= []).push(node);
  for (let at = 0; at < columns.length; at += 1) columns[at] ??= [];
  const bends = bent(columns, layer, up);
  untangle(columns, ...neighbours(up, bends));
  const real = columns.map((column) => column.filter((node) => inside.has(node)));
  const single = all.filter((node) => !inside.has(node));
  const across = spread([...real], single);
  const at = places(columns, across);
  alone(single, real, at, up, down, across);
  return { columns: real, up, down, at, bends };
}

function layers(nodes, up, down) {
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
  // A node that waits for nothing moves beside the first that waits for it: its edge is short.
  for (const node of [...queue].reverse()) {
    if (!up.get(node).length && down.get(node).length) {
      layer.set(node, Math.min(...down.get(node).map((one) => layer.get(one))) - 1);
    }
  }
  return layer;
}

// For each node and parent, the places between them, one in each layer that the edge crosses.
function bent(columns, layer, up) {
  const bends = new Map();
  let made = 0;
  for (const [node, parents] of up) {
    bends.set(node, parents.map((parent) => {
      const way = [];
      for (let at = layer.get(parent) + 1; at < layer.get(node) && made < MOST_BENDS; at += 1) {
        const bend = { isBend: true };
        made += 1;
        columns[at].push(bend);
        way.push(bend);
      }
      return way;
    }));
  }
  return bends;
}

// Neighbours in the layers before and after, bends among them.
function neighbours(up, bends) {
  const before = new Map();
  const after = new Map();
  const join = (from, to) => {
    after.set(from, [...(after.get(from) ?? []), to]);
    before.set(to, [...(before.get(to) ?? []), from]);
  };
  for (const [node, parents] of up) {
    parents.forEach((parent, index) => {
      const way = [parent, ...bends.get(node)[index], node];
      for (let at = 1; at < way.length; at += 1) join(way[at - 1], way[at]);
    });
  }
  return [before, after];
}

function untangle(columns, before, after) {
  const place = new Map();
  const number = (column) => column.forEach((node, index) => place.set(node, index / Math.max(1, column.length)));
  columns.forEach(number);
  const sorted = (column, beside) => {
    const weight = new Map(column.map((node) => {
      const near = beside.get(node) ?? [];
      return [node, near.length ? near.reduce((sum, one) => sum + place.get(one), 0) / near.length : place.get(node)];
    }));
    column.sort((a, b) => weight.get(a) - weight.get(b));
    number(column);
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of columns) sorted(column, before);
    for (const column of [...columns].reverse()) sorted(column, after);
  }
}

// Where each column begins, and how wide it is: as its longest text needs.
function spread(columns, single) {
  const wide = Math.max(4, columns.length);
  const across = [];
  let x = 0;
  for (let at = 0; at < (single.length ? wide : columns.length); at += 1) {
    const nodes = [...(columns[at] ?? []), ...single.filter((_, index) => index % wide === at)];
    const width = Math.min(BOX.widest, Math.max(BOX.narrowest, ...nodes.map(textWidth)));
    across.push({ x, width });
    x += width + GAP;
  }
  return across;
}

const pen = document.createElement("canvas").getContext("2d");
const FONT = getComputedStyle(document.body).fontFamily;

function textWidth(node) {
  const measured = (size, text) => {
    pen.font = `${size}px ${FONT}`;
    return pen.measureText(text).width;
  };
  return Math.ceil(26 + Math.max(measured(12, shownName(node)), measured(10, shownFacts(node))));
}

const shownName = (node) => (node.name.length > 25 ? `${node.name.slice(0, 24)}…` : node.name);
const shownFacts = (node) =>
  `${GLYPHS[outcome(node)]} ${node.kind}${node.seconds === null ? "" : ` · ${seconds(node.seconds)}`}`;

function places(columns, across) {
  const height = (one) => (one.isBend ? BEND : ROW);
  const total = (column) => column.reduce((sum, one) => sum + height(one), 0);
  const tallest = Math.max(0, ...columns.map(total));
  const at = new Map();
  columns.forEach((column, x) => {
    let y = (tallest - total(column)) / 2;
    for (const one of column) {
      at.set(one, { ...across[x], y });
      y += height(one);
    }
  });
  return at;
}

// The line of an edge, along its bends.
function line(parent, node, way, at) {
  const from = at.get(parent);
  let [x, y] = [from.x + from.width, from.y + BOX.height / 2];
  let drawn = `M${x} ${y}`;
  const curve = (toX, toY) => {
    const bend = Math.max(20, (toX - x) / 2);
    drawn += `C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`;
    [x, y] = [toX, toY];
  };
  for (const one of way) {
    const place = at.get(one);
    curve(place.x, place.y + BEND / 2);
    x += place.width;
    drawn += `H${x}`;
  }
  const to = at.get(node);
  curve(to.x, to.y + BOX.height / 2);
  return drawn;
}

// Nodes without neighbours stand below the others, in as many columns.
function alone(nodes, columns, at, up, down, across) {
  const wide = Math.max(4, columns.length);
  const top = Math.max(0, ...[...at.values()].map((place) => place.y + ROW)) + (at.size ? ROW / 2 : 0);
  nodes.forEach((node, index) => {
    const x = index % wide;
    (columns[x] ??= []).push(node);
    at.set(node, { ...across[x], y: top + Math.floor(index / wide) * ROW });
    up.set(node, []);
    down.set(node, []);
  });
}
