"""`earnest run` and other commands as processes of their own, on the store and rules of one folder."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from tests.program import Ran
from tests.servers.town import token
from tests.street import RULES
from tests.terminal import EARNEST

PATIENCE = 60.0  # seconds; on an idle machine every wait here ends within two


async def until(true: Callable[[], bool] | Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for something that another process does."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = true()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)
    raise AssertionError(what)


class Machine:
    """One folder with a store and rules, and the processes that work in it."""

    def __init__(self, folder: Path, host: str, **changes: object) -> None:
        """Listen to and speak on the town at `host`."""
        self.folder = folder
        self.sources: dict[str, dict[str, object]] = {"mastodon": {"instance": f"http://{host}", "every": "1s"}}
        self.first = json.dumps({**RULES, "sources": self.sources, **changes})
        (folder / "rules.yaml").write_text(self.first, encoding="utf-8")
        self._environment = {
            **os.environ,
            "EARNEST_ALLOW_HOSTS": host,
            "EARNEST_SECRET_MASTODON_READ": token("acme"),
            "EARNEST_SECRET_MASTODON_WRITE": token("acme"),
            "EARNEST_STORE": f"sqlite:///{folder}/earnest.db",
            "EARNEST_RULES": str(folder / "rules.yaml"),
            "EARNEST_NAME": "kim",
        }

    async def start(self) -> Process:
        """Start the daemon."""
        return await self._begin("run", "--quiet")

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Read the store past the program."""
        with closing(sqlite3.connect(self.folder / "earnest.db")) as connection:
            return connection.execute(sql).fetchall()

    def change(self, sql: str, *values: object) -> None:
        """Change the store past the program, which must not be running."""
        with closing(sqlite3.connect(self.folder / "earnest.db")) as connection, connection:
            connection.execute(sql, values)

    async def _begin(self, *arguments: str) -> Process:
        return await asyncio.create_subprocess_exec(
            EARNEST, *arguments, env=self._environment, cwd=self.folder, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
        )

    async def __call__(self, *arguments: str, prefix: tuple[str, ...] = ()) -> Ran:
        """Run one command to its end; `prefix` is a program that runs it."""
        command = (*prefix, EARNEST, *arguments)
        process = await asyncio.create_subprocess_exec(
            *command, env=self._environment, cwd=self.folder, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
        )
        out, err = await process.communicate()
        return Ran(process.returncode or 0, out.decode(), err.decode())


async def end(process: Process, by: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
    """Ask a process to end; return its exit code and how many seconds that took."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    process.send_signal(by)
    await process.communicate()
    return process.returncode or 0, clock() - begun
