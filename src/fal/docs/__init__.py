"""dbt's documentation site with scripts, metrics and plots in it."""
