"""`python -m tests.support.snowflake --port 0` serves until it is told to end."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from tests.support.snowflake.account import Account
from tests.support.snowflake.app import Server


def main() -> None:
    """Listen on 127.0.0.1 and print `READY` and the port."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--db-path", type=Path, help="a folder to keep the databases in")
    parser.add_argument("--strict", action="store_true", help="refuse what only DuckDB takes")
    parser.add_argument(
        "--abandoned-after",
        type=float,
        default=2.0,
        help="seconds without a connection after which a session is ended",
    )
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input is closed"
    )
    told = parser.parse_args()
    if told.db_path:
        told.db_path.mkdir(parents=True, exist_ok=True)
    account = Account(strict=told.strict, folder=told.db_path)
    server = Server(account, told.port, told.abandoned_after)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    if told.with_parent:
        threading.Thread(target=_wait_for_end, args=(server,), daemon=True).start()
    print("READY", server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        account.close()
        os._exit(0)  # DuckDB's module tells of leaks on an ordinary way out


def _wait_for_end(server: Server) -> None:
    """Serve no longer than the process that holds the other end of standard input."""
    with suppress(OSError):
        sys.stdin.buffer.read()
    server.shutdown()


if __name__ == "__main__":
    main()
