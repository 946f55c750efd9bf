"""Serves a site's files and nothing else."""

from __future__ import annotations

import errno
import ipaddress
import mimetypes
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fal.exceptions import DocsError

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
}
_NAMES_OF_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


class SiteServer(ThreadingHTTPServer):
    """Serves the files of one folder.

    Args:
        folder: the folder.
        host: the name or address to listen at.
        port: the port; 0 for any that is free.

    Raises:
        DocsError: it can't listen there.
    """

    daemon_threads = True

    def __init__(self, folder: Path, host: str, port: int) -> None:
        if not 0 <= port <= 65535:
            raise DocsError(f"{port} is no port; --port takes 0 to 65535")
        self.folder = folder.resolve()
        try:
            found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
            self.address_family, address = found[0], found[4]
            super().__init__((str(address[0]), port), _Handler)
        except OSError as error:
            raise DocsError(_told(error, host, port)) from error
        self.is_local = ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the site."""
        host, port = self.server_address[:2]
        name = str(host)
        if ipaddress.ip_address(name.partition("%")[0]).is_unspecified:
            name = "localhost"
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def file(self, path: str) -> Path | None:
        """The file that a request's path names; None where the site has no such file."""
        parts = unquote(urlsplit(path).path).lstrip("/").split("/")
        if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return None
        try:
            found = self.folder.joinpath(*(parts if parts != [""] else ["index.html"])).resolve()
            # A link may lead out of the folder.
            inside = found.is_relative_to(self.folder) and found.is_file()
        except (OSError, ValueError):
            return None
        return found if inside else None


class _Handler(BaseHTTPRequestHandler):
    server: SiteServer
    server_version = "fal"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30
    policy = "frame-ancestors 'none'"

    def do_GET(self) -> None:
        """Send a file."""
        content = self._content()
        if content is not None:
            self.wfile.write(content)

    def do_HEAD(self) -> None:
        """Tell of a file."""
        self._content()

    def log_message(self, *_args: object) -> None:
        """Keep the terminal as it is."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        # The page has a policy of its own; what it can't say itself is said here. An image with
        # a script in it, opened by itself, has no other.
        self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def _content(self) -> bytes | None:
        self.policy = type(self).policy
        if not self._is_for_here():
            self.send_error(HTTPStatus.FORBIDDEN, "This site is served to its own machine only")
            return None
        path = self.server.file(self.path)
        try:
            content = None if path is None else path.read_bytes()
        except OSError:
            content = None
        if path is None or content is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        if path.suffix.lower() not in (".html", ".json"):
            self.policy = "frame-ancestors 'none'; default-src 'none'; style-src 'unsafe-inline'"
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", _type(path))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return content

    def _is_for_here(self) -> bool:
        """Whether a browser asks by a name of this machine, where only that is served.

        Another site's name that leads here would let that site read this one.
        """
        host = (self.headers.get("Host") or "").lower()
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        return not self.server.is_local or name in _NAMES_OF_THIS_MACHINE


def _type(path: Path) -> str:
    known = _TYPES.get(path.suffix.lower())
    guessed = mimetypes.guess_type(path.name)[0] or ""
    return known or (guessed if guessed.startswith("image/") else "application/octet-stream")


def _told(error: OSError, host: str, port: int) -> str:
    where = f"{host or 'all addresses'}, port {port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use by another program; choose another port with --port"
    if error.errno == errno.EACCES:
        return f"{where} may not be used by this user; choose a port above 1023 with --port"
    return f"the documentation can't be served at {where}: {error.strerror or error}"
