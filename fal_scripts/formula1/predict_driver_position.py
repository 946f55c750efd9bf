"""Forecast the season that was held out, with the model that was trained last."""

from fal.typing import *

from formula1.forecast import predict
from formula1.trained_on import check

rows = ref("hold_out_dataset")
model = None
# Without rows, as with --empty, there need not be a model.
if len(rows):
    model = load_model("driver_position")
    check(model, rows, ref("label_mapping"))
write_to_model(predict(model, rows))
