"""A fleet: one PostgreSQL database, the square, and machines, each a folder with its own rules.yaml and processes of the real program.

The square comes in as a plug-in does: by entry points, from a small folder on the path that stands beside the machines' own.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

import aiohttp
import psycopg

from listener import clock
from listener.rules.rulebook import Rulebook
from listener.store.base import Migrations, Row, Store
from listener.store.opening import open_store
from listener.store.schema import MIGRATIONS as HEARING
from responders.edits import seal
from responders.ledger import takes
from responders.ledger.schema import MIGRATIONS as ANSWERING
from responders.ledger.takes import Word
from responders.moving import move
from tests.machines import plugin, servers
from tests.machines.approving import approve
from tests.machines.servers import PASSWORD
from tests.servers.postgres import Postgres

ROOT = Path(__file__).parents[2]
TURN = 2.0
"""Seconds that a turn lasts on these machines; a claim lasts four of them."""
CLAIM = 4 * TURN
PATIENCE = 120.0

RULES: Mapping[str, object] = {
    "version": 1,
    "mode": "send",
    "timezone": "UTC",
    "brands": {"acme": {"names": ["Acme"], "handles": {"square": "acme"}}},
    "routes": [{"name": "all", "when": "always", "reply": "hello"}],
    "templates": {"hello": "Could you say a little more about that? ^{agent}"},
    "boundaries": {"pause_when": []},
}
ALONE: Mapping[str, object] = {
    "routes": [{"name": "all", "when": "always", "reply": "hello", "approval": "none"}],
    "boundaries": {"pause_when": [], "limits": {"per_thread": 10, "per_author": "10/24h"}},
}
"""What lets answers leave without a person."""

_BELOW = 30  # lines that are shown of a traceback
_LOOK = 0.05
_ENTRY_POINTS = "[earnest.sources]\nsquare = tests.machines.plugin:SOURCE\n[earnest.channels]\nsquare = tests.machines.plugin:CHANNEL\n"
_ROUGH = re.compile(r'Traceback|"problem": "[A-Z]\w+"')
_NUMBERS = count(1)


@dataclass
class Machine:
    """One folder with rules.yaml, and the processes that run in it; all that they say is in `said`."""

    name: str
    folder: Path
    env: Mapping[str, str]
    program: str = "responders"
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None

    def start(self, *arguments: str) -> None:
        """Start the daemon."""
        self.log = self.log or (self.folder / "said").open("ab")
        command = [sys.executable, "-m", self.program, "run", "--confirm-mode", "send", "--json", *arguments]
        self.process = subprocess.Popen(
            command,
            env=dict(self.env),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            preexec_fn=_end_with_us,  # noqa: PLW1509  # no other thread is at work here
        )

    def sleep(self) -> None:
        """Put it to sleep, wherever it is."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    async def stop(self) -> int:
        """Ask it to end; return its exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, PATIENCE)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def stopped(self) -> bool:
        """Whether it was put to sleep."""
        assert self.process
        return Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"

    @property
    def said(self) -> str:
        path = self.folder / "said"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def rough(self) -> list[str]:
        """Return lines that are not for people: a traceback, an error without words, a password."""
        lines = self.said.splitlines()
        return ["\n".join(lines[at : at + _BELOW]) for at, line in enumerate(lines) if _ROUGH.search(line) or PASSWORD in line]

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run one command to its end; return its exit code and all it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self.program,
            *arguments,
            env=dict(self.env),
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode()


@dataclass
class Fleet:
    """What all machines share."""

    folder: Path
    server: Postgres
    database: str
    port: int
    changes: Mapping[str, object] = field(default_factory=dict)
    machines: list[Machine] = field(default_factory=list)
    turn: float = TURN
    answering: Migrations = ANSWERING
    session: aiohttp.ClientSession | None = None
    link: psycopg.Connection[dict[str, Any]] | None = None
    kept: bool = False
    """Whether what the machines said stays on the disk when all is over."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, port: int | None = None) -> str:
        """Return the URL of the database over TCP, past a proxy at `port` where one is named."""
        return f"postgresql://earnest@127.0.0.1:{port or self.server.port}/{self.database}"

    def machine(self, name: str, *, port: int | None = None, service: str = "", program: str = "responders", **changes: object) -> Machine:
        """Make a machine; it reaches the database by `port` and the square by `service`, where those are others than its own."""
        folder = self.folder / name
        (folder / "naps").mkdir(parents=True)
        made = Machine(name, folder, self._environment(folder, port, service), program)
        self.write_rules(made, service=service, **changes)
        self.machines.append(made)
        return made

    def rules(self, service: str = "", **changes: object) -> dict[str, object]:
        sources = {"square": {"service": f"http://{service or self.host}", "every": "1s"}}
        return {**RULES, "sources": sources, **self.changes, **changes}

    def write_rules(self, machine: Machine, service: str = "", **changes: object) -> None:
        """Write rules.yaml in one step, as an editor does."""
        beside = machine.folder / "rules.new"
        beside.write_text(json.dumps(self.rules(service, **changes)), encoding="utf-8")
        beside.replace(machine.folder / "rules.yaml")

    def _environment(self, folder: Path, port: int | None, service: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EARNEST_")}
        return kept | {
            "PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder / 'plugins'}",
            "EARNEST_STORE": self.url(port),
            "EARNEST_SECRET_STORE_PASSWORD": PASSWORD,
            "EARNEST_RULES": "rules.yaml",
            "EARNEST_ALLOW_HOSTS": ",".join({self.host, service or self.host}),
            "EARNEST_TURN": str(self.turn),
            "EARNEST_NAME": "kim",
            "STATE_DIRECTORY": str(folder),
            plugin.NAPS: str(folder / "naps"),
        }

    def nap(self, machine: Machine, where: str) -> None:
        """Have a machine's process stop itself when it next comes there."""
        (machine.folder / "naps" / where).touch()

    def store(self) -> Store:
        """Open the database from here, past every proxy."""
        return open_store(self.server.url(self.database), (HEARING, self.answering), create=True, patience=60.0)

    def rows(self, sql: str, **values: str) -> list[dict[str, Any]]:
        """Read the database past the program; one whose server was ended meanwhile is connected to anew."""
        for _ in range(2):
            if self.link is None or self.link.closed:
                self.link = psycopg.connect(self.server.url(self.database), autocommit=True, row_factory=psycopg.rows.dict_row)
            with suppress(psycopg.OperationalError):
                found = self.link.execute(sql, values or None)  # type: ignore[arg-type]  # ours, every one
                return found.fetchall() if found.description else []
            self.link.close()
        message = f"the database does not answer: {sql}"
        raise AssertionError(message)

    def states(self) -> dict[str, int]:
        """Return how many deliveries stand in each state."""
        return {row["state"]: row["n"] for row in self.rows("SELECT state, COUNT(*) AS n FROM deliveries GROUP BY state")}

    async def square(self, path: str, **told: object) -> Any:  # noqa: ANN401 - what it says is known to who asks
        """Ask the square something, or tell it how to behave."""
        self.session = self.session or aiohttp.ClientSession()
        method = "POST" if told else "GET"
        async with self.session.request(method, f"http://{self.host}{path}", json=told or None) as answer:
            return await answer.json()

    async def published(self) -> int:
        """Return how many answers are published."""
        return int((await self.square("/witness?count"))["copies"])

    async def prepare(self, replies: int, *, alone: bool = False, prefix: str = "p") -> None:
        """Have so many replies approved: posts are heard, answers drafted, and a person says yes to each (or, `alone`, nobody need).

        It works in a thread of its own, so that wires go on. What a fleet begins with is approved in a file, which is much faster, and
        moved; on the server that stories share, once for all stories that want as many.
        """
        first = prefix == "p" and not alone
        work = self._add if not first else self._copy if self.server is servers.shared else self._begin
        await asyncio.to_thread(work, replies, alone, prefix)

    def _add(self, replies: int, alone: bool, prefix: str) -> None:  # noqa: FBT001  # for `prepare` alone
        store = self.store()
        self._approve(store, replies, alone, prefix)
        store.close()

    def _begin(self, replies: int, alone: bool, prefix: str) -> None:  # noqa: FBT001  # for `prepare` alone
        file, store = open_store(f"sqlite:///{self.folder}/approved.db", (HEARING, self.answering), create=True, patience=5.0), self.store()
        self._approve(file, replies, alone, prefix)
        move(file, store, lambda _table, _rows: None)
        for one in (file, store):
            one.close()
        self.rows("ANALYZE")  # which a server does by itself where it is not switched off

    def _copy(self, replies: int, alone: bool, prefix: str) -> None:  # noqa: FBT001  # for `prepare` alone
        """Have the database copied from one in which so many replies are approved; where there is none yet, this one is copied to that."""
        kept = f"approved_{replies}"
        with servers.alone(self.server, replies) as link:
            if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", (kept,)).fetchone():
                self._begin(replies, alone, prefix)
                self.let_go()
                self.server.make(kept, template=self.database)
                return
            self.let_go()
            self.server.drop(self.database)
            self.server.make(self.database, template=kept)

    def let_go(self) -> None:
        """Close the connection: nobody may be in a database that is copied or removed."""
        if self.link:
            self.link.close()

    def _approve(self, store: Store, replies: int, alone: bool, prefix: str) -> None:  # noqa: FBT001  # for `prepare` alone
        book = Rulebook.model_validate(self.rules(**(ALONE if alone else {})))
        asyncio.run(approve(store, book, [f"{prefix}{number}" for number in range(1, replies + 1)], person=not alone))

    def confirm(self, *books: Mapping[str, object]) -> None:
        """Say, as a person does, that these rules may be worked by."""
        store = self.store()
        for one in books:
            word = Word(seal(Rulebook.model_validate(one)), "kim", True, "send")
            store.write(lambda tx, word=word: takes.give(tx, word, reason="", over=("mode",), before="draft", at=clock.now()))  # type: ignore[misc]
        store.close()

    def rough(self) -> list[str]:
        """Return what machines said that is not for people."""
        return [f"{one.name}: {line}" for one in self.machines for line in one.rough()]


@asynccontextmanager
async def fleet(server: Postgres | None = None, *, turn: float = TURN, **changes: object) -> AsyncIterator[Fleet]:
    """Have a fleet with a database of its own, on the server that stories share unless one is named.

    `turn` is how long a turn lasts, in seconds; `changes` are made to the rules of all its machines.
    """
    server = server or servers.shared
    assert server
    folder = Path(tempfile.mkdtemp(prefix="earnest-machines-"))
    _write_plugin(folder / "plugins")
    name = f"fleet_{os.getpid()}_{next(_NUMBERS)}"
    server.make(name)
    square, port = _square()
    made = Fleet(folder, server, name, port, changes, turn=turn)
    try:
        with patch.dict(os.environ, {"EARNEST_ALLOW_HOSTS": made.host}):
            yield made
    except BaseException:
        made.kept = True
        raise
    finally:
        for one in made.machines:
            with suppress(ProcessLookupError):
                one.kill()
            if one.log:
                one.log.close()
        square.kill()
        square.communicate()
        if made.session:
            await made.session.close()
        made.let_go()
        with suppress(psycopg.Error):
            server.drop(name)
        if made.kept:
            sys.stderr.write(f"what the machines said is in {folder}\n")
        else:
            shutil.rmtree(folder)


def _square() -> tuple[subprocess.Popen[bytes], int]:
    """Start the square; return its process and port."""
    process = subprocess.Popen([sys.executable, "-m", "tests.machines.square"], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout
    return process, int(process.stdout.readline())


def _end_with_us() -> None:
    """Have the kernel end a machine when the stories end, however they end (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _write_plugin(folder: Path) -> None:
    info = folder / "earnest_square-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: earnest-square\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(_ENTRY_POINTS, encoding="utf-8")


async def until(true: Any, what: str, patience: float = PATIENCE) -> None:  # noqa: ANN401 - a function, or one that is waited for
    """Wait for something that processes do.

    Raises:
        AssertionError: it did not come.
    """
    clock_of = asyncio.get_running_loop().time
    end = clock_of() + patience
    while True:
        found = true()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert clock_of() < end, f"in vain: {what}"
        await asyncio.sleep(_LOOK)


def of(rows: Sequence[Row] | Sequence[Mapping[str, Any]], column: str) -> list[Any]:
    """Return one column."""
    return [row[column] for row in rows]
