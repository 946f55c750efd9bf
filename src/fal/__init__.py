"""Run Python scripts and SQL models in one dbt DAG."""
