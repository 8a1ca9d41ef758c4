"""Spells in which a source was not polled though it should have been: since when, why, and until when. Told as gaps are."""

from __future__ import annotations

from datetime import datetime

from listener.clock import to_text
from listener.store.base import Reader, Row, Tx


def begin(tx: Tx, source: str, network: str, reason: str, *, every: float, since: datetime, at: datetime) -> bool:
    """Note that a source is silent, in its state too; return False where that spell has begun already. When it was polled last stays."""
    tx.run(
        """INSERT INTO sources (name, kind, state, detail, every_s) VALUES (:source, :network, 'silent', :reason, :every)
        ON CONFLICT (name) DO UPDATE SET state = excluded.state, detail = excluded.detail""",
        source=source,
        network=network,
        reason=reason,
        every=every,
    )
    if tx.one("SELECT 1 AS known FROM silences WHERE source = :source AND ended_at IS NULL", source=source):
        return False
    tx.run(
        "INSERT INTO silences (source, reason, since, found_at) VALUES (:source, :reason, :since, :at)",
        source=source,
        reason=reason,
        since=to_text(since),
        at=to_text(at),
    )
    return True


def end(tx: Tx, source: str, *, at: datetime) -> None:
    """Note that a source is heard again."""
    tx.run("UPDATE silences SET ended_at = :at WHERE source = :source AND ended_at IS NULL", source=source, at=to_text(at))


def open_(reader: Reader) -> list[Row]:
    """Return the spells that are not over, oldest first."""
    return reader.all("SELECT * FROM silences WHERE ended_at IS NULL ORDER BY id")


def since(reader: Reader, last: int) -> list[Row]:
    """Return spells that were noted after the one with that id, oldest first, at most 100."""
    return reader.all("SELECT * FROM silences WHERE id > :last ORDER BY id LIMIT 100", last=last)


def forget(tx: Tx, keep: frozenset[str], *, at: datetime) -> None:
    """End the spells of sources that nobody listens to any more."""
    for row in open_(tx):
        if str(row["source"]) not in keep:
            end(tx, str(row["source"]), at=at)
