"""Pictures of how good a forecast is."""

from __future__ import annotations

from formula1.encoding import LABELS
from formula1.evaluation import Evaluation
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix

COLOURS = {"podium": "#e9a800", "points": "#009999", "none": "#ff694a"}


def draw_confusion(found: Evaluation) -> Figure:
    """Return the confusion matrix: what became of each class, as counts and shares of its row."""
    counts = confusion_matrix(found.actual, found.predicted, labels=LABELS)
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    figure = Figure(figsize=(4.8, 4), layout="constrained")
    axes: Axes = figure.subplots()
    image = axes.imshow(shares, cmap="YlGnBu", vmin=0, vmax=1)
    for row, actual in enumerate(counts):
        for column, count in enumerate(actual):
            share = shares[row, column]
            colour = "white" if share > 0.5 else "black"
            text = f"{count:,}\n{share:.0%}"
            axes.text(column, row, text, ha="center", va="center", color=colour)
    axes.set_xticks(range(len(LABELS)), LABELS)
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set(xlabel="predicted", ylabel="actual", title=found.name.replace("_", " "))
    figure.colorbar(image, label="share of the actual class")
    return figure


def draw_calibration(found: Evaluation, bins: int = 10) -> Figure:
    """Return the calibration plot: how often what was given a probability has happened.

    The points of a class are groups of equally many rows; on the diagonal, the probabilities can
    be taken at their word.
    """
    figure = Figure(figsize=(4.8, 4), layout="constrained")
    axes: Axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    for label in LABELS:
        probabilities = found.probabilities[:, found.classes.index(label)]
        happened, told = calibration_curve(
            found.actual == label, probabilities, n_bins=bins, strategy="quantile"
        )
        axes.plot(told, happened, marker="o", markersize=4, label=label, color=COLOURS[label])
    axes.set(xlabel="probability told", ylabel="share that happened", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(found.name.replace("_", " "))
    axes.legend()
    return figure
