"""A network made for tests, as a plug-in: how each of its polls goes is said in rules.yaml, in the order of the polls (`ways`).

`well`, `fails`; `hang`: it asks a server that takes the question and never answers, without a time limit; `deaf`: the same, and it does not
let itself be broken off; `broken off`: as after a library that was cancelled itself; `block`: it tells that server so, and keeps the whole
program from working. `post` is the text of the one post there, by `author`.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from listener.model import Account, Author, Page, Post
from listener.rules.rulebook import Rulebook
from listener.sources.base import SourceKind

polls: list[str] = []
"""How the polls went so far, in this process."""
made: list[str] = []
rung = asyncio.Event()
"""Rung by a test: the next poll begins at once."""


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ways: list[str] = []
    port: int = 0
    post: str = ""
    author: str = "mia"


class Board:
    network = "board"

    def __init__(self, name: str, options: Options) -> None:
        self.name = name
        self._options = options

    async def identify(self) -> Account | None:
        return None

    async def fetch(self, cursor: str | None) -> Page:
        ways = self._options.ways
        way = ways[len(polls)] if len(polls) < len(ways) else "well"
        polls.append(way)
        if way == "fails":
            raise ValueError(way)
        if way == "broken off":
            raise asyncio.CancelledError
        if way == "block":
            await asyncio.open_connection("127.0.0.1", self._options.port)
            threading.Event().wait()
        if way in {"hang", "deaf"}:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._options.port)
            try:
                while way == "deaf" and made:
                    with suppress(asyncio.CancelledError):
                        await reader.read(1)
                await reader.read(1)
            finally:
                writer.close()
        return Page((self._post(),) if self._options.post else (), cursor)

    def _post(self) -> Post:
        author = Author("board", "a-1", self._options.author, self._options.author)
        return Post("board", "7", self._options.post, author, datetime.now(UTC), "7", mentions=("acme",))

    async def stir(self) -> None:
        await rung.wait()
        rung.clear()

    async def close(self) -> None:
        """Nothing is open."""


def _make(name: str, options: dict[str, object], _book: Rulebook) -> Board:
    made.append(name)
    return Board(name, Options.model_validate(options))


def offer(folder: Path) -> None:
    """Make the plug-in known to every Python that has `folder` on its path."""
    about = folder / "board-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: board\nVersion: 1\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[earnest.sources]\nboard = tests.board:KIND\n", encoding="utf-8")
    assert sys.modules[__name__].__name__ == "tests.board"


KIND = SourceKind(network="board", options=Options, make=_make, public=True, secrets=())  # type: ignore[arg-type]
