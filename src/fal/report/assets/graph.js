// The nodes and what each of them waited for.

function graph(panel) {
  const tests = NODES.filter((node) => node.kind.includes("test"));
  let withTests = false;
  const lens = svg("g");
  const picture = svg("svg.dag", { role: "group", "aria-label": "Graph; arrow keys move along it, Enter shows details" }, lens);
  const frame = el("div.canvas", {}, picture);
  const box = { x: 0, y: 0, width: 100, height: 100 };
  let size = { width: 100, height: 100 };
  let drawn = null;
  let reach = () => {};
  let items = [];

  const look = () => picture.setAttribute("viewBox", `${box.x} ${box.y} ${box.width} ${box.height}`);
  const fit = () => {
    const most = Math.max(300, Math.min(680, innerHeight * 0.52));
    frame.style.height = `${Math.max(200, Math.min(most, size.height * 1.1 + 60))}px`;
    const [wide, high] = [frame.clientWidth || 800, frame.clientHeight || 420];
    const whole = Math.min(1.15, wide / (size.width + 40), high / (size.height + 40));
    // A graph that is too large to be read begins at its first failure, or in its middle.
    const scale = whole < 0.4 ? 0.6 : whole;
    box.width = wide / scale;
    box.height = high / scale;
    box.x = box.width > size.width ? (size.width - box.width) / 2 : -20;
    box.y = (size.height - box.height) / 2;
    const failed = whole < 0.4 && drawn.columns.flat().find((node) => outcome(node) === "bad");
    if (failed) {
      const { x, y } = drawn.at.get(failed);
      box.x = Math.min(Math.max(-20, x - box.width / 2), Math.max(-20, size.width + 20 - box.width));
      box.y = y - box.height / 2;
    }
    look();
  };
  const zoomed = (factor, point = null) => {
    if (factor === 0) {
      const scale = Math.min(1.15, frame.clientWidth / (size.width + 40), frame.clientHeight / (size.height + 40));
      box.width = frame.clientWidth / scale;
      box.height = frame.clientHeight / scale;
      box.x = (size.width - box.width) / 2;
      box.y = (size.height - box.height) / 2;
      look();
      return;
    }
    const { x, y } = point ?? { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const width = Math.min(size.width * 4 + 2000, Math.max(120, box.width / factor));
    const ratio = width / box.width;
    box.x = x - (x - box.x) * ratio;
    box.y = y - (y - box.y) * ratio;
    box.width *= ratio;
    box.height *= ratio;
    look();
  };

  const draw = () => {
    const shown = NODES.filter((node) => !node.isPart && (withTests || !node.kind.includes("test") || outcome(node) === "bad"));
    drawn = layered(shown);
    items = [];
    const ends = [...drawn.at.values()];
    size = {
      width: Math.max(0, ...ends.map((place) => place.x + place.width)),
      height: Math.max(0, ...ends.map((place) => place.y)) + BOX.height,
    };
    const edges = svg("g.edges", { "aria-hidden": "true" });
    for (const [node, parents] of drawn.up) {
      parents.forEach((parent, index) => edges.append(edge(parent, node, drawn.bends.get(node)?.[index] ?? [])));
    }
    lens.replaceChildren(edges, ...drawn.columns.flat().map((node) => (items[node.index] = box_(node))));
    reach(items[drawn.columns.flat()[0]?.index] ?? null);
    mark();
  };
  const edge = (parent, node, way) => svg("path", {
    d: line(parent, node, way, drawn.at), "data-from": parent.index, "data-to": node.index,
  });
  const box_ = (node) => {
    const { x, y, width } = drawn.at.get(node);
    return svg(`g.node.${node.language}.${outcome(node)}`, {
      role: "button", tabindex: "-1", "data-node": node.index, "aria-label": told(node), transform: `translate(${x} ${y})`,
    },
    svg("rect.body", { width, height: BOX.height, rx: 6 }),
    svg("rect.stripe", { width: 5, height: BOX.height - 8, x: 4, y: 4, rx: 2.5 }),
    svg("text.name", { x: 16, y: 15 }, shownName(node)),
    svg("text.more", { x: 16, y: 27 }, shownFacts(node)));
  };
  const mark = () => {
    const near = VIEW.chosen && items[VIEW.chosen.index] ? lineage(VIEW.chosen, drawn) : null;
    for (const item of items) {
      if (!item) continue;
      const node = NODES[Number(item.dataset.node)];
      item.classList.toggle("dim", !VIEW.shown.has(node) || (near !== null && !near.has(node)));
      item.classList.toggle("chosen", node === VIEW.chosen);
    }
    for (const path of lens.querySelectorAll("path")) {
      const ends = [NODES[Number(path.dataset.from)], NODES[Number(path.dataset.to)]];
      path.classList.toggle("near", near !== null && ends.every((node) => near.has(node)));
      path.classList.toggle("dim", near !== null && !ends.every((node) => near.has(node)));
    }
  };
  const move = (key, node) => {
    const column = drawn.columns.find((one) => one.includes(node));
    const near = {
      ArrowLeft: () => drawn.up.get(node)[0],
      ArrowRight: () => drawn.down.get(node)[0],
      ArrowUp: () => column[column.indexOf(node) - 1],
      ArrowDown: () => column[column.indexOf(node) + 1],
    }[key]?.();
    if (near) show(near);
    return near && items[near.index];
  };
  // Move the picture so that a node is in it.
  const show = (node) => {
    const { x, y, width } = drawn.at.get(node);
    if (x < box.x || x + width > box.x + box.width) box.x = x + width / 2 - box.width / 2;
    if (y < box.y || y + BOX.height > box.y + box.height) box.y = y + BOX.height / 2 - box.height / 2;
    look();
  };
  pan(frame, picture, box, look, zoomed);
  draw();
  reach = roving(picture, drawn.columns.flat().map((node) => items[node.index]), move);
  tips(picture);
  VIEW.listeners.push((what) => {
    mark();
    if (what === "chosen" && VIEW.chosen && drawn.at.has(VIEW.chosen)) show(VIEW.chosen);
  });
  const controls = el("div.bar.inline", {},
    el("span.key.ok", {}, "well"), el("span.key.bad", {}, "failed"), el("span.key.skipped", {}, "skipped"),
    tests.length ? el("label.toggle", {}, el("input", {
      type: "checkbox",
      onchange: (event) => {
        withTests = event.target.checked;
        draw();
        fit();
      },
    }), ` tests (${count(tests.length)})`) : null,
    el("span.grow"), zoomButtons(zoomed));
  panel.append(controls, frame);
  return fit;
}

function lineage(node, drawn) {
  const found = new Set([node]);
  for (const side of [drawn.up, drawn.down]) {
    const todo = [node];
    while (todo.length) {
      for (const near of side.get(todo.pop()) ?? []) {
        if (found.has(near)) continue;
        found.add(near);
        todo.push(near);
      }
    }
  }
  return found;
}

function pan(frame, picture, box, look, zoomed) {
  let grip = null;
  frame.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && !event.target.closest("[data-node]")) {
      grip = { x: event.clientX, y: event.clientY };
      frame.setPointerCapture(event.pointerId);
    }
  });
  frame.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const scale = box.width / frame.clientWidth;
    box.x -= (event.clientX - grip.x) * scale;
    box.y -= (event.clientY - grip.y) * scale;
    grip = { x: event.clientX, y: event.clientY };
    look();
  });
  const drop = () => {
    grip = null;
  };
  frame.addEventListener("pointerup", drop);
  frame.addEventListener("pointercancel", drop);
  frame.addEventListener("wheel", (event) => {
    const scale = box.width / frame.clientWidth;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const edge = frame.getBoundingClientRect();
      zoomed(event.deltaY < 0 ? 1.2 : 1 / 1.2, {
        x: box.x + (event.clientX - edge.left) * scale, y: box.y + (event.clientY - edge.top) * scale,
      });
      return;
    }
    // Up and down is the page's.
    if (Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    box.x += event.deltaX * scale;
    look();
  }, { passive: false });
}
