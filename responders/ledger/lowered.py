"""Routes that lost the right to send by themselves: why, since when, and who gave it back. A row stays as a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from listener.clock import from_text, to_text
from listener.store.base import Reader, Row, Tx, number, text


@dataclass(frozen=True, slots=True)
class Lowered:
    """One route that asks a person until somebody restores it. `mark` names what it said then; the reason is ours, never foreign."""

    route: str
    mark: str
    reason: str
    at: datetime


def now(reader: Reader) -> list[Lowered]:
    """Return the routes that are lowered, the oldest first."""
    return [_read(row) for row in reader.all("SELECT * FROM lowered WHERE restored_at IS NULL ORDER BY id")]


def _read(row: Row) -> Lowered:
    return Lowered(text(row, "route"), text(row, "mark"), text(row, "reason"), from_text(text(row, "at")))


def lower(tx: Tx, route: str, mark: str, reason: str, *, at: datetime) -> bool:
    """Lower a route; return False where it is lowered already."""
    return bool(
        tx.run(
            """INSERT INTO lowered (route, mark, reason, at) VALUES (:route, :mark, :reason, :at)
            ON CONFLICT (route) WHERE restored_at IS NULL DO NOTHING""",
            route=route,
            mark=mark,
            reason=reason,
            at=to_text(at),
        )
    )


def restore(tx: Tx, route: str, why: str, *, by: str, at: datetime) -> tuple[str, ...]:
    """Give a route its right back, under every name that it was lowered by; return these, none where it is not lowered."""
    found = tx.all(
        """SELECT id, route FROM lowered WHERE restored_at IS NULL AND (route = :route
        OR mark = (SELECT mark FROM lowered WHERE route = :route AND restored_at IS NULL)) ORDER BY id""",
        route=route,
    )
    for row in found:
        tx.run(
            "UPDATE lowered SET restored_at = :at, restored_by = :by, restored_why = :why WHERE id = :id",
            id=number(row, "id"),
            why=why,
            by=by,
            at=to_text(at),
        )
    return tuple(text(row, "route") for row in found)


def restored_at(reader: Reader, route: str) -> datetime | None:
    """Return when a route was last given its right back, or None: what came before does not count against it again."""
    row = reader.one("SELECT MAX(restored_at) AS at FROM lowered WHERE route = :route", route=route)
    return from_text(text(row, "at")) if row and row["at"] else None


def before(reader: Reader, moment: datetime) -> list[Row]:
    """Return the rows of the routes that were lowered at a moment, as they stood then."""
    return reader.all(
        """SELECT id, route, mark, reason, at, NULL AS restored_at, '' AS restored_by, '' AS restored_why FROM lowered
        WHERE at < :at AND (restored_at IS NULL OR restored_at >= :at) ORDER BY id""",
        at=to_text(moment),
    )


def within(reader: Reader, since: datetime, until: datetime) -> tuple[list[Lowered], list[tuple[datetime, str]]]:
    """Return which routes were lowered in a span, and which were restored in it and when."""
    span = {"since": to_text(since), "until": to_text(until)}
    down = reader.all("SELECT * FROM lowered WHERE at >= :since AND at < :until ORDER BY id", **span)
    up = reader.all("SELECT route, restored_at FROM lowered WHERE restored_at >= :since AND restored_at < :until ORDER BY id", **span)
    return [_read(row) for row in down], [(from_text(text(row, "restored_at")), text(row, "route")) for row in up]
