"""The documentation site in a real browser: what it shows, and what it lets nobody do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from fal.docs.site import FOLDER
from tests.e2e.browser import ATTACKS, CHROMIUM, chromium
from tests.e2e.commands import Finished, Project
from tests.e2e.reference import SCRIPT_MODEL

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")

PACKAGE = "fal_reference"
MODEL = f"model/model.{PACKAGE}.{SCRIPT_MODEL}"
# Descriptions are Jinja to dbt, and YAML holds no half characters.
TOLD = " ".join(text for text in ATTACKS[:6] if "{{" not in text)
EVERY = " ".join(ATTACKS[:6])

PLOTS = f"""

from matplotlib.figure import Figure

figure = Figure(figsize=(6, 3))
axes = figure.subplots()
axes.hist(result["lifetime_value"], bins=30)
save_plot(figure, "Lifetime values", caption={EVERY!r})
log_metric("customers", len(result))
log_metric("mean {ATTACKS[1]}", result["lifetime_value"].mean())
print({EVERY!r})
"""
BESIDE = f"# {EVERY}\nprint(context.current_model.name)\n"
MODELS = {
    "models": [
        {
            "name": "attacked",
            "description": f"{TOLD} **bold** [link](javascript:window.harmed=1) <b onclick='x'>",
            "columns": [{"name": "customer_id", "description": TOLD}],
            "config": {
                "tags": [ATTACKS[1]],
                "meta": {
                    f"key {TOLD}": TOLD,
                    "fal": {
                        "pre-hook": [{"path": "hook.py", "with": {"told": TOLD}}],
                        "scripts": {"before": ["first.py"], "after": ["last.py"]},
                    },
                },
            },
        }
    ]
}


@pytest.fixture(scope="module")
def project(
    first_run: tuple[Project, Finished], tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """The reference project with plots, metrics and attacks in it, built and documented."""
    first_run[1].ended_with(0)
    project = first_run[0].copy_to(tmp_path_factory.mktemp("docs") / "project")
    script = project.root / "fal_scripts" / "jaffle_shop" / f"{SCRIPT_MODEL}.py"
    script.write_text(script.read_text() + PLOTS)
    # What a comment says is in the code, so the artifacts hold it too.
    sql = f"select customer_id -- {ATTACKS[0]}\nfrom {{{{ ref('{SCRIPT_MODEL}') }}}}\n"
    project.write({"models/attacked.sql": sql})
    project.write({"models/attacked.yml": yaml.safe_dump(MODELS)})
    project.write({f"fal_scripts/{name}.py": BESIDE for name in ("first", "last", "hook")})
    project.write({"models/globals.yml": yaml.safe_dump({"fal": {"scripts": ["everywhere.py"]}})})
    project.write({"fal_scripts/everywhere.py": f"print({EVERY!r})\n"})
    run = project.run("fal", "flow", "run", "--select", SCRIPT_MODEL, "attacked", MPLBACKEND="Agg")
    run.ended_with(0)
    project.run("fal", "docs", "generate", "--static").ended_with(0)
    return project


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(project: Project) -> Iterator[str]:
    running = project.start("fal", "docs", "serve", "--port", "0", "--no-browser")
    running.wait_for("Press Ctrl+C")
    line = next(line for line in running.log.read_text().splitlines() if "http://" in line)
    yield line.split()[-1]
    running.interrupt()
    ended = running.finish()
    ended.ended_with(0)
    assert "The server has stopped" in ended.text
    assert "Traceback" not in ended.text


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page of a site; fails where it asks others, raises, or shows a dialog."""
    pages: list[tuple[Any, list[str]]] = []

    def open_page(site: str, place: str) -> Any:
        page, wrong = browser.new_page(viewport={"width": 1440, "height": 900}), list[str]()
        page.on("request", lambda asked: wrong.extend(_foreign(asked.url, site)))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: _dismiss(dialog, wrong))
        pages.append((page, wrong))
        page.goto(f"{site}#!/{place}")
        page.wait_for_selector("h1 .break, .panel-body h3", state="visible")
        return page

    yield open_page
    for page, wrong in pages:
        assert page.evaluate("window.harmed") is None
        page.close()
        assert wrong == []


def _dismiss(dialog: Any, wrong: list[str]) -> None:
    wrong.append(dialog.message)
    dialog.dismiss()


def _foreign(url: str, site: str) -> list[str]:
    """What is no file of the site; dbt's page asks for a template's text as an icon."""
    own = site.rsplit("/", 1)[0]
    return [] if url.startswith((own, "data:", "about:")) else [url]


def static(project: Project) -> str:
    return (project.root / "target" / "static_index.html").as_uri()


def texts(page: Any, selector: str) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        selector, "all => all.map(one => one.textContent.trim())"
    )
    return found


def details(page: Any) -> dict[str, str]:
    return dict(zip(texts(page, ".detail-label"), texts(page, ".detail-value"), strict=True))


def test_a_script_models_page_shows_the_table_that_it_is(
    opened: Callable[..., Any], served: str, project: Project
) -> None:
    page = opened(f"{served}/", MODEL)
    assert texts(page, "h1 .break")[0] == SCRIPT_MODEL
    assert "table" in texts(page, "h1 small")
    ((rows,),) = project.query(f"select count(*) from {SCRIPT_MODEL}")
    told = details(page)
    assert told["Type"] == "table"
    assert told["Language"] == "python"
    assert told["Relation"].endswith(f".{SCRIPT_MODEL}")
    assert told["Row Count"] == f"{rows:,}"
    assert told["Approximate Size"].endswith(("KB", "MB"))
    assert "fal" not in told
    columns = dict(
        zip(texts(page, ".column-row td:nth-child(1)"), texts(page, ".column-row td:nth-child(2)"),
            strict=True)
    )  # fmt: skip
    asked = (
        f"select column_name, data_type from duckdb_columns() where table_name = '{SCRIPT_MODEL}'"
    )
    assert columns == dict(project.query(asked))
    assert any("N" in test.split() for test in texts(page, ".column-row td:nth-child(5)"))


def test_its_code_is_the_placeholder_and_the_python(
    opened: Callable[..., Any], served: str, project: Project
) -> None:
    page = opened(f"{served}/", MODEL)
    folder = project.root
    placeholder = (folder / f"models/jaffle_shop/ml/{SCRIPT_MODEL}.sql").read_text().strip()
    script = (folder / f"fal_scripts/jaffle_shop/{SCRIPT_MODEL}.py").read_text().strip()
    assert texts(page, "code-block .nav-tabs li a")[:2] == ["Source", "Python"]
    code = page.locator("code-block code.source-code")
    assert code.text_content().strip() == placeholder
    assert "language-sql" in code.get_attribute("class")
    page.click("code-block >> text=Python")
    page.wait_for_selector("code-block code.language-python .token.keyword")
    assert code.text_content().strip() == script
    assert page.locator("code-block .token.keyword >> text=import").count() > 3


def test_plots_and_metrics_of_the_last_run(opened: Callable[..., Any], served: str) -> None:
    page = opened(f"{served}/", MODEL)
    tabs = texts(page, ".app-links .nav-tabs li:not(.ng-hide) a")
    expected = ["Columns", "Metrics", "Plots", "Referenced By", "Depends On", "Scripts", "Code"]
    assert tabs[2:] == expected
    image = page.wait_for_selector(".plot img")
    assert image.evaluate("one => one.decode().then(() => one.naturalWidth)") > 500
    assert texts(page, ".plot figcaption b") == ["predictions", "Lifetime values"]
    assert texts(page, ".plot figcaption span") == ["How the customers spread", EVERY]
    names, values = (texts(page, f".fal-metrics td:nth-child({place})") for place in (1, 2))
    assert {"customers", f"mean {ATTACKS[1]}", "mean lifetime value"} <= set(names)
    assert values[names.index("customers")] == "1,240"
    page.click(".app-links >> text=Plots")
    page.click(".plot button.large")
    assert page.locator("dialog[open] img").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_the_graph_holds_it_between_its_parents_and_children(
    opened: Callable[..., Any], served: str
) -> None:
    page = opened(f"{served}/", f"{MODEL}?g_v=1&g_i=%2B{SCRIPT_MODEL}%2B")
    page.wait_for_function("window.graph && window.graph.nodes(':visible').length > 3")
    around = page.evaluate(
        """id => {
            const node = window.graph.getElementById(id);
            const names = (found) => found.nodes().map((one) => one.data("name")).sort();
            return [names(node.incomers()), names(node.outgoers())];
        }""",
        f"model.{PACKAGE}.{SCRIPT_MODEL}",
    )
    assert around[0] == ["customers", "orders"]
    assert {"attacked", "fct_customers"} <= set(around[1])


@pytest.mark.parametrize("kind", ["served", "static"])
def test_scripts_and_hooks_of_a_sql_model_are_told_as_text(
    opened: Callable[..., Any], served: str, project: Project, kind: str
) -> None:
    site = f"{served}/" if kind == "served" else static(project)
    page = opened(site, f"model/model.{PACKAGE}.attacked")
    assert texts(page, ".fal-name") == ["hook.py", "first.py", "last.py"]
    stages = ["pre-hook", "before the model", "after the model"]
    assert texts(page, ".fal-stage") == stages
    assert texts(page, ".fal-path") == [f"fal_scripts/{n}.py" for n in ("hook", "first", "last")]
    assert texts(page, ".fal-source code") == [BESIDE.strip()] * 3
    assert page.locator(".fal-source").nth(1).is_visible()
    assert f"with told: {TOLD}" in texts(page, ".fal-script summary .text-light")
    # Markdown is kept and HTML is text, as in dbt's own page.
    description = page.locator(".model-markdown").first
    assert ATTACKS[1] in description.text_content()
    assert texts(page, ".model-markdown strong") == ["bold"]
    assert page.locator(".model-markdown a[href^=javascript]").count() == 0
    assert details(page)[f"key {TOLD}"] == TOLD


def test_global_scripts_are_on_the_projects_overview(
    opened: Callable[..., Any], project: Project
) -> None:
    for place in ("overview", f"overview/{PACKAGE}"):
        page = opened(static(project), place)
        assert texts(page, "fal-globals h6") == ["Global script"]
        assert texts(page, ".fal-stage") == ["after everything"]
        assert texts(page, ".fal-source code") == [f"print({EVERY!r})"]
        shown = page.eval_on_selector(".fal-source code", "one => getComputedStyle(one).color")
        assert shown == "rgb(36, 41, 46)"
    page = opened(static(project), "overview/dbt")
    assert page.locator("fal-globals h6").count() == 0


def test_long_details_go_on_in_the_next_line(opened: Callable[..., Any], project: Project) -> None:
    page = opened(static(project), f"model/model.{PACKAGE}.attacked")
    cut = "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length"
    assert page.eval_on_selector_all(".details .detail-body", cut) == 0


def test_the_search_shows_names_and_code_as_text(
    opened: Callable[..., Any], project: Project
) -> None:
    page = opened(static(project), "overview")
    page.fill("#search", "harmed")
    page.wait_for_selector(".search-result-match")
    found = " ".join(texts(page, ".results"))
    assert "<script>window.harmed" in found
    assert page.locator(".results img, .results script, .results iframe").count() == 0


def test_nothing_that_gets_into_the_page_later_runs(
    opened: Callable[..., Any], served: str, project: Project
) -> None:
    for site in (f"{served}/", static(project)):
        page = opened(site, "overview")
        page.evaluate(
            """attacks => {
                for (const attack of attacks) document.body.insertAdjacentHTML("beforeend", attack);
                const script = document.createElement("script");
                script.textContent = "window.harmed = 1";
                document.body.append(script);
            }""",
            list(ATTACKS[:4]),
        )
        page.wait_for_timeout(200)


def test_the_artifacts_and_the_folder(project: Project) -> None:
    target = project.root / "target"
    names = sorted(path.name for path in (target / FOLDER).iterdir())
    assert names == ["catalog.json", "index.html", "manifest.json"]
    page = (target / "index.html").read_bytes()
    assert page == (target / FOLDER / "index.html").read_bytes()
    # Other tools read these as they are.
    manifest = json.loads((target / "manifest.json").read_text())
    node = manifest["nodes"][f"model.{PACKAGE}.{SCRIPT_MODEL}"]
    assert "select" in node["compiled_code"]
    assert node["language"] == "sql"
