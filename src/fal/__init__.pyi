from fal.flow.fal_dbt import FalDbt as FalDbt
from fal.integrations.jupyter import load_ipython_extension as load_ipython_extension
from fal.integrations.jupyter import unload_ipython_extension as unload_ipython_extension
