"""The daemons that share one store: each says every few seconds that it is there, and by which rules it works.

Where those that decide or send work by different rules, what leaves by itself waits (see `sending.claiming`), and after a minute our own
people are told: it may be an edit that has not reached every machine, or one that never will.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version

from listener.rules.rulebook import Rulebook
from listener.store.base import Store, Tx
from responders.edits import seal
from responders.ledger import audit, incidents, machines, people
from responders.roles import Role

_DIFFER = "rules_differ"
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
    """Have people told where machines have worked by different rules for a minute, and end that when they agree again."""
    why, at = machines.differing(tx), tx.now()
    known, since = people.facts(tx).get(_DIFFER, ("", at))
    if bool(why) != bool(known):
        people.set_fact(tx, _DIFFER, why, at=at)
        if not why:
            incidents.end(tx, _DIFFER, at=at)
    elif why and at - since >= _SETTLING:
        words = f"{why}. What would leave by itself waits until they agree. See which: earnest status; give all of them the same rules.yaml"
        if incidents.raise_(tx, _DIFFER, words, at=at):
            audit.record(tx, audit.DAEMON, "different rules", at=at)
