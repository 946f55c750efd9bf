"""Choose the model that forecasts best on races that it has not seen; train it and save it."""

from fal.typing import *

from formula1.candidates import SEED, candidates
from formula1.drawing import draw_calibration, draw_confusion
from formula1.evaluation import FOLDS, as_table, choose, evaluate
from formula1.forecast import FEATURES, train

training = ref("training_dataset")
models = candidates()
evaluations = evaluate(models, training)
chosen = choose(evaluations)
found = as_table(evaluations, training)
write_to_model(found)

measures = ["balanced_accuracy", "balanced_accuracy_std", "log_loss", "log_loss_std"]
metrics = {name: float(found.loc[found["is_chosen"], name].iloc[0]) for name in measures}
for name, value in metrics.items():
    log_metric(name.replace("_", " "), value)
told = f"{chosen.name} on races that it was not trained on"
save_plot(draw_confusion(chosen), "confusion matrix", caption=told)
save_plot(draw_calibration(chosen), "calibration", caption=told)

version = save_model(
    train(models[chosen.name], training),
    "driver_position",
    metrics=metrics,
    params={"candidate": chosen.name, "features": FEATURES, "folds": FOLDS, "seed": SEED},
)
print(f"{chosen.name} of {len(found)} candidates: log-loss {metrics['log_loss']:.3f} ± ", end="")
print(f"{metrics['log_loss_std']:.3f}, saved as version {version.version}")
