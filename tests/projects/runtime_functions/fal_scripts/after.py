import pandas as pd

df = execute_sql("select id, {{ double('total') }} as total, note from {{ ref('orders') }}")
for _ in range(2):
    write_to_source(df, "results", "sums", dtype={"total": "bigint"})

rows = [(model.name, model.status, model.alias) for model in list_models()]
rows += [(source.name, "source", str(source.status == "skipped")) for source in list_sources()]
told = pd.DataFrame(sorted(set(rows)), columns=["name", "status", "alias"])
write_to_source(told, "results", "told", mode="overwrite")
assert len(source("results", "sums")) == 2
