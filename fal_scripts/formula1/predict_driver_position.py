"""Forecast the season that was held out, with the model that was trained last."""

from fal.typing import *

from formula1.forecast import predict

model = load_model("driver_position")
write_to_model(predict(model, ref("hold_out_dataset")))
