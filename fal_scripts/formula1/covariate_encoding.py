"""Write what models can be trained on: active rows, names as numbers, places as classes."""

from fal.typing import *

from formula1.encoding import encode

encoded = encode(ref("ml_data_prep"), ref("label_mapping"))
write_to_model(encoded)
print(", ".join(f"{n:,} {label}" for label, n in encoded["position_label"].value_counts().items()))
