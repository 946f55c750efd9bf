import pandas as pd

df = pd.read_json("data/orders.json")
write_to_source(df, "raw", "orders", mode="overwrite")
