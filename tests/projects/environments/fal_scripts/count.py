from importlib.metadata import version

import pandas as pd
import pyjokes

df = pd.DataFrame(
    {
        "rows": [len(ref("numbers"))],
        "package": [version(pyjokes.__name__)],
        "environment": [context.environment.name],
    }
)
write_to_model(df)
