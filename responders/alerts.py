"""Telling our own people: one alert for each escalation and each incident, through whatever service the team named, until it takes it.

An alert says which case (or what of Earnest itself) and why, never the customer's words: they stay in the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from listener import logs, settings
from listener.clock import Clock, to_text
from listener.rules.rulebook import Rulebook
from listener.store.base import Reader, Row, Store, Tx, number, text
from listener.text import one_line
from listener.troubles import Troubles
from responders import brakes, hushed, lowering
from responders.ledger import audit, escalations, facts, incidents

_log = logs.get("alerts")
_LONGEST = 20.0
_WIDTH = 200  # columns of a source's own words
_NOBODY = incidents.undone("think")
_LAST_GAP = "gap_told"  # the newest gap that was made an incident, or was too old for one
_A_GAP_IS_NEWS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Told:
    """One alert tried: `problem` is empty where the team was told. `case_id` is None where it concerns no case."""

    case_id: int | None
    team: str
    words: str
    problem: str


def address_of(book: Rulebook, team: str) -> tuple[settings.Secret | None, str]:
    """Return the team's alert address, or why there is none."""
    if not team:
        return None, "rules.yaml has no team that could be told"
    found = book.teams.get(team)
    if found is None:
        return None, f"rules.yaml has no team {team} any more"
    if not found.alert:
        return None, f"the team {team} has no alert address in rules.yaml"
    name = found.alert.removeprefix("secret:")
    address = settings.secret(name)
    return address, "" if address else f"the secret {name} is not set, so {team} cannot be told"


def team_to_tell(book: Rulebook) -> str:
    """Return the team that is told of what concerns Earnest itself: `tell`, else the first with an address, else the first; or ""."""
    first = next((name for name, team in book.teams.items() if team.alert), next(iter(book.teams), ""))
    return book.tell or first


def notice(reader: Reader, *, at: datetime) -> bool:
    """Return whether `take_note` has anything to do."""
    rows = reader.all("SELECT name FROM incidents WHERE ended_at IS NULL AND name LIKE 'gap %'")
    stale = any(_last_gap(reader, text(row, "name").removeprefix("gap ")) < to_text(at - _A_GAP_IS_NEWS) for row in rows)
    return stale or brakes.resumed(reader) or bool(_new_gaps(reader)) or hushed.notice(reader)


def take_note(tx: Tx, *, at: datetime) -> None:
    """Make incidents of gaps that were found (one a source, until an hour passes without another), and end what is over."""
    brakes.settle(tx, at=at)
    hushed.settle(tx, at=at)
    fresh = to_text(at - _A_GAP_IS_NEWS)
    for row in incidents.open_(tx):
        kind, _, source = text(row, "name").partition(" ")
        if kind == "gap" and _last_gap(tx, source) < fresh:
            incidents.end(tx, text(row, "name"), at=at)
    gaps = _new_gaps(tx)
    for gap in gaps:
        source = text(gap, "source")
        words = f"Earnest may have missed posts on {source}: {one_line(text(gap, 'reason'), _WIDTH)}. See since when: earnest status"
        if text(gap, "found_at") >= fresh and incidents.raise_(tx, f"gap {source}", words, at=at):
            audit.record(tx, audit.DAEMON, "found a gap", at=at, source=source)
    if gaps:
        facts.keep(tx, _LAST_GAP, str(gaps[-1]["id"]), at=at)


def _new_gaps(reader: Reader) -> list[Row]:
    seen = reader.one("SELECT value FROM facts WHERE name = :name", name=_LAST_GAP)
    return reader.all("SELECT * FROM gaps WHERE id > :seen ORDER BY id LIMIT 100", seen=number(seen, "value") if seen else 0)


def _last_gap(reader: Reader, source: str) -> str:
    row = reader.one("SELECT found_at FROM gaps WHERE source = :source ORDER BY id DESC LIMIT 1", source=source)
    return text(row, "found_at") if row else ""


class Alerts:
    """Tells teams what waits to be told."""

    def __init__(self, store: Store, book: Callable[[], Rulebook], clock: Clock) -> None:
        """Tell by the rules that `book` returns at that moment."""
        self._store = store
        self._book = book
        self._troubles = Troubles(_log, "could not look for what should be told")
        self._clock = clock

    async def round(self) -> list[Told]:
        """Tell what is due, all at once; whatever fails is tried again later, for ever, and keeps nothing else waiting.

        Return what came of it, without what fails for the same reason as the last time.
        """
        at = self._clock()
        await self._safely("notice", self._notice(at))
        await self._safely("lower", self._lower(at))
        rows = await self._store.aread(partial(escalations.due, at=at))
        rows += map(self._addressed, await self._store.aread(partial(incidents.due, at=at)))
        return await self._tell(rows)

    async def unheard(self) -> list[Row]:
        """Return what a machine that does not think should tell in place of those that do: that there is none, where it knows whom to tell.

        All else waits: who tells it needs the secrets of every team.
        """
        rows = map(self._addressed, await self._store.aread(partial(incidents.due, at=self._clock(), name=_NOBODY)))
        return [row for row in rows if address_of(self._book(), text(row, "team"))[0]]

    async def stand_in(self) -> list[Told]:
        """Tell what is `unheard`; return what came of it."""
        return await self._tell(await self.unheard())

    async def _tell(self, rows: Sequence[Row]) -> list[Told]:
        problems = await asyncio.gather(*(self._try(text(row, "team"), text(row, "words")) for row in rows))
        done = []
        for row, problem in zip(rows, problems, strict=True):
            await self._store.awrite(lambda tx, row=row, problem=problem: self._record(tx, row, problem))  # type: ignore[misc]
            case_id = None if row["case_id"] is None else number(row, "case_id")
            if problem and problem == text(row, "problem"):
                continue  # it was said when it was first so
            done.append(Told(case_id, text(row, "team"), text(row, "words"), problem))
        return done

    async def _notice(self, at: datetime) -> None:
        if await self._store.aread(partial(notice, at=at)):
            await self._store.awrite(lambda tx: take_note(tx, at=at))

    async def _lower(self, at: datetime) -> None:
        if await self._store.aread(lambda reader: any(lowering.due(reader, self._book(), at=at))):
            await self._store.awrite(lambda tx: lowering.check(tx, self._book(), at=at))

    async def _safely(self, name: str, work: Awaitable[None]) -> None:
        """Do what comes before telling; where it goes wrong, whoever waits to be told is told all the same."""
        try:
            await work
            self._troubles.worked(name)
        except Exception as problem:  # noqa: BLE001  # a cry for help may wait behind it
            self._troubles.failed(name, problem)

    def _addressed(self, row: Row) -> Row:
        """Return an incident with the team that is told: its own, or where there is none (any more) the one for what concerns Earnest."""
        book = self._book()
        own = text(row, "team")
        return {**row, "case_id": None, "team": own if own in book.teams else team_to_tell(book)}

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

    def _record(self, tx: Tx, row: Row, problem: str) -> None:
        at, of_a_case = self._clock(), row["case_id"] is not None
        ledger = escalations if of_a_case else incidents
        if problem:
            ledger.failed(tx, number(row, "id"), problem, number(row, "attempts"), at=at)
            return
        ledger.told(tx, number(row, "id"), at=at)
        what = {} if of_a_case else {"of": text(row, "name")}
        audit.record(tx, audit.DAEMON, "told", at=at, case_id=number(row, "case_id") if of_a_case else None, team=text(row, "team"), **what)


async def _notify(address: settings.Secret, words: str) -> bool:
    import apprise  # noqa: PLC0415  # a hundred services take a moment to load, and most runs alert nobody

    # Its log holds the addresses, which hold the keys.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    service = apprise.Apprise()
    if not service.add(address.reveal()):
        return False
    return bool(await service.async_notify(title="Earnest", body=words))
