"""The page of the documentation site: what is put into dbt's page, and how it is kept harmless."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

import fal.docs
from fal.docs.model import NodePage, ScriptPage
from fal.docs.page import MARK, make_page, with_artifacts
from fal.exceptions import DocsError
from fal.report.model import MetricFact, PlotFile

ASSETS = Path(fal.docs.__file__).parent / "assets"
DBT_PAGE = (
    '<!doctype html><html><head><meta charset="utf-8"><title>dbt Docs</title>'
    '<script defer="defer">var n={manifest:"MANIFEST.JSON INLINE DATA",\r\n'
    'catalog:"CATALOG.JSON INLINE DATA"}; var s = "</body>"</script></head>'
    '<body><script src="other.js"></script><div ui-view></div></body></html>'
)
EVIL = "</script><script>window.harmed = 1</script><!-- \u2028 \\1"


def script(name: str = "a.py", source: str = "print(1)\n", **more: Any) -> ScriptPage:
    return ScriptPage(name, f"fal_scripts/{name}", more.pop("stage", "after"), source, **more)


def data(page: str) -> dict[str, Any]:
    (found,) = re.findall(rf'id="{MARK}">(.*?)</script>', page, re.DOTALL)
    content: dict[str, Any] = json.loads(found)
    return content


def inline_scripts(page: str) -> list[str]:
    """The scripts as a browser finds them: each ends at the first closing tag."""
    return re.findall(r"<script(?! src)[^>]*>(.*?)</script>", page, re.DOTALL)


def test_dbts_page_is_as_it_was_but_for_what_is_added(tmp_path: Path) -> None:
    page = make_page(DBT_PAGE, {}, tmp_path)
    plain = DBT_PAGE.replace("\r\n", "\n")
    head, body = plain.split('<meta charset="utf-8">')
    assert page.startswith(f'{head}<meta charset="utf-8"><meta http-equiv=')
    assert body.removesuffix("</body></html>") in page
    assert page.endswith("</body></html>")


def test_only_the_scripts_of_the_page_may_run(tmp_path: Path) -> None:
    page = make_page(DBT_PAGE, {"model.p.a": NodePage((script(source=EVIL),))}, tmp_path)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split("; ")}
    scripts = inline_scripts(page)
    assert len(scripts) == 3  # dbt's, the data, the additions
    expected = {
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    }
    assert set(rules["script-src"]) == expected
    assert rules["default-src"] == ["'none'"]
    assert "'unsafe-eval'" not in policy


def test_what_a_page_tells(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"1234")
    plots = (
        PlotFile("a.py", EVIL, EVIL, "png", "a.png"),
        PlotFile("a.py", "gone", None, "png", "gone.png"),
    )
    metrics = (
        MetricFact("a.py", EVIL, 2**60 + 1),
        MetricFact("a.py", "none", float("nan")),
        MetricFact("a.py", "yes", True),
    )
    pages = {"model.p.a": NodePage((script(name=EVIL, source=EVIL),), metrics, plots)}
    told = data(make_page(DBT_PAGE, pages, tmp_path))
    (node,) = told["nodes"].values()
    assert node["scripts"][0]["source"] == EVIL
    assert [one["value"] for one in node["metrics"]] == [str(2**60 + 1), "nan", True]
    assert node["plots"][0]["caption"] == EVIL
    assert told["files"] == {"a.png": "MTIzNA=="}
    assert told["leftOut"] == ["gone.png"]


def test_half_characters_do_not_stop_the_page(tmp_path: Path) -> None:
    page = make_page(DBT_PAGE, {"model.p.a": NodePage((script(source="\ud800"),))}, tmp_path)
    page.encode("utf-8")


def test_artifacts_stand_in_the_page_as_they_are(tmp_path: Path) -> None:
    manifest = {"nodes": {"a": {"description": EVIL}}}
    inlined = with_artifacts(DBT_PAGE, manifest, {"b": "\\g<0>"})
    page = make_page(inlined, {}, tmp_path)
    found = re.search(r"var n=\{manifest:(.*),\n(?:catalog):(.*?)\}; var s", page)
    assert found is not None
    assert json.loads(found[1]) == manifest
    assert json.loads(found[2]) == {"b": "\\g<0>"}
    assert len(inline_scripts(page)) == 3


@pytest.mark.parametrize("page", ["<html></html>", DBT_PAGE.replace("</body>", "")])
def test_a_page_that_is_none_of_dbts_is_told(page: str, tmp_path: Path) -> None:
    with pytest.raises(DocsError, match="dbt's documentation page lacks"):
        make_page(page, {}, tmp_path)


def test_a_page_without_a_place_for_artifacts_is_told() -> None:
    with pytest.raises(DocsError, match=r"the place of catalog\.json"):
        with_artifacts('"MANIFEST.JSON INLINE DATA"', {}, {})


def test_the_python_of_a_script_model() -> None:
    hook = script("h.py", stage="pre-hook")
    assert NodePage((hook,)).python is None
    assert NodePage((hook, script(builds=True))).python == "print(1)\n"
    two = NodePage((script(builds=True), script("b.py", "two()", builds=True)))
    assert two.python == "# fal_scripts/a.py\nprint(1)\n\n\n# fal_scripts/b.py\ntwo()\n"


def test_the_panels_are_made_of_text_only() -> None:
    for path in ASSETS.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        # What makes markup harmless has to read it, in a document that runs nothing.
        written = re.findall(
            r"(?:inner|outer)HTML\s*=|insertAdjacent|document\.write|\beval\b", text
        )
        assert written == []
        assert len(text.splitlines()) < 300
