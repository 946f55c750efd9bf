"""Write the number that stands for each name."""

from fal.typing import *

from formula1.encoding import label_mapping

write_to_model(label_mapping(ref("ml_data_prep")))
