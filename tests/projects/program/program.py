import pandas as pd
from fal import FalDbt

faldbt = FalDbt(profiles_dir=".", project_dir=".")

orders = faldbt.ref("orders")
faldbt.write_to_model(orders.assign(score=orders["total"] / orders["total"].sum()), "scored")

told = pd.DataFrame(
    {
        "models": [",".join(sorted(model.name for model in faldbt.list_models()))],
        "tests": [",".join(test.name for test in faldbt.list_tests())],
        "total": [int(faldbt.execute_sql("select sum(total) as s from {{ ref('orders') }}")["s"][0])],
    }
)
faldbt.write_to_source(told, "results", "told")
assert len(faldbt.source("results", "told")) == 1
