"""Edits of the rules: what a file that is right still wants a person's word for, before it is worked by.

Whoever saves a file may have made a slip. So no saved file raises `mode`, and none changes far more than a day would show it to (see
`weighing`); `earnest rules take` is how a person says yes to exactly that text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from listener.errors import RulesWrong
from listener.rules.look import place
from listener.rules.reading import read
from listener.rules.rulebook import Rulebook
from listener.store.base import Reader
from responders.ledger import takes
from responders.ledger.takes import Word
from responders.model import Mode
from responders.weighing import Interrupted, Objection, objections, untried, weigh

_TAKE = "earnest rules take"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What people have allowed: the highest mode, and the newest word that is not used yet."""

    ceiling: Mode
    word: Word | None = None

    @classmethod
    def of(cls, reader: Reader) -> Allowed:
        """Read it from the store."""
        return cls(takes.ceiling(reader), takes.waiting(reader))

    def forces(self, sealed: str) -> bool:
        """Return whether a person wants these very rules, and knows what the last day would have been by them."""
        return self.word is not None and self.word.forced and self.word.sealed == sealed

    def allows(self, sealed: str, mode: Mode) -> bool:
        """Return whether the rules of this seal may work in a mode."""
        return mode.rank <= self.ceiling.rank or (self.word is not None and self.word.allows(sealed, mode))


def seal(book: Rulebook) -> str:
    """Return what a person's word is given for: the text of the rules, and the written answers where a route tells any.

    It begins with the fingerprint that people see, which alone is too short to be nobody else's on purpose.
    """
    answers = book.answers if any(route.answers for route in book.routes) else ()
    return f"{book.fingerprint} {hashlib.sha256(repr((book.words, answers)).encode('utf-8', 'replace')).hexdigest()}"


class Held(RulesWrong):
    """A rules file is right, and is not taken before a person says so; `objections` say why."""

    def __init__(self, filename: str, found: Sequence[Objection], mode: str) -> None:
        """Say all of it at once, each with its line; `mode` is that of the file."""
        told = "\n".join(f"{filename}:{one.line}:{one.column}: {one.words}" for one in found)
        super().__init__(f"{filename} is right, and is not taken before a person says so\n{told}", hint(found, mode))
        self.objections = tuple(found)


def hint(found: Sequence[Objection], mode: str) -> str:
    """Return what to do about objections to a file of this mode."""
    codes = {one.code for one in found}
    see = "see it: earnest rules replay --since 1d; " if codes - {"mode"} else ""
    force = " --force" if codes - {"mode"} else ""
    confirmed = f" --confirm-mode {mode}" if "mode" in codes else ""
    return f"{see}take it all the same: {_TAKE}{force}{confirmed}"


def of_mode(book: Rulebook, allowed: Allowed) -> tuple[Objection, ...]:
    """Return the objection to rules whose mode is higher than anybody has allowed."""
    mode = Mode(book.mode)
    if allowed.allows(seal(book), mode):
        return ()
    line, column = place(read(book.words), ("mode",))
    words = f"it raises `mode` from {allowed.ceiling.value} to {mode.value}, which a person must confirm"
    return (Objection("mode", words, line, column),)


def of_past(
    url: str,
    book: Rulebook,
    before: Rulebook | None,
    allowed: Allowed,
    *,
    at: datetime,
    go_on: Callable[[int], None] = lambda _posts: None,
) -> tuple[Objection, ...]:
    """Return the objections that come from what rules would have made of the last day, where others were in force before.

    Raises:
        Interrupted: `go_on` said so.
    """
    if before is None or seal(book) == seal(before) or allowed.forces(seal(book)):
        return ()
    try:
        return objections(book, before, weigh(url, book, before, at=at, go_on=go_on))
    except Interrupted:
        raise
    except Exception as problem:  # noqa: BLE001  # whatever keeps us from trying it, it is not taken untried
        return (untried(problem),)


def as_allowed(book: Rulebook, allowed: Allowed) -> Rulebook:
    """Return rules in a mode that a person has allowed."""
    mode = Mode(book.mode)
    return book if allowed.allows(seal(book), mode) else book.model_copy(update={"mode": allowed.ceiling.value})
