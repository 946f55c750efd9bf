"""Forecast the season that was held out, with the model that was trained last."""

from fal.typing import *

from formula1.forecast import predict

rows = ref("hold_out_dataset")
# Without rows, as with --empty, there need not be a model.
model = load_model("driver_position") if len(rows) else None
write_to_model(predict(model, rows))
