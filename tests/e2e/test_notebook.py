"""A notebook in a real kernel: the one in the docs, and then what users type by mistake."""

from typing import Any

import pytest

from tests.e2e.commands import REPOSITORY, Project

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

MORE = (
    "%fal --model nobody",
    "%fal --modl x",
    "write_to_model(ref('customers').head(1), mode='append')\nprint(len(ref(model.name)))",
    "from faldbt.magics import init_fal",
    "%init_fal project_dir=.. default_model_name=customers_predicted_ltvs",
    "%init_fal projct_dir=..",
    "print(context.current_model.name, context.target.name, context.arguments)",
    "import faldbt.project, fal.dbt\nprint(faldbt.project.FalDbt is fal.dbt.FalDbt)",
    "from fal.typing import *\nprint(len(list_tests()) > 0, len(list_models_ids()))",
    "%fal --project-dir ..",
    "print(context.current_model)",
    "write_to_model(ref('customers'))",
    "%unload_ext fal",
    "from fal.typing import ref\nref('customers')",
    "%load_ext fal\n%fal --model 'customers",
)


@pytest.fixture
def run(reference: Project, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Each cell's printed text, shown value and error, by the cell's source."""
    notebook = nbformat.read(REPOSITORY / "docs" / "explore.ipynb", as_version=4)
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in MORE]
    folder = reference.root / "docs"
    folder.mkdir()
    monkeypatch.setenv("IPYTHONDIR", str(reference.root / "ipython"))
    client = nbclient.NotebookClient(
        notebook,
        timeout=120,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return {cell.source: told(cell) for cell in notebook.cells if cell.cell_type == "code"}


def told(cell: Any) -> dict[str, Any]:
    streams = [out.text for out in cell.outputs if out.output_type == "stream"]
    shown = [out.data["text/plain"] for out in cell.outputs if "data" in out]
    errors = [f"{out.ename}: {out.evalue}" for out in cell.outputs if out.output_type == "error"]
    return {"printed": "".join(streams), "shown": "".join(shown), "error": "".join(errors)}


def test_the_notebook_of_the_docs_and_mistakes(
    run: dict[str, dict[str, Any]], reference: Project
) -> None:
    cells = list(run.values())
    docs, more = cells[: -len(MORE)], [run[source] for source in MORE]
    assert [cell["error"] for cell in docs] == [""] * len(docs)
    assert "target dev, model customers_predicted_ltvs" in docs[0]["printed"]
    rows = reference.query("select count(*) from customers")[0][0]
    assert docs[1]["printed"] == f"customers_predicted_ltvs success {rows}\n"
    assert "lifetime_value" in docs[2]["shown"]
    assert f"{rows} " in docs[3]["shown"]
    assert "'customers_predicted_ltvs': 'success'" in docs[5]["shown"]

    assert more[0]["error"].startswith("RefError: ref('nobody'): there is no model")
    assert "MagicError: %fal: unrecognized arguments: --modl x" in more[1]["error"]
    assert "FrameError" in more[2]["error"]
    assert more[3]["error"] == ""
    assert "model customers_predicted_ltvs" in more[4]["printed"]
    assert "MagicError: %init_fal: 'projct_dir=..' is not known" in more[5]["error"]
    assert more[6]["printed"] == "customers_predicted_ltvs dev {}\n"
    assert more[7]["printed"] == "True\n"
    assert more[8]["printed"].startswith("True ")
    assert more[9]["printed"].endswith("no model\n")
    assert more[10]["printed"] == "None\n"
    assert "choose one with `%fal --model NAME`" in more[11]["error"]
    assert more[12]["error"] == ""
    assert more[13]["error"].startswith("OutsideFlowError: ")
    assert more[14]["error"].startswith("MagicError: %fal: No closing quotation")


def test_no_output_is_kept_in_the_docs() -> None:
    notebook = nbformat.read(REPOSITORY / "docs" / "explore.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
