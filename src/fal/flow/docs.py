"""dbt's tasks of the documentation site, with scripts in it."""

from __future__ import annotations

import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from dbt.adapters.factory import get_adapter
from dbt.artifacts.schemas.catalog import CatalogTable
from dbt.task.base import ConfiguredTask
from dbt.task.docs import DOCS_INDEX_FILE_PATH
from dbt.task.docs.generate import GenerateTask
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from fal.docs.server import SiteServer
from fal.docs.site import MANIFEST, Site, site_folder
from fal.exceptions import DocsError
from fal.flow.docs_pages import ScriptPages
from fal.flow.docs_stats import with_stats
from fal.flow.errors import FlowError
from fal.flow.past_run import target_path
from fal.flow.promotion import package_roots, project_scripts
from fal.report.store import Store


class DocsGenerateTask(GenerateTask):
    """Writes dbt's artifacts as dbt does, and the site from them."""

    _catalogued = False

    def run(self) -> Any:
        """Make the site, unless dbt gave up before its catalog."""
        results = super().run()
        if self._catalogued:
            try:
                self._write_site()
            except DocsError as error:
                raise FlowError(error) from error
        return results

    def get_catalog_results(
        self,
        nodes: dict[str, CatalogTable],
        sources: dict[str, CatalogTable],
        *args: Any,
        **more: Any,
    ) -> Any:
        """Dbt's catalog, with rows and bytes of tables."""
        assert self.manifest is not None
        self._catalogued = True
        told = {**nodes, **sources}
        counted = with_stats(told, self.manifest, get_adapter(self.config))
        return super().get_catalog_results(
            {uid: counted[uid] for uid in nodes},
            {uid: counted[uid] for uid in sources},
            *args,
            **more,
        )

    def _write_site(self) -> None:
        assert self.manifest is not None
        config, target = self.config, target_path(self.config)
        scripts = project_scripts(self.manifest, config)
        pages = ScriptPages(
            self.manifest, scripts, package_roots(config), Store(target), config.project_name
        )
        with _manifest_file(self.manifest, target, written=self.args.compile) as manifest:
            site = Site(
                target=target,
                dbt_page=Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8"),
                manifest=manifest,
                pages=pages.pages(),
                project=config.project_name,
                assets=config.asset_paths,
            )
            _tell(f"Documentation site written to {site.write()}")
            if self.args.static:
                _tell(f"Documentation site of one file written to {site.write_static()}")


class DocsServeTask(ConfiguredTask):
    """Serves the site that was made last."""

    def run(self) -> None:
        """Serve until Ctrl-C."""
        try:
            folder = site_folder(target_path(self.config))
            server = SiteServer(folder, self.args.host, self.args.port)
        except DocsError as error:
            raise FlowError(error) from error
        with server:
            click.echo(f"Serving the documentation at {server.url}\nPress Ctrl+C to exit.")
            if not server.is_local:
                click.echo(f"Other machines can read it: it listens at {self.args.host}.")
            if self.args.browser:
                webbrowser.open_new_tab(server.url)
            with suppress(KeyboardInterrupt):
                server.serve_forever()
        click.echo("\nThe server has stopped.")


@contextmanager
def _manifest_file(manifest: Any, target: Path, *, written: bool) -> Iterator[Path]:
    """The manifest as a file; with `--no-compile` dbt writes none."""
    if written:
        yield target / MANIFEST
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MANIFEST
        manifest.writable_manifest().write(str(path))
        yield path


def _tell(message: str) -> None:
    fire_event(Note(msg=message), level=EventLevel.INFO)
