"""The files of the documentation site."""

from pathlib import Path

import pytest

from fal.docs.site import FOLDER, Site, site_folder
from fal.exceptions import DocsError

DBT_PAGE = (
    '<html><head><meta charset="utf-8"></head><body>'
    '<script>["MANIFEST.JSON INLINE DATA", "CATALOG.JSON INLINE DATA"]</script></body></html>'
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "catalog.json").write_text('{"nodes": {}}')
    (tmp_path / "manifest.json").write_text('{"nodes": {"a": "<b>"}}')
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"png")
    return Site(tmp_path, DBT_PAGE, tmp_path / "manifest.json", {}, ("images", "missing"))


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_all_that_the_site_needs_and_nothing_else(site: Site) -> None:
    (site.target / FOLDER).mkdir()
    (site.target / FOLDER / "old.json").touch()
    folder = site.write()
    assert names(folder) == {"index.html", "manifest.json", "catalog.json", "images/a.png"}
    assert site_folder(site.target) == folder
    assert (site.target / "index.html").read_text() == (folder / "index.html").read_text()
    assert not [path for path in site.target.iterdir() if path.name.startswith(".")]


def test_one_file_holds_the_artifacts(site: Site) -> None:
    page = site.write_static().read_text()
    assert '["{' not in page
    assert '{"a": "\\u003cb\\u003e"}' in page


def test_a_site_that_can_not_be_written_leaves_the_old_one(site: Site) -> None:
    site.write()
    (site.target / "catalog.json").unlink()
    with pytest.raises(DocsError, match=r"can't be written: .*catalog\.json"):
        site.write()
    assert len(names(site.target / FOLDER)) == 4


def test_no_site_yet(tmp_path: Path) -> None:
    with pytest.raises(DocsError, match="run `fal docs generate` first"):
        site_folder(tmp_path)
