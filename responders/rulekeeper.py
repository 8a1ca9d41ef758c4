"""Which rules are in force: read again when the file changes, taken only whole and rehearsed, and kept over a restart.

A file that cannot be used changes nothing, and neither does one that wants a person's word (`edits`) before that is given. Both are said in
`status`, in the log and to the team that is told of what concerns Earnest itself, until the file is taken.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from listener.clock import Clock
from listener.errors import RulesWrong
from listener.rules.rulebook import Rulebook
from listener.store.base import Reader, Store, Tx
from listener.text import one_line
from responders import edits, lowering
from responders.edits import Allowed, Held
from responders.ledger import facts, incidents, rulebooks, takes
from responders.model import Mode
from responders.rulefile import load_rehearsed, read_rehearsed
from responders.shelf import answers_beside, stamp, traces
from responders.weighing import Interrupted

_WRONG = "rules"
_HELD = "rules held"
_WIDTH = 200  # columns of a mistake


class RuleKeeper:
    """Keeps the rules of one daemon."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        path: Path | None,
        adapt: Callable[[Rulebook], Rulebook],
        *,
        refused: RulesWrong | None = None,
        observe: bool = False,
        seen: object = None,
    ) -> None:
        """Watch `path` (None: nothing changes); `refused` says why the file is not in force at the start, if it is not.

        `seen` is how the file looked before it was read for the start (`glance`); without it, nothing changed since.

        While only observing (`observe`) the mode of the file counts for nothing, so what people allowed and said stays for later.
        """
        self._store = store
        self._clock = clock
        self._path = path
        self._adapt = adapt
        self._refused = refused
        self._observe = observe
        self._ends = threading.Event()
        newest = takes.newest(store.read())
        self._seen = self._stamp(newest) if seen is None or path is None else (seen, newest)

    async def begin(self, book: Rulebook) -> None:
        """Note which rules are in force at the start, and what was wrong with the file."""
        await self.take(book)
        if self._refused is not None:
            await self.refuse(self._refused)
            if isinstance(self._refused, Held) and (await self._store.aread(takes.waiting)) is not None:
                self.look_again()  # somebody said something while this was begun

    async def take(self, book: Rulebook) -> None:
        """Note that these rules are in force from now on, and that the file is right."""
        await self._store.awrite(lambda tx: self._note(tx, book))

    async def refuse(self, problem: RulesWrong) -> None:
        """Note that the file is not taken, and have our people told once."""
        await self._store.awrite(lambda tx: self._note_refusal(tx, problem))

    async def changed(self) -> bool:
        """Return whether the file is another one than when this was last asked, or a person has said something of it."""
        newest = await self._store.aread(takes.newest) if self._path else 0
        seen, self._seen = self._seen, self._stamp(newest)
        return seen != self._seen

    def look_again(self) -> None:
        """Let the file count as changed when this is asked next."""
        self._seen = None

    def end(self) -> None:
        """Give up what is being read: nobody will work by it."""
        self._ends.set()

    async def read(self, before: Rulebook) -> Rulebook | RulesWrong | None:
        """Read the file, check it, run its examples, and weigh it against the rules in force (`before`).

        Return what came of it; None where there is no file to watch, it was written to meanwhile (so it is looked at again), or the
        daemon ends.
        """
        if self._path is None:
            return None
        allowed = await self._store.aread(Allowed.of)
        looked = glance(self._path)
        found = await asyncio.to_thread(self._tried, self._path, before, allowed)
        if glance(self._path) != looked:  # what was read may be half of one edit and half of another
            self.look_again()
            return None
        return found

    def _tried(self, path: Path, before: Rulebook, allowed: Allowed) -> Rulebook | RulesWrong | None:
        try:
            return self._read(path, before, allowed)
        except Interrupted:
            return None
        except RulesWrong as problem:
            return problem
        except Exception as problem:  # noqa: BLE001  # whatever a file brings about, it is said and the old rules stay
            return RulesWrong(f"{path} cannot be used: {type(problem).__name__}")

    def _read(self, path: Path, before: Rulebook, allowed: Allowed) -> Rulebook:
        if path.exists() and not path.is_file():
            message = f"{path} cannot be used: it is no ordinary file"
            raise RulesWrong(message, "put an ordinary file there: nobody waits for what a pipe may bring")
        book = self._adapt(load_rehearsed(path))
        url = self._store.url if self._store.shared else f"sqlite:///{self._store.beside('')}"
        mode = () if self._observe else edits.of_mode(book, allowed)
        found = (*mode, *edits.of_past(url, book, before, allowed, at=self._clock(), go_on=self._go_on))
        if found:
            raise Held(str(path), found, book.mode)
        return book

    def _go_on(self, _posts: int) -> None:
        if self._ends.is_set():
            raise Interrupted

    def _note(self, tx: Tx, book: Rulebook) -> None:
        at = self._clock()
        for name, value in (("rules_version", book.fingerprint), ("mode", book.mode), ("rules_error", ""), ("rules_held", "")):
            facts.keep(tx, name, value, at=at)
        lowering.carry(tx, book, at=at)  # before these rules are the last ones
        if book.words:
            rulebooks.keep(tx, book.fingerprint, book.words, at=at)
        if not self._observe:
            facts.keep(tx, "rules_seal", edits.seal(book), at=at)
            takes.settle(tx, edits.seal(book), book.fingerprint, Mode(book.mode), at=at)
        for name in (_WRONG, _HELD):
            incidents.end(tx, name, at=at)

    def _note_refusal(self, tx: Tx, problem: RulesWrong) -> None:
        at, held = self._clock(), isinstance(problem, Held)
        facts.keep(tx, "rules_error", problem.message, at=at)
        facts.keep(tx, "rules_held", problem.hint if held else "", at=at)
        why = f"is not taken before a person says so: {_reasons(problem)}" if held else f"cannot be used: {_mistakes(problem)}"
        do = "See it and say so: earnest rules take" if held else "See every mistake: earnest rules check, then earnest rules test"
        words = f"The rules file {why}. Earnest works by the rules it had before. {do}"
        incidents.raise_(tx, _HELD if held else _WRONG, words, at=at)
        incidents.end(tx, _WRONG if held else _HELD, at=at)

    def _stamp(self, newest: int) -> object:
        return None if self._path is None else (glance(self._path), newest)


def glance(path: Path) -> object:
    """Return what changes whenever a rules file or an answer beside it does."""
    with suppress(OSError):
        return traces(path), stamp(answers_beside(path))
    return ()


def _mistakes(problem: RulesWrong) -> str:
    """Return what is wrong in one line: the head of each mistake, without the line it shows and its caret."""
    heads = [line for line in problem.message.splitlines() if line and not line.startswith(" ")]
    heads[0] = heads[0].rpartition(" cannot be used: ")[2]
    return one_line("; ".join(heads), _WIDTH).rstrip(".")


def _reasons(problem: RulesWrong) -> str:
    """Return what stands below the first line of a problem, in one line."""
    return one_line(" ".join(problem.message.splitlines()[1:]), _WIDTH)


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
