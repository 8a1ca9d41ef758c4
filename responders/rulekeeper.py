"""Which rules are in force: read again when the file changes, taken only whole and rehearsed, and kept over a restart.

A file that cannot be used changes nothing. That is said in `status`, in the log and to the team that is told of what concerns Earnest
itself, until the file is right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from listener import logs
from listener.clock import Clock
from listener.errors import RulesWrong
from listener.rules.rulebook import Rulebook
from listener.store.base import Reader, Store, Tx
from listener.text import one_line
from responders import lowering
from responders.ledger import incidents, people, rulebooks
from responders.rulefile import load_rehearsed, read_rehearsed
from responders.shelf import beside, stamp

_log = logs.get("rules")
_INCIDENT = "rules"
_WIDTH = 200  # columns of a mistake


class RuleKeeper:
    """Keeps the rules of one daemon."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        path: Path | None,
        adapt: Callable[[Rulebook], Rulebook],
        refused: RulesWrong | None = None,
    ) -> None:
        """Watch `path` (None: nothing changes); `refused` says why the file could not be used at the start, if it could not."""
        self._store = store
        self._clock = clock
        self._path = path
        self._adapt = adapt
        self._refused = refused
        self._seen = self._stamp()

    async def begin(self, book: Rulebook) -> None:
        """Note which rules are in force at the start, and what was wrong with the file."""
        await self.take(book)
        if self._refused is not None:
            await self.refuse(self._refused)

    async def take(self, book: Rulebook) -> None:
        """Note that these rules are in force from now on, and that the file is right."""
        await self._store.awrite(lambda tx: self._note(tx, book))

    async def refuse(self, problem: RulesWrong) -> None:
        """Note that the file cannot be used, and have that told once."""
        await self._store.awrite(lambda tx: self._note_refusal(tx, problem.message))
        _log.error("the rules file cannot be used; the old rules stay", problem=problem.message.splitlines()[0])

    def changed(self) -> bool:
        """Return whether the file is another one than when this was last asked."""
        seen, self._seen = self._seen, self._stamp()
        return seen != self._seen

    async def read(self) -> Rulebook | RulesWrong | None:
        """Read the file, check it and run its examples; return what came of it, None where there is no file to watch."""
        if self._path is None:
            return None
        try:
            return self._adapt(await asyncio.to_thread(load_rehearsed, self._path))
        except RulesWrong as problem:
            return problem
        except Exception as problem:  # noqa: BLE001  # whatever a file brings about, it is said and the old rules stay
            return RulesWrong(f"{self._path} cannot be used: {type(problem).__name__}")

    def _note(self, tx: Tx, book: Rulebook) -> None:
        at = self._clock()
        for name, value in (("rules_version", book.fingerprint), ("mode", book.mode), ("rules_error", "")):
            people.set_fact(tx, name, value, at=at)
        if book.words:
            rulebooks.keep(tx, book.fingerprint, book.words, at=at)
        lowering.carry(tx, book, at=at)
        incidents.end(tx, _INCIDENT, at=at)

    def _note_refusal(self, tx: Tx, message: str) -> None:
        at = self._clock()
        people.set_fact(tx, "rules_error", message, at=at)
        words = (
            f"The rules file cannot be used: {one_line(message, _WIDTH)}. Earnest works by the rules it had before. "
            "See every mistake: earnest rules check"
        )
        incidents.raise_(tx, _INCIDENT, words, at=at)

    def _stamp(self) -> object:
        if self._path is None:
            return None
        with suppress(OSError):
            found = self._path.stat()
            return found.st_mtime_ns, found.st_size, stamp(beside(self._path))
        return None


def last_good(reader: Reader, answers: Path) -> Rulebook | None:
    """Return the rules that were in force last, checked and rehearsed anew; None where there are none that this program can use.

    `answers` is the folder of written answers to go with them; those with a mistake are left out.
    """
    found = rulebooks.last(reader)
    if found is None:
        return None
    version, words = found
    try:
        return read_rehearsed(words, filename=f"the rules of before ({version})", answers=answers)
    except RulesWrong:
        return None
