"""Telling our own people: one alert for each escalation, through whatever service the team named, until one of them takes it.

An alert says which case and why, never the customer's words: they stay in the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from listener import logs, settings
from listener.clock import Clock
from listener.rules.rulebook import Rulebook
from listener.store.base import Store, Tx, number, text
from responders.ledger import audit, escalations

_log = logs.get("alerts")
_LONGEST = 20.0


@dataclass(frozen=True, slots=True)
class Told:
    """One alert tried: `problem` is empty where the team was told."""

    case_id: int
    team: str
    words: str
    problem: str


def address_of(book: Rulebook, team: str) -> tuple[settings.Secret | None, str]:
    """Return the team's alert address, or why there is none."""
    found = book.teams.get(team)
    if found is None:
        return None, f"rules.yaml has no team {team} any more"
    if not found.alert:
        return None, f"the team {team} has no alert address in rules.yaml"
    name = found.alert.removeprefix("secret:")
    address = settings.secret(name)
    return address, "" if address else f"the secret {name} is not set, so {team} cannot be told"


class Alerts:
    """Tells teams what waits to be told."""

    def __init__(self, store: Store, book: Callable[[], Rulebook], clock: Clock) -> None:
        """Tell by the rules that `book` returns at that moment."""
        self._store = store
        self._book = book
        self._clock = clock

    async def round(self) -> list[Told]:
        """Tell what is due, all at once; whatever fails is tried again later, for ever, and keeps nothing else waiting."""
        rows = escalations.due(self._store.read(), at=self._clock())
        problems = await asyncio.gather(*(self._try(text(row, "team"), text(row, "words")) for row in rows))
        done = []
        for row, problem in zip(rows, problems, strict=True):
            await self._store.awrite(lambda tx, row=row, problem=problem: self._record(tx, dict(row), problem))  # type: ignore[misc]
            if problem:
                _log.error("nobody was told", case_id=number(row, "case_id"), team=text(row, "team"), problem=problem)
            done.append(Told(number(row, "case_id"), text(row, "team"), text(row, "words"), problem))
        return done

    async def _try(self, team: str, words: str) -> str:
        """Tell one team; return what went wrong, or ""."""
        address, problem = address_of(self._book(), team)
        if not address:
            return problem
        try:
            async with asyncio.timeout(_LONGEST):
                return "" if await _notify(address, words) else "the alert service did not take it"
        except TimeoutError:
            return "the alert service did not answer"
        except Exception as problem:  # noqa: BLE001  # a hundred services, each with its own mistakes; its words may hold the key
            return f"the alert service failed ({type(problem).__name__})"

    def _record(self, tx: Tx, row: dict[str, str | int | float | None], problem: str) -> None:
        at = self._clock()
        if problem:
            escalations.failed(tx, number(row, "id"), problem, number(row, "attempts"), at=at)
            return
        escalations.told(tx, number(row, "id"), at=at)
        audit.record(tx, audit.DAEMON, "told", at=at, case_id=number(row, "case_id"), team=text(row, "team"))


async def _notify(address: settings.Secret, words: str) -> bool:
    import apprise  # noqa: PLC0415  # a hundred services take a moment to load, and most runs alert nobody

    # Its log holds the addresses, which hold the keys.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    service = apprise.Apprise()
    if not service.add(address.reveal()):
        return False
    return bool(await service.async_notify(title="Earnest", body=words))
