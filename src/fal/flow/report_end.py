"""Writes the report of a flow when it ends, however it ends, and opens it."""

from __future__ import annotations

import platform
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import dbt.version
from dbt.flags import get_flags
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note
from dbt_common.exceptions import env_secrets, scrub_secrets
from dbt_common.invocation import get_invocation_id

from fal.flow.asked import report_opened
from fal.flow.past_run import target_path
from fal.flow.report_nodes import told_nodes
from fal.flow.run_report import RunReport
from fal.report.files import write_atomically
from fal.report.model import FAILED, Node, Run, Target, dumps, to_json

JSON_FILE = "fal_run.json"
PAGE_FILE = "fal_report.html"

# Programs that `webbrowser` may find and that need a terminal of their own.
_IN_TERMINAL = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})

Status = Literal["success", "error", "interrupted"]


@contextmanager
def reported(task: Any) -> Iterator[None]:
    """Write the report of a flow when the block ends, whether it ends well or not.

    A report that can't be written is told and changes nothing else.

    Args:
        task: the task, with its `report`.
    """
    failure: BaseException | None = None
    try:
        yield
    except BaseException as error:
        failure = error
        raise
    finally:
        if task.report.keep:
            try:
                _write(task, failure)
            except Exception as error:
                text = f"the report of this run can't be written: {type(error).__name__}: {error}"
                fire_event(Note(msg=text), level=EventLevel.WARN)


def _write(task: Any, failure: BaseException | None) -> None:
    from fal.report.page import render

    report: RunReport = task.report
    nodes = told_nodes(report, list(task.node_results), task.scripts.models)
    run = _told_run(report, task.command or task.args.which, nodes, failure)
    folder = target_path(report.config)
    report.forget(task.scripts.models)
    write_atomically(folder / JSON_FILE, dumps(to_json(run), indent=1).encode("utf-8"))
    page = folder / PAGE_FILE
    write_atomically(page, render(run, folder).encode("utf-8"))
    opened = f" ({_open(page)})" if _asked_to_open() else ""
    fire_event(Note(msg=f"Report: {_shown(page)}{opened}"), level=EventLevel.INFO)


def _shown(page: Path) -> Path:
    """A page's path, from the working folder where it is below it."""
    folder = Path.cwd()
    return page.relative_to(folder) if page.is_relative_to(folder) else page


def _told_run(
    report: RunReport, command: str, nodes: tuple[Node, ...], failure: BaseException | None
) -> Run:
    config = report.config
    message = None if failure is None else str(getattr(failure, "msg", failure))
    return Run(
        invocation_id=get_invocation_id(),
        command=command,
        project=config.project_name,
        target=Target(config.target_name, config.credentials.type, config.threads),
        versions={
            "fal": version("fal-flow"),
            "dbt": dbt.version.__version__,
            "python": platform.python_version(),
        },
        status=_status(nodes, failure),
        message=message and str(scrub_secrets(message, env_secrets())),
        started=report.started,
        ended=datetime.now(UTC),
        nodes=nodes,
    )


def _status(nodes: tuple[Node, ...], failure: BaseException | None) -> Status:
    # The task tells of an interrupt by an error of its own.
    if any(
        isinstance(one, KeyboardInterrupt) for one in (failure, getattr(failure, "__context__", 0))
    ):
        return "interrupted"
    bad = FAILED | {"skipped", "interrupted", "not started"}
    return "error" if failure is not None or any(n.status in bad for n in nodes) else "success"


def _asked_to_open() -> bool:
    """Whether to open the page: not where a program reads the log, and nobody looks."""
    return report_opened.get() and str(get_flags().LOG_FORMAT) != "json"


def _open(page: Path) -> str:
    """Open a page in the browser, where there is one, and tell how it went."""
    try:
        browser = webbrowser.get()
        in_terminal = Path(str(getattr(browser, "name", ""))).name in _IN_TERMINAL
        opened = (sys.stdin.isatty() or not in_terminal) and browser.open(page.as_uri())
    except (webbrowser.Error, OSError):
        opened = False
    return "open in the browser" if opened else "no browser to open it with"
