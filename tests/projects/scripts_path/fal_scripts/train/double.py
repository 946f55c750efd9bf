import os

import utils.my_utils
from fal.typing import *
from utils.process.process_df import process_df

if __name__ == "__main__":
    df = process_df(ref("numbers"))
    df["file"] = os.path.basename(__file__)
    df["n"] = df["n"] + utils.my_utils.NOTHING
    write_to_model(df)
