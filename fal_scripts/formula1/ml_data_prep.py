"""Write what the results of some seasons tell of each driver and team."""

from fal.typing import *

from formula1.preparation import Field, prepare
from formula1.settings import names_of, renames_of, year_of

field = Field(
    first_year=year_of(context.vars, "formula1_first_year"),
    last_year=year_of(context.vars, "formula1_last_year"),
    renames=renames_of(context.vars, "formula1_constructor_renames"),
    drivers=names_of(context.vars, "formula1_active_drivers"),
    constructors=names_of(context.vars, "formula1_active_constructors"),
)

results = ref("mart_results")
circuits = ref("dim_circuits")[["circuit_id", "circuit_name"]]
prepared = prepare(results.merge(circuits, how="left", on="circuit_id"), field)
write_to_model(prepared)

absent = sorted(set(field.drivers) - set(prepared["driver"]))
if absent and len(prepared):
    print(f"WARNING: no result of these active drivers: {', '.join(absent)}")
