"""The page holds what it is given as text, and nothing that the page itself does not bring."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fal.report
from fal.report import embedded
from fal.report.embedded import json_in_page
from fal.report.model import Line, MetricFact, Node, Output, PlotFile, dumps, to_json
from fal.report.page import render
from tests.support.runs import at, large_run, made_run

ASSETS = Path(fal.report.__file__).with_name("assets")
HOSTILE = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>'\"\u2028&lt;\ud800"


class Elements(HTMLParser):
    """The elements of a page, each with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def hostile_node(text: str) -> Node:
    return Node(
        id=text, name=text, kind="script", language="python", status="error", message=text,
        started=at(1), ended=at(2), seconds=1.0, description=text, traceback=text,
        scripts=(text,), relation=text, path=text, thread=text,
        output=Output((Line(text, text, text),)), metrics=(MetricFact(text, text, float("nan")),),
        plots=(PlotFile(text, text, text, "png", "fal/none.png"),),
    )  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(st.text() | st.just(HOSTILE))
def test_no_name_and_no_line_adds_an_element(text: str) -> None:
    kinds = [tag for tag, _ in Elements(render(made_run(hostile_node("plain")), Path())).found]
    html = render(made_run(hostile_node(text), project=text), Path())
    html.encode("utf-8")
    assert [tag for tag, _ in Elements(html).found] == kinds


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_json_in_a_page_reads_as_what_it_was_and_holds_no_mark_up(content: object) -> None:
    text = json_in_page(content)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == json.loads(dumps(content))


def test_the_policy_lets_nothing_in_and_names_the_hash_of_the_pages_own_script() -> None:
    html = render(large_run(5), Path())
    (content,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', html)
    rules = {
        part.split()[0]: part.split()[1:] for part in content.replace("&#39;", "'").split("; ")
    }
    assert rules["default-src"] == ["'none'"]
    assert rules["img-src"] == ["data:"]
    assert len(rules["script-src"]) == 1
    assert rules["script-src"][0].startswith("'sha256-")
    assert rules["style-src"][0].startswith("'sha256-")
    assert "http" not in content
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", html.partition("<script")[0])


def test_plots_are_in_the_page_up_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(b"1234")
    (tmp_path / "b.png").write_bytes(b"5678")
    plots = tuple(
        PlotFile("a.py", name, None, "png", f"{name}.png") for name in ("a", "b", "missing")
    )
    run = made_run(Node("n", "n", "script", "python", "success", plots=plots))
    monkeypatch.setattr(embedded, "MOST_BYTES", 6)
    html = render(run, tmp_path)
    (text,) = re.findall(r'id="data">(.*?)</script>', html)
    data = json.loads(text)
    assert data["files"] == {"a.png": "MTIzNA=="}
    assert data["leftOut"] == ["b.png", "missing.png"]


def test_a_library_that_would_end_its_element_stays_out(tmp_path: Path) -> None:
    (tmp_path / "good.js").write_bytes(b"one\r\ntwo")
    (tmp_path / "bad.js").write_bytes(b"'</SCRIPT>'")
    assert embedded._library(tmp_path / "bad.js", "bad.js") is None
    assert embedded._library(tmp_path / "gone.js", "gone.js") is None
    good = embedded._library(tmp_path / "good.js", "good.js")
    assert good is not None
    assert good.digest == embedded.digest("one\ntwo")


def test_the_pages_scripts_make_elements_of_text_only() -> None:
    for path in ASSETS.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b", text)
        assert len(text.splitlines()) < 300
    # The only text that becomes a document of its own is that of a plotly figure's frame.
    assert [p.name for p in ASSETS.glob("*.js") if "srcdoc" in p.read_text()] == ["plots.js"]
    # A browser hashes what it reads, in which every line ends with one character.
    assert not any(b"\r" in path.read_bytes() for path in ASSETS.iterdir())


def test_the_json_is_what_the_docs_say() -> None:
    told = to_json(made_run(hostile_node("a")))
    assert list(told) == [
        "version", "invocation_id", "command", "project", "target", "versions", "status",
        "message", "started", "ended", "nodes", "seconds",
    ]  # fmt: skip
    assert told["started"] == "2026-03-01T09:30:00.000Z"
    node = told["nodes"][0]
    assert node["metrics"] == [{"script": "a", "name": "a", "value": "NaN"}]
    documented = (Path(__file__).parents[3] / "docs" / "report.md").read_text(encoding="utf-8")
    for name in [*told, *node, *node["output"], *node["plots"][0], *told["target"]]:
        assert f"`{name}`" in documented
