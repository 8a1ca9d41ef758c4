"""The leases ledger: whose turn it is, where several machines work on one store.

A lease runs out by the store's own clock. Whoever takes it over gets a higher token, so that a holder that was paused and wakes late is
known by its old one, in the very transaction in which it would have written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from listener.clock import from_text, to_text
from listener.store.base import Reader, Tx, number, text

PRESENT = "present "
"""What the names of leases begin with by which machines say that they are there."""


def take(tx: Tx, name: str, holder: str, span: timedelta) -> int | None:
    """Take a lease for a while, or renew it; return its token, or None where somebody else has it."""
    at = tx.now()
    tx.run(
        """INSERT INTO leases (name, holder, token, until) VALUES (:name, :holder, 1, :until)
        ON CONFLICT (name) DO UPDATE SET until = excluded.until, holder = excluded.holder,
        token = CASE WHEN leases.holder = excluded.holder THEN leases.token ELSE leases.token + 1 END
        WHERE leases.holder = excluded.holder OR leases.until <= :at""",
        name=name,
        holder=holder,
        until=to_text(at + span),
        at=to_text(at),
    )
    row = tx.one(
        "SELECT token FROM leases WHERE name = :name AND holder = :holder AND until > :at", name=name, holder=holder, at=to_text(at)
    )
    return number(row, "token") if row else None


def holds(tx: Tx, name: str, holder: str, token: int) -> bool:
    """Return whether a lease is still held under a token; until this transaction has ended nobody takes it over."""
    return bool(
        tx.run(
            "UPDATE leases SET holder = holder WHERE name = :name AND holder = :holder AND token = :token AND until > :at",
            name=name,
            holder=holder,
            token=token,
            at=to_text(tx.now()),
        )
    )


def give_up(tx: Tx, holder: str, names: Iterable[str]) -> None:
    """Let go of leases, so that somebody else may have them at once."""
    tx.run_many(
        "UPDATE leases SET until = :at WHERE name = :name AND holder = :holder",
        [{"name": name, "holder": holder, "at": to_text(tx.now())} for name in sorted(names)],
    )


def forget(tx: Tx, holder: str, names: Iterable[str]) -> None:
    """Let go of leases that will hardly be wanted again, and of their tokens."""
    tx.run_many("DELETE FROM leases WHERE name = :name AND holder = :holder", [{"name": name, "holder": holder} for name in sorted(names)])


def rest(tx: Tx, name: str, until: datetime) -> None:
    """Remember, for whoever has the lease then, that a network wants nothing to be asked before a moment."""
    tx.run("UPDATE leases SET rest_until = :until WHERE name = :name", name=name, until=to_text(until))


def rests_until(reader: Reader, name: str) -> datetime | None:
    """Return until when a network wants nothing to be asked, or None where that was never said."""
    row = reader.one("SELECT rest_until FROM leases WHERE name = :name AND rest_until <> ''", name=name)
    return from_text(text(row, "rest_until")) if row else None


def held(reader: Reader, begins: str) -> dict[str, str]:
    """Return who holds the leases whose names begin so, by their names."""
    rows = reader.all("SELECT name, holder FROM leases WHERE until > :at ORDER BY name", at=to_text(reader.now()))
    return {text(row, "name"): text(row, "holder") for row in rows if text(row, "name").startswith(begins)}
