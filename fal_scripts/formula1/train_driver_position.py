"""Choose the model that forecasts best on races that it has not seen; train it and save it."""

from fal.typing import *

import pandas as pd
from formula1.candidates import SEED, candidates
from formula1.drawing import draw_calibration, draw_confusion
from formula1.evaluation import FOLDS, Evaluation, as_table, choose, evaluate
from formula1.forecast import FEATURES, train
from formula1.trained_on import remember

MEASURES = ["balanced_accuracy", "balanced_accuracy_std", "log_loss", "log_loss_std"]


def record(chosen: Evaluation, metrics: dict[str, float]) -> None:
    """Show in the report of the run how good the chosen model is."""
    for name, value in metrics.items():
        log_metric(name.replace("_", " "), value)
    told = f"{chosen.name} on races that it was not trained on"
    save_plot(draw_confusion(chosen), "confusion matrix", caption=told)
    save_plot(draw_calibration(chosen), "calibration", caption=told)


def save(chosen: Evaluation, metrics: dict[str, float], training: pd.DataFrame) -> None:
    """Train the chosen model on all rows, and save it with what it was trained on."""
    model = train(candidates()[chosen.name], training)
    version = save_model(
        remember(model, training, ref("label_mapping")),
        "driver_position",
        metrics=metrics,
        params={"candidate": chosen.name, "features": FEATURES, "folds": FOLDS, "seed": SEED},
    )
    loss = f"log-loss {metrics['log_loss']:.3f} ± {metrics['log_loss_std']:.3f}"
    print(f"{chosen.name} has the least {loss}, and is saved as version {version.version}")


training = ref("training_dataset")
evaluations = evaluate(candidates(), training)
found = as_table(evaluations, training)
write_to_model(found)

if evaluations:
    chosen = choose(evaluations)
    metrics = {name: float(found.loc[found["is_chosen"], name].iloc[0]) for name in MEASURES}
    record(chosen, metrics)
    save(chosen, metrics, training)
else:
    print("WARNING: training_dataset is empty; no model is trained")
