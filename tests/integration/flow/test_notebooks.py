"""A notebook runs wherever a script does."""

import json
import sys

import pytest

from tests.support.notebooks import notebook
from tests.support.probe import Probe
from tests.support.project import Project

READS = ("markdown", "# Reads the orders")


def test_a_notebook_builds_a_placeholder_and_runs_before_a_model(
    project: Project, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a machine without Jupyter.
    monkeypatch.setitem(sys.modules, "IPython", None)
    project.model("orders", "select 1 as id, 5 as amount union all select 2, 7")
    project.placeholder("doubled", "ref('orders')", scripts=["deep/doubled.ipynb"])
    project.script(
        "deep/doubled.ipynb",
        notebook(
            READS,
            "%matplotlib inline\nfrom rates import RATE",
            "orders = ref('orders')\n!pip install pandas\norders['amount'] *= RATE",
            "%%html\n<b>done</b>",
            "display(len(orders))\nwrite_to_model(orders)",
        ),
    )
    project.script("deep/rates.py", "RATE = 2\n")
    project.model("total", "select sum(amount) as total from {{ ref('doubled') }}")
    hooks = {"post-hook": [{"path": "hook.ipynb", "with": {"a": [1]}}]}
    meta = {"fal": {"scripts": {"before": ["look.ipynb"]}, **hooks}}
    project.model("late", "select 1 as id from {{ ref('total') }}", meta=meta)
    look = "from tests.support import probe\nprobe.tell((context.current_model.name, __file__))"
    project.script("look.ipynb", notebook(look, "probe.tell(int(ref('total')['total'][0]))"))
    project.script("hook.ipynb", notebook(f"{look}\nprobe.tell(context.arguments['a'])"))
    ended = project.flow("run").ok()
    assert project.rows("doubled") == [(1, 10), (2, 14)]
    assert project.rows("total") == [(24,)]
    file = project.root / "fal_scripts" / "look.ipynb"
    hook = project.root / "fal_scripts" / "hook.ipynb"
    assert probe.told == [("late", str(file)), 24, ("late", str(hook)), [1]]
    shell = "cell 3, line 2: `!pip install pandas` was left out; shell commands of a notebook"
    assert any(shell in line for line in ended.lines)
    assert any("cell 4, line 1: `%%html` was left out" in line for line in ended.lines)


def test_a_notebook_that_fails_tells_the_cell(project: Project) -> None:
    project.placeholder("broken", scripts=["train.ipynb"])
    project.script("train.ipynb", notebook("x = 1", "def f():\n    return x / 0", READS, "f()"))
    project.model("child", "select * from {{ ref('broken') }}")
    ended = project.flow("run").ended(1)
    assert ended.statuses == {"broken": "error", "child": "skipped"}
    file = project.root / "fal_scripts" / "train.ipynb"
    message = ended.results["broken"]["message"]
    assert f'File "{file}", cell 4, line 1, in <module>\n' in message
    assert f'File "{file}", cell 2, line 2, in f\n' in message
    assert "return x / 0" in message
    assert "/fal/runtime/" not in message

    project.script("train.ipynb", notebook("x = 1", "x = ("))
    ended = project.flow("run").ended(2)
    assert "train.ipynb, cell 2, line 1: SyntaxError: '(' was never closed" in ended.output


def test_only_code_changes_the_state_of_a_notebooks_model(project: Project) -> None:
    project.placeholder("model", scripts=["train.ipynb"])
    project.script("train.ipynb", notebook("import lib\nwrite_to_model(lib.make())"))
    project.script("lib.py", "import pandas as pd\ndef make(): return pd.DataFrame({'a': [1]})\n")
    project.fal_dbt("ls").ok()
    (project.root / "target" / "manifest.json").rename(project.root / "manifest.json")

    def modified() -> list[str]:
        state = ("--select", "state:modified", "--state", ".", "--resource-type", "model")
        return project.fal_dbt("ls", "--quiet", *state).ok().output.split()

    path = project.root / "fal_scripts" / "train.ipynb"
    content = json.loads(path.read_text())
    content["cells"][0] |= {"execution_count": 3, "outputs": [{"output_type": "stream"}]}
    content["cells"].append({"cell_type": "markdown", "source": ["# Later"]})
    path.write_text(json.dumps(content))
    assert modified() == []
    project.script("lib.py", "import pandas as pd\ndef make(): return pd.DataFrame({'a': [2]})\n")
    assert modified() == ["shop.model"]
