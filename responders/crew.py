"""The daemons that share one store: each says every few seconds that it is there, and by which rules it works.

Where those that decide or send work by different rules, what leaves by itself waits (see `sending.claiming`), and after a minute our own
people are told: it may be an edit that has not reached every machine, or one that never will. The same where no machine decides, or none
sends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version

from listener.rules.rulebook import Rulebook
from listener.store.base import Store, Tx
from responders.edits import seal
from responders.ledger import audit, facts, incidents, machines
from responders.model import Mode
from responders.roles import Role

_DIFFER = "rules_differ"
_AGREE = "see which: earnest status; give all of them the same rules.yaml"
_SETTLING = timedelta(minutes=1)


def program_version() -> str:
    """Return the version of this program, or "unknown" where it was never installed."""
    try:
        return version("earnest")
    except PackageNotFoundError:
        return "unknown"


class Crew:
    """Keeps one daemon known to the others. On a store that is not shared there are none."""

    def __init__(self, store: Store, holder: str, roles: Collection[Role], book: Callable[[], Rulebook]) -> None:
        """Be known as `holder`, doing `roles` by the rules that `book` returns at that moment."""
        self._store = store
        self._holder = holder
        self._roles = sorted(roles, key=list(Role).index)
        self._book = book

    async def beat(self) -> None:
        """Say that this daemon is there, and look whether all work by the same rules."""
        if self._store.shared:
            await self._store.awrite(self._beat)

    async def leave(self) -> None:
        """Say that it is there no more."""
        if self._store.shared:
            await self._store.awrite(lambda tx: machines.gone(tx, self._holder))

    def _beat(self, tx: Tx) -> None:
        book = self._book()
        machines.beat(tx, self._holder, roles=self._roles, version=program_version(), rules=f"{seal(book)} {book.mode}", mode=book.mode)
        _look(tx)


def _look(tx: Tx) -> None:
    """Have people told of what is amiss with the machines together."""
    _settle(tx, _DIFFER, machines.differing(tx), "What would leave by itself waits until they agree", _AGREE, noted="different rules")
    there = machines.there(tx)
    missing = {one.part: one for one in machines.undone(there)}
    if all(one.mode == Mode.OBSERVE for one in there):
        missing.pop(Role.SEND, None)  # nothing is approved
    for part in machines.PARTS:
        one = missing.get(part)
        name, why, do = incidents.undone(part), one.words if one else "", one.hint if one else ""
        _settle(tx, name, why, "It all waits until one does", f"{do}; which are there: earnest status", noted=f"no machine for {part}")


def _settle(tx: Tx, name: str, why: str, then: str, do: str, *, noted: str) -> None:
    """Have people told of what has been so for a minute (`why`), and end that when it is over ("")."""
    at = tx.now()
    known, since = facts.known(tx).get(name, ("", at))
    if bool(why) != bool(known):
        facts.keep(tx, name, why, at=at)
        if not why:
            incidents.end(tx, name, at=at)
    elif why and at - since >= _SETTLING and incidents.raise_(tx, name, f"{why}. {then}. {do[0].upper()}{do[1:]}", at=at):
        audit.record(tx, audit.DAEMON, noted, at=at)
