"""Write what the results of some seasons tell of each driver and team."""

from fal.typing import *

from formula1.preparation import Field, prepare

field = Field(
    first_year=context.vars["formula1_first_year"],
    last_year=context.vars["formula1_last_year"],
    renames=context.vars["formula1_constructor_renames"],
    drivers=context.vars["formula1_active_drivers"],
    constructors=context.vars["formula1_active_constructors"],
)

results = ref("mart_results")
circuits = ref("dim_circuits")[["circuit_id", "circuit_name"]]
prepared = prepare(results.merge(circuits, how="left", on="circuit_id"), field)
write_to_model(prepared)

absent = sorted(set(field.drivers) - set(prepared["driver"]))
if absent:
    print(f"WARNING: no result of these active drivers: {', '.join(absent)}")
