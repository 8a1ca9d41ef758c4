"""Deadlines: a team is told when an answer it owes is late, in one alert however many there are.

The clocks stand with the cases; here they are only looked at. While a team is late it is told again only of what became late since, and at
most once an hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby

from listener.clock import Clock, from_text, in_words, to_text
from listener.rules.rulebook import Rulebook
from listener.store.base import Reader, Row, Store, Tx, text
from responders.ledger import audit, incidents
from responders.ledger.cases import Case, read

_AGAIN = timedelta(hours=1)
_NAMED = 5
_LATE = """SELECT * FROM cases WHERE respond_by < :now AND state IN ('open', 'waiting')
    AND (snoozed_until IS NULL OR snoozed_until <= :now) ORDER BY team, respond_by, id"""


async def look_after(store: Store, book: Rulebook, clock: Clock) -> None:
    """Tell the teams of what is late now, and end what is over."""
    at = clock()
    if await store.aread(lambda reader: _due(reader, at)):
        await store.awrite(lambda tx: tell(tx, book, at=at))


def _due(reader: Reader, at: datetime) -> bool:
    """Return whether `tell` has anything to do, so that nothing is written while all is well."""
    late = reader.all(_LATE, now=to_text(at))
    return any(row["late_for"] != row["respond_by"] for row in late) or bool(_over(reader, {text(row, "team") for row in late}))


def tell(tx: Tx, book: Rulebook, *, at: datetime) -> None:
    """Raise an incident for each team that is late with something it was not told of, and end those of teams that are not late any more.

    A team that the rules do not have is stood in for by the one that is told of what concerns Earnest itself.
    """
    late = tx.all(_LATE, now=to_text(at))
    for name in _over(tx, {text(row, "team") for row in late}):
        incidents.end(tx, name, at=at)
    for team, rows in groupby(late, key=lambda row: text(row, "team")):
        _tell_team(tx, book, team, list(rows), at)


def _tell_team(tx: Tx, book: Rulebook, team: str, rows: list[Row], at: datetime) -> None:
    if all(row["late_for"] == row["respond_by"] for row in rows):
        return
    name = incidents.late(team)
    standing = next((row for row in incidents.open_(tx) if text(row, "name") == name), None)
    if standing and at - from_text(text(standing, "raised_at")) < _AGAIN:
        return  # what became late since is told with the next
    incidents.end(tx, name, at=at)
    incidents.raise_(tx, name, _words(team, [read(row) for row in rows], at), at=at, team=team if team in book.teams else "")
    for row in rows:
        tx.run("UPDATE cases SET late_for = respond_by WHERE id = :id", id=row["id"])
    audit.record(tx, audit.DAEMON, "told of what is late", at=at, team=team, cases=str(len(rows)))


def _words(team: str, late: list[Case], at: datetime) -> str:
    first = ", ".join(_one(case, at) for case in late[:_NAMED])
    more = f" and {len(late) - _NAMED} more" if len(late) > _NAMED else ""
    how_many = "one answer is late" if len(late) == 1 else f"{len(late)} answers are late"
    where = f" --team {team}" if team else ""
    return f"{how_many}: {first}{more}. See them: earnest inbox --overdue{where}"


def _one(case: Case, at: datetime) -> str:
    by = case.clocks.respond_by
    return f"{case.name} ({case.clocks.owed} response, {in_words(at - by)})" if by else case.name


def _over(reader: Reader, late: set[str]) -> list[str]:
    """Return the names of the incidents of teams that are not late any more."""
    still = {incidents.late(team) for team in late}
    return [name for row in incidents.open_(reader) if incidents.is_late(name := text(row, "name")) and name not in still]
