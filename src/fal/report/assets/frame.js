(() => {
  'use strict';
  const figure = JSON.parse(document.getElementById("figure").textContent);
  const layout = figure.layout || {};
  delete layout.width;
  layout.autosize = true;
  layout.margin = { l: 55, r: 20, t: layout.title ? 60 : 30, b: 50, ...layout.margin };
  const config = {
    responsive: true, displaylogo: false, modeBarButtonsToRemove: ["toImage", "sendDataToCloud"],
  };
  const target = document.getElementById("plot");
  Promise.resolve()
    .then(() => window.Plotly.newPlot(target, figure.data || [], layout, config))
    .catch((error) => {
      target.textContent = "This figure can't be drawn here: " + error;
    });
})();
