"""Incidents: what concerns Earnest itself or a whole brand, not one case. A brake, a refused sign-in, a gap in what was heard.

Each is raised once, told once to one team (tried again until a service takes it), and open until what it names is over. The words are
ours: never a post's text. A watch may name a word that several people use.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from listener.clock import to_text
from listener.store.base import Reader, Row, Tx

_LONGEST_REST = timedelta(minutes=5)


def account(network: str) -> str:
    """Return the name of the incident that our account on a network may not speak."""
    return f"account {network}"


def parked(delivery_id: int) -> str:
    """Return the name of the incident that one delivery is in doubt and waits for a person."""
    return f"parked {delivery_id}"


def by_hand(delivery_id: int) -> str:
    """Return the name of the incident that an answer was approved a while ago and nobody has posted it."""
    return f"by hand {delivery_id}"


def silent(source: str) -> str:
    """Return the name of the incident that a source is not polled any more."""
    return f"silent {source}"


_LATE = "late "


def late(team: str) -> str:
    """Return the name of the incident that a team ("" is nobody's) owes answers that are late."""
    return f"{_LATE}{team}"


def is_late(name: str) -> bool:
    """Return whether an incident of that name is about answers that are late."""
    return name.startswith(_LATE)


def undone(part: str) -> str:
    """Return the name of the incident that no machine does a part of the work."""
    return f"undone {part}"


def watch(name: str) -> str:
    """Return the name of the incident that a watch of the rules rings."""
    return f"watch {name}"


def raise_(tx: Tx, name: str, words: str, *, at: datetime, team: str = "") -> bool:
    """Open an incident and ask for it to be told; return False where one of that name is open already.

    Args:
        tx: the transaction it is noticed in.
        name: what it is, the same each time: "account bluesky", "brake", "gap mastodon".
        words: what happened and what to do, for the people who are told. Never a post's text.
        at: now, in UTC.
        team: who is told; else the team that is told of what concerns Earnest itself.
    """
    return bool(
        tx.run(
            """INSERT INTO incidents (name, words, team, raised_at, next_at) VALUES (:name, :words, :team, :at, :at)
            ON CONFLICT (name) WHERE ended_at IS NULL DO NOTHING""",
            name=name,
            words=words,
            team=team,
            at=to_text(at),
        )
    )


def end(tx: Tx, name: str, *, at: datetime) -> bool:
    """Close the open incident of that name; return False where none is open. One that was never told is still told."""
    return bool(tx.run("UPDATE incidents SET ended_at = :at WHERE name = :name AND ended_at IS NULL", at=to_text(at), name=name))


def open_(reader: Reader) -> list[Row]:
    """Return the incidents that are not over, oldest first."""
    return reader.all("SELECT * FROM incidents WHERE ended_at IS NULL ORDER BY id")


def due(reader: Reader, *, at: datetime, name: str = "") -> list[Row]:
    """Return incidents that should be told now, oldest first, at most 20; with `name` only those of that name.

    A moment that lies too far ahead is from before the clock was turned back, and counts as now.
    """
    return reader.all(
        """SELECT * FROM incidents WHERE told_at IS NULL AND (next_at <= :at OR next_at > :far) AND (:name = '' OR name = :name)
        ORDER BY id LIMIT 20""",
        at=to_text(at),
        far=to_text(at + _LONGEST_REST),
        name=name,
    )


def told(tx: Tx, incident_id: int, *, at: datetime) -> None:
    """Record that the team was told."""
    tx.run(
        "UPDATE incidents SET told_at = :at, next_at = NULL, attempts = attempts + 1, problem = '' WHERE id = :id",
        at=to_text(at),
        id=incident_id,
    )


def failed(tx: Tx, incident_id: int, problem: str, attempts: int, *, at: datetime) -> None:
    """Record that nobody could be told yet, and when to try again: after 5 s, 10 s, 20 s … at most 5 minutes."""
    rest = min(timedelta(seconds=5 * 2 ** min(attempts, 10)), _LONGEST_REST)
    tx.run(
        "UPDATE incidents SET attempts = attempts + 1, problem = :problem, next_at = :next WHERE id = :id",
        problem=problem,
        next=to_text(at + rest),
        id=incident_id,
    )


def untold(reader: Reader) -> list[Row]:
    """Return incidents that nobody has heard of yet though it was tried, oldest first."""
    return reader.all("SELECT * FROM incidents WHERE told_at IS NULL AND attempts > 0 ORDER BY id")
