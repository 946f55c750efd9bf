// Plots. Images are inert; figures of plotly are drawn in a frame that has no rights but to run.

const TYPES = { png: "image/png", svg: "image/svg+xml" };
const unpacked = new Map();

function plot(one, large = false) {
  const caption = el("figcaption", {}, el("b", {}, one.name), one.caption ? el("span", {}, one.caption) : null);
  const enlarged = { type: "button", "aria-label": `Enlarge ${one.name}`, title: "Enlarge", onclick: () => enlarge(one) };
  const figure = el("figure.plot", {});
  const content = DATA.files[one.file];
  if (content === undefined) {
    const why = DATA.leftOut.includes(one.file) ? "Too much for this page, or gone" : "Not in this page";
    figure.append(el("p.empty", {}, `${why}: `, el("code", {}, `target/${one.file}`)));
  } else if (one.kind === "plotly") {
    figure.append(interactive(one, content, large));
    if (!large) caption.prepend(el("button.icon.right", enlarged, "⤢"));
  } else {
    const image = el("img", {
      src: `data:${TYPES[one.kind]};base64,${content}`, alt: one.caption ? `${one.name}: ${one.caption}` : one.name,
      width: one.width, height: one.height,
    });
    figure.append(large ? image : el("button.large", enlarged, image));
  }
  figure.append(caption);
  return figure;
}

// One plot over the page, as large as it is.
function enlarge(one) {
  const dialog = el("dialog", { "aria-label": one.name, onclose: () => dialog.remove() },
    el("div.bar", {}, el("h2", {}, one.name), el("span.grow"),
      el("button.icon", { type: "button", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
    plot(one, true));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}

function interactive(one, content, large) {
  const id = DATA.libraries[one.library];
  if (!id) return el("p.empty", {}, "The library that draws this figure is not in this page.");
  const frame = el("iframe", {
    title: one.caption ? `${one.name}: ${one.caption}` : one.name, sandbox: "allow-scripts",
    style: { height: large ? "72vh" : `${Math.min(600, one.height ?? 380)}px` },
  });
  library(id).then((text) => {
    // The closing words of an element are in two, since this text stands in one.
    const end = "</" + "script>";
    frame.srcdoc = [
      "<!DOCTYPE html><meta charset=\"utf-8\"><body style=\"margin:0;background:#fff\"><div id=\"plot\" style=\"height:100vh\"></div>",
      `<script type="application/json" id="figure">${safe(content)}${end}`,
      `<script>${text}${end}`,
      `<script>${DATA.frame}${end}`,
    ].join("\n");
  }).catch((error) => frame.replaceWith(el("p.empty", {}, `This figure can't be drawn here: ${error}`)));
  return frame;
}

function library(id) {
  if (!unpacked.has(id)) {
    const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (one) => one.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    unpacked.set(id, new Response(stream).text());
  }
  return unpacked.get(id);
}

// JSON that can't end the element that it stands in.
function safe(json) {
  return json.replace(/</g, "\\u003c").replace(/>/g, "\\u003e").replace(/&/g, "\\u0026")
    .replace(/\u2028/g, "\\u2028").replace(/\u2029/g, "\\u2029");
}
