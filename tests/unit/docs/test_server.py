"""The server of the documentation site, asked over a socket."""

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fal.docs.server import SiteServer
from fal.exceptions import DocsError


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SiteServer]:
    site = tmp_path / "site"
    (site / "assets").mkdir(parents=True)
    (site / "index.html").write_text("<h1>é</h1>")
    (site / "manifest.json").write_text("{}")
    (site / ".secret").write_text("x")
    (site / "assets" / "a b.svg").write_text("<svg/>")
    (tmp_path / "outside.json").write_text("x")
    (site / "link.json").symlink_to(tmp_path / "outside.json")
    with SiteServer(site, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: SiteServer, path: str, method: str = "GET", **headers: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    response.body = response.read()  # type: ignore[attr-defined]
    connection.close()
    return response


def test_the_sites_files_are_served_and_not_kept(server: SiteServer) -> None:
    page = ask(server, "/")
    assert page.status == 200
    assert page.body == "<h1>é</h1>".encode()  # type: ignore[attr-defined]
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    data = ask(server, "/manifest.json?cb=1")
    assert data.headers["Content-Type"] == "application/json; charset=utf-8"
    image = ask(server, "/assets/a%20b.svg")
    assert image.status == 200
    # An image opened by itself runs nothing.
    assert "default-src 'none'" in image.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/assets", "/assets/", "/.secret", "/missing", "/../outside.json", "/%2e%2e/outside.json",
        "/assets/..%2f..%2foutside.json", "/link.json", "//outside.json", "/a%00b",
        "/..%5coutside.json", "/" + "a" * 5000,
    ],
)  # fmt: skip
def test_nothing_else_is(server: SiteServer, path: str) -> None:
    assert ask(server, path).status == 404


def test_head_and_other_methods(server: SiteServer) -> None:
    head = ask(server, "/", "HEAD")
    assert head.status == 200
    assert head.headers["Content-Length"] == str(len("<h1>é</h1>".encode()))
    assert ask(server, "/", "POST").status == 501


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200), ("localhost", 200), ("[::1]:1", 200), ("LOCALHOST:1", 200),
        ("evil.example", 403), ("evil.example:8080", 403), ("127.0.0.1.evil.example", 403),
        ("", 403),
    ],
)  # fmt: skip
def test_another_sites_name_does_not_lead_here(server: SiteServer, host: str, status: int) -> None:
    assert ask(server, "/", Host=host).status == status


def test_all_addresses_are_served_by_any_name(tmp_path: Path) -> None:
    with SiteServer(tmp_path, "0.0.0.0", 0) as server:
        assert not server.is_local
        assert server.url == f"http://localhost:{server.server_address[1]}"


def test_a_port_that_is_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(DocsError, match=f"127.0.0.1, port {port} is in use by another program"):
            SiteServer(tmp_path, "127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "told"),
    [
        ("no-such-host.invalid", 0, "can't be served at no-such-host.invalid"),
        ("127.0.0.1", 70000, "is no port"),
        ("192.0.2.1", 0, "can't be served at 192.0.2.1"),
    ],
)
def test_what_can_not_be_listened_at_is_told(
    tmp_path: Path, host: str, port: int, told: str
) -> None:
    with pytest.raises(DocsError, match=told):
        SiteServer(tmp_path, host, port)
