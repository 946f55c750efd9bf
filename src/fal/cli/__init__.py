"""The commands `fal` and `fal-dbt`: they parse, delegate and exit."""
