"""Writes the documentation site: a folder of static files, or one file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fal.docs.model import Pages
from fal.docs.page import make_page, with_artifacts
from fal.exceptions import DocsError
from fal.report.files import new_name, write_atomically

FOLDER = "fal_docs"
"""The site's folder below the target folder."""

PAGE, STATIC_PAGE = "index.html", "static_index.html"
MANIFEST, CATALOG = "manifest.json", "catalog.json"


@dataclass(frozen=True)
class Site:
    """What a site is made of.

    Attributes:
        target: the folder of dbt's artifacts.
        dbt_page: dbt's own page.
        manifest: the file with the manifest.
        pages: what the pages of models and sources tell beyond dbt's.
        assets: the folders of images that descriptions show, below the target folder.
        project: the project's name.
    """

    target: Path
    dbt_page: str
    manifest: Path
    pages: Pages
    assets: Sequence[str] = ()
    project: str = ""

    def write(self) -> Path:
        """Write the site's folder, and its page beside dbt's artifacts.

        Tools publish `index.html` with the artifacts from the target folder, so that the page
        is there too.

        Returns:
            The folder.

        Raises:
            DocsError: dbt's page is none that this engine knows, or a file can't be written.
        """
        page = make_page(self.dbt_page, self.pages, self.target, self.project).encode("utf-8")
        folder = self.target / FOLDER
        try:
            made = self.target / new_name()
            made.mkdir(parents=True)
            try:
                self._fill(made, page)
                _replace(folder, made)
            finally:
                shutil.rmtree(made, ignore_errors=True)
            write_atomically(self.target / PAGE, page)
        except OSError as error:
            raise DocsError(f"the documentation site can't be written: {error}") from error
        return folder

    def write_static(self) -> Path:
        """Write the site as one file beside dbt's artifacts.

        Raises:
            DocsError: as `write` does.
        """
        path = self.target / STATIC_PAGE
        try:
            artifacts = [
                json.loads(file.read_text(encoding="utf-8"))
                for file in (self.manifest, self.target / CATALOG)
            ]
            dbt_page = with_artifacts(self.dbt_page, *artifacts)
            page = make_page(dbt_page, self.pages, self.target, self.project)
            write_atomically(path, page.encode("utf-8"))
        except OSError as error:
            raise DocsError(f"the documentation site can't be written: {error}") from error
        return path

    def _fill(self, folder: Path, page: bytes) -> None:
        (folder / PAGE).write_bytes(page)
        shutil.copyfile(self.manifest, folder / MANIFEST)
        shutil.copyfile(self.target / CATALOG, folder / CATALOG)
        for name in self.assets:
            if (self.target / name).is_dir():
                shutil.copytree(self.target / name, folder / name)


def site_folder(target: Path) -> Path:
    """The folder of a site that was generated.

    Args:
        target: the folder of dbt's artifacts.

    Raises:
        DocsError: there is none.
    """
    folder = target / FOLDER
    if not (folder / PAGE).is_file():
        raise DocsError(
            f"there is no documentation site in {folder}; run `fal docs generate` first"
        )
    return folder


def _replace(folder: Path, made: Path) -> None:
    """Put a folder in the place of another; in two steps, as folders can't be in one."""
    old = folder.with_name(new_name())
    if folder.exists():
        folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
