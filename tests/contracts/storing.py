"""What the contract of stores is held against: a place for a store of each kind, and a store with one small table in it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from listener.store.base import Migrations, Row, Store, Tx
from listener.store.opening import open_store
from tests import keeping

STEPS = {"001": ("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL, n INTEGER, share REAL)",)}
_PROGRAM = """
import sys
from tests.contracts.storing import add, bump, open_at
store = open_at(sys.argv[1])
"""


def steps(**more: tuple[str, ...]) -> Migrations:
    return Migrations("test", {**STEPS, **more})


def open_at(url: str, wanted: Migrations | None = None, *, create: bool = True, patience: float = 5.0) -> Store:
    return open_store(url, (wanted or steps(),), create=create, patience=patience)


def add(tx: Tx, name: str | None, **more: float | None) -> int:
    names = ", ".join(["name", *more])
    marks = ", ".join(f":{one}" for one in ["name", *more])
    return tx.insert(f"INSERT INTO things ({names}) VALUES ({marks})", name=name, **more)


def bump(tx: Tx) -> None:
    """Count one more, by reading and then writing: two at once would lose one."""
    row = tx.one("SELECT n FROM things WHERE name = 'counter'")
    tx.run("UPDATE things SET n = :n WHERE name = 'counter'", n=int((row or {})["n"] or 0) + 1)


def bump_locked(tx: Tx) -> None:
    tx.lock(["counter", "another"])
    bump(tx)


@dataclass
class Place:
    """Where one test keeps its store: `url`; whatever it opens is closed at its end."""

    url: str
    folder: Path
    opened: list[Store] = field(default_factory=list)
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def open(self, wanted: Migrations | None = None, *, create: bool = True, patience: float = 5.0) -> Store:
        self.opened.append(open_at(self.url, wanted, create=create, patience=patience))
        return self.opened[-1]

    def start(self, program: str) -> subprocess.Popen[str]:
        """Start a program of its own that works on an open `store`."""
        command = [sys.executable, "-c", _PROGRAM + textwrap.dedent(program), self.url]
        self.processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True))
        return self.processes[-1]

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()
        for store in self.opened:
            store.close()


@contextmanager
def database(folder: Path) -> Iterator[Place]:
    """Give a database on the server that all tests share, for one test with a folder of its own."""
    name = f"place_{folder.name}"
    made = Place(keeping.server().make(name), folder)
    yield made
    made.close()
    keeping.server().drop(name)


def named(store: Store) -> list[object]:
    return [row["name"] for row in store.read().all("SELECT name FROM things ORDER BY id")]


def only(row: Row | None) -> object:
    assert row is not None
    (value,) = row.values()
    return value


async def together(store: Store, times: int, *, alongside: bool) -> None:
    await asyncio.gather(*(store.awrite(bump_locked if alongside else bump, alongside=alongside) for _ in range(times)))
