#!/usr/bin/env bash
# Runs the tests on one minor version of dbt-core, in an environment of its own.
# 1.10 comes with the oldest pandas and DuckDB that the engine supports.
#
#   tests/matrix.sh 1.10 [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."

version=$1
shift
uv=.venv/bin/uv
env=.venv/matrix-$version
packages=("dbt-core==$version.*" "dbt-snowflake")
if [ "$version" = 1.10 ]; then
    packages=("dbt-core==1.10.6" "dbt-duckdb==1.10.*" "dbt-snowflake==1.10.0" "duckdb==1.4.*" "pandas==2.2.*" "pyarrow==18.*" "numpy<2.3")
fi

# --no-config: the project's own constraints hold one version back.
# dbt-core 1.12's parser can't be built from the package index alone, and dbt parses without it.
overrides=$(mktemp)
trap 'rm -f "$overrides"' EXIT
echo "dbt-core-experimental-parser ; python_version < '3'" >"$overrides"

"$uv" venv --no-config --quiet --allow-existing --python .venv/bin/python "$env"
"$uv" pip install --no-config --quiet --python "$env" --override "$overrides" \
    --editable ".[reference]" "${packages[@]}" \
    hypothesis ipykernel matplotlib nbclient playwright plotly polars pytest pytest-xdist
"$uv" pip list --no-config --quiet --python "$env" |
    grep -E "^(dbt-core|dbt-duckdb|dbt-snowflake|duckdb|pandas|pyarrow|snowflake-connector-python) "

# The stand-in for Snowflake wants a DuckDB of its own, whatever the engine runs on.
export FAL_STANDIN_PYTHON=$PWD/.venv/bin/python
"$env/bin/python" -m pytest -n auto --dist loadfile --no-loadscope-reorder "$@"
