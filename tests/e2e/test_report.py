"""The report of a run in a real browser: what it shows, how it is used, what it lets nobody do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import plotly.graph_objects as objects
import pytest

from fal.report.model import Line, MetricFact, Node, Output, PlotFile, Run, TableRead
from fal.report.page import render
from fal.report.store import Store
from fal.runtime.figures import plot
from tests.e2e.browser import ATTACKS, CHROMIUM, chromium
from tests.e2e.commands import Finished, Project, placeholder, small_project
from tests.e2e.reference import SCRIPT_MODEL
from tests.support.runs import at, large_run, made_run

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")


# The boxes of a graph that cover another, or are too small for their texts.
FITS = """
    all => {
        const boxes = all.map((one) => one.querySelector(".body").getBoundingClientRect());
        const inside = (box, one) => [...one.querySelectorAll("text")].every(
            (text) => text.getBoundingClientRect().right <= box.right);
        const apart = (a, b) =>
            a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        return all.filter((one, at) => !inside(boxes[at], one)
            || boxes.some((box, other) => other !== at && !apart(boxes[at], box)))
            .map((one) => one.textContent);
    }
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page; fails where it asks for anything, raises, or shows a dialog."""
    pages: list[tuple[Any, list[str]]] = []

    def open_page(path: Path, **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": 1440, "height": 860}, **settings)
        page, wrong = context.new_page(), list[str]()
        own = path.as_uri()
        page.on("requestfinished", lambda asked: wrong.extend(_foreign(asked, own)))
        page.on("requestfailed", lambda asked: wrong.extend(_foreign(asked, own)))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(own)
        page.wait_for_selector("html[data-ready]", state="attached")
        pages.append((page, wrong))
        return page

    yield open_page
    for page, wrong in pages:
        assert page.evaluate("window.harmed") is None
        page.context.close()
        assert wrong == []


def _foreign(asked: Any, own: str) -> list[str]:
    """What a page asked for beyond itself; not what its policy kept it from."""
    if asked.url == own or asked.url.startswith(("data:", "about:")):
        return []
    return [] if asked.failure == "csp" else [f"{asked.url} ({asked.failure})"]


def saved(folder: Path, run: Run) -> Path:
    path = folder / "fal_report.html"
    path.write_bytes(render(run, folder).encode("utf-8"))
    return path


@pytest.fixture(scope="module")
def report(first_run: tuple[Project, Finished]) -> Path:
    first_run[1].ended_with(0)
    return first_run[0].root / "target" / "fal_report.html"


@pytest.fixture(scope="module")
def facts(report: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(report.with_name("fal_run.json").read_text("utf-8"))
    return told


def test_timeline_graph_and_table_have_every_node(
    opened: Callable[..., Any], report: Path, facts: dict[str, Any]
) -> None:
    page = opened(report)
    names = {node["name"] for node in facts["nodes"]}
    assert SCRIPT_MODEL in names

    def labels(where: str) -> set[str]:
        found = page.eval_on_selector_all(
            where, "all => all.map(one => one.ariaLabel.split(', ')[0])"
        )
        return set(found)

    assert labels("#timeline [data-node]") == names
    assert labels(".dag [data-node]") == names
    assert (
        page.locator(
            f'#timeline .python[aria-label^="{SCRIPT_MODEL}, script model, success"]'
        ).count()
        == 1
    )
    colours = {
        language: page.eval_on_selector(
            f"#timeline .{language}.node", "one => getComputedStyle(one).backgroundColor"
        )
        for language in ("sql", "python")
    }
    assert colours["sql"] != colours["python"]
    page.set_viewport_size({"width": 1280, "height": 720})
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.eval_on_selector_all(".dag .node", FITS) == []
    heights = page.eval_on_selector_all(
        ".dag text.name", "all => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert min(heights) > 10, "a laptop's screen shows names that can be read"
    cut = "all => all.filter((one) => one.scrollWidth > one.clientWidth).length"
    assert page.eval_on_selector_all("#details .link small", cut) == 0
    page.click("#tab-table")
    assert labels("#view-table tr[data-node]") == names


def test_details_tell_what_the_script_model_did(
    opened: Callable[..., Any], report: Path, facts: dict[str, Any]
) -> None:
    page = opened(report)
    page.click(f'.dag [aria-label^="{SCRIPT_MODEL},"]')
    details = page.inner_text("#details")
    (node,) = (one for one in facts["nodes"] if one["name"] == SCRIPT_MODEL)
    assert node["reads"]
    for text in (node["relation"], node["reads"][0]["call"], f"{node['rows_written']:,}"):
        assert text in details
    page.fill("input[type=search]", SCRIPT_MODEL)
    assert page.locator("#timeline [data-node]:not(.dim)").count() >= 1
    assert page.locator("#timeline [data-node].dim").count() > 0


def test_it_can_be_used_by_keys_alone(opened: Callable[..., Any], report: Path) -> None:
    page = opened(report)

    def focused(what: str) -> Any:
        return page.evaluate(f"document.activeElement.{what}")

    for _ in range(40):
        page.keyboard.press("Tab")
        if focused("closest('#timeline [data-node]') !== null"):
            break
    first = focused("ariaLabel")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("End")
    assert focused("ariaLabel") != first
    page.keyboard.press("Home")
    assert focused("ariaLabel") == first
    page.keyboard.press("Enter")
    assert focused("tagName") == "H2"
    assert page.inner_text("#details h2") == first.split(", ")[0]
    page.keyboard.press("Escape")
    assert page.inner_text("#details h2") == "This run"
    assert focused("ariaLabel") == first
    page.focus(".dag [tabindex='0']")
    start = focused("ariaLabel")
    page.keyboard.press("ArrowRight")
    assert focused("ariaLabel") != start
    page.keyboard.press("ArrowLeft")
    page.focus("#tab-graph")
    page.keyboard.press("ArrowRight")
    assert focused("id") == "tab-table"
    page.focus("#view-table tbody tr")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.inner_text("#details h2") != "This run"
    page.click("#view-table th button:has-text('Took')")
    assert page.get_attribute("#view-table th[aria-sort]", "aria-sort") == "descending"


def test_dark_mode_and_print(opened: Callable[..., Any], report: Path) -> None:
    light, dark = opened(report, color_scheme="light"), opened(report, color_scheme="dark")
    script = "getComputedStyle(document.body).backgroundColor"
    tones = [sum(map(int, one.evaluate(script)[4:-1].split(","))) for one in (light, dark)]
    assert tones[0] > 600
    assert tones[1] < 150
    assert light.screenshot() != dark.screenshot()
    dark.emulate_media(media="print")
    assert dark.evaluate(script) == "rgb(255, 255, 255)"
    assert not dark.is_visible("#toolbar")


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_named_and_printed_is_text(
    opened: Callable[..., Any], tmp_path: Path, attack: str
) -> None:
    (tmp_path / "plot.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9' onload='parent.harmed = 1'>"
        "<script>parent.harmed = 1</script></svg>"
    )
    hostile = Node(
        id=attack, name=attack, kind=attack, language="python", status="error", message=attack,
        parents=("calm",), thread=attack, started=at(10), ended=at(30), seconds=20.0, path=attack,
        relation=attack, materialized=attack, description=attack, scripts=(attack,),
        environment=attack, traceback=attack, reads=(TableRead(attack, attack, 1),),
        output=Output((Line(attack, attack, attack), Line(attack, "info", attack))),
        metrics=(MetricFact(attack, attack, 1.5),),
        plots=(PlotFile(attack, attack, attack, "svg", "plot.svg", 9, 9),),
    )  # fmt: skip
    calm = Node("calm", "calm", "sql", "sql", "success", started=at(0), ended=at(9), seconds=9.0)
    page = opened(saved(tmp_path, made_run(calm, hostile, status="error", project=attack)))
    shown = page.evaluate("text => text.toWellFormed ? text.toWellFormed() : text", attack)
    assert page.locator("#timeline [data-node]").count() == 2
    page.click('#timeline [data-node="1"]')
    assert (
        page.evaluate("document.querySelector('#details h2').textContent.toWellFormed()") == shown
    )
    assert shown in page.evaluate(
        "document.querySelector('#details .output').textContent.toWellFormed()"
    )
    page.wait_for_function("document.querySelector('#details .plot img').complete")
    page.click("#tab-table")
    assert page.evaluate("document.scripts.length") == 2
    assert page.is_visible("body")


def test_even_what_gets_into_the_page_can_do_nothing(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    page = opened(saved(tmp_path, large_run(3)))
    page.evaluate(
        """async () => {
            const script = document.createElement("script");
            script.textContent = "window.harmed = 1";
            document.body.append(script);
            const place = document.createElement("div");
            document.body.append(place);
            place.innerHTML =
                "<img src=x onerror='window.harmed = 1'><a id=a onclick='window.harmed = 1'>";
            document.getElementById("a").click();
            try { await fetch("http://127.0.0.1:9/"); window.harmed = 1; } catch { }
            await new Promise((done) => setTimeout(done, 100));
        }"""
    )


def test_a_thousand_nodes(opened: Callable[..., Any], tmp_path: Path) -> None:
    path = saved(tmp_path, large_run(1000))
    began = time.perf_counter()
    page = opened(path)
    page.screenshot()
    print(f"1,000 nodes, drawn after {time.perf_counter() - began:.2f} s")
    assert page.locator("#timeline [data-node]").count() == 1000
    page.click("#tab-table")
    assert page.locator("#view-table tr[data-node]").count() == 1000
    page.click("#tab-graph")
    page.check(".toggle input")
    assert page.locator(".dag [data-node]").count() == 1000


def test_figures_of_plotly_are_drawn_in_a_frame_without_rights(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    attack = "</script><script>parent.harmed = 1; window.harmed = 1</script>"
    figure = objects.Figure([objects.Scattergl(y=[1, 3, 2], name=attack), objects.Bar(y=[1])])
    figure.update_layout(title={"text": attack})
    _, plots = Store(tmp_path).save("model.a", "a.py", "a", {}, [plot(figure, "bars", attack)])
    node = Node("a", "a", "script", "python", "success", started=at(1), ended=at(2), plots=plots)
    page = opened(saved(tmp_path, made_run(node)))
    page.click("#timeline [data-node]")
    frame = page.frame_locator("#details iframe")
    frame.locator(".main-svg").first.wait_for()
    assert frame.locator(".barlayer path").count() >= 1
    inside = page.frames[1]
    assert inside.evaluate("window.harmed") is None
    assert (
        inside.evaluate("(() => { try { return parent.document.title } catch { return null } })()")
        is None
    )


def test_no_nodes_at_all(opened: Callable[..., Any], tmp_path: Path) -> None:
    assert "No node was to run" in opened(saved(tmp_path, made_run())).inner_text("#timeline")


def test_an_interrupted_flow_leaves_its_report(tmp_path: Path) -> None:
    project = small_project(
        tmp_path,
        {
            "models/slow.sql": placeholder("slow.py"),
            "models/after.sql": "select * from {{ ref('slow') }}",
            "fal_scripts/slow.py": "import time\nprint('started')\nlog_metric('n', 1)\n"
            "while True:\n    time.sleep(0.02)\n",
        },
    )
    running = project.start("fal", "flow", "run")
    try:
        running.wait_for("started")
        running.interrupt()
        running.finish().ended_with(2)
    finally:
        project.stop_all()
    run = project.artifact("fal_run.json")
    told = {node["name"]: node for node in run["nodes"]}
    assert run["status"] == "interrupted"
    assert (told["slow"]["status"], told["after"]["status"]) == ("interrupted", "not started")
    assert told["slow"]["metrics"][0]["value"] == 1
    assert told["slow"]["output"]["lines"][0]["text"] == "started"
    assert (told["after"]["started"], told["after"]["thread"]) == (None, None)
    assert (tmp_path / "target" / "fal_report.html").is_file()
