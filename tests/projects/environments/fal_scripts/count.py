from importlib.metadata import version

import iniconfig
import pandas as pd

df = pd.DataFrame(
    {
        "rows": [len(ref("numbers"))],
        "package": [version(iniconfig.__name__)],
        "environment": [context.environment.name],
    }
)
write_to_model(df)
